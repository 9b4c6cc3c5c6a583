"""The work compared: operations, batches, sizes, and the row that reports a measurement."""

import dataclasses
import json

LAYERS = 5
LEARNING_RATE = 1e-4
STARTUP_ROWS = 1000
MEMORY_STEPS = 10

# what a worker repeats on request, and the batches it is asked for
REPEATED = {
    "train": [100, 1000],
    "log_prob": [10000],
    "maf_sample": [1, 100, 10000],
    "iaf_sample": [1, 100, 10000],
    "distill": [1000],
}
# what takes a whole process each time
STARTUPS = {"startup_maf": [STARTUP_ROWS], "startup_iaf": [STARTUP_ROWS]}
MEMORY = {"rss_train": [1000]}
BATCHES = REPEATED | STARTUPS | MEMORY
QUICK_BATCHES = BATCHES | {"train": [1000], "maf_sample": [100], "iaf_sample": [10000]}


@dataclasses.dataclass(frozen=True)
class Task:
    """One operation at one size: the unit of comparison."""

    op: str
    batch: int
    dim: int
    hidden: int
    threads: int

    @property
    def unit(self):
        if self.op in STARTUPS:
            return "s"
        if self.op in MEMORY:
            return "MiB"
        return "us" if self.latency else "samples/s"

    @property
    def latency(self):
        """At batch 1 the time of one call counts, not how many rows pass through."""
        return self.batch == 1

    @property
    def more_is_better(self):
        return self.unit == "samples/s"

    def value(self, seconds):
        """Seconds per call in the unit of the task."""
        return {"s": seconds, "us": seconds * 1e6}.get(self.unit, self.batch / seconds)

    def row(self, lib, **measured):
        where = {"lib": lib, "op": self.op, "D": self.dim, "hidden": self.hidden, "layers": LAYERS}
        return where | {"batch": self.batch, "threads": self.threads} | measured

    def to_json(self):
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text):
        return cls(**json.loads(text))

    def __str__(self):
        threads = "1 thread" if self.threads == 1 else f"{self.threads} threads"
        return f"{self.op}, batch {self.batch}, {threads}"


def significant(value):
    """Five significant digits: more would be noise."""
    return float(f"{value:.5g}")
