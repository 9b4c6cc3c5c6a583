"""The page, README.md beside the results: every number in it is computed from them."""

import collections

from study import experiment, frontier, goals, tables
from study.numbers import duration, estimate, listed, percent, significant
from study.targets import AUTO, OBJECTIVES, TARGETS

PICTURE = "frontier.svg"

OPENING = """\
# Distillation: how close each objective comes

A MAF is trained on each target by maximum likelihood; IAF students of the same shape are distilled from it, one per
objective, each for the same number of optimiser steps. `auto` is the recipe that flowstill uses where nothing else is
said: it begins with rows of the data as well as the teacher's and changes its rate on the way, and it was developed on
targets such as these. The others are that objective alone from the first step to the last at one peak rate, which was
not tuned for any of them. *p* is the teacher, *q* the student: what the
teacher itself misses of the data is in neither divergence, only in the log-likelihoods.

This page is written by `scripts/distillation` from `results.jsonl`; nothing in it is typed by hand."""

READING = """\
Nats throughout. KL(p‖q) from teacher samples, the others from student samples. ESS: effective sample size of student
samples as a share of their number. TV: total variation. E_q[w]: mean of w = p/q, 1 when the student misses nothing.
Mode ratio: share of student samples in a mode ÷ share of teacher samples. Seconds: wall clock of the training."""

AGAIN = """\
## Measuring again

```sh
scripts/distillation                                        # everything, seeds 0, 1 and 2, one process per core
scripts/distillation --targets casp --objectives auto --seeds 0
FLOWSTILL_DATA=/my/data scripts/distillation                # with the targets whose data are not in the repository
scripts/distillation --quick                                # a tenth of the steps, written beside its runs
scripts/distillation --only-report                          # this page from the results that are there
```

An interrupted study goes on where it stopped, and what is done is not done again. One process has one thread, and
results are the same bits for the same seed on one type of processor; times are not, and on cores shared with others
they grow. Runs stay in `runs/distillation/<target>/<seed>/`, each with its own report."""


def page(study, quick):
    parts = [OPENING, measured_with(study)]
    if quick:
        parts.append("**A smoke test with a tenth of the steps: its numbers say nothing about the objectives.**")
    parts += [
        "## Figures aimed at",
        aimed_at(study),
        "## KL(p‖q) per dimension",
        winners(study, "kl_forward_per_dim"),
        tables.overview(study, "kl_forward_per_dim", estimate),
        "## Effective sample size",
        tables.overview(study, "ess_reverse", percent, sign=-1),
        "## Target by target",
        READING,
    ]
    for target, words in TARGETS.items():
        if any(study.of(target, name).all for name in OBJECTIVES):
            about = f"[`{target}.yaml`]({target}.yaml): {experiment.about(target)}"
            parts.append(f"### {words}\n\n{about}\n\n{tables.target(study, target)}")
    if section := frontier.section(study, quick):
        parts += [
            "## Quality against speed",
            "Students of several shapes, each distilled by `auto`, beside the teacher's fastest exact sampler, which "
            "computes every hidden unit once; with log-densities, one thread, medians, one student after the other. "
            '"÷ teacher" compares with that sampler measured in turns with the student, and so does the picture; rates of '
            "different rows were measured minutes apart, and where the machine has other work they are too low.",
        ]
        if frontier.picture(study):
            parts.append(f"![Divergence of students against their speed]({PICTURE})")
        parts.append(section)
    return "\n\n".join([*parts, AGAIN]) + "\n"


def measured_with(study):
    """Under which conditions, and how long it all took."""
    rows = study.finished()
    if not rows:
        return "No student came to an end."

    def each(key):
        return listed(sorted({str(row[key]) for row in rows}))

    times = [row["seconds"] for row in study.rows if row.get("seconds") is not None]
    resumed = sum("failed" not in row for row in study.rows) - len(times)
    untimed = f" (without {resumed} that were stopped and resumed)" if resumed else ""
    seeds = sorted({row["seed"] for row in rows})
    errors = (
        "Means over the seeds ± the standard error of that mean, differences between their teachers included; where "
        "only one seed came to an end, ± the standard error of its estimate."
        if len(seeds) > 1
        else "Estimates ± their own standard errors, which leave out how another seed would differ."
    )
    failed = sum("failed" in row for row in study.rows if row["student"] != "teacher")
    return (
        f"flowstill {each('version')} on {each('processor')}, threads per run: {each('threads')}; "
        f"{tables.seeds_named(seeds)}; {len(rows) + failed} students, {failed or 'none'} of which failed; "
        f"{listed(f'{samples:,}' for samples in sorted({row['samples'] for row in rows}))} samples per estimate; all "
        "trainings together took "
        f"{duration(sum(times))}{untimed}. {errors}"
    )


def aimed_at(study):
    """The table of goals, and how many were reached."""
    rows, reached = [], 0
    for target, goal, value, good in goals.verdicts(study):
        reached += good
        rows.append([TARGETS[target], goal, value, "reached" if good else "**not reached**"])
    if not rows:
        return f"No student of `{AUTO}` came to an end."
    text = (
        f"Of `{AUTO}`: {reached} of {len(rows)} reached, judged by the value itself, whatever its error.\n\n"
        + tables.table(["target", "figure", "measured", ""], rows)
    )
    if perfect := list(goals.least_of_a_perfect_student(study)):
        each = listed(f"{significant(ratio, 3)} on {TARGETS[target]}" for target, ratio in perfect)
        text += (
            "\n\nA least ratio is the least of several noisy ones: with as many samples that of a perfect student "
            f"would be about {each}."
        )
    return text


def winners(study, key):
    """On how many targets each objective is among the best."""
    leading = [found for target in TARGETS if (found := tables.leading(study, target, key))]
    if not leading:
        return "One objective alone cannot be compared."
    counts = collections.Counter(name for found in leading for name in found)
    words = (f"`{name}` on {count}" for name, count in counts.most_common())
    return (
        "In bold the least of each target, and what two standard errors of the difference do not tell from it: "
        f"{listed(words)} of {len(leading)} targets."
    )
