"""The logs of each epoch as TensorBoard summaries."""

import keras

# Tags of the measurements of a discriminator, which belong to no head.
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
    """Keras' TensorBoard callback, with groups of their own for an adversary.

    Keras writes a key of the logs as the tag `epoch_<key>` into `train/`, and a key
    that starts with `val_` as the same tag into `validation/`. This callback does so
    too, except for these keys, which have one tag each:

    | key, with or without `val_` | tag |
    |---|---|
    | `discriminator_loss`, `generator_loss` | `adversary/<key>` |
    | `discriminator_accuracy` | `adversary/<key>` |
    | `code_mean`, `code_variance` | `code/mean`, `code/variance` |
    | `code_skewness`, `code_kurtosis` | `code/skewness`, `code/kurtosis` |

    A step is an epoch, counted from 0.

    Args: As for `keras.callbacks.TensorBoard`.

    Example:

    >>> model.fit(features, labels, epochs=20, callbacks=[EpochLogs("logs")])
    """

    def on_epoch_end(self, epoch, logs=None):
        rest, train, validation = _split(logs or {})
        super().on_epoch_end(epoch, rest)
        if train:
            self._write(self._train_writer, train, epoch)
        if validation:
            self._write(self._val_writer, validation, epoch)

    def on_test_end(self, logs=None):
        super().on_test_end(_split(logs or {})[0])

    def _write(self, writer, values: dict[str, float], epoch: int) -> None:
        with writer.as_default():
            for tag, value in values.items():
                self.summary.scalar(tag, value, step=epoch)


def _split(logs: dict) -> tuple[dict, dict, dict]:
    """The logs of Keras, and those of training and development by their tags."""
    train = {TAGS[key]: value for key, value in logs.items() if key in TAGS}
    validation = {
        TAGS[key.removeprefix("val_")]: value
        for key, value in logs.items()
        if key.startswith("val_") and key.removeprefix("val_") in TAGS
    }
    rest = {k: v for k, v in logs.items() if k.removeprefix("val_") not in TAGS}
    return rest, train, validation
