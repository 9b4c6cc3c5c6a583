"""The work of this study, in its order."""

import json

from families_study import densities, families, targets
from study import npy
from study.processes import Failed, Processes

BATCH = 1000
REPETITIONS = 5


class Work(Processes):
    """Writes rows, trains and measures teachers, distils students and compares them, and measures speed at the end."""

    def do(self, runs):
        """The teacher of all students before the others. Done are those that were done before. Returns how many
        failed."""
        waiting = [run for run in runs if run.state()[0] != "done"]
        self.say(f"{len(waiting)} of {len(runs)} runs to do, {self.jobs} side by side")

        def of(role):
            return [run for run in waiting if run.role == role]

        first = [run for run in of("teacher") if run.family == families.TEACHER]
        others = [run for run in of("teacher") if run.family != families.TEACHER]
        self.wave(of("data"), [self.write_rows], self.jobs)
        self.wave(first, [self.train], self.jobs)
        self.wave(others, [self.train], self.jobs)
        self.wave(of("student"), [self.distil], self.jobs)
        least = min((run.seed for run in runs), default=0)
        done = [run for run in runs if run.role == "teacher" and run.seed == least and run.state()[0] == "done"]
        self.wave([run for run in done if not run.file("speed.json").exists()], [self.time], 1)
        return sum(run.state()[0] == "failed" for run in waiting)

    def write_rows(self, run):
        run.begun()
        for part in ("train", "test"):
            self.flowstill(run.log, "rows", run.yaml, "--part", part, "-o", run.rows(part))
        run.ended()

    def train(self, run):
        run.begun()
        for name in ("log_prob.npy", "grid.npy", "describe.txt", "speed.json"):
            run.file(name).unlink(missing_ok=True)
        self.experiment(run, "train")
        if not run.rows("test").exists():
            raise Failed("there are no rows to measure it on")
        self.flowstill(run.log, "describe", run.checkpoint, out=run.file("describe.txt"))
        self.densities(run, run.rows("test"), "log_prob.npy")
        if targets.lengths(run.target) == targets.PLANE:
            view = densities.view(run.rows("test"))
            npy.write(run.file("cells.npy"), 2, densities.cells(view))
            self.densities(run, run.file("cells.npy"), "grid.npy")
            run.file("cells.npy").unlink()
        run.ended()

    def densities(self, run, rows, name):
        self.flowstill(run.log, "log-prob", run.checkpoint, rows, "-o", run.file(name), "--threads", 1)

    def distil(self, run):
        run.begun()
        if not run.teacher.exists():
            raise Failed("there is no teacher")
        self.experiment(run, "distill", "--teacher", run.teacher)
        self.experiment(run, "eval", "--teacher", run.teacher)
        run.ended()

    def time(self, run):
        """One sampler after the other; what cannot be timed is left out, and the log says why."""
        speed = {}
        for operation in ("maf_sample", "log_prob"):
            out = run.file(f"{operation}.jsonl")
            line = ["bench", run.checkpoint, "--ops", operation, "--batch", BATCH, "--repetitions", REPETITIONS]
            try:
                self.flowstill(run.log, *line, "--threads", 1, "--json", "--quiet", out=out)
                speed[operation] = json.loads(out.read_text().splitlines()[-1])["value"]
            except Failed as failed:
                self.say(f"{run}: no speed of {operation}: {failed}")
            out.unlink(missing_ok=True)
        run.file("speed.json").write_text(json.dumps(speed) + "\n")
