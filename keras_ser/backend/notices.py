"""The notices that TensorFlow prints, and how they are kept off the terminal.

Most of them are printed while TensorFlow is imported, before it reads the environment
variable that silences the others.
"""

import contextlib
import faulthandler
import importlib.machinery
import logging
import os
import re
import sys
import tempfile
from collections.abc import Iterator

LEVEL = "TF_CPP_MIN_LOG_LEVEL"  # environment variable
SILENT = "3"  # below this level, errors of libraries are printed
STDERR = 2  # file descriptor
NOTICE = re.compile(
    rb"[IW]\d{4} \d\d:\d\d:|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+: [IW] "
    rb"|WARNING: All log messages before absl::InitializeLog"
    rb"|To enable the following instructions: "
    rb"|E.* (failed call to cuInit|Unable to register cu\w+ factory)"
)


def quiet() -> None:
    """Keeps the notices of TensorFlow off the terminal.

    Call it before TensorFlow is imported; `keras_ser.run`, `keras_ser.train` and the
    command line do. TensorFlow still raises its errors as exceptions. What is printed
    during its import and is not one of its notices still appears after the import.

    If the environment variable `TF_CPP_MIN_LOG_LEVEL` is set, it decides alone, and
    this function changes nothing. To see everything, set it to 0.

    Example:

    >>> import keras_ser as ser
    >>> ser.quiet()
    >>> import keras
    """
    if os.environ.setdefault(LEVEL, SILENT) != SILENT or "tensorflow" in sys.modules:
        return
    # Warnings of repeated tracing: each model of a process has its own functions.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    if not any(isinstance(each, _Finder) for each in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


class _Finder:
    """Finds TensorFlow as the other finders do, to be imported without notices."""

    def find_spec(self, name: str, path=None, target=None):
        if name != "tensorflow":
            return None
        for finder in sys.meta_path:
            found = getattr(finder, "find_spec", None)
            spec = found and finder is not self and found(name, path, target)
            if spec:
                return _quietly_loaded(spec)
        return None


def _quietly_loaded(
    spec: importlib.machinery.ModuleSpec,
) -> importlib.machinery.ModuleSpec:
    """The same module, during whose execution notices are held back."""
    execute = getattr(spec.loader, "exec_module", None)
    if execute is None:
        return spec

    def exec_module(module):
        with held_back():
            execute(module)

    spec.loader.exec_module = exec_module
    return spec


@contextlib.contextmanager
def held_back() -> Iterator[None]:
    """Holds back what is written to stderr; afterwards all but notices is written.

    If native code ends the process meanwhile, the place in Python where that happened
    is written at once.
    """
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(tempfile.TemporaryFile())
            terminal = os.dup(STDERR)
        except OSError:  # stderr is closed, or there is no room for the file
            yield
            return
        stack.callback(os.close, terminal)
        crash = not faulthandler.is_enabled()
        if crash:
            faulthandler.enable(terminal)
        _flush()
        os.dup2(file.fileno(), STDERR)
        try:
            yield
        finally:
            _flush()
            os.dup2(terminal, STDERR)
            if crash:
                faulthandler.disable()
            file.seek(0)
            rest = b"".join(each for each in file if not NOTICE.match(each))
            with contextlib.suppress(OSError):  # nobody reads stderr any more
                os.write(STDERR, rest)


def _flush() -> None:
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stderr.flush()
