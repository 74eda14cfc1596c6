"""A progress bar for one training run."""

import keras


class Progress(keras.callbacks.Callback):
    """Shows one bar over all epochs, the remaining time and the latest score.

    Args:
        title: Text in front of the bar.
        monitor: Key of the epoch's logs, such as `val_emotion_accuracy`. Its value is
            shown after the bar.
    """

    def __init__(self, title: str, monitor: str):
        super().__init__()
        self.title = title
        self.monitor = monitor
        self._bar = None

    def on_train_begin(self, logs=None):
        import tqdm

        total = self.params["epochs"] * self.params["steps"]
        self._bar = tqdm.tqdm(total=total, desc=self.title, unit="step", leave=True)

    def on_epoch_begin(self, epoch, logs=None):
        self._bar.n = epoch * self.params["steps"]
        self._bar.refresh()

    def on_train_batch_end(self, batch, logs=None):
        self._bar.update()

    def on_epoch_end(self, epoch, logs=None):
        value = (logs or {}).get(self.monitor)
        if value is not None:
            self._bar.set_postfix_str(f"epoch {epoch + 1}, {self.monitor} {value:.3f}")

    def on_train_end(self, logs=None):
        self._bar.close()
