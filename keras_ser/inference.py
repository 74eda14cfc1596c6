"""From any audio to posteriors: a model with the preprocessing it was trained with."""

import json
import zipfile
from collections.abc import Iterable
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import tqdm

from keras_ser import audio, files
from keras_ser.preprocessing import Preprocessing

MEMBER = "preprocessing.json"  # inside the model file


class Recogniser:
    """An emotion recogniser for audio files.

    Args:
        model: a model with an `emotion_model`.
        preprocessing: that of its training, `Pipeline.preprocessing`.
        batch: windows at a time.

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
            FileNotFoundError, ValueError: see `audio.read`; or a window or hop
                that is not positive.
        """
        _check_windows(window, hop)
        paths = [str(path) for path in paths]
        bar = tqdm.tqdm(paths, desc="features", unit="file", delay=1)
        features = [self.features(path) for path in bar]
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

    def features(self, path, start=None, end=None) -> np.ndarray:
        """Unnormalised features of a file or segment, `(frames, bands)`."""
        return self.preprocessing.front_end(audio.read(path, start, end))

    def posteriors(self, utterances: list[np.ndarray]) -> np.ndarray:
        """Probabilities of normalised features, `(utterances, classes)`.

        An utterance longer than the training window is cut into as few windows of
        that length as cover it, evenly spaced; its posterior is their mean.
        """
        owners, pieces = [], []
        for number, features in enumerate(utterances):
            parts = _cover(features, self.preprocessing.window)
            owners += [number] * len(parts)
            pieces += parts
        posterior = self._forward(pieces)
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
        with files.replacing(path) as temporary:
            self.model.save(temporary)
            with zipfile.ZipFile(temporary, "a") as archive:
                archive.writestr(MEMBER, json.dumps(self.preprocessing.to_json()))
        return Path(path)

    @classmethod
    def load(cls, path) -> "Recogniser":
        """Reads a model file written by `save`, or the one in a run's folder.

        Raises:
            FileNotFoundError: no such file.
            ValueError: the file is no model of this package.
        """
        path = Path(path)
        path = path / "model.keras" if path.is_dir() else path
        if not path.is_file():
            raise FileNotFoundError(
                f"Expected a run's folder or a model file. Received: {path}, which "
                "does not exist."
            )
        try:
            with zipfile.ZipFile(path) as archive:
                value = json.loads(archive.read(MEMBER))
        except (zipfile.BadZipFile, KeyError) as error:
            raise ValueError(
                f"Expected a model file that `Recogniser.save` wrote. "
                f"Received: {path} ({error})."
            ) from error
        import keras_ser.models  # noqa: F401  registers the classes

        model = keras.models.load_model(path, compile=False, safe_mode=True)
        return cls(model, Preprocessing.from_json(value))

    def _forward(self, pieces: list[np.ndarray]) -> np.ndarray:
        """Batches of similar length, so that little padding is computed."""
        order = np.argsort([len(piece) for piece in pieces], kind="stable")
        rows = min(self.batch, len(pieces))
        result = np.zeros((len(pieces), len(self.classes)))
        for first in range(0, len(order), rows):
            chosen = order[first : first + rows]
            batch = _padded([pieces[number] for number in chosen], rows, self._fixed)
            posterior = np.array(self._emotion_model.predict_on_batch(batch))
            result[chosen] = posterior[: len(chosen)]
        return result

    def _frames(self, seconds: float | None) -> int | None:
        if seconds is None:
            return None
        return max(1, self.preprocessing.front_end.frames(seconds))


def _check_windows(window, hop) -> None:
    if hop is not None and window is None:
        raise ValueError(f"`hop` needs a `window`. Received: hop={hop} without one.")
    if any(value is not None and value <= 0 for value in (window, hop)):
        raise ValueError(
            "`window` and `hop` must be positive seconds. "
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
    """Zero-padded to `rows` pieces of `time`, or of 64, 128, 256 … frames.

    A backend compiles a graph for each shape; this leaves it a handful.
    """
    if time is None:
        longest = max(len(piece) for piece in pieces)
        time = max(64, 2 ** (longest - 1).bit_length())
    batch = np.zeros((rows, time, pieces[0].shape[1]), np.float32)
    for row, piece in enumerate(pieces):
        batch[row, : len(piece)] = piece
    return batch
