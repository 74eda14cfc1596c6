"""Sets single values of a configuration from text, such as `training.epochs=5`."""

import ast
import dataclasses
import types
from collections.abc import Iterable, Mapping
from typing import Any, get_args, get_origin, get_type_hints

from keras_ser.corpora import RatedLabelSet
from keras_ser.utils import files

NAMES_OF_KINDS = {Mapping: "dict"}  # a mapping is written as a dictionary


def override(config: Any, text: str) -> Any:
    """Returns a copy of a config with one value set.

    Args:
        config: An `Experiment`, or another frozen dataclass.
        text: `path=value`, such as `training.epochs=5`. The value is a Python literal.
            Anything that is not a literal is taken as text.

    Raises:
        ValueError: If the text has another form, if the path is unknown, or if the
            value does not have the type of the field.

    Example:

    >>> override(experiment, "systems.mtl_aug.objective.center=0.01")
    """
    path, equals, value = text.partition("=")
    if not equals:
        received = files.short_repr(text)
        raise ValueError(f"An override is `path=value`. Received: {received}.")
    return _set(config, path.strip().split("."), literal(value.strip()), text)


def parse_options(texts: Iterable[str]) -> dict[str, Any]:
    """Returns the options in texts such as `["speaker=subject"]`, by name.

    Args:
        texts: `OPTION=VALUE` each. Values are read as by `override`.

    Raises:
        ValueError: If a text has another form.
    """
    texts = list(texts)
    found = [text.partition("=") for text in texts]
    wrong = [text for text in texts if text.find("=") < 1]
    if wrong:
        raise ValueError(f"--set takes OPTION=VALUE. Received: {', '.join(wrong)}.")
    return {name: literal(value) for name, _, value in found}


def _set(node, path: list[str], value, text: str):
    name, rest = path[0], path[1:]
    if dataclasses.is_dataclass(node):
        known = [field.name for field in dataclasses.fields(node)]
        if name not in known:
            raise ValueError(
                f"{_start(text)} there is no `{name}`. Expected one of {known}."
            )
        old = getattr(node, name)
        kind = get_type_hints(type(node))[name]
        if rest and get_args(kind)[-1:] == (Mapping,):  # may need a new inner mapping
            old = {**old, rest[0]: old.get(rest[0], {})}
        new = _set(old, rest, value, text) if rest else _typed(value, kind, text)
        return dataclasses.replace(node, **{name: new})
    if isinstance(node, Mapping):
        if rest and name not in node:
            raise ValueError(
                f"{_start(text)} there is no `{name}`. Expected one of {sorted(node)}."
            )
        return {**node, name: _set(node[name], rest, value, text) if rest else value}
    raise ValueError(
        f"{_start(text)} there is no `{name}`, because the path already ends at the "
        f"value {files.short_repr(node)}. Shorten the path."
    )


def _typed(value, kind, text: str):
    """Returns a value as the type of a field, or as one of its types."""
    kinds = [get_origin(each) or each for each in _alternatives(kind)]
    if float in kinds and type(value) is int:
        return float(value)
    if tuple in kinds and isinstance(value, list):
        return tuple(value)
    if type(value) not in kinds and not (Mapping in kinds and isinstance(value, dict)):
        unwritten = (type, RatedLabelSet)  # no text is one of these
        written = [each for each in kinds if each not in unwritten]
        names = [NAMES_OF_KINDS.get(each, each.__name__) for each in written]
        raise ValueError(
            f"{_start(text)} expected {' or '.join(names)}. "
            f"Received: {type(value).__name__}."
        )
    return value


def _start(text: str) -> str:
    """Returns the start of an error message, which names the override."""
    return f"Override {files.short_repr(text)}:"


def _alternatives(kind) -> tuple:
    return get_args(kind) if isinstance(kind, types.UnionType) else (kind,)


def literal(text: str) -> Any:
    """Returns the value of a Python literal, or the text itself if it is not one."""
    try:
        return ast.literal_eval(text)
    # TypeError: {[]: 1}. RecursionError and MemoryError: too many brackets.
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return text
