"""The other side of `processes.Process`: computes its calls, and ends with it."""

import _thread
import contextlib
import ctypes
import os
import queue
import signal
import sys
import threading
import time
import traceback

from keras_ser.utils import messages, signals

PR_SET_PDEATHSIG = 1  # of Linux's prctl
GRACE_SECONDS = 1.5  # from the end of the parent to the end of this process, at most


def main(is_tied: bool = False) -> None:
    """Computes the calls that arrive on stdin, until stdin ends.

    If it ends during a call, the call is interrupted as by Ctrl-C. A call that does
    not end then is killed.

    Args:
        is_tied: Whether Linux also kills this process as soon as the thread that
            started it is gone. Python notices the end of stdin only between two calls
            of native code, and an import of TensorFlow may take long.
    """
    if is_tied and sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    incoming, outgoing = _take_pipes()
    worker = _Worker(incoming)
    # `suppress` comes first: a signal may arrive while the handlers are removed.
    with (
        contextlib.suppress(KeyboardInterrupt, BrokenPipeError),
        signals.interrupting(),
    ):
        threading.Thread(target=worker.read, daemon=True).start()
        for message in iter(worker.next, None):
            messages.send(outgoing, _reply(message))
            worker.is_busy = False
    signals.ignore()


class _Worker:
    """The calls that have arrived, and what happens when no more can arrive."""

    def __init__(self, incoming):
        self._incoming, self._messages = incoming, queue.SimpleQueue()
        self.is_busy = False

    def next(self) -> bytes | None:
        """Waits for a call; returns None after the last one."""
        message = self._messages.get()
        self.is_busy = message is not None
        return message

    def read(self) -> None:
        """Reads calls in a thread of its own, until the parent ends."""
        try:
            while True:
                self._messages.put(messages.receive(self._incoming))
        except (EOFError, OSError):
            self._messages.put(None)
        if self.is_busy:
            _interrupt_main()
        time.sleep(GRACE_SECONDS)
        os._exit(1)


def _interrupt_main() -> None:
    """Interrupts the main thread, also while it waits."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident, signal.SIGTERM)
    else:  # Windows
        _thread.interrupt_main(signal.SIGTERM)


def _reply(message: bytes) -> bytes:
    """Returns the result of a call, its error, and the traceback of that."""
    try:
        function, arguments = messages.decode(message)
        return messages.encode((function(*arguments), None, ""))
    except Exception as error:  # a function may raise anything
        trace = "".join(traceback.format_exception(error))
        return messages.encode((None, messages.portable(error), trace))


def _take_pipes():
    """Takes stdin and stdout away from the calls, which may read and print."""
    incoming, outgoing = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere if sys.stderr is None else 2, 1)
    os.close(nowhere)
    return incoming, outgoing
