"""What a recogniser is asked for: files, folders or samples, and some classes."""

import contextlib
import numbers
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from keras_ser.audio.unusable import Unusable, UnusableAudio
from keras_ser.corpora import folders
from keras_ser.features import windows
from keras_ser.utils.lists import as_list

ARRAY = "array"  # the name of the file of samples
MAX_CHANNELS = 64
MIN_RATE, MAX_RATE = 1_000, 768_000  # samples per second
Audio = str | Path | Iterable[str | Path] | np.ndarray


def is_array(audio: Audio) -> bool:
    """Whether `audio` is samples, as an array or a tensor, and not files."""
    if isinstance(audio, str | Path) or not hasattr(audio, "__array__"):
        return False
    return np.asarray(audio).dtype.kind in "biufc"


@contextlib.contextmanager
def files_of(audio: Audio, rate: float | None = None) -> Iterator[list[str]]:
    """The files that `audio` stands for, as long as the context lasts.

    Samples are written to a temporary file, so that they are read as any other file.

    Args:
        audio: File, folder, several of them, or samples.
        rate: Samples per second, for samples.

    Raises:
        ValueError: If a folder holds no audio, if samples come without a rate or have
            more than two axes, or if files come with a rate.
        UnusableAudio: The one that is raised in the context, in which samples are
            called `array`.
    """
    if not is_array(audio):
        paths = _paths(audio)
        if rate is not None:
            raise ValueError(
                f"`rate` is for an array of samples. Received: rate={rate} with files. "
                "Leave it out; files say it."
            )
        yield [path for each in paths for path in _expanded(Path(each), each)]
        return
    samples = np.asarray(audio)
    if not _is_rate(rate):
        raise ValueError(
            "An array of samples needs its `rate`, a whole number of samples per "
            f"second from {MIN_RATE} to {MAX_RATE}. Received: rate={rate!r}. Pass "
            "rate=16000, for example."
        )
    channels = samples.shape[1:] or (1,)
    if samples.ndim not in (1, 2) or samples.dtype.kind != "f":
        raise ValueError(
            "Samples are floating-point numbers in [-1, 1] of shape (samples,) or "
            f"(samples, channels). Received: {samples.dtype} of shape {samples.shape}. "
            "Divide whole numbers by their largest value."
        )
    if not 0 < channels[0] <= MAX_CHANNELS:
        raise ValueError(
            f"Samples have shape (samples, channels), with up to {MAX_CHANNELS} "
            f"channels. Received: shape {samples.shape}. Transpose the array."
        )
    import soundfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "array.wav")
        soundfile.write(path, samples.astype(np.float32), int(rate), subtype="FLOAT")
        try:
            yield [str(path)]
        except UnusableAudio as error:  # nobody knows the name of the temporary file
            reasons = {each.file: each.reason for each in error.found}
            (reason,) = named_array(reasons).values()
            found = [Unusable(ARRAY, ARRAY, reason)]
            raise UnusableAudio(found, error.advice) from None


def as_table(rows: Sequence[tuple], columns: Sequence[str]) -> pd.DataFrame:
    """A table of rows that begin with a file; all other columns are numbers.

    The names of files keep their type: names that are not UTF-8 are no text to pandas.

    Args:
        rows: The rows.
        columns: The names of the columns.
    """
    table = pd.DataFrame(rows, columns=columns, dtype=object)
    return table.astype(dict.fromkeys(columns[1:], "float64"))


def named_array(reasons: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with samples, by `ARRAY` instead of the temporary file.

    Args:
        reasons: What is wrong with the file, by its name; or nothing.
    """
    texts = [reason.replace(path, ARRAY) for path, reason in reasons.items()]
    return {ARRAY: texts[0]} if texts else {}


def _paths(audio) -> list[str | Path]:
    """The paths of files and folders, or an error if `audio` is anything else."""
    is_several = isinstance(audio, Iterable) and not isinstance(
        audio, Mapping | pd.DataFrame
    )
    paths = as_list(audio) if isinstance(audio, str | Path) or is_several else [audio]
    others = [each for each in paths if not isinstance(each, str | os.PathLike)]
    if others:
        raise ValueError(
            "Expected files, folders, or an array of samples with its rate. "
            f"Received: {type(others[0]).__name__}. Samples in a list become an "
            "array by `np.array(samples)`, and the column of a table a list by "
            "`list(table.file)`."
        )
    return paths


def _is_rate(rate) -> bool:
    is_number = isinstance(rate, numbers.Real) and not isinstance(rate, bool)
    return is_number and MIN_RATE <= rate <= MAX_RATE and rate == int(rate)


def _expanded(path: Path, given) -> list[str]:
    """The file, or the audio files of a folder."""
    if not path.is_dir():
        return [str(given)]
    found = [str(each) for each in folders.files_below(path) if folders.is_audio(each)]
    if not found:
        raise ValueError(
            f"Expected audio files. Received: {path}, a folder without any. Give the "
            "folder above them, or the files."
        )
    return found


def cut(
    utterances: Sequence[np.ndarray], window: int, dimensions: int
) -> tuple[list[np.ndarray], np.ndarray]:
    """The windows that cover utterances, evenly spaced.

    Args:
        utterances: Normalised features, `(frames, dimensions)` per utterance.
        window: The frames of a window.
        dimensions: The number of values per frame.

    Returns:
        The windows, and the number of each one's utterance, `(windows,)`.

    Raises:
        ValueError: If an utterance has another shape, or no frame.
    """
    pieces, owners = [], []
    for number, features in enumerate(utterances):
        shape = np.shape(features)
        if len(shape) != 2 or not shape[0] or shape[1] != dimensions:
            raise ValueError(
                f"Expected features (frames, {dimensions}) of one frame at least. "
                f"Received: shape {shape} for the utterance with index {number}. Give "
                "a list with one array per utterance."
            )
        parts = windows.cover_with_windows(features, window)
        pieces += parts
        owners += [number] * len(parts)
    return pieces, np.array(owners, int)


def choose(labels: Iterable[str], classes: Sequence[str]) -> list[str]:
    """The classes to choose from, in the order of the model.

    Args:
        labels: Their names; none for all of them.
        classes: The classes of the model.

    Raises:
        ValueError: If a label is not a class of the model, or if there is only one.
    """
    wanted = as_list(labels)
    if not wanted:
        return []
    unknown = [each for each in wanted if each not in classes]
    if unknown or len(set(wanted)) < 2:
        raise ValueError(
            f"`labels` must be two or more of the classes of the model, "
            f"{list(classes)}. Received: {wanted}. Correct the names."
        )
    return [each for each in classes if each in wanted]


def restricted(table: pd.DataFrame, classes: list[str]) -> pd.DataFrame:
    """The table with the probabilities of some classes, which sum to 1.

    Where all of them are 0, they become equal.

    Args:
        table: The predictions.
        classes: The classes; none for all of them.
    """
    if not classes:
        return table
    names = [f"p_{each}" for each in classes]
    values = table[names].to_numpy(float)
    sums = values.sum(axis=1, keepdims=True)
    values = np.where(sums > 0, values / np.where(sums > 0, sums, 1), 1 / len(names))
    others = [each for each in table if each.startswith("p_") and each not in names]
    kept = table.drop(columns=others)
    kept[names] = values
    kept["prediction"] = np.array(classes, object)[values.argmax(axis=1)]
    kept.attrs = dict(table.attrs)
    return kept
