"""Schedules whose learning rate does not depend on progress."""

import math

from keras_ser.callbacks.schedule import Schedule


class Cosine(Schedule):
    """Lowers the learning rate along a half cosine, from epoch to epoch.

        r_e = r / 2 (1 + cos(π e / E))

    with the initial rate r, the index e of the epoch, counted from 0, and the number E
    of epochs that `fit` is given. The rate would be 0 in epoch E, which is not trained.

    Args: See `Schedule`.

    Example:

    >>> schedule = Cosine("val_emotion_uar", select="last")
    >>> model.fit(data.train(0, 20), steps_per_epoch=data.steps, epochs=20,
    ...           validation_data=data.dev(), callbacks=[schedule])

    Reference:
        Loshchilov and Hutter, "SGDR: Stochastic gradient descent with warm restarts",
        ICLR 2017, without the restarts.
    """

    def on_epoch_begin(self, epoch, logs=None):
        super().on_epoch_begin(epoch, logs)
        share = (1 + math.cos(math.pi * epoch / self.params["epochs"])) / 2
        initial = self._initial_rates.items()
        self._set_rates({name: rate * share for name, rate in initial})


class Constant(Schedule):
    """Keeps the learning rate.

    Args: See `Schedule`.
    """

    def _check_rates(self):
        """The rate stays as it is, so that an optimizer may have its own schedule."""
