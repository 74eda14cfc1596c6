"""Schedules that halve the learning rate after epochs without progress."""

import math

from keras_ser.callbacks.averaging import AverageWeights
from keras_ser.callbacks.schedule import Schedule
from keras_ser.utils.choices import check_numbers, check_positive


class Halve(Schedule):
    """Halves the learning rate.

    If `monitor` has not improved for `patience` epochs, the learning rate is multiplied
    by `factor`, and training continues from the weights that it has. The count of
    epochs then starts again. Training stops when the rate would fall below `floor`, or
    after `stop` epochs without progress. At the end, the model has the weights of the
    best epoch.

    Of two epochs with the same `monitor`, the one with the lower `tie` is better.

    Args:
        monitor: Key of the epoch's logs. Its value falls as the model improves if the
            key ends in `loss`. Otherwise it grows.
        patience: Number of epochs without improvement before the rate is reduced.
        factor: Number above 0 and below 1 by which all learning rates are multiplied.
        floor: Lowest learning rate, at least 0. The default is a tenth of the initial
            rate, for each optimizer its own.
        tie: Key of the epoch's logs. Its value falls as the model improves.
        stop: Number of epochs without improvement after which training stops. With 0,
            it does not stop for that reason.
        select: The epoch whose model is left at the end, `"best"` or `"last"`.
        averaging: The `AverageWeights` of the training; see `Schedule`.
        first: Index of the first epoch that may be selected; see `Schedule`.

    Attributes: See `Schedule`.

    Raises: See `Schedule`.

    Example:

    >>> schedule = Halve("val_emotion_loss", patience=5, stop=20)
    >>> model.fit(data.train(0, 20), steps_per_epoch=data.steps, epochs=20,
    ...           validation_data=data.dev(), callbacks=[schedule])
    """

    def __init__(
        self,
        monitor: str = "val_emotion_accuracy",
        patience: int = 5,
        factor: float = 0.5,
        floor: float | None = None,
        tie: str = "val_emotion_loss",
        stop: int = 0,
        select: str = "best",
        averaging: AverageWeights | None = None,
        first: int = 0,
    ):
        check_positive(patience=patience)
        is_share = "a number above 0 and below 1"
        check_numbers(is_share, lambda value: 0 < value < 1, factor=factor)
        if floor is not None:
            is_rate = "a finite number of at least 0"
            check_numbers(is_rate, lambda value: 0 <= value < math.inf, floor=floor)
        super().__init__(monitor, stop, tie, select, averaging, first)
        self.patience = patience
        self.factor = factor
        self.floor = floor

    def _reset(self):
        super()._reset()
        self._waited = 0

    def get_state(self):
        return {**super().get_state(), "waited": self._waited}

    def set_state(self, state, kept):
        super().set_state(state, kept)
        self._waited = state["waited"]

    def _progress(self):
        self._waited = 0

    def _stagnate(self, epoch):
        self._waited += 1
        if self._waited >= self.patience:
            self._waited = 0
            self._halve(epoch)

    def _halve(self, epoch: int) -> None:
        rates = {name: rate * self.factor for name, rate in self._rates().items()}
        if any(rate < self._floor(name) for name, rate in rates.items()):
            self.model.stop_training = True
        else:
            self._set_rates(rates)

    def _floor(self, name: str) -> float:
        return self._initial_rates[name] / 10 if self.floor is None else self.floor


class HalveAndRestore(Halve):
    """Halves the learning rate and returns to the best epoch.

    If `monitor` has not improved for `patience` epochs, the weights and the optimizer
    state of the best epoch are restored, and the learning rate is multiplied by
    `factor`. The count of epochs then starts again. Training stops when the rate would
    fall below `floor`. At the end, the model has the weights of the best epoch.

    Args: See `Halve`. With `select="last"`, the last epoch is not followed by a
        return to the best one.

    Example:

    >>> schedule = HalveAndRestore("val_emotion_accuracy", patience=5)
    >>> model.fit(data.train(0, 20), steps_per_epoch=data.steps, epochs=20,
    ...           validation_data=data.dev(), callbacks=[schedule])

    Reference:
        Latif, Rana, Khalifa, Jurdak and Schuller, "Multitask learning from augmented
        auxiliary data for improving speech emotion recognition", IEEE Transactions on
        Affective Computing, 2022, section 4.3.
    """

    restores = True

    def _halve(self, epoch):
        super()._halve(epoch)
        if self.select == "best" or not self._is_over(epoch):
            self._restore()

    def _is_over(self, epoch: int) -> bool:
        return self.model.stop_training or epoch + 1 == self.params["epochs"]
