"""A configuration as the Python file that holds it."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from keras_ser.experiments.config import Experiment
from keras_ser.utils import files

WIDTH = 88
INDENT = "    "


def write(path, config: Experiment, docstring: str) -> Path:
    """Writes a file that `config.load` reads back as an equal experiment.

    Args:
        path: of the file.
        config: the experiment.
        docstring: text of the file; nothing in it is run.
    """
    used = sorted(_classes(config))
    text = "\n".join(
        [
            f'"""{_quoted(docstring.strip())}\n"""\n',
            f"from keras_ser import {', '.join(used)}\n",
            f"config = {rendered(config)}\n",
        ]
    )
    return files.write_text(path, text)


def rendered(value, depth: int = 0, before: int = 0) -> str:
    """Python code of a value; of a dataclass, without what it has by default.

    Args:
        value: a dataclass, a mapping, a tuple or list, or what JSON can hold.
        depth: of its brackets.
        before: characters before it on its line.
    """
    opening, items, closing = _parts(value)
    if opening is None:
        return repr(value)
    alone = [(key, rendered(each)) for key, each in items]
    comma = "," if closing == ")" and opening == "(" and len(items) == 1 else ""
    line = opening + ", ".join(key + code for key, code in alone) + comma + closing
    room = WIDTH - before - len(INDENT) * depth - 1  # a comma may follow
    if not items or ("\n" not in line and len(line) <= room):
        return line
    inner = INDENT * (depth + 1)
    lines = [
        f"{inner}{key}{rendered(each, depth + 1, len(key))}," for key, each in items
    ]
    return "\n".join([opening, *lines, INDENT * depth + closing])


def _parts(value) -> tuple:
    """Opening, what stands before each value with the value, and closing."""
    if dataclasses.is_dataclass(value):
        named = [(f"{name}=", each) for name, each in _changed(value)]
        return f"{type(value).__name__}(", named, ")"
    if isinstance(value, Mapping):
        return "{", [(f"{key!r}: ", each) for key, each in value.items()], "}"
    if isinstance(value, tuple):
        return "(", [("", each) for each in value], ")"
    if isinstance(value, list):
        return "[", [("", each) for each in value], "]"
    return None, None, None


def _changed(value) -> list[tuple]:
    """The fields of a dataclass that do not hold their defaults."""
    found = []
    for field in dataclasses.fields(value):
        default = field.default
        if field.default_factory is not dataclasses.MISSING:
            default = field.default_factory()
        given = getattr(value, field.name)
        if default is dataclasses.MISSING or given != default:
            found.append((field.name, given))
    return found


def _classes(value) -> set[str]:
    """The names of all dataclasses in a value."""
    opening, items, _ = _parts(value)
    inside = [_classes(each) for _, each in items] if opening else []
    own = {type(value).__name__} if dataclasses.is_dataclass(value) else set()
    return own.union(*inside)


def _quoted(text: str) -> str:
    """Text that ends no string: it may hold paths and commands of any kind."""
    text = text.replace("\\", "\\\\").replace("\0", "\\0")
    return text.replace('"""', '\\"\\"\\"')
