"""One system on one fold: its folder, its seed, and all that decides its result."""

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
    """One system trained and tested on one fold."""

    config: Experiment
    system: str
    fold: Fold
    repeat: int
    out: Path
    skipped: tuple[Unusable, ...] = ()  # what the fold goes without
    noise: pd.DataFrame | None = None  # what its conditions mix in

    @property
    def folder(self) -> Path:
        """The folder of the finished run."""
        name = f"{self.fold.name}-{self.repeat}"
        return self.out / self.config.name / self.system / name

    @property
    def seed(self) -> int:
        """A hash of (seed, experiment, fold, repeat): systems are paired."""
        identity = (
            f"{self.config.training.seed} {self.config.name} "
            f"{self.fold.name} {self.repeat}"
        )
        digest = hashlib.blake2b(identity.encode(), digest_size=4).digest()
        return int.from_bytes(digest, "little") >> 1  # fits a signed 32-bit seed

    def training_store(self, store: FeatureStore) -> FeatureStore:
        """The store of the speech that the system learns from."""
        texts = self.config.systems[self.system].train_conditions
        return store.under(conditions.heard(texts, self.noise))

    @property
    def data(self) -> Fold:
        """The fold as the system sees it.

        With its fraction of the labels, and with unlabelled speech only if it trains
        on that.
        """
        system, seed = self.config.systems[self.system], self.config.training.seed
        fold = with_few_labels(self.fold, system.label_fraction, seed=seed)
        return fold if system.unlabelled else dataclasses.replace(fold, unlabelled=None)

    def describe(self) -> dict:
        """All that decides the result, as JSON: settings and data."""
        config = dataclasses.asdict(self.config)
        system = config["systems"][self.system]
        config["systems"] = {self.system: system}
        config.pop("repeats")
        # Records of earlier versions do not name what these say by default.
        _leave_out(config, Experiment, "conditions", "noise", "corpus_options")
        _leave_out(config, Experiment, "published", "against", "tuned_on")
        _leave_out(config["training"], Training, "precision")
        _leave_out(system, System, "label_fraction", "train_conditions")
        if not self.config.systems[self.system].unlabelled:
            config["unlabelled"] = ""
        return {
            **config,
            "fold": self.fold.name,
            "repeat": self.repeat,
            "data": {**self.data.fingerprints(), **fingerprint(self.noise)},
        }


def _leave_out(described: dict, kind: type, *names: str) -> None:
    """Removes the fields that hold a dataclass's default."""
    for name in names:
        if not described[name] or described[name] == getattr(kind, name, None):
            del described[name]


def feature_store(config: Experiment, cache) -> FeatureStore:
    """The store of an experiment's front-end."""
    front_end = FRONT_ENDS[config.features.front_end](**config.features.settings)
    return FeatureStore(Path(cache) / "features", front_end)
