"""Locks that the operating system releases when their holder dies."""

import contextlib
import os
import socket
import time
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

TRIES, PAUSE = 5, 0.05  # `refuse` of another process takes a free lock for a moment
FAR = 1 << 30  # Windows locks bytes, and a locked byte cannot be read


@contextlib.contextmanager
def held(path, of):
    """Holds the lock file `path` for the block.

    A holder that is killed leaves the file, unlocked. The file must not lie in a
    folder that is renamed under the lock: whoever opens it just before would hold
    the lock of a folder that is gone.

    Args:
        path: the lock file; its folder is made if need be.
        of: what the lock protects, for the error.

    Raises:
        ValueError: somebody holds it.
        RuntimeError: the file system knows no locks.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with _acquired(path, of) as file:
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}".encode())
        try:
            yield
        finally:
            if fcntl:  # an open file cannot be removed on Windows: it stays there
                path.unlink(missing_ok=True)  # before the release, see `_is_at`


def refuse(path, of) -> None:
    """Raises the `ValueError` of `held` if somebody holds the lock `path`."""
    try:
        file = open(path, "r+b", buffering=0)
    except FileNotFoundError:
        return
    with file:
        if not _lock(file):
            raise ValueError(_in_use(file, of))


def _acquired(path: Path, of):
    for _ in range(TRIES):
        number = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        file = os.fdopen(number, "r+b", buffering=0)
        is_locked = _lock(file)
        if is_locked and _is_at(file, path):
            return file
        message = "" if is_locked else _in_use(file, of)
        file.close()
        time.sleep(PAUSE)
    raise ValueError(message or f"{of} is in use. Give the command again.")


def _lock(file) -> bool:
    """Whether the lock was free; it then is the file's until the file is closed."""
    try:
        if fcntl:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            import msvcrt

            file.seek(FAR)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    except (BlockingIOError, PermissionError):
        return False
    except OSError as error:
        raise RuntimeError(
            f"{file.name} must lie on a file system with locks. Received: {error}. "
            "Give another --out."
        ) from error
    finally:
        file.seek(0)
    return True


def _is_at(file, path: Path) -> bool:
    """False if the last holder removed the file between its opening and its lock."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _in_use(file, of) -> str:
    holder = file.read().decode("utf-8", "replace") or "another process"
    return (
        f"{of} is in use by {holder}. Wait until it has finished, or leave that run "
        "out (--systems, --folds), or give another --out."
    )
