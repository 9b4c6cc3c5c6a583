"""Other libraries on the data of a row, each for as long as the row took."""

import dataclasses
import json

from density_study import teachers
from density_study.data import FOLDER, folder
from density_study.estimates import difference
from density_study.peers import compete, contestants
from density_study.plan import COMPETING, Row
from study import npy, rows

FILE = FOLDER / "peers.jsonl"


@dataclasses.dataclass(frozen=True)
class Contest:
    """One contestant beside a row of ours; `told` is what the row took and reached, `ours` the densities of its test rows."""

    row: Row
    who: tuple
    told: dict
    ours: list


def due(program, row, names, runs, say):
    """Contests that are wanted; those that took the same time beside the same teachers are not held again."""
    if COMPETING.get(row.data) != row.name:
        say(f"{row.name}: no other library beside it")
        return []
    seconds = teachers.seconds(row, runs)
    if seconds is None:
        say(f"{row.name}: its time is unknown, as it went on from an earlier session, so no other library beside it; "
            f"remove {runs / row.name} and {runs / 'cache'} to train it again")
        return []
    ours = teachers.log_probs(program, row, runs)
    told = rows.rounded({"beside": row.name, "seconds": seconds, "mean": sum(ours) / len(ours)})
    before = {(line["library"], line["model"]) for line in of(row.data) if line["ours"] == told}
    for who in (who for who in names if who in before):
        say(f"{row.name}: {' '.join(who)} was trained for this time earlier")
    return [Contest(row, who, told, ours) for who in names if who not in before]


def hold(slots, python, contest, runs, say):
    """What the contestant reached, and by how much the row is above it on the same test rows."""
    data, (library, model) = contest.row.data, contest.who
    line = {"data": data, "library": library, "model": model, "ours": contest.told}
    parts = {part: folder(data) / f"{part}.npy" for part in compete.PARTS}
    result = compete.contestant(slots, python, data, parts, contest.who, contest.told["seconds"], runs / "peers", say)
    if result is None:
        return line | {"failed": True}
    if result["log_likelihood"]["mean"] is not None:
        file = runs / "peers" / data / f"{library}_{model}.npy"
        result["difference"] = difference(contest.ours, npy.read(file)[1])
    return line | result


def keep(line):
    """In the file; a contestant's earlier line on the same data gives way."""

    def key(line):
        return line["data"], line["library"], line["model"]

    kept = {key(other): other for other in lines()} | {key(line): rows.rounded(line)}
    rows.save(kept.values(), FILE)


def lines():
    return [json.loads(line) for line in FILE.read_text().splitlines()] if FILE.exists() else []


def of(data):
    return [line for line in lines() if line["data"] == data]


def standing(data, found):
    """Contestants on some data that were trained beside the row as it is now: those that came to an end, the best on test rows
    first, and those that did not."""
    row = found.get(COMPETING.get(data))
    if row is None:
        return [], []
    now = rows.rounded({"seconds": row["seconds"], "mean": row["log_likelihood"]["mean"]})
    same = [line for line in of(data) if {key: line["ours"][key] for key in now} == now]
    ended = [line for line in same if "difference" in line]
    return sorted(ended, key=lambda line: -line["log_likelihood"]["mean"]), [line for line in same if line not in ended]


def documented(lines):
    """Those with what a library itself recommends."""
    return [line for line in lines if (line["library"], line["model"]) in contestants.DOCUMENTED]
