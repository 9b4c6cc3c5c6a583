"""Processes on exactly as many cores as they have threads."""

import os
import pathlib
import subprocess

SCRIPTS = pathlib.Path(__file__).resolve().parent.parent


def available():
    return len(os.sched_getaffinity(0))


def cores(threads):
    """The last `threads` cores, the first being where a system keeps its own affairs."""
    return sorted(os.sched_getaffinity(0))[-threads:]


def variables(threads):
    """What numeric libraries read when they are loaded."""
    return {
        "CUDA_VISIBLE_DEVICES": "",
        "JAX_PLATFORMS": "cpu",
        "OMP_NUM_THREADS": str(threads),
        "MKL_NUM_THREADS": str(threads),
        "OPENBLAS_NUM_THREADS": str(threads),
    }


def here(threads):
    """Pin this process, before it loads a numeric library."""
    os.environ.update(variables(threads))
    os.sched_setaffinity(0, cores(threads))


def start(command, threads, **options):
    """Start `command`, pinned before the process begins."""
    chosen = cores(threads)
    return subprocess.Popen(
        [str(part) for part in command],
        env=os.environ | variables(threads) | {"PYTHONPATH": str(SCRIPTS)},
        preexec_fn=lambda: os.sched_setaffinity(0, chosen),
        **options,
    )
