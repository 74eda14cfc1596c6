"""The logs of each epoch as TensorBoard summaries."""

from pathlib import Path

import keras

VALIDATION = "val_"  # start of the keys of development speech
GROUP = "training"  # of what belongs to no head
CARD = "settings"  # tag
# Measurements of a discriminator, which belong to no head.
TAGS = {
    "discriminator_loss": "adversary/discriminator_loss",
    "generator_loss": "adversary/generator_loss",
    "discriminator_accuracy": "adversary/discriminator_accuracy",
    "code_mean": "code/mean",
    "code_variance": "code/variance",
    "code_skewness": "code/skewness",
    "code_kurtosis": "code/kurtosis",
}


class EpochLogs(keras.callbacks.TensorBoard):
    """Keras' TensorBoard callback, with a group of tags for each head.

    | key of the logs | tag |
    |---|---|
    | `<head>_<name>`, such as `emotion_uar` | `<head>/<name>`, such as `emotion/uar` |
    | `discriminator_loss`, `generator_loss` | `adversary/<key>` |
    | `discriminator_accuracy` | `adversary/<key>` |
    | `code_mean`, `code_variance` | `code/mean`, `code/variance` |
    | `code_skewness`, `code_kurtosis` | `code/skewness`, `code/kurtosis` |
    | others, such as `loss`, `learning_rate` or `alpha` | `training/<key>` |

    The heads are the outputs of the model. A key of the training is written into
    `train/`, and one that starts with `val_` under the same tag into `validation/`, so
    that TensorBoard draws both into one chart. Each value is written once: Keras'
    callback also writes the result of each validation against the iterations, and this
    one does not. A step is an epoch, counted from 0.

    Args:
        log_dir: Folder of the event files.
        card: Text in Markdown, such as the settings of the training. It is shown on the
            page "Text" under the tag `settings`.
        histogram_freq: Number of epochs from one set of histograms of the weights to
            the next; 0 for none.
        write_graph: Whether to write the graph of the model.

    Example:

    >>> model.fit(features, labels, epochs=20, callbacks=[EpochLogs("logs")])
    """

    def __init__(
        self,
        log_dir: str | Path = "logs",
        card: str = "",
        histogram_freq: int = 0,
        write_graph: bool = False,
    ):
        super().__init__(
            log_dir, histogram_freq=histogram_freq, write_graph=write_graph
        )
        self.card = card

    def on_train_begin(self, logs=None):
        resumes = any(Path(self.log_dir, "train").glob("events.*"))
        super().on_train_begin(logs)
        if self.card and not resumes:
            with self._train_writer.as_default():
                self.summary.text(CARD, self.card, step=0)

    def on_epoch_end(self, epoch, logs=None):
        super().on_epoch_end(epoch, None)  # histograms
        logs = dict(logs or {})
        if "learning_rate" not in logs and getattr(self.model, "optimizer", None):
            rate = keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)
            logs["learning_rate"] = float(rate)
        heads = [*self._heads()]
        train, validation = {}, {}
        for key, value in logs.items():
            own = key.removeprefix(VALIDATION)
            chosen = train if own == key else validation
            chosen[_tag(own, heads)] = value
        self._write(self._train_writer, train, epoch)
        if validation:
            self._write(self._val_writer, validation, epoch)

    def on_test_end(self, logs=None):
        super().on_test_end({})

    def _heads(self) -> list[str]:
        """The names of the outputs, longest first: one may start with another."""
        names = getattr(self.model, "output_names", None) or ()
        return sorted(names, key=len, reverse=True)

    def _write(self, writer, values: dict[str, float], epoch: int) -> None:
        with writer.as_default():
            for tag, value in values.items():
                self.summary.scalar(tag, value, step=epoch)


def _tag(key: str, heads: list[str]) -> str:
    """The tag of a key of the logs, without `val_`."""
    if key in TAGS:
        return TAGS[key]
    for head in heads:
        if key.startswith(f"{head}_"):
            return f"{head}/{key.removeprefix(f'{head}_')}"
    return f"{GROUP}/{key}"
