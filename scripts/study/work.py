"""The work of this study, in its order."""

from study.processes import Failed, Processes


class Work(Processes):
    """Trains, distils and compares."""

    def do(self, runs):
        """Teachers first, then their students; at the end, one after the other, comparisons that measure speed.

        Done are those that were done before. Returns how many failed.
        """
        waiting = [run for run in runs if run.state()[0] != "done"]
        self.say(f"{len(waiting)} of {len(runs)} runs to do, {self.jobs} side by side")
        teachers = [run for run in waiting if run.name == "teacher"]
        students = [run for run in waiting if run.name != "teacher"]
        alone = [run for run in students if run.alone]
        self.wave(teachers, [self.train], self.jobs)
        self.wave([run for run in students if not run.alone], [self.distil, self.compare], self.jobs)
        self.wave(alone, [self.distil], self.jobs)
        self.wave([run for run in alone if run.state()[0] != "failed"], [self.compare], 1)
        return sum(run.state()[0] == "failed" for run in waiting)

    def train(self, run):
        run.begun()
        self.experiment(run, "train")
        run.ended()

    def distil(self, run):
        run.begun()
        if not run.teacher.exists():
            raise Failed("there is no teacher")
        self.experiment(run, "distill", "--teacher", run.teacher)

    def compare(self, run):
        self.experiment(run, "eval", "--teacher", run.teacher)
        run.ended()
