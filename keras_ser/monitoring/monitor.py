"""TensorBoard summaries of a training: pictures, speech, embeddings, gradients.

TensorFlow writes the event files on every Keras backend.
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

MAX_PERPLEXITY = 30.0  # of t-SNE; fewer points need a lower one
PROJECTOR = """embeddings {
  tensor_name: "embeddings of development speech"
  tensor_path: "tensors.tsv"
  metadata_path: "metadata.tsv"
}
"""


class Monitor(keras.callbacks.Callback):
    """Shows in TensorBoard what the model does with the development speech.

    The callback writes these summaries after the first epoch, after every `every`-th
    epoch from there, and at the end of training:

    | tag | content |
    |---|---|
    | `confusion` | confusion matrix of the development speech |
    | `embedding` | t-SNE of its embeddings, with the class centers as stars |
    | `<class>/<utterance>/attention` | attention weights below the spectrogram |
    | `<class>/<utterance>/reconstruction` | input above the output of the decoder |
    | `<class>/<utterance>/audio` | the same utterance as sound, written once |
    | `gradient_norm/<head>` | norm of a head's gradient on the encoder |
    | `gradient_cosine/<head>` | its cosine with the gradient of the emotion head |

    At the end, it also writes the embeddings for TensorBoard's projector. The
    utterances, and the training rows behind the gradients, are the same at every
    step. Summaries of parts that a model does not have are left out.

    The monitor does not change the training by a single bit. It computes everything in
    inference mode and uses no random state but its own.

    A step is an epoch, counted from 0 as in Keras. The step after the last epoch shows
    the model at the end of training. If the monitor comes after `HalveAndRestore`, each
    step shows the model that the next epoch starts from, and the last step shows the
    model of the best epoch.

    Args:
        data: The `Pipeline` that the model is trained on.
        log_dir: Folder of the event files.
        every: Number of epochs from one step to the next.
        examples: Number of utterances that are shown per class, the first ones of the
            development table.
        points: Maximum number of utterances whose embeddings are shown. They are drawn
            with a fixed seed.
        batches: Number of training batches over which the gradients are averaged.

    Attributes:
        rows: Results of `gradients.norms_and_cosines`, one dictionary per step. The key
            `step` holds the step.

    Raises:
        ValueError: If one of the numbers is below 1.

    Example:

    >>> model.fit(data.train(0, 20), steps_per_epoch=data.steps, epochs=20,
    ...           validation_data=data.dev(), callbacks=[Monitor(data, "logs")])

    Then run `tensorboard --logdir logs`.

    Reference:
        van der Maaten and Hinton, "Visualizing data using t-SNE", Journal of Machine
        Learning Research 9, 2008.
    """

    def __init__(
        self,
        data,
        log_dir: str | Path,
        every: int = 5,
        examples: int = 1,
        points: int = 300,
        batches: int = 2,
    ):
        super().__init__()
        self.data = data
        self.log_dir = Path(log_dir)
        self.every = _require_positive("every", every)
        self.examples = _require_positive("examples", examples)
        self.points = _require_positive("points", points)
        self.batches = _require_positive("batches", batches)
        self.rows = []
        self._step = 0

    def on_train_begin(self, logs=None):
        self._prepare_speech()
        self._prepare_gradients()
        files.writable_folder(self.log_dir)
        self._writer = tf.summary.create_file_writer(str(self.log_dir))
        with self._summaries_of(0):
            self._write_audio()

    def on_epoch_end(self, epoch, logs=None):
        self._step = epoch + 1
        if epoch % self.every == 0:
            self._write_step(epoch)

    def on_train_end(self, logs=None):
        embeddings = self._write_step(self._step).get("embedding")
        if embeddings is not None:
            self._write_projector(embeddings)
        self._writer.close()

    def _prepare_speech(self) -> None:
        dev = self.data.fold.dev.reset_index(drop=True)
        points = dev.sample(min(self.points, len(dev)), random_state=0)
        self._point_rows = np.sort(points.index)
        self._example_table = dev.groupby("emotion", sort=False).head(self.examples)
        self._dev_batches = self.data.dev()
        self._example_batches = self.data.unaugmented(self._example_table)
        self._dev_model = _submodel(self.model, ("emotion", "embedding"))
        self._example_model = _submodel(self.model, ("attention", "reconstruction"))

    def _prepare_gradients(self) -> None:
        self._training_batches = []
        if not gradients.shared_weights(self.model):
            return
        batches = self.data.train(0, 1).take(self.batches)
        self._training_batches = [
            keras.tree.map_structure(np.array, batch) for batch in batches
        ]
        losses = self.model.objective()["loss"]
        compute = functools.partial(gradients.head_gradients, self.model, losses)
        self._head_gradients = _compile(compute)

    @contextlib.contextmanager
    def _summaries_of(self, step: int):
        """Sends summaries to this folder and step, whatever other writer is active."""
        with self._writer.as_default(step), tf.summary.record_if(True):
            yield

    def _write_step(self, step: int) -> dict[str, np.ndarray]:
        """Writes all summaries of the current model.

        Returns:
            Its outputs for the development speech, or an empty dictionary if they are
            not finite. Then nothing is written.
        """
        outputs = _concatenate(_outputs(self._dev_model, self._dev_batches))
        if not all(np.isfinite(values).all() for values in outputs.values()):
            return {}  # `experiments.training.fit` reports a loss that is not finite
        with self._summaries_of(step):
            self._write_confusion(outputs["emotion"])
            if "embedding" in outputs:
                self._write_embeddings(outputs["embedding"])
            self._write_examples()
            self._write_gradients(step)
        self._writer.flush()
        return outputs

    def _write_confusion(self, posteriors) -> None:
        fold = self.data.fold
        predicted = np.array(fold.classes)[posteriors.argmax(axis=1)]
        counts = scores.confusion(fold.dev.emotion, predicted, fold.classes)
        draw = figures.confusion_matrix
        _write_picture("confusion", draw, counts, fold.classes, "development speech")

    def _write_embeddings(self, embeddings) -> None:
        fold, shown = self.data.fold, embeddings[self._point_rows]
        positions = project_points(np.concatenate([shown, _centers(self.model)]))
        points, stars = np.split(positions, [len(shown)])
        labels = fold.dev.emotion.iloc[self._point_rows]
        title = f"t-SNE of the embeddings of {len(points)} development utterances"
        arguments = points, labels, stars, fold.classes, title
        _write_picture("embedding", figures.embedding, *arguments)

    def _write_examples(self) -> None:
        if self._example_model is None:
            return
        hop = self.data.preprocessing.front_end.hop_seconds
        examples = zip(self._example_tags(), self._example_outputs(), strict=True)
        for tag, (features, outputs) in examples:
            if "attention" in outputs:
                draw, weights = figures.attention, _drop_padding(outputs["attention"])
                _write_picture(
                    f"{tag}/attention", draw, features, weights, hop_seconds=hop
                )
            if "reconstruction" in outputs:
                draw, output = figures.reconstruction, outputs["reconstruction"]
                output = output[: len(features)]
                _write_picture(
                    f"{tag}/reconstruction", draw, features, output, hop_seconds=hop
                )

    def _example_tags(self) -> list[str]:
        """One tag per example. TensorBoard groups them by class."""
        rows = self._example_table
        return [f"{row.emotion}/{row.utterance}" for row in rows.itertuples()]

    def _example_outputs(self) -> Iterator[tuple[np.ndarray, dict]]:
        """Features without padding, and outputs, of each example."""
        is_masked = getattr(self.model, "mask_padding", True)
        for features, outputs in _outputs(self._example_model, self._example_batches):
            lengths = keras.ops.convert_to_numpy(padding.count_frames(features))
            for row, length in enumerate(lengths):
                unpadded = features[row, : length if is_masked else None]
                yield unpadded, {name: values[row] for name, values in outputs.items()}

    def _write_audio(self) -> None:
        """Writes as much of each example as its pictures show."""
        samples = round(self.data.preprocessing.seconds * audio.RATE)
        rows = self._example_table.itertuples()
        for tag, row in zip(self._example_tags(), rows, strict=True):
            wave = audio.read(row.file, row.start, row.end, digest=row.digest)[:samples]
            # (batch, samples, channels)
            tf.summary.audio(f"{tag}/audio", wave[None, :, None], audio.RATE)

    def _write_gradients(self, step: int) -> None:
        if not self._training_batches:
            return
        found = [
            gradients.norms_and_cosines(self._head_gradients(batch))
            for batch in self._training_batches
        ]
        means = pd.DataFrame(found).mean().to_dict()
        for tag, value in means.items():
            tf.summary.scalar(tag, value)
        self.rows.append({"step": step, **means})

    def _write_projector(self, embeddings) -> None:
        """Writes the files of TensorBoard's projector: points first, then centers."""
        fold, centers = self.data.fold, _centers(self.model)
        points = fold.dev.iloc[self._point_rows][["emotion", "speaker", "utterance"]]
        stars = pd.DataFrame({"emotion": fold.classes[: len(centers)]})
        metadata = pd.concat([points, stars.assign(speaker="", utterance="center")])
        vectors = pd.DataFrame(np.concatenate([embeddings[self._point_rows], centers]))
        tables = {
            "tensors.tsv": vectors.to_csv(sep="\t", index=False, header=False),
            "metadata.tsv": metadata.to_csv(sep="\t", index=False),
            "projector_config.pbtxt": PROJECTOR,
        }
        for name, text in tables.items():
            with files.replacing(self.log_dir / name) as temporary:
                temporary.write_text(text, encoding="utf-8")


