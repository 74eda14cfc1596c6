"""The weight α of attributes, set at the start of each epoch."""

import keras


class SetAlpha(keras.callbacks.Callback):
    """Sets the α of a `models.AttributeModel` in each epoch, and logs it as `alpha`.

    α depends on the index of the epoch and on the number of epochs that `fit` is given,
    and on nothing else, so that a training that resumes has the same. It is constant
    within an epoch.

    A model without attributes has no α and is left unchanged.

    Put the callback before those that read the logs.

    Example:

    >>> model.fit(data.train(0, 20), steps_per_epoch=data.steps, epochs=20,
    ...           validation_data=data.dev(), callbacks=[SetAlpha(), schedule])
    """

    def on_epoch_begin(self, epoch, logs=None):
        if self._has_alpha():
            self.model.set_alpha(self._alpha(epoch))

    def on_epoch_end(self, epoch, logs=None):
        if self._has_alpha():
            logs["alpha"] = self._alpha(epoch)

    def _has_alpha(self) -> bool:
        return bool(getattr(self.model, "alpha_variables", ()))

    def _alpha(self, epoch: int) -> float:
        return self.model.alpha_at(epoch, self.params["epochs"])
