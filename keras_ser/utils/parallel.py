"""Calls in several processes or on a Dask cluster: retried, logged and independent.

A call knows nothing of the others. A call that fails is tried again, alone, once all
others are done. A call that fails again is reported with its log. A process that dies
takes down the other processes of its pool, so all calls that were running then are
tried again.
"""

import contextlib
import copy
import dataclasses
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

DASK = "dask://"
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
        ValueError: If `cluster` is not such an address, or Dask is not installed.
        Exception: If one call failed: its error.
        CallsFailed: If several calls failed.
    """
    retries: list[Call] = []
    failures: list[Failure] = []
    with _pool(workers, cluster) as pool, _Bar(calls, pool, progress) as bar:
        left = calls
        while left:
            done, failed = _run_round(pool, left, bar)
            retries += [failure.call for failure in failed if _may_pass(failure)]
            failures += [failure for failure in failed if not _may_pass(failure)]
            left = [call for call in left if call not in done]
        for call in retries:
            failures += _run_round(pool, [call], bar)[1]
    if len(failures) == 1:
        raise failures[0].error
    if failures:
        raise CallsFailed(failures, len(calls))


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


def _run_round(pool, calls: list[Call], bar) -> tuple[list[Call], list[Failure]]:
    """Runs calls until all have ended or a process dies.

    Returns:
        The calls that ended, and the failures among them.
    """
    done, failed = [], []
    try:
        for number, error in pool.outcomes(calls):
            done.append(calls[number])
            failed += [Failure(calls[number], error)] if error else []
            bar.update(not (error and _may_pass(failed[-1])))
    except pool.deaths as error:
        for call in pool.interrupted(calls, done):
            failed.append(Failure(call, _death(call, error)))
            done.append(call)
    return done, failed


def _may_pass(failure: Failure) -> bool:
    """Returns whether another try may succeed; bad input stays bad."""
    return not isinstance(failure.error, ValueError | FileNotFoundError)


def _death(call: Call, error: Exception) -> RuntimeError:
    """Returns the error of a call whose process died.

    The log may already hold the trace of a fault in native code.
    """
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


class _InProcess:
    """Runs calls one after the other in this process."""

    deaths = ()

    def outcomes(self, calls: list[Call]) -> Iterator[tuple[int, Exception | None]]:
        for number, call in enumerate(calls):
            yield number, _attempt(call)

    def interrupted(self, calls: list[Call], done: list[Call]) -> list[Call]:
        return []  # this process would have died with them


class _Processes:
    """Runs calls in joblib's processes, on this machine or on a cluster.

    Args:
        workers: The number of processes.
        folder: The folder in which running calls are marked. None if the processes
            share no disk.
    """

    # Errors of calls are returned, so whatever is raised comes from the pool.
    deaths = (Exception,)

    def __init__(self, workers: int, folder: Path | None):
        self._workers, self._folder = workers, folder

    def outcomes(self, calls: list[Call]) -> Iterator[tuple[int, Exception | None]]:
        import joblib

        # joblib would run a single worker in this process, which would die with it.
        workers = max(self._workers, 2)
        pool = joblib.Parallel(n_jobs=workers, return_as="generator_unordered")
        return pool(
            joblib.delayed(_run_numbered)(number, call, self._mark(call))
            for number, call in enumerate(calls)
        )

    def interrupted(self, calls: list[Call], done: list[Call]) -> list[Call]:
        """Returns the calls that were running when the pool died.

        If that is not known, returns all calls that are left.
        """
        left = [call for call in calls if call not in done]
        marked = [call for call in left if self._folder and self._mark(call).exists()]
        for call in marked:
            self._mark(call).unlink()
        return marked or left

    def _mark(self, call: Call) -> Path | None:
        name = call.name.replace("/", "__")
        return self._folder and self._folder / name


@contextlib.contextmanager
def _pool(workers: int, cluster: str):
    from joblib.externals.loky import get_reusable_executor

    if cluster:
        with _dask_workers(cluster) as count:
            yield _Processes(count, None)
    elif workers == 1:
        yield _InProcess()
    else:
        with tempfile.TemporaryDirectory() as folder:
            try:
                yield _Processes(workers, Path(folder))
            finally:  # joblib would reuse them, perhaps with a wrong number of threads
                get_reusable_executor().shutdown()


@contextlib.contextmanager
def _dask_workers(address: str):
    """Sends joblib's calls to a Dask cluster and yields the number of its workers."""
    import joblib

    host = address.removeprefix(DASK)
    if not address.startswith(DASK) or not host:
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
        count = max(len(client.nthreads()), 1)
        with joblib.parallel_config(backend="dask", n_jobs=count):
            yield count


def _run_numbered(number: int, call: Call, mark: Path | None):
    """Runs a call in a worker; returns its number and its error, if any."""
    import faulthandler

    call.log.parent.mkdir(parents=True, exist_ok=True)
    if mark is not None:
        mark.touch()
    with call.log.open("w", encoding="utf-8") as log:
        faulthandler.enable(log)  # a fault in native code ends the process
        try:
            error = _attempt(call)
        finally:
            faulthandler.disable()
    if mark is not None:
        mark.unlink()
    return number, error


def _attempt(call: Call) -> Exception | None:
    """Runs a call; returns its error, whose traceback is then in the log."""
    try:
        call.function()
    except Exception as error:  # no error may stop the other calls
        text = "".join(traceback.format_exception(error))[-MAX_LOG_CHARACTERS:]
        call.log.parent.mkdir(parents=True, exist_ok=True)
        call.log.write_text(text, encoding="utf-8")
        return _portable(error)
    call.log.unlink(missing_ok=True)
    return None


def _portable(error: Exception) -> Exception:
    """Returns an error that another process can rebuild from its class and arguments.

    An error that cannot be rebuilt becomes a `RuntimeError` with its text.
    """
    kind = type(error)
    known = getattr(sys.modules.get(kind.__module__), kind.__qualname__, None) is kind
    try:
        copy.copy(error)
    except Exception:  # a class may require any arguments
        known = False
    if known:
        return error
    portable = RuntimeError(f"{kind.__name__}: {error}")
    portable.__notes__ = list(getattr(error, "__notes__", ()))
    return portable


class _Bar:
    """One bar over all calls; bars of several calls would overwrite each other."""

    def __init__(self, calls, pool, progress: bool):
        import tqdm

        hidden = not progress or isinstance(pool, _InProcess)
        self._bar = tqdm.tqdm(total=len(calls), desc="runs", unit="run", disable=hidden)

    def update(self, done: bool) -> None:
        self._bar.update(int(done))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._bar.close()
