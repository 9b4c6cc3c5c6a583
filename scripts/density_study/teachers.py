"""Teachers trained by flowstill, and what the page tells of them."""

import json
import re
import subprocess
import sys
import time

from density_study.data import FOLDER
from density_study.plan import ROWS
from density_study.estimates import estimate
from study import npy, rows


def yaml(name):
    return FOLDER / f"{name}.yaml"


def is_sweep(name):
    return re.search(r"^sweep:", yaml(name).read_text(), re.MULTILINE) is not None


def train(program, row, runs):
    """Whether all trainings of a row came to an end; what did before is kept."""
    if row.members:
        return all(train(program, ROWS[member], runs) for member in row.members)
    sweep = is_sweep(row.name)
    command = [program, "sweep"] if sweep else [program, "train", "--overwrite"]
    folder, began = runs / row.name, time.monotonic()
    fresh = not folder.exists()
    ended = subprocess.run([*command, yaml(row.name), "--runs", runs], stdout=sys.stderr).returncode == 0
    if sweep and ended and fresh:
        # of a sweep that went on from somewhere nobody knows
        (runs / f"{row.name}.seconds").write_text(f"{time.monotonic() - began}\n")
    return ended


def result(program, row, runs):
    """What the page tells of a row."""
    folders = folders_of(row, runs)
    described = [description(program, folder) for folder in folders]
    told = {
        "row": row.name,
        "about": about(row, len(folders)),
        "parameters": sum(int(re.search(r"^parameters +(\d+)", text, re.MULTILINE)[1]) for text in described),
        "seconds": seconds(row, runs),
        "version": re.search(r"^flowstill (\S+),", described[0], re.MULTILINE)[1],
    }
    tests = [json.loads((folder / "teacher_test.json").read_text()) for folder in folders]
    if len(folders) > 1:
        means = [test["test_log_likelihood"]["mean"] for test in tests]
        told |= {
            "log_likelihood": estimate(log_probs(program, row, runs)),
            "teachers": len(folders),
            "mean_of_teachers": sum(means) / len(means),
        }
    else:
        told["log_likelihood"] = tests[0]["test_log_likelihood"]
    return told | ({"members": list(row.members)} if row.members else {"curve": curve(folders[0], tests[0])})


def folders_of(row, runs):
    """Where its teachers are."""
    if row.members:
        return [folder for member in row.members for folder in folders_of(ROWS[member], runs)]
    return sorted((runs / row.name / "cells").iterdir()) if is_sweep(row.name) else [runs / row.name]


def about(row, count):
    """The first line of a YAML says in words what it is."""
    if row.members:
        return f"ensemble of {' and '.join(f'`{member}`' for member in row.members)}"
    words = yaml(row.name).read_text().splitlines()[0].removeprefix("# ").rstrip(".")
    return f"{words}, an ensemble of {count}" if count > 1 else words


def seconds(row, runs):
    """Wall clock of all trainings; None where it was not measured in one piece."""
    if row.members:
        each = [seconds(ROWS[member], runs) for member in row.members]
        return None if None in each else sum(each)
    if is_sweep(row.name):
        file = runs / f"{row.name}.seconds"
        return float(file.read_text()) if file.exists() else None
    return rows.seconds(json.loads((runs / row.name / "teacher.json").read_text()))


def curve(folder, test):
    """Validations against time, of a single teacher, at its mean pace, validations included."""
    training = json.loads((folder / "teacher.json").read_text())
    # validation is told in the space of the flow, the test in that of the data as well
    log_det = test["test_log_likelihood_standardised"]["mean"] - test["test_log_likelihood"]["mean"]
    pace = training["seconds"] / training["steps"]
    return [[pace * record["step"], -record["validation"] - log_det] for record in training["history"]]


def log_probs(program, row, runs):
    """Of the test rows one by one, in the units of the data."""
    first, *others = (folder / "teacher.safetensors" for folder in folders_of(row, runs))
    test = FOLDER / "data" / row.data / "test.npy"
    out = runs / f"{row.name}.log_prob.npy"
    beside = [word for other in others for word in ("--with", other)]
    subprocess.run([program, "log-prob", first, test, *beside, "--output", out, "--quiet"], check=True)
    return npy.read(out)[1]


def description(program, folder):
    model = folder / "teacher.safetensors"
    return subprocess.run([program, "describe", model], capture_output=True, text=True, check=True).stdout
