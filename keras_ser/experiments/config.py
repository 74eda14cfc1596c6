"""Experiments as data: frozen dataclasses, and files that hold one."""

import dataclasses
import runpy
import traceback
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from keras_ser.experiments.overrides import override
from keras_ser.experiments.values import (
    ARGUMENTS,
    COUNT,
    among,
    are_arguments,
    are_augmentations,
    are_corpora,
    are_labels,
    are_names,
    check,
    is_bool,
    is_count,
    is_count_or_0,
    is_fraction,
    is_mapping,
    is_positive,
    is_text,
    is_whole,
)
from keras_ser.utils import files

BESIDE = ("report", "robustness")  # folders beside those of the systems
DEFAULT_AUGMENT = ("speed", "specaugment", "mixup")
PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")


@dataclasses.dataclass(frozen=True)
class Features:
    """Front-end and window; see `features.LogMel` and `data.Preprocessing`."""

    front_end: str = "LogMel"
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    seconds: float = 7.5
    normalise: str = "train"

    def __post_init__(self):
        check("features.front_end", self.front_end, "text", is_text)
        check("features.seconds", self.seconds, "seconds above 0", is_positive)
        check("features.settings", self.settings, ARGUMENTS, are_arguments)
        among("features.normalise", self.normalise, ("train", "speaker"))


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
        precision: `float32`, or that of products: `mixed_bfloat16`, `mixed_float16`;
            weights, heads and losses are float32 in each.
    """

    batch: int = 16
    rows: int = 2
    unlabelled: int = 1
    epochs: int = 20
    learning_rate: float = 1e-3
    patience: int = 5
    monitor: str = "accuracy"
    seed: int = 0
    precision: str = "float32"

    def __post_init__(self):
        for name in ("batch", "rows", "epochs", "patience"):
            check(f"training.{name}", getattr(self, name), COUNT, is_count)
        rate, unlabelled = self.learning_rate, self.unlabelled
        check("training.learning_rate", rate, "a number above 0", is_positive)
        check("training.unlabelled", unlabelled, "0 or more", is_count_or_0)
        check("training.seed", self.seed, "a whole number", is_whole)
        among("training.monitor", self.monitor, ("accuracy", "uar"))
        among("training.precision", self.precision, PRECISIONS)


# The schedule of Latif et al. 2022, section 4.3, with preset `paper` of the model.
PAPER_TRAINING = Training(batch=32, rows=5, epochs=60, learning_rate=1e-4)
PRESETS = {"small": Training(), "paper": PAPER_TRAINING}


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
        label_fraction: of the training utterances that keep their label; see
            `protocols.label_fraction`. The others join the unlabelled speech of a
            system that trains on it.
        train_conditions: of the speech that it learns from and that selects its epoch,
            such as `("noise:all:10",)`: each utterance is heard under one of them,
            drawn by its name. Tests are scored under the experiment's `conditions`.
    """

    model: str = "MTLAug"
    arguments: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    objective: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    augment: tuple[str, ...] | Mapping[str, Mapping] = DEFAULT_AUGMENT
    denoising: bool = False
    unlabelled: bool = False
    label_fraction: float = 1.0
    train_conditions: tuple[str, ...] = ("clean",)

    def __post_init__(self):
        check("System.model", self.model, "text", is_text)
        for name in ("arguments", "objective"):
            check(f"System.{name}", getattr(self, name), ARGUMENTS, are_arguments)
        expected = "a tuple of names, or a mapping from names to arguments"
        check("System.augment", self.augment, expected, are_augmentations)
        for name in ("denoising", "unlabelled"):
            check(f"System.{name}", getattr(self, name), "True or False", is_bool)
        fraction, expected = self.label_fraction, "a number above 0, up to 1"
        check("System.label_fraction", fraction, expected, is_fraction)
        texts = self.train_conditions
        check("System.train_conditions", texts, "a tuple of texts", are_names)


