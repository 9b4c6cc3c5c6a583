"""Are the log-likelihoods of the other libraries densities in the units of the data? `laws` says what is asked.

    python -m density_study.peers.check                     all of them, some minutes
    python -m density_study.peers.check zuko --seconds 2    one library, shorter trainings

Every contestant is trained twice on one core. Prints one line for each; exits with 1 if one fails.
"""

import argparse
import sys

from density_study.peers.contestants import LIBRARIES, RECIPES
from peers import pinned

# seconds beyond those of a training, for what compiles first
COMPILATION = {"flowjax": 4}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("libraries", nargs="*", default=LIBRARIES, metavar="LIBRARY", help=", ".join(LIBRARIES))
    parser.add_argument("--seconds", type=float, default=5, help="of each training (default 5)")
    options = parser.parse_args()
    if unknown := set(options.libraries) - set(LIBRARIES):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; known are {', '.join(LIBRARIES)}")
    pinned.here(1)
    # numeric libraries count the cores when they are loaded
    from density_study.peers import laws

    failed = False
    for library, model in RECIPES:
        if library in options.libraries:
            found, broken = laws.hold((library, model), options.seconds + COMPILATION.get(library, 0))
            print(f"{library} {model}: {found}", flush=True)
            for law in broken:
                failed = True
                print(f"{library} {model}: {law}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
