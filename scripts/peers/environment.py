"""The Python packages of the other libraries, installed into .venv-peers in the repository."""

import os
import pathlib
import shutil
import subprocess
import sys

REQUIREMENTS = pathlib.Path(__file__).with_name("requirements.txt")
HOME = pathlib.Path(".venv-peers")


def given(variable):
    """The program that an environment variable names, if it is set."""
    name = os.environ.get(variable)
    if name and not shutil.which(name):
        sys.exit(f"bench: {variable} is {name}, which is no program")
    return name


def python(say):
    """The interpreter that has the libraries, or None where they cannot be had, which is said."""
    if interpreter := given("FLOWSTILL_PEERS_PYTHON"):
        return interpreter
    interpreter, installed = HOME / "bin" / "python", HOME / "requirements.installed.txt"
    wanted = REQUIREMENTS.read_text()
    if interpreter.exists() and installed.exists() and installed.read_text() == wanted:
        return interpreter
    packages = " ".join(line for line in wanted.splitlines() if not line.startswith("#"))
    say(f"installing into {HOME} (some gigabytes): {packages}")
    install = [interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", REQUIREMENTS]
    # made anew: packages of an earlier list, or of a Python that is gone, must not linger
    for command in ([sys.executable, "-m", "venv", "--clear", HOME], install):
        if subprocess.run(command, stdout=sys.stderr).returncode:
            say(f"{command[2]} failed, so the other libraries are left out and only flowstill is measured")
            return None
    shutil.copy(REQUIREMENTS, installed)
    return interpreter
