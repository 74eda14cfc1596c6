"""Whether a model can be saved and loaded, before hours of training."""

import json
import random

import keras

from keras_ser.models.base import SpeechModel

PACKAGE = "keras_ser"


def check_saveable(model: SpeechModel) -> None:
    """Raises ValueError unless a saved model can be loaded again.

    The class must be registered under a package of its own. It is built once more from
    its config, which must give a model of the same config, tasks and weights. This
    draws no random numbers, so that a training stays the same.

    Args:
        model: A new model.

    Raises:
        ValueError: If the class is not registered, or its config is incomplete.

    Example:

    >>> check_saveable(models.MTLAug(("anger", "sadness"), dimensions=64))
    """
    kind = type(model)
    _check_registered(kind)
    state = random.getstate()
    try:
        config = json.loads(json.dumps(model.get_config()))
        copy = kind.from_config(config)
    except Exception as error:  # the class may raise anything
        raise _incomplete(kind, f"{type(error).__name__}: {error}") from error
    finally:
        random.setstate(state)
    for what, one, other in (
        ("config", config, json.loads(json.dumps(copy.get_config()))),
        ("tasks", model.tasks, copy.tasks),
        ("shapes of weights", _shapes(model), _shapes(copy)),
    ):
        if one != other:
            raise _incomplete(kind, f"a model with other {what}: {_short(one, other)}")


def _check_registered(kind: type) -> None:
    """Raises unless Keras finds the class, or another run of its definition."""
    name = keras.saving.get_registered_name(kind)
    found = keras.saving.get_registered_object(name)
    is_ours = kind.__module__.partition(".")[0] == PACKAGE
    is_under_our_name = name.partition(">")[0] == PACKAGE
    if found is None or _path(found) != _path(kind) or is_under_our_name != is_ours:
        raise ValueError(
            f"The class `{kind.__name__}` must be registered under a package and name "
            f"of its own, so that a saved model can be loaded. Received: {found} as "
            f"{name!r}. Write "
            '`@keras.saving.register_keras_serializable("my_models")` above the class.'
        )


def _path(kind: type) -> tuple[str, str]:
    return kind.__module__, kind.__qualname__


def _incomplete(kind: type, reason: str) -> ValueError:
    reason = " ".join(reason.split())
    return ValueError(
        f"`{kind.__name__}` must be built again by `from_config(get_config())`, so "
        f"that a saved model can be loaded. Received: {reason}. Pass arguments of the "
        "constructor to `SpeechModel` as `arguments`, except `classes` and "
        "`dimensions`."
    )


def _shapes(model: keras.Model) -> list[tuple]:
    return [tuple(each.shape) for each in model.weights]


def _short(one, other) -> str:
    """The first entries that differ."""
    if isinstance(one, dict):
        one, other = (list(each.items()) for each in (one, other))
    pairs = zip(one, other, strict=False)
    first = next((pair for pair in pairs if pair[0] != pair[1]), (len(one), len(other)))
    return f"{first[0]} became {first[1]}"