def project_points(points: np.ndarray) -> np.ndarray:
    """Projects points to two dimensions by t-SNE, with a fixed seed.

    Args:
        points: Array `(points, features)`.

    Returns:
        Array `(points, 2)`. It is 0 everywhere if all points are the same.

    Reference:
        van der Maaten and Hinton, "Visualizing data using t-SNE", Journal of Machine
        Learning Research 9, 2008.
    """
    import threadpoolctl
    from sklearn.manifold import TSNE

    points = np.asarray(points, np.float64)
    if not np.ptp(points, axis=0).any():
        return np.zeros((len(points), 2))  # scikit-learn would crash on them
    perplexity = min(MAX_PERPLEXITY, (len(points) - 1) / 3)
    tsne = TSNE(init="pca", perplexity=perplexity, random_state=0)
    # Its threads wait for each other if other processes keep the cores busy.
    with threadpoolctl.threadpool_limits(1):
        return tsne.fit_transform((points - points.mean(axis=0)) / points.std())


def _submodel(model, names):
    """A model from features to the named outputs that `model` has; None without any."""
    attributes = {
        "emotion": "emotion_model",
        "embedding": "embedding_model",
        "attention": "attention_model",
    }
    outputs = {
        name: getattr(model, attribute).output
        for name, attribute in attributes.items()
        if name in names and hasattr(model, attribute)
    }
    if "reconstruction" in names and "reconstruction" in model.heads:
        outputs["reconstruction"] = model.output["reconstruction"]
    return keras.Model(model.input, outputs) if outputs else None


