"""One system on one fold: its folder, its seed, and all that decides its result."""

import dataclasses
import hashlib
from pathlib import Path

from keras_ser.config import Experiment, Training
from keras_ser.features import FRONT_ENDS, FeatureStore
from keras_ser.protocols import Fold
from keras_ser.unusable import Unusable


@dataclasses.dataclass(frozen=True)
class Job:
    """One system trained and tested on one fold."""

    config: Experiment
    system: str
    fold: Fold
    repeat: int
    out: Path
    skipped: tuple[Unusable, ...] = ()  # what the fold goes without

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

    @property
    def data(self) -> Fold:
        """The fold as the system sees it: unlabelled speech only if it trains on it."""
        if self.config.systems[self.system].unlabelled:
            return self.fold
        return dataclasses.replace(self.fold, unlabelled=None)

    def describe(self) -> dict:
        """All that decides the result, as JSON: settings and data."""
        config = dataclasses.asdict(self.config)
        config["systems"] = {self.system: config["systems"][self.system]}
        config.pop("repeats")
        if self.config.training.precision == Training.precision:
            del config["training"]["precision"]  # older runs do not name it
        if not self.config.systems[self.system].unlabelled:
            config["unlabelled"] = ""
        return {
            **config,
            "fold": self.fold.name,
            "repeat": self.repeat,
            "data": self.data.fingerprints(),
        }


def feature_store(config: Experiment, cache) -> FeatureStore:
    """The store of an experiment's front-end."""
    front_end = FRONT_ENDS[config.features.front_end](**config.features.settings)
    return FeatureStore(Path(cache) / "features", front_end)
