"""Rows of results, kept in a file of JSON lines."""

import json


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


def gather(file, root, seeds, runs, row, key, say):
    """All rows: of the runs in the folder `root`, and those of `file` that are not there any more.

    `runs` gives the runs under some seeds, `row` what there is to tell of one, `key` the key of a row. Rows of an
    experiment that has been changed since are left out.
    """
    lines = file.read_text().splitlines() if file.exists() else []
    before = {key(line): line for line in map(json.loads, lines)}
    there = {int(folder.name) for folder in root.glob("*/*") if folder.name.isdigit()}
    seeds = sorted({*seeds, *there, *(line["seed"] for line in before.values())})
    rows = []
    for run in runs(seeds):
        known = before.pop(run.key, None)
        if known and known["experiment"] != run.digest:
            before[run.key] = known
            known = None
        if found := row(run) or known:
            rows.append(found)
    kept = {key(line) for line in rows}
    if old := [k for k in before if k not in kept]:
        say(f"{len(old)} results of {file} are of experiments that have changed since, and left out")
    return rows


def save(rows, file):
    file.parent.mkdir(parents=True, exist_ok=True)
    # there at once or not at all: an interruption loses nothing
    unfinished = file.with_suffix(".unfinished")
    unfinished.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    unfinished.replace(file)
