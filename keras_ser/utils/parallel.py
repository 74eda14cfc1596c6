"""Many tasks on many processes or a cluster: retried, logged, none stopping the others.

A task knows nothing of its neighbours. One that fails is tried again, alone, when all
others are done; one that fails again is reported with its log. A process that dies
takes its neighbours with it, so that all that were at work then are tried again.
"""

import contextlib
import copy
import dataclasses
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

CLUSTERS = ("dask", "ray")
MOST_OF_A_LOG = 20_000  # characters of a traceback


@dataclasses.dataclass(frozen=True)
class Task:
    """Something to do once.

    Args:
        name: for the report of failures.
        call: picklable; what it returns is not used.
        log: file for the traceback of a failure.
    """

    name: str
    call: Callable[[], object]
    log: Path


@dataclasses.dataclass(frozen=True)
class Failure:
    """A task that failed twice, or whose input was bad."""

    task: Task
    error: Exception


class TasksFailed(RuntimeError):
    """Several tasks failed; all others are done."""

    def __init__(self, failures: list[Failure], total: int):
        self.failures = failures
        shown = "; ".join(_line(failure) for failure in failures[:3])
        more = f"; and {len(failures) - 3} more" if len(failures) > 3 else ""
        super().__init__(
            f"{total - len(failures)} of {total} runs are done, {len(failures)} "
            f"failed: {shown}{more}. Give the same command to try these again."
        )


def run(
    tasks: list[Task], workers: int = 1, cluster: str = "", progress: bool = True
) -> None:
    """Does all tasks.

    Args:
        tasks: independent of each other.
        workers: processes on this machine; 1 is this process itself.
        cluster: address of a cluster to use instead, `dask://host:8786` or
            `ray://host:10001`; tasks' files must be on a disk that it shares.
        progress: whether to show a bar, with the time left, where there are several
            processes.

    Raises:
        ValueError: no address of a cluster, or its package is not installed.
        Exception: the error of the one task that failed.
        TasksFailed: several did.
    """
    again: list[Task] = []
    failures: list[Failure] = []
    with _pool(workers, cluster) as pool, _Bar(tasks, pool, progress) as bar:
        left = tasks
        while left:
            done, failed = _round(pool, left, bar)
            again += [failure.task for failure in failed if _is_worth(failure)]
            failures += [failure for failure in failed if not _is_worth(failure)]
            left = [task for task in left if task not in done]
        for task in again:
            failures += _round(pool, [task], bar)[1]
    if len(failures) == 1:
        raise failures[0].error
    if failures:
        raise TasksFailed(failures, len(tasks))


def cpu_count() -> int:
    """The processors that this process may use."""
    import joblib

    return joblib.cpu_count()


