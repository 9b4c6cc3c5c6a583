"""Rows of ours, as the page tells them: results.jsonl."""

import json

from density_study.data import FOLDER
from density_study.plan import ROWS
from study import rows

FILE = FOLDER / "results.jsonl"


def read():
    lines = map(json.loads, FILE.read_text().splitlines()) if FILE.exists() else []
    return {line["row"]: line for line in lines if line["row"] in ROWS}


def save(found, told):
    """Puts a row among those that were found, and into the file at once: a later row may be interrupted."""
    found[told["row"]] = rows.rounded(told)
    rows.save([found[name] for name in ROWS if name in found], FILE)
