"""Signals that end a program: they interrupt it as Ctrl-C does."""

import contextlib
import signal
import threading
from collections.abc import Iterator

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has no SIGHUP


class Interrupted(KeyboardInterrupt):
    """A signal that ends the program.

    Args:
        number: The number of the signal.
    """

    def __init__(self, number: int):
        self.number = number
        super().__init__(number)


@contextlib.contextmanager
def interrupting() -> Iterator[None]:
    """Context in which these signals raise `Interrupted`, in the main thread.

    A signal that is ignored stays ignored: `nohup` ignores SIGHUP, and a shell ignores
    SIGINT in the background. In another thread, nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [number for number in _numbers() if not _is_ignored(number)]
    before = {number: signal.signal(number, _interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def ignore() -> None:
    """Ignores all these signals from now on, because the program ends anyway."""
    for number in _numbers():
        signal.signal(number, signal.SIG_IGN)


def _numbers() -> list[int]:
    return [getattr(signal, name) for name in NAMES if hasattr(signal, name)]


def _is_ignored(number: int) -> bool:
    return signal.getsignal(number) == signal.SIG_IGN


def _interrupt(number, frame):
    raise Interrupted(number)
