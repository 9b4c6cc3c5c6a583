"""Students of some teachers, how near they come, and pictures of both."""

import json

from density_study import programs, samples
from density_study.data import FOLDER
from study import rows
from study.numbers import estimate

# teachers whose students are on the page; their YAMLs say how they are distilled
STUDENTS = ["bsds300_maf_mirrored", "mnist_maf"]
FILE = FOLDER / "students.jsonl"


def make(program, row, runs):
    """Whether the student was distilled, compared and drawn; the teacher is trained where it was not."""
    yaml = FOLDER / f"{row.name}.yaml"
    for command in ("train", "distill", "eval"):
        if programs.run([program, command, yaml, "--runs", runs, "--overwrite"]):
            return False
    folder = runs / row.name
    (FOLDER / f"{row.name}.png").write_bytes(samples.picture(program, row.data, folder))
    metrics = json.loads((folder / "metrics.json").read_text())
    found = {line["row"]: line for line in read()}
    found[row.name] = rows.rounded(
        {
            "row": row.name,
            "teacher": metrics["teacher"]["test_log_likelihood"],
            "student": metrics["student"]["test_log_likelihood"],
            "kl_forward_per_dim": metrics["distillation"]["kl_forward_per_dim"],
        }
    )
    rows.save([found[name] for name in STUDENTS if name in found], FILE)
    return True


def read():
    return [json.loads(line) for line in FILE.read_text().splitlines()] if FILE.exists() else []


def lines():
    """Cells of a table, and under it the pictures."""
    told = read()
    cells = [
        [
            f"[`{line['row']}`]({line['row']}.yaml)",
            value(line["teacher"]),
            value(line["student"]),
            value(line["kl_forward_per_dim"]),
        ]
        for line in told
    ]
    return cells, [f"![Test rows, samples of the teacher, samples of its student]({line['row']}.png)" for line in told]


def value(number):
    """With two standard errors."""
    return estimate((number["mean"], 2 * number["standard_error"]))
