"""Python processes that compute calls for this one and end with it.

A process reads its calls from a pipe that only its parent holds. However the parent
ends, the system closes the pipe, and the process notices that even during a call.
"""

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

from keras_ser.utils import messages
from keras_ser.utils.worker import GRACE_SECONDS

# Libraries that compute with threads of their own read one of these.
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)
START = """
import sys
sys.path[:] = {path!r}
import keras_ser
keras_ser.quiet()  # before the first call is read, which may import TensorFlow
from keras_ser.utils.worker import main
main({is_tied})
"""


class ProcessDied(RuntimeError):
    """A process ended during a call.

    Args:
        code: Its exit code; negative if a signal ended it.
    """

    def __init__(self, code: int):
        self.code = code
        super().__init__(code)

    def __str__(self):
        return f"The process ended with exit code {self.code}."


class Process:
    """A Python process that computes one call at a time.

    It starts with the first call. The main script of the program is not imported, so
    a script needs no main guard. What a call prints goes to stderr.

    Args:
        threads: The number of threads of numerical libraries, unless the environment
            says another one. By default each library decides.
        is_tied: Whether the process also ends with the thread that makes the first
            call. On Linux, it then ends at once with the program, even in the middle
            of native code.

    Example:

    >>> with Process() as process:
    ...     process.call(sum, [1, 2])
    3
    """

    def __init__(self, threads: int | None = None, is_tied: bool = False):
        self._threads, self._is_tied = threads, is_tied
        self._process: subprocess.Popen | None = None
        self._is_stopped = False
        self._lock = threading.Lock()

    def call(self, function: Callable, *arguments) -> Any:
        """Computes a function in the process.

        Args:
            function: Any function, also one of the main script.
            *arguments: Its arguments.

        Returns:
            Its result.

        Raises:
            Exception: That of the function, caused by its traceback as text.
            ProcessDied: If the process ended. The next call starts a new one, unless
                this one was stopped.
        """
        message = messages.encode((function, arguments))
        with self._lock:
            reply = self._exchange(message)
        result, error, trace = messages.decode(reply)
        if error is not None:
            raise error from RuntimeError(trace)
        return result

    def _exchange(self, message: bytes) -> bytes:
        if self._process is None:
            self._process = _start(self._threads, self._is_tied)
        if self._is_stopped:
            self.stop()
        try:
            messages.send(self._process.stdin, message)
            return messages.receive(self._process.stdout)
        except (EOFError, OSError, ValueError) as error:  # ValueError: it was stopped
            raise ProcessDied(self._end()) from error

    def stop(self) -> None:
        """Tells the process to end, during a call too, and does not wait for it."""
        self._is_stopped = True
        if self._process is not None:
            with contextlib.suppress(OSError):  # what it has not read
                self._process.stdin.close()

    def close(self) -> None:
        """Ends the process and waits for its end."""
        self.stop()
        with self._lock:
            self._end()

    def _end(self) -> int:
        """Waits for the end of the process, or kills it; returns its exit code."""
        process, self._process = self._process, None
        if process is None:
            return 0
        try:
            process.wait(2 * GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
        with contextlib.suppress(OSError):
            process.stdin.close()
        process.stdout.close()
        return process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def _start(threads: int | None, is_tied: bool) -> subprocess.Popen:
    options = [f"-W{option}" for option in sys.warnoptions]
    path = [os.path.abspath(each) for each in sys.path]
    code = START.format(path=path, is_tied=is_tied)
    limits = dict.fromkeys(THREAD_VARIABLES, str(threads)) if threads else {}
    return subprocess.Popen(
        [sys.executable, *options, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**limits, **os.environ},
    )
