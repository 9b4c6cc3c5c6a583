"""The runs of one target and seed, in RUNS/<target>/<seed>/."""

import dataclasses

from families_study import experiment, families
from study.kept import Kept

DATA = "data"


@dataclasses.dataclass(frozen=True)
class Run(Kept):
    """What there is to know of a run; `role` is `teacher`, `student` or, for the rows of the target, `data`."""

    target: str
    seed: int
    family: str
    role: str
    source: str

    @property
    def key(self):
        return self.target, self.seed, self.family, self.role

    @property
    def teacher(self):
        """The one from which students are distilled."""
        return self.home / f"{families.TEACHER}-teacher" / "teacher.safetensors"

    @property
    def checkpoint(self):
        return self.folder / f"{self.role}.safetensors"

    def file(self, name):
        """A file of measurements, beside what flowstill writes itself."""
        return self.home / f"{self.name}.{name}"

    def rows(self, part):
        """The rows of the target, which all runs of one home share."""
        return self.home / f"{DATA}.{part}.npy"

    @property
    def product(self):
        products = {DATA: self.rows("test"), "teacher": self.checkpoint, "student": self.folder / "metrics.json"}
        return products[self.role]

    def __str__(self):
        what = "rows" if self.role == DATA else f"{self.family} as {self.role}"
        return f"{self.target}, seed {self.seed}, {what}"


def run(target, family, role, seed, root, quick):
    name = DATA if role == DATA else f"{family}-{role}"
    # rows are those of any experiment on the target
    like, asked = (families.TEACHER, "teacher") if role == DATA else (family, role)
    text = experiment.text(target, like, asked, seed, quick)
    source = experiment.yaml(target, like, asked, seed, quick)
    return Run(name, root / target / str(seed), text, target, seed, family, role, source)


def runs_of(target, names, seeds, root, quick):
    """The rows of the target, then every family as a teacher and, where it can be one, as a student."""
    for seed in seeds:
        yield run(target, DATA, DATA, seed, root, quick)
        for name in names:
            yield run(target, name, "teacher", seed, root, quick)
        for name in names:
            if families.is_student(name):
                yield run(target, name, "student", seed, root, quick)
