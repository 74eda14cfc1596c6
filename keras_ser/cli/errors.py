"""Errors as the command line tells them: one line on stderr and an exit code."""

import os
import re
import sys
from collections.abc import Callable

FAILED = 1
BAD_INPUT = 2
INTERRUPTED = 130
PIPE_CLOSED = 141  # as a shell tells SIGPIPE
WRONG_PATH = (
    FileNotFoundError,
    IsADirectoryError,
    NotADirectoryError,
    PermissionError,
)
INTERRUPTED_TEXT = (
    "Interrupted. What is complete stays. Give the same command to go on: a training "
    "does from its last complete epoch."
)


def reported(command: Callable[[], int | None]) -> int:
    """Runs a command.

    Returns:
        0; 1 where a run failed, 2 for bad input, 130 when interrupted, each with one
        line on stderr; 141 when nobody reads what is printed any more, as behind
        `| head`. What is none of these is a mistake of ours and keeps its traceback.
    """
    try:
        return command() or 0
    except tensorflow_errors() as error:
        return _complain(_of_data(error), FAILED)
    except BrokenPipeError:
        _close_stdout()
        return PIPE_CLOSED
    except (ValueError, *WRONG_PATH) as error:
        return _complain(error, BAD_INPUT)
    except (RuntimeError, OSError) as error:
        return _complain(error, FAILED)
    except KeyboardInterrupt:
        return _complain(INTERRUPTED_TEXT, INTERRUPTED)


def tensorflow_errors() -> tuple:
    """What tf.data raises where a file of features is gone or cut.

    TensorFlow is not imported for it: without it, nobody raises them.
    """
    tensorflow = sys.modules.get("tensorflow")
    return (tensorflow.errors.OpError,) if hasattr(tensorflow, "errors") else ()


def _complain(error, code: int) -> int:
    text = _of_system(error) if getattr(error, "strerror", None) else str(error)
    text = " ".join([text, *getattr(error, "__notes__", ())])
    _close_bars()
    print(f"keras-ser: {' '.join(text.split())}", file=sys.stderr)
    return code


def _close_stdout() -> None:
    """Python would complain when it flushes what is left at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())


def _close_bars() -> None:
    """Ends the lines of progress bars, so that what follows has a line of its own."""
    tqdm = sys.modules.get("tqdm")
    for bar in list(getattr(getattr(tqdm, "tqdm", None), "_instances", ())):
        bar.close()


def _of_system(error: OSError) -> str:
    return (
        f"Expected a file or folder that can be read and written. Received: "
        f"{error.filename or 'none'} ({error.strerror}). Check the path, its "
        "permissions and the room on its disk."
    )


def _of_data(error) -> RuntimeError:
    """An error of the graph as one sentence, with the file where it names one."""
    named = re.search(r"[^\s'\"]+\.f(?:16|32|64)\b", error.message or "")
    what = f"features in {named[0]}" if named else "features"
    first = (error.message or type(error).__name__).strip().partition("\n")[0]
    text = RuntimeError(
        f"Training expects {what} that are whole. Received: {first[:300]}. Give the "
        "same command again: it extracts what is damaged, and goes on."
    )
    for note in getattr(error, "__notes__", ()):
        text.add_note(note)
    return text
