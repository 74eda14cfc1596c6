"""The learning rate schedule: halve the rate and return to the best epoch."""

import keras
import numpy as np


class HalveAndRestore(keras.callbacks.Callback):
    """Halves the learning rate and returns to the best epoch.

    If `monitor` has not improved for `patience` epochs, the weights and the optimizer
    state of the best epoch are restored, and the learning rate is multiplied by
    `factor`. The count of epochs then starts again. Training stops when the rate would
    fall below `floor`. At the end, the model has the weights of the best epoch.

    Of two epochs with the same `monitor`, the one with the lower `tie` is better.

    Args:
        monitor: Key of the epoch's logs. Its value grows as the model improves.
        patience: Number of epochs without improvement before the rate is reduced.
        factor: Number by which the learning rate is multiplied.
        floor: Lowest learning rate. The default is a tenth of the initial rate.
        tie: Key of the epoch's logs. Its value falls as the model improves.

    Attributes:
        best_epoch: Index of the best epoch, counted from 0. It is None before the
            first epoch ends.
        kept: Weights and optimizer state of the best epoch, as a list of arrays.

    Raises:
        ValueError: If the logs of an epoch lack `monitor` or `tie`.

    Example:

    >>> schedule = HalveAndRestore("val_emotion_accuracy", patience=5)
    >>> model.fit(data.train(0, 20), steps_per_epoch=data.steps, epochs=20,
    ...           validation_data=data.dev(), callbacks=[schedule])

    Reference:
        Latif, Rana, Khalifa, Jurdak and Schuller, "Multitask learning from augmented
        auxiliary data for improving speech emotion recognition", IEEE Transactions on
        Affective Computing, 2022, section 4.3.
    """

    def __init__(
        self,
        monitor: str = "val_emotion_accuracy",
        patience: int = 5,
        factor: float = 0.5,
        floor: float | None = None,
        tie: str = "val_emotion_loss",
    ):
        super().__init__()
        self.monitor = monitor
        self.patience = patience
        self.factor = factor
        self.floor = floor
        self.tie = tie
        self.best_epoch = None
        self.kept = None
        self._best = (-np.inf, -np.inf)
        self._waited = 0

    def on_train_begin(self, logs=None):
        if self.floor is None:
            self.floor = self._rate() / 10

    def on_epoch_end(self, epoch, logs=None):
        score = self._score(logs or {})
        logs["learning_rate"] = self._rate()
        if score > self._best:
            self._best, self.best_epoch = score, epoch
            self.kept = self._snapshot()
            self._waited = 0
            return
        self._waited += 1
        if self._waited >= self.patience:
            self._halve()

    def on_train_end(self, logs=None):
        if self.kept is not None:
            self._restore()

    def get_state(self) -> dict:
        """Returns what later epochs depend on besides `kept`, as JSON values."""
        return {
            "best": list(self._best),
            "best_epoch": self.best_epoch,
            "waited": self._waited,
            "floor": self.floor,
        }

    def set_state(self, state: dict, kept: list) -> None:
        """Resumes from the result of `get_state` and the `kept` of the same epoch."""
        self._best = tuple(state["best"])
        self.best_epoch = state["best_epoch"]
        self._waited = state["waited"]
        self.floor = state["floor"]
        self.kept = kept

    def _halve(self):
        rate = self._rate() * self.factor
        self._restore()
        self._waited = 0
        if rate < self.floor:
            self.model.stop_training = True
        else:
            self.model.optimizer.learning_rate = rate

    def _score(self, logs) -> tuple[float, float]:
        missing = [key for key in (self.monitor, self.tie) if key not in logs]
        if missing:
            raise ValueError(
                f"`monitor` and `tie` must be keys of the logs, {sorted(logs)}. "
                f"Received: {missing}. Pass `validation_data` to `fit`, or choose "
                "other keys."
            )
        return float(logs[self.monitor]), -float(logs[self.tie])

    def _rate(self) -> float:
        return float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))

    def _variables(self):
        """Weights and optimizer state, without the learning rate that is halved."""
        rate = self.model.optimizer.learning_rate
        moments = [v for v in self.model.optimizer.variables if v is not rate]
        return self.model.weights + moments

    def _snapshot(self):
        return [keras.ops.convert_to_numpy(variable) for variable in self._variables()]

    def _restore(self):
        for variable, value in zip(self._variables(), self.kept, strict=True):
            variable.assign(value)
