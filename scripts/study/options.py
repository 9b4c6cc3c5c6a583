"""What the options of studies have in common."""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys


def several(known):
    """Parser of names, separated by commas."""

    def parse(text):
        names = [] if text == "none" else text.split(",")
        for name in names:
            if name not in known:
                raise argparse.ArgumentTypeError(f"{name} is unknown; known are {', '.join(known)}")
        # in the order in which they are known
        return [name for name in known if name in names]

    return parse


def seeds(text):
    try:
        numbers = [int(number) for number in text.split(",")]
    except ValueError:
        numbers = [-1]
    if min(numbers) < 0:
        raise argparse.ArgumentTypeError(f"expected whole numbers from 0, separated by commas, got {text}")
    return sorted(set(numbers))


def at_least_one(text):
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number, at least 1, got {text}")
    return int(text)


def cores():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def binary(given, study):
    """The flowstill to use: one that was named, or a fresh one."""
    program = given or os.environ.get("FLOWSTILL_BINARY")
    if program:
        if not shutil.which(program):
            sys.exit(f"{study}: {program} is no program; --binary or FLOWSTILL_BINARY wants a built flowstill")
        return program
    if not shutil.which("cargo"):
        sys.exit(f"{study}: there is no cargo, which builds flowstill; --binary can name a built one")
    if subprocess.run(["cargo", "build", "--release", "--bin", "flowstill"], stdout=sys.stderr).returncode:
        sys.exit(f"{study}: flowstill does not build")
    return pathlib.Path("target/release/flowstill")


def parser_of(study, describes, epilog):
    """What --help of a study says, without its options."""
    return argparse.ArgumentParser(
        prog=f"scripts/{study}",
        description=describes,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def add_common(parser, study):
    """Options that every study has."""
    parser.add_argument("--seeds", type=seeds, default=[0, 1, 2], help="default 0,1,2")
    parser.add_argument("--jobs", type=at_least_one, default=cores(), help="processes side by side (default all cores)")
    parser.add_argument("--runs", type=pathlib.Path, help=f"folder of the runs (default runs/{study})")
    parser.add_argument("--binary", type=pathlib.Path, help="a flowstill to use")
    parser.add_argument("--quick", action="store_true", help="a tenth of the steps and samples, to see that it works")
    parser.add_argument("--only-report", action="store_true", help="run nothing, write the page")
