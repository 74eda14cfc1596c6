"""Checks a config's names and arguments against the code, before anything trains."""

import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any

from keras_ser import conditions
from keras_ser.experiments.config import Experiment, System
from keras_ser.features import FRONT_ENDS
from keras_ser.protocols import PROTOCOLS
from keras_ser.utils import files


def check(config: Experiment) -> None:
    """Raises an error if an experiment names or passes something that does not exist.

    No network is built for this. Building one would start the backend, and the number
    of its threads is set later, in each process.

    Raises:
        ValueError: If a name is unknown, or if an argument is unknown, does not have
            the type of its default, or is out of range.
    """
    _check_protocol("protocol", config.protocol, config.protocol_arguments)
    _check_conditions(config)
    settings = config.features.settings
    front_end = look_up("front_end", config.features.front_end, FRONT_ENDS)
    _check_arguments("features.settings", front_end, settings)
    dimensions = front_end(**settings).dimensions
    for name, system in config.systems.items():
        _check_system(f"systems.{name}", system, dimensions)


def _check_protocol(what: str, name: str, arguments: Mapping) -> None:
    """Checks the arguments of a protocol, and of the protocol that it builds on."""
    protocol = look_up(what, name, PROTOCOLS)
    excluded = ("table", "unlabelled")
    _check_arguments(f"{what}_arguments", protocol, arguments, *excluded)
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


def look_up(what: str, name: str, registry: Mapping[str, Any]) -> Any:
    """Returns the entry of a registry.

    Args:
        what: The setting that holds the name, for the message.
        name: The name of the entry.
        registry: A mapping from names to entries.

    Raises:
        ValueError: If the registry has no entry of this name.
    """
    if name not in registry:
        raise ValueError(
            f"`{what}` must be one of {sorted(registry)}. "
            f"Received: {files.short_repr(name)}."
        )
    return registry[name]


def _check_system(where: str, system: System, dimensions: int) -> None:
    from keras_ser.classical import CLASSICAL
    from keras_ser.models import MODELS

    model = look_up(f"{where}.model", system.model, MODELS | CLASSICAL)
    if system.model in CLASSICAL:
        _check_classical(where, model, system)
    else:
        _check_network(where, model, system, dimensions)


def _check_network(where: str, model, system: System, dimensions: int) -> None:
    excluded = ("classes", "augmentations", "dimensions")
    _check_arguments(f"{where}.arguments", model, system.arguments, *excluded)
    model.check(dimensions=dimensions, **system.arguments)
    what = f"{where}.objective"
    _check_arguments(what, model.objective, system.objective, "self")
    for name, weight in system.objective.items():
        if weight is not None and not (_is_number(weight) and weight >= 0):
            raise ValueError(
                f"`{what}.{name}` must be a finite number, 0 or more. "
                f"Received: {files.short_repr(weight)}."
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
    """Checks that a classical system has no settings that only networks take."""
    _check_arguments(f"{where}.arguments", model, system.arguments)
    model(**system.arguments)
    for name in ("objective", "augment", "denoising", "use_unlabelled"):
        value = getattr(system, name)
        if value:
            raise ValueError(
                f"`{where}.{name}` must be empty because `{system.model}` is not a "
                f"network. Received: {files.short_repr(value)}. Set augment=() and "
                "leave out objective, denoising and use_unlabelled."
            )


def _check_arguments(
    what: str, function: Callable, arguments: Mapping, *excluded: str
) -> None:
    """Checks that a function takes these arguments, with values of these types.

    Args:
        what: The setting that holds the arguments, for the message.
        function: The function.
        arguments: The arguments by name.
        excluded: The parameters of the function that a config cannot set.
    """
    defaults = {
        name: parameter.default
        for name, parameter in inspect.signature(function).parameters.items()
        if name not in excluded
        and parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
    }
    unknown = sorted(set(arguments) - set(defaults))
    if unknown:
        raise ValueError(f"`{what}` takes {list(defaults)}. Received: {unknown}.")
    for name, value in arguments.items():
        _check_type(f"{what}.{name}", value, defaults[name])


def _check_type(what: str, value, default) -> None:
    """Checks that a value has the type of a default. A default of None allows any."""
    for kind, (expected, is_valid) in TYPES.items():
        if isinstance(default, kind):
            if not is_valid(value):
                received = files.short_repr(value)
                raise ValueError(f"`{what}` must be {expected}. Received: {received}.")
            break
    if isinstance(default, tuple):  # an empty tuple stands for names
        for each in value:
            _check_type(f"{what}[…]", each, default[0] if default else "")


def _is_number(value) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


# `bool` comes before `int`, of which it is a subclass.
TYPES = {
    bool: ("True or False", lambda value: isinstance(value, bool)),
    int: ("a whole number", lambda value: type(value) is int),
    float: ("a finite number", _is_number),
    str: ("text", lambda value: isinstance(value, str)),
    tuple: ("a tuple or list", lambda value: isinstance(value, tuple | list)),
}
