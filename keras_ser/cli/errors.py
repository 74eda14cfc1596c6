"""Errors on the command line: one line on stderr and an exit code."""

import signal
import sys
from collections.abc import Callable

from keras_ser.cli import graph_errors, streams
from keras_ser.utils import files, signals

FAILED = 1
BAD_INPUT = 2
SIGNALLED = 128  # plus the number of the signal
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


def run_command(command: Callable[[], int | None]) -> int:
    """Runs a command and reports its errors, each as one line on stderr.

    Errors of types that are not expected here are bugs of the package and keep their
    traceback.

    Args:
        command: A function that returns an exit code, or None for 0.

    Returns:
        The exit code of the command; 1 if a run failed, 2 for bad input, 128 and the
        number of the signal if one interrupted the command (130 for Ctrl-C, 143 for
        SIGTERM), and 141 if nothing reads its output any more, as with `| head`.
    """
    try:
        with signals.interrupting():
            code = command() or 0
            streams.flush()
        return code
    except graph_errors.kinds() as error:
        return _report(graph_errors.explain(error), FAILED)
    except BrokenPipeError:
        return PIPE_CLOSED
    except (ValueError, *WRONG_PATH) as error:
        return _report(error, BAD_INPUT)
    except MemoryError as error:
        return _report(graph_errors.explain(error), FAILED)
    except (RuntimeError, OSError) as error:
        lacks_memory = graph_errors.is_lack_of_memory(error)
        return _report(graph_errors.explain(error) if lacks_memory else error, FAILED)
    except KeyboardInterrupt as error:
        number = getattr(error, "number", signal.SIGINT)
        return _report(INTERRUPTED_TEXT, SIGNALLED + number)
    finally:
        streams.discard()


def _report(error, code: int) -> int:
    """Prints an error and its notes on one line; returns the exit code."""
    text = _system_error(error) if getattr(error, "strerror", None) else str(error)
    _close_bars()
    streams.write_line(" ".join([text, *getattr(error, "__notes__", ())]))
    return code


def _close_bars() -> None:
    """Ends the lines of progress bars, so that the error starts on a new line."""
    tqdm = sys.modules.get("tqdm")
    for bar in list(getattr(getattr(tqdm, "tqdm", None), "_instances", ())):
        bar.close()


def _system_error(error: OSError) -> str:
    """Returns the message for an error of the operating system."""
    received = f"{error.filename or 'no path'} ({error.strerror})"
    if error.errno in files.DISK_FULL:
        return (
            f"Expected room on the disk. Received: {received}. Make room and run the "
            "same command again: complete results are kept."
        )
    return (
        "Expected a file or folder that can be read and written. Received: "
        f"{received}. Check the path and its permissions."
    )
