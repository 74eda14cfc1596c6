"""Speech on its way to a model: files are read one by one and cut into windows."""

import itertools
import math
import numbers
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import tqdm

from keras_ser import audio
from keras_ser.audio.unusable import Unusable, UnusableAudio
from keras_ser.features import Preprocessing, moments, windows
from keras_ser.features.contract import BadFrontEnd
from keras_ser.features.extraction import StoredBlocks
from keras_ser.features.moments import Sums

MAX_WINDOW_SECONDS = 1e6


class Piece(NamedTuple):
    """Normalised features that fit into a model.

    Args:
        row: The number of the row of the table that they are part of.
        features: float32 `(frames, dimensions)`.
    """

    row: int
    features: np.ndarray


class _Cut(NamedTuple):
    """The features of a window before normalisation, and what normalises them."""

    path: str
    span: tuple[float, float]
    features: np.ndarray
    statistics: tuple[np.ndarray, np.ndarray]


class _Speech(NamedTuple):
    """The features of a file before normalisation, and its seconds of audio."""

    path: str
    features: np.ndarray
    seconds: float


def check_windows(window, hop, shortest: float) -> None:
    """Raises ValueError unless windows of these seconds can be predicted."""
    if hop is not None and window is None:
        raise ValueError(
            f"`hop` needs a `window`. Received: hop={hop} without one. Give both."
        )
    given = [value for value in (window, hop) if value is not None]
    if not all(_is_duration(value) for value in given):
        raise ValueError(
            "`window` and `hop` must be positive numbers of seconds, at most "
            f"{MAX_WINDOW_SECONDS:g}. Received: window={window!r}, hop={hop!r}."
        )
    if given and min(given) < shortest:
        raise ValueError(
            f"`window` and `hop` must be at least {shortest:g} s. Received: "
            f"window={window}, hop={hop}. Choose larger ones; a second of speech or "
            "more is usual."
        )


def check_any(paths: list[str]) -> None:
    """Raises ValueError if there is no file."""
    if not paths:
        raise ValueError(
            "Expected at least one audio file. Received: none. Give the path of a file."
        )


def _is_duration(value) -> bool:
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    return is_number and 0 < value <= MAX_WINDOW_SECONDS


def pieces(
    preprocessing: Preprocessing,
    paths: list[str],
    window: float | None,
    hop: float | None,
    rows: list[tuple[str, float, float]],
    bad: list[Unusable] | None = None,
    sums: list[Sums] | None = None,
) -> Iterator[Piece]:
    """Yields the input of a model for windows of files.

    A window that is longer than the model's input is cut into several pieces. With
    windows and normalisation by the training speakers, only some seconds of a file's
    features are in memory. Otherwise they depend on all of its frames, and those of a
    file are kept, or with normalisation by speaker those of all files.

    Args:
        preprocessing: The steps before the model.
        paths: Audio files.
        window, hop: See `windows.time_spans`.
        rows: A list to which the file, start and end of each window are added before
            its pieces are yielded.
        bad: A list to which files that do not exist or cannot be used are added. The
            rows of such a file may be incomplete.
        sums: A list to which the sums of each row's features before normalisation are
            added, together with the row.

    Raises:
        UnusableAudio: Files do not exist or cannot be used, and there is no list `bad`.
            It is raised after the last file, and lists all of them.
        ValueError: There is no file.
    """
    for cut in _cuts(preprocessing, paths, window, hop, bad):
        row = len(rows)
        rows.append((cut.path, *map(in_microseconds, cut.span)))
        if sums is not None:
            sums.append(moments.sums(cut.features))
        for part in windows.cover_with_windows(cut.features, preprocessing.window):
            yield Piece(row, preprocessing.normalised(part, cut.statistics))


