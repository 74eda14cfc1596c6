"""What a user has added to the registries, for other processes.

A config or a script may give a front-end or an augmentation of its own a name, such as
`features.FRONT_ENDS["Loudness"] = Loudness`. A process that trains a job has not run
that line, so the entries are sent along.
"""

import sys
from collections.abc import Callable
from typing import Any

# The registries that a job is run with, by their modules.
REGISTRIES = {
    "keras_ser.features.front_ends": "FRONT_ENDS",
    "keras_ser.augment": "AUGMENTATIONS",
    "keras_ser.models.registry": "MODELS",
    "keras_ser.classical.registry": "CLASSICAL",
    "keras_ser.conditions.registry": "CONDITIONS",
    "keras_ser.attacks.steps": "ATTACKS",
}
PACKAGE = __name__.partition(".")[0]


def own_entries() -> dict[str, dict[str, Any]]:
    """The entries of this process that are not the package's, by module of a registry.

    A module that nothing has imported yet cannot have any.
    """
    found = {}
    for module, name in REGISTRIES.items():
        if module in sys.modules:
            entries = getattr(sys.modules[module], name)
            own = {key: each for key, each in entries.items() if _is_own(each)}
            found |= {module: own} if own else {}
    return found


def call_with(entries: dict[str, dict[str, Any]], function: Callable, *arguments):
    """Adds entries of another process to the registries, and calls a function.

    Args:
        entries: From `own_entries`.
        function: The function.
        *arguments: Its arguments.

    Returns:
        Its result.
    """
    import importlib

    for module, own in entries.items():
        getattr(importlib.import_module(module), REGISTRIES[module]).update(own)
    return function(*arguments)


def _is_own(entry: Any) -> bool:
    kind = entry if isinstance(entry, type) else type(entry)
    return kind.__module__.partition(".")[0] != PACKAGE
