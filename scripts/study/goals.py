"""The figures that were aimed at, and whether `auto` reached them."""

import dataclasses
import statistics

from study.numbers import estimate, percent
from study.targets import AUTO, TARGETS


@dataclasses.dataclass(frozen=True)
class Goal:
    """A bound on the mean of one value."""

    name: str
    key: str
    bound: float
    at_least: bool = False
    show: object = estimate

    def judged(self, student):
        """The value in words, and whether it keeps the bound; None where it was not measured."""
        value = student.value(self.key)
        if value is None:
            return None
        return self.show(value), value[0] >= self.bound if self.at_least else value[0] <= self.bound


@dataclasses.dataclass(frozen=True)
class EveryMode:
    """Share of each mode within 5 % of the teacher's."""

    name: str = "every mode within 5 %"

    def judged(self, student):
        least, largest = student.value("least_mode_ratio"), student.value("largest_mode_ratio")
        if least is None:
            return None
        return f"{estimate(least)} to {estimate(largest)}", least[0] >= 0.95 and largest[0] <= 1.05


@dataclasses.dataclass(frozen=True)
class Likelihood:
    """Test log-likelihood that the student loses against its teacher, on the same rows."""

    bound: float = 0.02

    @property
    def name(self):
        return f"test log-likelihood within {self.bound:.2f} per dimension"

    def judged(self, student):
        losses = [
            (row["teacher_log_likelihood"]["mean"] - row["log_likelihood"]["mean"]) / dimensions(row)
            for row in student.finished
            if row.get("log_likelihood") and row.get("teacher_log_likelihood")
        ]
        if not losses:
            return None
        error = statistics.stdev(losses) / len(losses) ** 0.5 if len(losses) > 1 else None
        mean = statistics.mean(losses)
        return estimate((mean, error)), abs(mean) <= self.bound


def dimensions(row):
    return round(row["kl_forward"]["mean"] / row["kl_forward_per_dim"]["mean"])


def ess(share):
    return Goal(f"ESS ≥ {100 * share:.0f} %", "ess_reverse", share, at_least=True, show=percent)


def kl(bound):
    return Goal(f"KL(p‖q) ≤ {bound:.2f}", "kl_forward", bound)


def per_dim(bound):
    return Goal(f"KL(p‖q) ≤ {bound:.2f} per dimension", "kl_forward_per_dim", bound)


def seconds(bound):
    return Goal(f"distilled in ≤ {bound} s", "seconds", bound, show=lambda value: f"{estimate(value)} s")


PLANE = [ess(0.97), Goal("TV ≤ 0.03", "total_variation", 0.03), EveryMode()]
TABLES = [per_dim(0.02), ess(0.60), Likelihood()]
GOALS = {
    "two_moons": PLANE,
    "eight_gaussians": PLANE,
    "rings": PLANE,
    "pinwheel": PLANE,
    "ring_chain_8": [ess(0.93), kl(0.02), seconds(30)],
    "ring_chain_32": [
        kl(0.10),
        ess(0.75),
        Goal("least mode ratio ≥ 0.95", "least_mode_ratio", 0.95, at_least=True),
        seconds(300),
    ],
    "casp": TABLES,
    "htru2": TABLES,
    "beijing_air": TABLES,
    "beijing_multi36": TABLES,
    "miniboone_part": [per_dim(0.02)],
    "bsds300": [per_dim(0.02)],
}


def verdicts(study):
    """(target, goal, value, reached) of all that was measured."""
    for target in TARGETS:
        student = study.of(target, AUTO)
        for goal in GOALS[target]:
            value, reached = goal.judged(student) or (None, False)
            if student.failed:
                # whatever the other seeds reached
                failed = f"{len(student.failed)} of {len(student.all)} seeds failed"
                yield target, goal.name, f"{value}, {failed}" if value else failed, False
            elif value:
                yield target, goal.name, value, reached


def least_of_a_perfect_student(study):
    """About what the least mode ratio of a perfect student is with as many samples, by Blom's rule for the least of
    independent normals: (target, ratio) for each target that has modes."""
    for target in TARGETS:
        lists = [row["mode_ratio_errors"] for row in study.of(target, AUTO).finished if row.get("mode_ratio_errors")]
        if lists:
            deviation = statistics.NormalDist().inv_cdf((1 - 0.375) / (len(lists[0]) + 0.25))
            yield target, 1 + deviation * statistics.median(error for errors in lists for error in errors)
