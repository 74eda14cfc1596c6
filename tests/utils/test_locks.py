"""Locks have one holder across processes, and none after a kill."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from keras_ser.utils import locks

ROOT = Path(__file__).parents[2]
HOLD = (
    "import sys, time; from keras_ser.utils import locks\n"
    "with locks.held(sys.argv[1], 'the run'):\n"
    "    print('held', flush=True); time.sleep(600)\n"
)


@pytest.fixture
def holder(tmp_path):
    """A process that holds the lock file `lock`."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "lock")],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_the_error_of_a_second_process_names_the_holder(holder, tmp_path):
    path = tmp_path / "lock"
    before = path.read_bytes()
    expected = rf"the run is in use by process {holder.pid} on \S+\. Wait"
    with pytest.raises(ValueError, match=expected), locks.held(path, "the run"):
        pytest.fail("held twice")
    with pytest.raises(ValueError, match=expected):
        locks.check_free(path, "the run")
    assert path.read_bytes() == before


def test_a_killed_holder_holds_nothing(holder, tmp_path):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert (tmp_path / "lock").exists()
    locks.check_free(tmp_path / "lock", "the run")
    with locks.held(tmp_path / "lock", "the run"):
        pass
    assert not (tmp_path / "lock").exists()


def test_a_lock_is_free_after_an_error(tmp_path):
    path = tmp_path / "folder" / "lock"
    with pytest.raises(KeyError), locks.held(path, "the run"):
        raise KeyError
    with locks.held(path, "the run"), pytest.raises(ValueError, match="in use"):
        locks.check_free(path, "the run")
    locks.check_free(path, "the run")
    assert not path.exists()


@pytest.mark.skipif(locks.fcntl is None, reason="on Windows the file stays")
def test_a_file_that_its_last_holder_removed_is_no_lock(tmp_path, monkeypatch):
    """A process that opens it before the removal must not lock it afterwards."""
    path, real, removed = tmp_path / "lock", locks._lock, []

    def lock_late(file):
        if not removed:
            path.unlink()
            removed.append(file)
        return real(file)

    monkeypatch.setattr(locks, "_lock", lock_late)
    with locks.held(path, "the run"):
        assert path.exists()
        assert str(path.read_text()).startswith("process ")
    assert removed


def test_a_file_system_without_locks_is_named(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(locks.fcntl, "flock", fail)
    with (
        pytest.raises(RuntimeError, match="file system with locks.*not supported"),
        locks.held(tmp_path / "lock", "the run"),
    ):
        pytest.fail("held without a lock")
