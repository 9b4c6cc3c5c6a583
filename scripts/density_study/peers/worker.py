"""A process that trains one model of another library for a given time and writes what came of it.

    python -m density_study.peers.worker --library zuko --model nsf --train a.npy --validation b.npy --test c.npy \\
        --seconds 120 --threads 2 --seed 0 --out result.json

Log-likelihoods are nats in the units of the data; those of the test rows, one by one, lie beside the result as a .npy.
The time is that of training, validations and compilation included; imports, reading and the test are outside. Parameters
are those of the best validation.
"""

import argparse
import json
import os
import pathlib
import sys

from density_study.peers.contestants import LIBRARIES, RECIPES
from peers import pinned


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", required=True, choices=LIBRARIES)
    parser.add_argument("--model", required=True)
    for part in ("train", "validation", "test"):
        parser.add_argument(f"--{part}", type=pathlib.Path, required=True, metavar="NPY")
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=pathlib.Path, required=True, metavar="JSON")
    options = parser.parse_args()
    models = [model for library, model in RECIPES if library == options.library]
    if options.model not in models:
        parser.error(f"{options.library} has {', '.join(models)}, but no {options.model}")
    if not options.seconds > 0:
        parser.error(f"--seconds is {options.seconds:g}, which leaves no time")
    if not 1 <= options.threads <= pinned.available():
        parser.error(f"--threads is {options.threads}, on {pinned.available()} cores")
    return options


def write(result, path):
    """The file is there at once or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.unfinished")
    unfinished.write_text(json.dumps(result, allow_nan=False) + "\n")
    unfinished.replace(path)


def main():
    options = arguments()
    pinned.here(options.threads)
    # numeric libraries count the cores when they are loaded
    import numpy

    from density_study.peers import fit, standardizer

    parts = {part: standardizer.read(getattr(options, part)) for part in ("train", "validation", "test")}
    told, density = fit.fit(options.library, options.model, parts, options.seconds, options.threads, options.seed)
    log_prob = density.log_prob(parts["test"])
    numpy.save(options.out.with_suffix(".npy"), log_prob)
    write(told | {"log_likelihood": fit.likelihood(log_prob)}, options.out)


if __name__ == "__main__":
    try:
        main()
    except (OSError, ValueError, ArithmeticError) as error:
        sys.exit(f"{type(error).__name__}: {error}")
