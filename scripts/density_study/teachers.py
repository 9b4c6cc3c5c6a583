"""Teachers trained by flowstill, and what the page tells of them."""

import json
import math
import re
import statistics
import subprocess
import sys

from density_study.data import FOLDER
from study import npy, rows


def train(program, name, runs):
    """Whether the training of the YAML `name` came to an end; one that did before is kept."""
    yaml = FOLDER / f"{name}.yaml"
    return subprocess.run([program, "train", yaml, "--runs", runs, "--overwrite"], stdout=sys.stderr).returncode == 0


def about(name):
    """The first line of a YAML, which says in words what it is."""
    return (FOLDER / f"{name}.yaml").read_text().splitlines()[0].removeprefix("# ").rstrip(".")


def single(program, row, runs):
    """Of one teacher."""
    folder = runs / row.name
    test = json.loads((folder / "teacher_test.json").read_text())
    training = json.loads((folder / "teacher.json").read_text())
    described = description(program, folder)
    # validation is told in the space of the flow, the test in that of the data as well
    log_det = test["test_log_likelihood_standardised"]["mean"] - test["test_log_likelihood"]["mean"]
    pace = training["seconds"] / training["steps"]
    return {
        "row": row.name,
        "about": about(row.name),
        "log_likelihood": test["test_log_likelihood"],
        "parameters": parameters(described),
        "seconds": rows.seconds(training),
        "steps": training["steps"],
        "best_step": training["best_step"],
        # validation is a part of the pace
        "curve": [[pace * record["step"], -record["validation"] - log_det] for record in training["history"]],
        "version": version(described),
    }


def ensemble(program, row, runs):
    """Of several teachers, as the mixture of their densities."""
    folders = [runs / member for member in row.members]
    described = [description(program, folder) for folder in folders]
    trainings = [json.loads((folder / "teacher.json").read_text()) for folder in folders]
    seconds = [rows.seconds(training) for training in trainings]
    return {
        "row": row.name,
        "about": f"ensemble of {', '.join(f'`{member}`' for member in row.members)}",
        "log_likelihood": estimate(log_probs(program, row, runs)),
        "parameters": sum(map(parameters, described)),
        "seconds": None if None in seconds else sum(seconds),
        "version": version(described[0]),
    }


def log_probs(program, row, runs):
    """Of the test rows, in the units of the data."""
    first, *others = (runs / name / "teacher.safetensors" for name in row.yamls)
    test = FOLDER / "data" / row.data / "test.npy"
    out = runs / f"{row.name}.log_prob.npy"
    beside = [word for other in others for word in ("--with", other)]
    subprocess.run([program, "log-prob", first, test, *beside, "--output", out, "--quiet"], check=True)
    return npy.read(out)[1]


def estimate(values):
    return {
        "mean": statistics.fmean(values),
        "standard_error": statistics.stdev(values) / math.sqrt(len(values)),
    }


def description(program, folder):
    model = folder / "teacher.safetensors"
    return subprocess.run([program, "describe", model], capture_output=True, text=True, check=True).stdout


def parameters(described):
    return int(re.search(r"^parameters +(\d+)", described, re.MULTILINE)[1])


def version(described):
    return re.search(r"^flowstill (\S+),", described, re.MULTILINE)[1]
