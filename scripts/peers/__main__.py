"""Measure flowstill beside other normalizing-flow libraries, in turns on the same cores.

The work: 5 affine autoregressive layers, each with a MADE conditioner of two hidden layers, relu, float32.

  train         MAF: negative log-likelihood, its gradient, an Adam step
  log_prob      MAF: log density of given rows
  maf_sample    MAF: samples, the sequential direction
  iaf_sample    IAF: samples and their log density
  distill       IAF student samples, frozen MAF teacher scores them, gradient of the reverse KL, an Adam step
  startup_maf   from the start of a process to 1000 samples of a saved model in a file; startup_iaf likewise
  rss_train     peak memory of a process that takes some training steps of 1000 rows
"""

import argparse
import os
import pathlib
import platform
import shutil
import subprocess
import sys

from peers import environment, libraries, pinned
from peers.contestants import Flowstill, Peer
from peers.measure import measure, say
from peers.rounds import Limits
from peers.table import table
from peers.task import BATCHES, QUICK_BATCHES, Task

EPILOG = """\
what comes out:
  a Markdown table on standard output, whose ratios are above 1 where flowstill is better, with the range over the
  rounds in brackets; one JSON row for each measurement, appended to the file of --out, whose `value` is the median of
  its `turns`; what the libraries themselves print goes to a .log beside it

environment:
  FLOWSTILL_PEERS_PYTHON   a Python that has the libraries, in place of .venv-peers, which is made where it is missing
  FLOWSTILL_BINARY         a flowstill to measure, in place of a fresh `cargo build --release`

examples:
  scripts/bench                                       everything, on 1 thread: about half an hour
  scripts/bench --quick                               a first impression
  scripts/bench --ops train,distill --threads 1,2     training only, on one core and on two
  scripts/bench --dim 6 --hidden 100 --libs nflows,jax-hand
  scripts/bench --libs none                           flowstill alone; installs nothing
  scripts/bench check                                 the hand-tuned baselines compute what they should
"""


def several(known):
    """Parser of names, separated by commas."""

    def parse(text):
        names = [] if text == "none" else text.split(",")
        for name in names:
            if name not in known:
                raise argparse.ArgumentTypeError(f"{name} is unknown; known are {', '.join(known)}")
        return names

    return parse


def threads(text):
    counts = [int(count) for count in text.split(",")]
    for count in counts:
        if not 1 <= count <= pinned.available():
            raise argparse.ArgumentTypeError(f"{count} threads on {pinned.available()} cores")
    return counts


def at_least(least):
    def parse(text):
        if (value := int(text)) < least:
            raise argparse.ArgumentTypeError(f"expected at least {least}, got {value}")
        return value

    return parse


def arguments():
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = [*libraries.LIBRARIES, *libraries.TUNED]
    parser.add_argument("command", nargs="?", choices=["measure", "check"], default="measure")
    parser.add_argument("--dim", type=at_least(2), default=63, help="data features (default 63)")
    parser.add_argument("--hidden", type=at_least(2), default=512, help="width of both hidden layers (default 512)")
    parser.add_argument("--threads", type=threads, default=[1], help="one run for each of these counts (default 1)")
    parser.add_argument("--ops", type=several(BATCHES), default=list(BATCHES), help="some of the operations above")
    parser.add_argument("--libs", type=several(names), default=names, help=f"none, or some of {','.join(names)}")
    parser.add_argument("--rounds", type=at_least(1), help="turns of each (default 5)")
    parser.add_argument("--quick", action="store_true", help="3 rounds, fewer batches, calls of at most 20 s")
    parser.add_argument("--max-call-seconds", type=float, help="stop whoever needs longer for one call (default 120)")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("target/bench/rows.jsonl"))
    return parser.parse_args()


def binary():
    if program := environment.given("FLOWSTILL_BINARY"):
        return program
    if not shutil.which("cargo"):
        sys.exit("bench: there is no cargo, which builds flowstill; FLOWSTILL_BINARY can name a built one")
    if subprocess.run(["cargo", "build", "--release", "--bin", "flowstill"], stdout=sys.stderr).returncode:
        sys.exit("bench: flowstill does not build")
    return pathlib.Path("target/release/flowstill")


def check():
    python = environment.python(say)
    return subprocess.run([python, "-m", "peers.check"]).returncode if python else 1


def processor():
    info = pathlib.Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def main():
    options = arguments()
    if options.command == "check":
        return check()
    contestants = [Flowstill(binary())]
    if options.libs and (python := environment.python(say)):
        contestants += [Peer(name, python) for name in options.libs]
    batches = QUICK_BATCHES if options.quick else BATCHES
    tasks = [
        Task(op, batch, options.dim, options.hidden, count)
        for count in options.threads
        for op in options.ops
        for batch in batches[op]
    ]
    rounds = options.rounds or (3 if options.quick else 5)
    limits = Limits(call=options.max_call_seconds or (20 if options.quick else 120))
    rows = measure(contestants, tasks, rounds, limits, options.out)
    print(f"{processor()}, {os.cpu_count()} cores; dim {options.dim}, hidden {options.hidden}, {options.hidden}\n")
    print(table(rows))
    ours = [row["value"] for row in rows if row["lib"] == "flowstill"]
    return 1 if None in ours else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (KeyboardInterrupt, BrokenPipeError):
        sys.exit(130)
