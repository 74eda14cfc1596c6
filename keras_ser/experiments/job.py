"""One system on one fold: its folder, its seed, and what decides its result."""

import dataclasses
import hashlib
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from keras_ser import conditions
from keras_ser.audio.noise import fingerprint as noise_fingerprint
from keras_ser.audio.unusable import Unusable
from keras_ser.experiments.config import Experiment, Features, System, Training
from keras_ser.experiments.lookup import is_classical, model_class, model_name
from keras_ser.features import FRONT_ENDS, FeatureStore
from keras_ser.features.contract import recorded_settings
from keras_ser.protocols import Fold, with_few_labels, with_heard, with_speakers
from keras_ser.protocols.fold import fingerprint as fold_fingerprint
from keras_ser.protocols.heard import with_heard_of
from keras_ser.utils.recent import recent

# Fields that every record holds.
ALWAYS = {
    Experiment: (
        *("name", "corpus", "systems", "labels", "protocol", "protocol_arguments"),
        *("unlabelled_corpus", "features", "training"),
    ),
    Features: ("front_end", "settings", "seconds", "normalise"),
    Training: (
        *("batch", "rows_per_utterance", "unlabelled_ratio", "epochs"),
        *("learning_rate", "patience", "monitor", "seed"),
        *("schedule", "average", "select"),  # whose defaults have changed
    ),
    System: (
        *("model", "arguments", "objective", "augment"),
        *("denoising", "use_unlabelled"),
    ),
}


@dataclasses.dataclass(frozen=True)
class Job:
    """One system to train and test on one fold, in one repeat.

    Args:
        config: The experiment.
        system: The name of the system.
        fold: The fold.
        repeat: The number of the repeat, from 0.
        out: The folder of all runs.
        skipped: The unusable utterances that the fold lacks.
        noise: The table of noise that conditions mix in, or None.
        folds: The names of all folds of the protocol, also of those that are not run.
    """

    config: Experiment
    system: str
    fold: Fold
    repeat: int
    out: Path
    skipped: tuple[Unusable, ...] = ()
    noise: pd.DataFrame | None = None
    folds: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """The folder of the finished run, `<out>/<name>/<system>/<fold>-<repeat>`."""
        name = f"{self.fold.name}-{self.repeat}"
        return self.out / self.config.name / self.system / name

    @property
    def seed(self) -> int:
        """A hash of (seed, experiment, fold, repeat), in [0, 2³¹).

        The system does not enter the hash, so that systems are paired.
        """
        return _hash(
            f"{self.config.training.seed} {self.config.name} "
            f"{self.fold.name} {self.repeat}"
        )

    def training_store(self, store: FeatureStore) -> FeatureStore:
        """Returns the store of the speech that the system trains on.

        Args:
            store: The store of clean speech.
        """
        texts = self.config.systems[self.system].train_conditions
        return store.under(conditions.training_transform(texts, self.noise))

    @property
    def whole(self) -> Fold:
        """The fold without held-out utterances, with all labels and all speakers.

        It is the same for all systems: which utterances are held out depends on the
        seed of the experiment and on the repeat.
        """
        return _whole(self.fold, self.config.heard_fraction, self._seed_of("heard"))

    @property
    def data(self) -> Fold:
        """The fold as the system uses it.

        It has the system's fraction of the labels, and unlabelled speech only if the
        system trains on it, of as many speakers as it takes. Which utterances keep
        their label and which speakers are taken depends on the seed of the experiment
        and on the repeat, and is therefore the same for all systems. Held-out
        utterances are those of the speakers whom the system trains on.
        """
        system = self.config.systems[self.system]
        return _used(
            self.whole,
            (system.unlabelled_speakers, self._seed_of("speakers")),
            (system.label_fraction, self._seed_of("labels")),
            system.use_unlabelled,
        )

    def _seed_of(self, draw: str) -> int:
        """The seed of a draw, which all systems and folds of a repeat share."""
        return _hash(f"{draw} {self.config.training.seed} {self.repeat}")

    @property
    def updates_per_epoch(self) -> int | None:
        """The updates per epoch, if they are not one pass over the labelled rows.

        A system with a fraction of the labels does as many updates per epoch as with
        all of them, because fewer updates would otherwise look like an effect of fewer
        labels. None stands for one pass. The number is that of rows of utterances;
        for `training.segments="all"`, `network` counts the segments of the speech.
        """
        if self.config.systems[self.system].label_fraction == 1:
            return None
        training = self.config.training
        return len(self.whole.train) * training.rows_per_utterance // training.batch

    def describe(self) -> dict:
        """Returns everything that decides the result: settings and data, as JSON."""
        config = dataclasses.asdict(self.config)
        system = config["systems"][self.system]
        config["systems"] = {self.system: system}
        for kind, part in (
            (Experiment, config),
            (Features, config["features"]),
            (Training, config["training"]),
            (System, system),
        ):
            _leave_out_defaults(part, kind)
        for part in (config["features"], system["arguments"]):
            _leave_out_places(part)
        config.pop("repeats", None)
        system["model"] = model_name(system["model"])
        used = self.config.systems[self.system].use_unlabelled
        names = self.config.unlabelled_corpora if used else ()
        config["unlabelled_corpus"] = recorded_names(names)
        noise = noise_fingerprint(self.noise)
        return {
            **config,
            "fold": self.fold.name,
            "repeat": self.repeat,
            "data": {**self.data.fingerprints(), **self._learned_columns(), **noise},
        }

    def _learned_columns(self) -> dict[str, str]:
        """A hash of the columns that the model learns besides the labels, if any."""
        system = self.config.systems[self.system]
        if is_classical(system.model):
            return {}
        columns = model_class(system.model).columns(**system.arguments)
        if not columns:
            return {}
        rows = pd.concat(self.data.sides().values())
        return {"columns": fold_fingerprint(rows, columns)}


