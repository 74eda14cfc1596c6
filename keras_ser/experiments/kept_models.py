"""Compiled models that the next training of the same kind in a process starts from.

Most of the start of a training is spent on tracing the graphs of its steps. The graphs
of the next fold or repeat of a system are the same. A model is therefore kept when its
training has ended, and gets the variables of a new one for the next training: initial
weights, seeds, and optimizers that have made no step. The result is bit for bit that of
a new model, which is built in any case, but not traced.
"""

import collections
import contextlib
import dataclasses
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import keras
import numpy as np

from keras_ser import backend
from keras_ser.data import Pipeline
from keras_ser.experiments import training as trainings
from keras_ser.experiments.training_settings import Training
from keras_ser.models import MODELS
from keras_ser.tasks.vocabularies import PER_FOLD

MAX_KEPT = 16  # models per process, as many as a large table has systems


class _Kept(NamedTuple):
    """A compiled model, and the variables of its optimizers before the first step."""

    model: keras.Model
    optimizers: dict[str, list[np.ndarray]]


_kept: collections.OrderedDict[str, _Kept] = collections.OrderedDict()


@contextlib.contextmanager
def prepared(
    new: keras.Model, data: Pipeline, training: Training, objective: dict
) -> Iterator[keras.Model]:
    """Context in which a model is ready for `training.fit(…, prepared=True)`.

    It is the new model, or one that was kept and has the variables of the new model. It
    is kept again afterwards, unless an error ends the context. Nothing of it may be
    used after the context.

    Models of `models.MODELS` are kept, on TensorFlow without a distribution. A class of
    a user's own may draw constants that are not variables, and a head with the speakers
    of a fold is of no use to the next fold.

    Args:
        new: A new model, which has not been compiled.
        data, training, objective: As for `training.fit`.
    """
    can_keep = type(new) in MODELS.values() and backend.makes_variables_in_graphs()
    can_keep = can_keep and keras.distribution.distribution() is None
    can_keep = can_keep and PER_FOLD.isdisjoint(new.heads)
    key = _describe(new, training, objective) if can_keep else ""
    found = _kept.pop(key, None)
    if found is None or not _renew(found, new):
        trainings.prepare(new, data, training, objective)
        found = _Kept(new, _optimizer_values(new))
    yield found.model
    if can_keep:
        _kept[key] = found
        while len(_kept) > MAX_KEPT:
            _kept.popitem(last=False)


def forget() -> None:
    """Drops all kept models."""
    _kept.clear()


def _describe(model: keras.Model, training: Training, objective: dict) -> str:
    """All that decides the graphs of a model and of its steps."""
    config = {**model.get_config(), "name": ""}  # names are counted up
    state = [
        type(model).__name__,
        config,
        dataclasses.asdict(training),
        objective,
        keras.config.dtype_policy().name,
        keras.config.floatx(),
        keras.config.epsilon(),
    ]
    return json.dumps(state, sort_keys=True, default=repr)


def _renew(kept: _Kept, new: keras.Model) -> bool:
    """Gives a kept model the variables of a new one; False if they differ in shape."""
    pairs = list(zip(kept.model.variables, new.variables, strict=False))
    same = len(kept.model.variables) == len(new.variables)
    same = same and all(_form(own) == _form(other) for own, other in pairs)
    if not same:
        return False
    for own, other in pairs:
        own.assign(other)
    optimizers = kept.model.optimizers
    for name, values in kept.optimizers.items():
        for variable, value in zip(optimizers[name].variables, values, strict=True):
            variable.assign(value)
    kept.model.reset_metrics()
    kept.model.stop_training = False
    return True


def _form(variable) -> tuple:
    return tuple(variable.shape), str(variable.dtype), variable.name


def _optimizer_values(model: Any) -> dict[str, list[np.ndarray]]:
    return {
        name: [keras.ops.convert_to_numpy(each) for each in optimizer.variables]
        for name, optimizer in model.optimizers.items()
    }
