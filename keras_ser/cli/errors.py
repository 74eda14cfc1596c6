"""Errors on the command line: one line on stderr and an exit code."""

import os
import re
import sys
from collections.abc import Callable

FAILED = 1
BAD_INPUT = 2
INTERRUPTED = 130
PIPE_CLOSED = 141  # the exit code of a process that SIGPIPE ended
WRONG_PATH = (
    FileNotFoundError,
    IsADirectoryError,
    NotADirectoryError,
    PermissionError,
)
INTERRUPTED_TEXT = (
    "Interrupted. Complete results are kept. Run the same command again to resume: a "
    "training resumes from its last complete epoch."
)
MAX_LINE_CHARACTERS = 300  # of an error from a graph


def run_command(command: Callable[[], int | None]) -> int:
    """Runs a command and reports its errors, each as one line on stderr.

    Errors of types that are not expected here are bugs of the package and keep their
    traceback.

    Args:
        command: A function that returns an exit code, or None for 0.

    Returns:
        The exit code of the command; 1 if a run failed, 2 for bad input, 130 if the
        command was interrupted, and 141 if nothing reads its output any more, as
        with `| head`.
    """
    try:
        return command() or 0
    except tensorflow_errors() as error:
        return _report(_data_error(error), FAILED)
    except BrokenPipeError:
        _close_stdout()
        return PIPE_CLOSED
    except (ValueError, *WRONG_PATH) as error:
        return _report(error, BAD_INPUT)
    except (RuntimeError, OSError) as error:
        return _report(error, FAILED)
    except KeyboardInterrupt:
        return _report(INTERRUPTED_TEXT, INTERRUPTED)


def tensorflow_errors() -> tuple:
    """Returns the errors that tf.data raises if a file of features is missing or cut.

    TensorFlow is not imported for this. As long as nobody has imported it, nothing
    raises its errors.
    """
    tensorflow = sys.modules.get("tensorflow")
    return (tensorflow.errors.OpError,) if hasattr(tensorflow, "errors") else ()


def _report(error, code: int) -> int:
    """Prints an error and its notes on one line; returns the exit code."""
    text = _system_error(error) if getattr(error, "strerror", None) else str(error)
    text = " ".join([text, *getattr(error, "__notes__", ())])
    _close_bars()
    print(f"keras-ser: {' '.join(text.split())}", file=sys.stderr)
    return code


def _close_stdout() -> None:
    """Redirects stdout to nowhere.

    Otherwise Python would print an error when it flushes the rest of the output.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())


def _close_bars() -> None:
    """Ends the lines of progress bars, so that the error starts on a new line."""
    tqdm = sys.modules.get("tqdm")
    for bar in list(getattr(getattr(tqdm, "tqdm", None), "_instances", ())):
        bar.close()


def _system_error(error: OSError) -> str:
    """Returns the message for an error of the operating system."""
    return (
        f"Expected a file or folder that can be read and written. Received: "
        f"{error.filename or 'none'} ({error.strerror}). Check the path, its "
        "permissions and the free space on its disk."
    )


def _data_error(error) -> RuntimeError:
    """Returns an error of a graph as one sentence, with the file if it names one."""
    named = re.search(r"[^\s'\"]+\.f(?:16|32|64)\b", error.message or "")
    what = f"features in {named[0]}" if named else "features"
    first = (error.message or type(error).__name__).strip().partition("\n")[0]
    found = RuntimeError(
        f"Training expects complete {what}. Received: {first[:MAX_LINE_CHARACTERS]}. "
        "Run the same command again: it extracts damaged features again and resumes."
    )
    for note in getattr(error, "__notes__", ()):
        found.add_note(note)
    return found
