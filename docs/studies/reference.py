"""A better augmented baseline: one factor at a time.

The reference is the augmented baseline with averaged weights, a constant learning rate
and a batch normalisation momentum of 0.9, tested after its last epoch, so that nothing
is selected. Each configuration changes one thing. RAVDESS, four classes, splits A, B
and C, two seeds. A configuration is kept if it gains one standard error over the six
paired trainings. What is kept is then tried on two further seeds.

Command: python docs/studies/reference.py --ravdess DIR
Table: add --table, which trains nothing. docs/generate.py writes it into the study.
Cost: about two minutes per training on one core, three hours in all. A finished
training is not repeated; start the command twice to use two cores.
"""

import dataclasses
import itertools
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import pandas as pd
import splits

from keras_ser import backend, corpora
from keras_ser.experiments import NETWORKS
from keras_ser.experiments.config import Training
from keras_ser.features import FeatureStore, LogMel

SYSTEM = NETWORKS["baseline_augmented"]
SEEDS = ("1", "2")
FURTHER_SEEDS = ("3", "4")
FILE = "scored.csv"
BATCH = 64  # of predictions
LAST = 5  # epochs of the mean


@dataclasses.dataclass(frozen=True)
class Configuration:
    """One line of the study's table.

    Args:
        training: What differs from `Training` of the reference.
        arguments: What differs from the arguments of the model.
        rows: The rows per utterance. Updates per epoch are those of two rows.
        more: Whether there are more kinds of augmentation.
        smoothing: The share of a label that is spread over all classes.
        two_channels: Whether features normalised by utterance are next to those
            normalised by the training speech.
    """

    training: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    arguments: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    rows: int = 2
    more: bool = False
    smoothing: float = 0.0
    two_channels: bool = False


REFERENCE = "reference"
KEPT = ("group normalisation", "augmented rows only")
COMBINED = "both"
GROUP = {"normalisation": "group"}
BATCH_NORM = {"normalisation": "batch", "momentum": 0.9}  # of all the others
CONFIGURATIONS = {
    REFERENCE: Configuration(),
    "cosine": Configuration({"schedule": "cosine"}),
    "halving and restoring": Configuration({"schedule": "halve_and_restore"}),
    "embedding dropout 0.25": Configuration(arguments={"embedding_dropout": 0.25}),
    "weight decay": Configuration(
        {"optimizer": "adamw", "optimizer_arguments": {"weight_decay": 0.5}}
    ),
    "group normalisation": Configuration(arguments=GROUP),
    "label smoothing 0.1": Configuration(smoothing=0.1),
    "three rows": Configuration(rows=3),
    "augmented rows only": Configuration(rows=1),
    "more augmentation": Configuration(more=True),
    "two channels": Configuration(two_channels=True),
    "smaller network": Configuration(arguments={"filters": (8, 16, 16)}),
    "40 epochs": Configuration({"epochs": 40}),
    COMBINED: Configuration(arguments=GROUP, rows=1),
}


def train(name: str, split: str, number: str, folder: Path, table, cache) -> None:
    """Trains one configuration on one split and writes the scores of all epochs.

    Args:
        name: A key of `CONFIGURATIONS`, as the name of a folder.
        split: A key of `splits.SPLITS`.
        number: The number of the seed.
        folder: The folder of the training.
        table: The utterances of RAVDESS.
        cache: The folder of the feature cache.
    """
    import keras

    from keras_ser.experiments import training
    from keras_ser.models import MTLAug

    configuration = BY_FOLDER[name]
    seed = splits.seed_of(split, int(number))
    keras.utils.set_random_seed(seed)
    fold = splits.make_fold(table, split)
    usual = {} if configuration.arguments == GROUP else BATCH_NORM
    arguments = {**SYSTEM.arguments, **usual, **configuration.arguments}
    width = 256 if configuration.two_channels else 128
    model = MTLAug(fold.classes, dimensions=width, **arguments)
    data = make_pipeline(configuration, fold, model.tasks, seed, cache)
    settings = {"schedule": "constant", "average": 0.98, "select": "last"}
    plan = Training(**{**settings, **configuration.training})
    scored = make_scores(data)
    training.fit(model, data, plan, SYSTEM.objective, folder, seed, monitors=[scored])
    splits.finish(folder, FILE, scored.rows)


def make_pipeline(configuration: Configuration, fold, tasks, seed: int, cache):
    """The pipeline of a configuration. TensorFlow is imported only here."""
    import tensorflow as tf
    from more_augmentation import MORE

    from keras_ser.data import Pipeline

    def add_channel(features):
        """Features with those whose mean over the speech is 0 next to them."""
        speech = tf.cast(tf.reduce_any(features != 0, -1, keepdims=True), tf.float32)
        mean = tf.reduce_sum(features, 1, keepdims=True) / tf.maximum(
            tf.reduce_sum(speech, 1, keepdims=True), 1.0
        )
        return tf.concat([features, (features - mean) * speech], axis=-1)

    def smooth(labels):
        share = configuration.smoothing
        classes = len(fold.classes)
        return {
            name: (1 - share) * label + share / classes
            for name, label in labels.items()
        }

    class Changed(Pipeline):
        """The pipeline with what the configuration changes in its batches."""

        def train(self, first_epoch, epochs):
            data = self._widened(super().train(first_epoch, epochs))
            if configuration.smoothing:
                data = data.map(lambda x, labels, w: (x, smooth(labels), w))
            return data

        def unaugmented(self, table):
            return self._widened(super().unaugmented(table))

        def _widened(self, data):
            if not configuration.two_channels:
                return data
            return data.map(lambda features, *others: (add_channel(features), *others))

    store = FeatureStore(Path(cache) / "features", LogMel(fmax=6800.0))
    augment = (*SYSTEM.augment, *(MORE if configuration.more else ()))
    return Changed(
        fold, store, augment=augment, tasks=tasks, seed=seed, progress=False,
        rows_per_utterance=configuration.rows, steps=2 * len(fold.train) // 16,
    )  # fmt: skip


