"""Locks have one holder across processes, and none after a kill."""

import dataclasses
import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from keras_ser.utils import lock_files, lock_holder, locks

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
        real(file)

    monkeypatch.setattr(locks, "_lock", lock_late)
    with locks.held(path, "the run"):
        assert path.exists()
        assert str(path.read_text()).startswith("process ")
    assert removed


def test_a_file_that_cannot_be_locked_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(locks, "_lock", failing(errno.EIO))
    path = tmp_path / "lock"
    with pytest.raises(RuntimeError) as caught, locks.held(path, "the run"):
        pytest.fail("held without a lock")
    assert f"Received: {path} (" in str(caught.value)
    assert "another --out" in str(caught.value)


def test_a_lock_whose_holder_has_ended_says_so(tmp_path, monkeypatch):
    path = tmp_path / "lock"
    gone = dataclasses.replace(lock_holder.this_process(), process=ended_process())
    path.write_bytes(gone.encode())
    monkeypatch.setattr(locks, "_lock", failing(errno.EAGAIN))
    with pytest.raises(ValueError, match=rf"for {gone}, which has ended\."):
        locks.check_free(path, "the run")


# === File systems without locks ===


@pytest.fixture
def without_locks(monkeypatch):
    monkeypatch.setattr(locks, "_lock", failing(errno.ENOLCK))


@pytest.fixture
def held_file(tmp_path):
    """The file that is the lock where there are no others."""
    return lock_files.lock_file(tmp_path / "lock")


@pytest.mark.usefixtures("without_locks")
@pytest.mark.parametrize("check", [locks.check_free, locks.held])
def test_without_locks_a_file_has_one_holder(tmp_path, held_file, check):
    path = tmp_path / "lock"
    words = rf"the run is in use by process {os.getpid()} on .* delete {held_file}"
    with locks.held(path, "the run"):
        with pytest.raises(ValueError, match=words):
            enter(check(path, "the run"))
    assert not list(tmp_path.iterdir())
    locks.check_free(path, "the run")


@pytest.mark.parametrize("check", [locks.check_free, locks.held])
def test_a_machine_with_locks_sees_the_holder_on_one_without(
    tmp_path, monkeypatch, check
):
    path = tmp_path / "lock"
    with monkeypatch.context() as patch:
        patch.setattr(locks, "_lock", failing(errno.ENOSYS))
        other = locks.held(path, "the run")
        other.__enter__()
    with pytest.raises(ValueError, match="in use by process"):
        enter(check(path, "the run"))
    other.__exit__(None, None, None)


@pytest.mark.usefixtures("without_locks")
@pytest.mark.parametrize(
    "change",
    [
        {"process": "ended"},
        {"start": 1},  # another process has got the number
        {"boot": "other pid:[1]"},
    ],
)
@pytest.mark.skipif(not lock_holder.BOOT_FILE.exists(), reason="needs Linux")
def test_the_file_of_a_holder_that_is_gone_is_taken_over(tmp_path, held_file, change):
    if "process" in change:
        change = {"process": ended_process()}
    gone = dataclasses.replace(lock_holder.this_process(), **change)
    held_file.write_bytes(gone.encode())
    locks.check_free(tmp_path / "lock", "the run")
    with locks.held(tmp_path / "lock", "the run"):
        holder = lock_holder.decode(held_file.read_bytes())
        assert holder == lock_holder.this_process()
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("without_locks")
@pytest.mark.parametrize(
    "content",
    [
        b"",  # it was killed before it wrote its name
        b"process 1 on a machine",
        dataclasses.replace(lock_holder.this_process(), host="elsewhere").encode(),
        # In another container, numbers of processes mean nothing here.
        dataclasses.replace(
            lock_holder.this_process(),
            process=2**22 + 1,
            boot=f"{lock_holder.this_process().boot.partition(' ')[0]} pid:[1]",
        ).encode(),
    ],
)
def test_a_file_whose_holder_may_run_stays(tmp_path, held_file, content):
    held_file.write_bytes(content)
    for check in (locks.check_free, locks.held):
        with pytest.raises(ValueError, match=f"has ended, delete {held_file}"):
            enter(check(tmp_path / "lock", "the run"))
    assert held_file.read_bytes() == content


@pytest.mark.usefixtures("without_locks")
def test_a_removal_that_was_killed_is_named(tmp_path, held_file):
    gone = dataclasses.replace(lock_holder.this_process(), process=ended_process())
    held_file.write_bytes(gone.encode())
    removal = tmp_path / f"{held_file.name}.removal"
    removal.touch()
    with pytest.raises(ValueError, match=f"delete {removal}"):
        enter(locks.held(tmp_path / "lock", "the run"))
    removal.unlink()
    enter(locks.held(tmp_path / "lock", "the run"))


def enter(context) -> None:
    """Enters and leaves a context, if it is one."""
    if context is not None:
        with context:
            pass


def failing(number: int):
    def fail(*_):
        raise OSError(number, os.strerror(number))

    return fail


def ended_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid
