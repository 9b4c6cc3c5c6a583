"""flowstill at work, in processes side by side. A failure stops nothing but what rests on it."""

import concurrent.futures
import os
import subprocess
import threading

INTERRUPTED = 130


class Failed(Exception):
    """Why a run has no result."""


class Stopped(Exception):
    """Somebody interrupted."""


class Work:
    """Runs flowstill; what it prints goes to the log of each run."""

    def __init__(self, binary, jobs, say):
        self.binary, self.jobs, self.say = binary, jobs, say
        self.children, self.lock, self.stopping = set(), threading.Lock(), False

    def do(self, runs):
        """Teachers first, then their students; at the end, one after the other, comparisons that measure speed.

        Done are those that were done before. Returns how many failed.
        """
        waiting = [run for run in runs if run.state()[0] != "done"]
        self.say(f"{len(waiting)} of {len(runs)} runs to do, {self.jobs} side by side")
        teachers = [run for run in waiting if run.name == "teacher"]
        students = [run for run in waiting if run.name != "teacher"]
        alone = [run for run in students if run.alone]
        self._wave(teachers, [self.train], self.jobs)
        self._wave([run for run in students if not run.alone], [self.distil, self.compare], self.jobs)
        self._wave(alone, [self.distil], self.jobs)
        self._wave([run for run in alone if run.state()[0] != "failed"], [self.compare], 1)
        return sum(run.state()[0] == "failed" for run in waiting)

    def train(self, run):
        run.begun()
        self._flowstill(run, "train")
        run.ended()

    def distil(self, run):
        run.begun()
        if not run.teacher.exists():
            raise Failed("there is no teacher")
        self._flowstill(run, "distill", "--teacher", run.teacher)

    def compare(self, run):
        self._flowstill(run, "eval", "--teacher", run.teacher)
        run.ended()

    def _wave(self, runs, steps, jobs):
        def all_steps(run):
            try:
                for step in steps:
                    step(run)
            except Failed as failed:
                run.ended(str(failed))
                self.say(f"{run}: failed: {failed}")
            else:
                self.say(f"{run}: {', '.join(step.__name__ for step in steps)}: done")

        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            futures = [pool.submit(all_steps, run) for run in runs]
            try:
                for future in concurrent.futures.as_completed(futures):
                    future.result()
            except (KeyboardInterrupt, Stopped):
                self._stop()
                pool.shutdown(cancel_futures=True)
                raise KeyboardInterrupt from None

    def _stop(self):
        """Lets each child save its state; the next study goes on from there."""
        with self.lock:
            self.stopping = True
            for child in self.children:
                child.terminate()

    def _flowstill(self, run, command, *options):
        line = [self.binary, command, run.yaml, "--runs", run.home, "--overwrite", "--quiet", *options]
        with run.log.open("a") as log, self._child(line, log) as child:
            code = child.wait()
            with self.lock:
                self.children.discard(child)
        if code == INTERRUPTED:
            raise Stopped
        if code:
            raise Failed(reason(run.log, code))

    def _child(self, line, log):
        with self.lock:
            if self.stopping:
                raise Stopped
            # in a session of its own, so that Ctrl-C at the terminal reaches it once, from here
            child = subprocess.Popen(
                list(map(str, line)),
                stdout=log,
                stderr=log,
                start_new_session=True,
                # a backtrace would hide the reason
                env=os.environ | {"RUST_BACKTRACE": "0"},
            )
            self.children.add(child)
            return child


def reason(log, code):
    """The error that flowstill printed, in one line."""
    with log.open(errors="replace") as lines:
        said = [line.strip() for line in lines if line.strip() and not line.startswith("note: ")]
    return f"{said[-1].removeprefix('error: ')} (status {code})" if said else f"status {code}, and nothing said"
