"""A child process measured as a whole: from its start to its end.

    python -m peers.oneshot LIBRARY TASK save KIND PATH           a model of random weights
    python -m peers.oneshot LIBRARY TASK sample KIND PATH OUT     restore it, draw samples, write them as .npy
    python -m peers.oneshot LIBRARY TASK train                    a few training steps
"""

import sys

from peers import libraries
from peers.task import MEMORY_STEPS, STARTUP_ROWS, Task


def main():
    name, task, action, *rest = sys.argv[1:]
    task = Task.from_json(task)
    library = libraries.load(name)(task.dim, task.hidden)
    if action == "save":
        library.save(*rest)
    elif action == "sample":
        kind, path, out = rest
        rows = library.sample_saved(kind, path, STARTUP_ROWS)
        import numpy

        assert rows.shape == (STARTUP_ROWS, task.dim) and numpy.isfinite(rows).all()
        numpy.save(out, rows)
    else:
        step = library.train(task.batch)
        for _ in range(MEMORY_STEPS):
            library.wait(step())


if __name__ == "__main__":
    main()
