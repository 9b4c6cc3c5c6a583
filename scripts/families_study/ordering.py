"""The published ordering of families by their likelihood, against what was measured."""

import statistics

from families_study.families import FAMILIES, LONG_ORDERING, ORDERING
from families_study.targets import TARGETS, title
from study.numbers import estimate
from study.tables import table

HOLDS, REVERSED, OPEN = "holds", "**reversed**", "not told apart"


# standard error of a mean over test rows, in nats, that single rows make
HANGING = 1


def gain(study, target, lower, upper, upper_of=None, over_rows="mean"):
    """By how much the test log-likelihood of `upper` is above that of `lower`: the mean over the seeds that both have,
    and its standard error, None under one seed. `upper` may be of another study."""

    def likelihoods(study, family):
        found = study.of(target, family).finished
        return {row["seed"]: row["log_likelihood"][over_rows] for row in found}

    low, high = likelihoods(study, lower), likelihoods(upper_of or study, upper)
    gains = [high[seed] - low[seed] for seed in sorted(low.keys() & high.keys())]
    if not gains:
        return None
    return statistics.mean(gains), statistics.stdev(gains) / len(gains) ** 0.5 if len(gains) > 1 else None


def verdict(value):
    """Two standard errors of the difference must say so; under one seed its sign does."""
    mean, error = value
    if abs(mean) <= 2 * (error or 0):
        return OPEN
    return HOLDS if mean > 0 else REVERSED


def section(study):
    """What holds of the ordering, after short trainings and after long ones; None with nothing to compare."""
    short = compared(study, ORDERING)
    if not short:
        return None
    chain = " < ".join(FAMILIES[name] for name in ORDERING)
    parts = [
        f"As publications usually have it: {chain}. A step is what the second family gains in test log-likelihood, in nats; "
        "two standard errors over the seeds tell them apart, and where one seed alone came to an end the sign does. "
        + short
    ]
    if long := compared(study, LONG_ORDERING):
        parts.append(
            "Flows take many more steps than mixtures to show what they can do. The same with ten times the steps for those "
            "that take any. " + long
        )
    if reasons := why(study):
        parts.append(reasons)
    return "\n\n".join(parts)


def why(study):
    """What stands behind the steps that are reversed, as far as it was measured."""
    reasons = [
        "In the plane the mixture has components for every cluster or piece of an arc, while affine layers must join what is "
        "apart by filaments: longer training closes the gap, splines more so."
    ]
    narrow = gain(study, "htru2", "maf_long", "maf_spline_long")
    wide = gain(study, "htru2", "maf_long", "maf_spline_affine_long")
    if narrow and wide:
        reasons.append(
            "HTRU2 has rows many standard deviations out. Outside their box (4 of them) splines are the identity, which no "
            "conditioner can shift or scale: alone they are "
            f"{estimate(narrow)} nats from the affine MAF, with two affine layers next to the data {estimate(wide)}."
        )
    if any(hanging(study, target, LONG_ORDERING) for target in TARGETS):
        reasons.append(
            "Where a mean hangs on single test rows, far from all rows of the training, medians stand beneath it: affine layers "
            "multiply such a distance layer by layer, and one row can cost the mean more than all others together."
        )
    return " ".join(reasons)


def compared(study, ordering):
    """The count of what holds and a table of targets and steps; None where there is nothing but mixtures."""
    steps = list(zip(ordering, ordering[1:]))
    rows, verdicts = [], []
    for target in TARGETS:
        values = [gain(study, target, lower, upper) for lower, upper in steps]
        if any(values[1:]):
            verdicts += [verdict(value) for value in values if value]
            rows.append([title(target), *map(told, values)])
            if hanging(study, target, ordering):
                medians = [gain(study, target, lower, upper, over_rows="median") for lower, upper in steps]
                rows.append([f"{title(target)}, medians", *map(told, medians)])
    if not rows:
        return None
    counts = ", ".join(f"{one.strip('*')} {verdicts.count(one)}" for one in (HOLDS, REVERSED, OPEN))
    header = ["target", *(f"{FAMILIES[lower]} → {FAMILIES[upper]}" for lower, upper in steps)]
    return f"Of {len(verdicts)} steps measured: {counts}.\n\n{table(header, rows)}"


def told(value):
    return f"{estimate(value)}: {verdict(value)}" if value else "–"


def hanging(study, target, ordering):
    """Whether a mean over the test rows hangs on single ones, so that it tells little of all the others."""
    found = [row["log_likelihood"] for family in ordering for row in study.of(target, family).finished]
    return any(one["standard_error"] > HANGING and "median" in one for one in found)
