"""Which weights of a training to test: momentum, averages, and the epoch.

One training gives many models: batch normalisation with moments of three kinds, the
weights as they are or averaged over the updates, the last epoch or one that
development speech selects. All of these are read from the same training, so that they
are paired and differ in nothing else. RAVDESS, four classes, splits A, B and C, two
seeds, for MTL-AUG and its augmented baseline. The readout is chosen by the mean
negative log-likelihood over both systems.

Command: python docs/studies/readouts.py --ravdess DIR
Table: add --table, which trains nothing. docs/generate.py writes it into the study.
Cost: about 90 minutes on one core. A finished training is not repeated; start the
command twice to use two cores.
"""

import functools
import itertools
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import numpy as np
import pandas as pd
import splits

from keras_ser import backend, corpora, figures
from keras_ser.experiments import NETWORKS
from keras_ser.experiments.config import Training
from keras_ser.features import FeatureStore, LogMel

SYSTEMS = ("baseline_augmented", "mtl_aug")
SEEDS = ("1", "2")
MOMENTA = {"0.99": 0.99, "0.9": 0.9}  # of the moving moments
RECOMPUTED = "recomputed"  # moments of all training batches of one epoch
MOMENTS = (*MOMENTA, RECOMPUTED)
RAW = "raw"
DECAYS = {"0.98": 0.98, "0.99": 0.99}  # of the averages of the weights
WEIGHTS = (RAW, *DECAYS)
EPOCHS = 20
FILE = "readouts.csv"
BATCH = 64  # of predictions
EPOCH_CHOICES = ("last", "best accuracy", "best NLL")
CHOSEN = ("0.98", "0.9", "last")  # weights, moments, epoch
PARTS = ("epochs 1 to 5", "6 to 10", f"11 to {EPOCHS}")
DRAWN = "0.98"  # of the averages, in the picture
LABELS = {DRAWN: "averaged weights", RAW: "raw weights"}
COLOURS = ("#D55E00", "#0072B2")


def train(system: str, split: str, number: str, folder: Path, table, cache) -> None:
    """Trains one system on one split and writes all readouts of all epochs.

    Args:
        system: One of `SYSTEMS`.
        split: A key of `splits.SPLITS`.
        number: The number of the seed.
        folder: The folder of the training.
        table: The utterances of RAVDESS.
        cache: The folder of the feature cache.
    """
    import keras

    from keras_ser import augment
    from keras_ser.data import Pipeline
    from keras_ser.experiments import training
    from keras_ser.models import MTLAug

    seed = splits.seed_of(split, int(number))
    keras.utils.set_random_seed(seed)
    settings = NETWORKS[system]
    fold = splits.make_fold(table, split)
    # With a momentum of 0, the moving moments are those of the last batch.
    arguments = {
        "augmentations": augment.types(settings.augment),
        **settings.arguments,
        "normalisation": "batch",
        "momentum": 0.0,
    }
    model = MTLAug(fold.classes, **arguments)
    store = FeatureStore(Path(cache) / "features", LogMel(fmax=6800.0))
    data = Pipeline(
        fold, store, augment=settings.augment, tasks=model.tasks, seed=seed,
        progress=False,
    )  # fmt: skip
    probe = MTLAug(fold.classes, **arguments)
    readouts = make_readouts(data, probe)
    plan = Training(epochs=EPOCHS, schedule="constant", average=0.0, select="last")
    training.fit(
        model, data, plan, settings.objective, folder, seed, watchers=[readouts]
    )
    splits.finish(folder, FILE, readouts.rows)


