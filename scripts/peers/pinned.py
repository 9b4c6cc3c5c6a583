"""Child processes on exactly as many cores as they have threads."""

import os
import pathlib
import subprocess

SCRIPTS = pathlib.Path(__file__).resolve().parent.parent


def available():
    return len(os.sched_getaffinity(0))


def start(command, threads, **options):
    """Start `command` on the last `threads` cores, the first being where a system keeps its own affairs.

    Numeric libraries read the variables when they are loaded, hence before the process begins.
    """
    cores = sorted(os.sched_getaffinity(0))[-threads:]
    environment = os.environ | {
        "PYTHONPATH": str(SCRIPTS),
        "CUDA_VISIBLE_DEVICES": "",
        "JAX_PLATFORMS": "cpu",
        "OMP_NUM_THREADS": str(threads),
        "MKL_NUM_THREADS": str(threads),
        "OPENBLAS_NUM_THREADS": str(threads),
    }
    return subprocess.Popen(
        [str(part) for part in command],
        env=environment,
        preexec_fn=lambda: os.sched_setaffinity(0, cores),
        **options,
    )
