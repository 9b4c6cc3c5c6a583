#!/usr/bin/env python3
"""Read the results of a run as tables, as somebody would who compares runs.

Prints the sizes of the tables: `speed` and the distances from test rows of metrics.json, the modes where the target has
them, and the histories of teacher.json and student.json; a known density in the place of the teacher has none.
Exits with 1 when a table does not hold numbers where it should.

Needs: pip install pandas
"""

import argparse
import json
import pathlib
import sys

import pandas

ROLES = ("student", "teacher", "null")


def strictly(text):
    """JSON without the NaN and Infinity that Python would let pass."""

    def refuse(constant):
        raise ValueError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


def tables_of(distillation):
    """Distances and modes, as far as they were measured, each with the columns that hold numbers."""
    tables = {}
    if against := distillation.get("against_data"):
        distances = {name: distance for name, distance in against.items() if name != "rows"}
        table = pandas.json_normalize(list(distances.values()))
        tables["distances"] = (table, [f"{who}.{part}" for who in ROLES for part in ("mean", "standard_error")])
    if coverage := distillation.get("modes"):
        table = pandas.json_normalize(coverage["modes"])
        tables["modes"] = (table, ["data_share", "teacher_share", "student_share"])
    return tables


def history_of(record):
    """Validations with their measures; with the terms as well where they are the same ones from first to last."""
    history = pandas.DataFrame(record["history"])
    columns = ["step", "validation", "rate", "gradient_norm"]
    parts = {"measures": record.get("measures", [])}
    if len(record.get("phases", [])) < 2:
        parts["terms"] = record["terms"]
    for part, names in parts.items():
        if names:
            history = history.join(pandas.DataFrame(history[part].tolist(), columns=names))
            columns += names
    return history, columns


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=pathlib.Path, help="a run's folder")
    folder = parser.parse_args().run
    metrics = strictly((folder / "metrics.json").read_text())
    tables = {"speed": (pandas.DataFrame(metrics["speed"]), ["value", "batch"])}
    tables |= tables_of(metrics["distillation"])
    for stage in (stage for stage in ("teacher", "student") if "training" in metrics[stage]):
        record = strictly((folder / f"{stage}.json").read_text())
        tables[stage] = history_of(record)
    for name, (table, numbers) in tables.items():
        wrong = [column for column in numbers if not pandas.api.types.is_numeric_dtype(table[column])]
        if wrong or table[numbers].isna().any(axis=None):
            print(f"{name}: not only numbers in {wrong or numbers}", file=sys.stderr)
            return 1
        print(f"{name}: {len(table)} {'validations' if name in ('teacher', 'student') else 'rows'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
