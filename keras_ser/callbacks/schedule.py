"""What all learning rate schedules share: they follow the best epoch."""

import keras
import numpy as np

from keras_ser.backend.optimizers import optimizers_of, rate_of, state_of
from keras_ser.callbacks.averaging import AverageWeights
from keras_ser.utils.choices import check_choice, check_integer_from_0

SELECT = ("best", "last")


class Schedule(keras.callbacks.Callback):
    """Base class: follows the best epoch, and decides which model training leaves.

    Of two epochs with the same `monitor`, the one with the lower `tie` is better. A
    value falls as the model improves if its key ends in `loss`. Otherwise it grows.

    A subclass changes the learning rates. All optimizers of the model are scheduled
    alike, each from its own initial rate.

    A training that starts with epoch 0 or has another model knows nothing of earlier
    ones. `fit` with an `initial_epoch` continues with the best epoch so far.

    Args:
        monitor: Key of the epoch's logs.
        stop: Number of epochs without progress after which training stops. With 0, it
            does not stop for that reason.
        tie: Key of the epoch's logs.
        select: The epoch whose model is left at the end, `"best"` or `"last"`.
        averaging: The `AverageWeights` of the training. Its averages are part of the
            snapshot of the best epoch, so that they are restored with the weights. Put
            it after the schedule in the list of callbacks.
        first: Index of the first epoch that may be selected, counted from 0. Epochs
            without progress are counted from there, for `stop` and for a patience.

    Attributes:
        best_epoch: Index of the selected epoch, counted from 0. It is None until an
            epoch that may be selected has ended.
        kept: Weights, optimizer states and averages of the best epoch, as a list of
            arrays. It is None if they are not needed.
        keeper: What takes and restores snapshots: an object with `snapshot()` and
            `restore(kept)`. With None, the default, it is the model itself.

    Raises:
        ValueError: If an argument is unknown or out of range, if the logs of an epoch
            lack `monitor` or `tie`, or if an optimizer has a schedule of its own.
    """

    restores = False  # whether training returns to the best epoch

    def __init__(
        self,
        monitor: str = "val_emotion_accuracy",
        stop: int = 0,
        tie: str = "val_emotion_loss",
        select: str = "best",
        averaging: AverageWeights | None = None,
        first: int = 0,
    ):
        super().__init__()
        check_choice("select", select, SELECT)
        check_integer_from_0(stop=stop, first=first)
        for name, key in (("monitor", monitor), ("tie", tie)):
            if not isinstance(key, str) or not key:
                raise ValueError(
                    f"`{name}` must be a key of the logs, such as `val_emotion_uar`. "
                    f"Received: {key!r}."
                )
        self.monitor = monitor
        self.stop = stop
        self.tie = tie
        self.select = select
        self.averaging = averaging
        self.first = first
        self.keeper = None
        self._reset()

    def _reset(self) -> None:
        """Forgets an earlier training."""
        self.kept = None
        self._best = (-np.inf, -np.inf)
        self._best_epoch = None
        self._last_epoch = None
        self._initial_rates = {}

    @property
    def best_epoch(self) -> int | None:
        return self._best_epoch if self.select == "best" else self._last_epoch

    def set_model(self, model):
        if model is not self._model:
            self._reset()
        super().set_model(model)

    def on_train_begin(self, logs=None):
        self._check_rates()
        if not self._initial_rates:
            self._initial_rates = self._rates()

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 0 and self._last_epoch is not None:
            self._reset()
            self._initial_rates = self._rates()

    def on_epoch_end(self, epoch, logs=None):
        score = self._score(logs or {})
        self._log_rates(logs)
        self._last_epoch = epoch
        if epoch < self.first:
            return
        if score > self._best:
            self._best, self._best_epoch = score, epoch
            if self.restores or self.select == "best":
                self.kept = self._snapshot()
            self._progress()
        elif self._is_stale(epoch):
            self.model.stop_training = True
        else:
            self._stagnate(epoch)

    def on_train_end(self, logs=None):
        if self.select == "best":
            self._restore()

    def get_state(self) -> dict:
        """Returns what later epochs depend on besides `kept`, as JSON values."""
        return {
            "best": list(self._best),
            "best_epoch": self._best_epoch,
            "last_epoch": self._last_epoch,
            "initial_rates": self._initial_rates,
        }

    def set_state(self, state: dict, kept: list | None) -> None:
        """Resumes from the result of `get_state` and the `kept` of the same epoch."""
        self._best = tuple(state["best"])
        self._best_epoch = state["best_epoch"]
        self._last_epoch = state["last_epoch"]
        self._initial_rates = state["initial_rates"]
        self.kept = kept

    def _progress(self) -> None:
        """Is called after an epoch that is the best so far."""

    def _stagnate(self, epoch: int) -> None:
        """Is called after any other epoch, unless training stops."""

    def _is_stale(self, epoch: int) -> bool:
        best = self.first - 1 if self._best_epoch is None else self._best_epoch
        return 0 < self.stop <= epoch - best

    def _score(self, logs) -> tuple[float, float]:
        missing = [key for key in (self.monitor, self.tie) if key not in logs]
        if missing:
            raise ValueError(
                f"`monitor` and `tie` must be keys of the logs, {sorted(logs)}. "
                f"Received: {missing}. Pass `validation_data` to `fit`, or choose "
                "other keys."
            )
        value = float(logs[self.monitor])
        is_loss = self.monitor.endswith("loss")
        return -value if is_loss else value, -float(logs[self.tie])

    def _log_rates(self, logs: dict) -> None:
        """Logs the rate of the first optimizer, and those of others with their names.

        The first one has no name in the logs, so that they do not depend on how many
        there are.
        """
        for number, (name, rate) in enumerate(self._rates().items()):
            logs[f"learning_rate_{name}" if number else "learning_rate"] = rate

    def _check_rates(self) -> None:
        """Raises ValueError if an optimizer changes its learning rate by itself."""
        for name, optimizer in optimizers_of(self.model).items():
            rate = getattr(optimizer, "_learning_rate", None)
            if isinstance(rate, keras.optimizers.schedules.LearningRateSchedule):
                raise ValueError(
                    f"`{type(self).__name__}` needs optimizers whose learning rate it "
                    f"can set. Received: `{name}` with a {type(rate).__name__}. Give "
                    "the optimizer a number, or leave this callback out."
                )

    def _rates(self) -> dict[str, float]:
        found = optimizers_of(self.model)
        return {name: rate_of(optimizer) for name, optimizer in found.items()}

    def _set_rates(self, rates: dict[str, float]) -> None:
        for name, optimizer in optimizers_of(self.model).items():
            optimizer.learning_rate = rates[name]

    def _variables(self):
        """Weights and optimizer states, without the learning rates that change."""
        found = list(self.model.weights)
        for optimizer in optimizers_of(self.model).values():
            found += state_of(optimizer)
        return found

    def _snapshot(self):
        if self.keeper is not None:
            return self.keeper.snapshot()
        kept = [keras.ops.convert_to_numpy(each) for each in self._variables()]
        return kept + (self.averaging.snapshot() if self.averaging else [])

    def _restore(self) -> None:
        if self.kept is None:
            return
        if self.keeper is not None:
            self.keeper.restore(self.kept)
            return
        variables = self._variables()
        for variable, value in zip(variables, self.kept, strict=False):
            variable.assign(value)
        if self.averaging:
            self.averaging.restore(self.kept[len(variables) :])
