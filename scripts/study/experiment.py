"""The YAML of one run, made from that of its target, in which every line that is touched stands on its own."""

import json
import pathlib
import re

from study.targets import AUTO, OBJECTIVES

FOLDER = pathlib.Path("experiments/distillation")
PLAIN_BENCH = "bench: {batches: [1], repetitions: 1}\n"
FULL_BENCH = "bench: {batches: [1, 100, 10000], repetitions: 9}\n"
# by how much a smoke test is shorter
QUICK = 10


def about(target):
    """What the comment of its YAML says of a target."""
    lines = (FOLDER / f"{target}.yaml").read_text().splitlines()
    return " ".join(line.removeprefix("# ") for line in lines if line.startswith("# "))


class Experiment:
    """The experiment of one target."""

    def __init__(self, target, quick=False):
        text = (FOLDER / f"{target}.yaml").read_text()
        text = re.sub(r"^(#|(name|seed|threads|bench):).*\n", "", text, flags=re.MULTILINE)
        if quick:
            text = re.sub(r"^evaluation:.*\n", "", text, flags=re.MULTILINE)
            text = re.sub(r"\b(steps|warmup|validate_every): (\d+)", self._shorter, text)
            text += f"evaluation: {{samples: {20_000 // QUICK}}}\n"
        self.text = text

    @staticmethod
    def _shorter(setting):
        return f"{setting[1]}: {int(setting[2]) // QUICK}"

    def _of_teacher(self, key):
        """A number, or a list of numbers, of the teacher's architecture."""
        value = re.search(rf"^teacher:\n(?:  .*\n)*?  {key}: (.*)$", self.text, re.MULTILINE)
        return json.loads(value[1])

    def _student(self, student):
        """The lines that make this student: an objective's name or a shape's."""
        recipe = f"  recipe: {AUTO}\n"
        layers, hidden = self._of_teacher("layers"), self._of_teacher("hidden")
        return {
            "half_layers": f"  layers: {-(-layers // 2)}\n{recipe}",
            "half_width": f"  hidden: {[width // 2 for width in hidden]}\n{recipe}",
            "quarter_width": f"  hidden: {[width // 4 for width in hidden]}\n{recipe}",
            "coupling": f"  model: coupling\n{recipe}",
            AUTO: recipe,
        }.get(student, f"  objective: {student}\n")

    def shape(self, student):
        """Layers × widths, as people write them."""
        lines = self._student(student)
        layers = re.search(r"layers: (.*)", lines)
        hidden = re.search(r"hidden: (.*)", lines)
        layers = layers[1] if layers else self._of_teacher("layers")
        hidden = json.loads(hidden[1]) if hidden else self._of_teacher("hidden")
        return f"{layers} × ({', '.join(map(str, hidden))})"

    def of(self, name, seed, bench=PLAIN_BENCH):
        """The YAML of the run `name`, a student's or `teacher`, but for the places of its files."""
        lines = self._student(name if name != "teacher" else OBJECTIVES[0])
        text = self.text.replace(f"  recipe: {AUTO}\n", lines)
        # one thread each: processes side by side fill the cores better, and times compare
        return f"name: {name}\nseed: {seed}\nthreads: 1\n{text}{bench}"


def placed(text):
    """The same YAML with absolute paths, so that it can lie anywhere."""

    def absolute(line):
        return f"{line[1]}{json.dumps(str((FOLDER / line[2]).resolve()), ensure_ascii=False)}"

    return re.sub(r"^(  (?:train|validation|test): )(.+\.npy)$", absolute, text, flags=re.MULTILINE)
