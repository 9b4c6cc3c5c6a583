"""Rows of ours, as the page tells them: results.jsonl."""

import json

from density_study import teachers
from density_study.data import FOLDER
from density_study.plan import ROWS
from study import rows

FILE = FOLDER / "results.jsonl"


def read(say):
    """By name; those whose YAML has been changed since are left out."""
    lines = map(json.loads, FILE.read_text().splitlines()) if FILE.exists() else []
    found = {line["row"]: line for line in lines if line["row"] in ROWS}
    for name in [name for name, line in found.items() if line.get("experiment") != teachers.experiment(ROWS[name])]:
        say(f"{name}: its YAML has been changed since it was measured, so it is left out; --rows {name} measures it again")
        del found[name]
    return found


def save(found, told):
    """Puts a row among those that were found, and into the file at once: a later row may be interrupted."""
    found[told["row"]] = rows.rounded(told)
    rows.save([found[name] for name in ROWS if name in found], FILE)
