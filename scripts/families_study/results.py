"""Results as rows: one per family, target, seed and role, and one per target for its rows."""

import json
import math
import pathlib
import re
import statistics

from families_study import densities, targets
from families_study.families import FAMILIES
from families_study.run import DATA, runs_of
from families_study.targets import TARGETS
from study import npy, rows

ESTIMATES = ("kl_forward", "kl_reverse", "ess_reverse", "mean_weight")


def key(row):
    return row["target"], row["seed"], row["family"], row["role"]


def gather(file, root, seeds, quick, say):
    """All rows, in the order of the page."""

    def runs(seeds):
        for target in TARGETS:
            yield from runs_of(target, FAMILIES, seeds, root, quick)

    found = rows.gather(file, root, seeds, runs, row, key, say)
    # pictures of one seed are enough
    least = min((one["seed"] for one in found), default=0)
    for one in found:
        if one["seed"] != least:
            one.pop("density", None)
    return [one for one in found if one["role"] != DATA or "density" in one]


def row(run):
    """What the page tells of a run, or None if it did not come to an end."""
    state, reason = run.state()
    if state is None:
        return None
    base = dict(zip(("target", "seed", "family", "role"), run.key, strict=True)) | {"experiment": run.digest}
    if state == "failed":
        # results are the same wherever they were made
        return base | {"failed": reason.replace(f"{pathlib.Path.cwd()}/", "")}
    return base | rows.rounded({DATA: of_data, "teacher": of_teacher, "student": of_student}[run.role](run))


def of_data(run):
    if targets.lengths(run.target) != targets.PLANE:
        return {}
    return {"density": densities.of_rows(run.rows("train"), run.rows("test"))}


def of_teacher(run):
    training = json.loads((run.folder / "teacher.json").read_text())
    described = run.file("describe.txt").read_text()
    (count, _), log_prob = npy.read(run.file("log_prob.npy"))
    found = {
        "log_likelihood": {
            "mean": statistics.fmean(log_prob),
            "standard_error": statistics.stdev(log_prob) / math.sqrt(count),
            "median": statistics.median(log_prob),
        },
        "parameters": int(re.search(r"^parameters +(\d+)", described, re.MULTILINE)[1]),
        "sample": cost(described, "a sample"),
        "density_of_a_row": cost(described, "a density"),
        "seconds": rows.seconds(training),
        "steps": training["steps"],
        "version": re.search(r"^flowstill (\S+),", described, re.MULTILINE)[1],
    }
    if (speed := run.file("speed.json")).exists():
        found["speed"] = json.loads(speed.read_text())
    if (grid := run.file("grid.npy")).exists():
        found["density"] = densities.of_model(grid, run.rows("train"), run.rows("test"))
    return found


def cost(described, what):
    """What `describe` says that it costs, shortly and without slower ways; None where it says nothing."""
    said = re.search(rf"^{what} +(.*)$", described, re.MULTILINE)
    return said[1].split(" (")[0].replace(" layers × ", " × ").replace(" sequential", "") if said else None


def of_student(run):
    metrics = json.loads((run.folder / "metrics.json").read_text())
    training, where = metrics["student"]["training"], metrics["provenance"]
    return {name: metrics["distillation"][name] for name in ESTIMATES} | {
        "log_likelihood": metrics["student"]["test_log_likelihood"],
        "parameters": metrics["student"]["free_parameters"],
        "seconds": rows.seconds(training),
        "steps": training["steps"],
        "samples": metrics["distillation"]["samples"],
        "processor": where["processor"],
    }
