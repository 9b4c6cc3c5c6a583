"""Contestants on one data set, one after the other, each alone on the cores in a process of its own."""

import json
import subprocess

from density_study.data import FOLDER
from peers import environment, pinned
from study import rows
from study.processes import Failed, reason

PARTS = ("train", "validation", "test")
# beyond the training: imports, reading, and the densities of all validation and test rows
ALLOWANCE = 3600


def best(name, parts, contestants, seconds, threads, runs, say, seed=0):
    """Results of the contestants that came to an end, the best first, by their validation and never by the test.

    `name` is that of the data, `parts` has the files of its three parts, `contestants` are pairs of library and model
    (`contestants.RECIPES`), each trained for so many seconds. Results and logs go to RUNS/<name>/. Whoever fails is
    told and left out; without the libraries there is no result at all.
    """
    python = environment.python(say)
    if python is None:
        return []
    results = []
    for library, model in contestants:
        say(f"{name}: {library} {model} trains for {seconds:g} s")
        out = runs / name / f"{library}_{model}.json"
        options = ["--library", library, "--model", model, "--seconds", seconds, "--threads", threads, "--seed", seed]
        files = [word for part in PARTS for word in (f"--{part}", parts[part])]
        worker = [python, "-m", "density_study.peers.worker", *options, *files, "--out", out]
        try:
            results.append(run(worker, threads, seconds + ALLOWANCE, out))
        except Failed as failed:
            say(f"{name}: {library} {model} failed and is left out: {failed}")
    return sorted(results, key=validation, reverse=True)


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


def lines(name, results):
    """One row for each result, as `keep` writes them."""
    return [rows.rounded({"row": name, **result}) for result in results]


def keep(name, results, file=FOLDER / "peers.jsonl"):
    """Rows in a file of JSON lines; a contestant's earlier row on the same data gives way."""

    def key(line):
        return line["row"], line["library"], line["model"], line["seed"]

    before = map(json.loads, file.read_text().splitlines()) if file.exists() else ()
    kept = {key(line): line for line in (*before, *lines(name, results))}
    rows.save(kept.values(), file)
