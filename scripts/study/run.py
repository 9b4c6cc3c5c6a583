"""One run of the study and its folder, RUNS/<target>/<seed>/<name>/."""

import dataclasses

from study import experiment
from study.kept import Kept
from study.targets import about_speed


@dataclasses.dataclass(frozen=True)
class Run(Kept):
    """A teacher's training, or a student's distillation and comparison."""

    target: str
    seed: int

    @property
    def key(self):
        return self.target, self.seed, self.name

    @property
    def teacher(self):
        return self.home / "teacher" / "teacher.safetensors"

    @property
    def product(self):
        return self.teacher if self.name == "teacher" else self.folder / "metrics.json"

    @property
    def alone(self):
        """Whether it is compared while nothing else runs."""
        return about_speed(self.target, self.name)

    def __str__(self):
        return f"{self.target}, seed {self.seed}, {self.name}"


def runs_of(target, seeds, names, root, quick):
    """The runs `names` of one target, seed by seed."""
    one = experiment.Experiment(target, quick)
    for seed in seeds:
        for name in names:
            bench = experiment.FULL_BENCH if about_speed(target, name) else experiment.PLAIN_BENCH
            yield Run(name, root / target / str(seed), one.of(name, seed, bench), target, seed)
