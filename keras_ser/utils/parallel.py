"""Calls in several processes or on a Dask cluster: retried, logged and independent.

A call knows nothing of the others. A call that fails is tried again, alone, once all
others are done. A call that fails again is reported with its log. A process that dies
fails the call that it computed, and no other call. Processes end with this one.
"""

import collections
import contextlib
import dataclasses
import numbers
import queue
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from keras_ser.utils import messages
from keras_ser.utils.processes import Process, ProcessDied

MAX_LOG_CHARACTERS = 20_000  # of a traceback
MAX_REPORTED = 3  # failures that one message describes
MAX_LINE_CHARACTERS = 200  # of the description of one failure


@dataclasses.dataclass(frozen=True)
class Call:
    """A function to call once, in this or another process.

    Args:
        name: The name by which a failure is reported.
        function: A picklable function without arguments. Its result is ignored.
        log: The file for the traceback of a failure.
    """

    name: str
    function: Callable[[], object]
    log: Path


@dataclasses.dataclass(frozen=True)
class Failure:
    """A call that failed twice, or once on bad input."""

    call: Call
    error: Exception


class CallsFailed(RuntimeError):
    """Several calls failed; all others are done."""

    def __init__(self, failures: list[Failure], total: int):
        self.failures = failures
        reported = "; ".join(_describe(failure) for failure in failures[:MAX_REPORTED])
        rest = len(failures) - MAX_REPORTED
        more = f"; and {rest} more" if rest > 0 else ""
        super().__init__(
            f"{total - len(failures)} of {total} runs are done, {len(failures)} "
            f"failed: {reported}{more}. Run again to retry those that failed."
        )


def run(
    calls: list[Call], workers: int = 1, cluster: str = "", progress: bool = True
) -> None:
    """Runs all calls.

    Args:
        calls: Calls that do not depend on each other.
        workers: The number of processes on this machine. With 1, the calls run in
            this process.
        cluster: The address of a Dask cluster to use instead, `dask://HOST:PORT`. The
            files of the calls must be on a disk that its machines share.
        progress: Whether to show a progress bar with the time left, if there are
            several processes.

    Raises:
        ValueError: If `workers` is not 1 or more, if `cluster` is not such an address,
            or if Dask is not installed.
        Exception: If one call failed: its error.
        CallsFailed: If several calls failed.
    """
    _check_workers(workers)
    shown = progress and (workers > 1 or bool(cluster))
    with _pool(workers, cluster) as pool, _bar(len(calls), shown) as bar:
        failed = list(_failures(pool, calls, bar))
        failures = [failure for failure in failed if not _may_pass(failure)]
        for failure in failed:
            if _may_pass(failure):
                failures += _failures(pool, [failure.call], bar, last=True)
    if len(failures) == 1:
        raise failures[0].error
    if failures:
        raise CallsFailed(failures, len(calls))


def unordered(
    function: Callable, arguments: Iterable[tuple], workers: int = 1
) -> Iterator[Any]:
    """Yields the results of a function for many arguments, as they are computed.

    Args:
        function: The function.
        arguments: A tuple of arguments for each result.
        workers: The number of processes. With 1, this process computes them.

    Raises:
        ValueError: If `workers` is not 1 or more.
        Exception: The first error of the function. Nothing else is computed then.
        ProcessDied: If a process died.
    """
    _check_workers(workers)
    arguments = list(arguments)
    if min(workers, len(arguments)) < 2:
        yield from (function(*each) for each in arguments)
        return
    with contextlib.closing(_outcomes(function, arguments, workers)) as found:
        for _, result, error in found:
            if error is not None:
                raise error
            yield result


def cpu_count() -> int:
    """Returns the number of processors that this process may use."""
    import joblib

    return joblib.cpu_count()


