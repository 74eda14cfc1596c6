"""Files that are whole or absent."""

import contextlib
import json
import os
from pathlib import Path


@contextlib.contextmanager
def replacing(path):
    """Yields a temporary name that becomes `path` when the block succeeds.

    A crash inside the block leaves `path` as it was and removes the temporary.

    Example:

    >>> with replacing("scores.csv") as temporary:
    ...     frame.to_csv(temporary)
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{os.getpid()}-{path.name}")  # keeps the suffix
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


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
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise ValueError(_not_json(path, error)) from error
    except json.JSONDecodeError as error:
        raise ValueError(_not_json(path, error)) from error


def _not_json(path, error) -> str:
    return (
        f"Expected a JSON file. Received: {path} ({error}). "
        "Restore it, or delete the folder it lies in and run again."
    )
