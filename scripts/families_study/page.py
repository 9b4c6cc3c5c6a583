"""The page, README.md beside the results: every number in it is computed from them."""

from families_study import direct, families, gallery, ordering, tables
from families_study.families import FAMILIES, TEACHER
from families_study.pages import PAGES
from families_study.targets import TARGETS, title
from families_study.work import BATCH
from study.numbers import duration, listed
from study.seeds import Study
from study.tables import seeds_named

PICTURE = "densities.svg"

OPENING = f"""\
# Families: which kind of flow learns what, and at what price

Every family is trained on every target by maximum likelihood for the same number of steps, and where it can be a
student, distilled from the same {FAMILIES[TEACHER]} (*p*); their sizes differ, and next to nothing was tuned for any of
them. Where a family departs from the common lengths its YAML says so: some take ten times the steps by name, residual and
continuous flows have rates of their own and as students half the steps, by the reverse divergence alone. Closed forms and
mixtures are fitted without steps. A row compares what such a short
training gives, not the best that a family can do. In the plane a coupling is an autoregressive layer, so that families
which differ in nothing else are one and the same there.

This page is written by `scripts/families` from `results.jsonl`; nothing in it is typed by hand."""

READING = f"""\
Test log-likelihood: nats, in the units of the data, mean ± standard deviation over the seeds. Parameters: numbers
that training can change. Seconds: wall clock of the training on one thread, beside other work. *A sample* and *a
density*: what one costs, counted; rates on one thread, batches of {BATCH:,}, one model at a time. As student: KL(p‖q)
and effective sample size of the student *q*, means ± standard errors over the seeds."""

AGAIN = """\
## Measuring again

```sh
scripts/families                                            # everything, seeds 0, 1 and 2, one process per core
scripts/families --families maf,realnvp --targets two_moons --seeds 0
FLOWSTILL_DATA=/my/data scripts/families                    # with the targets whose data are not in the repository
scripts/families --quick                                    # few steps, written beside its runs
scripts/families --only-report                              # this page from the results that are there
```

An interrupted study goes on where it stopped, and what is done is not done again. How long flows learn stands in
[`lengths/`](lengths), what they learn in [`targets/`](targets)."""


def page(rows, quick):
    teachers = Study([row for row in rows if row["role"] == "teacher"], "family")
    students = Study([row for row in rows if row["role"] == "student"], "family")
    parts = [OPENING, measured_with(teachers, students)]
    if quick:
        parts.append("**A smoke test with few steps: its numbers say nothing about the families.**")
    if section := ordering.section(teachers):
        parts += ["## The published ordering", section]
    if section := direct.section(teachers, students):
        parts += ["## Without distillation", section]
    if gallery.pictures(rows):
        parts += [
            "## Densities in the plane",
            "Teachers of the least seed; square roots of densities, each column on one scale.",
            f"![Densities of targets in the plane under each family]({PICTURE})",
        ]
    parts += ["## Target by target", READING]
    for target in TARGETS:
        if text := tables.target(teachers, students, target):
            link = f"[`targets/{target}.yaml`](targets/{target}.yaml)"
            parts.append(f"### {title(target)}\n\n{link}: {families.about(f'targets/{target}')}\n\n{text}")
    measured = {row["family"] for row in rows}
    pages = [f"[{name.replace('_', ' ')}]({name}.md)" for name in PAGES]
    about = [
        f"- {words}, [`{name}.yaml`]({name}.yaml): {families.about(name)}"
        for name, words in FAMILIES.items()
        if name in measured
    ]
    each = f"Formula, costs, when to take it and where it comes from: {', '.join(pages)}."
    return "\n\n".join([*parts, "## The families", each, "\n".join(about), AGAIN]) + "\n"


def measured_with(teachers, students):
    """Under which conditions, and how long it all took."""
    done = [row for study in (teachers, students) for row in study.rows if "failed" not in row]
    failed = sum(len(study.rows) for study in (teachers, students)) - len(done)

    def each(key):
        return listed(sorted({str(row[key]) for row in done if row.get(key)}) or ["an unknown one"])

    seeds = sorted({row["seed"] for row in done})
    if not seeds:
        return "No run came to an end."
    times = [row["seconds"] for row in done if row.get("seconds") is not None]
    number = sum("failed" not in row for row in teachers.rows)
    return (
        f"flowstill {each('version')}, processor: {each('processor')}; one thread per run; {seeds_named(seeds)}; "
        f"{number} teachers and {len(done) - number} students, and {failed or 'none'} that failed; all trainings "
        f"together took {duration(sum(times))}."
    )
