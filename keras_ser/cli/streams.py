"""What the command line writes to stdout and stderr."""

import contextlib
import os
import sys
import tempfile

MAX_CHARACTERS = 3_000  # of a message, half of them at its end


def replace_unknown_signs() -> None:
    """Makes stdout and stderr write `?` for a sign that their encoding does not have.

    A job log may be Latin-1 or ASCII. A finished run must not fail because of it.
    """
    for stream in (sys.stdout, sys.stderr):
        errors = getattr(stream, "errors", None)
        is_utf8 = (getattr(stream, "encoding", None) or "").lower() in ("utf-8", "utf8")
        if errors == "strict" or (errors == "surrogateescape" and not is_utf8):
            stream.reconfigure(errors="replace")


def write_line(text: str) -> None:
    """Writes a message as one line of bounded length to stderr, if anybody reads it."""
    with contextlib.suppress(OSError, ValueError):  # ValueError: it is closed
        print(f"keras-ser: {shorten(' '.join(text.split()))}", file=sys.stderr)


def shorten(text: str) -> str:
    """Returns the start and the end of a long text, and the name of a file with all.

    The start says what was expected, and the end what to do.
    """
    if len(text) <= MAX_CHARACTERS:
        return text
    half = MAX_CHARACTERS // 2
    cut = len(text) - 2 * half
    return f"{text[:half]}… [{cut} characters{_in_file(text)}] …{text[-half:]}"


def _in_file(text: str) -> str:
    """Writes a text to a temporary file; returns where it is."""
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="keras-ser-", suffix=".log", delete=False, encoding="utf-8",
            errors="backslashreplace",
        ) as file:  # fmt: skip
            file.write(f"{text}\n")
    except OSError:  # the disk is full
        return " left out"
    return f", see {file.name}"


def flush() -> None:
    """Writes what is left of stdout, and raises if that is impossible."""
    if sys.stdout is not None:
        sys.stdout.flush()


def discard() -> None:
    """Redirects the streams that nobody reads to nowhere.

    Otherwise Python would print an error when it flushes the rest of their output.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            _redirect(stream)


def _redirect(stream) -> None:
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
