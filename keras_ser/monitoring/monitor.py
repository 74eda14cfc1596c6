"""What a training looks like and sounds like, for TensorBoard.

TensorFlow writes the event files, whatever backend computes.
"""

import contextlib
import functools
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from keras_ser import audio, figures, scores
from keras_ser.layers import padding
from keras_ser.monitoring import gradients
from keras_ser.utils import files

PERPLEXITY = 30.0  # of t-SNE, where there are points enough
PROJECTOR = """embeddings {
  tensor_name: "deep features of development speech"
  tensor_path: "tensors.tsv"
  metadata_path: "metadata.tsv"
}
"""


class Monitor(keras.callbacks.Callback):
    """Shows a training in TensorBoard by its development speech.

    After the first epoch, every `every`-th from there and at the end it writes

    | tag | what |
    |---|---|
    | `confusion` | confusion matrix of the development speech |
    | `deep_features` | its deep features by t-SNE, class centers as stars |
    | `<class>/<utterance>/attention` | attention below the spectrogram |
    | `<class>/<utterance>/reconstruction` | input above the decoder's output |
    | `<class>/<utterance>/audio` | the same utterance to listen to, once |
    | `gradient_norm/<head>` | norm of a head's gradient on the encoder |
    | `gradient_cosine/<head>` | its cosine with the emotion's gradient |

    and at the end the deep features for TensorBoard's projector. Utterances are
    always the same ones, and so are the training rows of the gradients. What a model
    does not have is left out.

    Training stays what it is, bit for bit: everything is computed in inference mode
    and draws on no random state but its own.

    A step is an epoch, counted from 0 as Keras does; the step behind the last epoch
    shows the model that training leaves. Placed behind `HalveAndRestore`, it shows
    the model that the next epoch starts from, and at the end that of the best epoch.

    Args:
        data: the `Pipeline` that trains the model.
        log_dir: folder of the event files.
        every: epochs.
        examples: utterances a class that are shown, the first ones of the table.
        points: most utterances among the deep features, drawn with a fixed seed.
        batches: of training rows, for the gradients.

    Attributes:
        rows: what `gradients.measures` found, a dictionary a step, with `step`.

    Raises:
        ValueError: a number below 1.

    Example:

    >>> model.fit(data.train(0, 20), steps_per_epoch=data.steps, epochs=20,
    ...           validation_data=data.dev(), callbacks=[Monitor(data, "logs")])

    and then `tensorboard --logdir logs`.
    """

    def __init__(self, data, log_dir, every=5, examples=1, points=300, batches=2):
        super().__init__()
        self.data = data
        self.log_dir = Path(log_dir)
        self.every = _positive("every", every)
        self.examples = _positive("examples", examples)
        self.points = _positive("points", points)
        self.batches = _positive("batches", batches)
        self.rows = []
        self._step = 0

    def on_train_begin(self, logs=None):
        self._prepare_speech()
        self._prepare_gradients()
        files.writable_folder(self.log_dir)
        self._writer = tf.summary.create_file_writer(str(self.log_dir))
        with self._written(0):
            self._write_audio()

    def on_epoch_end(self, epoch, logs=None):
        self._step = epoch + 1
        if epoch % self.every == 0:
            self._show(epoch)

    def on_train_end(self, logs=None):
        deep = self._show(self._step).get("deep_features")
        if deep is not None:
            self._write_projector(deep)
        self._writer.close()

    def _prepare_speech(self) -> None:
        dev = self.data.fold.dev.reset_index(drop=True)
        drawn = dev.sample(min(self.points, len(dev)), random_state=0)
        self._drawn = np.sort(drawn.index)
        self._utterances = dev.groupby("emotion", sort=False).head(self.examples)
        self._batches_of_all = self.data.dev()
        self._batches_of_few = self.data.plain(self._utterances)
        self._of_all = _submodel(self.model, ("emotion", "deep_features"))
        self._of_few = _submodel(self.model, ("attention", "reconstruction"))

    def _prepare_gradients(self) -> None:
        self._training = []
        if not gradients.shared_weights(self.model):
            return
        batches = self.data.train(0, 1).take(self.batches)
        self._training = [keras.tree.map_structure(np.array, each) for each in batches]
        losses = self.model.objective()["loss"]
        of_heads = functools.partial(gradients.of_heads, self.model, losses)
        self._gradients = _compiled(of_heads)

    @contextlib.contextmanager
    def _written(self, step: int):
        """Summaries go to this folder and step, whatever else is being written."""
        with self._writer.as_default(step), tf.summary.record_if(True):
            yield

    def _show(self, step: int) -> dict[str, np.ndarray]:
        """Writes all about the model as it is; returns its outputs for all speech."""
        found = _concatenated(_outputs(self._of_all, self._batches_of_all))
        if not all(np.isfinite(values).all() for values in found.values()):
            return {}  # `training.fit` tells of a loss that is no number
        with self._written(step):
            self._write_confusion(found["emotion"])
            if "deep_features" in found:
                self._write_deep_features(found["deep_features"])
            self._write_examples()
            self._write_gradients(step)
        self._writer.flush()
        return found

    def _write_confusion(self, posteriors) -> None:
        fold = self.data.fold
        predicted = np.array(fold.classes)[posteriors.argmax(axis=1)]
        counts = scores.confusion(fold.dev.emotion, predicted, fold.classes)
        draw = figures.confusion_matrix
        _write_picture("confusion", draw, counts, fold.classes, "development speech")

    def _write_deep_features(self, deep) -> None:
        fold = self.data.fold
        places = embedded(np.concatenate([deep[self._drawn], _centers(self.model)]))
        points, stars = np.split(places, [len(self._drawn)])
        labels = fold.dev.emotion.iloc[self._drawn]
        title = f"t-SNE of the deep features of {len(points)} development utterances"
        draw = figures.deep_features
        given = points, labels, stars, fold.classes, title
        _write_picture("deep_features", draw, *given)

    def _write_examples(self) -> None:
        if self._of_few is None:
            return
        hop = self.data.preprocessing.front_end.hop
        for tag, (features, found) in zip(self._tags(), self._examples(), strict=True):
            if "attention" in found:
                draw, given = figures.attention, _until_padding(found["attention"])
                _write_picture(f"{tag}/attention", draw, features, given, hop=hop)
            if "reconstruction" in found:
                draw, given = figures.reconstruction, found["reconstruction"]
                given = given[: len(features)]
                _write_picture(f"{tag}/reconstruction", draw, features, given, hop=hop)

    def _tags(self) -> list[str]:
        """Of the utterances that are shown: TensorBoard groups them by class."""
        rows = self._utterances
        return [f"{row.emotion}/{row.utterance}" for row in rows.itertuples()]

    def _examples(self) -> Iterator[tuple[np.ndarray, dict]]:
        """Features without padding, and outputs, of the utterances that are shown."""
        is_masked = getattr(self.model, "mask_padding", True)
        for features, found in _outputs(self._of_few, self._batches_of_few):
            frames = keras.ops.convert_to_numpy(padding.frames(features))
            for row, length in enumerate(frames):
                seen = features[row, : length if is_masked else None]
                yield seen, {name: values[row] for name, values in found.items()}

    def _write_audio(self) -> None:
        """As much of each utterance as its pictures show."""
        longest = round(self.data.preprocessing.seconds * audio.RATE)
        for tag, row in zip(self._tags(), self._utterances.itertuples(), strict=True):
            wave = audio.read(row.file, row.start, row.end, digest=row.digest)[:longest]
            tf.summary.audio(f"{tag}/audio", wave[None, :, None], audio.RATE)

    def _write_gradients(self, step: int) -> None:
        if not self._training:
            return
        found = [gradients.measures(self._gradients(each)) for each in self._training]
        means = pd.DataFrame(found).mean().to_dict()
        for tag, value in means.items():
            tf.summary.scalar(tag, value)
        self.rows.append({"step": step, **means})

    def _write_projector(self, deep) -> None:
        """What TensorBoard's projector reads: the points, the centers behind them."""
        fold, centers = self.data.fold, _centers(self.model)
        shown = fold.dev.iloc[self._drawn][["emotion", "speaker", "utterance"]]
        of_centers = pd.DataFrame({"emotion": fold.classes[: len(centers)]})
        names = pd.concat([shown, of_centers.assign(speaker="", utterance="center")])
        vectors = pd.DataFrame(np.concatenate([deep[self._drawn], centers]))
        tables = {
            "tensors.tsv": vectors.to_csv(sep="\t", index=False, header=False),
            "metadata.tsv": names.to_csv(sep="\t", index=False),
            "projector_config.pbtxt": PROJECTOR,
        }
        for name, text in tables.items():
            with files.replacing(self.log_dir / name) as temporary:
                temporary.write_text(text, encoding="utf-8")


