"""Config files: Python files that define an experiment as `config`."""

import ast
import difflib
import re
import runpy
import traceback
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from keras_ser.experiments.config import Experiment
from keras_ser.experiments.overrides import override
from keras_ser.reports.run_files import RENAMED

SHARED = "configs"  # folder
INSTALLED_CONFIG = ("mtl_aug", "emodb.py")  # a config that is always there
MOVED_MODULES = ("config", "systems")  # of earlier versions, directly in the package


def load_config(path: str | Path, overrides: Iterable[str] = ()) -> Experiment:
    """Runs a config file and returns the experiment that it defines as `config`.

    The file is a program and runs with the rights of the user, so it must be trusted.

    Args:
        path: A Python file such as `configs/mtl_aug/emodb.py`, or the name of a config
            of this package, such as `mtl_aug/emodb`.
        overrides: Changes to the experiment, `path=value`, such as
            `training.epochs=5` or `systems.mtl_aug.objective.auxiliary=0.1`. A value
            is a Python literal. Anything that is not a literal is taken as text.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file raises an error or defines no `config`, if the path of
            an override is unknown, or if its value has the wrong type.

    Example:

    >>> load_config("configs/mtl_aug/emodb.py", ["training.epochs=5"]).name
    'emodb_four'
    """
    path = find_config(path)
    config = _run(path).get("config")
    if not isinstance(config, Experiment):
        raise ValueError(
            f"Expected {path} to define `config = Experiment(…)`. "
            f"Received: {type(config).__name__}."
        )
    for text in overrides:
        config = override(config, text)
    return config


def find_config(path: str | Path) -> Path:
    """Returns the path of a config file, or of a config of this package.

    Args:
        path: A Python file, or the name of a config of this package, such as
            `mtl_aug/emodb`. A file has precedence.

    Raises:
        FileNotFoundError: If there is neither.
    """
    if Path(path).is_file():
        return Path(path)
    known = list_configs()
    name = Path(path).as_posix().removeprefix("./")
    for each in (name, name.removeprefix("configs/")):
        found = known.get(each.removesuffix(".py"))
        if found:
            return found
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
    meant = f"Did you mean {' or '.join(near)}? " if near else ""
    raise FileNotFoundError(
        f"Expected a config file, or the name of a config of this package. Received: "
        f"{path}, which is neither. {meant}`keras-ser configs` lists all of them."
    )


def list_configs() -> dict[str, Path]:
    """Returns the files of all configs of this package by name, such as `ss_aae/emodb`.

    Raises:
        FileNotFoundError: If they were not installed.
    """
    folder = _config_folder()
    files = sorted(folder.glob("*/*.py"))
    return {path.relative_to(folder).with_suffix("").as_posix(): path for path in files}


def describe_config(path: str | Path) -> str:
    """Returns the first sentence of a config file, which says what it shows.

    Args:
        path: The file, which is read and not run.
    """
    text = ast.get_docstring(ast.parse(Path(path).read_text(encoding="utf-8"))) or ""
    return text.partition("\n\n")[0].replace("\n", " ")


def _config_folder() -> Path:
    """The folder of this package's configs: of a checkout, or of an installation."""
    checkout = Path(__file__).parents[2]
    if (checkout / "setup.cfg").is_file():
        return checkout / SHARED
    for found in metadata.distributions(name="keras_ser"):
        for each in found.files or ():
            if each.parts[-3:] == (SHARED, *INSTALLED_CONFIG):
                return Path(str(each.locate())).resolve().parents[1]
    raise FileNotFoundError(
        "Expected the configs of this package next to it. Received: an installation "
        "without them. Install keras_ser again, or give the path of a config file."
    )


def _run(path) -> dict:
    """Returns the names that a config file defines.

    Any error of the file becomes a `ValueError` that names the file and the line.
    """
    try:
        return runpy.run_path(str(path))
    except (Exception, SystemExit) as error:  # the file may raise anything
        line = _line(path, error)
        raise ValueError(
            f"Expected a config file that runs. Received: {path}, line {line}: "
            f"{type(error).__name__}: {error}. {_correction(error)}"
        ) from error


def _line(path, error) -> int | str:
    """Returns the line of the file in which an error arose."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return error.lineno or "?"
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(path)]
    return lines[-1] if lines else "?"


def _correction(error: BaseException) -> str:
    """Returns what to write instead; names of earlier versions get today's."""
    if isinstance(error, ImportError) and _is_moved(error):
        return (
            "This module has moved. Write `from keras_ser import Experiment, Features, "
            "System, Training`, and `from keras_ser.experiments import …` for the "
            "other names, such as `NETWORKS` or `PAPER_TRAINING`."
        )
    found = re.match(
        r"(\w+)\.__init__\(\) got an unexpected keyword argument '(\w+)'", str(error)
    )
    if isinstance(error, TypeError) and found:
        kind, old = found.groups()
        new = RENAMED.get(kind, {}).get(old)
        if new:
            return f"`{old}` is called `{new}` now: write `{kind}({new}=…)`."
    return "Correct this line."


def _is_moved(error: ImportError) -> bool:
    """Returns whether an import failed because a module has moved."""
    for name in MOVED_MODULES:
        if error.name == f"keras_ser.{name}":
            return True
        if error.name == "keras_ser" and f"cannot import name {name!r}" in str(error):
            return True
    return False
