"""Train every family of flows on every target, distil those that can be students, and write the page that compares
them.

Each run is `flowstill train`, or `distill` and `eval`, in a process of its own with one thread. All students of a
target and seed have the same teacher.
"""

import pathlib
import signal
import sys

from families_study import gallery, page, pages, results
from families_study.families import FAMILIES, FOLDER, TEACHER
from families_study.run import runs_of
from families_study.targets import TARGETS
from families_study.work import Work
from study import rows, sources
from study.options import add_common, binary, parser_of, several

EPILOG = f"""\
families:    {", ".join(FAMILIES)}
targets:     {", ".join(TARGETS)}

what comes out:
  {FOLDER}/results.jsonl, README.md, {page.PICTURE} and the measured part of each family's page; with --quick the
  first three in the folder of the runs instead
  RUNS/<target>/<seed>/<family>-<role>/ has each run, <family>-<role>.log what flowstill printed

environment:
  FLOWSTILL_DATA     folder of the data that are not in the repository: <target>/train.npy, val.npy and test.npy
  FLOWSTILL_BINARY   a flowstill to use, in place of a fresh `cargo build --release`; --binary does the same

examples:
  scripts/families --quick --targets two_moons --families maf,realnvp --seeds 0      a smoke test
  scripts/families --targets casp
  scripts/families --only-report                                                     the page anew
"""


def say(message):
    print(f"families: {message}", file=sys.stderr, flush=True)


def arguments():
    parser = parser_of("families", __doc__, EPILOG)
    for option, known in (("--families", FAMILIES), ("--targets", TARGETS)):
        parser.add_argument(option, type=several(known), default=list(known), help="some of them (default all)")
    add_common(parser, "families")
    return parser.parse_args()


def planned(options, root):
    """The runs that were asked for and can be done, their YAML written; the teacher of students among them."""
    runs = []
    names = [name for name in FAMILIES if name in options.families or name == TEACHER]
    for target in options.targets:
        if sources.available(target, say):
            runs += [
                run
                for run in runs_of(target, names, options.seeds, root, options.quick)
                if run.role != "student" or run.family in options.families
            ]
    for run in runs:
        run.home.mkdir(parents=True, exist_ok=True)
        run.yaml.write_text(run.source)
    return runs


def report(options, root):
    """Writes the results and the page."""
    folder = root if options.quick else FOLDER
    found = results.gather(folder / "results.jsonl", root, options.seeds, options.quick, say)
    if not found:
        say("there is no result yet, and so no page")
        return
    rows.save(found, folder / "results.jsonl")
    (folder / "README.md").write_text(page.page(found, options.quick))
    if picture := gallery.gallery(found):
        (folder / page.PICTURE).write_text(picture)
    if not options.quick:
        pages.write(found)
    say(f"{len(found)} results, {folder / 'README.md'}")


def main():
    options = arguments()
    # asked to end, it lets flowstill save its state as after Ctrl-C
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    root = options.runs or pathlib.Path("runs", "families-quick" if options.quick else "families")
    failed = 0
    if not options.only_report:
        failed = Work(binary(options.binary, "families"), options.jobs, say).do(planned(options, root))
    report(options, root)
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (KeyboardInterrupt, BrokenPipeError):
        sys.exit(130)
