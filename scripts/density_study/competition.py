"""Other libraries on the data of a row, each for as long as the row took."""

import json

from density_study import teachers
from density_study.data import FOLDER, folder
from density_study.estimates import difference
from density_study.peers import compete, contestants
from density_study.plan import COMPETING, THREADS
from study import npy, rows

FILE = FOLDER / "peers.jsonl"


def beside(program, row, names, runs, say):
    """Trains the contestants and keeps what each reached at once, and by how much the row is above it on the same test rows.

    Those that were trained for the same time beside the same teachers are not trained again.
    """
    if COMPETING.get(row.data) != row.name:
        say(f"{row.name}: no other library beside it")
        return
    seconds = teachers.seconds(row, runs)
    if seconds is None:
        say(f"{row.name}: its time is unknown, as it went on from an earlier session, so no other library beside it; "
            f"remove {runs / row.name} and {runs / 'cache'} to train it again")
        return
    ours = teachers.log_probs(program, row, runs)
    told = rows.rounded({"beside": row.name, "seconds": seconds, "mean": sum(ours) / len(ours)})
    parts = {part: folder(row.data) / f"{part}.npy" for part in compete.PARTS}
    before = {(line["library"], line["model"]) for line in of(row.data) if line["ours"] == told}
    for library, model in names:
        if (library, model) in before:
            say(f"{row.name}: {library} {model} was trained for this time earlier")
            continue
        result = compete.contestant(row.data, parts, (library, model), seconds, THREADS, runs / "peers", say)
        if result is None:
            keep({"data": row.data, "library": library, "model": model, "ours": told, "failed": True})
            continue
        if result["log_likelihood"]["mean"] is not None:
            file = runs / "peers" / row.data / f"{library}_{model}.npy"
            result["difference"] = difference(ours, npy.read(file)[1])
        keep({"data": row.data, "ours": told, **result})


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
    """Documented contestants on some data that were trained beside the row as it is now: those that came to an end, the best by
    validation first, and the number of all."""
    row = found.get(COMPETING.get(data))
    if row is None:
        return [], 0
    now = rows.rounded({"seconds": row["seconds"], "mean": row["log_likelihood"]["mean"]})
    same = [line for line in of(data) if {key: line["ours"][key] for key in now} == now]
    known = [line for line in same if (line["library"], line["model"]) in contestants.DOCUMENTED]
    ended = [line for line in known if "difference" in line]
    return sorted(ended, key=lambda line: -line["validation_log_likelihood"]["mean"]), len(known)
