"""A corpus of any number of utterances for benchmarks, with features but no audio.

Features of noise are written directly into a feature store. A pipeline finds them there
like those of real speech.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from keras_ser import augment, features, protocols
from keras_ser.corpora.table import from_rows

CLASSES = ("anger", "happiness", "neutral", "sadness")
AUGMENT = ("speed", "specaugment", "mixup")


def utterances(count: int, speakers, seconds: float = 7.5) -> pd.DataFrame:
    """Make a corpus table of `count` utterances; speakers and emotions take turns."""
    return from_rows(
        [
            {
                "utterance": f"noise/{speakers[0]}/{number}",
                "file": f"{number}.wav",
                "duration": seconds,
                "digest": f"{speakers[0]}-{number}",
                "corpus": "noise",
                "speaker": speakers[number % len(speakers)],
                "emotion": CLASSES[number // len(speakers) % len(CLASSES)],
            }
            for number in range(count)
        ]
    )


def make_store(folder, tables) -> features.FeatureStore:
    """Make a feature store with the tables' utterances at every speed."""
    made = features.FeatureStore(folder)
    random = np.random.default_rng(0)
    transforms = (features.IDENTITY, *augment.SpeedPerturbation().transforms)
    for table in tables:
        for transform in transforms:
            seconds = table.duration / transform.factor
            for path, length in zip(made.paths(table, transform), seconds, strict=True):
                _write(Path(path), random, made.front_end.frames(length), made)
    return made


def _write(path: Path, random, frames: int, made) -> None:
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = frames, made.front_end.dimensions
    noise = random.standard_normal(shape, dtype=np.float32)
    path.write_bytes(made.format.encode(path, noise))


def make_fold(count: int, seconds: float = 7.5) -> protocols.Fold:
    """Make a fold with `count` training utterances of eight speakers.

    Two other speakers select the epoch and two are tested, with 16 utterances each
    side.
    """
    train = utterances(count, [f"t{number}" for number in range(8)], seconds)
    dev = utterances(16, ["d0", "d1"], seconds)
    return protocols.Fold(
        name="noise",
        train=train,
        dev=dev,
        tests={"test": utterances(16, ["e0", "e1"], seconds)},
        unlabelled=None,
        classes=CLASSES,
        selected_by="2 development speakers",
    )
