"""The options of a corpus's reader, checked against the types in its signature."""

import inspect
import numbers
import os
import types
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, get_args, get_origin

MAX_LENGTH = 60  # characters of a value in a message

_Test = Callable[[Any], bool]


def _is_whole(value) -> bool:
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def _is_number(value) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def _is_path(value) -> bool:
    return isinstance(value, os.PathLike)


# What an option of a type holds: in words, and whether a value is of that kind.
KINDS: dict[Any, tuple[str, _Test]] = {
    bool: ("True or False", lambda value: isinstance(value, bool)),
    int: ("a whole number", _is_whole),
    float: ("a number", _is_number),
    str: ("text", lambda value: isinstance(value, str)),
    Path: ("a path", _is_path),
    type(None): ("None", lambda value: value is None),
}


def check_options(corpus: str, read: Callable, options: Mapping[str, Any]) -> None:
    """Checks the names and types of the options of a reader.

    Args:
        corpus: Name of the corpus, for the message.
        read: The reader, `read(root, **options)`. Options without a type, or with a
            type other than those of `KINDS` and mappings of them, accept any value.
        options: The options.

    Raises:
        ValueError: If the reader does not have an option, or if a value has another
            type.
    """
    parameters = list(inspect.signature(read).parameters.values())[1:]
    if any(each.kind is each.VAR_KEYWORD for each in parameters):
        return
    known = {each.name: each.annotation for each in parameters}
    if not set(options) <= set(known):
        takes = f"the options {list(known)}" if known else "no options"
        raise ValueError(
            f"Corpus `{corpus}` takes {takes}. Received: {sorted(options)}. Remove the "
            "options that it does not take."
        )
    for name, value in options.items():
        _check(corpus, name, value, known[name])


def _check(corpus: str, name: str, value: Any, annotation: Any) -> None:
    kinds = [_kind(each) for each in _alternatives(annotation)]
    if not all(kinds) or any(test(value) for _, test in kinds):
        return
    expected = " or ".join(words for words, _ in kinds if words != "None")
    received = _short(value)
    raise ValueError(
        f"Option `{name}` of corpus `{corpus}` must be {expected}. Received: "
        f"{received}, of type {type(value).__name__}. {_advise(name, value, kinds)}"
    )


def _kind(annotation: Any) -> tuple[str, _Test] | None:
    """What a type holds, in words and as a test, or None for an unknown type."""
    if annotation in KINDS:
        return KINDS[annotation]
    if get_origin(annotation) is not Mapping:
        return None
    inner = [KINDS.get(each) for each in get_args(annotation)]
    if len(inner) != 2 or not all(inner):
        return None
    (key_words, is_key), (value_words, is_value) = inner
    return (
        f"a mapping from {key_words} to {value_words}",
        lambda value: (
            isinstance(value, Mapping)
            and all(map(is_key, value))
            and all(map(is_value, value.values()))
        ),
    )


def _alternatives(annotation: Any) -> tuple:
    is_union = isinstance(annotation, types.UnionType)
    return get_args(annotation) if is_union else (annotation,)


def _advise(name: str, value: Any, kinds: list) -> str:
    """Tells how to write the value, also on the command line."""
    words = [each for each, _ in kinds]
    if "True or False" in words:
        return f"Write True or False, for instance --set {name}=False."
    if "text" in words:
        text = str(value)[:MAX_LENGTH]
        return f"Put text that looks like a value in quotes, --set \"{name}='{text}'\"."
    if any(each.startswith("a mapping from text to text") for each in words):
        example = "{'a': 'b'}"
        return f'Write text in quotes on both sides, --set "{name}={example}".'
    return f"Correct the value, for instance --set {name}=1."


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= MAX_LENGTH else f"{text[:MAX_LENGTH]}…"
