"""A corpus of features without audio, for benchmarks: any number of utterances.

Entries of noise are written straight into a feature store, where a pipeline finds them
as it finds those of speech.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from keras_ser import augment, features, protocols
from keras_ser.corpora.table import from_rows

CLASSES = ("anger", "happiness", "neutral", "sadness")
AUGMENT = ("speed", "specaugment", "mixup")


def utterances(count: int, speakers, seconds: float = 7.5) -> pd.DataFrame:
    """A corpus table of `count` utterances, dealt out to speakers and emotions."""
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


def store(folder, tables) -> features.FeatureStore:
    """A feature store with the entries of every speed of the tables' utterances."""
    made = features.FeatureStore(folder)
    random = np.random.default_rng(0)
    transforms = (features.PLAIN, *augment.SpeedPerturbation().transforms)
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
    noise = random.standard_normal((frames, made.front_end.bands), dtype=np.float32)
    noise.astype(made.dtype).tofile(path)


def fold(count: int, seconds: float = 7.5) -> protocols.Fold:
    """Training speech of eight speakers, and a batch of two others to select with."""
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
