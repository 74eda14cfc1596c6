"""The optimizers that a config names."""

import inspect
import math
from typing import Any

from keras_ser.experiments.training_settings import OPTIMIZERS, Training
from keras_ser.utils import files

DEFAULTS = {"sgd": {"momentum": 0.9}}
# Set by other fields of `Training`. Keras would average trainable weights only.
FIXED = ("learning_rate", "global_clipnorm", "name", "kwargs")
AVERAGES = ("use_ema", "ema_momentum", "ema_overwrite_frequency")


def make_optimizer(training: Training, factor: float = 1.0) -> Any:
    """Returns a new optimizer with the settings of a training.

    Args:
        training: The settings.
        factor: A factor of the learning rate; see `models.SpeechModel.rate_factors`.

    Raises:
        ValueError: If Keras rejects the value of an argument.
    """
    from keras_ser.backend import adam

    arguments = {**DEFAULTS.get(training.optimizer, {}), **training.optimizer_arguments}
    if training.clip_norm:
        arguments["global_clipnorm"] = float(training.clip_norm)
    kind, rate = _kind(training), factor * float(training.learning_rate)
    try:
        return adam.FASTER.get(kind, kind)(rate, **arguments)
    except (ValueError, TypeError) as error:
        raise ValueError(
            "`training.optimizer_arguments` must have values that "
            f"keras.optimizers.{kind.__name__} accepts. Received: "
            f"{files.short_repr(dict(training.optimizer_arguments))}, of which Keras "
            f"says: {error} Correct this value."
        ) from error


def check_optimizer(training: Training) -> None:
    """Checks `optimizer_arguments` without making an optimizer.

    An optimizer has variables, and making one would start the backend.

    Args:
        training: The settings.

    Raises:
        ValueError: If the optimizer does not take an argument, or if a value does not
            have the type of its default.
    """
    name, given = "training.optimizer_arguments", training.optimizer_arguments
    parameters = inspect.signature(_kind(training)).parameters
    known = {
        each: parameter.default
        for each, parameter in parameters.items()
        if each not in FIXED + AVERAGES
    }
    unknown = sorted(set(given) - set(known))
    if unknown:
        fixed = any(each in FIXED + AVERAGES for each in unknown)
        others = "The fields `learning_rate`, `clip_norm` and `average` of `Training` "
        raise ValueError(
            f"`{name}` takes {list(known)} with optimizer={training.optimizer!r}. "
            f"Received: {unknown}. "
            + (f"{others}set the others." if fixed else "Choose among these names.")
        )
    for each, value in given.items():
        _check_value(f"{name}.{each}", value, known[each])
    clips = sorted({"clipnorm", "clipvalue"} & set(given))
    if len(clips) + bool(training.clip_norm) > 1:
        both = [*clips, "training.clip_norm"] if training.clip_norm else clips
        raise ValueError(
            f"Gradients can be clipped in one way only. Received: {both}. Leave out "
            "all but one of them."
        )


def _check_value(name: str, value, default) -> None:
    is_switch = isinstance(default, bool)
    expected = "True or False" if is_switch else "a finite number"
    if default is None:  # the default switches the argument off
        expected += ", or None"
    is_number = type(value) in (int, float) and math.isfinite(value)
    is_valid = isinstance(value, bool) if is_switch else is_number
    if not is_valid and not (default is None and value is None):
        received = files.short_repr(value)
        raise ValueError(f"`{name}` must be {expected}. Received: {received}.")


def _kind(training: Training) -> type:
    import keras

    return getattr(keras.optimizers, OPTIMIZERS[training.optimizer])
