"""Training by the clock: steps, validations and compilation together take a given time, and the best validation
counts."""

import dataclasses
import math
import time

VALIDATIONS = 30
# of the time, for all validations; there are fewer of them if even the least one takes more
VALIDATION_SHARE = 0.1
# how often the clock is read; between, a library is left alone
LOOK_SECONDS = 0.1

DECAY = {
    "constant": lambda share: 1,
    "linear": lambda share: 1 - share,
    "cosine": lambda share: (1 + math.cos(math.pi * share)) / 2,
}


@dataclasses.dataclass
class Course:
    """What came of a training; `kept` are the best parameters, None if no validation was finite."""

    steps: int = 0
    seconds: float = 0
    best: float = -math.inf
    best_seconds: float | None = None
    kept: object = None
    # when a loss was no number
    diverged_at: float | None = None
    # (seconds, mean log-likelihood of the rows watched)
    curve: list = dataclasses.field(default_factory=list)


def train(trainer, watch, seconds, decay):
    """Runs `trainer` for so many seconds and looks at `watch` now and then."""
    course, begin = Course(), time.perf_counter()
    cost = due = validated = 0

    def elapsed():
        return time.perf_counter() - begin

    def look():
        nonlocal cost, due, validated
        start, value = elapsed(), watch()
        now = elapsed()
        cost, validated = now - start, course.steps
        due = now + max(seconds / VALIDATIONS, cost / VALIDATION_SHARE)
        course.curve.append((now, value))
        if value > course.best:
            course.best, course.best_seconds, course.kept = value, now, trainer.keep()

    watch.afford(VALIDATION_SHARE * seconds / VALIDATIONS)
    look()
    # how many steps go before the next look at the clock, and how long they will take
    stride, stretch = 1, 0
    # the last validation has to fit
    while (now := elapsed()) + stretch + cost < seconds:
        if now >= due:
            look()
            continue
        loss = trainer.run(stride, DECAY[decay](now / seconds))
        each = (elapsed() - now) / stride
        course.steps += stride
        if not math.isfinite(loss):
            course.diverged_at = elapsed()
            break
        # the first step may have compiled, which tells nothing of the second
        if course.steps > 1:
            stride = max(1, round(LOOK_SECONDS / each))
            stretch = stride * each
    if course.diverged_at is None and course.steps > validated:
        look()
    course.seconds = elapsed()
    return course
