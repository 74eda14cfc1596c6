"""Averaged weights against raw ones: how much the development UAR fluctuates.

One fold of EMO-DB and one group of RAVDESS, four classes each, for MTL-AUG and its
augmented baseline, with a constant learning rate and no selection, at two momenta of
batch normalisation. Both trainings of a pair have the same seed, and averaging does not
change the training: their raw weights are the same. Only development speakers are
scored here: the scores of the tests are not looked at.

Command: python docs/studies/averaging.py --emodb DIR --ravdess DIR
Table and pictures: add --table, which trains nothing.
Cost: about 80 minutes on one core. A finished training is not repeated.
"""

import argparse
import dataclasses
import itertools
from pathlib import Path

import numpy as np
import pandas as pd

import keras_ser as ser
from keras_ser.experiments import NETWORKS
from keras_ser.experiments.config import Experiment, System, Training

SYSTEMS = ("baseline_augmented", "mtl_aug")
AVERAGES = {"raw weights": 0.0, "averaged weights": 0.98}
MOMENTA = (0.99, 0.9)  # of batch normalisation; the first was the default
CORPORA = {"emodb": "03", "ravdess": "1"}  # the fold of each
PROTOCOLS = {
    "emodb": {},
    "ravdess": {"protocol": "k_fold", "protocol_arguments": {"folds": 6}},
}
TITLES = {"emodb": "EMO-DB, fold 03", "ravdess": "RAVDESS, group 1"}
FIRST_EPOCH = 6  # counted from 1; before it, scores rise too fast to fluctuate
METRIC = "val_emotion_uar"


def config(corpus: str, average: float, momentum: float) -> Experiment:
    """The experiment on a corpus, with averaged weights or without.

    All have the same name, which decides the seed, and different folders.
    """
    return Experiment(
        name=f"{corpus}_0",
        corpus=corpus,
        labels="four",
        systems={name: system(name, momentum) for name in SYSTEMS},
        training=Training(schedule="constant", select="last", average=average),
        **PROTOCOLS[corpus],
    )


def system(name: str, momentum: float) -> System:
    """One of the systems, with batch normalisation of this momentum."""
    normalisation = {"normalisation": "batch", "momentum": momentum}
    arguments = {**NETWORKS[name].arguments, **normalisation}
    return dataclasses.replace(NETWORKS[name], arguments=arguments)


def fluctuation(scores: np.ndarray) -> float:
    """The standard deviation of a score from epoch to epoch, without its trend.

        s = √( Σ_e (x_e − x_{e−1})² / (2 (E − 1)) )

    For independent scores with a common mean, s² is an unbiased estimate of their
    variance. A slow rise adds little to it.

    Args:
        scores: One score per epoch, `(epochs,)`.

    Reference: von Neumann, "Distribution of the ratio of the mean square successive
    difference to the variance", Annals of Mathematical Statistics 12, 1941.
    """
    return float(np.sqrt(np.mean(np.square(np.diff(scores))) / 2))


def folder(out: Path, average: float, momentum: float) -> Path:
    """The folder of the trainings with this average and momentum."""
    return out / f"average_{average:g}_momentum_{momentum:g}"


def histories(out: Path) -> pd.DataFrame:
    """One row per training: what it is, and the path of its history."""
    columns = ["momentum", "corpus", "system", "weights"]
    rows = [
        (momentum, corpus, name, weights, path)
        for momentum in MOMENTA
        for corpus, fold in CORPORA.items()
        for name in SYSTEMS
        for weights, average in AVERAGES.items()
        for parent in [folder(out, average, momentum)]
        for path in [parent / f"{corpus}_0/{name}/{fold}-0/history.csv"]
        if path.exists()
    ]
    return pd.DataFrame(rows, columns=[*columns, "path"])


def table(out: Path) -> str:
    """The study's table in Markdown."""
    lines = [
        "| momentum | corpus | system | fluctuation: raw | averaged | ratio | "
        "UAR of the last five epochs: raw | averaged |",
        "|---:|---|---|---:|---:|---:|---:|---:|",
    ]
    groups = histories(out).groupby(["momentum", "corpus", "system"], sort=False)
    for (momentum, corpus, name), part in groups:
        scores = {
            row.weights: 100 * pd.read_csv(row.path)[METRIC].to_numpy()
            for row in part.itertuples()
        }
        if len(scores) < len(AVERAGES):
            continue
        raw, averaged = (fluctuation(scores[w][FIRST_EPOCH - 1 :]) for w in AVERAGES)
        last = [f"{scores[w][-5:].mean():.1f}" for w in AVERAGES]
        lines.append(
            f"| {momentum} | {TITLES[corpus]} | `{name}` | {raw:.1f} | "
            f"{averaged:.1f} | {averaged / raw:.2f} | {' | '.join(last)} |"
        )
    return "\n".join(lines)


def draw(out: Path) -> None:
    """Draws the development UAR per epoch at momentum 0.99, a picture per corpus."""
    found = histories(out)
    for corpus, part in found[found.momentum == MOMENTA[0]].groupby("corpus"):
        groups = {
            f"{row.system}, {row.weights}": [row.path] for row in part.itertuples()
        }
        ser.figures.dev_curves(groups, out / f"{corpus}.png", METRIC)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--emodb", help="folder of EMO-DB")
    parser.add_argument("--ravdess", help="folder of RAVDESS")
    parser.add_argument("--cache", default="cache", help="folder of features")
    parser.add_argument("--workers", type=int, default=1, help="processes")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path(__file__).with_suffix(""),
        help="folder of the trainings",
    )
    parser.add_argument(
        "--table", action="store_true", help="print the table and train nothing"
    )
    given = parser.parse_args()
    trainings = itertools.product(MOMENTA, CORPORA, AVERAGES.values())
    if not given.table:
        for momentum, corpus, average in trainings:
            ser.run(
                config(corpus, average, momentum),
                corpora={corpus: getattr(given, corpus)},
                folds=[CORPORA[corpus]],
                out=folder(given.out, average, momentum),
                cache=given.cache,
                workers=given.workers,
                threads=1,
            )
    draw(given.out)
    print(table(given.out))


if __name__ == "__main__":
    main()