def threads_each(workers: int, cluster: str = "") -> int | None:
    """CPU threads for each of several processes; None for the backend's choice.

    Two processes with a thread each compute more than one with two.
    """
    if cluster:
        return 1
    return max(1, cpu_count() // workers) if workers > 1 else None


def _round(pool, tasks: list[Task], bar) -> tuple[list[Task], list[Failure]]:
    """What was done, failures included, and the failures; a death ends the round."""
    done, failed = [], []
    try:
        for number, error in pool.outcomes(tasks):
            done.append(tasks[number])
            failed += [Failure(tasks[number], error)] if error else []
            bar.update(not (error and _is_worth(failed[-1])))
    except pool.deaths as error:
        for task in pool.begun(tasks, done):
            failed.append(Failure(task, _death(task, error)))
            done.append(task)
    return done, failed


def _is_worth(failure: Failure) -> bool:
    """Whether to try again: bad input stays bad."""
    return not isinstance(failure.error, ValueError | FileNotFoundError)


def _death(task: Task, error: Exception) -> RuntimeError:
    """What is left to say of a process that died; its log may hold a native trace."""
    task.log.parent.mkdir(parents=True, exist_ok=True)
    with task.log.open("a", encoding="utf-8") as log:
        log.write(f"{error}\n")
    return RuntimeError(
        f"The process of {task.name} died: it was killed, ran out of memory, or failed "
        f"in native code. See {task.log}, and give the same command to go on."
    )


def _line(failure: Failure) -> str:
    text = " ".join(str(failure.error).split()) or type(failure.error).__name__
    text = text if len(text) <= 200 else f"{text[:197]}…"
    return f"{failure.task.name}: {text} (log: {failure.task.log})"


class _InProcess:
    """One task after the other, here."""

    deaths = ()

    def outcomes(self, tasks: list[Task]) -> Iterator[tuple[int, Exception | None]]:
        for number, task in enumerate(tasks):
            yield number, _attempt(task)

    def begun(self, tasks: list[Task], done: list[Task]) -> list[Task]:
        return []  # this process died with them


class _Processes:
    """joblib's processes, of this machine or of a cluster.

    Args:
        workers: processes.
        folder: for the marks of tasks at work; None where processes share no disk.
    """

    # Errors of tasks are returned: what is raised comes from the pool.
    deaths = (Exception,)

    def __init__(self, workers: int, folder: Path | None):
        self._workers, self._folder = workers, folder

    def outcomes(self, tasks: list[Task]) -> Iterator[tuple[int, Exception | None]]:
        import joblib
        from joblib.parallel import get_active_backend

        # ray's backend gives all outcomes at the end, so that its bar stands still.
        streams = get_active_backend()[0].supports_return_generator
        # One worker would run here, and take this process with it when it dies.
        pool = joblib.Parallel(
            n_jobs=max(self._workers, 2),
            return_as="generator_unordered" if streams else "list",
        )
        return pool(
            joblib.delayed(_numbered)(number, task, self._mark(task))
            for number, task in enumerate(tasks)
        )

    def begun(self, tasks: list[Task], done: list[Task]) -> list[Task]:
        """The tasks at work when the pool died; all that are left where unknown."""
        left = [task for task in tasks if task not in done]
        marked = [task for task in left if self._folder and self._mark(task).exists()]
        for task in marked:
            self._mark(task).unlink()
        return marked or left

    def _mark(self, task: Task) -> Path | None:
        name = task.name.replace("/", "__")
        return self._folder and self._folder / name


@contextlib.contextmanager
def _pool(workers: int, cluster: str):
    from joblib.externals.loky import get_reusable_executor

    if cluster:
        with _cluster(cluster) as size:
            yield _Processes(size, None)
    elif workers == 1:
        yield _InProcess()
    else:
        with tempfile.TemporaryDirectory() as folder:
            try:
                yield _Processes(workers, Path(folder))
            finally:  # joblib would hand them to the next, whose threads may be others
                get_reusable_executor().shutdown()


@contextlib.contextmanager
def _cluster(address: str):
    """Sends joblib's tasks to a cluster; gives the number of its workers."""
    import joblib

    kind, separator, rest = address.partition("://")
    if kind not in CLUSTERS or not separator or not rest:
        raise ValueError(
            "`cluster` must be dask://HOST:PORT or ray://HOST:PORT. "
            f"Received: {address!r}."
        )
    connect = {"dask": _dask, "ray": _ray}[kind]
    with connect(rest) as size, joblib.parallel_config(backend=kind, n_jobs=size):
        yield size


@contextlib.contextmanager
def _dask(address: str):
    distributed = _imported("distributed", "dask")
    with distributed.Client(f"tcp://{address}", timeout="30s") as client:
        yield max(len(client.nthreads()), 1)


@contextlib.contextmanager
def _ray(address: str):
    ray = _imported("ray", "ray")
    from ray.util.joblib import register_ray

    connected = ray.is_initialized()
    if not connected:
        ray.init(f"ray://{address}" if address != "auto" else "auto")
    register_ray()
    try:
        yield max(int(ray.cluster_resources().get("CPU", 1)), 1)
    finally:
        if not connected:
            ray.shutdown()


def _imported(package: str, extra: str):
    import importlib

    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise ValueError(
            f"A cluster of this kind needs the package `{package}`. Received: an "
            f'installation without it. Install it: pip install "keras_ser[{extra}]".'
        ) from error


def _numbered(number: int, task: Task, mark: Path | None):
    """In a worker: which task it was, and what went wrong."""
    import faulthandler

    task.log.parent.mkdir(parents=True, exist_ok=True)
    if mark is not None:
        mark.touch()
    with task.log.open("w", encoding="utf-8") as log:
        faulthandler.enable(log)  # a fault in native code ends the process
        try:
            error = _attempt(task)
        finally:
            faulthandler.disable()
    if mark is not None:
        mark.unlink()
    return number, error


def _attempt(task: Task) -> Exception | None:
    """Does a task; returns its error, whose trace is in the log."""
    try:
        task.call()
    except Exception as error:  # whatever it is, the others go on
        text = "".join(traceback.format_exception(error))[-MOST_OF_A_LOG:]
        task.log.parent.mkdir(parents=True, exist_ok=True)
        task.log.write_text(text, encoding="utf-8")
        return _portable(error)
    task.log.unlink(missing_ok=True)
    return None


def _portable(error: Exception) -> Exception:
    """An error that another process can rebuild: its class by name, from its args."""
    kind = type(error)
    known = getattr(sys.modules.get(kind.__module__), kind.__qualname__, None) is kind
    try:
        copy.copy(error)
    except Exception:  # a class may want anything of its arguments
        known = False
    if known:
        return error
    told = RuntimeError(f"{kind.__name__}: {error}")
    told.__notes__ = list(getattr(error, "__notes__", ()))
    return told


class _Bar:
    """A bar over tasks, as the bars of several of them would overwrite each other."""

    def __init__(self, tasks, pool, progress: bool):
        import tqdm

        hidden = not progress or isinstance(pool, _InProcess)
        self._bar = tqdm.tqdm(total=len(tasks), desc="runs", unit="run", disable=hidden)

    def update(self, done: bool) -> None:
        self._bar.update(int(done))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._bar.close()
