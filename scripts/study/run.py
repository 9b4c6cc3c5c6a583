"""One run of the study and its folder, RUNS/<target>/<seed>/<name>/."""

import dataclasses
import json
import pathlib

from study import experiment
from study.targets import about_speed


@dataclasses.dataclass(frozen=True)
class Run:
    """A teacher's training, or a student's distillation and comparison."""

    target: str
    seed: int
    name: str
    # of all runs of this target and seed
    home: pathlib.Path
    text: str

    @property
    def yaml(self):
        return self.home / f"{self.name}.yaml"

    @property
    def log(self):
        return self.home / f"{self.name}.log"

    @property
    def folder(self):
        return self.home / self.name

    @property
    def teacher(self):
        return self.home / "teacher" / "teacher.safetensors"

    @property
    def product(self):
        """What is there at the end."""
        return self.teacher if self.name == "teacher" else self.folder / "metrics.json"

    @property
    def alone(self):
        """Whether it is compared while nothing else runs."""
        return about_speed(self.target, self.name)

    @property
    def _state(self):
        return self.home / f"{self.name}.state.json"

    def begun(self):
        """Forgets how it ended before."""
        self._state.unlink(missing_ok=True)
        self.log.unlink(missing_ok=True)

    def ended(self, reason=None):
        """Notes that it is done, or why it failed."""
        state = {"experiment": experiment.digest(self.text), "failed": reason}
        self._state.write_text(json.dumps(state, ensure_ascii=False) + "\n")

    def state(self):
        """`done`, `failed` or None, and the reason; of this very experiment, not of an earlier one in its place."""
        if not self._state.exists():
            return None, None
        state = json.loads(self._state.read_text())
        if state["experiment"] != experiment.digest(self.text):
            return None, None
        if state["failed"] is not None:
            return "failed", state["failed"]
        return ("done", None) if self.product.exists() else (None, None)

    def __str__(self):
        return f"{self.target}, seed {self.seed}, {self.name}"


def runs_of(target, seeds, names, root, quick):
    """The runs `names` of one target, seed by seed."""
    one = experiment.Experiment(target, quick)
    for seed in seeds:
        for name in names:
            bench = experiment.FULL_BENCH if about_speed(target, name) else experiment.PLAIN_BENCH
            yield Run(target, seed, name, root / target / str(seed), one.of(name, seed, bench))
