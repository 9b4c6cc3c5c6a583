"""A contestant on one data set, alone on the cores in a process of its own."""

import json
import subprocess

from peers import pinned
from study.processes import Failed, reason

PARTS = ("train", "validation", "test")
SEED = 0
# beyond the training: imports, reading, and the densities of all validation and test rows
ALLOWANCE = 3600


def contestant(python, name, parts, who, seconds, threads, runs, say):
    """The result of one contestant. `Failed` says why it came to no end.

    `name` is that of the data, `parts` has the files of its three parts, `who` is a pair of library and model
    (`contestants.RECIPES`), trained for so many seconds. Result and log go to RUNS/<name>/.
    """
    library, model = who
    say(f"{name}: {library} {model} trains for {seconds:.0f} s")
    out = runs / name / f"{library}_{model}.json"
    options = ["--library", library, "--model", model, "--seconds", seconds, "--threads", threads, "--seed", SEED]
    files = [word for part in PARTS for word in (f"--{part}", parts[part])]
    worker = [python, "-m", "density_study.peers.worker", *options, *files, "--out", out]
    return run(worker, threads, seconds + ALLOWANCE, out)


def run(worker, threads, patience, out):
    """The result that a worker writes to the file `out`."""
    out.parent.mkdir(parents=True, exist_ok=True)
    out.unlink(missing_ok=True)
    log = out.with_suffix(".log")
    with log.open("wb") as said:
        process = pinned.start(worker, threads, stdout=said, stderr=said)
        try:
            code = process.wait(patience)
        except subprocess.TimeoutExpired:
            raise Failed(f"not at its end after {patience:g} s") from None
        finally:
            # also when somebody interrupts: nothing is left behind
            if process.poll() is None:
                process.kill()
                process.wait()
    if code:
        raise Failed(reason(log, code))
    result = json.loads(out.read_text())
    if validation(result) is None:
        raise Failed("validation rows without a finite log-density")
    return result


def validation(result):
    return result["validation_log_likelihood"]["mean"]
