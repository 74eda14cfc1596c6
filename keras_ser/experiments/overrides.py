"""Single values of a configuration set by text, `training.epochs=5`."""

import ast
import dataclasses
import types
from collections.abc import Iterable, Mapping
from typing import get_args, get_origin, get_type_hints

KINDS = {Mapping: "dict"}  # as a literal is written


def override(config, text: str):
    """`config` with one `path=value` set, of the type that stood there."""
    path, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"An override is `path=value`. Received: {text!r}.")
    return _set(config, path.strip().split("."), literal(value.strip()), text)


def pairs(texts: Iterable[str]) -> dict:
    """`["speaker=subject"]` as names and values; these as `override` reads them."""
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
                f"Override {text!r}: no `{name}`. Expected one of {known}."
            )
        old = getattr(node, name)
        kind = get_type_hints(type(node))[name]
        if rest and get_args(kind)[-1:] == (Mapping,):  # of mappings: a new one
            old = {**old, rest[0]: old.get(rest[0], {})}
        new = _set(old, rest, value, text) if rest else _typed(value, kind, text)
        return dataclasses.replace(node, **{name: new})
    if isinstance(node, Mapping):
        if rest and name not in node:
            raise ValueError(
                f"Override {text!r}: no `{name}`. Expected one of {sorted(node)}."
            )
        return {**node, name: _set(node[name], rest, value, text) if rest else value}
    raise ValueError(f"Override {text!r}: no `{name}`. A value stands there: {node!r}.")


def _typed(value, kind, text: str):
    """A value of the type of a field, or of one of its types."""
    kinds = [get_origin(each) or each for each in _alternatives(kind)]
    if float in kinds and type(value) is int:
        return float(value)
    if tuple in kinds and isinstance(value, list):
        return tuple(value)
    if type(value) not in kinds and not (Mapping in kinds and isinstance(value, dict)):
        expected = " or ".join(KINDS.get(each, each.__name__) for each in kinds)
        raise ValueError(
            f"Override {text!r}: expected {expected}. Received: {type(value).__name__}."
        )
    return value


def _alternatives(kind) -> tuple:
    return get_args(kind) if isinstance(kind, types.UnionType) else (kind,)


def literal(text: str):
    """A Python literal; the text itself where it is none."""
    try:
        return ast.literal_eval(text)
    # TypeError: {[]: 1}; the others: brackets beyond reason.
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return text
