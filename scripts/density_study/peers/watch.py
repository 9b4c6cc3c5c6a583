"""The validation rows that a training watches: as many as it can afford."""

import time

import numpy

LEAST, MOST = 1_000, 10_000


class Watch:
    """Calling it gives the mean of `log_prob` over the rows watched, which are drawn at random: always the same."""

    def __init__(self, log_prob, rows):
        self.log_prob = log_prob
        self.rows = rows[numpy.random.default_rng(0).permutation(len(rows))[:MOST]]

    def afford(self, seconds):
        """Watch as many rows as take so long, but at least `LEAST`. Compiles what there is to compile."""
        few = self.rows[:LEAST]
        self.log_prob(few)
        begin = time.perf_counter()
        self.log_prob(few)
        each = (time.perf_counter() - begin) / len(few)
        self.rows = self.rows[: max(LEAST, round(seconds / each))]

    def __call__(self):
        return float(self.log_prob(self.rows).mean())
