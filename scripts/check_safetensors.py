#!/usr/bin/env python3
"""Read a checkpoint with Python's safetensors and print what it holds.

Lines of words separated by tabs: facts of the metadata (role, dim, columns, seed), one line per layer (number, kind,
orientation) and one per tensor (name, shape, type).
Exits with 1 when the metadata lacks a key, or a number is not finite.

Needs: pip install safetensors numpy
"""

import argparse
import json
import pathlib
import sys

import numpy
from safetensors import safe_open

METADATA_KEYS = {"format_version", "role", "spec", "standardizer", "columns", "provenance"}
PROVENANCE_KEYS = {"version", "config_hash", "data_hash", "seed"}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=pathlib.Path, help="a .safetensors file of flowstill")
    path = parser.parse_args().checkpoint
    with safe_open(path, framework="numpy") as checkpoint:
        metadata = json.loads(checkpoint.metadata()["flowstill"])
        missing = (METADATA_KEYS - metadata.keys()) | (PROVENANCE_KEYS - metadata["provenance"].keys())
        if missing:
            print(f"{path}: the metadata lack {sorted(missing)}", file=sys.stderr)
            return 1
        dim = metadata["spec"]["dim"]
        widths = {len(metadata["columns"]), *map(len, metadata["standardizer"].values())}
        if widths != {dim}:
            print(f"{path}: entries for {widths} columns, expected {dim}", file=sys.stderr)
            return 1
        print("role", metadata["role"], sep="\t")
        print("dim", dim, sep="\t")
        print("columns", ",".join(metadata["columns"]), sep="\t")
        print("seed", metadata["provenance"]["seed"], sep="\t")
        for number, layer in enumerate(metadata["spec"]["layers"]):
            ((kind, fields),) = layer.items()
            print("layer", number, kind, fields.get("orientation", ""), sep="\t")
        for name in sorted(checkpoint.keys()):
            tensor = checkpoint.get_tensor(name)
            if not numpy.isfinite(tensor).all():
                print(f"{path}: tensor {name} is not finite", file=sys.stderr)
                return 1
            print("tensor", name, "x".join(map(str, tensor.shape)), tensor.dtype, sep="\t")
    return 0


if __name__ == "__main__":
    sys.exit(main())
