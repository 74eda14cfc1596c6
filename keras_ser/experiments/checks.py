"""Checks a config's names and arguments against the code, before anything trains."""

import inspect
import math
from collections.abc import Callable, Iterable, Mapping

from keras_ser import conditions
from keras_ser.classical.svm import check_scaling
from keras_ser.corpora import COLUMNS, labels_by_corpus
from keras_ser.data.checks import unlabelled_rows
from keras_ser.experiments.config import Experiment, System
from keras_ser.experiments.front_end_arguments import (
    check_reading,
    front_end_arguments,
)
from keras_ser.experiments.lookup import (
    is_classical,
    look_up,
    model_class,
    model_name,
)
from keras_ser.experiments.optimizers import check_optimizer
from keras_ser.experiments.probe_checks import check_probes
from keras_ser.experiments.values import are_names
from keras_ser.features import FRONT_ENDS, check_order
from keras_ser.features.speech import speech_range
from keras_ser.protocols import PROTOCOLS
from keras_ser.reports import published
from keras_ser.utils import files
from keras_ser.utils.choices import check_choice

# Parameters of models that the experiment fills in, from the fold and its settings.
FILLED = (
    *("classes", "augmentations", "dimensions", "vocabularies", "labelled_rows"),
    "input_layers",
)


def check(config: Experiment, columns: Iterable[str] = COLUMNS) -> None:
    """Raises an error if an experiment names or passes something that does not exist.

    No network is built for this. Building one would start the backend, and the number
    of its threads is set later, in each process.

    Args:
        config: The experiment.
        columns: The columns of the labelled table.

    Raises:
        ValueError: If a name is unknown, or if an argument is unknown, absent, does not
            have the type of its default, or is out of range.
    """
    check_corpora(config)
    if config.published:
        published.parse(config.published)
    _check_protocol("protocol", config.protocol, config.protocol_arguments)
    _check_conditions(config)
    settings = config.features.settings
    front_end = look_up("front_end", config.features.front_end, FRONT_ENDS)
    _check_arguments("features.settings", front_end, settings)
    made = front_end(**settings)
    speech_range(made, config.features.normalise, config.features.speech_db)
    check_probes(config, columns)
    filled = {
        **front_end_arguments(made),
        "labelled_rows": config.training.batch,
    }
    if any(system.use_unlabelled for system in config.systems.values()):
        unlabelled_rows(config.training.batch, config.training.unlabelled_ratio)
    for name, system in config.systems.items():
        where = f"systems.{name}"
        model = model_class(system.model, f"{where}.model")
        if is_classical(system.model):
            _check_classical(where, model, system)
        else:
            check_optimizer(config.training)
            check_reading(where, model, system.arguments, made)
            _check_network(where, model, system, filled)
            _check_order(where, made, system)
            _check_columns(where, model, system, tuple(columns))


def check_corpora(config: Experiment) -> None:
    """Raises an error if labels or options do not fit the corpora of an experiment.

    Raises:
        ValueError: If `labels` name some of the labelled corpora only, or if
            `corpus_options` name a corpus that the experiment does not use.
    """
    labels_by_corpus(config.labels, config.corpora)  # raises an error of its own
    unused = sorted(set(config.corpus_options) - set(config.needed_corpora))
    if unused:
        raise ValueError(
            "`corpus_options` must name corpora of the experiment, "
            f"{list(config.needed_corpora)}. Received: options of {unused}, which "
            f"`{config.name}` does not use. Remove these options, or correct the name."
        )


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
    systems = config.systems.items()
    classical = [name for name, system in systems if is_classical(system.model)]
    if classical:
        check_scaling(config.features.normalise)
    conditions.check(config.conditions, config.noise, classical)
    for _, system in systems:
        conditions.check_training(system.train_conditions, config.noise)


def _check_network(where: str, model: type, system: System, filled: Mapping) -> None:
    """Checks the settings of a network.

    Args:
        where: The path of the system in the config, for messages.
        model: The class of the model.
        system: The system.
        filled: Arguments that the experiment passes to models that take them.
    """
    _check_arguments(f"{where}.arguments", model, system.arguments, *FILLED)
    filled = {**filled, "augmentations": _check_augment(where, system.augment)}
    takes = inspect.signature(model).parameters
    given = {name: value for name, value in filled.items() if name in takes}
    model.check(**{**given, **system.arguments})
    _check_objective(f"{where}.objective", model, system.objective)


