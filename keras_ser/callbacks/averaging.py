"""Moving averages of the weights, which are validated and left at the end."""

import contextlib
from collections.abc import Iterable, Iterator

import keras
import numpy as np

from keras_ser.backend import averaging as backend_averaging
from keras_ser.utils.choices import check_fraction


class AverageWeights(keras.callbacks.Callback):
    """Averages the weights of a model over the updates of its training.

    After update number t, counted from 0, every weight w moves its average a:

        a ← d_t a + (1 − d_t) w,    d_t = min(d, (1 + t) / (10 + t))

    The averages start at the initial weights, and d_t is lower at first, so that these
    are soon forgotten. The moments of batch normalisation and the class centers are
    averaged too. Integer weights and the α of `models.AttributeModel` are not: the
    averaged model has their current values.

    Validation in `fit` sees the averages, and the model has them when training ends.
    Training itself continues from the weights as they were.

    Pass the callback to the schedule as well, so that averages are restored together
    with the weights, and put it after the schedule in the list of callbacks.

    Args:
        decay: The decay d, at least 0 and below 1. The averages cover about the last
            1 / (1 − d) updates.

    Attributes:
        updates: The number of updates so far.

    Raises:
        ValueError: If the decay is out of range, if the model has no weights yet, or if
            it was compiled with several `steps_per_execution`, after which callbacks
            see the last update only.

    Example:

    >>> average = AverageWeights(0.98)
    >>> schedule = HalveAndRestore("val_emotion_accuracy", averaging=average)
    >>> model.fit(data.train(0, 20), steps_per_epoch=data.steps, epochs=20,
    ...           validation_data=data.dev(), callbacks=[schedule, average])

    Reference:
        Polyak and Juditsky, "Acceleration of stochastic approximation by averaging",
        SIAM Journal on Control and Optimization 30, 1992.
    """

    def __init__(self, decay: float):
        super().__init__()
        check_fraction(decay=decay)
        self.decay = decay
        self.updates = 0
        self._variables, self._averages = [], []
        self._update = None
        self._is_swapped = False
        self._is_testing = False

    def set_model(self, model):
        if model is not self._model:
            self._variables, self._averages, self._update = [], [], None
            self.updates, self._is_swapped = 0, False
        super().set_model(model)

    def on_train_begin(self, logs=None):
        steps = getattr(self.model, "steps_per_execution", 1)
        if steps != 1:
            raise ValueError(
                "`AverageWeights` needs the weights after every update. Received: a "
                f"model that was compiled with steps_per_execution={steps}. Compile it "
                "with 1."
            )
        if self._is_swapped:  # an earlier training has ended with the averages
            self._swap()
        self._create()
        if not self.updates:  # callbacks may have changed the weights
            for average, variable in self._pairs():
                average.assign(keras.ops.convert_to_numpy(variable))

    def on_train_batch_end(self, batch, logs=None):
        count = self.updates
        self._update(min(self.decay, (1 + count) / (10 + count)))
        self.updates = count + 1

    def on_test_begin(self, logs=None):
        self._is_testing = bool(self._averages) and not self._is_swapped
        if self._is_testing:
            self._swap()

    def on_test_end(self, logs=None):
        if self._is_testing:
            self._swap()

    def on_train_end(self, logs=None):
        if not self._is_swapped:
            self._swap()

    @contextlib.contextmanager
    def averaged(self) -> Iterator[None]:
        """Context in which the model has the averages as its weights.

        After the training, the model has them anyway, and the context does nothing.
        """
        if self._is_swapped:
            yield
            return
        self._swap()
        try:
            yield
        finally:
            self._swap()

    def snapshot(self) -> list[np.ndarray]:
        """Returns the averages, and last the number of updates, as arrays."""
        values = [keras.ops.convert_to_numpy(each) for each in self._averages]
        return [*values, np.array(self.updates)]

    def restore(self, arrays: list[np.ndarray]) -> None:
        """Continues from the result of `snapshot`.

        The model must have been set, and have its weights as they were trained, not
        their averages.
        """
        self._create()
        self._is_swapped = False
        *values, updates = arrays
        for average, value in zip(self._averages, values, strict=True):
            average.assign(value)
        self.updates = int(updates)

    def describe(self) -> list[list[int]]:
        """Returns the shapes of what `snapshot` returns."""
        self._create()
        return [*(list(each.shape) for each in self._averages), []]

    def _create(self) -> None:
        """Makes averages of all weights that have none."""
        if self._averages:
            return
        if not self.model.weights:
            raise ValueError(
                "Averages need the weights of a built model. Received: a model without "
                "weights. Call the model on a batch first."
            )
        self._variables = backend_averaging.averaged_weights(self.model)
        self._averages = [
            keras.Variable(
                keras.ops.convert_to_numpy(each),
                dtype=each.dtype,
                trainable=False,
                name=f"{each.name}_average",
            )
            for each in self._variables
        ]
        self._update = backend_averaging.moving_average(
            self.model, self._variables, self._averages
        )

    def _pairs(self) -> Iterable[tuple]:
        return zip(self._averages, self._variables, strict=True)

    def _swap(self) -> None:
        """Exchanges the values of weights and averages."""
        for average, variable in self._pairs():
            value = keras.ops.convert_to_numpy(variable)
            variable.assign(average)
            average.assign(value)
        self._is_swapped = not self._is_swapped


class OnAverages(keras.callbacks.CallbackList):
    """Callbacks that see the averaged model at the end of each epoch.

    The averages are what is tested in the end, so they are what a picture of the
    training should show.

    Args:
        averaging: The `AverageWeights` of the training.
        callbacks: The callbacks, which may not change the weights.

    Example:

    >>> callbacks = [schedule, average, OnAverages(average, [Monitor(data, "logs")])]
    """

    def __init__(
        self,
        averaging: AverageWeights,
        callbacks: Iterable[keras.callbacks.Callback],
    ):
        super().__init__(list(callbacks))
        self.averaging = averaging

    def on_epoch_end(self, epoch, logs=None):
        with self.averaging.averaged():
            for callback in self.callbacks:
                callback.on_epoch_end(epoch, logs)
