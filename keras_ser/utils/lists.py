"""Arguments that may be one thing or several."""

from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

Item = TypeVar("Item", bound=str | Path)


def as_list(items: Item | Iterable[Item]) -> list[Item]:
    """A list of names or paths from a single one or from several.

    A text is one name. Python would otherwise take it letter by letter.

    Args:
        items: A text or a path, or any iterable of them.

    Example:

    >>> as_list("03"), as_list(("03", "08"))
    (['03'], ['03', '08'])
    """
    return [items] if isinstance(items, str | Path) else list(items)
