"""The columns of the table that a classical system learns."""

from collections.abc import Iterable


def check_targets(targets: Iterable[str]) -> tuple[str, ...]:
    """Returns the targets as a tuple.

    Raises:
        ValueError: If they are not a list of different names.
    """
    found = () if isinstance(targets, str) else tuple(targets)
    are_texts = all(isinstance(each, str) and each for each in found)
    if not found or len(set(found)) < len(found) or not are_texts:
        raise ValueError(
            "`targets` must be a list of different columns of the table, such as "
            f"('emotion', 'gender'). Received: {targets!r}."
        )
    return found
