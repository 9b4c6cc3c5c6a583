#!/usr/bin/env python3
"""Read the results of a run as tables, as somebody would who compares runs.

Prints the sizes of the tables: `speed` of metrics.json, and the histories of teacher.json and student.json.
Exits with 1 when a table does not hold numbers where it should.

Needs: pip install pandas
"""

import argparse
import json
import pathlib
import sys

import pandas


def strictly(text):
    """JSON without the NaN and Infinity that Python would let pass."""

    def refuse(constant):
        raise ValueError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=pathlib.Path, help="a run's folder")
    folder = parser.parse_args().run
    tables = {"speed": (pandas.DataFrame(strictly((folder / "metrics.json").read_text())["speed"]), ["value", "batch"])}
    for stage in ("teacher", "student"):
        record = strictly((folder / f"{stage}.json").read_text())
        history = pandas.DataFrame(record["history"])
        terms = pandas.DataFrame(history.pop("terms").tolist(), columns=record["terms"])
        tables[stage] = (history.join(terms), ["step", "validation", "rate", "gradient_norm", *record["terms"]])
    for name, (table, numbers) in tables.items():
        wrong = [column for column in numbers if not pandas.api.types.is_numeric_dtype(table[column])]
        if wrong or table[numbers].isna().any(axis=None):
            print(f"{name}: not only numbers in {wrong or numbers}", file=sys.stderr)
            return 1
        print(f"{name}: {len(table)} {'rows' if name == 'speed' else 'validations'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
