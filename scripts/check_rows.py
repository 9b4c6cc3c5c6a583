#!/usr/bin/env python3
"""Read the same rows from an array by numpy and from a table by pandas, and compare them to the last bit.

Prints the number of rows, their type and the names of the columns; exits with 1 at a difference.

Needs: pip install numpy pandas
"""

import argparse
import pathlib
import sys

import numpy
import pandas


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("array", type=pathlib.Path, help="a .npy file")
    parser.add_argument("table", type=pathlib.Path, help="a .csv file with a header")
    paths = parser.parse_args()
    array = numpy.load(paths.array, allow_pickle=False)
    # pandas' own fast parser may miss the last bit
    table = pandas.read_csv(paths.table, float_precision="round_trip")
    rows = array.reshape(len(array), -1)
    if rows.shape != table.shape:
        print(f"the array has shape {array.shape}, the table {table.shape}", file=sys.stderr)
        return 1
    if not numpy.isfinite(rows).all():
        print(f"{paths.array} is not finite", file=sys.stderr)
        return 1
    different = numpy.flatnonzero((rows != table.to_numpy()).any(axis=1))
    if len(different):
        print(f"{len(different)} rows differ, the first is row {different[0]}", file=sys.stderr)
        return 1
    print(f"{len(rows)} rows of {array.dtype}: {', '.join(table.columns)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
