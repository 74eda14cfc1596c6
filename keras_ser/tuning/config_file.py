"""Writes a config as a Python file."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import keras_ser
from keras_ser.experiments.config import Experiment
from keras_ser.utils import files

WIDTH = 88
INDENT = "    "


def write(path: str | Path, config: Experiment, docstring: str) -> Path:
    """Writes a file that `experiments.load_config` reads back as an equal experiment.

    Args:
        path: Path of the file.
        config: The experiment.
        docstring: Docstring of the file. It is escaped, so that none of it is run.

    Returns:
        The path.
    """
    used = {each for each in _dataclasses(config) if each.__name__ in keras_ser.__all__}
    others = _models(config) | (_dataclasses(config) - used)
    models = sorted(others, key=lambda each: (each.__module__, each.__name__))
    imports = [f"from {each.__module__} import {each.__name__}" for each in models]
    names = sorted(each.__name__ for each in used)
    imports += [f"from keras_ser import {', '.join(names)}\n"]
    text = "\n".join(
        [
            f'"""{_escape(docstring.strip())}\n"""\n',
            *imports,
            f"config = {render(config)}\n",
        ]
    )
    return files.write_text(path, text)


def render(value, depth: int = 0, before: int = 0) -> str:
    """The Python code of a value. Fields of dataclasses with defaults are left out.

    Args:
        value: A dataclass, a mapping, a tuple, a list, a class, or a value that JSON
            can hold.
        depth: Number of brackets that are open before the value.
        before: Number of characters before the value on its line, without indent.
    """
    opening, items, closing = _parts(value)
    if opening is None:
        return value.__name__ if isinstance(value, type) else repr(value)
    codes = [key + render(each) for key, each in items]
    comma = "," if closing == ")" and opening == "(" and len(items) == 1 else ""
    line = opening + ", ".join(codes) + comma + closing
    room = WIDTH - before - len(INDENT) * depth - 1  # a comma may follow
    if not items or ("\n" not in line and len(line) <= room):
        return line
    inner = INDENT * (depth + 1)
    lines = [f"{inner}{key}{render(each, depth + 1, len(key))}," for key, each in items]
    return "\n".join([opening, *lines, INDENT * depth + closing])


def _parts(value) -> tuple:
    """The opening bracket, the items with their keys, and the closing bracket."""
    if dataclasses.is_dataclass(value):
        items = [(f"{name}=", each) for name, each in _changed_fields(value)]
        return f"{type(value).__name__}(", items, ")"
    if isinstance(value, Mapping):
        return "{", [(f"{key!r}: ", each) for key, each in value.items()], "}"
    if isinstance(value, tuple):
        return "(", [("", each) for each in value], ")"
    if isinstance(value, list):
        return "[", [("", each) for each in value], "]"
    return None, None, None


def _changed_fields(value) -> list[tuple]:
    """Names and values of the fields of a dataclass that differ from the default."""
    found = []
    for field in dataclasses.fields(value):
        default = field.default
        if field.default_factory is not dataclasses.MISSING:
            default = field.default_factory()
        current = getattr(value, field.name)
        if default is dataclasses.MISSING or current != default:
            found.append((field.name, current))
    return found


def _dataclasses(value) -> set[type]:
    """All dataclasses in a value."""
    opening, items, _ = _parts(value)
    inside = [_dataclasses(each) for _, each in items] if opening else []
    own = {type(value)} if dataclasses.is_dataclass(value) else set()
    return own.union(*inside)


def _models(value) -> set[type]:
    """The classes of models in a value."""
    opening, items, _ = _parts(value)
    own = {value} if isinstance(value, type) else set()
    return own.union(*(_models(each) for _, each in items)) if opening else own


def _escape(text: str) -> str:
    """Escapes a text, so that no path or command in it can end the docstring."""
    text = text.replace("\\", "\\\\").replace("\0", "\\0")
    return text.replace('"""', '\\"\\"\\"')
