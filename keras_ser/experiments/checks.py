"""A config's names and arguments against what takes them, before anything trains."""

import inspect
import math
from collections.abc import Callable, Mapping

from keras_ser import conditions
from keras_ser.experiments.config import Experiment, System
from keras_ser.features import FRONT_ENDS
from keras_ser.protocols import PROTOCOLS


def check(config: Experiment) -> None:
    """Refuses an experiment that names or gives what nothing takes.

    No network is built for it: that would start the backend, whose threads are set
    later, in each process.

    Raises:
        ValueError: an unknown name; an argument that is unknown, of another type
            than its default, or out of range.
    """
    _check_protocol("protocol", config.protocol, config.protocol_arguments)
    _check_conditions(config)
    settings = config.features.settings
    front_end = registered("front_end", config.features.front_end, FRONT_ENDS)
    _check_arguments("features.settings", front_end, settings)
    bands = front_end(**settings).bands
    for name, system in config.systems.items():
        _check_system(f"systems.{name}", system, bands)


def _check_protocol(what: str, name: str, arguments: Mapping) -> None:
    """A protocol's arguments, and those of the protocol that it divides by."""
    protocol = registered(what, name, PROTOCOLS)
    given = ("table", "unlabelled")
    _check_arguments(f"{what}_arguments", protocol, arguments, *given)
    inner = inspect.signature(protocol).parameters.get("protocol")
    if inner is not None:
        name = arguments.get("protocol", inner.default)
        _check_protocol(f"{what}'s protocol", name, arguments.get("arguments") or {})


def _check_conditions(config: Experiment) -> None:
    from keras_ser.classical import CLASSICAL

    systems = config.systems.items()
    classical = [name for name, system in systems if system.model in CLASSICAL]
    conditions.check(config.conditions, config.noise, classical)
    for _, system in systems:
        conditions.check_training(system.train_conditions, config.noise)


def registered(what: str, name: str, registry: Mapping):
    """What a registry holds under a name.

    Raises:
        ValueError: nothing.
    """
    if name not in registry:
        raise ValueError(
            f"`{what}` must be one of {sorted(registry)}. Received: {name!r}."
        )
    return registry[name]


def _check_system(where: str, system: System, bands: int) -> None:
    from keras_ser.classical import CLASSICAL
    from keras_ser.models import MODELS

    model = registered(f"{where}.model", system.model, MODELS | CLASSICAL)
    if system.model in CLASSICAL:
        _check_classical(where, model, system)
    else:
        _check_network(where, model, system, bands)


def _check_network(where: str, model, system: System, bands: int) -> None:
    given = ("classes", "augmentations", "bands")
    _check_arguments(f"{where}.arguments", model, system.arguments, *given)
    model.check(bands=bands, **system.arguments)
    what = f"{where}.objective"
    _check_arguments(what, model.objective, system.objective, "self")
    for name, weight in system.objective.items():
        if weight is not None and not (_is_number(weight) and weight >= 0):
            raise ValueError(
                f"`{what}.{name}` must be a finite number, 0 or more. "
                f"Received: {weight!r}."
            )
    _check_augment(f"{where}.augment", system.augment)


def _check_augment(where: str, given) -> None:
    from keras_ser import augment

    if isinstance(given, Mapping):
        for name, arguments in given.items():
            kind = type(augment.get(name))
            _check_arguments(f"{where}.{name}", kind, arguments)
    augment.instances(given)


def _check_classical(where: str, model, system: System) -> None:
    """A classical system takes arguments and nothing else."""
    _check_arguments(f"{where}.arguments", model, system.arguments)
    model(**system.arguments)
    for name in ("objective", "augment", "denoising", "unlabelled"):
        value = getattr(system, name)
        if value:
            raise ValueError(
                f"`{where}.{name}` must be empty: `{system.model}` is no network. "
                f"Received: {value!r}. Give augment=() and leave out the others."
            )


def _check_arguments(
    what: str, function: Callable, arguments: Mapping, *given: str
) -> None:
    """Refuses arguments that a function does not name, or of another type."""
    defaults = {
        name: parameter.default
        for name, parameter in inspect.signature(function).parameters.items()
        if name not in given
        and parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
    }
    unknown = sorted(set(arguments) - set(defaults))
    if unknown:
        raise ValueError(f"`{what}` takes {list(defaults)}. Received: {unknown}.")
    for name, value in arguments.items():
        _check_type(f"{what}.{name}", value, defaults[name])


def _check_type(what: str, value, default) -> None:
    """Refuses a value that is not of the type of a default; None allows any."""
    for kind, (expected, holds) in TYPES.items():
        if isinstance(default, kind):
            if not holds(value):
                raise ValueError(f"`{what}` must be {expected}. Received: {value!r}.")
            break
    if isinstance(default, tuple):  # an empty one is for names
        for each in value:
            _check_type(f"{what}[…]", each, default[0] if default else "")


def _is_number(value) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


# `bool` before `int`, which it is a kind of.
TYPES = {
    bool: ("True or False", lambda value: isinstance(value, bool)),
    int: ("a whole number", lambda value: type(value) is int),
    float: ("a finite number", _is_number),
    str: ("text", lambda value: isinstance(value, str)),
    tuple: ("a tuple or list", lambda value: isinstance(value, tuple | list)),
}
