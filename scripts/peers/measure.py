"""All tasks in order; each ends in one row per contestant."""

import json
import statistics
import sys

from peers import libraries, rounds, task, whole_process


def say(message):
    print(f"bench: {message}", file=sys.stderr, flush=True)


def method(op):
    if op in task.STARTUPS:
        return whole_process.start_ups
    return whole_process.memory if op in task.MEMORY else rounds.take_turns


def summary(name, one, result):
    """The row of one contestant: `value` is the median of the `turns`, `reps` their number."""
    if isinstance(result, rounds.Failed):
        return one.row(name, value=None, unit=one.unit, best=None, reps=0, **result.row)
    turns = [task.significant(turn["value"]) for turn in result]
    best = (max if one.more_is_better else min)(turn["best"] for turn in result)
    return one.row(
        name,
        value=task.significant(statistics.median(turns)),
        unit=one.unit,
        best=task.significant(best),
        reps=len(turns),
        turns=turns,
    )


def measure(contestants, tasks, number_of_rounds, limits, out):
    """Rows of all tasks, appended to the file `out` as they come. What children print goes to a log beside it."""
    rows = []
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("a") as file, out.with_suffix(".log").open("wb") as log:
        for one in tasks:
            able = [c for c in contestants if one.op not in libraries.LEFT_OUT.get(c.name, ())]
            for name, result in method(one.op)(able, one, number_of_rounds, limits, log, say):
                row = summary(name, one, result)
                if "over_s" in row:
                    say(f"{one}: {name} takes more than {row['over_s']:g} s")
                elif "error" in row:
                    say(f"{one}: {name} has no figure: {row['error']}")
                rows.append(row)
                print(json.dumps(row), file=file, flush=True)
    return rows
