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


class Processes:
    """Runs flowstill; what it prints goes to the log of each run."""

    def __init__(self, binary, jobs, say):
        self.binary, self.jobs, self.say = binary, jobs, say
        self.children, self.lock, self.stopping = set(), threading.Lock(), False

    def wave(self, runs, steps, jobs):
        """The steps of each run one after the other, `jobs` runs side by side."""

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

    def experiment(self, run, command, *options):
        """A command on the experiment of a run."""
        self.flowstill(run.log, command, run.yaml, "--runs", run.home, "--overwrite", "--quiet", *options)

    def flowstill(self, log, *line, out=None):
        """Any command; what it prints as results goes to the file `out` if there is one."""
        with log.open("a") as said, (out.open("w") if out else log.open("a")) as results:
            with self._child([self.binary, *line], said, results) as child:
                code = child.wait()
                with self.lock:
                    self.children.discard(child)
        if code == INTERRUPTED:
            raise Stopped
        if code:
            raise Failed(reason(log, code))

    def _stop(self):
        """Lets each child save its state; the next study goes on from there."""
        with self.lock:
            self.stopping = True
            for child in self.children:
                child.terminate()

    def _child(self, line, said, results):
        with self.lock:
            if self.stopping:
                raise Stopped
            # in a session of its own, so that Ctrl-C at the terminal reaches it once, from here
            child = subprocess.Popen(
                list(map(str, line)),
                stdout=results,
                stderr=said,
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
