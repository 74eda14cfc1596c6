"""From any audio to posteriors: a model with the preprocessing it was trained with."""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import tqdm

from keras_ser import audio, backend
from keras_ser.audio.unusable import Unusable, UnusableAudio
from keras_ser.features import PLAIN, extract
from keras_ser.features.preprocessing import Preprocessing
from keras_ser.inference import model_file

LONGEST = 1e6  # seconds of a window


class Recogniser:
    """An emotion recogniser for audio files.

    Args:
        model: a model with an `emotion_model`.
        preprocessing: that of its training, `Pipeline.preprocessing`.
        batch: windows at a time, at most.

    Example:

    >>> recogniser = Recogniser.load("runs/emodb/mtl_aug/03-0")
    >>> recogniser.predict(["speech.mp3"], window=3.0, hop=1.0)
    """

    def __init__(self, model, preprocessing: Preprocessing, batch: int = 16):
        self.model = model
        self.preprocessing = preprocessing
        self.batch = batch
        self._emotion_model = model.emotion_model
        # A model that sees the padding needs as much of it as in training.
        masked = getattr(model, "mask_padding", True)
        self._fixed = None if masked else preprocessing.window

    @property
    def classes(self) -> tuple[str, ...]:
        return self.preprocessing.classes

    def predict(
        self, paths: Iterable, window: float | None = None, hop: float | None = None
    ) -> pd.DataFrame:
        """Emotion of files, or of windows that move over them.

        Args:
            paths: audio files of any format, rate and number of channels that
                libsndfile reads. With `normalise="speaker"` all are taken to be of
                one speaker.
            window: seconds; without it, each file gets one row.
            hop: seconds between windows; default, the window.

        Returns:
            One row a file or window: `file, start, end` (seconds), `prediction`
            and `p_<class>`.

        Raises:
            UnusableAudio: files that cannot be read, all of them.
            ValueError: no file, or a window or hop that is not positive.
        """
        _check_windows(window, hop)
        paths = [str(path) for path in paths]
        features = self._features_of_all(paths)
        statistics = self.preprocessing.statistics(features)
        seconds = self.preprocessing.front_end.hop
        rows, pieces = [], []
        for path, whole in zip(paths, features, strict=True):
            spans = _windows(self._frames(window), self._frames(hop), len(whole))
            for first, last in spans:
                start, end = first * seconds, last * seconds
                end = audio.duration(path) if last == len(whole) else end
                rows.append((path, round(start, 6), round(end, 6)))
                pieces.append(
                    self.preprocessing.normalised(whole[first:last], statistics)
                )
        table = pd.DataFrame(rows, columns=["file", "start", "end"])
        return pd.concat([table, self.table(self.posteriors(pieces))], axis=1)

    def features(self, path, start=None, end=None, transform=PLAIN) -> np.ndarray:
        """Unnormalised features of a file or segment, `(frames, bands)`."""
        return extract(self.preprocessing.front_end, path, start, end, transform)

    def posteriors(
        self, utterances: list[np.ndarray], attack: Callable | None = None
    ) -> np.ndarray:
        """Probabilities of normalised features, `(utterances, classes)`.

        An utterance longer than the training window is cut into as few windows of
        that length as cover it, evenly spaced; its posterior is their mean.

        Args:
            utterances: features `(frames, bands)`.
            attack: changes what the model is given: a function of the model, a batch
                of windows `(batch, time, bands)` and the number of each one's
                utterance, to a batch.

        Raises:
            ValueError: the model's probabilities are not finite.
        """
        owners, pieces = [], []
        for number, features in enumerate(utterances):
            parts = _cover(features, self.preprocessing.window)
            owners += [number] * len(parts)
            pieces += parts
        posterior = self._forward(pieces, np.array(owners), attack)
        if not np.isfinite(posterior).all():
            raise ValueError(
                "Expected finite probabilities. Received: NaN or infinity from a model "
                "whose weights are damaged. Copy its file again, or train it again."
            )
        total = np.zeros((len(utterances), len(self.classes)))
        np.add.at(total, owners, posterior)
        return total / np.bincount(owners)[:, None]

    def table(self, posteriors: np.ndarray) -> pd.DataFrame:
        """Columns `prediction` and `p_<class>`."""
        columns = [f"p_{name}" for name in self.classes]
        table = pd.DataFrame(posteriors, columns=columns)
        best = np.array(self.classes)[posteriors.argmax(axis=1)]
        table.insert(0, "prediction", best)
        return table

    def save(self, path) -> Path:
        """Writes a Keras model file that holds the preprocessing too."""
        return model_file.write(path, self.model, self.preprocessing)

    @classmethod
    def load(cls, path) -> "Recogniser":
        """Reads a model file written by `save`, or the one in a run's folder.

        The file may come from a stranger: it can name no class but the models of
        this package, hold no code, and unpack nothing beyond its four members.

        Raises:
            FileNotFoundError: no such file, or the run of a classical system, which
                saves none.
            ValueError: the file is no model of this package, or is damaged.
        """
        return cls(*model_file.read(path))

    def _features_of_all(self, paths: list[str]) -> list[np.ndarray]:
        features, bad = [], []
        for path in tqdm.tqdm(paths, desc="features", unit="file", delay=1):
            try:
                features.append(self.features(path))
            except (ValueError, FileNotFoundError) as error:
                bad.append(Unusable(path, path, str(error)))
        if bad:
            raise UnusableAudio(bad)
        if not features:
            raise ValueError("Expected at least one audio file. Received: none.")
        return features

    def _forward(self, pieces: list[np.ndarray], owners, attack) -> np.ndarray:
        """Batches of similar length, so that little padding is computed.

        Of equal size, where a backend does not compile each anew.
        """
        order = np.argsort([len(piece) for piece in pieces], kind="stable")
        rows = min(self.batch, len(pieces))
        if not backend.compiles_each_shape():
            rows = -(-len(pieces) // -(-len(pieces) // self.batch))
        result = np.zeros((len(pieces), len(self.classes)))
        for first in range(0, len(order), rows):
            chosen = order[first : first + rows]
            if attack is not None:  # which would compile a smaller batch anew
                chosen = np.resize(chosen, rows)
            batch = _padded([pieces[number] for number in chosen], rows, self._fixed)
            if attack is not None:
                batch = attack(self._emotion_model, batch, owners[chosen])
            posterior = np.array(self._emotion_model.predict_on_batch(batch))
            result[chosen] = posterior[: len(chosen)]
        return result

    def _frames(self, seconds: float | None) -> int | None:
        if seconds is None:
            return None
        return max(1, self.preprocessing.front_end.frames(seconds))


def load(path: str | Path) -> Recogniser:
    """A `Recogniser` from a model file or a run's folder; see `Recogniser.load`."""
    return Recogniser.load(path)


def predict(
    model: str | Path,
    files: Iterable[str | Path],
    window: float | None = None,
    hop: float | None = None,
) -> pd.DataFrame:
    """Recognises emotion in audio files; this is `keras-ser predict`.

    Args:
        model: a run's folder or a model file.
        files: audio files.
        window, hop: seconds; see `Recogniser.predict`.

    Returns:
        One row per file or window; see `Recogniser.predict`.

    Raises:
        FileNotFoundError: a file that does not exist.
        ValueError: a file that cannot be used, or a window that makes no sense.
    """
    return load(model).predict(files, window, hop)


def _check_windows(window, hop) -> None:
    if hop is not None and window is None:
        raise ValueError(f"`hop` needs a `window`. Received: hop={hop} without one.")
    given = [value for value in (window, hop) if value is not None]
    if not all(0 < value <= LONGEST for value in given):
        raise ValueError(
            f"`window` and `hop` must be positive seconds, {LONGEST:g} at most. "
            f"Received: window={window}, hop={hop}."
        )


def _windows(window, hop, count: int) -> list[tuple[int, int]]:
    """First and last frame of windows over `count` frames.

    They start every `hop` frames, until one reaches the end of the speech.
    """
    if window is None or count <= window:
        return [(0, count)]
    hop = hop or window
    starts = range(0, min(count, count - window + hop), hop)
    return [(start, min(start + window, count)) for start in starts]


def _cover(features, window) -> list[np.ndarray]:
    count = -(-len(features) // window)
    starts = np.linspace(0, len(features) - window, count).round().astype(int)
    return [features[start : start + window] for start in np.maximum(starts, 0)]


def _padded(pieces: list[np.ndarray], rows: int, time: int | None) -> np.ndarray:
    """Zero-padded to `rows` pieces of `time` frames, or of a multiple of 64.

    Where a backend compiles a graph for each shape, of 64, 128, 256 …, a handful.
    """
    if time is None:
        longest = max(len(piece) for piece in pieces)
        time = -(-longest // 64) * 64
        if backend.compiles_each_shape():
            time = max(64, 2 ** (longest - 1).bit_length())
    batch = np.zeros((rows, time, pieces[0].shape[1]), np.float32)
    for row, piece in enumerate(pieces):
        batch[row, : len(piece)] = piece
    return batch
