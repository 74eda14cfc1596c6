"""TensorBoard summaries of a training: pictures, speech, embeddings, gradients.

TensorFlow writes the event files on every Keras backend.
"""

import contextlib
import functools
from collections.abc import Callable, Iterator
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from keras_ser import audio, figures
from keras_ser.layers import padding
from keras_ser.monitoring import gradients
from keras_ser.monitoring.groups import assign_groups, group_names
from keras_ser.monitoring.outputs import (
    class_centers,
    concatenate,
    dev_model,
    drop_padding,
    example_model,
    predict,
)
from keras_ser.monitoring.pictures import write_picture, write_predictions
from keras_ser.monitoring.projection import (
    describe_points,
    project_points,
    write_projector,
)
from keras_ser.utils import files


class Monitor(keras.callbacks.Callback):
    """Shows in TensorBoard what the model does with the development speech.

    The callback writes these summaries after the first epoch, after every `every`-th
    epoch from there, and at the end of training:

    | tag | content |
    |---|---|
    | `<head>/confusion` | confusion matrix of a head with classes |
    | `<head>/truth_and_prediction` | what a head predicts that predicts a number |
    | `pictures/embedding` | t-SNE of the embeddings, with the class centers as stars |
    | `pictures/<class>/<utterance>/attention` | attention below the spectrogram |
    | `pictures/<class>/<utterance>/<head>` | input above the output of a decoder |
    | `audio/<class>/<utterance>` | the same as sound, at the end of training |
    | `gradient_norm/<head>` | norm of a head's gradient on the encoder |
    | `gradient_cosine/<head>` | its cosine with the gradient of the main head |

    The title of a picture and the text of a sound name the utterance, its label, and
    what the main head predicts. Classes are those of the main head. If it predicts a
    number, they are `low`, `middle` and `high`, the thirds of the development speech.
    An utterance without a label of a head is left out of its pictures.

    At the end, the callback also writes the embeddings for TensorBoard's projector. It
    can colour them by every column that a task learns, and by emotion, corpus, speaker,
    gender and language.
    The utterances, and the training rows behind the gradients, are the same at every
    step. Summaries of parts that a model does not have are left out.

    The monitor does not change the training by a single bit. It computes everything in
    inference mode and uses no random state but its own.

    A step is an epoch, counted from 0 as in Keras. The step after the last epoch shows
    the model at the end of training. If the monitor comes after `HalveAndRestore`, each
    step shows the model that the next epoch starts from, and the last step shows the
    model of the best epoch.

    With averaged weights, `callbacks.OnAverages(average, [Monitor(…)])` shows the model
    that is tested.

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

    def on_epoch_end(self, epoch, logs=None):
        self._step = epoch + 1
        if epoch % self.every == 0:
            self._write_step(epoch)

    def on_train_end(self, logs=None):
        outputs = self._write_step(self._step, with_audio=True)
        if "embedding" in outputs:
            self._write_projector(outputs["embedding"])
        self._writer.close()

    def _prepare_speech(self) -> None:
        dev = self.data.fold.dev.reset_index(drop=True)
        self._groups = assign_groups(self._main, dev)
        labelled = dev[self._groups != ""]
        points = labelled.sample(min(self.points, len(labelled)), random_state=0)
        self._point_rows = np.sort(points.index)
        by_group = labelled.groupby(self._groups[labelled.index], sort=False)
        self._example_table = by_group.head(self.examples)
        self._dev_batches = self.data.unaugmented(dev)
        self._example_batches = self.data.unaugmented(self._example_table)
        self._dev_model = dev_model(self.model)
        self._example_model = example_model(self.model)

    @property
    def _main(self):
        return self.model.tasks[0]

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

    def _write_step(self, step: int, with_audio: bool = False) -> dict[str, np.ndarray]:
        """Writes all summaries of the current model.

        Args:
            step: The step of the summaries.
            with_audio: Whether to write the sound of the examples, too.

        Returns:
            Its outputs for the development speech, or an empty dictionary if they are
            not finite. Then nothing is written.
        """
        outputs = concatenate(predict(self._dev_model, self._dev_batches))
        values = keras.tree.flatten(outputs)
        if not all(np.isfinite(each).all() for each in values):
            return {}  # `experiments.training.fit` reports a loss that is not finite
        with self._summaries_of(step):
            for task in self.model.tasks:
                if task.is_scored:
                    labels = task.read(self.data.fold.dev)
                    write_predictions(task, labels, outputs["heads"][task.name])
            if "embedding" in outputs:
                self._write_embeddings(outputs["embedding"])
            self._write_examples(outputs["heads"])
            if with_audio:
                self._write_audio(outputs["heads"])
            self._write_gradients(step)
        self._writer.flush()
        return outputs

    def _write_embeddings(self, embeddings) -> None:
        if not len(self._point_rows):
            return
        shown, centers = embeddings[self._point_rows], class_centers(self.model)
        positions = project_points(np.concatenate([shown, centers]))
        points, stars = np.split(positions, [len(shown)])
        labels, names = self._groups[self._point_rows], group_names(self._main)
        title = f"t-SNE of the embeddings of {len(points)} development utterances"
        arguments = points, labels, stars, names, title
        write_picture("pictures/embedding", figures.embedding, *arguments)

    def _write_examples(self, heads: dict[str, np.ndarray]) -> None:
        if self._example_model is None:
            return
        front_end = self.data.preprocessing.front_end
        style = {"hop_seconds": front_end.hop_seconds}
        style["frequencies"] = getattr(front_end, "frequencies", None)
        titles = self._example_titles(heads)
        examples = zip(
            self._example_tags(), titles, self._example_outputs(), strict=True
        )
        for tag, title, (features, outputs) in examples:
            style["title"] = title
            if "attention" in outputs:
                draw, weights = figures.attention, drop_padding(outputs["attention"])
                name = f"pictures/{tag}/attention"
                write_picture(name, draw, features, weights, **style)
            for head, output in outputs.get("decoders", {}).items():
                draw, output = figures.reconstruction, output[: len(features)]
                write_picture(f"pictures/{tag}/{head}", draw, features, output, **style)

    def _example_tags(self) -> list[str]:
        """One tag per example."""
        table = self._example_table
        names = self._groups[table.index]
        return [f"{a}/{b}" for a, b in zip(names, table.utterance, strict=True)]

    def _example_titles(self, heads: dict[str, np.ndarray]) -> list[str]:
        """The utterance of each example, its label, and what the main head predicts.

        Args:
            heads: The outputs of all heads for the development speech.
        """
        table, task = self._example_table, self._main
        found = task.predictions(heads[task.name][table.index]).prediction
        truths = task.truths(table)
        rows = zip(table.utterance, truths, found, strict=True)
        return [f"{name}, {truth} → {prediction}" for name, truth, prediction in rows]

    def _example_outputs(self) -> Iterator[tuple[np.ndarray, dict]]:
        """Features without padding, and outputs, of each example."""
        is_masked = self.model.mask_padding
        for features, outputs in predict(self._example_model, self._example_batches):
            lengths = keras.ops.convert_to_numpy(padding.count_frames(features))
            for row, length in enumerate(lengths):
                unpadded = features[row, : length if is_masked else None]
                of_row = functools.partial(np.take, indices=row, axis=0)
                yield unpadded, keras.tree.map_structure(of_row, outputs)

    def _write_audio(self, heads: dict[str, np.ndarray]) -> None:
        """Writes as much of each example as its pictures show."""
        samples = round(self.data.preprocessing.seconds * audio.RATE)
        rows, titles = self._example_table.itertuples(), self._example_titles(heads)
        for tag, title, row in zip(self._example_tags(), titles, rows, strict=True):
            wave = audio.read(row.file, row.start, row.end, digest=row.digest)[:samples]
            waves = wave[None, :, None]  # (batch, samples, channels)
            tf.summary.audio(f"audio/{tag}", waves, audio.RATE, description=title)

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
        rows, centers = self._point_rows, class_centers(self.model)
        points = describe_points(self.data.fold.dev.iloc[rows], self.model.tasks)
        about = {**dict.fromkeys(points, ""), "utterance": "center"}
        about[self._main.table_column] = self._main.classes[: len(centers)]
        metadata = pd.concat([points, pd.DataFrame(about)])
        vectors = np.concatenate([embeddings[rows], centers])
        write_projector(self.log_dir, vectors, metadata)


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
