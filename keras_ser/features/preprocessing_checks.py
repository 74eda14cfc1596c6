"""Checks of the values of a `Preprocessing`, which may come from an untrusted file.

They bound what the values could make the program allocate, and reject statistics that
no training could have had.
"""

import dataclasses
import unicodedata
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from keras_ser.features.contract import stored_type
from keras_ser.features.front_ends import FRONT_ENDS

MAX_SECONDS = 3600.0  # length of a model's input
MAX_INPUT_VALUES = 2**23  # of one input; a batch of 16 then needs 0.5 GB
MAX_ABSOLUTE = 1e12  # of any number; differences stay finite in float32
MAX_CLASSES = 1000
MAX_NAME_CHARACTERS = 200  # of a class
CONTROLS = {"Cc", "Cs"}  # categories of characters that no table should print


def check_keys(value, known: set[str]) -> None:
    """Raises unless a value has the keys of `Preprocessing.to_json`."""
    if isinstance(value, dict) and "deviation" in value:
        raise ValueError(
            "Preprocessing has `std`, which earlier versions of keras_ser called "
            "`deviation`. Received: keys of an earlier version. Train the model again."
        )
    keys = {*value, "speech_db"} if isinstance(value, dict) else set()
    _require(
        keys == {*known, "front_end_settings"},
        "the keys of `Preprocessing.to_json`",
        sorted(value, key=str) if isinstance(value, dict) else value,
    )


def check_input(seconds: float, frames: int, dimensions: int) -> None:
    """Raises unless a model's input has frames, and a batch of it fits into memory."""
    if not 0 < frames * dimensions <= MAX_INPUT_VALUES:
        raise ValueError(
            "The input of a model must have at least one frame, and at most "
            f"{MAX_INPUT_VALUES:,} values, so that a batch fits into memory. Received: "
            f"seconds={seconds:g}, which are {frames:,} frames of {dimensions} values. "
            "Choose other `seconds`: longer speech is scored in windows."
        )


def check_normalisation(normalise, known: Iterable[str], moments, count: int) -> None:
    """Raises unless the normalisation is known and has numbers for each value.

    Args:
        normalise: The normalisation.
        known: Those that there are.
        moments: The mean and the standard deviation.
        count: The number of values per frame.
    """
    if normalise not in known:
        raise ValueError(
            f"`normalise` must be one of {', '.join(map(repr, known))}. Received: "
            f"{normalise!r:.80}."
        )
    shapes = [np.shape(each) for each in moments]
    if shapes != [(count,)] * 2:
        raise ValueError(
            f"`mean` and `std` must have the shape ({count},), one number per value of "
            f"a frame of the front-end. Received: mean of {shapes[0]} and std of "
            f"{shapes[1]}. Compute them from features of this front-end, with "
            "`features.moments.training_moments`."
        )


def check_class_names(names: Iterable[str]) -> None:
    """Raises unless the names can be columns of a table that is printed."""
    names = tuple(names)
    bad = [name for name in names if not _is_printable(name)]
    if len(names) > MAX_CLASSES or bad:
        found = f"{bad[0][:MAX_NAME_CHARACTERS]!r}" if bad else f"{len(names)} classes"
        raise ValueError(
            f"Expected up to {MAX_CLASSES} classes with names of up to "
            f"{MAX_NAME_CHARACTERS} characters, none of them a control character. "
            f"Received: {found}. Correct the labels, or use the file that was written "
            "together with the model."
        )


def _is_printable(name: str) -> bool:
    categories = set(map(unicodedata.category, name))
    return len(name) <= MAX_NAME_CHARACTERS and not categories & CONTROLS


def front_end(name, settings):
    """The front-end of this name with these settings, which it checks itself."""
    choice("front_end", name, sorted(FRONT_ENDS))
    known = {field.name for field in dataclasses.fields(FRONT_ENDS[name])}
    _require(
        isinstance(settings, dict) and set(settings) <= known,
        f"`front_end_settings` among {sorted(known)}",
        settings,
    )
    return FRONT_ENDS[name](**settings)


def with_files(value, place: str | Path | None = None):
    """The values of a file with the front-end's own files at another place.

    Args:
        value: What was read, whatever it is.
        place: The folder or file that the front-end needs. The default is where it was
            when the model was trained.

    Raises:
        ValueError: The front-end needs files that are absent or others, or a place is
            given and it needs none.
    """
    name = value.get("front_end") if isinstance(value, dict) else None
    kind = FRONT_ENDS.get(name) if isinstance(name, str) else None
    settings = value.get("front_end_settings") if kind else None
    if not isinstance(settings, dict):
        return value  # is rejected elsewhere
    fields = {each.name: each for each in dataclasses.fields(kind)}
    places = [name for name in fields if fields[name].metadata.get("location")]
    if not places:
        if place is not None:
            raise ValueError(
                f"The front-end `{name}` of this model needs no files. Received: "
                f"{str(place)!r:.200}. Leave out `front_end` (--front-end)."
            )
        return value
    if place is not None:
        settings = {**settings, places[0]: str(place)}
    if set(settings) <= set(fields):
        try:
            kind(**settings)
        except (ValueError, FileNotFoundError) as error:
            raise ValueError(
                f"{error} The model was trained on the front-end `{name}`: if its "
                "files are elsewhere now, give their place with --front-end (in "
                "Python: front_end=…)."
            ) from error
    return {**value, "front_end_settings": settings}


def class_names(value) -> tuple[str, ...]:
    """At least two different names."""
    are_texts = isinstance(value, list) and all(isinstance(each, str) for each in value)
    valid = are_texts and len(value) > 1 and all(value)
    valid = valid and len(set(value)) == len(value)
    _require(valid, "two or more different names as `classes`", value)
    return tuple(value)


def seconds(value, front_end) -> float:
    """The length of an input, from one frame up."""
    valid = _is_number(value) and front_end.hop_seconds <= value <= MAX_SECONDS
    _require(valid, f"`seconds` from one frame to {MAX_SECONDS}", value)
    return float(value)


def choice(name: str, value, known: Iterable[str]) -> str:
    """One of the known names."""
    valid = isinstance(value, str) and value in known
    _require(valid, f"`{name}` among {known}", value)
    return value


def positive(name: str, value) -> float | None:
    """A number above 0, or None."""
    _require(
        value is None or (_is_number(value) and value > 0), f"`{name}` above 0", value
    )
    return value


def numbers(name: str, value, front_end, least: float | None = None) -> np.ndarray:
    """One number per value of a frame, none larger than stored features can be."""
    count = front_end.dimensions
    most = min(float(np.finfo(stored_type(front_end)).max), MAX_ABSOLUTE)
    least = -most if least is None else least
    valid = isinstance(value, list) and len(value) == count
    valid = valid and all(_is_number(each) and least <= each <= most for each in value)
    _require(valid, f"{count} numbers from {least:g} to {most:g} as `{name}`", value)
    return np.array(value, dtype=float)


def _is_number(value) -> bool:
    return type(value) in (int, float) and abs(value) <= MAX_ABSOLUTE


def _require(condition: bool, expected: str, received) -> None:
    if not condition:
        text = repr(received)
        text = text if len(text) <= 200 else f"{text[:197]}…"
        raise ValueError(
            f"Preprocessing expects {expected}. Received: {text}. Use the file that "
            "was written together with the model."
        )
