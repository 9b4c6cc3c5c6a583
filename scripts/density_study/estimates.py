"""Means over test rows."""

import math
import statistics

from study.numbers import fixed


def estimate(values):
    """Mean and its standard error."""
    return {
        "mean": statistics.fmean(values),
        "standard_error": statistics.stdev(values) / math.sqrt(len(values)),
    }


def difference(ours, theirs):
    """Of two densities on the same rows: what rows have in common cancels."""
    return estimate([our - their for our, their in zip(ours, theirs, strict=True)])


def two_errors(mean, error):
    """In words, with as many decimals as the papers have; `error` is all of what stands behind ±."""
    decimals = 1 if abs(mean) >= 1000 else 2
    return f"{fixed(mean, decimals)} ± {fixed(error, decimals)}"


def likelihood(row):
    """That of a row, ours or another's."""
    estimated = row["log_likelihood"]
    return two_errors(estimated["mean"], 2 * estimated["standard_error"])
