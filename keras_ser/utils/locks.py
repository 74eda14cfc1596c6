"""Locks that end with the process that holds them.

The operating system releases them. On a file system without locks, such as some
network disks, `lock_files` takes their place.
"""

import contextlib
import errno
import os
import time
from collections.abc import Iterator
from pathlib import Path

from keras_ser.utils import lock_files, lock_holder

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

# `check_free` in another process holds a free lock for a moment.
MAX_TRIES, PAUSE_SECONDS = 5, 0.05
LOCKED_BYTE = 1 << 30  # Windows locks bytes, and a locked byte cannot be read
# What file systems without locks answer.
WITHOUT_LOCKS = {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS}


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
        RuntimeError: If the file cannot be locked for another reason.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(_acquire(path, of))
        if file.is_locked:
            lock_files.check_free(path, of)  # where another machine has no locks
            file.write(lock_holder.this_process().encode())
        else:
            stack.enter_context(lock_files.held(path, of))
        try:
            yield
        finally:
            if fcntl:  # on Windows the file stays: it cannot be removed while open
                path.unlink(missing_ok=True)  # before the release, see `is_at`


def check_free(path: str | Path, of: str | Path) -> None:
    """Raises the `ValueError` of `held` if another process holds the lock `path`."""
    path = Path(path)
    with contextlib.suppress(FileNotFoundError), _LockFile(path, create=False) as file:
        if not file.lock():
            raise ValueError(file.in_use(of))
    lock_files.check_free(path, of)


def _acquire(path: Path, of) -> "_LockFile":
    """Opens the file, and locks it unless the file system has no locks."""
    for _ in range(MAX_TRIES):
        with contextlib.ExitStack() as stack:
            file = stack.enter_context(_LockFile(path))
            message = "" if file.lock() else file.in_use(of)
            if not message and file.is_at(path):
                stack.pop_all()
                return file
        time.sleep(PAUSE_SECONDS)
    raise ValueError(message or f"{of} is in use. Try again.")


class _LockFile:
    """An open lock file.

    Args:
        path: Its path.
        create: Whether it is created if necessary.

    Attributes:
        is_locked: Whether `lock` has locked it.
    """

    def __init__(self, path: Path, create: bool = True):
        self.path, self.is_locked = path, False
        number = os.open(path, os.O_RDWR | (os.O_CREAT if create else 0), 0o666)
        self._file = os.fdopen(number, "r+b", buffering=0)

    def lock(self) -> bool:
        """Locks the file until it is closed.

        Returns:
            Whether no other process has locked it; True if no process can.
        """
        try:
            _lock(self._file)
        except (BlockingIOError, PermissionError):
            return False
        except OSError as error:
            if error.errno in WITHOUT_LOCKS:
                return True
            raise RuntimeError(
                f"Expected a file that can be locked. Received: {self.path} "
                f"({error.strerror}). Give another --out (in Python: out=…)."
            ) from error
        self.is_locked = True
        return True

    def is_at(self, path: Path) -> bool:
        """Returns whether the file is still the one at `path`.

        It is not if the last holder removed it after it was opened and before it was
        locked.
        """
        try:
            return os.path.samestat(os.fstat(self._file.fileno()), path.stat())
        except FileNotFoundError:
            return False

    def write(self, content: bytes) -> None:
        """Replaces the content."""
        self._file.truncate(0)
        self._file.write(content)

    def in_use(self, of) -> str:
        """Returns the message of a lock that another process holds."""
        self._file.seek(0)
        content = self._file.read()
        holder = lock_holder.decode(content)
        if holder and holder.is_gone():
            return (
                f"{of} is still locked for {holder}, which has ended. Expected that "
                "all processes that it started have ended too. End those that run, or "
                "give another folder of runs (--out, in Python: out=…)."
            )
        known = content.decode("utf-8", "replace").partition("\n")[0]
        return f"{of} is in use by {known or 'another process'}. {lock_files.ADVICE}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()


def _lock(file) -> None:
    if fcntl:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return
    import msvcrt

    file.seek(LOCKED_BYTE)
    try:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    finally:
        file.seek(0)