def embedded(points: np.ndarray) -> np.ndarray:
    """Points in two dimensions by t-SNE, with a fixed seed.

    Args:
        points: `(points, features)`.

    Returns:
        `(points, 2)`; zeros where all points are one.

    Reference: van der Maaten and Hinton, "Visualizing data using t-SNE", JMLR 2008.
    """
    import threadpoolctl
    from sklearn.manifold import TSNE

    points = np.asarray(points, np.float64)
    if not np.ptp(points, axis=0).any():
        return np.zeros((len(points), 2))  # scikit-learn would crash on these
    perplexity = min(PERPLEXITY, (len(points) - 1) / 3)
    tsne = TSNE(init="pca", perplexity=perplexity, random_state=0)
    # Where other processes keep the cores busy, its threads wait for each other.
    with threadpoolctl.threadpool_limits(1):
        return tsne.fit_transform((points - points.mean(axis=0)) / points.std())


def _submodel(model, names):
    """From features to those of the named parts that a model has; None of none."""
    ways = {
        "emotion": "emotion_model",
        "deep_features": "deep_features_model",
        "attention": "attention_model",
    }
    parts = {
        name: getattr(model, way).output
        for name, way in ways.items()
        if name in names and hasattr(model, way)
    }
    if "reconstruction" in names and "reconstruction" in model.heads:
        parts["reconstruction"] = model.output["reconstruction"]
    return keras.Model(model.input, parts) if parts else None


