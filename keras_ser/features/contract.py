"""What every front-end promises, and what holds for one that does not say."""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Protocol

import numpy as np

from keras_ser.features.code import covers

FIRST_VERSION = 1
LOCATION = {"location": True}  # metadata of a field that says where files are


class BadFrontEnd(ValueError):
    """A fault of a front-end's settings or files, as opposed to one of the audio.

    Other errors of a front-end are blamed on the audio that it was given, and such
    audio may be left out. This one always ends the program.
    """


class FrontEnd(Protocol):
    """A front-end turns a waveform into features `(frames, dimensions)`.

    It is a dataclass whose fields are its settings: numbers, texts and other JSON
    values. It need not inherit from this class. A front-end of your own works by
    itself, and by its class name in configs and model files once it is in
    `FRONT_ENDS`. Its frames depend on the waveform alone.

    What is listed below as members is needed. These attributes are optional:

    | attribute | value | without it |
    |---|---|---|
    | `dtype` | type of stored values, `"<f2"` or `"<f4"` | `"<f4"` |
    | `version` | whole number or text; a part of the names of cache entries | 1 |
    | `ordered` | whether neighbouring dimensions are alike, as bands are | True |
    | `db_per_unit` | dB per unit of a value, if values are logarithms of power | none |
    | `blocks` | method that works on a stream, see below | none |
    | `frequencies` | the centre of each band in Hz, for pictures | none |
    | `layers` | number of layers of a network, whose values are side by side | 1 |
    | `of_segment` | method that looks features up, see below | none |

    - `version` changes whenever equal settings give other numbers. The first one, 1, is
      left out of the names of entries. It may also be a field of the dataclass.
    - Of a front-end that is not ordered, such as the features of a pre-trained model,
      channels can be masked, but no frequencies; see `check_order`.
    - With `db_per_unit`, frames have levels, which tell speech from silence; see
      `features.speech`. The frames of a front-end without it have no levels.
    - `blocks` turns an iterator of consecutive blocks of a waveform into an iterator of
      blocks of features, which together equal the features of the whole waveform. A
      front-end without it is called with the whole waveform, so its memory grows with
      the length of the file.
    - With `layers`, a frame holds the values of one layer after those of another, as
      many of each. Models learn how much each layer counts; see `layers.LayerSum`.
    - `of_segment(file, start, end, transform)` returns features that somebody else
      computed, and the front-end is never called with a waveform. It comes with
      `check(table, transforms)`, which raises for utterances that it does not have, and
      `identity(file, start, end)`, a text that changes with the features.
    - A field with the metadata `features.contract.LOCATION` says where files are. It is
      left out of the names of entries, as another place changes no number.

    Example:

    >>> @dataclasses.dataclass(frozen=True)
    ... class Loudness:
    ...     dimensions = 1
    ...     hop_seconds: float = 0.01
    ...
    ...     def __call__(self, wave):
    ...         hop = round(16000 * self.hop_seconds)
    ...         blocks = np.pad(wave, (0, -len(wave) % hop)).reshape(-1, hop)
    ...         return np.abs(blocks).max(axis=1, keepdims=True)
    ...
    ...     def frames(self, seconds):
    ...         return round(seconds / self.hop_seconds)
    >>> features.FRONT_ENDS["Loudness"] = Loudness
    """

    @property
    def dimensions(self) -> int:
        """The number of values per frame."""

    @property
    def hop_seconds(self) -> float:
        """The distance from one frame to the next in seconds."""

    def frames(self, seconds: float) -> int:
        """The number of frames of a window of this length.

        The features of as much speech have as many frames, or one more at its end.
        """

    def __call__(self, wave: np.ndarray) -> np.ndarray:
        """Computes the features of a waveform.

        Args:
            wave: Float array of shape `(samples,)` at 16 kHz, with one sample or more.

        Returns:
            Finite array of shape `(frames, dimensions)`.

        Raises:
            BadFrontEnd: A setting or a file of the front-end is wrong.
            ValueError: The waveform cannot be used.
        """


def stored_type(front_end) -> str:
    """The type of stored features: the front-end's `dtype`, or float32 without one."""
    return getattr(front_end, "dtype", "<f4")


