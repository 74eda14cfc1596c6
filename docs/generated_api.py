"""The API pages: which public names of a package the site documents."""

import importlib
import inspect
import pkgutil


def api(name: str) -> str:
    """A directive of mkdocstrings per public class and function of a package.

    Args:
        name: The package below `keras_ser`, such as `models`; `run,train` for names of
            `keras_ser` itself.
    """
    if "," in name:
        package, names = importlib.import_module("keras_ser"), name.split(",")
    else:
        package = importlib.import_module(f"keras_ser.{name}")
        names = _public(package)
    values = [getattr(package, each) for each in names]
    shown = [
        each for each in values if inspect.isclass(each) or inspect.isroutine(each)
    ]
    paths = sorted({f"{each.__module__}.{each.__qualname__}" for each in shown})
    own = [path for path in paths if path.startswith("keras_ser.")]
    own.sort(key=lambda path: path.rpartition(".")[2].lower())
    return "\n\n".join(map(_directive, own))


def _public(package) -> list[str]:
    """The names in `__all__`, or those that a single module defines."""
    names = getattr(package, "__all__", None)
    if names is None:
        return [
            each
            for each, value in vars(package).items()
            if not each.startswith("_")
            and getattr(value, "__module__", "") == package.__name__
        ]
    parts = {
        each.name for each in pkgutil.iter_modules(getattr(package, "__path__", []))
    }
    return [each for each in names if each not in parts]


def _directive(path: str) -> str:
    module, _, name = path.rpartition(".")
    value = getattr(importlib.import_module(module), name)
    members = _members(value) if inspect.isclass(value) else []
    lines = [f"::: {path}"]
    if members:
        listed = ", ".join(members)
        lines += ["    options:", f"      members: [{listed}]"]
    return "\n".join(lines)


def _members(kind: type) -> list[str]:
    """Public methods that the class itself documents, besides those of every layer."""
    return sorted(
        name
        for name, value in vars(kind).items()
        if not name.startswith("_")
        and name not in {"build", "call", "get_config", "compute_output_shape"}
        and isinstance(value, classmethod | staticmethod | property | type(api))
        and inspect.getdoc(value)
        and getattr(value, "__doc__", None)
    )


KINDS = {"api": api}
