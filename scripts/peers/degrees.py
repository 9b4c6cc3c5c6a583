"""Degrees and masks of a MADE conditioner whose hidden units are sorted by degree.

Degrees count from 1 to `dim`. A hidden unit of degree m sees the inputs of degrees up to m; the output of degree d sees
the hidden units of degrees below d. Sorted, the units that are known with the first d coordinates are a prefix, and the
middle mask is block-triangular: that is what the hand-tuned baselines live on.
"""

import numpy


def input_degrees(dim, layer):
    """Reversed in every other layer."""
    order = numpy.arange(1, dim + 1)
    return order[::-1] if layer % 2 else order


def hidden_degrees(dim, hidden):
    """1 to dim − 1, evenly, ascending."""
    return 1 + numpy.arange(hidden) * (dim - 1) // hidden


def known(dim, hidden):
    """How many hidden units are known with the first d coordinates, for d from 0 to dim."""
    return [int(n) for n in numpy.searchsorted(hidden_degrees(dim, hidden), numpy.arange(dim + 1), side="right")]


def masks(dim, hidden, layer):
    """Masks (out, in) of the three products; the last one's outputs are `dim` shifts, then `dim` log-scales."""
    inputs, units = input_degrees(dim, layer), hidden_degrees(dim, hidden)
    last = inputs[:, None] > units
    return [units[:, None] >= inputs, units[:, None] >= units, numpy.concatenate([last, last])]


def cuts(dim, hidden, blocks):
    """Bounds of about equal ranges of hidden units, none of which splits a degree."""
    units = hidden_degrees(dim, hidden)
    ends = (int(numpy.searchsorted(units, units[number * hidden // blocks])) for number in range(1, blocks))
    return sorted({0, hidden, *ends})
