"""Averaged weights against raw ones: how much the development UAR fluctuates.

One fold of EMO-DB and one group of RAVDESS, four classes each, for MTL-AUG and its
augmented baseline, with a constant learning rate and no selection. Both trainings of a
pair have the same seed, and averaging does not change the training: their raw weights
are the same. Only development speakers are scored here: the scores of the tests are not
looked at.

Command: python docs/studies/averaging.py --emodb DIR --ravdess DIR
Table and pictures: add --table, which trains nothing.
Cost: about 40 minutes on one core. A finished training is not repeated.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

import keras_ser as ser
from keras_ser.experiments import NETWORKS
from keras_ser.experiments.config import Experiment, Training

SYSTEMS = ("baseline_augmented", "mtl_aug")
AVERAGES = {"raw weights": 0.0, "averaged weights": 0.98}
CORPORA = {"emodb": "03", "ravdess": "1"}  # the fold of each
PROTOCOLS = {
    "emodb": {},
    "ravdess": {"protocol": "k_fold", "protocol_arguments": {"folds": 6}},
}
TITLES = {"emodb": "EMO-DB, fold 03", "ravdess": "RAVDESS, group 1"}
FIRST_EPOCH = 6  # counted from 1; before it, scores rise too fast to fluctuate
METRIC = "val_emotion_uar"


def config(corpus: str, average: float) -> Experiment:
    """The experiment on a corpus, with averaged weights or without.

    Both have the same name, which decides the seed, and different folders.
    """
    return Experiment(
        name=f"{corpus}_0",
        corpus=corpus,
        labels="four",
        systems={name: NETWORKS[name] for name in SYSTEMS},
        training=Training(schedule="constant", select="last", average=average),
        **PROTOCOLS[corpus],
    )


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


def folder(out: Path, average: float) -> Path:
    """The folder of the trainings with this average."""
    return out / f"average_{average:g}"


def histories(out: Path) -> pd.DataFrame:
    """One row per training: corpus, system, weights and the path of its history."""
    rows = [
        (corpus, system, weights, path)
        for corpus, fold in CORPORA.items()
        for system in SYSTEMS
        for weights, average in AVERAGES.items()
        for path in [folder(out, average) / f"{corpus}_0/{system}/{fold}-0/history.csv"]
        if path.exists()
    ]
    return pd.DataFrame(rows, columns=["corpus", "system", "weights", "path"])


def table(out: Path) -> str:
    """The study's table in Markdown."""
    lines = [
        "| corpus | system | fluctuation: raw | averaged | ratio | "
        "UAR of the last five epochs: raw | averaged |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for (corpus, system), part in histories(out).groupby(["corpus", "system"]):
        scores = {
            row.weights: 100 * pd.read_csv(row.path)[METRIC].to_numpy()
            for row in part.itertuples()
        }
        if len(scores) < len(AVERAGES):
            continue
        raw, averaged = (fluctuation(scores[w][FIRST_EPOCH - 1 :]) for w in AVERAGES)
        last = [f"{scores[w][-5:].mean():.1f}" for w in AVERAGES]
        lines.append(
            f"| {TITLES[corpus]} | `{system}` | {raw:.1f} | {averaged:.1f} | "
            f"{averaged / raw:.2f} | {' | '.join(last)} |"
        )
    return "\n".join(lines)


def draw(out: Path) -> None:
    """Draws the development UAR per epoch, one picture per corpus."""
    for corpus, part in histories(out).groupby("corpus"):
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
    for corpus, fold in CORPORA.items() if not given.table else ():
        for average in AVERAGES.values():
            ser.run(
                config(corpus, average),
                corpora={corpus: getattr(given, corpus)},
                folds=[fold],
                out=folder(given.out, average),
                cache=given.cache,
                workers=given.workers,
                threads=1,
            )
    draw(given.out)
    print(table(given.out))


if __name__ == "__main__":
    main()
