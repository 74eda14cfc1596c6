"""A progress bar for one training run."""

import keras


class Progress(keras.callbacks.Callback):
    """Shows one bar over all epochs, the remaining time and the latest score.

    The first step of a session compiles the model, which takes as long as many steps.
    The bar therefore starts after it, so that the remaining time is right at once.

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
        self._done = 0  # steps of earlier epochs
        self._runs = False  # whether the first step is done

    def on_train_begin(self, logs=None):
        import tqdm

        self._runs = False
        self._bar = tqdm.tqdm(
            desc=f"{self.title}: starting", bar_format="{desc}", leave=False
        )

    def on_epoch_begin(self, epoch, logs=None):
        self._done = epoch * self.params["steps"]
        if self._runs:
            self._bar.n = self._done
            self._bar.refresh()

    def on_train_batch_end(self, batch, logs=None):
        if self._runs:
            self._bar.update()
        else:
            self._start()

    def _start(self):
        """Replaces the title by the bar, which counts from here."""
        import tqdm

        self._bar.close()
        self._runs = True
        self._bar = tqdm.tqdm(
            desc=self.title,
            initial=self._done + 1,
            total=self.params["epochs"] * self.params["steps"],
            unit="step",
        )

    def on_epoch_end(self, epoch, logs=None):
        value = (logs or {}).get(self.monitor)
        if value is not None:
            self._bar.set_postfix_str(f"epoch {epoch + 1}, {self.monitor} {value:.3f}")

    def on_train_end(self, logs=None):
        self._bar.close()
