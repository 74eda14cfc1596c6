"""What the values of a configuration may be."""

import json
import math
from collections.abc import Callable, Mapping

COUNT = "a whole number from 1 to 1e9"
ARGUMENTS = "a mapping from names to what JSON can hold, numbers finite"


def check(name: str, value, expected: str, holds: Callable) -> None:
    if not holds(value):
        raise ValueError(f"`{name}` must be {expected}. Received: {value!r}.")


def among(name: str, value, known: tuple) -> None:
    check(name, value, f"one of {known}", lambda value: value in known)


def is_whole(value) -> bool:
    return type(value) is int


def is_count(value) -> bool:
    return is_whole(value) and 1 <= value <= 10**9


def is_count_or_0(value) -> bool:
    return is_count(value) or (is_whole(value) and value == 0)


def is_positive(value) -> bool:
    return type(value) in (int, float) and 0 < value < math.inf


def is_fraction(value) -> bool:
    return is_positive(value) and value <= 1


def is_mapping(value) -> bool:
    return isinstance(value, Mapping)


def is_text(value) -> bool:
    return isinstance(value, str)


def is_bool(value) -> bool:
    return isinstance(value, bool)


def are_names(value) -> bool:
    return isinstance(value, list | tuple) and all(map(is_text, value))


def are_corpora(value) -> bool:
    if is_text(value):
        return True
    return are_names(value) and len(set(value)) == len(value) > 0


def are_arguments(value) -> bool:
    """Whether a run's record can hold them, and a call take them by name."""
    if not is_mapping(value) or not all(map(is_text, value)):
        return False
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def are_labels(value) -> bool:
    texts = [*value, *value.values()] if is_mapping(value) else [value]
    return all(map(is_text, texts))


def are_augmentations(value) -> bool:
    if not is_mapping(value):
        return are_names(value)
    return all(map(is_text, value)) and all(map(are_arguments, value.values()))
