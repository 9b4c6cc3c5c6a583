"""flowstill and others at work, some at a time, each on cores of its own."""

import concurrent.futures
import queue
import subprocess
import sys
import threading

from peers import pinned


class Stopped(Exception):
    """Somebody interrupted."""


class Slots:
    """`number` places of `threads` cores each."""

    def __init__(self, number, threads):
        self.number, self.threads = number, threads
        self.free = queue.SimpleQueue()
        for slot in range(number):
            self.free.put(slot)
        self.children, self.lock, self.stopping = set(), threading.Lock(), False

    def each(self, work, items, ended):
        """`work(item)` of all, as many at a time as there are slots, and `ended(item, result)` one after the other.

        Asked to end, it lets programs save their states and waits for that.
        """
        with concurrent.futures.ThreadPoolExecutor(self.number) as pool:
            futures = {pool.submit(work, item): item for item in items}
            try:
                for future in concurrent.futures.as_completed(futures):
                    ended(futures[future], future.result())
            except BaseException:
                self._stop()
                pool.shutdown(cancel_futures=True)
                raise

    def run(self, command, patience=None, **options):
        """The exit status. After `patience` seconds the program is killed, which raises `subprocess.TimeoutExpired`."""
        slot = self.free.get()
        try:
            child = self._start(command, slot, options)
            try:
                status = child.wait(patience)
            except BaseException:
                child.terminate() if patience is None else child.kill()
                child.wait()
                raise
            finally:
                with self.lock:
                    self.children.discard(child)
        finally:
            self.free.put(slot)
        if self.stopping:
            raise Stopped
        return status

    def _start(self, command, slot, options):
        with self.lock:
            if self.stopping:
                raise Stopped
            # in a session of its own, so that Ctrl-C at the terminal reaches it once, from here
            child = pinned.start(command, self.threads, slot, **({"stdout": sys.stderr} | options), start_new_session=True)
            self.children.add(child)
            return child

    def _stop(self):
        with self.lock:
            self.stopping = True
            for child in self.children:
                child.terminate()