def make_readouts(data, probe):
    """The callback below. Keras is imported only when a training starts."""
    import keras
    import tensorflow as tf

    from keras_ser.backend import averaging

    numpy_of = keras.ops.convert_to_numpy

    def is_moment(variable) -> bool:
        return "moving_" in variable.path

    def is_trained(variable) -> bool:
        return "float" in variable.dtype and not is_moment(variable)

    class Readouts(keras.callbacks.Callback):
        """Follows moments and averages of a training, and scores them all.

        The averages have decays that rise as those of `callbacks.AverageWeights`. An
        average of the weights has the same average of the moving moments.
        """

        def __init__(self):
            super().__init__()
            self.rows = []
            self.updates = 0
            self.sides = {
                "scored": splits.arrays(data, data.test(splits.SCORED)),
                "dev": splits.arrays(data, data.dev()),
            }
            self.forward = tf.function(
                functools.partial(probe.emotion_model, training=True),
                reduce_retracing=True,
            )
            self.trained = [v for v in probe.weights if is_trained(v)]
            self.moments = [v for v in probe.weights if is_moment(v)]

        def on_train_begin(self, logs=None):
            weights = self.model.weights
            floats = [w for w in weights if is_trained(w)]
            self.source = floats
            self.batch_moments = [w for w in weights if is_moment(w)]
            self.averages = {
                name: [keras.Variable(w, trainable=False) for w in floats]
                for name in DECAYS
            }
            self.update = {
                name: averaging.moving_average(self.model, floats, averages)
                for name, averages in self.averages.items()
            }
            initial = [numpy_of(w) for w in self.batch_moments]
            self.moving = {
                (weights, momentum): [m.copy() for m in initial]
                for weights in WEIGHTS
                for momentum in MOMENTA
            }

        def on_train_batch_end(self, batch, logs=None):
            found = [numpy_of(w) for w in self.batch_moments]
            for name, momentum in MOMENTA.items():
                for moving, new in zip(self.moving[RAW, name], found, strict=True):
                    moving += (1 - momentum) * (new - moving)
            t = self.updates
            for name, decay in DECAYS.items():
                rate = min(decay, (1 + t) / (10 + t))
                self.update[name](rate)
                for momentum in MOMENTA:
                    pairs = zip(
                        self.moving[name, momentum],
                        self.moving[RAW, momentum],
                        strict=True,
                    )
                    for average, new in pairs:
                        average += (1 - rate) * (new - average)
            self.updates = t + 1

        def on_epoch_end(self, epoch, logs=None):
            for weights in WEIGHTS:
                values = self.source if weights == RAW else self.averages[weights]
                for variable, value in zip(self.trained, values, strict=True):
                    variable.assign(value)
                for kind in MOMENTS:
                    moments = self._moments(weights, kind, epoch)
                    for variable, value in zip(self.moments, moments, strict=True):
                        variable.assign(value)
                    self._score(epoch, weights, kind)

        def _moments(self, weights, kind, epoch):
            """The moments of a kind, those of the probe's weights if recomputed."""
            if kind != RECOMPUTED:
                return self.moving[weights, kind]
            found = []
            for features, _, _ in data.train(epoch, epoch + 1):
                self.forward(features)
                found.append([numpy_of(v) for v in self.moments])
            return [np.mean(values, axis=0) for values in zip(*found, strict=True)]

        def _score(self, epoch, weights, kind):
            for side, (features, labels) in self.sides.items():
                predicted = probe.emotion_model.predict(
                    features, batch_size=BATCH, verbose=0
                )
                found = splits.measure(predicted, labels)
                self.rows.append(
                    {"epoch": epoch + 1, "weights": weights, "moments": kind}
                    | {"side": side, **found}
                )

    return Readouts()


def results(out: Path) -> pd.DataFrame:
    """All readouts of all finished trainings."""
    parts = []
    for path in sorted(out.glob(f"*/*/*/{FILE}")):
        system, split, seed = path.parts[-4:-1]
        # The name of a decay or momentum is text, as in the constants above.
        frame = pd.read_csv(path, dtype={"weights": str, "moments": str})
        parts.append(frame.assign(system=system, split=split, seed=seed))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def choose(part: pd.DataFrame) -> dict[str, pd.Series]:
    """The scored row of each way to choose the epoch, of one readout of a training."""
    scored = part[part.side == "scored"].set_index("epoch")
    dev = part[part.side == "dev"].set_index("epoch")
    best = dev.sort_values(["accuracy", "nll"], ascending=[False, True]).index[0]
    return {
        "last": scored.loc[EPOCHS],
        "best accuracy": scored.loc[best],
        "best NLL": scored.loc[dev.nll.idxmin()],
    }


