"""Tasks are scripts, so that they can run, fail and die in processes of their own."""

import functools
import runpy
import time

import pytest

from keras_ser.utils import parallel
from keras_ser.utils.parallel import Task, TasksFailed

DIE = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"


@pytest.fixture
def task(tmp_path):
    """A function that makes a task of a script; scripts note that they were done."""

    def make(name: str, text: str = "") -> Task:
        script = tmp_path / f"{name}.py"
        done = f"open({str(tmp_path / 'done')!r}, 'a').write({name + chr(10)!r})"
        script.write_text(f"{text}\n{done}\n")
        call = functools.partial(_run, str(script))
        return Task(name, call, tmp_path / "logs" / f"{name}.log")

    return make


_run = functools.partial(runpy.run_path)


@pytest.fixture
def done(tmp_path):
    """What was done, in its order."""

    def names() -> list[str]:
        path = tmp_path / "done"
        return path.read_text().split() if path.exists() else []

    return names


def once(tmp_path, text: str) -> str:
    """A script that does something bad the first time only."""
    flag = str(tmp_path / "flag")
    return f"""
import pathlib
flag = pathlib.Path({flag!r})
if not flag.exists():
    flag.touch()
    {text}
"""


workers = pytest.mark.parametrize("workers", [1, 2])


@workers
def test_every_task_is_done_once(task, done, workers):
    parallel.run([task(name) for name in "abcde"], workers, progress=False)
    assert sorted(done()) == list("abcde")


def test_one_worker_keeps_the_order(task, done):
    parallel.run([task(name) for name in "cab"], progress=False)
    assert done() == ["c", "a", "b"]


@workers
def test_a_failure_stops_nobody_and_is_tried_again_last(task, done, tmp_path, workers):
    bad = task("bad", once(tmp_path, "raise RuntimeError('not yet')"))
    parallel.run([bad, task("a"), task("b")], workers, progress=False)
    assert sorted(done()) == ["a", "b", "bad"]
    assert done()[-1] == "bad"
    assert not list((tmp_path / "logs").glob("*.log"))


@workers
def test_what_fails_twice_is_raised_with_a_log(task, done, tmp_path, workers):
    bad = task("bad", "raise RuntimeError('never')")
    with pytest.raises(RuntimeError, match="^never$"):
        parallel.run([bad, task("a"), task("b")], workers, progress=False)
    assert sorted(done()) == ["a", "b"]
    assert "RuntimeError: never" in (tmp_path / "logs" / "bad.log").read_text()


@workers
def test_several_failures_are_told_together(task, done, workers):
    bad = [task(f"bad{n}", f"raise OSError('{n} never')") for n in range(4)]
    with pytest.raises(TasksFailed, match="1 of 5 runs are done, 4 failed: ") as told:
        parallel.run([*bad, task("a")], workers, progress=False)
    assert {failure.task.name for failure in told.value.failures} == {
        "bad0", "bad1", "bad2", "bad3"
    }  # fmt: skip
    assert "and 1 more" in str(told.value)
    assert done() == ["a"]


@workers
def test_bad_input_is_not_tried_again(task, tmp_path, workers):
    count = tmp_path / "count"
    text = f"open({str(count)!r}, 'a').write('x'); raise ValueError('bad')"
    with pytest.raises(ValueError, match="bad"):
        parallel.run([task("bad", text), task("a")], workers, progress=False)
    assert count.read_text() == "x"


def test_a_process_that_dies_is_tried_again_and_the_others_are_done(
    task, done, tmp_path
):
    bad = task("bad", once(tmp_path, DIE))
    parallel.run([*map(task, "ab"), bad, *map(task, "cdef")], 2, progress=False)
    assert sorted(set(done())) == [*"ab", "bad", *"cdef"]


def test_a_process_that_dies_twice_is_reported_and_only_that_one(task, done, tmp_path):
    slow = "import time; time.sleep(0.5)"
    tasks = [task("a", slow), task("bad", DIE), task("b", slow), task("c")]
    with pytest.raises(RuntimeError, match="The process of bad died"):
        parallel.run(tasks, 2, progress=False)
    assert set(done()) == {"a", "b", "c"}
    assert (tmp_path / "logs" / "bad.log").exists()


def test_a_fault_in_native_code_leaves_its_trace(task, tmp_path):
    bad = task("bad", "import ctypes; ctypes.string_at(0)")
    with pytest.raises(RuntimeError, match="died"):
        parallel.run([bad, task("a")], 2, progress=False)
    assert "Segmentation fault" in (tmp_path / "logs" / "bad.log").read_text()


def test_an_error_that_cannot_be_sent_is_told_in_words(task):
    text = """
class Odd(Exception):
    def __init__(self, one, two):
        super().__init__(f"{one} {two}")
raise Odd("no", "way")
"""
    with pytest.raises(RuntimeError, match="Odd: no way"):
        parallel.run([task("bad", text), task("a")], 2, progress=False)


def test_two_workers_work_side_by_side(task, tmp_path):
    """Each of two tasks waits for the other one."""

    def meeting(mine: str, other: str) -> str:
        return f"""
import pathlib, time
folder = pathlib.Path({str(tmp_path)!r})
(folder / {mine!r}).touch()
end = time.monotonic() + 60
while not (folder / {other!r}).exists():
    assert time.monotonic() < end
    time.sleep(0.01)
"""

    tasks = [task("a", meeting("m1", "m2")), task("b", meeting("m2", "m1"))]
    started = time.monotonic()
    parallel.run(tasks, 2, progress=False)
    assert time.monotonic() - started < 60


@pytest.mark.parametrize("address", ["dask", "dask://", "slurm://here", "127.0.0.1:80"])
def test_what_is_no_clusters_address_is_refused(task, address):
    with pytest.raises(ValueError, match="must be dask://HOST:PORT or ray://"):
        parallel.run([task("a")], cluster=address, progress=False)


@pytest.mark.parametrize(("kind", "package"), [("dask", "distributed"), ("ray", "ray")])
def test_a_clusters_package_that_is_absent_is_named(task, monkeypatch, kind, package):
    monkeypatch.setitem(__import__("sys").modules, package, None)
    with pytest.raises(ValueError, match=rf'pip install "keras_ser\[{kind}\]"'):
        parallel.run([task("a")], cluster=f"{kind}://127.0.0.1:1", progress=False)


@pytest.mark.slow
def test_a_dask_cluster_does_the_tasks(task, done):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None
    ) as cluster:
        bad = task("bad", "raise RuntimeError('never')")
        address = cluster.scheduler_address.replace("tcp://", "dask://")
        with pytest.raises(RuntimeError, match="^never$"):
            parallel.run([*map(task, "abc"), bad], cluster=address, progress=False)
    assert sorted(done()) == ["a", "b", "c"]


@pytest.mark.slow
def test_a_ray_cluster_does_the_tasks(task, done):
    ray = pytest.importorskip("ray")
    ray.init("local", num_cpus=2, include_dashboard=False)
    try:
        bad = task("bad", "raise RuntimeError('never')")
        with pytest.raises(RuntimeError, match="^never$"):
            parallel.run([*map(task, "abc"), bad], cluster="ray://auto", progress=False)
        assert ray.is_initialized()  # what was there before stays
    finally:
        ray.shutdown()
    assert sorted(done()) == ["a", "b", "c"]
