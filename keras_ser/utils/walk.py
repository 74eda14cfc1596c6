"""The files in a folder, by the same rules wherever a user's folder is read."""

import os
from collections.abc import Iterator
from pathlib import Path


def visible_files(root: str | Path) -> Iterator[Path]:
    """Yields all files below a folder, and follows links to folders.

    Hidden files and folders are left out: those whose name starts with a dot, and the
    folder `__MACOSX` that archives made on a Mac contain.

    Args:
        root: The folder.
    """
    seen = set()
    for folder, inside, names in os.walk(root, followlinks=True):
        inside[:] = [name for name in inside if not is_hidden(name)]
        real = os.path.realpath(folder)
        if real in seen:  # the folder has been visited, such as a link to a parent
            inside.clear()
            continue
        seen.add(real)
        yield from (Path(folder, name) for name in names if not is_hidden(name))


def is_hidden(name: str) -> bool:
    """Whether a file or folder of this name is left out."""
    return name.startswith(".") or name == "__MACOSX"
