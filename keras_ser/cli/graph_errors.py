"""Errors of TensorFlow, and a lack of memory on any backend, in plain words."""

import re
import sys

MAX_CHARACTERS = 300  # of what TensorFlow said
FEATURES = re.compile(r"\[?([^\s'\"\[]+\.f(?:16|32|64))\b")
NO_MEMORY = re.compile(
    r"\bOOM\b|out of memory|OUT_OF_MEMORY|RESOURCE_EXHAUSTED|failed to allocate", re.I
)
NO_SPACE = re.compile(r"no space left|disk quota|ENOSPC", re.I)
OF_FILES = {
    "AlreadyExistsError",
    "DataLossError",
    "FailedPreconditionError",
    "NotFoundError",
    "OutOfRangeError",
    "PermissionDeniedError",
    "UnavailableError",
}
# Lines around the one that says what is wrong.
NOISE = re.compile(
    r"Graph execution error|Detected at node|Original stack trace|<stack traces|"
    r"\s*File \"|\s*\d+ root error|\s*\[\[|Node:|\s{4,}"
)
MEMORY = (
    "A batch needs more memory than is free. Received: {0}. Use a smaller batch "
    "(--set training.batch=8), shorter windows (--set features.seconds=4) or fewer "
    "--workers, or end other programs that use the device."
)
DISK = (
    "Expected files that can be read and written. Received: {0}. Check the path, its "
    "permissions and the free space on its disk, and run the same command again."
)
DAMAGED = (
    "Training expects complete features in {1}. Received: {0}. Run the same command "
    "again: it extracts missing features and resumes. `keras-ser features CONFIG "
    "--verify` also extracts damaged ones again."
)
SHAPES = (
    "Expected arrays whose shapes and values fit together. Received: {0}. If the "
    "model, front-end or augmentation is your own, check what it returns. Otherwise "
    "this is a bug of keras_ser."
)
OTHER = (
    "Expected TensorFlow to compute a step. Received: {0}. Run the same command "
    "again. If this happens again, check the installation of TensorFlow."
)


def kinds() -> tuple[type[Exception], ...]:
    """Returns the class of TensorFlow's errors.

    TensorFlow is not imported for this. As long as nobody has imported it, nothing
    raises its errors.
    """
    tensorflow = sys.modules.get("tensorflow")
    return (tensorflow.errors.OpError,) if hasattr(tensorflow, "errors") else ()


def is_lack_of_memory(error: Exception) -> bool:
    """Returns whether a device or the machine had too little memory."""
    text = str(error)
    is_named = bool(NO_MEMORY.search(text)) and not NO_SPACE.search(text)
    of_backend = isinstance(error, (RuntimeError, *kinds()))
    return isinstance(error, MemoryError) or (of_backend and is_named)


def explain(error: Exception) -> RuntimeError:
    """Returns an error as one sentence with the next step, and with its notes.

    Args:
        error: An error of TensorFlow, or one for which `is_lack_of_memory` is true.
    """
    text = str(getattr(error, "message", None) or error)
    named = FEATURES.search(text)
    said = _said(text) or type(error).__name__
    words = _words(error, text, bool(named)).format(said, named[1] if named else "")
    found = RuntimeError(words)
    for note in getattr(error, "__notes__", ()):
        found.add_note(note)
    return found


def _words(error: Exception, text: str, names_features: bool) -> str:
    kind = type(error).__name__
    if NO_SPACE.search(text):
        return DISK
    if kind == "ResourceExhaustedError" or is_lack_of_memory(error):
        return MEMORY
    if names_features:
        return DAMAGED
    if kind in OF_FILES:
        return DISK
    return SHAPES if kind == "InvalidArgumentError" else OTHER


def _said(text: str) -> str:
    """Returns the line of a message that says what is wrong."""
    lines = [line for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if not NOISE.match(line)] or lines[:1]
    return " ".join(telling[:1]).strip()[:MAX_CHARACTERS].rstrip(".")
