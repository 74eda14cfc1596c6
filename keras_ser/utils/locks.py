"""Locks that the operating system releases when the process that holds them ends."""

import contextlib
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

# `check_free` in another process holds a free lock for a moment.
MAX_TRIES, PAUSE_SECONDS = 5, 0.05
LOCKED_BYTE = 1 << 30  # Windows locks bytes, and a locked byte cannot be read


@contextlib.contextmanager
def held(path: str | Path, of: str | Path) -> Iterator[None]:
    """Holds the lock file `path` while the block runs.

    If the holder is killed, the file stays behind, unlocked. The file must not lie in
    a folder that is renamed while the lock is held: a process that opened the file
    just before would hold the lock of a folder that is gone.

    Args:
        path: The lock file. Its folder is created if necessary.
        of: What the lock protects, for the error message.

    Raises:
        ValueError: If another process holds the lock.
        RuntimeError: If the file system does not support locks.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with _acquire(path, of) as file:
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}".encode())
        try:
            yield
        finally:
            if fcntl:  # on Windows the file stays: it cannot be removed while open
                path.unlink(missing_ok=True)  # before the release, see `_is_at`


def check_free(path: str | Path, of: str | Path) -> None:
    """Raises the `ValueError` of `held` if another process holds the lock `path`."""
    try:
        file = open(path, "r+b", buffering=0)
    except FileNotFoundError:
        return
    with file:
        if not _lock(file):
            raise ValueError(_in_use(file, of))


def _acquire(path: Path, of):
    """Opens and locks the file."""
    for _ in range(MAX_TRIES):
        number = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        file = os.fdopen(number, "r+b", buffering=0)
        is_locked = _lock(file)
        if is_locked and _is_at(file, path):
            return file
        message = "" if is_locked else _in_use(file, of)
        file.close()
        time.sleep(PAUSE_SECONDS)
    raise ValueError(message or f"{of} is in use. Try again.")


def _lock(file) -> bool:
    """Locks a file until it is closed. Returns whether the lock was free."""
    try:
        if fcntl:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            import msvcrt

            file.seek(LOCKED_BYTE)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    except (BlockingIOError, PermissionError):
        return False
    except OSError as error:
        raise RuntimeError(
            f"{file.name} must lie on a file system with locks. Received: {error}. "
            "Give another --out (in Python: out=…)."
        ) from error
    finally:
        file.seek(0)
    return True


def _is_at(file, path: Path) -> bool:
    """Returns whether an open file is still the one at `path`.

    It is not if the last holder removed it after it was opened and before it was
    locked.
    """
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _in_use(file, of) -> str:
    holder = file.read().decode("utf-8", "replace") or "another process"
    return (
        f"{of} is in use by {holder}. Wait until it has finished, or leave it out, or "
        "give another folder of runs (--out, in Python: out=…)."
    )
