"""A child process that prepares one task of one library and measures it whenever asked.

    python -m peers.worker LIBRARY TASK

On standard output, one JSON object per line: `{"calling": true}` once everything is built and compiled and only the
first call to be timed is left, then `{"ready": true, "call_s": …}`, then one row for each line of standard input; or
`{"error": …}` in place of any of them. Waiting for a line costs no processor time.
"""

import json
import os
import statistics
import sys

from peers import libraries, timing
from peers.task import Task, significant


def main():
    name, task = sys.argv[1], Task.from_json(sys.argv[2])
    # a library that prints must not end up between the rows
    channel = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    def say(**message):
        print(json.dumps(message), file=channel)

    try:
        library = libraries.load(name)(task.dim, task.hidden)
        call = getattr(library, task.op)(task.batch)
        if library.compiles:
            library.wait(call())
        say(calling=True)
        expected = timing.block(call, library.wait, 1)
        say(ready=True, call_s=expected)
        for _ in sys.stdin:
            blocks = timing.turn(call, library.wait, expected, task.latency)
            expected = statistics.median(blocks)
            say(**task.row(
                name,
                value=significant(task.value(expected)),
                unit=task.unit,
                best=significant(task.value(min(blocks))),
                reps=len(blocks),
            ))
    except Exception as error:
        say(error=f"{type(error).__name__}: {error}".splitlines()[0])
        raise


if __name__ == "__main__":
    main()
