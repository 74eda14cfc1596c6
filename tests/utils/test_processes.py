"""Processes compute calls, and end with the process that started them."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from keras_ser.utils import messages
from keras_ser.utils.processes import Process, ProcessDied

ROOT = Path(__file__).parents[2]
# Starts processes that work for ten minutes, and prints their numbers.
PARENT = """
import functools, os, pathlib, sys, time
from keras_ser.utils import parallel
folder = pathlib.Path(sys.argv[1])
def work(number):
    try:
        (folder / f"{number}").write_text(str(os.getpid()))
        for _ in range(6000):
            time.sleep(0.1)
    finally:
        (folder / f"{number}.ended").touch()
calls = [
    parallel.Call(str(n), functools.partial(work, n), folder / f"{n}.log")
    for n in range(6)
]
parallel.run(calls, 2, progress=False)
"""


def is_left(number: int) -> bool:
    """Whether a process runs, and not only waits for its parent."""
    try:
        os.kill(number, 0)
        stat = Path(f"/proc/{number}/stat")
        return (
            not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"
        )
    except (ProcessLookupError, FileNotFoundError):
        return False


def wait_until(condition, seconds: float = 60) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


def test_a_process_computes_and_keeps_what_it_imported():
    with Process() as process:
        assert process.call(sum, [1, 2]) == 3
        first = process.call(os.getpid)
        assert process.call(lambda: os.getpid()) == first != os.getpid()
    assert not is_left(first)


def test_an_error_has_the_traceback_of_the_process():
    def fail():
        raise KeyError("no such key")

    with Process() as process:
        with pytest.raises(KeyError, match="no such key") as caught:
            process.call(fail)
        assert "in fail" in str(caught.value.__cause__)
        assert process.call(len, "ab") == 2


def test_a_process_that_dies_is_named_and_replaced():
    with Process() as process:
        with pytest.raises(ProcessDied, match="exit code 7") as caught:
            process.call(os._exit, 7)
        assert caught.value.code == 7
        assert process.call(len, "ab") == 2


def test_what_a_call_prints_and_reads_does_not_reach_the_pipes(capfd):
    def talk():
        print("hello", flush=True)
        return sys.stdin.read()

    with Process() as process:
        assert process.call(talk) == ""
    assert capfd.readouterr().err == "hello\n"


def test_a_result_that_cannot_be_sent_is_an_error():
    with Process() as process:
        with pytest.raises(Exception, match="pickle"):
            process.call(lambda: (each for each in "ab"))
        assert process.call(len, "ab") == 2


class Odd(Exception):
    def __init__(self, one, two):
        super().__init__(f"{one} {two}")


def test_an_error_that_cannot_be_rebuilt_becomes_text():
    error = Odd("no", "way")
    error.add_note("In run z.")
    found = messages.portable(error)
    assert type(found) is RuntimeError and str(found) == "Odd: no way"
    assert found.__notes__ == ["In run z."]
    assert type(messages.portable(ValueError(threading.Lock()))) is RuntimeError
    same = ValueError("Expected a.")
    assert messages.portable(same) is same


def test_a_stopped_process_interrupts_its_call(tmp_path):
    def work(path):
        try:
            path.touch()
            time.sleep(600)
        finally:
            path.with_name("ended").touch()

    process = Process()
    pid = process.call(os.getpid)
    message = messages.encode((work, (tmp_path / "started",)))
    messages.send(process._process.stdin, message)
    assert wait_until((tmp_path / "started").exists)
    process.close()
    assert not is_left(pid)
    assert (tmp_path / "ended").exists()
    with pytest.raises(ProcessDied):
        process.call(len, "ab")


@pytest.mark.usefixtures("heeded_signals")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_processes_end_with_their_parent(tmp_path, number):
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.DEVNULL,
    )
    paths = [tmp_path / "0", tmp_path / "1"]
    assert wait_until(lambda: all(p.exists() and p.read_text() for p in paths))
    workers = [int(path.read_text()) for path in paths]
    parent.send_signal(number)
    parent.wait()
    assert wait_until(lambda: not any(map(is_left, workers)), 10)
    assert not (tmp_path / "2").exists()  # no new call has started
    if number == signal.SIGINT:
        assert (tmp_path / "0.ended").exists() and (tmp_path / "1.ended").exists()


def test_a_process_is_quiet_before_its_first_call(monkeypatch):
    """What a call is sent with may import TensorFlow, whose notices come first."""
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)

    def state():
        kinds = {type(each).__module__ for each in sys.meta_path}
        return "keras_ser.backend.notices" in kinds, "tensorflow" in sys.modules

    with Process() as process:
        assert process.call(state) == (True, False)
        assert process.call(os.getenv, "TF_CPP_MIN_LOG_LEVEL") == "3"