@recent(2)  # for all systems of a fold
def _whole(fold: Fold, fraction: float, seed: int) -> Fold:
    return with_heard(fold, fraction, seed)


@recent(2)  # asked for several times per job
def _used(
    whole: Fold,
    speakers: tuple[int | None, int],
    labels: tuple[float, int],
    use_unlabelled: bool,
) -> Fold:
    """The fold as a system uses it; see `Job.data`.

    Args:
        whole: The fold from `Job.whole`.
        speakers: How many speakers of the unlabelled speech are taken, and the seed.
        labels: The fraction of the labels, and the seed.
        use_unlabelled: Whether the system trains on unlabelled speech.
    """
    fold = whole if whole.heard is None else dataclasses.replace(whole, heard=None)
    fold = with_speakers(fold, *speakers)
    fold = with_few_labels(fold, labels[0], seed=labels[1])
    if not use_unlabelled:
        fold = dataclasses.replace(fold, unlabelled=None)
    return fold if whole.heard is None else with_heard_of(fold, whole.heard)


def recorded_names(names: Iterable[str]) -> str | list[str]:
    """How records write the names of corpora: as a list only if there are several.

    Args:
        names: Names of corpora of unlabelled speech.
    """
    names = list(names)
    return names if len(names) > 1 else "".join(names)


def _leave_out_defaults(described: dict, kind: type) -> None:
    """Removes fields that hold their default, except those of `ALWAYS`.

    Records therefore stay valid when a field is added.
    """
    for field in dataclasses.fields(kind):
        default, value = field.default, described[field.name]
        if field.default_factory is not dataclasses.MISSING:
            default = field.default_factory()
        value = tuple(value) if isinstance(value, list) else value
        if field.name not in ALWAYS[kind] and value == default:
            del described[field.name]


def _leave_out_places(part: dict) -> None:
    """Replaces the settings of a front-end by those that decide its features."""
    kind = FRONT_ENDS.get(part.get("front_end"))
    if kind is not None:
        part["settings"] = recorded_settings(kind, part.get("settings") or {})


def _hash(text: str) -> int:
    """Returns a hash that fits a signed 32-bit seed."""
    digest = hashlib.blake2b(text.encode(), digest_size=4).digest()
    return int.from_bytes(digest, "little") >> 1


def feature_store(config: Experiment, cache: str | Path) -> FeatureStore:
    """Returns the store of the features of an experiment.

    Args:
        config: The experiment.
        cache: The folder in which the store lies, in `features/`.
    """
    front_end = FRONT_ENDS[config.features.front_end](**config.features.settings)
    return FeatureStore(Path(cache) / "features", front_end)
