"""Arguments that are one of a few known values, or positive integers."""

from collections.abc import Collection
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
    if value not in known:
        received = files.short_repr(value)
        raise ValueError(f"`{name}` must be one of {known}. Received: {received}.")


def check_positive(**numbers) -> None:
    """Raises ValueError unless each number is a positive integer.

    Args:
        **numbers: The values by the names of the arguments.
    """
    for name, value in numbers.items():
        if type(value) is not int or value < 1:
            raise ValueError(
                f"`{name}` must be a positive integer. Received: {value!r}."
            )
