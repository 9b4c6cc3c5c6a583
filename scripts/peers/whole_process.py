"""Start-up and memory: what only a whole process shows."""

import os
import pathlib
import tempfile
import threading
import time

from peers import pinned
from peers.rounds import Failed
from peers.task import STARTUP_ROWS


def run(command, threads, seconds, log):
    """Run to the end. Returns seconds from start to end, and the peak of the resident memory in MiB."""
    begin = time.perf_counter()
    process = pinned.start(command, threads, stdout=log, stderr=log)
    alarm = threading.Timer(seconds, process.kill)
    alarm.daemon = True
    alarm.start()
    try:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        elapsed = time.perf_counter() - begin
    finally:
        # also when somebody interrupts: nothing is left behind
        alarm.cancel()
        if process.returncode is None:
            process.kill()
            process.wait()
    if elapsed >= seconds:
        raise Failed(over_s=seconds)
    if process.returncode:
        raise Failed(error=f"ended with status {process.returncode}, see {log.name}")
    # in KiB on Linux, where it is never below what this process held when it started the other: some 13 MiB
    return elapsed, usage.ru_maxrss / 1024


def start_ups(contestants, task, rounds, limits, log, say):
    """Like `rounds.take_turns`, where a turn is a process that restores a model and writes samples of it."""
    kind = task.op.removeprefix("startup_")
    results = {contestant.name: [] for contestant in contestants}
    with tempfile.TemporaryDirectory(prefix="flowstill-bench-") as temporary:
        folders = {name: pathlib.Path(temporary, name) for name in results}

        def save(contestant):
            folder = folders[contestant.name]
            folder.mkdir()
            run(contestant.save(task, kind, folder), task.threads, limits.prepare, log)

        def sample(contestant):
            folder = folders[contestant.name]
            out = folder / "samples.npy"
            out.unlink(missing_ok=True)
            seconds, _ = run(contestant.sample(task, kind, folder, out), task.threads, limits.call, log)
            if not out.exists() or out.stat().st_size < 4 * STARTUP_ROWS * task.dim:
                raise Failed(error=f"wrote no samples, see {log.name}")
            results[contestant.name].append({"value": seconds, "best": seconds})

        remaining = list(contestants)
        say(f"{task}: saving models")
        steps = [save] + [sample] * rounds
        for number, step in enumerate(steps):
            if number:
                say(f"{task}: round {number} of {rounds}")
            for contestant in list(remaining)[:: -1 if number % 2 else 1]:
                try:
                    step(contestant)
                except Failed as failed:
                    results[contestant.name] = failed
                    remaining.remove(contestant)
    return list(results.items())


def memory(contestants, task, rounds, limits, log, say):
    """Like `rounds.take_turns`, where the one turn is a process that trains; memory needs no second look."""
    results = []
    for contestant in contestants:
        say(f"{task}: {contestant.name}")
        try:
            _, peak = run(contestant.train(task), task.threads, limits.prepare + limits.call, log)
            results.append((contestant.name, [{"value": peak, "best": peak}]))
        except Failed as failed:
            results.append((contestant.name, failed))
    return results
