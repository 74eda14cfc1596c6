"""Files that are locks themselves, for file systems whose files cannot be locked.

Only one process can create such a file. If its holder is killed, the file stays. The
next process on the same machine sees from its content that the holder is gone, and
takes it over.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from keras_ser.utils import lock_holder

MAX_TRIES = 5
ADVICE = (
    "Wait until it has finished, or leave it out, or give another folder of runs "
    "(--out, in Python: out=…)."
)


@contextlib.contextmanager
def held(path: Path, of: str | Path) -> Iterator[None]:
    """Holds the file that `lock_file` names for `path` while the block runs.

    Raises:
        ValueError: If it has a holder that may still run.
    """
    file = lock_file(path)
    _create(file, of)
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def check_free(path: Path, of: str | Path) -> None:
    """Raises the `ValueError` of `held` if the lock has a holder."""
    file = lock_file(path)
    with contextlib.suppress(FileNotFoundError):
        holder = lock_holder.decode(file.read_bytes())
        if holder is None or not holder.is_gone():
            raise ValueError(_in_use(file, holder, of))


def lock_file(path: Path) -> Path:
    """Returns the path of the file."""
    return path.with_name(f"{path.name}.held")


def _create(file: Path, of) -> None:
    for _ in range(MAX_TRIES):
        try:
            number = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        except FileExistsError:
            _remove_stale(file, of)
            continue
        with os.fdopen(number, "wb") as stream:
            stream.write(lock_holder.this_process().encode())
        return
    raise ValueError(f"{of} is in use. Try again.")


def _remove_stale(file: Path, of) -> None:
    """Removes a file whose holder is gone, and raises if it may still run.

    Of several processes that find the file, only one may remove it: a second one could
    remove that of the next holder. So the removal needs a file of its own.
    """
    removal = file.with_name(f"{file.name}.removal")
    try:
        os.close(os.open(removal, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
    except FileExistsError as error:
        raise ValueError(
            f"{of} is in use. Try again. If this message does not change, no other "
            f"process runs, so delete {removal}."
        ) from error
    try:
        with contextlib.suppress(FileNotFoundError):  # its holder has just finished
            holder = lock_holder.decode(file.read_bytes())
            if holder is None or not holder.is_gone():
                raise ValueError(_in_use(file, holder, of))
            file.unlink()
    finally:
        removal.unlink()


def _in_use(file: Path, holder, of) -> str:
    return (
        f"{of} is in use by {holder or 'another process'}. {ADVICE} If that process "
        f"has ended, delete {file}."
    )
