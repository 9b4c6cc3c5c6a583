"""The command lines of everyone measured: flowstill and the Python libraries, asked for the same things."""

from peers.task import LAYERS, STARTUP_ROWS


class Flowstill:
    """Our own binary."""

    name = "flowstill"

    def __init__(self, binary):
        self.binary = binary

    def _bench(self, task, *options):
        sizes = ["--dim", task.dim, "--hidden", f"{task.hidden},{task.hidden}", "--layers", LAYERS]
        return [self.binary, "bench", *sizes, "--threads", task.threads, *options]

    def worker(self, task):
        return self._bench(task, "--batch", task.batch, "--ops", task.op, "--json", "--serve")

    def save(self, task, kind, folder):
        return self._bench(task, "--save-models", folder)

    def sample(self, task, kind, folder, out):
        checkpoint = folder / f"{kind}.safetensors"
        return [self.binary, "sample", checkpoint, "-n", STARTUP_ROWS, "-o", out, "--threads", task.threads]

    def train(self, task):
        return self._bench(task, "--batch", task.batch, "--ops", "train", "--json", "--repetitions", 1)


class Peer:
    """A Python library, run by `python`, the interpreter of the environment that has it."""

    def __init__(self, name, python):
        self.name, self.python = name, python

    def _oneshot(self, task, *action):
        return [self.python, "-m", "peers.oneshot", self.name, task.to_json(), *action]

    def worker(self, task):
        return [self.python, "-m", "peers.worker", self.name, task.to_json()]

    def save(self, task, kind, folder):
        return self._oneshot(task, "save", kind, folder / kind)

    def sample(self, task, kind, folder, out):
        return self._oneshot(task, "sample", kind, folder / kind, out)

    def train(self, task):
        return self._oneshot(task, "train")
