"""Calls run, fail and die in their own processes; here every call is a script."""

import functools
import os
import runpy
import subprocess
import sys
import time

import pytest

from keras_ser.utils import parallel
from keras_ser.utils.parallel import Call, CallsFailed

CLIENT = """
import functools, pathlib, sys, time
from keras_ser.utils import parallel
folder = pathlib.Path(sys.argv[2])
def work(name):
    (folder / "started").touch()
    try:
        for _ in range(1200):
            time.sleep(0.1)
        (folder / "done").touch()
    finally:
        (folder / "ended").touch()
calls = [
    parallel.Call(name, functools.partial(work, name), folder / f"{name}.log")
    for name in "ab"
]
parallel.run(calls, cluster=sys.argv[1], progress=False)
"""
DIE = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"


@pytest.fixture
def call(tmp_path):
    """A function that makes a call from a script, which notes its name when done."""

    def make(name: str, text: str = "") -> Call:
        script = tmp_path / f"{name}.py"
        done = f"open({str(tmp_path / 'done')!r}, 'a').write({name + chr(10)!r})"
        script.write_text(f"{text}\n{done}\n")
        function = functools.partial(_run, str(script))
        return Call(name, function, tmp_path / "logs" / f"{name}.log")

    return make


_run = functools.partial(runpy.run_path)


@pytest.fixture
def done(tmp_path):
    """The names of the calls that are done, in their order."""

    def names() -> list[str]:
        path = tmp_path / "done"
        return path.read_text().split() if path.exists() else []

    return names


def once(tmp_path, text: str) -> str:
    """A script that does something bad, but only the first time."""
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
def test_every_call_is_done_once(call, done, workers):
    parallel.run([call(name) for name in "abcde"], workers, progress=False)
    assert sorted(done()) == list("abcde")


def test_one_worker_keeps_the_order(call, done):
    parallel.run([call(name) for name in "cab"], progress=False)
    assert done() == ["c", "a", "b"]


@workers
def test_a_failure_stops_no_other_call_and_is_tried_again_last(
    call, done, tmp_path, workers
):
    bad = call("bad", once(tmp_path, "raise RuntimeError('not yet')"))
    parallel.run([bad, call("a"), call("b")], workers, progress=False)
    assert sorted(done()) == ["a", "b", "bad"]
    assert done()[-1] == "bad"
    assert not list((tmp_path / "logs").glob("*.log"))


@workers
def test_an_error_that_occurs_twice_is_raised_with_a_log(call, done, tmp_path, workers):
    bad = call("bad", "raise RuntimeError('never')")
    with pytest.raises(RuntimeError, match="^never$"):
        parallel.run([bad, call("a"), call("b")], workers, progress=False)
    assert sorted(done()) == ["a", "b"]
    assert "RuntimeError: never" in (tmp_path / "logs" / "bad.log").read_text()


@workers
def test_several_failures_are_reported_together(call, done, workers):
    bad = [call(f"bad{n}", f"raise OSError('{n} never')") for n in range(4)]
    with pytest.raises(CallsFailed, match="1 of 5 runs are done, 4 failed: ") as caught:
        parallel.run([*bad, call("a")], workers, progress=False)
    assert {failure.call.name for failure in caught.value.failures} == {
        "bad0", "bad1", "bad2", "bad3"
    }  # fmt: skip
    assert "and 1 more. Run again to retry those that failed." in str(caught.value)
    assert done() == ["a"]


@workers
def test_bad_input_is_not_tried_again(call, tmp_path, workers):
    count = tmp_path / "count"
    text = f"open({str(count)!r}, 'a').write('x'); raise ValueError('bad')"
    with pytest.raises(ValueError, match="bad"):
        parallel.run([call("bad", text), call("a")], workers, progress=False)
    assert count.read_text() == "x"


def test_a_process_that_dies_is_tried_again_and_the_others_are_done(
    call, done, tmp_path
):
    bad = call("bad", once(tmp_path, DIE))
    parallel.run([*map(call, "ab"), bad, *map(call, "cdef")], 2, progress=False)
    assert sorted(done()) == [*"ab", "bad", *"cdef"]  # each once
    assert done()[-1] == "bad"


