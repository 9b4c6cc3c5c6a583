"""The table of one target: every family as teacher and as student."""

from families_study.families import FAMILIES
from study.numbers import estimate, percent, significant
from study.tables import cell, seeds_named, table

HEADER = [
    "family",
    "test log-likelihood",
    "parameters",
    "seconds",
    "a sample",
    "samples/s",
    "a density",
    "densities/s",
    "as student: KL(p‖q)",
    "ESS",
]


def target(teachers, students, name):
    """Markdown, or None where nothing was run; beneath, what failed."""
    rows = []
    for family, words in FAMILIES.items():
        teacher, student = teachers.of(name, family), students.of(name, family)
        if teacher.all or student.all:
            rows.append([words, *as_teacher(teacher), *as_student(student)])
    if not rows:
        return None
    return "\n\n".join([table(HEADER, rows), *failures(teachers, students, name)])


def failures(teachers, students, name):
    """What failed, the seeds with one reason in one line."""
    reasons = {}
    for study in (teachers, students):
        for family, words in FAMILIES.items():
            for row in study.of(name, family).failed:
                reasons.setdefault((f"{words} as {row['role']}", row["failed"]), []).append(row["seed"])
    lines = [f"- {who}, {seeds_named(seeds)}: {reason}" for (who, reason), seeds in reasons.items()]
    return ["Failed:\n\n" + "\n".join(lines)] if lines else []


def as_teacher(teacher):
    if not teacher.finished:
        return [f"failed ({len(teacher.failed)})" if teacher.failed else "–", *["–"] * 6]
    likelihood = estimate(teacher.spread("log_likelihood"))
    if teacher.failed:
        likelihood += f", failed ({len(teacher.failed)} of {len(teacher.all)})"
    last = teacher.finished[0]
    seconds = teacher.mean("seconds")
    speed = next((row["speed"] for row in teacher.finished if row.get("speed")), {})
    return [
        likelihood,
        f"{last['parameters']:,}",
        significant(seconds, 2) if seconds is not None else "–",
        last["sample"] or "–",
        rate(speed.get("maf_sample")),
        last["density_of_a_row"] or "–",
        rate(speed.get("log_prob")),
    ]


def rate(value):
    return significant(value, 2) if value else "–"


def as_student(student):
    if not student.all:
        return ["", ""]
    return [cell(student, "kl_forward", estimate), cell(student, "ess_reverse", percent)]
