"""Experiments as data: frozen dataclasses that check their values."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from keras_ser.corpora import RatedLabelSet, labels_by_corpus
from keras_ser.experiments.feature_settings import Features
from keras_ser.experiments.system_settings import DEFAULT_AUGMENT, System
from keras_ser.experiments.training_settings import (
    MONITORS,
    OPTIMIZERS,
    PAPER_TRAINING,
    PRECISIONS,
    PRESETS,
    RECIPES,
    SCHEDULES,
    Training,
)
from keras_ser.experiments.values import (
    ARGUMENTS,
    COUNT,
    are_arguments,
    are_corpora,
    are_different_names,
    are_labels,
    are_names,
    check,
    is_count,
    is_mapping,
    is_rate,
    is_text,
)
from keras_ser.reports.comparison import BASELINES
from keras_ser.utils import files

__all__ = [
    "DEFAULT_AUGMENT",
    "MONITORS",
    "OPTIMIZERS",
    "PAPER_TRAINING",
    "PRECISIONS",
    "PRESETS",
    "RECIPES",
    "REPORT_FOLDERS",
    "SCHEDULES",
    "Experiment",
    "Features",
    "System",
    "Training",
]

REPORT_FOLDERS = ("report", "robustness")  # next to the folders of the systems


@dataclasses.dataclass(frozen=True)
class Experiment:
    """An experiment: systems × protocol × folds × repeats.

    Each system is trained and tested on each fold of the protocol, as many times as
    there are repeats. A config file is a Python file that defines an experiment as
    `config`. `keras-ser run FILE` and `keras_ser.run(config)` run it.

    Args:
        name: The name of the experiment and of its folder in the folder of all runs.
        corpus: The labelled corpus, a key of `corpora.CORPORA`, or a tuple of several.
        systems: The systems by their names. Each is one row of the report's tables,
            and its name is that of its folder.
        labels: The classes: a key of `corpora.LABEL_SETS`, a mapping from emotion to
            class, `"all"`, or `corpora.Levels` or `corpora.Clusters` of ratings. The
            default, `"all"`, takes every emotion of the corpus as a class. A label set
            leaves out the emotions that it does not name.
            With several corpora, a mapping whose keys are exactly their names gives
            each of them its own label set:
            `{"emodb": "four", "ravdess": {"calm": "neutral", "anger": "anger"}}`.
        protocol: How the speech is divided into folds, a key of `protocols.PROTOCOLS`.
            By default each speaker is tested once.
        protocol_arguments: The arguments of the protocol, such as `{"folds": 10}` for
            `k_fold`. The default is empty.
        unlabelled_corpus: The corpus of unlabelled speech, a key of
            `corpora.CORPORA`, or a tuple of several, for the systems with
            `use_unlabelled`. The default is empty, for none.
        features: The features and the input window. The default is `Features()`.
        training: The schedule of the networks. The default is `Training()`.
        repeats: The number of repeats of each fold, with different seeds.
        conditions: The conditions under which the tests are scored. The first must be
            `"clean"`, which is also the default; see `conditions.parse`.
        noise: The corpus of noise that conditions mix in, a key of `corpora.CORPORA`.
            The default is empty, for none.
        published: The paper and the table whose published figures the report shows
            next to the measured ones, such as `"mtl_aug:2"`; see
            `reports.load_published`. The default is empty, for none.
        reference: The system that reports compare the others with. By default it is
            `baseline_augmented`, `baseline` or the first system, whichever of these
            the experiment has; see `reports.write`.
        primary: The system whose comparison with the reference is the primary one of
            the report's tables. It answers the question of the experiment, so it is
            chosen before the results are known. Its p value is not adjusted for the
            other comparisons. The default is empty, for none.
        corpus_options: Options of the readers of corpora, by the name of the corpus,
            such as `{"csv": {"speaker": "who"}}`. Only corpora of the experiment may
            be named. The default is empty.
        heard_fraction: The fraction of the utterances of each training speaker,
            labelled or not, that no system of the experiment trains on, from 0 and
            below 1. After the training, the heads of attributes, such as `speaker` and
            `gender`, are scored on them: the test `heard`. The emotion is not, because
            it is tested on other speakers only. Each repeat draws other utterances,
            and all systems of a repeat share them. The default is 0, for none; see
            `protocols.with_heard`.
        probes: The columns of the table that probes look for in the embeddings of each
            trained network, such as `("corpus", "gender")`. A probe is a linear
            classifier. It learns the column from labelled training speech and is
            scored on test speakers or, for `speaker`, on held-out utterances of the
            training speakers, which needs a `heard_fraction`. The same network before
            its training is probed as well. Each run then has the files `probes.csv`
            and `embeddings.csv`; see `probing.write`. Classical systems have no
            embeddings and are skipped. The default is empty, for none.
        tuned_on: The speakers that a search for these settings used, such as
            `("emodb/03",)`. Folds that test one of them are rejected.
            `tuning.search` fills in this field; the default is empty.
        tuned_audio: What the search heard, as the first 16 characters of the digest of
            each file. Folds that test such a file are rejected, whatever its corpus
            and its speaker are called. `tuning.search` fills in this field; the
            default is empty.

    Example:

    >>> from keras_ser import Experiment, Features, System, Training
    >>> from keras_ser.models import BASELINE
    >>> config = Experiment(
    ...     name="emodb_noise",
    ...     corpus="emodb",
    ...     labels="four",
    ...     systems={
    ...         "baseline": System(arguments=BASELINE, augment=()),
    ...         "mtl_aug": System(objective={"center": 1e-3, "auxiliary": 0.3}),
    ...     },
    ...     protocol="k_fold",
    ...     protocol_arguments={"folds": 5},
    ...     features=Features(seconds=4.0),
    ...     training=Training(epochs=10, monitor="uar"),
    ...     conditions=("clean", "noise:all:10"),
    ...     noise="demand",
    ... )
    """

    name: str
    corpus: str | tuple[str, ...]
    systems: Mapping[str, System]
    labels: str | Mapping[str, Any] | RatedLabelSet = "all"
    protocol: str = "leave_one_speaker_out"
    protocol_arguments: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    unlabelled_corpus: str | tuple[str, ...] = ""
    features: Features = dataclasses.field(default_factory=Features)
    training: Training = dataclasses.field(default_factory=Training)
    repeats: int = 1
    conditions: tuple[str, ...] = ("clean",)
    noise: str = ""
    published: str = ""
    reference: str = ""
    primary: str = ""
    corpus_options: Mapping[str, Mapping] = dataclasses.field(default_factory=dict)
    heard_fraction: float = 0.0
    probes: tuple[str, ...] = ()
    tuned_on: tuple[str, ...] = ()
    tuned_audio: tuple[str, ...] = ()

    @property
    def corpora(self) -> tuple[str, ...]:
        """The names of the labelled corpora."""
        return (self.corpus,) if isinstance(self.corpus, str) else tuple(self.corpus)

    @property
    def unlabelled_corpora(self) -> tuple[str, ...]:
        """The names of the corpora of unlabelled speech."""
        names = self.unlabelled_corpus
        return tuple(filter(None, [names])) if isinstance(names, str) else tuple(names)

    @property
    def labels_by_corpus(self) -> dict[str, str | Mapping[str, str] | RatedLabelSet]:
        """The label set of each labelled corpus; see `corpora.labels_by_corpus`."""
        return labels_by_corpus(self.labels, self.corpora)

    @property
    def needed_corpora(self) -> tuple[str, ...]:
        """The names of all corpora, including those of unlabelled speech and noise."""
        others = (*self.unlabelled_corpora, *filter(None, [self.noise]))
        return tuple(dict.fromkeys([*self.corpora, *others]))

    def __post_init__(self):
        files.safe_name("Experiment.name", self.name)
        self._check_fields()
        for name in self.systems:
            files.safe_name("A system's name", name)
            if name in REPORT_FOLDERS:
                raise ValueError(
                    f"Experiment `{self.name}`: a system must not be called {name!r}, "
                    "which is the name of a folder of reports. Choose another name."
                )
        if not self.systems:
            raise ValueError(
                f"Experiment `{self.name}` needs at least one system. Received: none."
            )
        for name, system in self.systems.items():
            if not isinstance(system, System):
                raise ValueError(
                    f"Experiment `{self.name}`: system `{name}` must be a `System`. "
                    f"Received: {files.short_repr(system)}."
                )
        needs = [
            name
            for name, system in self.systems.items()
            if system.use_unlabelled
            and system.label_fraction == 1
            and system.unlabelled_speakers != 0
        ]
        if needs and not self.unlabelled_corpus:
            raise ValueError(
                f"Systems {needs} train on unlabelled speech, but experiment "
                f"`{self.name}` names none. Set `unlabelled_corpus` to a corpus."
            )
        self._check_primary()

    def _check_primary(self) -> None:
        """Checks that the primary system is one that reports compare with another."""
        reference = self.reference
        if not reference and len(self.systems) > 1:
            # Without a baseline, the systems may be a part of those of a config.
            reference = next(filter(self.systems.__contains__, BASELINES), "")
        compared = [name for name in self.systems if name != reference]
        if not self.primary or self.primary in compared:
            return
        names = f", one of {compared}" if compared else ""
        raise ValueError(
            f"Experiment `{self.name}`: `primary` must be a system that is compared "
            f"with the reference{names}. Received: {self.primary!r}"
            + (", which is the reference. " if self.primary == reference else ". ")
            + (
                "Name one of these, or none."
                if compared
                else "There is no other system, and nothing to compare. Add a system, "
                "or leave out `primary`."
            )
        )

    def _check_fields(self) -> None:
        """Checks the types of all fields except the name."""
        check("repeats", self.repeats, COUNT, is_count)
        check("systems", self.systems, "a mapping from names to systems", is_mapping)
        for name in ("protocol", "noise", "published", "reference", "primary"):
            check(name, getattr(self, name), "text", is_text)
        for name in ("corpus", "unlabelled_corpus"):
            expected = "a name, or several different ones"
            check(name, getattr(self, name), expected, are_corpora)
        fraction, expected = self.heard_fraction, "a number from 0, below 1"
        check("heard_fraction", fraction, expected, is_rate)
        for name in ("conditions", "tuned_on", "tuned_audio"):
            check(name, getattr(self, name), "a tuple of texts", are_names)
        expected = "a tuple of different names of columns"
        check("probes", self.probes, expected, are_different_names)
        expected = "text, a mapping from emotion to class, or one of these per corpus"
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
