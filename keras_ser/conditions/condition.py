"""What all conditions share, and how they are written."""

import dataclasses
import math
from collections.abc import Callable
from typing import ClassVar

import pandas as pd

from keras_ser import audio


class Condition:
    """A condition is a frozen dataclass of what its text holds.

    `name` begins the text and `form` shows it whole. On a card, `family` is what a
    row of levels is called, `axis` their quantity; `level` orders them and `tick` is
    what it is called; at the level `clean_at`, nothing is done. Levels that are
    `steps` of one quantity are joined by a line.
    """

    name: ClassVar[str]
    form: ClassVar[str]
    axis: ClassVar[str] = ""
    clean_at: ClassVar[float] = 0.0
    steps: ClassVar[bool] = True
    attacks: ClassVar[bool] = False  # features, by the model's gradient
    mixes: ClassVar[bool] = False  # noise into speech
    level: float = 0.0

    @property
    def text(self) -> str:
        """What `parse` makes the same condition of."""
        values = [getattr(self, field.name) for field in dataclasses.fields(self)]
        return ":".join([self.name, *(written(v) for v in values if v is not None)])

    @property
    def family(self) -> str:
        return self.name

    @property
    def tick(self) -> str:
        return written(self.level)

    def transform(self, noise: pd.DataFrame | None) -> Callable:
        """The waveform transform, a callable with a `key` for caches.

        One that differs from utterance to utterance has a method `of`.

        Args:
            noise: table of a corpus of noise, where there is one.
        """
        return audio.Speed()


def parse(kind: type[Condition], given: list[str], text: str) -> Condition:
    """The condition of a kind with these values, of which `text` was made.

    Raises:
        ValueError: too few values or too many, or of another type or range.
    """
    fields = dataclasses.fields(kind)
    least = sum(field.default is dataclasses.MISSING for field in fields)
    if not least <= len(given) <= len(fields):
        raise ValueError(_misspelt(kind, text))
    values = zip(fields, given, strict=False)
    return kind(*(_value(kind, field, value, text) for field, value in values))


def _value(kind: type[Condition], field, value: str, text: str) -> str | float:
    if field.type is str:
        return value
    try:
        return float(value) + 0.0  # -0 is 0
    except ValueError as error:
        raise ValueError(_misspelt(kind, text)) from error


def _misspelt(kind: type[Condition], text: str) -> str:
    return f"Condition `{kind.name}` is written {kind.form}. Received: {text!r}."


def expected(condition: Condition, words: str) -> ValueError:
    """What to say of a condition that takes something else."""
    return ValueError(
        f"Condition `{condition.form}` takes {words}. Received: {condition.text!r}."
    )


def within(condition: Condition, what: str, low: float, high: float, value: float):
    """Refuses a value out of range; `what` says the range in words."""
    if not (math.isfinite(value) and low <= value <= high):
        raise expected(condition, what)


def written(value: str | float) -> str:
    """Text as it is; of a number every digit, and `1` for 1.0."""
    return value if isinstance(value, str) else repr(float(value)).removesuffix(".0")
