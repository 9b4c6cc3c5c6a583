"""Runs and how they ended, kept in folders."""

import dataclasses
import hashlib
import json
import pathlib


def digest(text):
    """Tells experiments apart, wherever their files lie."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@dataclasses.dataclass(frozen=True)
class Kept:
    """One run; its files are in the folder `home`, which it shares with others."""

    name: str
    home: pathlib.Path
    # all that its result depends on
    text: str

    @property
    def digest(self):
        return digest(self.text)

    @property
    def yaml(self):
        return self.home / f"{self.name}.yaml"

    @property
    def log(self):
        return self.home / f"{self.name}.log"

    @property
    def folder(self):
        return self.home / self.name

    @property
    def product(self):
        """What is there at the end."""
        raise NotImplementedError

    @property
    def _state(self):
        return self.home / f"{self.name}.state.json"

    def begun(self):
        """Forgets how it ended before."""
        self._state.unlink(missing_ok=True)
        self.log.unlink(missing_ok=True)

    def ended(self, reason=None):
        """Notes that it is done, or why it failed."""
        state = {"experiment": self.digest, "failed": reason}
        self._state.write_text(json.dumps(state, ensure_ascii=False) + "\n")

    def state(self):
        """`done`, `failed` or None, and the reason; of this very experiment, not of an earlier one in its place."""
        if not self._state.exists():
            return None, None
        state = json.loads(self._state.read_text())
        if state["experiment"] != self.digest:
            return None, None
        if state["failed"] is not None:
            return "failed", state["failed"]
        return ("done", None) if self.product.exists() else (None, None)
