"""A flow that samples in one pass without distillation, beside one that was distilled."""

from families_study.families import FAMILIES, TEACHER
from families_study.ordering import gain
from families_study.targets import TARGETS, title
from study.numbers import estimate
from study.tables import table

# the family that is trained directly
DIRECT = "coupling_spline"

HEADER = ["target", f"{FAMILIES[TEACHER]}, the teacher", "its student", FAMILIES[DIRECT], "direct − distilled"]


def section(teachers, students):
    """Test log-likelihoods of the three; None with nothing to compare."""
    rows = []
    for target in TARGETS:
        three = teachers.of(target, TEACHER), students.of(target, TEACHER), teachers.of(target, DIRECT)
        if all(study.finished for study in three):
            difference = gain(students, target, TEACHER, DIRECT, upper_of=teachers)
            cells = [estimate(study.spread("log_likelihood")) for study in three]
            rows.append([title(target), *cells, estimate(difference) if difference else "–"])
    if not rows:
        return None
    text = (
        "Whoever needs both samples and densities in one pass can distil a MAF into an inverse autoregressive flow, or train "
        "a coupling flow directly. Test log-likelihoods in nats, mean ± standard deviation over the seeds; the difference "
        "with its standard error."
    )
    return f"{text}\n\n{table(HEADER, rows)}"