def _outputs(model, batches) -> Iterator[tuple[np.ndarray, dict]]:
    """Features and outputs of each batch, as arrays."""
    for features, _, _ in batches:
        features = np.array(features)
        yield features, model.predict_on_batch(features)


def _concatenate(outputs) -> dict[str, np.ndarray]:
    batches = [batch for _, batch in outputs]
    return {
        name: np.concatenate([batch[name] for batch in batches]).astype(np.float32)
        for name in batches[0]
    }


def _drop_padding(weights: np.ndarray) -> np.ndarray:
    """The attention weights of the speech; the weights of padding are exactly 0."""
    return weights[: np.flatnonzero(weights)[-1] + 1]


def _centers(model) -> np.ndarray:
    """The class centers, `(classes, units)`; `(0, units)` for a model without them."""
    if "center" not in model.heads:
        return np.zeros((0, model.embedding_model.output.shape[-1]), np.float32)
    return keras.ops.convert_to_numpy(model.get_layer("center").centers)


def _write_picture(tag: str, draw: Callable, *arguments, **options) -> None:
    stream = io.BytesIO()
    draw(*arguments, path=stream, **options)
    picture = tf.io.decode_png(stream.getvalue(), channels=3)
    tf.summary.image(tag, picture[None])


def _compile(function: Callable) -> Callable:
    """Compiles a graph on TensorFlow, where recurrent layers are slow without one."""
    if keras.backend.backend() != "tensorflow":
        return function
    return tf.function(function, reduce_retracing=True)


def _require_positive(name: str, number: int) -> int:
    if type(number) is not int or number < 1:
        raise ValueError(
            f"`{name}` must be an integer of at least 1. Received: {number!r}."
        )
    return number
