"""The files in a folder, by the same rules wherever a user's folder is read."""

import os
import warnings
from collections.abc import Iterator
from pathlib import Path


def visible_files(root: str | Path) -> Iterator[Path]:
    """Yields all files below a folder, and follows links to folders.

    Hidden files and folders are left out: those whose name starts with a dot, and the
    folder `__MACOSX` that archives made on a Mac contain.

    A folder is visited once, however many links lead to it. Real folders come first,
    and then links in the order of their names, so that the same files have the same
    paths on every machine. A warning names a link that was left out, unless it leads
    back to a folder above it.

    Args:
        root: The folder.
    """
    seen: dict[str, str] = {}
    pending = [os.fspath(root)]
    while pending:
        links: list[str] = []
        for start in pending:
            yield from _visible_below(start, seen, links)
        pending = links


def _visible_below(start: str, seen: dict[str, str], links: list[str]):
    """The files below a folder or a link; links to further folders are collected."""
    for folder, inside, names in os.walk(start):
        real = os.path.realpath(folder)
        if real in seen:
            inside.clear()
            if not f"{folder}{os.sep}".startswith(f"{seen[real]}{os.sep}"):
                warnings.warn(
                    f"The folder {folder} is the same as {seen[real]}. Its files are "
                    "used once, under the second path.",
                    stacklevel=3,
                )
            continue
        seen[real] = folder
        inside[:] = sorted(name for name in inside if not is_hidden(name))
        paths = [os.path.join(folder, name) for name in inside]
        links += [path for path in paths if os.path.islink(path)]
        yield from (Path(folder, name) for name in sorted(names) if not is_hidden(name))


def is_hidden(name: str) -> bool:
    """Whether a file or folder of this name is left out."""
    return name.startswith(".") or name == "__MACOSX"
