"""Measure how close each objective of distillation brings a student to its teacher, and write the page that says so.

For each target and each seed one teacher is trained, and a student is distilled from it by each objective; on some
targets also students of other shapes. Each run is `flowstill train`, or `distill` and `eval`, in a process of its own
with one thread.
"""

import pathlib
import signal
import sys

from study import frontier, page, results, rows, sources
from study.experiment import FOLDER, placed
from study.options import add_common, binary, parser_of, several
from study.run import runs_of
from study.seeds import Study
from study.targets import FRONTIER, OBJECTIVES, SHAPES, TARGETS, names_of
from study.work import Work

EPILOG = f"""\
targets:     {", ".join(TARGETS)}
objectives:  {", ".join(OBJECTIVES)}
shapes:      {", ".join(SHAPES)}; distilled by auto, on {" and ".join(FRONTIER)}

what comes out:
  experiments/distillation/results.jsonl, README.md and {page.PICTURE}; with --quick in the folder of the runs instead
  RUNS/<target>/<seed>/<name>/ has each run with its report, <name>.log what flowstill printed

environment:
  FLOWSTILL_DATA     folder of the data that are not in the repository: <target>/train.npy, val.npy and test.npy
  FLOWSTILL_BINARY   a flowstill to use, in place of a fresh `cargo build --release`; --binary does the same

examples:
  scripts/distillation --quick --targets two_moons --seeds 0      a smoke test
  scripts/distillation --targets casp --objectives auto,mixed --shapes none
  scripts/distillation --only-report                              the page anew
"""


def say(message):
    print(f"distillation: {message}", file=sys.stderr, flush=True)


def arguments():
    parser = parser_of("distillation", __doc__, EPILOG)
    parser.add_argument("--targets", type=several(TARGETS), default=list(TARGETS), help="some of them (default all)")
    for option, known in (("--objectives", OBJECTIVES), ("--shapes", SHAPES)):
        parser.add_argument(option, type=several(known), default=list(known), help="none, or some (default all)")
    add_common(parser, "distillation")
    return parser.parse_args()


def planned(options, root):
    """The runs that were asked for and can be done, their YAML written."""
    runs = []
    for target in options.targets:
        if sources.available(target, say):
            names = names_of(target, options.objectives, options.shapes)
            runs += runs_of(target, options.seeds, names, root, options.quick)
    for run in runs:
        run.home.mkdir(parents=True, exist_ok=True)
        run.yaml.write_text(placed(run.text))
    return runs


def report(options, root):
    """Writes the results and the page."""
    folder = root if options.quick else FOLDER
    found = results.gather(folder / "results.jsonl", root, options.seeds, options.quick, say)
    if not found:
        say("there is no result yet, and so no page")
        return
    study = Study(found)
    rows.save(found, folder / "results.jsonl")
    (folder / "README.md").write_text(page.page(study, options.quick))
    if picture := frontier.picture(study):
        (folder / page.PICTURE).write_text(picture)
    say(f"{len(found)} results, {folder / 'README.md'}")


def main():
    options = arguments()
    # asked to end, it lets flowstill save its state as after Ctrl-C
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    root = options.runs or pathlib.Path("runs", "distillation-quick" if options.quick else "distillation")
    failed = 0
    if not options.only_report:
        work = Work(binary(options.binary, "distillation"), options.jobs, say)
        failed = work.do(planned(options, root))
    report(options, root)
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (KeyboardInterrupt, BrokenPipeError):
        sys.exit(130)
