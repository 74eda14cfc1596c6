"""Windows of `predict`: lengths of sound, of windows and of hops that do not fit."""

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import soundfile

ORDER = 10
PROMISE = "Windows lie within the sound, cover it, and none is empty"
CLASSES = ("anger", "sadness")
BANDS = 8
TOLERANCE = 2e-6  # seconds; times are rounded to microseconds
SHORTEST = 0.05  # of a window's length; a shorter rest must not be a window

# Seconds, sample rate, window, hop.
CASES = [
    (3.0, 16_000, 1.0, None),  # a multiple of the window
    (3.0, 16_000, 3.0, 1.0),
    (3.0, 16_000, 1.0, 0.5),
    (2.0, 16_000, 0.1, None),
    (0.5, 16_000, 0.5, 0.25),
    (2.35, 16_000, 1.0, 0.5),  # no multiple of it
    (2.5, 16_000, 1.0, None),
    (1.234, 16_000, 0.4, 0.15),
    (3.0, 16_000, 5.0, None),  # shorter than a window
    (0.3, 16_000, 1.0, 0.1),
    (0.01, 16_000, 0.01, None),
    (1.0, 16_000, 3, 1),  # whole numbers
    (3.0001, 16_000, 1.0, None),  # a rest of a few samples
    (3.004, 16_000, 1.0, None),
    (2.0005, 16_000, 2.0, 0.5),
    (2.9999, 16_000, 1.0, None),  # a few samples are missing
    (2.996, 16_000, 1.0, 0.5),
    (3.0, 44_100, 1.0, None),  # other sample rates
    (3.0, 8_000, 1.0, 0.25),
    (2.00002, 44_100, 0.5, None),
    (1.99998, 44_100, 0.5, None),
    (2.0 / 3.0, 48_000, 1.0 / 3.0, None),
    (2.0, 16_000, 0.333, None),  # no multiple of a frame
    (2.0, 16_000, 0.014, None),
    (2.0, 16_000, 0.5, 0.333),
    (1.5, 16_000, 0.025, 0.0125),
    (1.5, 16_000, 0.7, 0.1),
    (3.5, 16_000, 1.0, 2.0),  # gaps that were asked for
    (4.0, 16_000, 1.0, 2.0),
    (4.01, 16_000, 1.0, 2.0),
]
REFUSED = [
    {"window": 0.0},
    {"window": -1.0},
    {"window": float("nan")},
    {"window": float("inf")},
    {"window": 1e300},
    {"window": 1.0, "hop": 0.0},
    {"hop": 1.0},
    {"window": 0.004},  # less than a frame
    {"window": 1.0, "hop": 0.001},
]


def attempts(folder: Path) -> Iterator[tuple[str, Callable[[], str]]]:
    recogniser = _recogniser()
    for number, (seconds, rate, window, hop) in enumerate(CASES):
        suffix = ("wav", "flac")[number % 2]
        path = _sound(folder, seconds, rate, suffix)
        name = f"{seconds:g} s at {rate} Hz as {suffix}, window {window}, hop {hop}"
        yield name, lambda a=(recogniser, path, window, hop): _fault(*a)
    whole = _sound(folder, 3.0, 16_000, "wav")
    for arguments in REFUSED:
        yield (
            f"refused: {arguments}",
            lambda a=arguments: _not_refused(recogniser, whole, a),
        )
    for window in (None, 3.0, 10.0):
        yield (
            f"one window of {window} is the whole file",
            lambda window=window: _differs(recogniser, whole, window),
        )
    yield "several files", lambda: _mixed(recogniser, folder)


def _recogniser():
    import keras

    import keras_ser as ser

    keras.utils.set_random_seed(0)
    moments = np.full(BANDS, -8.0), np.full(BANDS, 3.0)
    front_end = ser.LogMel(n_mels=BANDS)
    preprocessing = ser.Preprocessing(front_end, CLASSES, 1.0, "train", *moments)
    model = ser.models.MTLAug(CLASSES, dimensions=BANDS, preset="small")
    return ser.Recogniser(model, preprocessing, batch=64)