def _outputs(model, batches) -> Iterator[tuple[np.ndarray, dict]]:
    """Features and outputs of each batch, as arrays."""
    for features, _, _ in batches:
        features = np.array(features)
        yield features, model.predict_on_batch(features)


def _concatenated(outputs) -> dict[str, np.ndarray]:
    found = [each for _, each in outputs]
    return {
        name: np.concatenate([each[name] for each in found]).astype(np.float32)
        for name in found[0]
    }


def _until_padding(weights: np.ndarray) -> np.ndarray:
    """Attention weights of the speech; those of the padding are exactly 0."""
    return weights[: np.flatnonzero(weights)[-1] + 1]


def _centers(model) -> np.ndarray:
    """`(classes, features)`, or `(0, features)` of a model without them."""
    if "center" not in model.heads:
        return np.zeros((0, model.deep_features_model.output.shape[-1]), np.float32)
    return keras.ops.convert_to_numpy(model.get_layer("center").centers)


def _write_picture(tag: str, draw: Callable, *given, **options) -> None:
    stream = io.BytesIO()
    draw(*given, path=stream, **options)
    picture = tf.io.decode_png(stream.getvalue(), channels=3)
    tf.summary.image(tag, picture[None])


def _compiled(function: Callable) -> Callable:
    """On TensorFlow, a graph: recurrent layers are slow without."""
    if keras.backend.backend() != "tensorflow":
        return function
    return tf.function(function, reduce_retracing=True)


def _positive(name: str, number: int) -> int:
    if type(number) is not int or number < 1:
        raise ValueError(
            f"`{name}` must be a whole number of 1 or more. Received: {number!r}."
        )
    return number
