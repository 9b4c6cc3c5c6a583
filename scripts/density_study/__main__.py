"""Train teachers on the data of the papers and write the page that stands them beside the published results.

Each row is `flowstill train` on one YAML, one after the other, with the threads that the YAML says.
"""

import argparse
import json
import pathlib
import re
import signal
import subprocess
import sys

from density_study import data, page
from density_study.data import FOLDER
from density_study.published import ROWS
from study import rows
from study.options import binary, several

EPILOG = f"""\
rows:        {", ".join(ROWS)}

what comes out:
  {FOLDER}/results.jsonl and README.md
  RUNS/<row>/ has each run

environment:
  FLOWSTILL_DATA     folder of the data that are not in the repository
  FLOWSTILL_BINARY   a flowstill to use, in place of a fresh `cargo build --release`; --binary does the same
"""


def say(message):
    print(f"density: {message}", file=sys.stderr, flush=True)


def arguments():
    parser = argparse.ArgumentParser(
        prog="scripts/density",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rows", type=several(ROWS), default=list(ROWS), help="some of them (default all)")
    parser.add_argument("--runs", type=pathlib.Path, default=pathlib.Path("runs", "density"), help="default runs/density")
    parser.add_argument("--binary", type=pathlib.Path, help="a flowstill to use")
    parser.add_argument("--only-report", action="store_true", help="run nothing, write the page")
    return parser.parse_args()


def train(program, row, runs):
    """Whether it came to an end."""
    yaml = FOLDER / f"{row}.yaml"
    return subprocess.run([program, "train", yaml, "--runs", runs, "--overwrite"], stdout=sys.stderr).returncode == 0


def result(program, row, runs):
    """What the page tells of a row, or None if it did not come to an end."""
    folder = runs / row
    if not (folder / "teacher_test.json").exists():
        return None
    test = json.loads((folder / "teacher_test.json").read_text())
    training = json.loads((folder / "teacher.json").read_text())
    described = subprocess.run(
        [program, "describe", folder / "teacher.safetensors"], capture_output=True, text=True, check=True
    ).stdout
    about = (FOLDER / f"{row}.yaml").read_text().splitlines()[0].removeprefix("# ").rstrip(".")
    return {
        "row": row,
        "about": about,
        "log_likelihood": test["test_log_likelihood"],
        "parameters": int(re.search(r"^parameters +(\d+)", described, re.MULTILINE)[1]),
        "seconds": rows.seconds(training),
        "steps": training["steps"],
        "version": re.search(r"^flowstill (\S+),", described, re.MULTILINE)[1],
    }


def main():
    options = arguments()
    # asked to end, it lets flowstill save its state as after Ctrl-C
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    file = FOLDER / "results.jsonl"
    found = {row["row"]: row for row in map(json.loads, file.read_text().splitlines())} if file.exists() else {}
    failed = 0
    if not options.only_report:
        program = binary(options.binary, "density")
        for row in options.rows:
            if not data.available(ROWS[row], say):
                continue
            if train(program, row, options.runs):
                found[row] = rows.rounded(result(program, row, options.runs))
            else:
                failed += 1
    kept = [found[row] for row in ROWS if row in found]
    if kept:
        rows.save(kept, file)
        (FOLDER / "README.md").write_text(page.page(kept))
        say(f"{len(kept)} rows, {FOLDER / 'README.md'}")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (KeyboardInterrupt, BrokenPipeError):
        sys.exit(130)