def chosen(found: pd.DataFrame) -> pd.DataFrame:
    """One row per training, readout and way to choose the epoch."""
    keys = ["system", "split", "weights", "moments"]
    rows = []
    for names, part in found[found.seed == SEEDS[0]].groupby(keys):
        for epoch, row in choose(part).items():
            rows.append(
                {**dict(zip(keys, names, strict=True)), "epoch": epoch}
                | {"uar": 100 * row.uar, "nll": row.nll}
            )
    return pd.DataFrame(rows)


def table(out: Path) -> str:
    """The study's tables in Markdown: all readouts, and momenta in the course of it."""
    found = results(out)
    return f"{_readouts(chosen(found))}\n\n{_course(found)}"


def _readouts(rows: pd.DataFrame) -> str:
    """Scores of all readouts, and paired differences from `CHOSEN`."""
    names = ["weights", "moments", "epoch", "system", "split"]
    by_readout = rows.set_index(names).sort_index()
    lines = [
        "| weights | moments | epoch | NLL: both | baseline_augmented | mtl_aug | "
        "difference | UAR: both | baseline_augmented | mtl_aug | difference |",
        "|---|---|---|" + "---:|" * 8,
    ]
    for readout in itertools.product(WEIGHTS, MOMENTS, EPOCH_CHOICES):
        part = by_readout.loc[readout]
        differences = part - by_readout.loc[CHOSEN]
        by_system = part.groupby("system").mean(numeric_only=True)
        cells = [
            text
            for column, digits in (("nll", 2), ("uar", 1))
            for text in (
                f"{part[column].mean():.{digits}f}",
                *(f"{by_system[column][name]:.{digits}f}" for name in SYSTEMS),
                "–" if readout == CHOSEN else splits.gain(differences[column]),
            )
        ]
        lines.append(f"| {' | '.join(readout)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _course(found: pd.DataFrame) -> str:
    """The mean UAR of averaged weights in parts of the training, by moments."""
    scored = found[(found.side == "scored") & (found.weights == DRAWN)]
    part = pd.cut(scored.epoch, [0, 5, 10, EPOCHS], labels=PARTS)
    mean = 100 * scored.groupby(["moments", part], observed=True).uar.mean()
    lines = [f"| moments | {' | '.join(PARTS)} |", "|---" + "|---:" * len(PARTS) + "|"]
    for moments in MOMENTS:
        cells = " | ".join(f"{value:.1f}" for value in mean[moments])
        lines.append(f"| {moments} | {cells} |")
    return "\n".join(lines)


def draw(out: Path) -> None:
    """Draws the mean scored UAR per epoch: raw and averaged weights, both momenta."""
    found = results(out)
    scored = found[found.side == "scored"]
    with figures.drawing(out / "uar.png", (7.5, 3.6)) as figure:
        axes = figure.add_subplot()
        for weights, style in ((DRAWN, "-"), (RAW, "--")):
            for momentum, colour in zip(MOMENTA, COLOURS, strict=True):
                part = scored[
                    (scored.weights == weights) & (scored.moments == momentum)
                ]
                mean = 100 * part.groupby("epoch").uar.mean()
                label = f"{LABELS[weights]}, momentum {momentum}"
                axes.plot(mean.index, mean, style, color=colour, label=label)
        axes.set(xlabel="epoch", ylabel="UAR (%)", xticks=range(2, EPOCHS + 1, 2))
        axes.grid(axis="y")
        axes.legend(frameon=False)


def main() -> None:
    given = splits.make_parser(__doc__, __file__).parse_args()
    if not given.table:
        backend.set_threads(1)
        utterances = corpora.read("ravdess", given.ravdess, labels="four")
        order = itertools.product(SEEDS, splits.SPLITS, SYSTEMS)
        splits.run_each(
            ((system, split, seed) for seed, split, system in order),
            given.out,
            lambda *parts: train(*parts, utterances, given.cache),
            FILE,
        )
    draw(given.out)
    print(table(given.out))


if __name__ == "__main__":
    main()
