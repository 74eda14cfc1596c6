"""Does the preset `small` of the attributes paper learn? Schedules and pooling.

The experiment is configs/in_the_wild/tess.py without probes, its system `baseline`, on
one fold that none of the planned trainings use. Only development speakers are looked
at: the predictions of the tests are removed unread.

Command: python docs/studies/in_the_wild.py --emodb DIR --emovo DIR --ravdess DIR \
    --tess DIR --librispeech DIR
Table: add --table, which trains nothing. docs/generate.py writes it into the study.
Cost: about two minutes per training on one core. A finished training is not repeated.
"""

import argparse
import shutil
import tempfile
from pathlib import Path

import pandas as pd

import keras_ser as ser

CONFIG = Path(__file__).parents[2] / "configs" / "in_the_wild" / "tess.py"
CORPORA = ("emodb", "emovo", "ravdess", "tess", "librispeech")
FOLD = "emodb+emovo+ravdess-tess-7"
FILE, SCORE = "history.csv", "val_emotion_uar"
STUCK = 0.34  # up to this UAR, of three classes, nearly all is taken for one class
LAST, MEAN = (f"systems.baseline.arguments.pooling={x}" for x in ("last", "mean"))
SGD, ADAM = (f"training.optimizer={each}" for each in ("sgd", "adam"))


def at(rate: float) -> str:
    """The override that sets the learning rate."""
    return f"training.learning_rate={rate}"


CONFIGURATIONS = {
    "SGD, 0.002": [SGD, at(0.002), LAST],
    "SGD, 0.02": [SGD, at(0.02), LAST],
    "SGD, 0.02, not clipped": [SGD, at(0.02), LAST, "training.clip_norm=0"],
    "SGD, 0.1": [SGD, at(0.1), LAST],
    "Adam, 0.001": [ADAM, at(0.001), LAST],
    "SGD, 0.02, mean of the states": [SGD, at(0.02), MEAN],
    "Adam, 0.001, mean of the states": [ADAM, at(0.001), MEAN],
}


def train(name: str, folder: Path, given: argparse.Namespace) -> None:
    """Trains one configuration and keeps its history.

    Args:
        name: A key of `CONFIGURATIONS`.
        folder: The folder for the history.
        given: The options of the command line.
    """
    with tempfile.TemporaryDirectory() as runs:
        ser.run(
            CONFIG,
            corpora={each: getattr(given, each) for each in CORPORA},
            systems="baseline",
            folds=FOLD,
            overrides=["probes=()", *CONFIGURATIONS[name]],
            out=runs,
            cache=given.cache,
            threads=1,
        )
        (history,) = Path(runs).glob(f"*/baseline/*/{FILE}")
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(history, folder / FILE)


def folder_of(name: str) -> str:
    """The name of a configuration's folder."""
    return name.replace(", ", "_").replace(" ", "_")


def table(out: Path) -> str:
    """The study's table in Markdown."""
    header = ["schedule", f"epochs at or below {STUCK}", "best epoch", "last epoch"]
    lines = ["| " + " | ".join(header) + " |", "|---" + "|---:" * len(header[1:]) + "|"]
    for name in CONFIGURATIONS:
        path = out / folder_of(name) / FILE
        if not path.exists():
            continue
        scores = pd.read_csv(path)[SCORE]
        stuck = f"{(scores <= STUCK).sum()} of {len(scores)}"
        cells = [stuck, *(f"{100 * x:.1f}" for x in (scores.max(), scores.iloc[-1]))]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for each in CORPORA:
        parser.add_argument(f"--{each}", help=f"folder of {each}")
    parser.add_argument("--cache", default="cache", help="folder of features")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(""))
    parser.add_argument("--only", help="train one configuration")
    parser.add_argument("--table", action="store_true", help="train nothing")
    given = parser.parse_args()
    for name in [] if given.table else CONFIGURATIONS:
        folder = given.out / folder_of(name)
        if given.only in (None, name) and not (folder / FILE).exists():
            train(name, folder, given)
    print(table(given.out))


if __name__ == "__main__":
    main()