def threads_each(workers: int, cluster: str = "") -> int | None:
    """Returns the number of CPU threads for each process.

    Two processes with one thread each compute more than one process with two threads.

    Args:
        workers: The number of processes on this machine.
        cluster: The address of a Dask cluster, whose processes get one thread each.

    Returns:
        An equal share of the processors for each of several processes. None leaves
        the choice to the backend.
    """
    if cluster:
        return 1
    return max(1, cpu_count() // workers) if workers > 1 else None


def _check_workers(workers) -> None:
    is_count = isinstance(workers, numbers.Integral) and not isinstance(workers, bool)
    if not is_count or workers < 1:
        raise ValueError(
            "`workers` must be a number of processes, 1 or more. Received: "
            f"{workers!r}. `keras_ser.utils.parallel.cpu_count()` returns the number "
            "of processors."
        )


def _failures(pool, calls: list[Call], bar, last: bool = False) -> Iterator[Failure]:
    """Runs calls and yields the failures among them.

    Args:
        pool: A function from calls to their numbers and errors.
        calls: The calls.
        bar: The progress bar, which counts a call that is tried again only once.
        last: Whether no call is tried again.
    """
    for number, error in pool(calls):
        failure = error and Failure(calls[number], _named(error, calls[number]))
        bar.update(int(last or not (failure and _may_pass(failure))))
        if failure:
            yield failure


def _may_pass(failure: Failure) -> bool:
    """Returns whether another try may succeed; bad input stays bad."""
    return not isinstance(failure.error, ValueError | FileNotFoundError)


def _named(error: Exception, call: Call) -> Exception:
    """Returns the error of a call; the death of its process with the call's name.

    The log may already hold the trace of a fault in native code.
    """
    if not isinstance(error, ProcessDied):
        return error
    call.log.parent.mkdir(parents=True, exist_ok=True)
    with call.log.open("a", encoding="utf-8") as log:
        log.write(f"{error}\n")
    return RuntimeError(
        f"The process of {call.name} died: it was killed, ran out of memory, or failed "
        f"in native code. See {call.log}, and run again to resume."
    )


def _describe(failure: Failure) -> str:
    text = " ".join(str(failure.error).split()) or type(failure.error).__name__
    if len(text) > MAX_LINE_CHARACTERS:
        text = f"{text[: MAX_LINE_CHARACTERS - 3]}…"
    return f"{failure.call.name}: {text} (log: {failure.call.log})"


@contextlib.contextmanager
def _pool(workers: int, cluster: str) -> Iterator[Callable]:
    """Yields a function that runs calls and yields their numbers and errors."""
    if cluster:
        from keras_ser.utils import dask_cluster

        with dask_cluster.connect(cluster) as client:
            yield lambda calls: dask_cluster.outcomes(client, run_logged, calls)
    elif workers == 1:
        yield lambda calls: ((n, attempt(call)) for n, call in enumerate(calls))
    else:
        yield lambda calls: _errors(calls, workers)


def _errors(calls: list[Call], workers: int) -> Iterator[tuple[int, Exception | None]]:
    arguments = [(call,) for call in calls]
    with contextlib.closing(_outcomes(run_logged, arguments, workers)) as found:
        for number, failed, died in found:
            yield number, died or failed


def _outcomes(
    function: Callable, arguments: list[tuple], workers: int
) -> Iterator[tuple[int, Any, Exception | None]]:
    """Yields the number, the result and the error of each call of a function."""
    threads = max(1, cpu_count() // workers)
    count = min(workers, len(arguments))
    processes = [Process(threads, is_tied=True) for _ in range(count)]
    left = collections.deque(enumerate(arguments))
    found = queue.SimpleQueue()
    crew = [
        threading.Thread(target=_work, args=(process, function, left, found))
        for process in processes
    ]
    for thread in crew:
        thread.daemon = True
        thread.start()
    try:
        for _ in arguments:
            yield found.get()
    finally:  # also if this process is interrupted
        left.clear()
        for process in processes:
            process.stop()
        for thread in crew:
            thread.join()


def _work(process: Process, function, left: collections.deque, found) -> None:
    """Computes calls in a process until none is left, in a thread of its own."""
    with process, contextlib.suppress(IndexError):
        while True:
            number, arguments = left.popleft()
            try:
                found.put((number, process.call(function, *arguments), None))
            except Exception as error:  # a function may raise anything
                found.put((number, None, error))


def run_logged(call: Call) -> Exception | None:
    """Runs a call in a process of its own; returns its error, if any."""
    import faulthandler

    call.log.parent.mkdir(parents=True, exist_ok=True)
    with call.log.open("w", encoding="utf-8") as log:
        faulthandler.enable(log)  # a fault in native code ends the process
        try:
            return attempt(call)
        finally:
            faulthandler.disable()


def attempt(call: Call) -> Exception | None:
    """Runs a call; returns its error, whose traceback is then in the log."""
    try:
        call.function()
    except Exception as error:  # no error may stop the other calls
        text = "".join(traceback.format_exception(error))[-MAX_LOG_CHARACTERS:]
        call.log.parent.mkdir(parents=True, exist_ok=True)
        call.log.write_text(text, encoding="utf-8")
        return messages.portable(error)
    call.log.unlink(missing_ok=True)
    return None


def _bar(total: int, shown: bool):
    """One bar over all calls; bars of several calls would overwrite each other."""
    import tqdm

    return tqdm.tqdm(total=total, desc="runs", unit="run", disable=not shown)
