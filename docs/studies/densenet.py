"""The preset `small` of the DenseNets: rows of an utterance, and normalisation.

The network is `DenseNetHighway`, preset `small`, without augmentation, on windows of
256 frames. The reference has random crops and batch normalisation. RAVDESS, four
classes, splits A, B and C, two seeds. All configurations make the same number of
updates, and the last epoch is scored with the mean posterior of the windows that cover
an utterance. No epoch is selected, but development speech halves the rate.

Command: python docs/studies/densenet.py --ravdess DIR
Table: add --table, which trains nothing. docs/generate.py writes it into the study.
Cost: about a minute per training on one core. A finished training is not repeated;
start the command twice to use two cores.
"""

import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import numpy as np
import splits

from keras_ser import backend, corpora
from keras_ser.experiments import RECIPES
from keras_ser.features import FeatureStore, Spectrogram

SEEDS = ("1", "2")
FILE = "scored.csv"
SECONDS = 2.56
TRAINING = RECIPES["robust_densenet"]["small"]
REFERENCE = "random crops, batch normalisation"
# `segments` of the pipeline, and `normalisation` of the network.
CONFIGURATIONS = {
    REFERENCE: ("random", "batch"),
    "all segments, batch normalisation": ("all", "batch"),
    "random crops, group normalisation": ("random", "group"),
}


def train(name: str, split: str, number: str, folder: Path, table, cache) -> None:
    """Trains one configuration on one split and writes its scores.

    Args:
        name: A key of `CONFIGURATIONS`, as the name of a folder.
        split: A key of `splits.SPLITS`.
        number: The number of the seed.
        folder: The folder of the training.
        table: The utterances of RAVDESS.
        cache: The folder of the feature cache.
    """
    import keras

    from keras_ser import evaluation
    from keras_ser.data import Pipeline
    from keras_ser.experiments import training
    from keras_ser.inference import Recogniser
    from keras_ser.models import DenseNetHighway

    segments, normalisation = BY_FOLDER[name]
    seed = splits.seed_of(split, int(number))
    keras.utils.set_random_seed(seed)
    fold = splits.make_fold(table, split)
    model = DenseNetHighway(fold.classes, normalisation=normalisation)
    store = FeatureStore(Path(cache) / "features", Spectrogram())
    data = Pipeline(
        fold,
        store,
        seconds=SECONDS,
        tasks=model.tasks,
        steps=2 * len(fold.train) // 16,
        segments=segments,
        seed=seed,
        progress=False,
    )
    training.fit(model, data, TRAINING, {}, folder, seed)
    recogniser = Recogniser(model, data.preprocessing)
    found = evaluation.predictions(recogniser, fold.tests[splits.SCORED], store=store)
    classes = [f"p_{each}" for each in fold.classes]
    labels = np.stack([found.truth == each for each in fold.classes], axis=1)
    scored = splits.measure(found[classes].to_numpy(float), labels.astype(float))
    splits.finish(folder, FILE, [scored])


BY_FOLDER = {splits.folder_name(name): each for name, each in CONFIGURATIONS.items()}


def table(out: Path) -> str:
    """The study's table in Markdown."""
    return splits.score_table(out, CONFIGURATIONS, SEEDS, FILE)


def main() -> None:
    given = splits.make_parser(__doc__, __file__).parse_args()
    if not given.table:
        backend.set_threads(1)
        utterances = corpora.read("ravdess", given.ravdess, labels="four")
        splits.run_each(
            (
                (name, split, seed)
                for seed in SEEDS
                for name in BY_FOLDER
                for split in splits.SPLITS
            ),
            given.out,
            lambda *parts: train(*parts, utterances, given.cache),
            FILE,
        )
    print(table(given.out))


if __name__ == "__main__":
    main()
