"""One change at a time to one teacher: a sweep, and what the page tells of it."""

import json
import math
import statistics

from density_study import programs
from density_study.data import FOLDER
from density_study.plan import THREADS
from study import rows

NAME, BASE = "ablation", "base"
FILE = FOLDER / "ablation.jsonl"


def run(program, runs):
    """Whether the sweep came to its end."""
    code = programs.run([program, "sweep", FOLDER / f"{NAME}.yaml", "--runs", runs, "--jobs", THREADS])
    if code == 0:
        gather(runs)
    return code == 0


def gather(runs):
    """Writes the numbers of all cells, in the order of the plan."""
    plan = json.loads((runs / NAME / "plan.json").read_text())
    cells = []
    for planned in plan["cells"]:
        file = runs / NAME / "cells" / planned["name"] / "result.json"
        result = json.loads(file.read_text()) if file.exists() else {"state": "missing"}
        if result["state"] == "done":
            metrics = result["metrics"]
            cells.append(
                {
                    "switch": planned["name"].rpartition(",seed=")[0],
                    "seed": planned["seed"],
                    "log_likelihood": metrics["teacher_log_likelihood"]["value"],
                    "parameters": int(metrics["teacher_parameters"]["value"]),
                }
            )
    rows.save([rows.rounded(cell) for cell in cells], FILE)


def read():
    """A line for each switch: its values over seeds, and their differences to the base seed by seed."""
    if not FILE.exists():
        return []
    cells = [json.loads(line) for line in FILE.read_text().splitlines()]
    base = {cell["seed"]: cell for cell in cells if cell["switch"] == BASE}
    lines = []
    for switch in dict.fromkeys(cell["switch"] for cell in cells):
        own = [cell for cell in cells if cell["switch"] == switch]
        both = [cell["log_likelihood"] - base[cell["seed"]]["log_likelihood"] for cell in own if cell["seed"] in base]
        lines.append(
            {
                "words": "**as the YAML has it**" if switch == BASE else switch.replace("_", " "),
                "value": mean_and_error([cell["log_likelihood"] for cell in own]),
                "difference": mean_and_error(both) if both and switch != BASE else None,
                "seeds": [cell["seed"] for cell in own],
                "parameters": own[0]["parameters"],
            }
        )
    return lines


def mean_and_error(values):
    """Over seeds; no error of a single one."""
    error = statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else None
    return statistics.fmean(values), error
