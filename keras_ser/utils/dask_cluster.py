"""Calls on a Dask cluster. A call ends when the process that asked for it is gone."""

import contextlib
import ctypes
import threading
from collections.abc import Callable, Iterator
from typing import Any

from keras_ser.utils.processes import ProcessDied

PREFIX = "dask://"
WATCH_SECONDS = 1.0
# States of a task that runs although nobody waits for its result any more.
UNWANTED_STATES = {"cancelled", "forgotten", "released"}


class Unwanted(Exception):
    """Nobody waits for the result of this call: who asked for it has ended."""


@contextlib.contextmanager
def connect(address: str) -> Iterator[Any]:
    """Context with a client of a Dask cluster.

    Args:
        address: `dask://HOST:PORT`.

    Raises:
        ValueError: If it is not such an address, or Dask is not installed.
    """
    host = address.removeprefix(PREFIX)
    if not address.startswith(PREFIX) or not host:
        raise ValueError(
            "`cluster` must be dask://HOST:PORT, the address of a Dask scheduler. "
            f"Received: {address!r}."
        )
    try:
        import distributed
    except ImportError as error:
        raise ValueError(
            "`cluster` needs the package `distributed`. Received: an installation "
            'without it. Install it: pip install "keras_ser[dask]".'
        ) from error
    with distributed.Client(f"tcp://{host}", timeout="30s") as client:
        yield client


def outcomes(
    client, function: Callable, items: list
) -> Iterator[tuple[int, Exception | None]]:
    """Yields the number and the error of each call, as they end.

    Args:
        client: From `connect`.
        function: A function of one item that returns its error, if any.
        items: The items.
    """
    import distributed

    futures = {
        client.submit(_run_wanted, function, item, pure=False): number
        for number, item in enumerate(items)
    }
    for future in distributed.as_completed(futures):
        died = future.exception()
        if isinstance(died, distributed.KilledWorker):
            died = ProcessDied(-1)
        yield futures[future], died or future.result()


def _run_wanted(function: Callable, item):
    """Calls a function in a Dask worker, which ends it if nobody waits for it."""
    import distributed

    worker = distributed.get_worker()
    guard = _Guard(worker, worker.get_current_task())
    threading.Thread(target=guard.watch, daemon=True).start()
    try:
        return function(item)
    finally:
        guard.stop()


class _Guard:
    """Interrupts the thread that made it when a Dask task is no longer wanted."""

    def __init__(self, worker, key):
        self._worker, self._key = worker, key
        self._thread = threading.get_ident()
        self._ended, self._lock = threading.Event(), threading.Lock()

    def watch(self) -> None:
        """Watches the state of the task, in a thread of its own."""
        while not self._ended.wait(WATCH_SECONDS):
            with self._lock:
                if not self._ended.is_set() and not self._is_wanted():
                    _raise_in(self._thread, Unwanted)
                    return

    def stop(self) -> None:
        """Ends the watch."""
        with self._lock:
            self._ended.set()

    def _is_wanted(self) -> bool:
        task = self._worker.state.tasks.get(self._key)
        return task is not None and task.state not in UNWANTED_STATES


def _raise_in(thread: int, error: type[Exception]) -> None:
    """Raises an error in another thread, at its next step of Python."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(thread), ctypes.py_object(error)
    )