def _sound(folder: Path, seconds: float, rate: int, suffix: str) -> Path:
    path = folder / f"{seconds}-{rate}.{suffix}"
    if not path.exists():
        rng = np.random.default_rng(0)
        soundfile.write(path, rng.normal(scale=0.1, size=round(seconds * rate)), rate)
    return path


def _fault(recogniser, path: Path, window: float, hop: float | None) -> str:
    """What is wrong with the windows of a file, or an empty text."""
    table = recogniser.predict([path], window=window, hop=hop)
    info = soundfile.info(path)
    length, hop = info.frames / info.samplerate, hop or window
    starts, ends = table.start.to_numpy(), table.end.to_numpy()
    if starts.min() < 0 or ends.max() > length:
        return f"times from {starts.min()} to {ends.max()} in {length} s"
    if np.abs(starts - hop * np.arange(len(table))).max() > TOLERANCE:
        return f"starts {starts[:4]}"
    if (ends - starts).max() > 1.5 * window:
        return f"a window of {(ends - starts).max()} s"
    shortest = (ends - starts).min()
    if shortest < min(SHORTEST * window, length) - TOLERANCE:
        return f"a window of {shortest} s"
    if np.abs((ends - starts)[:-1] - window).max(initial=0) > TOLERANCE:
        return f"ends {ends[:4]}"
    return _uncovered(starts, ends, length, window, hop)


def _uncovered(starts, ends, length, window, hop) -> str:
    """Which part of the sound is in no window although the hop leaves no gaps."""
    gaps = starts[1:] - ends[:-1]
    rest = length - ends[-1]
    if gaps.max(initial=0) > max(0.0, hop - window) + TOLERANCE:
        return f"a gap of {gaps.max()} s"
    if (
        rest
        > max(0.0, hop - window) + (hop > window) * SHORTEST * 2 * window + TOLERANCE
    ):
        return f"the last {rest} s are missing"
    needed = math.floor((length - window) / hop + 1e-6) + 1
    return f"{len(starts)} windows" if len(starts) < needed else ""


def _not_refused(recogniser, path: Path, arguments: dict) -> str:
    try:
        table = recogniser.predict([path], **arguments)
    except ValueError:
        return ""
    return f"{len(table)} rows from {table.start.iloc[0]} to {table.end.iloc[0]} s"


def _differs(recogniser, path: Path, window: float | None) -> str:
    table = recogniser.predict([path], window=window)
    normalised = recogniser.preprocessing.normalised(recogniser.features(path))
    expected = recogniser.posteriors([normalised])
    found = table[[f"p_{name}" for name in CLASSES]].to_numpy()
    same = found.shape == expected.shape and np.allclose(found, expected, atol=1e-5)
    return "" if same else f"{found.tolist()} instead of {expected.tolist()}"


def _mixed(recogniser, folder: Path) -> str:
    """Files of different lengths keep their order, their rows and their predictions."""
    paths = [_sound(folder, seconds, 16_000, "wav") for seconds in (3.0, 0.3, 2.5)]
    together = recogniser.predict(paths, window=1.0)
    alone = [recogniser.predict([path], window=1.0) for path in paths]
    for number, name in enumerate(("file", "start", "end")):
        if together[name].tolist() != sum((each[name].tolist() for each in alone), []):
            return f"another `{name}`, column {number}"
    columns = [f"p_{name}" for name in CLASSES]
    parts = np.concatenate([each[columns].to_numpy() for each in alone])
    same = np.allclose(together[columns].to_numpy(), parts, atol=1e-5)
    counts = [len(each) for each in alone]
    return "" if same and counts == [3, 1, 3] else f"{counts} rows, equal: {same}"
