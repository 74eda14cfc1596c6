"""Messages between a process and its parent: Python objects, each after its size."""

import pickle
import sys
from typing import Any

SIZE_BYTES = 8


def encode(value) -> bytes:
    """Returns an object as bytes, also functions and classes of the main script."""
    import joblib

    return pickle.dumps(joblib.wrap_non_picklable_objects(value, keep_wrapper=False))


def decode(message: bytes) -> Any:
    """Returns the object that `encode` made bytes of."""
    return pickle.loads(message)


def send(stream, message: bytes) -> None:
    """Writes a message to a stream."""
    stream.write(len(message).to_bytes(SIZE_BYTES, "little") + message)
    stream.flush()


def receive(stream) -> bytes:
    """Reads a message from a stream.

    Raises:
        EOFError: If the stream has ended.
    """
    size = int.from_bytes(_read(stream, SIZE_BYTES), "little")
    return _read(stream, size)


def _read(stream, size: int) -> bytes:
    found = stream.read(size)
    if len(found) < size:
        raise EOFError(f"Expected {size} bytes. Received: {len(found)}.")
    return found


def portable(error: Exception) -> Exception:
    """Returns an error that another process can rebuild from its class and arguments.

    An error that cannot be rebuilt becomes a `RuntimeError` with its text.
    """
    kind = type(error)
    known = getattr(sys.modules.get(kind.__module__), kind.__qualname__, None) is kind
    try:
        decode(encode(error))
    except Exception:  # a class may require any arguments, and hold anything
        known = False
    if known:
        return error
    rebuilt = RuntimeError(f"{kind.__name__}: {error}")
    rebuilt.__notes__ = list(getattr(error, "__notes__", ()))
    return rebuilt