def _cuts(preprocessing, paths, window, hop, bad) -> Iterator[_Cut]:
    """Reads and cuts the files."""

    def cut_while_reading(path):
        return _cut_while_reading(preprocessing, path, window, hop)

    def read_and_cut(path):
        speech = _read(preprocessing.front_end, path)
        statistics = preprocessing.own_statistics(speech.features)
        return _cut(speech, preprocessing.front_end, window, hop, statistics)

    if preprocessing.normalise == "speaker":
        read = list(
            _each(paths, lambda path: [_read(preprocessing.front_end, path)], bad)
        )
        if not read:
            return
        statistics = preprocessing.statistics(each.features for each in read)
        for speech in read:
            yield from _cut(speech, preprocessing.front_end, window, hop, statistics)
    elif preprocessing.normalise == "train" and window is not None:
        yield from _each(paths, cut_while_reading, bad)
    else:
        yield from _each(paths, read_and_cut, bad)


def _each(paths: list[str], function, skipped: list | None) -> Iterator:
    """Yields what a function yields for each file.

    Without a list for files that are skipped, a bad file is an error at the end, and
    those after it are only checked.
    """
    check_any(paths)
    bad: list[Unusable] = []
    for path in tqdm.tqdm(paths, desc="files", unit="file", delay=1):
        try:
            for found in function(path):
                if not bad or skipped is not None:
                    yield found
        except BadFrontEnd:  # the next file would not be better
            raise
        except (ValueError, FileNotFoundError) as error:
            bad.append(Unusable(path, path, str(error)))
    if skipped is not None:
        skipped += bad
    elif bad:
        raise UnusableAudio(bad)


def _cut_while_reading(preprocessing, path, window, hop) -> Iterator[_Cut]:
    """Cuts windows from features as they arrive, and drops those that are over."""
    statistics = preprocessing.mean, preprocessing.std
    front_end = preprocessing.front_end
    blocks = StoredBlocks(front_end, path)
    held: list[np.ndarray] = []  # the frames from `first` up to `last`
    first = last = number = 0
    for block in blocks:
        held.append(block)
        last += len(block)
        while span := windows.complete_window(number, blocks.seconds, window, hop):
            start, end = (windows.nearest_frame(t, front_end.hop_seconds) for t in span)
            if end > last:
                break
            held, first = [np.concatenate(held)[start - first :]], start
            yield _Cut(path, span, held[0][: end - start], statistics)
            number += 1
    seconds, frames = exact_seconds(path, blocks.seconds), np.concatenate(held)
    for span in windows.time_spans(seconds, window, hop)[number:]:
        start, end = windows.frame_span(span, seconds, last, front_end)
        yield _Cut(path, span, frames[start - first : end - first], statistics)


def _cut(speech: _Speech, front_end, window, hop, statistics) -> Iterator[_Cut]:
    """Cuts windows from the features of a whole file."""
    path, features, seconds = speech
    for span in windows.time_spans(seconds, window, hop):
        first, last = 0, len(features)
        if span != (0.0, seconds):
            first, last = windows.frame_span(span, seconds, len(features), front_end)
        yield _Cut(path, span, features[first:last], statistics)


def _read(front_end, path: str) -> _Speech:
    blocks = StoredBlocks(front_end, path)
    features = blocks.joined()
    return _Speech(path, features, exact_seconds(path, blocks.seconds))


def exact_seconds(path: str, seconds: float) -> float:
    """The length of a file, of which resampling has rounded the samples up."""
    exact = audio.duration(path)
    return exact if 0 <= seconds - exact < 2 / audio.RATE else seconds


def in_microseconds(seconds: float) -> float:
    """A time to write into a table: rounded down, so that none is after the end."""
    return math.floor(1e6 * seconds + 1e-5) / 1e6


def grouped(found: Iterable[Piece], size: int) -> Iterator[list[Piece]]:
    """Yields groups of `size` pieces, so that no more of them are in memory."""
    found = iter(found)
    while group := list(itertools.islice(found, size)):
        yield group
