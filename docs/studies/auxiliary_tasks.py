"""Where the auxiliary tasks help: RAVDESS, four classes, development speakers only.

There are three splits of the 24 actors. In each, 8 actors train, and the next 8 select
the epoch and are scored, so that no figure here is a test. Each configuration is
trained on each split. The folder of a training holds `history.csv`, `cosine.json` and
`found.json`. An interrupted training is resumed, and a finished one is not repeated. A
training that another process is working on is left to it, so start the script twice to
use two cores.

Command: python docs/studies/auxiliary_tasks.py --ravdess DIR --librispeech DIR
Table: add --table, which trains nothing. docs/generate.py writes it into the study.
Cost: about six minutes per training on one core.
"""

import argparse
import contextlib
import dataclasses
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import numpy as np
import pandas as pd

from keras_ser import backend, corpora
from keras_ser.callbacks import checkpoint
from keras_ser.experiments.config import System, Training
from keras_ser.features import FeatureStore, LogMel
from keras_ser.models import BASELINE
from keras_ser.protocols import Fold
from keras_ser.utils import files, locks

AUGMENTED = System(arguments=BASELINE)
AUGMENTATION = {"reconstruction": False}  # the augmentation head alone
RECONSTRUCTION = {"augmentation": False}  # the reconstruction alone


@dataclasses.dataclass(frozen=True)
class Configuration:
    """One line of the study's table.

    Args:
        system: the model, its losses and its augmentation.
        fmax: the highest edge of the mel filterbank in Hz.
        fraction: the fraction of the training utterances that keep their label.
        keep_rest: whether the other utterances train without their label.
        librispeech: whether LibriSpeech joins as unlabelled speech.
        epochs: the number of epochs.
    """

    system: System
    fmax: float = 6800.0
    fraction: float = 1.0
    keep_rest: bool = False
    librispeech: bool = False
    epochs: int = 20


def _mtl(arguments=None, **objective) -> System:
    return System(arguments=arguments or {}, objective=objective)


def _few(system: System, keep_rest=False) -> Configuration:
    """A quarter of the labels. Epochs are shorter, so there are more of them."""
    system = dataclasses.replace(system, use_unlabelled=keep_rest)
    return Configuration(system, fraction=0.25, keep_rest=keep_rest, epochs=60)


CONFIGURATIONS = {
    "baseline": Configuration(System(arguments=BASELINE, augment=())),
    "baseline + augmentation": Configuration(AUGMENTED),
    "both 0.3": Configuration(_mtl(auxiliary=0.3)),
    "center alone": Configuration(_mtl({**AUGMENTATION, **RECONSTRUCTION})),
    "augmentation head 0.1": Configuration(_mtl(AUGMENTATION, auxiliary=0.1)),
    "augmentation head 0.3": Configuration(_mtl(AUGMENTATION, auxiliary=0.3)),
    "augmentation head 1": Configuration(_mtl(AUGMENTATION, auxiliary=1.0)),
    "reconstruction 0.1": Configuration(_mtl(RECONSTRUCTION, auxiliary=0.1)),
    "reconstruction 0.3": Configuration(_mtl(RECONSTRUCTION, auxiliary=0.3)),
    "reconstruction 1": Configuration(_mtl(RECONSTRUCTION, auxiliary=1.0)),
    "both 0.3, fmax 8000": Configuration(_mtl(auxiliary=0.3), fmax=8000.0),
    "quarter of labels: baseline + augmentation": _few(AUGMENTED),
    "quarter of labels: both 0.3": _few(_mtl(auxiliary=0.3)),
    "quarter of labels: both 0.3, the rest unlabelled": _few(
        _mtl(auxiliary=0.3), keep_rest=True
    ),
    "both 0.3 + LibriSpeech": Configuration(
        dataclasses.replace(_mtl(auxiliary=0.3), use_unlabelled=True), librispeech=True
    ),
    "both 0.1": Configuration(_mtl(auxiliary=0.1)),
}
SPLITS = {"A": (range(1, 9), range(9, 17)), "B": (range(9, 17), range(17, 25))}
SPLITS["C"] = (range(17, 25), range(1, 9))
SCORES = {"chosen epoch": "dev_uar", "last five": "last_five"}


