"""Results as rows, one per student (or failed teacher), kept in a file of JSON lines."""

import json

from study.experiment import digest
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
    base = {"target": run.target, "seed": run.seed, "student": run.name, "experiment": digest(run.text)}
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


def rounded(value):
    """Six significant digits: more would be noise."""
    if isinstance(value, dict):
        return {key: rounded(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [rounded(inner) for inner in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value


def seconds(training):
    """Of a whole training; None if it was resumed, since only the last session is recorded."""
    return training["seconds"] if training["resumed_at"] == 0 else None


def key(row):
    return row["target"], row["seed"], row["student"]


def gather(file, root, seeds, quick, say):
    """All rows: of the runs in the folder `root`, and those of `file` that are not there any more.

    Rows of an experiment that has been changed since are left out.
    """
    lines = file.read_text().splitlines() if file.exists() else []
    before = {key(row): row for row in map(json.loads, lines)}
    there = {int(folder.name) for folder in root.glob("*/*") if folder.name.isdigit()}
    seeds = sorted({*seeds, *there, *(seed for _, seed, _ in before)})
    rows = []
    for target in TARGETS:
        for run in runs_of(target, seeds, names_of(target), root, quick):
            known = before.pop((run.target, run.seed, run.name), None)
            if known and known["experiment"] != digest(run.text):
                before[key(known)] = known
                known = None
            if found := row(run) or known:
                rows.append(found)
    kept = {key(row) for row in rows}
    if old := [k for k in before if k not in kept]:
        say(f"{len(old)} results of {file} are of experiments that have changed since, and left out")
    return rows


def save(rows, file):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
