"""What the studies on RAVDESS share: three splits of its actors, and how they train.

The 24 actors make three groups of eight. Of each split, one group trains, one is
scored, and the third one is development speech, for what follows or selects epochs.
No group is a test: every figure of these studies may decide a default.
"""

import argparse
import contextlib
import itertools
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from keras_ser import corpora
from keras_ser.callbacks import checkpoint
from keras_ser.protocols import Fold
from keras_ser.utils import files, locks

GROUPS = (range(1, 9), range(9, 17), range(17, 25))
SPLITS = {  # the groups that train, are scored, and are development speech
    "A": (GROUPS[0], GROUPS[1], GROUPS[2]),
    "B": (GROUPS[1], GROUPS[2], GROUPS[0]),
    "C": (GROUPS[2], GROUPS[0], GROUPS[1]),
}
SCORED = "scored"  # the name of the scored utterances among the tests of a fold


def make_fold(table: pd.DataFrame, split: str) -> Fold:
    """The fold of a split.

    Args:
        table: The utterances of RAVDESS.
        split: A key of `SPLITS`.
    """
    train, scored, dev = (
        table[table.speaker.isin([f"ravdess/{actor:02d}" for actor in actors])]
        for actors in SPLITS[split]
    )
    return Fold(
        name=split,
        train=train,
        dev=dev,
        tests={SCORED: scored},
        unlabelled=None,
        classes=corpora.classes(table),
        selected_by=f"{dev.speaker.nunique()} development speakers",
    )


def make_parser(description: str, script: str) -> argparse.ArgumentParser:
    """A parser with the options that the studies have in common.

    Args:
        description: The docstring of the study.
        script: The path of the study, next to which its trainings are kept.
    """
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--ravdess", help="folder of RAVDESS")
    parser.add_argument("--cache", default="cache", help="folder of features")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path(script).with_suffix(""),
        help="folder of the trainings",
    )
    parser.add_argument(
        "--table", action="store_true", help="print the table and train nothing"
    )
    return parser


def seed_of(split: str, number: int) -> int:
    """The seed of a training, the same for all configurations."""
    return 100 * number + ord(split)


def run_each(names: Iterable[tuple], out: Path, train: Callable, finished: str) -> None:
    """Runs the trainings that are not finished and that no other process runs.

    Args:
        names: The parts of the name of each training, which make up its folder.
        out: The folder of all trainings.
        train: Called with the parts and the folder. It writes `finished` at the end.
        finished: The name of the file that tells that a training is finished.
    """
    for parts in names:
        folder = out.joinpath(*map(str, parts))
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(locks.held(f"{folder}.lock", "/".join(parts)))
            except ValueError:
                continue  # another process is working on it
            if not (folder / finished).exists():
                shutil.rmtree(folder, ignore_errors=True)  # an interrupted training
                folder.mkdir(parents=True)
                train(*parts, folder)


def finish(folder: Path, name: str, rows: list[dict]) -> None:
    """Writes the figures of a training and removes what is only needed while it runs.

    Args:
        folder: The folder of the training.
        name: The file that tells that it is finished.
        rows: The figures, one dictionary per row.
    """
    (folder / checkpoint.FILE_NAME).unlink(missing_ok=True)  # an SVM has none
    shutil.rmtree(folder / "logs", ignore_errors=True)
    text = pd.DataFrame(rows).to_csv(index=False, float_format="%.6g")
    files.write_text(folder / name, text)


def arrays(data, dataset) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and one-hot emotions of a data set, padded to the window.

    Args:
        data: The pipeline that made the data set.
        dataset: Batches of `(features, labels, weights)`.
    """
    window = data.preprocessing.window
    features, labels = [], []
    for batch, label, _ in dataset:
        batch = np.asarray(batch)
        features.append(np.pad(batch, ((0, 0), (0, window - batch.shape[1]), (0, 0))))
        labels.append(np.asarray(label["emotion"]))
    return np.concatenate(features), np.concatenate(labels)


def measure(probabilities: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """UAR, accuracy and mean negative log-likelihood of predicted probabilities.

    Args:
        probabilities: `(utterances, classes)`.
        labels: One-hot labels of the same shape.
    """
    from keras_ser import scores

    truth, best = labels.argmax(axis=1), probabilities.argmax(axis=1)
    own = np.clip((probabilities * labels).sum(axis=1), 1e-7, 1)
    return {
        "uar": scores.uar(truth, best),
        "accuracy": scores.accuracy(truth, best),
        "nll": float(-np.log(own).mean()),
    }


def folder_name(configuration: str) -> str:
    """The name of a configuration's folder."""
    return configuration.replace(", ", "_").replace(" ", "_")


def score_table(out: Path, configurations: Iterable[str], seeds, name: str) -> str:
    """A table in Markdown of the scores of each split and seed.

    Args:
        out: The folder of all trainings.
        configurations: What was compared. The first is the reference of the gains.
        seeds: The numbers of the seeds.
        name: The file with the scores of a training.
    """
    pairs = list(itertools.product(SPLITS, seeds))
    header = ["configuration", *(" ".join(pair) for pair in pairs), "mean", "gain"]
    header += ["NLL"]
    lines = ["| " + " | ".join(header) + " |", "|---" + "|---:" * len(header[1:]) + "|"]
    reference = None
    for configuration in configurations:
        folder = out / folder_name(configuration)
        scored = [_read(folder / split / seed / name) for split, seed in pairs]
        reference = reference or scored
        done = [each for each in scored if each is not None]
        if not done:
            continue
        cells = ["–" if each is None else f"{100 * each.uar:.1f}" for each in scored]
        cells.append(f"{100 * np.mean([each.uar for each in done]):.1f}")
        cells.append(_gain(scored, reference))
        cells.append(f"{np.mean([each.nll for each in done]):.2f}")
        lines.append(f"| {configuration} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _read(path: Path) -> pd.Series | None:
    return pd.read_csv(path).iloc[0] if path.exists() else None


def _gain(scored: list, reference: list) -> str:
    """The mean paired difference from the reference, with its standard error."""
    both = [
        100 * (one.uar - other.uar)
        for one, other in zip(scored, reference, strict=True)
        if one is not None and other is not None
    ]
    return "–" if scored is reference or not both else gain(np.array(both))


def gain(differences: np.ndarray) -> str:
    """The mean of paired differences with its standard error, as text."""
    mean = f"{np.mean(differences):+.2f}"
    if len(differences) < 2:
        return mean
    error = np.std(differences, ddof=1) / np.sqrt(len(differences))
    return f"{mean} ± {error:.2f}"
