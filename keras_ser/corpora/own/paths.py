"""The files of a list as they are called on disk."""

import os
from collections.abc import Callable, Iterable
from functools import cache

from keras_ser.corpora import people


def on_disk(folder: str | os.PathLike, names: Iterable[str]) -> list[str]:
    """Returns the paths of files below a folder, spelled as on disk.

    A list and a disk may write `ö` as one character or as two (Unicode's composed and
    decomposed form). A file that exists as it is listed is not looked for.

    Args:
        folder: The folder that the names are relative to.
        names: Paths relative to the folder, or absolute ones.
    """
    listing = cache(_names)  # each folder is listed once
    joined = (os.path.join(folder, name) for name in names)
    return [path if path.isascii() else _find(path, listing) for path in joined]


def _find(path: str, listing: Callable[[str], dict[str, list[str]]]) -> str:
    """Returns the path as it is on disk, or itself if there is no such file."""
    if os.path.exists(path):
        return path
    head, tail = os.path.split(path)
    if not tail or head == path:
        return path
    parent = _find(head, listing)
    found = listing(parent).get(people.composed(tail), [])
    return os.path.join(parent, found[0]) if len(found) == 1 else path


def _names(folder: str) -> dict[str, list[str]]:
    """The names in a folder by their composed form, empty if it does not exist."""
    names: dict[str, list[str]] = {}
    for name in os.listdir(folder) if os.path.isdir(folder) else []:
        names.setdefault(people.composed(name), []).append(name)
    return names