def make_fold(table, extra, split: str, configuration: Configuration) -> Fold:
    """The fold of a split: eight speakers train, eight are scored, none are tested.

    Args:
        table: the labelled utterances of RAVDESS.
        extra: the utterances of LibriSpeech, without labels.
        split: a key of `SPLITS`.
        configuration: which labels are kept and which unlabelled speech joins.
    """
    train, dev = (
        table[table.speaker.isin([f"ravdess/{actor:02d}" for actor in actors])]
        for actors in SPLITS[split]
    )
    labelled = train
    if configuration.fraction < 1:
        groups = train.groupby(["speaker", "emotion"], group_keys=False)
        labelled = groups.sample(frac=configuration.fraction, random_state=0)
    rest = train.drop(labelled.index).assign(emotion="")
    unlabelled = [rest] if configuration.keep_rest else []
    unlabelled += [extra] if configuration.librispeech else []
    return Fold(
        name=split,
        train=labelled,
        dev=dev,
        tests={"nobody": dev.iloc[:0]},
        unlabelled=pd.concat(unlabelled) if unlabelled else None,
        classes=corpora.classes(table),
        selected_by=f"{dev.speaker.nunique()} development speakers",
    )


def train(name: str, split: str, tables, cache, folder: Path) -> None:
    """Trains one configuration on one split and writes its figures to `found.json`.

    Args:
        name: a key of `CONFIGURATIONS`.
        split: a key of `SPLITS`.
        tables: the labelled table and the unlabelled one.
        cache: folder of the feature cache.
        folder: folder of the training.
    """
    import keras

    from keras_ser import augment
    from keras_ser.data import Pipeline
    from keras_ser.experiments import training
    from keras_ser.models import MTLAug

    folder.mkdir(parents=True, exist_ok=True)
    seed = ord(split)
    configuration = CONFIGURATIONS[name]
    system = configuration.system
    keras.utils.set_random_seed(seed)
    fold = make_fold(*tables, split, configuration)
    model = MTLAug(
        fold.classes, augmentations=augment.types(system.augment), **system.arguments
    )
    store = FeatureStore(Path(cache) / "features", LogMel(fmax=configuration.fmax))
    data = Pipeline(
        fold, store, augment=system.augment, tasks=model.tasks, seed=seed,
        progress=False,
    )  # fmt: skip
    watch = GradientCosine(data, model.heads, folder / "cosine.json")
    patience = 5 * configuration.epochs // 20
    settings = Training(epochs=configuration.epochs, patience=patience)
    found = training.fit(
        model, data, settings, system.objective, folder, seed, watchers=[watch]
    )
    history = pd.read_csv(folder / "history.csv")
    chosen = history.iloc[found["epoch"] - 1]
    found |= {
        "dev_uar": float(chosen.val_emotion_uar),
        "last_five": float(history.val_emotion_uar.tail(5).mean()),
        "cosine": watch.means(),
    }
    if "augmentation_accuracy" in history:
        found["augmentation_accuracy"] = float(history.augmentation_accuracy.iloc[-1])
    files.write_json(folder / "found.json", found)
    (folder / checkpoint.FILE_NAME).unlink()