def named_settings(front_end) -> dict:
    """The settings that are a part of the names of cache entries: all but places."""
    fields = dataclasses.fields(front_end)
    places = {each.name for each in fields if each.metadata.get("location")}
    settings = dataclasses.asdict(front_end)
    return {name: value for name, value in settings.items() if name not in places}


def recorded_settings(kind: type, settings: Mapping) -> dict:
    """The settings of a front-end that decide its features, for the record of a run.

    Places of files are left out. The SHA-256 of weights, or the dimensions of stored
    features, are added.

    Args:
        kind: The class of the front-end.
        settings: Its arguments.
    """
    fields = dataclasses.fields(kind)
    places = {each.name for each in fields if each.metadata.get("location")}
    if not places:
        return dict(settings)
    found = named_settings(kind(**settings))
    defaults = {each.name: each.default for each in fields}
    return {name: value for name, value in found.items() if value != defaults[name]}


def count_layers(front_end) -> int:
    """The number of layers whose values a frame holds, 1 unless the front-end says.

    Raises:
        ValueError: It is not a whole number above 0 that divides the dimensions.
    """
    found = getattr(front_end, "layers", 1)
    if type(found) is not int or found < 1 or front_end.dimensions % found:
        raise ValueError(
            f"Expected `layers` of the front-end `{type(front_end).__name__}` to be a "
            f"whole number that divides its {front_end.dimensions} dimensions. "
            f"Received: {found!r:.80}. Correct the attribute."
        )
    return found


def is_ordered(front_end) -> bool:
    """Whether neighbouring dimensions are alike; True unless the front-end denies it.

    Raises:
        ValueError: `ordered` is not a bool.
    """
    found = getattr(front_end, "ordered", True)
    if not isinstance(found, bool):
        raise ValueError(
            f"Expected `ordered` of the front-end `{type(front_end).__name__}` to be "
            f"True or False. Received: {type(found).__name__}. Correct the attribute."
        )
    return found


def looks_up(front_end) -> bool:
    """Whether a front-end looks features up instead of computing them."""
    return hasattr(front_end, "of_segment")


def version_parts(front_end) -> list[int | str]:
    """What the names of cache entries hold of a front-end's `version`.

    Returns:
        The version; nothing if it is the first one, a field of the dataclass, or a
        constant of a user's class, whose code is a part of the names already.

    Raises:
        ValueError: The version is neither a whole number nor a text.
    """
    found = getattr(front_end, "version", FIRST_VERSION)
    is_field = "version" in {field.name for field in dataclasses.fields(front_end)}
    is_known = is_field or covers(type(front_end), "version")
    if not is_known and type(found) not in (int, str):
        raise ValueError(
            f"Expected `version` of the front-end `{type(front_end).__name__}` to be a "
            f"whole number or a text. Received: {type(found).__name__}. Correct the "
            "attribute."
        )
    return [] if is_known or found == FIRST_VERSION else [found]


def check_order(front_end, augmentations: Iterable, where: str = "augment") -> None:
    """Raises if frequencies are masked that the front-end does not have.

    A frequency mask hides dimensions that are next to each other. Where neighbours have
    nothing in common, it would hide an arbitrary set of values.

    Args:
        front_end: The front-end.
        augmentations: Instances of augmentations. One that masks frequencies says so by
            `masks_frequencies`.
        where: The setting that holds the augmentations, for the message.

    Raises:
        ValueError: An augmentation masks frequencies, and the front-end's dimensions
            are not ordered.
    """
    if is_ordered(front_end):
        return
    for each in augmentations:
        if getattr(each, "masks_frequencies", False):
            raise ValueError(
                f"`{where}` may mask frequencies only if the front-end has ordered "
                f"dimensions, such as frequency bands. Received: `{each.name}` and the "
                f"front-end `{type(front_end).__name__}`, which has ordered=False. Set "
                f"`frequency` and `least` of `{each.name}` to 0, so that it masks time "
                "alone, or its `channels` to True, so that it masks channels in no "
                f"order, or remove it from `{where}`."
            )
