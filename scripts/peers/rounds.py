"""Turns: everyone does the same task for half a second each, round after round.

A machine may slow down for minutes while its neighbours work. Whoever is measured then looks slow, unless everyone is
measured then; so nobody's figures come from one stretch of time.
"""

import dataclasses
import json
import os
import select
import subprocess
import time

from peers import pinned


@dataclasses.dataclass(frozen=True)
class Limits:
    """Seconds."""

    # importing, building, compiling
    prepare: float = 300
    # one call; whoever needs longer is stopped, and reported as slower than this
    call: float = 120
    # a call longer than this is timed once, instead of once in each round
    once: float = 20


class Failed(Exception):
    """A contestant has no figure for this task; `row` says why."""

    def __init__(self, **row):
        super().__init__(row)
        self.row = row


class Worker:
    """One contestant's process for one task; it answers in JSON lines."""

    def __init__(self, contestant, task, limits, log):
        self.name, self.task, self.limits, self.log = contestant.name, task, limits, log
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": log, "bufsize": 0}
        self.process = pinned.start(contestant.worker(task), task.threads, **pipes)
        self.pending = b""
        self.turns = []

    def _read(self, seconds, when_late):
        deadline = time.monotonic() + seconds
        while b"\n" not in self.pending:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                raise Failed(**when_late)
            chunk = os.read(self.process.stdout.fileno(), 1 << 16)
            if not chunk:
                raise Failed(error=f"ended with status {self.process.wait()}, see {self.log.name}")
            self.pending += chunk
        line, _, self.pending = self.pending.partition(b"\n")
        try:
            message = json.loads(line)
        except json.JSONDecodeError:
            raise Failed(error=f"said {line[:80]!r}, see {self.log.name}") from None
        if "error" in message:
            raise Failed(error=message["error"])
        return message

    def prepare(self):
        """Until it waits for its first turn. True if there will be no turns, one call having taken too long."""
        not_ready = {"error": f"not ready after {self.limits.prepare:g} s"}
        message = self._read(self.limits.prepare, not_ready)
        if "calling" in message:
            message = self._read(self.limits.call, {"over_s": self.limits.call})
        seconds = message.get("call_s", 0)
        if seconds > self.limits.once:
            value = self.task.value(seconds)
            self.turns.append({"value": value, "best": value})
        return bool(self.turns)

    def turn(self):
        try:
            self.process.stdin.write(b"\n")
        except BrokenPipeError:
            raise Failed(error=f"ended between turns, see {self.log.name}") from None
        # several calls may fit, and a neighbour may slow them: late is only what hangs
        self.turns.append(self._read(60 + 10 * self.limits.once, {"error": "hangs"}))

    def close(self):
        """End the process; it holds nothing worth a farewell."""
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


def take_turns(contestants, task, rounds, limits, log, say):
    """The turns of each contestant, `(name, [{"value", "best"}, …])`, or `(name, Failed)`."""
    workers, results = [], {}
    try:
        for contestant in contestants:
            worker = Worker(contestant, task, limits, log)
            workers.append(worker)
            try:
                say(f"{task}: preparing {worker.name}")
                if worker.prepare():
                    results[worker.name] = worker.turns
                    worker.close()
            except Failed as failed:
                results[worker.name] = failed
                worker.close()
        running = [worker for worker in workers if worker.name not in results]
        for number in range(rounds):
            say(f"{task}: round {number + 1} of {rounds}")
            # there and back again: a steady drift of the machine cancels
            for worker in list(running)[:: -1 if number % 2 else 1]:
                try:
                    worker.turn()
                    results[worker.name] = worker.turns
                except Failed as failed:
                    results[worker.name] = failed
                    running.remove(worker)
                    worker.close()
    finally:
        for worker in workers:
            worker.close()
    return [(worker.name, results[worker.name]) for worker in workers]
