"""Train teachers on the data of the papers and on others, and write the page that stands them beside the published results
and beside other libraries.

Each row is `flowstill train` or `flowstill sweep` on one YAML, one row after the other.
"""

import pathlib
import signal
import subprocess
import sys

from density_study import page, pictures, results
from density_study.data import FOLDER
from density_study.peers import contestants
from density_study.plan import ROWS
from density_study.work import PEERS, work
from study.options import parser_of, several

EPILOG = f"""\
rows:        {", ".join(ROWS)}
peers:       {", ".join(PEERS)}

what comes out:
  {FOLDER}/README.md, and what it is written from: results.jsonl, peers.jsonl, ablation.jsonl, pictures
  RUNS/<row>/ has each run

environment:
  FLOWSTILL_DATA           folder of the data that are not in the repository
  FLOWSTILL_BINARY         a flowstill to use, in place of a fresh `cargo build --release`; --binary does the same
  FLOWSTILL_PEERS_PYTHON   a Python that has the other libraries, in place of .venv-peers, which is made where it is missing

examples:
  scripts/density --rows mnist_made_mog                    one row
  scripts/density --rows htru2,casp --peers zuko/nsf       and one other library beside each, for the same time
  scripts/density --rows none --ablation                   the switches alone
  scripts/density --rows none --students mnist_maf         a student of a teacher, and the picture of both
"""


def say(message):
    print(f"density: {message}", file=sys.stderr, flush=True)


def arguments():
    parser = parser_of("density", __doc__, EPILOG)
    parser.add_argument("--rows", type=several(ROWS), default=list(ROWS), help="none, or some of them (default all)")
    parser.add_argument(
        "--peers",
        type=lambda text: several(PEERS)(",".join(map("/".join, contestants.DOCUMENTED)) if text == "documented" else text),
        default=[],
        help="other libraries beside each row: some of them, or `documented` (default none)",
    )
    parser.add_argument("--ablation", action="store_true", help="one change at a time to one teacher")
    parser.add_argument(
        "--students", type=several(pictures.STUDENTS), default=[], help=f"of {', '.join(pictures.STUDENTS)}"
    )
    parser.add_argument("--runs", type=pathlib.Path, default=pathlib.Path("runs", "density"), help="default runs/density")
    parser.add_argument("--binary", type=pathlib.Path, help="a flowstill to use")
    parser.add_argument("--only-report", action="store_true", help="run nothing, write the page")
    return parser.parse_args()


def main():
    options = arguments()
    # asked to end, it lets flowstill save its state as after Ctrl-C
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    found = results.read(say)
    failed = 0 if options.only_report else work(options, found, say)
    page.write(found)
    say(f"{len(found)} rows, {FOLDER / 'README.md'}")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (KeyboardInterrupt, BrokenPipeError):
        sys.exit(130)
    except subprocess.CalledProcessError as error:
        sys.exit(f"density: {' '.join(map(str, error.cmd))} failed with status {error.returncode}")
