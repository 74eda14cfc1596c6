"""Patterns with a group, which find a speaker or an emotion in the path of a file."""

import re


def compile_pattern(text: str) -> tuple[re.Pattern | None, str]:
    """Compiles a pattern that must have a group.

    Args:
        text: A regular expression.

    Returns:
        The pattern, and why it cannot be used; the latter is empty if it can.
    """
    try:
        pattern = re.compile(text)
    except re.error as error:
        return None, str(error)
    return pattern, "" if pattern.groups else "no group"


def find(pattern: re.Pattern, path: str) -> str:
    """What the groups of a pattern find in a path, joined, or an empty text."""
    found = pattern.search(path)
    return "".join(filter(None, found.groups())) if found else ""
