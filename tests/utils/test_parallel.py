"""Calls run, fail and die in their own processes; here every call is a script."""

import functools
import runpy
import sys
import time

import pytest

from keras_ser.utils import parallel
from keras_ser.utils.parallel import Call, CallsFailed

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
    assert sorted(set(done())) == [*"ab", "bad", *"cdef"]


def test_a_process_that_dies_twice_is_reported_and_only_that_one(call, done, tmp_path):
    slow = "import time; time.sleep(0.5)"
    calls = [call("a", slow), call("bad", DIE), call("b", slow), call("c")]
    with pytest.raises(RuntimeError, match="The process of bad died"):
        parallel.run(calls, 2, progress=False)
    assert set(done()) == {"a", "b", "c"}
    assert (tmp_path / "logs" / "bad.log").exists()


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
