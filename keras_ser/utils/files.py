"""Files that are whole or absent."""

import contextlib
import json
import os
from pathlib import Path

LONGEST_NAME = 100  # bytes; of 255 that file systems take, as others are joined to it


@contextlib.contextmanager
def replacing(path):
    """Yields a temporary name that becomes `path` when the block succeeds.

    A crash inside the block leaves `path` as it was and removes the temporary.

    Example:

    >>> with replacing("scores.csv") as temporary:
    ...     frame.to_csv(temporary)
    """
    path = Path(path)
    writable_folder(path.parent)
    temporary = path.with_name(f".{os.getpid()}-{path.name}")  # keeps the suffix
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def writable_folder(path) -> Path:
    """The folder, made if need be.

    Raises:
        ValueError: it cannot be made, is a file, or cannot be written to.
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


def safe_name(what: str, name) -> str:
    """`name`, if it can be that of one file or folder and shows as one.

    Raises:
        ValueError: it is no text, empty, longer than 100 bytes, begins with a dot or
            a blank, ends with `.partial` or a blank, or holds a slash, a backslash or
            what cannot be printed.
    """
    right = (
        isinstance(name, str)
        and name.isprintable()
        and 0 < len(name.encode()) <= LONGEST_NAME
        and name.strip() == name
        and not name.startswith(".")
        and not name.endswith(".partial")
        and not set(name) & set("/\\")
    )
    if not right:
        raise ValueError(
            f"{what} becomes a folder's name: expected 1 to {LONGEST_NAME} printable "
            "bytes without slashes, no dot or blank in front, no `.partial` at the "
            f"end. Received: {_short(name)}. Choose another name."
        )
    return name


def _short(value) -> str:
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:117]}…"


def write_text(path, text: str) -> Path:
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return Path(path)


def write_json(path, value) -> Path:
    """JSON with sorted keys, so that equal values give equal bytes."""
    return write_text(path, json.dumps(value, indent=2, sort_keys=True) + "\n")


def read_json(path):
    """The JSON value in `path`.

    Raises:
        FileNotFoundError: no such file.
        ValueError: the file is no JSON.
    """
    try:
        text = Path(path).read_bytes()
    except FileNotFoundError as error:
        raise FileNotFoundError(_not_json(path, "no such file")) from error
    except OSError as error:
        raise ValueError(_not_json(path, error.strerror)) from error
    return parse_json(text, path)


def parse_json(text: bytes, path):
    """The JSON value in `text`, which was read from `path`.

    Raises:
        ValueError: it is no JSON in UTF-8, or nested beyond reason.
    """
    try:
        return json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(_not_json(path, error)) from error


def read_object(path) -> dict:
    """The JSON object in `path`.

    Raises:
        FileNotFoundError, ValueError: as `read_json`; or it is no object.
    """
    value = read_json(path)
    if not isinstance(value, dict):
        raise ValueError(_not_json(path, f"{type(value).__name__}, no object"))
    return value


def _not_json(path, error) -> str:
    return (
        f"Expected a JSON file. Received: {path} ({error}). "
        "Restore it, or delete the folder it lies in and run again."
    )
