"""Quality against speed: students of several shapes beside the teacher's fastest sampler."""

from study import chart
from study.experiment import Experiment
from study.numbers import estimate, percent, significant
from study.tables import table
from study.targets import AUTO, FRONTIER, FULL, SHAPES, TARGETS

BATCHES = (1, 10_000)
TEACHER = "teacher_incremental"
STUDENTS = {AUTO: FULL, **SHAPES}


def measured(study, target):
    """Names of the students whose divergence and speed are known."""
    return [name for name in STUDENTS if study.of(target, name).rate("student", BATCHES[-1])]


def gain(student, batch):
    """How many times as fast as the teacher's sampler, which was measured in turns with it."""
    return student.rate("student", batch) / student.rate(TEACHER, batch)


def section(study, quick):
    """Tables of all targets that have at least the student of the teacher's shape."""
    parts = []
    for target in FRONTIER:
        if AUTO in measured(study, target):
            parts.append(f"### {TARGETS[target]}\n\n{target_table(study, target, quick)}")
    return "\n\n".join(parts)


def target_table(study, target, quick):
    one = Experiment(target, quick)
    header = ["sampler", "layers × widths", "parameters", "KL(p‖q) per dimension", "ESS"]
    for batch in BATCHES:
        header += [f"samples/s, batch {batch:,}", "÷ teacher"]
    full = study.of(target, AUTO)
    exact = ["teacher, incremental", one.shape(AUTO), f"{full.finished[0]['parameters']:,}", "0", "100 %"]
    rows = [exact + [cell for batch in BATCHES for cell in (significant(full.rate(TEACHER, batch), 3), "1×")]]
    for name, words in STUDENTS.items():
        student = study.of(target, name)
        if student.failed and not student.finished:
            rows.append([words, one.shape(name), *["failed"] * (len(header) - 2)])
        elif name in measured(study, target):
            cells = [words, one.shape(name), f"{student.finished[0]['parameters']:,}"]
            cells += [estimate(student.value("kl_forward_per_dim")), percent(student.value("ess_reverse"))]
            for batch in BATCHES:
                cells += [significant(student.rate("student", batch), 3), f"{significant(gain(student, batch), 2)}×"]
            rows.append(cells)
    return table(header, rows)


def picture(study):
    """The same as a picture, or None without anything to draw. A divergence that is not above 0 has no place in it."""
    panels = []
    for target in FRONTIER:
        points = []
        for name in measured(study, target):
            student = study.of(target, name)
            divergence, error = student.value("kl_forward_per_dim")
            if divergence > 0:
                points.append((gain(student, BATCHES[-1]), divergence, error, STUDENTS[name]))
        if points:
            panels.append(chart.Panel(TARGETS[target], points, (1, "teacher, exact")))
    if not panels:
        return None
    return chart.chart(
        panels,
        "Divergence of students from their teacher against their speed",
        f"samples per second ÷ the teacher's, batch {BATCHES[-1]:,}",
        "KL(p‖q) per dimension, nats",
    )
