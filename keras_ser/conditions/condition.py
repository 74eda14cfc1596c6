"""The base class of all conditions, and how a condition is written as text."""

import dataclasses
import math
from collections.abc import Callable
from typing import ClassVar

import pandas as pd

from keras_ser import audio


class Condition:
    """A change of test speech: a frozen dataclass of the values in its text.

    A subclass sets the class attributes below. The robustness report has one row of
    levels per family and one table per axis.

    Attributes:
        name: First part of the text, such as `noise`.
        form: Form of the whole text, such as `noise:KIND:SNR`.
        axis: Quantity of the levels with its unit, such as `SNR (dB)`.
        clean_at: Level at which nothing is changed.
        steps: Whether the levels are steps of one quantity. If so, a line joins them
            in figures.
        is_attack: Whether features are changed by following the model's gradient.
        mixes_noise: Whether noise is mixed into the speech.
        level: Number that orders the conditions of a family.
    """

    name: ClassVar[str]
    form: ClassVar[str]
    axis: ClassVar[str] = ""
    clean_at: ClassVar[float] = 0.0
    steps: ClassVar[bool] = True
    is_attack: ClassVar[bool] = False
    mixes_noise: ClassVar[bool] = False
    level: float = 0.0

    @property
    def text(self) -> str:
        """The text that `conditions.parse` turns back into this condition."""
        values = [getattr(self, field.name) for field in dataclasses.fields(self)]
        given = [format_value(value) for value in values if value is not None]
        return ":".join([self.name, *given])

    @property
    def family(self) -> str:
        """The name of all conditions that differ from this one in the level only."""
        return self.name

    @property
    def tick(self) -> str:
        """The level as text, as tables and figures show it."""
        return format_value(self.level)

    def transform(self, noise: pd.DataFrame | None) -> Callable:
        """The waveform transform, a callable with a `key` for caches.

        If it differs between utterances, it has a method `for_utterance`.

        Args:
            noise: Table of the noise corpus, or None if there is none.
        """
        return audio.Speed()


def from_values(kind: type[Condition], values: list[str], text: str) -> Condition:
    """Makes a condition from the values in its text.

    Args:
        kind: Class of the condition.
        values: One text per value.
        text: Whole text of the condition, for error messages.

    Raises:
        ValueError: If there are too few or too many values, or if a value has the
            wrong type or is out of range.
    """
    fields = dataclasses.fields(kind)
    required = sum(field.default is dataclasses.MISSING for field in fields)
    if not required <= len(values) <= len(fields):
        raise ValueError(_wrong_form(kind, text))
    pairs = zip(fields, values, strict=False)
    return kind(*(_convert(kind, field, value, text) for field, value in pairs))


def _convert(kind: type[Condition], field, value: str, text: str) -> str | float:
    if field.type is str:
        return value
    try:
        return float(value) + 0.0  # turns -0 into 0
    except ValueError as error:
        raise ValueError(_wrong_form(kind, text)) from error


def _wrong_form(kind: type[Condition], text: str) -> str:
    return f"Condition `{kind.name}` has the form {kind.form}. Received: {text!r}."


def value_error(condition: Condition, expected: str) -> ValueError:
    """The error for a wrong value, where `expected` describes the right ones."""
    return ValueError(
        f"Condition `{condition.form}` takes {expected}. Received: {condition.text!r}."
    )


def check_range(
    condition: Condition, expected: str, low: float, high: float, value: float
) -> None:
    """Checks that a value is finite and within a range.

    Args:
        condition: Condition with the value, for the error message.
        expected: Description of the range, for the error message.
        low: Smallest value that is allowed.
        high: Largest value that is allowed.
        value: Value to check.

    Raises:
        ValueError: If the value is out of range.
    """
    if not (math.isfinite(value) and low <= value <= high):
        raise value_error(condition, expected)


def format_value(value: str | float) -> str:
    """The value as text: a number with all its digits, and `1` for 1.0."""
    return value if isinstance(value, str) else repr(float(value)).removesuffix(".0")
