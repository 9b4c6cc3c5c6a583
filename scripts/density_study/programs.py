"""flowstill and others at work, one at a time."""

import subprocess
import sys


def run(command):
    """The exit status. Asked to end, it lets the program save its state and waits for that."""
    process = subprocess.Popen(list(map(str, command)), stdout=sys.stderr)
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.terminate()
        process.wait()
        raise
