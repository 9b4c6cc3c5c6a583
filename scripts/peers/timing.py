"""One turn: seconds per call, over about half a second."""

import time

TURN_SECONDS = 0.5
# short calls are timed in blocks, so that neither the clock nor an asynchronous dispatch shows
BLOCK_SECONDS = 0.01


def block(call, wait, calls):
    """Mean seconds of `calls` calls; `wait` returns once the last result is there."""
    start = time.perf_counter()
    for _ in range(calls):
        result = call()
    wait(result)
    return (time.perf_counter() - start) / calls


def turn(call, wait, expected, latency):
    """Seconds per call, one number per block. `expected` is about how long a call takes.

    For a latency every call is a block of its own: its result is waited for before the next begins.
    """
    if expected < TURN_SECONDS:
        # the caches were somebody else's meanwhile
        block(call, wait, 1)
    calls = 1 if latency else max(1, round(BLOCK_SECONDS / expected))
    blocks, start = [], time.perf_counter()
    while not blocks or time.perf_counter() - start < TURN_SECONDS:
        blocks.append(block(call, wait, calls))
    return blocks