def make_scores(data):
    """The callback below. Keras is imported only when a training starts."""
    import keras

    class Scores(keras.callbacks.Callback):
        """Scores the averaged model after each epoch, on the scored speakers."""

        def __init__(self):
            super().__init__()
            self.rows = []
            self.features, self.labels = splits.arrays(data, data.test(splits.SCORED))

        def on_epoch_end(self, epoch, logs=None):
            predicted = self.model.emotion_model.predict(
                self.features, batch_size=BATCH, verbose=0
            )
            found = splits.measure(predicted, self.labels)
            self.rows.append({"epoch": epoch + 1, **found})

    return Scores()


def slug(name: str) -> str:
    """The name of a configuration as the name of a folder."""
    return name.replace(" ", "_")


BY_FOLDER = {slug(name): each for name, each in CONFIGURATIONS.items()}


def results(out: Path) -> pd.DataFrame:
    """One row per finished training: the last epoch, and the mean of the last five."""
    rows = []
    for path in sorted(out.glob(f"*/*/*/{FILE}")):
        scored = pd.read_csv(path)
        name, split, seed = path.parts[-4:-1]
        last, mean = scored.iloc[-1], scored.tail(LAST).mean()
        rows.append(
            {"name": name, "split": split, "seed": seed}
            | {"uar": 100 * last.uar, "last_five": 100 * mean.uar, "nll": mean.nll}
        )
    columns = ["name", "split", "seed", "uar", "last_five", "nll"]
    return pd.DataFrame(rows, columns=columns)


def table(out: Path) -> str:
    """The study's tables in Markdown: one factor at a time, then what was kept."""
    found = results(out).set_index(["name", "split", "seed"])
    parts = [
        f"**One factor at a time, seeds {' and '.join(SEEDS)}**",
        _table(found, [name for name in CONFIGURATIONS if name != COMBINED], SEEDS),
        f"**What was kept, seeds {' and '.join(FURTHER_SEEDS)}**",
        _table(found, (REFERENCE, *KEPT, COMBINED), FURTHER_SEEDS),
    ]
    return "\n\n".join(parts)


def _table(found: pd.DataFrame, names: Iterable[str], seeds: tuple[str, ...]) -> str:
    pairs = list(itertools.product(splits.SPLITS, seeds))
    header = ["configuration", *(" ".join(pair) for pair in pairs)]
    header += ["mean", "gain ± standard error", "mean of last five", "gain", "NLL"]
    lines = ["| " + " | ".join(header) + " |", "|---" + "|---:" * len(header[1:]) + "|"]
    for name in names:
        keys = [(slug(name), *pair) for pair in pairs]
        done = [key in found.index for key in keys]
        if not any(done):
            continue
        cells = [
            f"{found.uar[key]:.1f}" if is_done else "–"
            for key, is_done in zip(keys, done, strict=True)
        ]
        keys = [key for key, is_done in zip(keys, done, strict=True) if is_done]
        part = found.loc[keys]
        cells += [f"{part.uar.mean():.1f}", _gain(found, keys, "uar")]
        cells += [f"{part.last_five.mean():.1f}", _gain(found, keys, "last_five")]
        lines.append(f"| {name} | {' | '.join(cells)} | {part.nll.mean():.2f} |")
    return "\n".join(lines)


def _gain(found: pd.DataFrame, keys: list[tuple], column: str) -> str:
    """The mean paired difference from the reference, with its standard error."""
    references = [(REFERENCE, *key[1:]) for key in keys]
    if keys[0][0] == REFERENCE or not set(references) <= set(found.index):
        return "–"
    differences = found.loc[keys, column].to_numpy()
    differences = differences - found.loc[references, column].to_numpy()
    return splits.gain(differences)


def main() -> None:
    parser = splits.make_parser(__doc__, __file__)
    parser.add_argument(
        "--only", nargs="*", default=list(CONFIGURATIONS), help="some configurations"
    )
    parser.add_argument("--seeds", nargs="*", default=SEEDS, help="numbers of seeds")
    given = parser.parse_args()
    if not given.table:
        backend.set_threads(1)
        utterances = corpora.read("ravdess", given.ravdess, labels="four")
        splits.run_each(
            (
                (slug(name), split, seed)
                for seed in given.seeds
                for name in given.only
                for split in splits.SPLITS
            ),
            given.out,
            lambda *parts: train(*parts, utterances, given.cache),
            FILE,
        )
    print(table(given.out))


if __name__ == "__main__":
    main()