@dataclasses.dataclass(frozen=True)
class Experiment:
    """Systems × protocol × folds × repeats.

    Args:
        name: of the folder below `runs/`.
        corpus: key of `corpora.CORPORA`, or several.
        systems: rows of the table, by name.
        labels: key of `corpora.LABEL_SETS`, `all`, or a mapping from emotion to
            class.
        protocol: key of `protocols.PROTOCOLS`.
        protocol_arguments: of the protocol.
        unlabelled: corpus of unlabelled speech, or empty.
        features: front-end and window.
        training: schedule.
        repeats: of each fold, with other seeds.
        conditions: under which tests are scored, `clean` first; see
            `conditions.parse`.
        noise: corpus of the noise that conditions mix in, or empty.
        published: figures that the report sets beside the measured ones,
            `mtl_aug:2`, or empty; see `keras_ser.published`.
        against: the system that a report compares the others with, or empty; see
            `reports.build`.
        corpus_options: by corpus, options of its reader, `{"csv": {"speaker": "who"}}`.
        tuned_on: speakers that a search for these settings heard, which are
            therefore not tested.
    """

    name: str
    corpus: str | tuple[str, ...]
    systems: Mapping[str, System]
    labels: str | Mapping[str, str] = "all"
    protocol: str = "leave_one_speaker_out"
    protocol_arguments: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    unlabelled: str = ""
    features: Features = dataclasses.field(default_factory=Features)
    training: Training = dataclasses.field(default_factory=Training)
    repeats: int = 1
    conditions: tuple[str, ...] = ("clean",)
    noise: str = ""
    published: str = ""
    against: str = ""
    corpus_options: Mapping[str, Mapping] = dataclasses.field(default_factory=dict)
    tuned_on: tuple[str, ...] = ()

    @property
    def corpora(self) -> tuple[str, ...]:
        """The names of the labelled corpora."""
        return (self.corpus,) if isinstance(self.corpus, str) else tuple(self.corpus)

    @property
    def needed(self) -> tuple[str, ...]:
        """The names of all corpora, that of unlabelled speech and of noise too."""
        others = (self.unlabelled, self.noise)
        return tuple(dict.fromkeys([*self.corpora, *filter(None, others)]))

    def __post_init__(self):
        files.safe_name("Experiment.name", self.name)
        self._check_fields()
        for name in self.systems:
            files.safe_name("A system's name", name)
            if name in BESIDE:
                raise ValueError(
                    f"Experiment `{self.name}`: a system must not be called "
                    f"{name!r}: a folder of reports is. Choose another name."
                )
        if not self.systems:
            raise ValueError(f"Experiment `{self.name}` needs at least one system.")
        for name, system in self.systems.items():
            if not isinstance(system, System):
                raise ValueError(
                    f"Experiment `{self.name}`: system `{name}` must be a `System`. "
                    f"Received: {system!r}."
                )
        needs = [
            name
            for name, system in self.systems.items()
            if system.unlabelled and system.label_fraction == 1
        ]
        if needs and not self.unlabelled:
            raise ValueError(
                f"Systems {needs} train on unlabelled speech, and experiment "
                f"`{self.name}` names none. Set `unlabelled` to a corpus."
            )

    def _check_fields(self) -> None:
        """Each field but the name against its type."""
        check("repeats", self.repeats, COUNT, is_count)
        check("systems", self.systems, "a mapping from names to systems", is_mapping)
        for name in ("protocol", "unlabelled", "noise", "published", "against"):
            check(name, getattr(self, name), "text", is_text)
        check("corpus", self.corpus, "a name, or several different ones", are_corpora)
        for name in ("conditions", "tuned_on"):
            check(name, getattr(self, name), "a tuple of texts", are_names)
        expected = "text, or a mapping from emotion to class"
        check("labels", self.labels, expected, are_labels)
        for name in ("protocol_arguments", "corpus_options"):
            check(name, getattr(self, name), ARGUMENTS, are_arguments)
        check(
            "corpus_options",
            list(self.corpus_options.values()),
            "a mapping from corpora to mappings",
            lambda values: all(map(is_mapping, values)),
        )
        check("features", self.features, "`Features(…)`", _is_features)
        check("training", self.training, "`Training(…)`", _is_training)


def _is_features(value) -> bool:
    return isinstance(value, Features)


def _is_training(value) -> bool:
    return isinstance(value, Training)


def load_config(path, overrides: Iterable[str] = ()) -> Experiment:
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
