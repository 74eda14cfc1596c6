"""The place of one training among several, where its schedule finds a model."""

from types import SimpleNamespace

import numpy as np

from keras_ser.backend.optimizers import MAIN
from keras_ser.callbacks import Schedule


class Slot:
    """What a schedule sees of one of several models.

    A schedule decides from the logs of an epoch what happens to its model: whether its
    state is kept as the best one, whether the best one is restored, which learning rate
    comes next, and whether the training stops. For stacked models these decisions are
    carried out for all of them at once; until then they stay here.

    Args:
        schedule: The schedule of the training. It gets this object as its model.
        rate: The initial learning rate.
        epochs: The number of epochs.

    Attributes:
        stop_training: Whether the schedule has stopped the training.
        keeps, restores: What the schedule has decided since `clear`.
    """

    KEPT = ("kept on the device",)  # stands for the kept arrays in a schedule

    def __init__(self, schedule: Schedule, rate: float, epochs: int):
        self.schedule = schedule
        self.stop_training = False
        self.optimizers = {MAIN: SimpleNamespace(learning_rate=np.float32(rate))}
        self.clear()
        schedule.keeper = self
        schedule.set_params({"epochs": epochs})
        schedule.set_model(self)

    @property
    def rate(self) -> float:
        """The learning rate of the next epoch."""
        return float(np.float32(self.optimizers[MAIN].learning_rate))

    @rate.setter
    def rate(self, value: float) -> None:
        self.optimizers[MAIN].learning_rate = np.float32(value)

    def clear(self) -> None:
        """Forgets what is to be kept and restored."""
        self.keeps = self.restores = False

    def snapshot(self) -> tuple:
        self.keeps = True
        return self.KEPT

    def restore(self, kept) -> None:
        self.restores = True
