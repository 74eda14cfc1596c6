"""Files that are either complete or absent."""

import contextlib
import errno
import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

# File systems allow 255 bytes, but other names are joined to this one.
MAX_NAME_BYTES = 100
MAX_REPR_CHARACTERS = 120
DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
# What file systems answer that cannot flush a folder, or not without more rights.
NO_FLUSH = (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EBADF, errno.EACCES)


@contextlib.contextmanager
def replacing(path: str | Path, flush_name: bool = True) -> Iterator[Path]:
    """Yields a temporary path that is renamed to `path` when the block succeeds.

    If the block raises, `path` stays as it was and the temporary file is removed. The
    temporary name is random, so that processes on several machines or in several
    containers can write the same file. The content reaches the disk before the new
    name does, so that not even a loss of power leaves a partial file.

    Args:
        path: The file to write. Its folder is created if necessary.
        flush_name: Whether the new name is on the disk when the block ends.
            Otherwise a loss of power may bring back the old file.

    Example:

    >>> with replacing("scores.csv") as temporary:
    ...     frame.to_csv(temporary)
    """
    path = writable_file(path)
    temporary = path.with_name(f".{secrets.token_hex(8)}-{path.name}")  # same suffix
    try:
        yield temporary
        _flush(temporary)
        os.replace(temporary, path)
    except OSError as error:
        # A full disk names no file, and nobody knows the temporary one.
        if error.errno and error.filename in (None, str(temporary)):
            error.filename, error.filename2 = str(path), None
        raise
    finally:
        temporary.unlink(missing_ok=True)
    if flush_name:
        flush_names(path.parent)


def flush_names(folder: str | Path) -> None:
    """Makes sure that new names in a folder are on the disk.

    Some systems cannot flush a folder. There, nothing happens.

    Args:
        folder: The folder.
    """
    if os.name != "posix":
        return
    try:
        _flush(folder)
    except OSError as error:
        if error.errno not in NO_FLUSH:
            raise


def _flush(path: str | Path) -> None:
    """Waits until the content of a file or folder is on the disk."""
    # Windows flushes only what may be written to.
    descriptor = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def writable_folder(path: str | Path) -> Path:
    """Creates a folder if necessary and returns it.

    Raises:
        ValueError: If it cannot be created, is a file, or cannot be written to.
    """
    path = Path(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
        allowed = os.access(path, os.W_OK | os.X_OK)
        reason = "" if allowed else "no permission to write"
    except (PermissionError, FileExistsError, NotADirectoryError) as error:
        reason = error.strerror
    if reason:
        raise ValueError(
            f"Expected a folder that can be written to. Received: {path} ({reason}). "
            "Give another folder, or change its permissions."
        )
    return path


def writable_file(path: str | Path) -> Path:
    """Returns the path of a file to write, whose folder is created if necessary.

    Raises:
        ValueError: If it is a folder, or if its folder cannot be written to.
    """
    if not str(path) or Path(path).is_dir():
        raise ValueError(
            f"Expected the path of a file to write. Received: {str(path)!r}"
            f"{', which is a folder' if str(path) else ''}. Add the name of the file."
        )
    writable_folder(Path(path).parent)
    return Path(path)


def safe_name(what: str, name) -> str:
    """Returns `name` if it can safely be the name of one file or folder.

    Args:
        what: What has this name, for the error message.
        name: The name to check.

    Raises:
        ValueError: If it is not text, is empty or longer than 100 bytes, starts with a
            dot or a space, ends with `.partial` or a space, or holds a slash, a
            backslash or characters that cannot be printed.
    """
    is_safe = (
        isinstance(name, str)
        and name.isprintable()
        and 0 < len(name.encode()) <= MAX_NAME_BYTES
        and name.strip() == name
        and not name.startswith(".")
        and not name.endswith(".partial")
        and not set(name) & set("/\\")
    )
    if not is_safe:
        raise ValueError(
            f"{what} becomes a folder's name. Expected 1 to {MAX_NAME_BYTES} bytes of "
            "printable text without slashes, with no dot or space at the start and no "
            f"space or `.partial` at the end. Received: {short_repr(name)}. Choose "
            "another name."
        )
    return name


def short_repr(value) -> str:
    """Returns `repr(value)`, cut to a length that fits into an error message."""
    text = repr(value)
    if len(text) <= MAX_REPR_CHARACTERS:
        return text
    return f"{text[: MAX_REPR_CHARACTERS - 1]}…"


def as_utf8(text: str) -> str:
    """Escapes what UTF-8 cannot hold: bytes of a path that are not UTF-8."""
    return text.encode("utf-8", "backslashreplace").decode()


def write_text(path: str | Path, text: str) -> Path:
    """Writes text as UTF-8 and returns the path."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return Path(path)


def write_json(path: str | Path, value) -> Path:
    """Writes JSON with sorted keys, so that equal values give equal bytes."""
    return write_text(path, json.dumps(value, indent=2, sort_keys=True) + "\n")


def read_json(path: str | Path):
    """Returns the JSON value in `path`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is not JSON.
    """
    try:
        text = Path(path).read_bytes()
    except FileNotFoundError as error:
        raise FileNotFoundError(_not_json(path, "no such file")) from error
    except OSError as error:
        raise ValueError(_not_json(path, error.strerror)) from error
    return parse_json(text, path)


def parse_json(text: bytes, path: str | Path):
    """Returns the JSON value in `text`, which was read from `path`.

    Raises:
        ValueError: If it is not JSON in UTF-8, or is nested too deeply.
    """
    try:
        return json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(_not_json(path, error)) from error


def read_object(path: str | Path) -> dict:
    """Returns the JSON object in `path`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is not JSON, or its value is not an object.
    """
    value = read_json(path)
    if not isinstance(value, dict):
        raise ValueError(_not_json(path, f"a {type(value).__name__}, not an object"))
    return value


def _not_json(path, error) -> str:
    return (
        f"Expected a JSON file. Received: {path} ({error}). "
        "Restore the file, or delete its folder and run again."
    )
