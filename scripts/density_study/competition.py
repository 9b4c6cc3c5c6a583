"""Other libraries on the data of a row, each for as long as the row took."""

import json

from density_study import teachers
from density_study.data import FOLDER
from density_study.estimates import difference
from density_study.peers import compete
from study import npy

FILE = FOLDER / "peers.jsonl"
THREADS = 2


def beside(program, row, contestants, runs, say):
    """Trains the contestants and keeps what they reached, and by how much the row is above each on the same test rows."""
    seconds = teachers.seconds(row, runs)
    if seconds is None:
        say(f"{row.name}: nobody knows how long it took, as it went on from an earlier session; no other library beside it")
        return
    folder = FOLDER / "data" / row.data
    parts = {part: folder / f"{part}.npy" for part in compete.PARTS}
    ours = None
    for result in compete.best(row.data, parts, contestants, seconds, THREADS, runs / "peers", say):
        file = runs / "peers" / row.data / f"{result['library']}_{result['model']}.npy"
        if result["log_likelihood"]["mean"] is not None:
            ours = ours or teachers.log_probs(program, row, runs)
            result |= {"beside": row.name, "difference": difference(ours, npy.read(file)[1])}
        compete.keep(row.data, [result], FILE)


def read():
    """Results by data."""
    found = {}
    if FILE.exists():
        for line in map(json.loads, FILE.read_text().splitlines()):
            found.setdefault(line["row"], []).append(line)
    return found
