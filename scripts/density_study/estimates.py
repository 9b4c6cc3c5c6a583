"""Means over test rows."""

import math
import statistics


def estimate(values):
    """Mean and its standard error."""
    return {
        "mean": statistics.fmean(values),
        "standard_error": statistics.stdev(values) / math.sqrt(len(values)),
    }


def difference(ours, theirs):
    """Of two densities on the same rows: what rows have in common cancels."""
    return estimate([our - their for our, their in zip(ours, theirs, strict=True)])
