"""Teachers trained by flowstill, and what the page tells of them."""

import hashlib
import json
import re
import subprocess

from density_study.data import FOLDER, folder
from density_study.estimates import estimate
from density_study.plan import ROWS, THREADS
from density_study.programs import run
from study import npy, rows


def yaml(name):
    return FOLDER / f"{name}.yaml"


def keys(name):
    """Its own text and that of the files that it extends, without comments."""
    text = re.sub(r"^ *#.*\n", "", yaml(name).read_text(), flags=re.MULTILINE)
    extended = re.search(r"^extends: (\S+)\.yaml$", text, re.MULTILINE)
    return text + keys(extended[1]) if extended else text


def is_sweep(name):
    return re.search(r"^sweep:", keys(name), re.MULTILINE) is not None


def experiment(row):
    """A digest of what was asked for: a result belongs to a YAML as it is."""
    text = "".join(map(keys, row.members or [row.name]))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def train(program, row, runs):
    """Whether all trainings of a row came to an end; what did before is kept."""
    if row.members:
        return all(train(program, ROWS[member], runs) for member in row.members)
    command = [program, "sweep", "--jobs", THREADS] if is_sweep(row.name) else [program, "train", "--overwrite"]
    return run([*command, yaml(row.name), "--runs", runs]) == 0


def result(program, row, runs):
    """What the page tells of a row; nothing where a test row has no finite density."""
    folders = folders_of(row, runs)
    described = [description(program, folder) for folder in folders]
    told = {
        "row": row.name,
        "experiment": experiment(row),
        "parameters": sum(int(re.search(r"^parameters +(\d+)", text, re.MULTILINE)[1]) for text in described),
        "seconds": seconds(row, runs),
        "version": re.search(r"^flowstill (\S+),", described[0], re.MULTILINE)[1],
    }
    tests = [test(folder) for folder in folders]
    if None in tests:
        return None
    if len(folders) > 1:
        means = [told["test_log_likelihood"]["mean"] for told in tests]
        told |= {
            "log_likelihood": estimate(log_probs(program, row, runs)),
            "teachers": len(folders),
            "mean_of_teachers": sum(means) / len(means),
        }
    else:
        told["log_likelihood"] = tests[0]["test_log_likelihood"]
    return told | ({"members": list(row.members)} if row.members else {"curve": curve(folders[0], tests[0])})


def test(folder):
    file = folder / "teacher_test.json"
    return json.loads(file.read_text()) if file.exists() else None


def folders_of(row, runs):
    """Where its teachers are."""
    if row.members:
        return [folder for member in row.members for folder in folders_of(ROWS[member], runs)]
    if not is_sweep(row.name):
        return [runs / row.name]
    plan = json.loads((runs / row.name / "plan.json").read_text())
    return [runs / row.name / "cells" / cell["name"] for cell in plan["cells"]]


def about(row, count):
    """The first line of a YAML says in words what it is."""
    if row.members:
        return f"Ensemble of {count}"
    words = yaml(row.name).read_text().splitlines()[0].removeprefix("# ").rstrip(".")
    return f"{words}, an ensemble of {count}" if count > 1 else words


def seconds(row, runs):
    """Of all trainings, on THREADS threads; None where one went on from an earlier session, whose time nobody knows.

    Teachers of a sweep have a thread each, and so their seconds are those of one thread.
    """
    each = [rows.seconds(json.loads((folder / "teacher.json").read_text())) for folder in folders_of(row, runs)]
    return None if None in each else sum(each) / (THREADS if is_sweep_row(row) else 1)


def is_sweep_row(row):
    return not row.members and is_sweep(row.name)


def curve(run_folder, told):
    """Validations against time, of a single teacher, at its mean pace, validations included."""
    training = json.loads((run_folder / "teacher.json").read_text())
    # validation is told in the space of the flow, the test in that of the data as well
    log_det = told["test_log_likelihood_standardised"]["mean"] - told["test_log_likelihood"]["mean"]
    pace = training["seconds"] / training["steps"]
    return [[pace * record["step"], -record["validation"] - log_det] for record in training["history"]]


def log_probs(program, row, runs):
    """Of the test rows one by one, in the units of the data."""
    first, *others = (run_folder / "teacher.safetensors" for run_folder in folders_of(row, runs))
    test = folder(row.data) / "test.npy"
    out = runs / f"{row.name}.log_prob.npy"
    beside = [word for other in others for word in ("--with", other)]
    subprocess.run([program, "log-prob", first, test, *beside, "--output", out, "--quiet"], check=True)
    return npy.read(out)[1]


def description(program, folder):
    model = folder / "teacher.safetensors"
    return subprocess.run([program, "describe", model], capture_output=True, text=True, check=True).stdout
