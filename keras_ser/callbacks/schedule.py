"""The learning rate schedule: halve and go back to the best epoch."""

import keras
import numpy as np


class HalveAndRestore(keras.callbacks.Callback):
    """Halves the learning rate and goes back to the best epoch.

    If `monitor` has not improved for `patience` epochs, weights and optimizer of
    the best epoch are restored and the learning rate is multiplied by `factor`;
    the count starts again. Training stops when the rate would fall below `floor`.
    At the end, the model is that of the best epoch.

    Equal values of `monitor` are decided by the lower `tie`.

    Args:
        monitor: a key of the epoch's logs that grows as the model gets better.
        patience: epochs.
        factor: of the learning rate.
        floor: learning rate; default, a tenth of the initial one.
        tie: a key of the logs that falls as the model gets better.

    Reference: Latif et al. 2022, section 4.3.
    """

    def __init__(
        self,
        monitor="val_emotion_accuracy",
        patience=5,
        factor=0.5,
        floor=None,
        tie="val_emotion_loss",
    ):
        super().__init__()
        self.monitor = monitor
        self.patience = patience
        self.factor = factor
        self.floor = floor
        self.tie = tie
        self.best_epoch = None
        self.kept = None  # weights and moments of the best epoch, as arrays
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
        """What the next epochs depend on besides `kept`, as JSON values."""
        return {
            "best": list(self._best),
            "best_epoch": self.best_epoch,
            "waited": self._waited,
            "floor": self.floor,
        }

    def set_state(self, state: dict, kept: list) -> None:
        """Goes on from a state of `get_state` and the `kept` of that moment."""
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
        absent = [key for key in (self.monitor, self.tie) if key not in logs]
        if absent:
            raise ValueError(
                f"`monitor` and `tie` must be keys of the logs, {sorted(logs)}. "
                f"Received: {absent}. Give `fit` validation_data, or name other keys."
            )
        return float(logs[self.monitor]), -float(logs[self.tie])

    def _rate(self) -> float:
        return float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))

    def _variables(self):
        """Weights and the optimizer's moments; the learning rate goes its own way."""
        rate = self.model.optimizer.learning_rate
        moments = [v for v in self.model.optimizer.variables if v is not rate]
        return self.model.weights + moments

    def _snapshot(self):
        return [keras.ops.convert_to_numpy(variable) for variable in self._variables()]

    def _restore(self):
        for variable, value in zip(self._variables(), self.kept, strict=True):
            variable.assign(value)
