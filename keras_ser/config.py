"""Experiments as data: frozen dataclasses, and files that hold one."""

import ast
import dataclasses
import json
import math
import runpy
import traceback
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, get_type_hints

from keras_ser import files

REPORT = "report"  # folder beside those of the systems
COUNT = "a whole number from 1 to 1e9"
ARGUMENTS = "a mapping from names to what JSON can hold, numbers finite"
DEFAULT_AUGMENT = ("speed", "specaugment", "mixup")


def _check(name: str, value, expected: str, holds: Callable) -> None:
    if not holds(value):
        raise ValueError(f"`{name}` must be {expected}. Received: {value!r}.")


def _among(name: str, value, known: tuple) -> None:
    _check(name, value, f"one of {known}", lambda value: value in known)


def _is_whole(value) -> bool:
    return type(value) is int


def _is_count(value) -> bool:
    return _is_whole(value) and 1 <= value <= 10**9


def _is_count_or_0(value) -> bool:
    return _is_count(value) or (_is_whole(value) and value == 0)


def _is_positive(value) -> bool:
    return type(value) in (int, float) and 0 < value < math.inf


def _is_mapping(value) -> bool:
    return isinstance(value, Mapping)


def _is_text(value) -> bool:
    return isinstance(value, str)


def _is_bool(value) -> bool:
    return isinstance(value, bool)


def _are_names(value) -> bool:
    return isinstance(value, list | tuple) and all(map(_is_text, value))


def _are_arguments(value) -> bool:
    """Whether a run's record can hold them, and a call take them by name."""
    if not _is_mapping(value) or not all(map(_is_text, value)):
        return False
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def _are_labels(value) -> bool:
    texts = [*value, *value.values()] if _is_mapping(value) else [value]
    return all(map(_is_text, texts))


def _are_augmentations(value) -> bool:
    if not _is_mapping(value):
        return _are_names(value)
    return all(map(_is_text, value)) and all(map(_are_arguments, value.values()))


@dataclasses.dataclass(frozen=True)
class Features:
    """Front-end and window; see `features.LogMel` and `data.Preprocessing`."""

    front_end: str = "LogMel"
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    seconds: float = 7.5
    normalise: str = "train"

    def __post_init__(self):
        _check("features.front_end", self.front_end, "text", _is_text)
        _check("features.seconds", self.seconds, "seconds above 0", _is_positive)
        _check("features.settings", self.settings, ARGUMENTS, _are_arguments)
        _among("features.normalise", self.normalise, ("train", "speaker"))


@dataclasses.dataclass(frozen=True)
class Training:
    """What all systems of a table share.

    Args:
        batch: labelled rows a batch.
        rows: rows of a labelled utterance an epoch; see `data.Pipeline`.
        unlabelled: rows without label a labelled row, for systems that have them.
        epochs: at most.
        learning_rate: Adam's, at the start.
        patience: epochs without a better development score before the halving.
        monitor: `accuracy` or `uar` of the emotion on development speech.
        seed: joins the hash that seeds each job.
    """

    batch: int = 16
    rows: int = 2
    unlabelled: int = 1
    epochs: int = 20
    learning_rate: float = 1e-3
    patience: int = 5
    monitor: str = "accuracy"
    seed: int = 0

    def __post_init__(self):
        for name in ("batch", "rows", "epochs", "patience"):
            _check(f"training.{name}", getattr(self, name), COUNT, _is_count)
        rate, unlabelled = self.learning_rate, self.unlabelled
        _check("training.learning_rate", rate, "a number above 0", _is_positive)
        _check("training.unlabelled", unlabelled, "0 or more", _is_count_or_0)
        _check("training.seed", self.seed, "a whole number", _is_whole)
        _among("training.monitor", self.monitor, ("accuracy", "uar"))


# The schedule of Latif et al. 2022, section 4.3, with preset `paper` of the model.
PAPER_TRAINING = Training(batch=32, rows=5, epochs=60, learning_rate=1e-4)


@dataclasses.dataclass(frozen=True)
class System:
    """One row of a table.

    Args:
        model: key of `models.MODELS` or of `classical.CLASSICAL`; a classical
            system takes `arguments` alone, and `augment=()`.
        arguments: of the model.
        objective: of the model's `objective`.
        augment: names of augmentations, or a mapping from names to arguments.
        denoising: whether to reconstruct the unaugmented input.
        unlabelled: whether to train on the experiment's unlabelled speech too.
    """

    model: str = "MTLAug"
    arguments: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    objective: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    augment: tuple[str, ...] | Mapping[str, Mapping] = DEFAULT_AUGMENT
    denoising: bool = False
    unlabelled: bool = False

    def __post_init__(self):
        _check("System.model", self.model, "text", _is_text)
        for name in ("arguments", "objective"):
            _check(f"System.{name}", getattr(self, name), ARGUMENTS, _are_arguments)
        expected = "a tuple of names, or a mapping from names to arguments"
        _check("System.augment", self.augment, expected, _are_augmentations)
        for name in ("denoising", "unlabelled"):
            _check(f"System.{name}", getattr(self, name), "True or False", _is_bool)


