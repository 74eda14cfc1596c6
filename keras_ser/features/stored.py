"""Features that were computed elsewhere, as a front-end."""

import dataclasses
import math
from collections.abc import Callable, Iterable
from typing import ClassVar

import numpy as np
import pandas as pd

from keras_ser import audio
from keras_ser.features.array_files import Arrays, open_arrays
from keras_ser.features.contract import LOCATION
from keras_ser.features.lengths import check_length, lengthened
from keras_ser.features.owners import claim

MAX_NAMED = 5  # utterances in a message
UNCHANGED = audio.Speed(1.0).key
HOW_TO = "docs/pretrained.md says how to make such features."
LENGTH_ADVICE = (
    "Correct `hop_seconds` (features.settings.hop_seconds) or the features of this "
    "file."
)


@dataclasses.dataclass(frozen=True)
class Stored:
    """Features from files, such as those of a network that ran somewhere else.

    The files are those of a folder, `<name>.npy`, or the arrays of a single `.npz` or
    `.h5` file. An utterance is found by the name of its audio file without the suffix,
    and by as many folders above it as the stored name has: `03a01Fa.npy` and
    `wav/03a01Fa.npy` both belong to `…/wav/03a01Fa.wav`. A stored name without folders
    therefore fits files of that name in any folder and corpus. If it would serve two
    recordings, that is an error; then store features under more of the path. The
    features of a segment of a file have its start and end in seconds behind their name,
    `interview@12.500-15.250`. The order of the files means nothing.

    Features of speech at another speed, for the augmentation `speed`, lie in a folder
    per factor with the same names: `speed=0.9/wav/03a01Fa.npy`. Without these,
    networks train without `speed`.

    An array has the shape `(frames, dimensions)`, `(dimensions,)` for a single frame,
    or `(layers, frames, dimensions / layers)`. If a few frames are absent at the end,
    the last one is repeated.

    Args:
        folder: The folder or the file.
        hop_seconds: The distance between frames in seconds, such as 0.02 for wav2vec
            2.0 and its relatives.
        layers: The number of layers that each frame holds; see `features.contract`.
        dimensions: The number of values per frame of all layers together. The default,
            0, takes that of the first array.
        source: What computed the features, in your words. It is recorded with them.

    Raises:
        FileNotFoundError: There is no such folder or file.
        ValueError: It holds no array, or a setting is out of range.

    Example:

    >>> Stored("features/wavlm", hop_seconds=0.02, source="WavLM Base+, layer 9")
    """

    dtype: ClassVar[str] = "<f4"
    ordered: ClassVar[bool] = False

    folder: str = dataclasses.field(default="", metadata=LOCATION)
    hop_seconds: float = 0.02
    layers: int = 1
    dimensions: int = 0
    source: str = ""

    def __post_init__(self):
        hop = self.hop_seconds
        valid = type(hop) in (int, float) and math.isfinite(hop) and 0 < hop <= 3600
        if not valid or type(self.layers) is not int or self.layers < 1:
            raise ValueError(
                "`hop_seconds` must be a number of seconds above 0, and `layers` a "
                f"whole number from 1 up. Received: hop_seconds={hop!r:.80}, "
                f"layers={self.layers!r:.80}."
            )
        if not all(isinstance(each, str) for each in (self.folder, self.source)):
            raise ValueError(
                "`folder` and `source` must be texts. Received: "
                f"folder={self.folder!r:.80}, source={self.source!r:.80}."
            )
        if type(self.dimensions) is not int or self.dimensions < 0:
            raise ValueError(
                "`dimensions` must be a whole number, or 0 for that of the files. "
                f"Received: {self.dimensions!r:.80}."
            )
        if not self.dimensions:
            arrays = self._arrays()
            first = self._frames_of(arrays, min(arrays.names))
            object.__setattr__(self, "dimensions", first.shape[1])

    def __call__(self, wave: np.ndarray) -> np.ndarray:
        """Raises ValueError: nothing can be computed from a waveform."""
        raise ValueError(
            "Features that were stored elsewhere exist for the speech of their files "
            f"only. Received: a waveform, whose {self.source or 'features'} this "
            "package cannot compute. Store the features of this speech too, or use the "
            "front-end `Onnx` with the network that computed them."
        )

    def frames(self, seconds: float) -> int:
        """The number of frames of a window of this length."""
        return max(1, round(seconds / self.hop_seconds))

    def check(self, table: pd.DataFrame, transforms: Iterable[Callable]) -> None:
        """Raises unless there are features of each utterance, and of no two the same.

        Args:
            table: The utterances, with the columns `utterance`, `file`, `start` and
                `end`, and `digest` if copies of a recording may share features.
            transforms: The waveform transforms of which features are needed.

        Raises:
            ValueError: Features are absent, or two utterances would get the same ones,
                also if the other one was in a table before.
        """
        arrays = self._arrays(fresh=True)
        for transform in transforms:
            _check_transform(transform, arrays, self.folder)
            absent, owners = [], {}
            digests = table.get("digest", table.file)
            columns = table.utterance, table.file, table.start, table.end, digests
            for utterance, file, start, end, digest in zip(*columns, strict=True):
                span = _span(file, start, end)
                name = arrays.find(file, *span, transform.key)
                if name is None:
                    absent.append(utterance)
                    continue
                own = (str(file), span)
                other = owners.setdefault(name, (own, utterance))
                if other[0] != own:
                    raise ValueError(
                        "Expected stored features of each utterance. Received: "
                        f"{name!r} in {self.folder}, which would serve "
                        f"{other[1]!r} and {utterance!r}. Store features under more "
                        "of the path, such as folder/name.npy."
                    )
                claim(arrays, name, str(file), str(digest))
            if absent:
                _raise_absent(absent, len(table), arrays, self.folder, transform)

    def identity(self, file: str, start: float, end: float, transform) -> str:
        """A text that changes if the features of an utterance do.

        Raises:
            ValueError: There are no such features.
        """
        arrays = self._arrays()
        return arrays.checksum(self._found(arrays, file, start, end, transform))

    def of_segment(self, file: str, start: float, end: float, transform) -> np.ndarray:
        """The features of a file or of a segment of it, `(frames, dimensions)`.

        Args:
            file: The path of the audio.
            start, end: The segment in seconds. NaN or None stands for the start or the
                end of the file.
            transform: The waveform transform.

        Raises:
            ValueError: There are no such features, or they have another shape than the
                others, or not as many frames as the speech.
        """
        arrays = self._arrays()
        name = self._found(arrays, file, start, end, transform)
        found = self._frames_of(arrays, name)
        if found.shape[1] != self.dimensions:
            raise ValueError(
                f"Expected {self.dimensions} values per frame in all stored features. "
                f"Received: {found.shape[1]} in {name!r} of {self.folder}."
            )
        if len(found) == 1:
            return found
        start, end = _span(file, start, end)
        seconds = audio.duration(file) if end is None else end - start
        seconds /= transform.factor
        where = f"in {name!r} of {self.folder}"
        check_length(len(found), self.hop_seconds, seconds, where, LENGTH_ADVICE)
        return lengthened(found, self.frames(seconds))

    def _arrays(self, fresh: bool = False) -> Arrays:
        if not self.folder:
            raise ValueError(
                "`Stored` needs `folder`, the folder or file of the features (in a "
                f"config, features.settings.folder). Received: none. {HOW_TO}"
            )
        return open_arrays(self.folder, fresh)

    def _found(self, arrays: Arrays, file, start, end, transform) -> str:
        span = _span(file, start, end)
        name = arrays.find(file, *span, transform.key)
        if name is None:
            wanted = Arrays.key(file, *span)
            raise ValueError(
                f"Expected features of {wanted!r} in {self.folder}, "
                f"{_variant(transform)}. Received: none. {HOW_TO}"
            )
        return name

    def _frames_of(self, arrays: Arrays, name: str) -> np.ndarray:
        """An array as `(frames, dimensions)`."""
        found = arrays.read(name)
        if self.layers > 1 and found.ndim == 3:
            if len(found) != self.layers:
                found = found[:0]  # is rejected below
            found = np.concatenate(list(found), axis=1) if len(found) else found
        elif found.ndim == 1:
            found = found[None]
        if found.ndim != 2 or not found.size or found.shape[1] % self.layers:
            raise ValueError(
                "Expected features of the shape (frames, dimensions) or (layers, "
                f"frames, dimensions / layers), with layers={self.layers}. Received: "
                f"{arrays.read(name).shape} in {name!r} of {self.folder}."
            )
        return found


