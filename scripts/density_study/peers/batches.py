"""Training rows in batches, without end, shuffled anew in every epoch."""

import numpy


def batches(rows, batch, drop_last, seed):
    """Arrays (batch, dim); an epoch's last one may be shorter, or is left out with `drop_last`."""
    random = numpy.random.default_rng(seed)
    batch = min(batch, len(rows))
    end = len(rows) - len(rows) % batch if drop_last else len(rows)
    while True:
        order = random.permutation(len(rows))
        for begin in range(0, end, batch):
            yield rows[order[begin : begin + batch]]
