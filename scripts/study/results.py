"""Results as rows, one per student (or failed teacher)."""

import json

from study import rows
from study.rows import rounded, seconds
from study.run import runs_of
from study.targets import TARGETS, names_of

# what is taken from `distillation` of metrics.json as it is
ESTIMATES = (
    "kl_forward",
    "kl_forward_per_dim",
    "kl_reverse",
    "ess_reverse",
    "ess_forward",
    "mean_weight",
    "total_variation",
)


def row(run):
    """What the page tells of a run, or None if it did not come to an end."""
    state, reason = run.state()
    if state is None:
        return None
    base = {"target": run.target, "seed": run.seed, "student": run.name, "experiment": run.digest}
    if state == "failed":
        return base | {"failed": reason}
    if run.name == "teacher":
        return base | {"seconds": seconds(json.loads((run.folder / "teacher.json").read_text()))}
    found = measured(json.loads(run.product.read_text()))
    if not run.alone:
        # measured while others ran
        del found["speed"]
    return base | rounded(found)


def measured(metrics):
    distillation, training = metrics["distillation"], metrics["student"]["training"]
    values = {name: distillation[name] for name in ESTIMATES}
    if coverage := distillation.get("modes"):
        values["least_mode_ratio"] = coverage["least_ratio"]
        values["largest_mode_ratio"] = coverage["largest_ratio"]
        values["mode_ratio_errors"] = [mode["ratio"]["standard_error"] for mode in coverage["modes"] if mode["ratio"]]
    rates = [
        {key: line[key] for key in ("op", "batch", "value")} for line in metrics["speed"] if line["unit"] == "samples/s"
    ]
    where = metrics["provenance"]
    return values | {
        "log_likelihood": metrics["student"]["test_log_likelihood"],
        "teacher_log_likelihood": metrics["teacher"]["test_log_likelihood"],
        "seconds": seconds(training),
        "steps": training["steps"],
        "phases": [[phase["objective"], phase["steps"]] for phase in training.get("phases", [])],
        "parameters": metrics["student"]["free_parameters"],
        "samples": distillation["samples"],
        "speed": rates,
        "threads": where["threads"],
        "processor": where["processor"],
        "version": where["version"],
    }


def key(row):
    return row["target"], row["seed"], row["student"]


def gather(file, root, seeds, quick, say):
    """All rows, in the order of the page."""

    def runs(seeds):
        for target in TARGETS:
            yield from runs_of(target, seeds, names_of(target), root, quick)

    return rows.gather(file, root, seeds, runs, row, key, say)