def _check_transform(transform, arrays: Arrays, folder: str) -> None:
    is_speed = isinstance(transform, audio.Speed)
    if is_speed and (transform.key == UNCHANGED or arrays.has_variant(transform.key)):
        return
    if is_speed:
        raise ValueError(
            f"Speed perturbation by {transform.factor:g} needs stored features of the "
            f"speech at that speed. Received: {folder} without a folder "
            f"{transform.key}. Store these features there, or leave `speed` out of "
            "`augment`."
        )
    raise ValueError(
        "Stored features exist for speech as it was recorded, and at other speeds. "
        f"Received: the transform {transform.key!r:.80} of the waveform. Leave out "
        "conditions such as noise, or use the front-end `Onnx`."
    )


def _raise_absent(absent, count: int, arrays: Arrays, folder: str, transform):
    named = ", ".join(map(repr, absent[:MAX_NAMED]))
    more = " and others" if len(absent) > MAX_NAMED else ""
    examples = ", ".join(map(repr, sorted(arrays.names)[:2]))
    raise ValueError(
        f"Expected stored features of {count} utterances in {folder}, "
        f"{_variant(transform)}. Received: none of {len(absent)} of them, {named}"
        f"{more}; the names there are such as {examples}. Store the features under the "
        f"names of the audio files. {HOW_TO}"
    )


def _variant(transform) -> str:
    return "unchanged" if transform.key == UNCHANGED else f"at {transform.key}"


def _span(file: str, start, end) -> tuple[float, float] | tuple[None, None]:
    """The segment in seconds; None twice for the whole file."""
    if pd.isna(start) and pd.isna(end):
        return None, None
    last = audio.duration(file) if pd.isna(end) else float(end)
    return (0.0 if pd.isna(start) else float(start)), last
