"""Checks of arguments: one of a few values, a switch, an integer or a number."""

import math
import numbers
from collections.abc import Callable, Collection
from typing import Any

from keras_ser.utils import files


def check_choice(name: str, value: Any, known: Collection) -> None:
    """Raises an error if an argument is none of the known values.

    Args:
        name: The name of the argument or setting, for the message.
        value: The value to check.
        known: The values that it may have.

    Raises:
        ValueError: If it has another one.
    """
    check(name, value, f"one of {known}", known.__contains__)


def check(name: str, value: Any, expected: str, is_valid: Callable) -> None:
    """Raises ValueError if a value is not valid.

    Args:
        name: The name of the argument or setting, for the message.
        value: The value to check.
        expected: What is expected, in words.
        is_valid: A function that says whether a value is valid.
    """
    if not is_valid(value):
        received = files.short_repr(value)
        raise ValueError(f"`{name}` must be {expected}. Received: {received}.")


def check_positive(**values) -> None:
    """Raises ValueError unless each value is a positive integer.

    Args:
        **values: The values by the names of the arguments.
    """
    for name, value in values.items():
        check(name, value, "a positive integer", lambda n: type(n) is int and n > 0)


def check_integer_from_0(**values) -> None:
    """Raises ValueError unless each value is an integer of at least 0; see above."""
    expected = "an integer of at least 0"
    for name, value in values.items():
        check(name, value, expected, lambda n: type(n) is int and n >= 0)


def check_switch(**values) -> None:
    """Raises ValueError unless each value is True or False; see above.

    A text such as "no" would otherwise count as True.
    """
    for name, value in values.items():
        check(name, value, "True or False", lambda each: isinstance(each, bool))


def check_numbers(expected: str, holds: Callable[[float], bool], **values) -> None:
    """Raises ValueError unless each value is a number with a property.

    Args:
        expected: The property in words, such as `"a number above 0"`.
        holds: Says whether a number has it. It is not asked about bool and text.
        **values: The values by the names of the arguments.
    """
    for name, value in values.items():
        check(name, value, expected, lambda each: is_number(each) and holds(each))


def check_fraction(**values) -> None:
    """Raises ValueError unless each value is at least 0 and below 1."""
    expected = "a number of at least 0 and below 1"
    check_numbers(expected, lambda value: 0 <= value < 1, **values)


def is_number(value: Any) -> bool:
    """Whether a value is a real number, of Python or of NumPy, and no bool."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def is_finite(value: Any) -> bool:
    """Whether a value is a real number that is neither NaN nor infinite."""
    return is_number(value) and math.isfinite(value)
