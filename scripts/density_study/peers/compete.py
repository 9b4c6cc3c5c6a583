"""A contestant on one data set, alone on the cores in a process of its own."""

import json
import subprocess

from study.processes import Failed, reason

PARTS = ("train", "validation", "test")
# beyond the training: imports, reading, and the densities of all validation and test rows
ALLOWANCE = 3600


def contestant(slots, python, name, parts, who, seconds, runs, say, seed=0):
    """The result of one contestant, or None if it came to no end, which is told.

    `name` is that of the data, `parts` has the files of its three parts, `who` is a pair of library and model
    (`contestants.RECIPES`), trained for so many seconds by the interpreter `python`. Result and log go to RUNS/<name>/.
    """
    library, model = who
    out = runs / name / f"{library}_{model}.json"
    options = ["--library", library, "--model", model, "--seconds", seconds, "--threads", slots.threads, "--seed", seed]
    files = [word for part in PARTS for word in (f"--{part}", parts[part])]
    worker = [python, "-m", "density_study.peers.worker", *options, *files, "--out", out]
    say(f"{name}: {library} {model} trains for {seconds:.0f} s")
    try:
        return run(slots, worker, seconds + ALLOWANCE, out)
    except Failed as failed:
        say(f"{name}: {library} {model} failed and is left out: {failed}")
        return None


def run(slots, worker, patience, out):
    """The result that a worker writes to the file `out`."""
    out.parent.mkdir(parents=True, exist_ok=True)
    out.unlink(missing_ok=True)
    log = out.with_suffix(".log")
    with log.open("wb") as said:
        try:
            code = slots.run(worker, patience, stdout=said, stderr=said)
        except subprocess.TimeoutExpired:
            raise Failed(f"not at its end after {patience:g} s") from None
    if code:
        raise Failed(reason(log, code))
    result = json.loads(out.read_text())
    if validation(result) is None:
        raise Failed("validation rows without a finite log-density")
    return result


def validation(result):
    return result["validation_log_likelihood"]["mean"]
