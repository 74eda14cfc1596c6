"""Emotion probabilities for audio files: a model with its preprocessing."""

from collections.abc import Callable, Iterable
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from keras_ser import scores
from keras_ser.audio.unusable import Unusable
from keras_ser.features import IDENTITY, extract, windows
from keras_ser.features.familiarity import Familiarity
from keras_ser.features.moments import Sums
from keras_ser.features.preprocessing import Preprocessing
from keras_ser.inference import about as abouts
from keras_ser.inference import inputs, model_file, speech
from keras_ser.inference.inputs import Audio
from keras_ser.models import SpeechModel, Wrapped
from keras_ser.tasks import ColumnTask
from keras_ser.utils.choices import check_positive

BATCHES_HELD = 4  # batches whose windows are made at a time, and sorted by length


class Recogniser:
    """Recognises emotion in audio files.

    Args:
        model: Model of `keras_ser.models`, or another `models.SpeechModel`. Any other
            Keras model is wrapped, see `models.Wrapped`: it takes normalised features
            and returns one probability per class.
        preprocessing: Preprocessing that the model was trained with, from
            `Pipeline.preprocessing`.
        batch: Maximum number of windows that the model processes at a time.
        temperature: Temperature T of the probabilities that `predict` returns; see
            `scores.scaled`. A finished run has the one that makes the labels of its
            development speech most likely. `posteriors` and `outputs` are those of the
            model, without it.
        familiar: What the training speech was like, or None. With it, `predict` names
            files that are unlike it; see `features.familiarity`.
        about: What users of the model should know, in one line. Runs describe the
            speech that the model learned from. `keras-ser predict` prints it.

    Raises:
        ValueError: If `batch` is not a positive integer, if the temperature is not a
            number above 0, or if `about` is not one line of printable text.

    Example:

    >>> recogniser = Recogniser.load("runs/emodb/mtl_aug/03-0")
    >>> recogniser.predict(["speech.mp3"], window=3.0, hop=1.0)
    """

    def __init__(
        self,
        model: keras.Model,
        preprocessing: Preprocessing,
        batch: int = 16,
        temperature: float = 1.0,
        familiar: Familiarity | None = None,
        about: str = "",
    ):
        check_positive(batch=batch)
        scores.check_temperature(temperature)
        abouts.check(about)
        if isinstance(model, keras.Model) and not isinstance(model, SpeechModel):
            dimensions = preprocessing.front_end.dimensions
            model = Wrapped(preprocessing.classes, dimensions, model)
        self.model = model
        self.preprocessing = preprocessing
        self.batch = batch
        self.temperature = float(temperature)
        self.familiar = familiar
        self.about = about
        self.tasks = tuple(task for task in model.tasks if task.is_scored)
        # A model that sees the padding needs the same amount of it as in training.
        masked = getattr(model, "mask_padding", True)
        self._padded_frames = None if masked else preprocessing.window

    def __repr__(self):
        front_end = type(self.preprocessing.front_end).__name__
        return (
            f"<Recogniser {type(self.model).__name__}: {', '.join(self.classes)}; "
            f"{front_end}, windows of {self.preprocessing.seconds:g} s>"
        )

    @property
    def task(self) -> ColumnTask:
        """The main task, whose predictions `predict` returns."""
        return self.tasks[0]

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes of the main task, in the order of the probabilities."""
        return self.task.classes

    def predict(
        self,
        audio: Audio,
        window: float | None = None,
        hop: float | None = None,
        *,
        rate: float | None = None,
        labels: Iterable[str] = (),
        skip_bad: bool = False,
    ) -> pd.DataFrame:
        """Predicts the emotion of files, or of windows that move over them.

        Files are read in blocks, one after the other. With windows and
        `normalise="train"`, some seconds of features are kept at a time, so the memory
        does not depend on the length of a file. Otherwise a file's features are kept
        until it is predicted, in the type of the cache: 92 MB per hour for a `LogMel`
        with 128 bands and 100 frames per second. With `normalise="speaker"`, those of
        all files are kept. A front-end without a method `blocks` gets the whole
        waveform; see `features.contract`.

        Args:
            audio: Audio file, or several, of any format, sample rate and number of
                channels that libsndfile reads; a folder, which stands for all audio
                files below it; or samples with a `rate`, an array `(samples,)` or
                `(samples, channels)` in [-1, 1]. With `normalise="speaker"`, all files
                are taken to be of the same speaker.
            window: Length of a window in seconds. Without it, each file is one row.
                Windows lie within the file; `features.windows.time_spans` states how
                they cover it. With normalisation by utterance, windows are normalised
                by the statistics of the whole file.
            hop: Seconds from the start of one window to the start of the next. The
                default is `window`.
            rate: Samples per second, if `audio` is an array.
            labels: The classes to choose from. The probabilities of the others are left
                out, and those of these sum to 1. The default is all.
            skip_bad: Whether files that cannot be used are left out instead of being
                an error. `table.attrs["skipped"]` maps them to what is wrong.

        Returns:
            Table with one row per file or window: `file`, `start` and `end` (seconds,
            never after the end of the file), `prediction`, and one column `p_<class>`
            per class with its probability. A window has the frames of the front-end
            that are nearest to its start and its end, and those between. The name of
            the file of an array is `array`. `table.attrs["unfamiliar"]` maps files
            whose average features lie far from those of the training speech to their
            distance, if the recogniser has learned what is familiar, and
            `table.attrs["about"]` is the recogniser's `about`.

        Raises:
            UnusableAudio: If files do not exist or cannot be used, unless `skip_bad` is
                set. The error, a `ValueError`, lists all of them.
            ValueError: If there is no file, if `window` or `hop` is not a number of
                seconds that holds at least one frame, or if a label is not a class of
                the model.
        """
        chosen = inputs.choose(labels, self.classes)

        def compute(pieces):
            return self._forward(pieces, None, None, self.tasks[:1])[self.task.name]

        options = {"rate": rate, "skip_bad": skip_bad, "size": self.task.size}
        table, posteriors = self._rows(audio, window, hop, compute, **options)
        if self.classes and self.temperature != 1:
            posteriors = scores.scaled(posteriors, self.temperature)
        found = pd.concat([table, self.table(posteriors)], axis=1)
        found.attrs = table.attrs
        return inputs.restricted(found, chosen)

    def embed(
        self,
        audio: Audio,
        window: float | None = None,
        hop: float | None = None,
        *,
        rate: float | None = None,
        skip_bad: bool = False,
    ) -> pd.DataFrame:
        """Computes the embedding of files, or of windows that move over them.

        The embedding is the input of the last layer of the emotion head. Where a file
        or window is longer than the training window, it is the mean over the windows
        that cover it.

        Args:
            audio, window, hop, rate, skip_bad: As for `predict`.

        Returns:
            Table with one row per file or window: `file`, `start` and `end` in seconds,
            and one column per unit, `e_0` to `e_<units - 1>`.

        Raises:
            ValueError: As `predict`, or if the model has no embedding.
        """
        options = {"rate": rate, "skip_bad": skip_bad, "size": self._units()}
        table, values = self._rows(audio, window, hop, self._embed, **options)
        names = [f"e_{number}" for number in range(values.shape[1])]
        found = pd.concat([table, pd.DataFrame(values, columns=names)], axis=1)
        found.attrs = table.attrs
        return found

    def _rows(
        self, given, window, hop, compute, rate, skip_bad, size
    ) -> tuple[pd.DataFrame, np.ndarray]:
        """The files or windows of what is given, and what is computed of each.

        Args:
            given, window, hop, rate, skip_bad: As for `predict`.
            compute: Function from pieces of normalised features, `(frames, dimensions)`
                each, to an array `(pieces, size)`.
            size: The number of values per piece.
        """
        speech.check_windows(window, hop, self.preprocessing.front_end.hop_seconds)
        rows: list[tuple] = []
        bad: list[Unusable] | None = [] if skip_bad else None
        sums: list[Sums] | None = [] if self.familiar else None
        owners, found = [], [np.zeros((0, size))]
        with inputs.files_of(given, rate) as paths:
            options = rows, bad, sums
            pieces = speech.pieces(self.preprocessing, paths, window, hop, *options)
            for group in speech.grouped(pieces, BATCHES_HELD * self.batch):
                owners += [piece.row for piece in group]
                found.append(compute([piece.features for piece in group]))
        table = inputs.as_table(rows, ["file", "start", "end"])
        values = windows.mean_over_windows(np.concatenate(found), np.array(owners, int))
        skipped = {each.file: each.reason for each in bad or []}
        far = self.familiar.find_far(table.file, sums) if self.familiar else {}
        good = ~table.file.isin(skipped)
        table = table[good].reset_index(drop=True)
        if inputs.is_array(given):
            table["file"], skipped = inputs.ARRAY, inputs.named_array(skipped)
            far = dict(zip([inputs.ARRAY], far.values(), strict=False))
        table.attrs["about"] = self.about
        table.attrs["skipped"] = skipped
        table.attrs["unfamiliar"] = {k: v for k, v in far.items() if k not in skipped}
        return table, values[good.to_numpy(bool)]

    def features(
        self,
        path: str | Path,
        start: float | None = None,
        end: float | None = None,
        transform: Callable = IDENTITY,
    ) -> np.ndarray:
        """Extracts the unnormalised features of a file or segment.

        Args:
            path: Audio file.
            start: Start of the segment in seconds. The default is the start of the
                file.
            end: End of the segment in seconds. The default is the end of the file.
            transform: Transform of the waveform, applied before the front-end.

        Returns:
            Array `(frames, dimensions)`.
        """
        return extract(self.preprocessing.front_end, path, start, end, transform)

    def posteriors(
        self, utterances: list[np.ndarray], attack: Callable | None = None
    ) -> np.ndarray:
        """Computes the class probabilities of utterances from normalised features.

        They are those of the main task; see `outputs`.

        Args:
            utterances: As for `outputs`.
            attack: As for `outputs`.

        Returns:
            Array `(utterances, classes)`.

        Raises:
            ValueError: As `outputs`.
        """
        return self.outputs(utterances, attack, self.tasks[:1])[self.task.name]

    def outputs(
        self,
        utterances: list[np.ndarray],
        attack: Callable | None = None,
        tasks: Iterable[ColumnTask] | None = None,
    ) -> dict[str, np.ndarray]:
        """Computes the outputs of heads for utterances from normalised features.

        An utterance longer than the training window is cut into the smallest number of
        windows of that length that cover it, evenly spaced. Its output is the mean over
        these windows.

        Args:
            utterances: Normalised features, `(frames, dimensions)` per utterance.
            attack: Function that changes the input of the model. It takes the model of
                the main task, a batch of windows `(batch, time, dimensions)` and the
                index of each window's utterance, `(batch,)`, and returns a batch.
            tasks: Those of `tasks` whose outputs are computed. The default is all.

        Returns:
            Arrays `(utterances, size)` by the name of the task: the probabilities of
            the classes, or one number.

        Raises:
            ValueError: If an utterance has another shape or no frame, or if the outputs
                of the model are not finite.
        """
        tasks = self.tasks if tasks is None else tuple(tasks)
        pieces, owners = self._cut(utterances)
        found = self._forward(pieces, owners, attack, tasks)
        return {
            name: windows.mean_over_windows(values, owners)
            for name, values in found.items()
        }

    def embeddings(self, utterances: list[np.ndarray]) -> np.ndarray:
        """Computes the embeddings of utterances from normalised features.

        Each is the mean over the windows that cover the utterance.

        Args:
            utterances: Normalised features, `(frames, dimensions)` per utterance.

        Returns:
            Array `(utterances, units)`.

        Raises:
            ValueError: If the model has no embedding, if an utterance has another shape
                or no frame, or if weights of the model are not finite.
        """
        pieces, owners = self._cut(utterances)
        return windows.mean_over_windows(self._embed(pieces), owners)

    def _cut(self, utterances):
        made = self.preprocessing
        return inputs.cut(utterances, made.window, made.front_end.dimensions)

    def table(self, posteriors: np.ndarray) -> pd.DataFrame:
        """Returns a table of probabilities, with the most probable class of each row.

        Args:
            posteriors: Outputs of the main head, `(rows, classes)`.

        Returns:
            Table with the column `prediction` and one column `p_<class>` per class.
        """
        return self.task.predictions(posteriors)

    def save(self, path: str | Path) -> Path:
        """Writes a Keras model file that also contains the preprocessing."""
        others = self.temperature, self.familiar, self.about
        return model_file.write(path, self.model, self.preprocessing, *others)

    @classmethod
    def load(
        cls, path: str | Path, front_end: str | Path | None = None
    ) -> "Recogniser":
        """Reads a model file that `save` wrote, or the model file of a run folder.

        The file may come from an untrusted source. It is rejected if it names a class
        other than the models of this package, contains code, has members other than
        the four that `save` writes, or unpacks to an unreasonable size.

        Args:
            path: Model file or run folder.
            front_end: Folder or file that the front-end needs, such as that of an ONNX
                network. The default is where it was when the model was trained.

        Raises:
            FileNotFoundError: If the file does not exist, or the run is that of a
                classical system, which saves no model.
            ValueError: If the file is not a model of this package, or is damaged, or
                if the front-end needs files that are absent or others.
        """
        found = model_file.read(path, front_end)
        return cls(
            found.model,
            found.preprocessing,
            temperature=found.temperature,
            familiar=found.familiar,
            about=found.about,
        )

    def _forward(
        self, pieces: list[np.ndarray], owners, attack, tasks
    ) -> dict[str, np.ndarray]:
        """Computes the outputs of windows; see `windows.batches_by_length`."""
        batches = windows.batches_by_length([*map(len, pieces)], self.batch)
        rows = len(batches[0]) if batches else 0
        result = {task.name: np.zeros((len(pieces), task.size)) for task in tasks}
        for chosen in batches:
            if attack is not None:  # it would be compiled again for a smaller batch
                chosen = np.resize(chosen, rows)
            parts = [pieces[index] for index in chosen]
            batch = windows.pad(parts, rows, self._padded_frames)
            if attack is not None:
                batch = attack(self.model.emotion_model, batch, owners[chosen])
            for name, values in self._apply(batch, tasks).items():
                shape = (len(chosen), -1)
                result[name][chosen] = values[: len(chosen)].reshape(shape)
        _check_finite(result)
        return result

    def _units(self) -> int:
        """The number of values of an embedding."""
        model = self.model.embedding_model
        if model is None:
            raise ValueError(
                f"Expected a model with an embedding. Received: a "
                f"{type(self.model).__name__}, which has none. Use another model."
            )
        return model.output.shape[-1]

    def _embed(self, pieces: list[np.ndarray]) -> np.ndarray:
        """The embeddings of windows, `(pieces, units)`."""
        found = np.zeros((len(pieces), self._units()))
        batches = windows.batches_by_length([*map(len, pieces)], self.batch)
        for chosen in batches:
            parts = [pieces[index] for index in chosen]
            batch = windows.pad(parts, len(batches[0]), self._padded_frames)
            values = self.model.embedding_model.predict_on_batch(batch)
            found[chosen] = np.array(values)[: len(chosen)]
        # A ReLU makes 0 of NaN.
        _check_finite(dict(enumerate(self.model.embedding_model.get_weights())))
        return found

    def _apply(self, batch: np.ndarray, tasks) -> dict[str, np.ndarray]:
        """The outputs of a batch; for the main task alone, by a smaller model."""
        if tasks == self.tasks[:1]:
            found = self.model.emotion_model.predict_on_batch(batch)
            return {self.task.name: np.array(found)}
        found = self.model.prediction_model.predict_on_batch(batch)
        return {task.name: np.array(found[task.name]) for task in tasks}


def _check_finite(arrays: dict) -> None:
    if not all(np.isfinite(values).all() for values in arrays.values()):
        raise ValueError(
            "Expected finite outputs. Received: NaN or infinity from a model whose "
            "weights are damaged. Copy the model file again, or train the model again."
        )


Recognizer = Recogniser  # the American spelling
