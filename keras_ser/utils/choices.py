"""Arguments that are one of a few known values."""

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