def _check_objective(what: str, model: type, weights: Mapping) -> None:
    """Checks weights of losses. A model may take one per head, whatever its name."""
    parameters = inspect.signature(model.objective).parameters.values()
    if not any(each.kind is each.VAR_KEYWORD for each in parameters):
        _check_arguments(what, model.objective, weights, "self")
    for name, weight in weights.items():
        if weight is not None and not (_is_number(weight) and weight >= 0):
            raise ValueError(
                f"`{what}.{name}` must be a finite number, 0 or more. "
                f"Received: {files.short_repr(weight)}."
            )


def _check_columns(
    where: str, model: type, system: System, known: tuple[str, ...]
) -> None:
    """Checks that the table has the columns whose classes a model learns."""
    columns = model.columns(**system.arguments)
    _check_column_names(where, model, columns)
    absent = [each for each in columns if each not in known]
    if absent:
        raise ValueError(
            f"`{where}.model` needs a table with the columns {absent}, because a head "
            f"of {model_name(model)} learns them. Received: a table with "
            f"{list(known)}. Choose among these in `{where}.arguments`, or add the "
            "columns to the table."
        )


def _check_column_names(where: str, model: type, columns) -> None:
    """Checks that a model names the columns of the `vocabularies` that it needs."""
    name = model_name(model)
    if not are_names(columns):
        raise ValueError(
            f"`{where}.model`: `columns` of {name} must return a tuple of names of "
            f"columns. Received: {files.short_repr(columns)}. Return a tuple, such as "
            '("gender",), or () if there is none.'
        )
    taken = inspect.signature(model).parameters.get("vocabularies")
    needed = taken is not None and taken.default is inspect.Parameter.empty
    if needed and not columns:
        raise ValueError(
            f"`{where}.model`: the constructor of {name} needs `vocabularies`, which "
            "have the classes of the columns that its `columns` names. Received: no "
            "column. Return their names from `columns`, or give `vocabularies` a "
            "default."
        )


def _check_augment(where: str, given) -> tuple[str, ...]:
    """Checks augmentations and returns their types, `none` first."""
    from keras_ser import augment

    for name in () if isinstance(given, str) else given:
        if isinstance(name, str):
            check_choice(f"{where}.augment", name, sorted(augment.AUGMENTATIONS))
    if isinstance(given, Mapping):
        for name, arguments in given.items():
            kind = type(augment.get(name))
            _check_arguments(f"{where}.augment.{name}", kind, arguments)
    return augment.types(given)


def _check_order(where: str, front_end, system: System) -> None:
    """Checks that no frequencies are masked that the front-end does not have."""
    from keras_ser import augment

    check_order(front_end, augment.instances(system.augment), f"{where}.augment")


def _check_classical(where: str, model, system: System) -> None:
    """Checks that a classical system has no settings that only networks take."""
    _check_arguments(f"{where}.arguments", model, system.arguments)
    model(**system.arguments)
    for name in ("objective", "augment", "denoising", "use_unlabelled"):
        value = getattr(system, name)
        if value:
            raise ValueError(
                f"`{where}.{name}` must be empty because `{model_name(model)}` is "
                f"not a network. Received: {files.short_repr(value)}. Set augment=() "
                "and leave out objective, denoising and use_unlabelled."
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
        filled = [name for name in unknown if name in excluded]
        more = f" The experiment itself fills in {filled}." if filled else ""
        raise ValueError(
            f"`{what}` takes {list(defaults)}. Received: {unknown}.{more} Remove those "
            "that it does not take."
        )
    needed = [name for name in defaults if defaults[name] is inspect.Parameter.empty]
    absent = [name for name in needed if name not in arguments]
    if absent:
        raise ValueError(
            f"`{what}` needs {absent}, which have no default. Received: "
            f"{sorted(arguments)}. Add them."
        )
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