def test_a_process_that_dies_twice_is_reported_and_only_that_one(call, done, tmp_path):
    slow = "import time; time.sleep(0.5)"
    calls = [call("a", slow), call("bad", DIE), call("b", slow), call("c")]
    with pytest.raises(RuntimeError, match="The process of bad died"):
        parallel.run(calls, 2, progress=False)
    assert sorted(done()) == ["a", "b", "c"]
    assert "exit code -9" in (tmp_path / "logs" / "bad.log").read_text()


def test_a_fault_in_native_code_leaves_its_trace(call, tmp_path):
    bad = call("bad", "import ctypes; ctypes.string_at(0)")
    with pytest.raises(RuntimeError, match="died"):
        parallel.run([bad, call("a")], 2, progress=False)
    assert "Segmentation fault" in (tmp_path / "logs" / "bad.log").read_text()


def test_an_error_that_cannot_be_sent_becomes_text(call):
    text = """
class Odd(Exception):
    def __init__(self, one, two):
        super().__init__(f"{one} {two}")
raise Odd("no", "way")
"""
    with pytest.raises(RuntimeError, match="Odd: no way"):
        parallel.run([call("bad", text), call("a")], 2, progress=False)


def test_two_workers_work_at_the_same_time(call, tmp_path):
    """Each of two calls waits for the other."""

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

    calls = [call("a", meeting("m1", "m2")), call("b", meeting("m2", "m1"))]
    started = time.monotonic()
    parallel.run(calls, 2, progress=False)
    assert time.monotonic() - started < 60


@workers
def test_results_come_as_they_are_computed(workers):
    found = parallel.unordered(divmod, [(each, 3) for each in range(20)], workers)
    assert sorted(found) == sorted(divmod(each, 3) for each in range(20))
    assert list(parallel.unordered(divmod, [], workers)) == []


@workers
def test_the_first_error_ends_the_results(tmp_path, workers):
    def work(number):
        (tmp_path / str(number)).touch()
        time.sleep(0.02 * (number > 1))  # the error has to arrive
        return 1 / (number - 1)

    with pytest.raises(ZeroDivisionError):
        list(parallel.unordered(work, [(each,) for each in range(100)], workers))
    assert len(list(tmp_path.iterdir())) < 100


ADDRESSES = ["dask", "dask://", "slurm://here", "ray://127.0.0.1:1", "127.0.0.1:80"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_of_no_dask_cluster_is_rejected(call, address):
    with pytest.raises(ValueError) as caught:
        parallel.run([call("a")], cluster=address, progress=False)
    message = str(caught.value)
    assert message.startswith("`cluster` must be dask://HOST:PORT")
    assert message.endswith(f"Received: {address!r}.")


def test_without_dask_the_extra_is_named(call, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ValueError, match=r'pip install "keras_ser\[dask\]"'):
        parallel.run([call("a")], cluster="dask://127.0.0.1:1", progress=False)


@pytest.mark.slow
def test_a_call_on_a_cluster_ends_with_the_process_that_asked_for_it(tmp_path):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address=None
    ) as cluster:
        address = cluster.scheduler_address.replace("tcp://", "dask://")
        client = subprocess.Popen(
            [sys.executable, "-c", CLIENT, address, str(tmp_path)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        end = time.monotonic() + 60
        while not (tmp_path / "started").exists() and time.monotonic() < end:
            time.sleep(0.05)
        client.kill()
        client.wait()
        while not (tmp_path / "ended").exists() and time.monotonic() < end:
            time.sleep(0.05)
    assert (tmp_path / "ended").exists()
    assert not (tmp_path / "done").exists()


@pytest.mark.slow
def test_a_dask_cluster_runs_the_calls(call, done):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None
    ) as cluster:
        bad = call("bad", "raise RuntimeError('never')")
        address = cluster.scheduler_address.replace("tcp://", "dask://")
        with pytest.raises(RuntimeError, match="^never$"):
            parallel.run([*map(call, "abc"), bad], cluster=address, progress=False)
    assert sorted(done()) == ["a", "b", "c"]


@pytest.mark.parametrize("workers", [0, -1, 1.5, True, None])
def test_a_number_of_workers_is_at_least_one(call, done, workers):
    with pytest.raises(ValueError, match="`workers` must be a number of processes"):
        parallel.run([call("a"), call("b")], workers=workers)
    with pytest.raises(ValueError, match="`workers` must be a number of processes"):
        list(parallel.unordered(len, [([],), ([],)], workers))
    assert done() == []
