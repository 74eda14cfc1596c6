"""Names in a config, and the classes that they stand for."""

from collections.abc import Mapping
from typing import Any

from keras_ser.utils import files

SCRIPTS = ("__main__", "<run_path>")  # modules of classes in a script or a config file
CLASSICAL_PARTS = ("front_end", "vectors", "estimator", "posteriors")


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


def model_class(model: str | type, what: str = "System.model") -> type:
    """Returns the class of a system's model.

    Args:
        model: A name from `models.MODELS` or `classical.CLASSICAL`, or a class.
        what: The setting that holds it, for the message.

    Raises:
        ValueError: If the name is unknown, or if the class is neither a network nor a
            classical system.
    """
    from keras_ser.classical import CLASSICAL
    from keras_ser.models import MODELS

    if isinstance(model, str):
        return look_up(what, model, MODELS | CLASSICAL)
    if not _is_network(model) and not all(hasattr(model, x) for x in CLASSICAL_PARTS):
        raise ValueError(
            f"`{what}` must be a name, a class that derives from `models.SpeechModel`, "
            f"or a classical system with {', '.join(CLASSICAL_PARTS)}. Received: "
            f"{model_name(model)}. Derive this class from `models.SpeechModel`."
        )
    return model


def model_name(model: str | type) -> str:
    """Returns the name under which runs record a system's model.

    Args:
        model: A name or a class.

    Returns:
        The name in `models.MODELS` or `classical.CLASSICAL`, if the class has one.
        Otherwise its module and its name, such as `"my_models.Tiny"`. The module of a
        class in a config file is called `__main__`, like that of a script.
    """
    if isinstance(model, str):
        return model
    from keras_ser.classical import CLASSICAL
    from keras_ser.models import MODELS

    for name, known in (MODELS | CLASSICAL).items():
        if known is model:
            return name
    module = "__main__" if model.__module__ in SCRIPTS else model.__module__
    return f"{module}.{model.__qualname__}"


def is_classical(model: str | type) -> bool:
    """Returns whether a system's model, a name or a class, is not a network."""
    from keras_ser.classical import CLASSICAL

    return model in CLASSICAL if isinstance(model, str) else not _is_network(model)


def _is_network(model: type) -> bool:
    from keras_ser.models.base import SpeechModel

    return issubclass(model, SpeechModel)
