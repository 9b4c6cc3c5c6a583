"""What other libraries reached: peers.jsonl."""

import json

from density_study.data import FOLDER
from density_study.peers import contestants
from density_study.plan import COMPETING
from study import rows

FILE = FOLDER / "peers.jsonl"


def lines():
    return [json.loads(line) for line in FILE.read_text().splitlines()] if FILE.exists() else []


def of(data):
    return [line for line in lines() if line["data"] == data]


def who(line):
    return line["library"], line["model"]


def keep(line):
    """In the file; a contestant's earlier line on the same data gives way."""
    kept = {(other["data"], *who(other)): other for other in [*lines(), rows.rounded(line)]}
    rows.save(kept.values(), FILE)


def standing(data, found):
    """Contestants on some data that were trained beside the row as it is now: those that came to an end, the best on test rows
    first, and those that did not."""
    row = found.get(COMPETING.get(data))
    if row is None:
        return [], []
    now = rows.rounded({"seconds": row["seconds"], "mean": row["log_likelihood"]["mean"]})
    same = [line for line in of(data) if {key: line["ours"][key] for key in now} == now]
    ended = [line for line in same if "failed" not in line]
    return sorted(ended, key=lambda line: -line["log_likelihood"]["mean"]), [line for line in same if "failed" in line]


def documented(some):
    """Those of `some` lines with what a library itself recommends."""
    return [line for line in some if who(line) in contestants.DOCUMENTED]