def GradientCosine(data, heads, path):
    """The callback below. Keras is imported only when a training starts."""
    import keras

    from keras_ser.monitoring import gradients

    class GradientCosine(keras.callbacks.Callback):
        """Measures the cosine between the gradients of two losses on the encoder.

        One is the loss of the emotion, the other that of an auxiliary task. It is
        measured after every fourth epoch, on two batches of training rows that stay
        the same. The losses are unweighted, because λ1 scales a gradient and does not
        change its direction.
        """

        def __init__(self):
            super().__init__()
            self.batches = list(data.train(0, 1).take(2))
            self.auxiliaries = [head for head in heads if head != "emotion"]
            self.measured = files.read_json(path) if path.exists() else {}

        def on_epoch_end(self, epoch, logs=None):
            if not self.auxiliaries or epoch % 4 != 3:
                return
            cosines = np.mean([self._cosines(*batch) for batch in self.batches], axis=0)
            self.measured[str(epoch)] = cosines.tolist()
            files.write_json(path, self.measured)

        def _cosines(self, *batch):
            losses = self.model.objective()["loss"]
            by_head = gradients.head_gradients(self.model, losses, batch)
            found = gradients.norms_and_cosines(by_head)
            return [found[f"gradient_cosine/{head}"] for head in self.auxiliaries]

        def means(self):
            """The mean cosine over the measurements, by auxiliary task."""
            if not self.measured:
                return {}
            values = np.mean(list(self.measured.values()), axis=0).tolist()
            return dict(zip(self.auxiliaries, values, strict=True))

    return GradientCosine()


def results(out: Path) -> pd.DataFrame:
    """The finished trainings, one row per training."""
    rows = []
    for path in sorted(out.glob("*/*/found.json")):
        rows.append(
            {"configuration": path.parts[-3], "split": path.parts[-2]}
            | files.read_json(path)
        )
    return pd.DataFrame(rows)


def table(out: Path) -> str:
    """The study's table in Markdown."""
    found = results(out)
    columns = [f"{what}: {split}" for what in SCORES for split in SPLITS]
    heads = ("center", "augmentation", "reconstruction")
    header = ["configuration", *columns, *(f"cosine: {head}" for head in heads), "head"]
    lines = ["| " + " | ".join(header) + " |", "|---" + "|---:" * len(header[1:]) + "|"]
    for name in CONFIGURATIONS:
        rows = found[found.configuration == slug(name)]
        if rows.empty:
            continue
        by_split = rows.set_index("split")
        cells = [name] + [
            f"{100 * by_split[column][split]:.1f}" if split in by_split.index else "–"
            for column in SCORES.values()
            for split in SPLITS
        ]
        for head in heads:
            values = [c[head] for c in rows.cosine if head in c]
            cells.append(f"{np.mean(values):+.2f}" if values else "–")
        accuracy = rows.get("augmentation_accuracy", pd.Series(dtype=float)).mean()
        cells.append("–" if np.isnan(accuracy) else f"{100 * accuracy:.0f}")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def slug(name: str) -> str:
    """The name of a configuration as the name of a folder."""
    return "".join(c if c.isalnum() or c in ".-" else "_" for c in name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ravdess", help="folder of RAVDESS")
    parser.add_argument("--librispeech", help="folder of LibriSpeech")
    parser.add_argument("--cache", default="cache", help="folder of features")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path(__file__).with_suffix(""),
        help="folder of the trainings",
    )
    parser.add_argument("--splits", default="ABC", help="which splits to train")
    parser.add_argument(
        "--only", nargs="*", default=list(CONFIGURATIONS), help="some configurations"
    )
    parser.add_argument(
        "--table", action="store_true", help="print the table and train nothing"
    )
    arguments = parser.parse_args()
    if not arguments.table:
        backend.set_threads(1)
        labelled = corpora.read("ravdess", arguments.ravdess, labels="four")
        extra = corpora.read("librispeech", arguments.librispeech).assign(emotion="")
        for split in arguments.splits:
            for name in arguments.only:
                folder = arguments.out / slug(name) / split
                with contextlib.ExitStack() as stack:
                    try:
                        stack.enter_context(locks.held(f"{folder}.lock", name))
                    except ValueError:
                        continue  # another process is working on it
                    if not (folder / "found.json").exists():
                        train(name, split, (labelled, extra), arguments.cache, folder)
    print(table(arguments.out))


if __name__ == "__main__":
    main()
