"""The published ordering of families by their likelihood, against what was measured."""

import statistics

from families_study.families import FAMILIES, ORDERING
from families_study.targets import TARGETS, title
from study.numbers import estimate
from study.tables import table

HOLDS, REVERSED, OPEN = "holds", "**reversed**", "not told apart"


def gain(study, target, lower, upper, upper_of=None):
    """By how much the test log-likelihood of `upper` is above that of `lower`: the mean over the seeds that both have,
    and its standard error, None under one seed. `upper` may be of another study."""

    def likelihoods(study, family):
        found = study.of(target, family).finished
        return {row["seed"]: row["log_likelihood"]["mean"] for row in found}

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
    """A table of targets and steps of the ordering, and the count of what holds; None with nothing to compare."""
    steps = list(zip(ORDERING, ORDERING[1:]))
    rows, verdicts, single = [], [], False
    for target in TARGETS:
        cells = []
        for lower, upper in steps:
            value = gain(study, target, lower, upper)
            cells.append(f"{estimate(value)}: {verdict(value)}" if value else "–")
            if value:
                verdicts.append(verdict(value))
                single |= value[1] is None
        if any(cell != "–" for cell in cells):
            rows.append([title(target), *cells])
    if not verdicts:
        return None
    counts = ", ".join(f"{one.strip('*')} {verdicts.count(one)}" for one in (HOLDS, REVERSED, OPEN))
    chain = " < ".join(FAMILIES[name] for name in ORDERING)
    rule = "two standard errors over the seeds tell them apart" + (
        "; where one seed alone came to an end the sign does, and there is no error" if single else ""
    )
    text = (
        f"As publications usually have it: {chain}. Of {len(verdicts)} steps measured: {counts}. A step is what the "
        f"second family gains in test log-likelihood, in nats; {rule}."
    )
    header = ["target", *(f"{FAMILIES[lower]} → {FAMILIES[upper]}" for lower, upper in steps)]
    return f"{text}\n\n{table(header, rows)}"
