"""Attempts to get a wrong number out of the package, one module per promise."""

from collections.abc import Callable

REFUSALS = (ValueError, FileNotFoundError)


def refused(call: Callable) -> str:
    """The fault of a call that must be an error, or an empty text."""
    try:
        call()
    except REFUSALS:
        return ""
    return "accepted"
