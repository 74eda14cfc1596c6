"""One system on one fold: its folder, its seed, and what decides its result."""

import dataclasses
import hashlib
from pathlib import Path

import pandas as pd

from keras_ser import conditions
from keras_ser.audio.noise import fingerprint
from keras_ser.audio.unusable import Unusable
from keras_ser.experiments.config import Experiment, System, Training
from keras_ser.features import FRONT_ENDS, FeatureStore
from keras_ser.protocols import Fold, with_few_labels


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
    """

    config: Experiment
    system: str
    fold: Fold
    repeat: int
    out: Path
    skipped: tuple[Unusable, ...] = ()
    noise: pd.DataFrame | None = None

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
        identity = (
            f"{self.config.training.seed} {self.config.name} "
            f"{self.fold.name} {self.repeat}"
        )
        digest = hashlib.blake2b(identity.encode(), digest_size=4).digest()
        return int.from_bytes(digest, "little") >> 1  # fits a signed 32-bit seed

    def training_store(self, store: FeatureStore) -> FeatureStore:
        """Returns the store of the speech that the system trains on.

        Args:
            store: The store of clean speech.
        """
        texts = self.config.systems[self.system].train_conditions
        return store.under(conditions.training_transform(texts, self.noise))

    @property
    def data(self) -> Fold:
        """The fold as the system uses it.

        It has the system's fraction of the labels, and unlabelled speech only if the
        system trains on it.
        """
        system, seed = self.config.systems[self.system], self.config.training.seed
        fold = with_few_labels(self.fold, system.label_fraction, seed=seed)
        return (
            fold
            if system.use_unlabelled
            else dataclasses.replace(fold, unlabelled=None)
        )

    def describe(self) -> dict:
        """Returns everything that decides the result: settings and data, as JSON."""
        config = dataclasses.asdict(self.config)
        system = config["systems"][self.system]
        config["systems"] = {self.system: system}
        config.pop("repeats")
        # Defaults of these fields are left out, so that records stay valid when a
        # field like them is added.
        _leave_out(config, Experiment, "conditions", "noise", "corpus_options")
        _leave_out(config, Experiment, "published", "reference", "tuned_on")
        _leave_out(config["training"], Training, "precision")
        _leave_out(system, System, "label_fraction", "train_conditions")
        if not self.config.systems[self.system].use_unlabelled:
            config["unlabelled_corpus"] = ""
        return {
            **config,
            "fold": self.fold.name,
            "repeat": self.repeat,
            "data": {**self.data.fingerprints(), **fingerprint(self.noise)},
        }


def _leave_out(described: dict, kind: type, *names: str) -> None:
    """Removes fields that are empty or hold the default of a dataclass."""
    for name in names:
        if not described[name] or described[name] == getattr(kind, name, None):
            del described[name]


def feature_store(config: Experiment, cache: str | Path) -> FeatureStore:
    """Returns the store of the features of an experiment.

    Args:
        config: The experiment.
        cache: The folder in which the store lies, in `features/`.
    """
    front_end = FRONT_ENDS[config.features.front_end](**config.features.settings)
    return FeatureStore(Path(cache) / "features", front_end)