@dataclasses.dataclass(frozen=True)
class Experiment:
    """Systems × protocol × folds × repeats.

    Args:
        name: of the folder below `runs/`.
        corpus: key of `corpora.CORPORA`.
        systems: rows of the table, by name.
        labels: key of `corpora.LABEL_SETS`, `all`, or a mapping from emotion to
            class.
        protocol: key of `protocols.PROTOCOLS`.
        protocol_arguments: of the protocol.
        unlabelled: corpus of unlabelled speech, or empty.
        features: front-end and window.
        training: schedule.
        repeats: of each fold, with other seeds.
    """

    name: str
    corpus: str
    systems: Mapping[str, System]
    labels: str | Mapping[str, str] = "all"
    protocol: str = "leave_one_speaker_out"
    protocol_arguments: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    unlabelled: str = ""
    features: Features = dataclasses.field(default_factory=Features)
    training: Training = dataclasses.field(default_factory=Training)
    repeats: int = 1

    def __post_init__(self):
        files.safe_name("Experiment.name", self.name)
        self._check_fields()
        for name in self.systems:
            files.safe_name("A system's name", name)
            if name == REPORT:
                raise ValueError(
                    f"Experiment `{self.name}`: a system must not be called "
                    f"{REPORT!r}: the report's folder is. Choose another name."
                )
        if not self.systems:
            raise ValueError(f"Experiment `{self.name}` needs at least one system.")
        for name, system in self.systems.items():
            if not isinstance(system, System):
                raise ValueError(
                    f"Experiment `{self.name}`: system `{name}` must be a `System`. "
                    f"Received: {system!r}."
                )
        needs = [name for name, system in self.systems.items() if system.unlabelled]
        if needs and not self.unlabelled:
            raise ValueError(
                f"Systems {needs} train on unlabelled speech, and experiment "
                f"`{self.name}` names none. Set `unlabelled` to a corpus."
            )

    def _check_fields(self) -> None:
        """Each field but the name against its type."""
        _check("repeats", self.repeats, COUNT, _is_count)
        _check("systems", self.systems, "a mapping from names to systems", _is_mapping)
        for name in ("corpus", "protocol", "unlabelled"):
            _check(name, getattr(self, name), "text", _is_text)
        expected = "text, or a mapping from emotion to class"
        _check("labels", self.labels, expected, _are_labels)
        given = self.protocol_arguments
        _check("protocol_arguments", given, ARGUMENTS, _are_arguments)
        _check("features", self.features, "`Features(…)`", _is_features)
        _check("training", self.training, "`Training(…)`", _is_training)


def _is_features(value) -> bool:
    return isinstance(value, Features)


def _is_training(value) -> bool:
    return isinstance(value, Training)


def load(path, overrides: Iterable[str] = ()) -> Experiment:
    """The `Experiment` that a Python file calls `config`.

    Args:
        path: a file such as `configs/mtl_aug/emodb.py`.
        overrides: `path=value`, `training.epochs=5` or
            `systems.mtl_aug.objective.auxiliary=0.1`; values are Python literals,
            or text where a literal makes no sense.

    Raises:
        FileNotFoundError: no such file.
        ValueError: the file fails, or has no `config` in it; an unknown path or a
            value of another type.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(
            f"Expected a config file. Received: {path}, which does not exist. "
            "Give the path of a file such as configs/mtl_aug/emodb.py."
        )
    config = _run(path).get("config")
    if not isinstance(config, Experiment):
        raise ValueError(
            f"Expected {path} to define `config = Experiment(…)`. "
            f"Received: {type(config).__name__}."
        )
    for text in overrides:
        config = override(config, text)
    return config


def _run(path) -> dict:
    """The names that a config file defines; whatever it raises names file and line."""
    try:
        return runpy.run_path(str(path))
    except (Exception, SystemExit) as error:  # the file may raise anything
        line = _line(path, error)
        raise ValueError(
            f"Expected a config file that runs. Received: {path}, line {line}: "
            f"{type(error).__name__}: {error}. Correct it there."
        ) from error


def _line(path, error) -> int | str:
    """The line of the file in which an error arose."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return error.lineno or "?"
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(path)]
    return lines[-1] if lines else "?"


def override(config: Experiment, text: str) -> Experiment:
    """`config` with one `path=value` set, of the type that stood there."""
    path, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"An override is `path=value`. Received: {text!r}.")
    return _set(config, path.strip().split("."), _literal(value.strip()), text)


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
        new = _set(old, rest, value, text) if rest else _typed(value, old, kind, text)
        return dataclasses.replace(node, **{name: new})
    if isinstance(node, Mapping):
        if rest and name not in node:
            raise ValueError(
                f"Override {text!r}: no `{name}`. Expected one of {sorted(node)}."
            )
        return {**node, name: _set(node[name], rest, value, text) if rest else value}
    raise ValueError(f"Override {text!r}: no `{name}`. A value stands there: {node!r}.")


def _typed(value, old, kind, text):
    if isinstance(old, bool) or not isinstance(old, int | float):
        expected = type(old)
        if isinstance(old, Mapping):
            expected = dict
        if expected is tuple and isinstance(value, list | tuple):
            return tuple(value)
    else:
        expected = float if kind is float else int
        if expected is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
    if type(value) is not expected:
        raise ValueError(
            f"Override {text!r}: expected {expected.__name__}. "
            f"Received: {type(value).__name__}."
        )
    return value


def _literal(text: str):
    try:
        return ast.literal_eval(text)
    # TypeError: {[]: 1}; the others: brackets beyond reason.
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return text
