"""The preset `small` of SS-AAE: how fast the generator learns.

The network is `SSAAE` with the emotion as its only task, preset `small`, on windows of
128 frames, with LibriSpeech as unlabelled speech. The reference has no discriminator.
The others have one, and a generator with the learning rate of the other optimizers or a
tenth of it. RAVDESS, four classes, splits A, B and C, two seeds. No epoch is selected:
the last one is scored with the mean posterior of the windows that cover an utterance.

Command: python docs/studies/ss_aae.py --ravdess DIR --librispeech DIR
Table: add --table, which trains nothing. docs/generate.py writes it into the study.
Cost: about two minutes per training on one core. A finished training is not repeated;
start the command twice to use two cores.
"""

import dataclasses
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
SECONDS = 1.28
TRAINING = RECIPES["ss_aae"]["small"]
REFERENCE = "no discriminator"
# Arguments of the network.
CONFIGURATIONS = {
    REFERENCE: {"adversarial": False},
    "discriminator, generator at the same rate": {"generator_rate": 1.0},
    "discriminator, generator at a tenth": {"generator_rate": 0.1},
}


def train(name: str, split: str, number: str, folder: Path, tables, cache) -> None:
    """Trains one configuration on one split and writes its scores.

    Args:
        name: A key of `CONFIGURATIONS`, as the name of a folder.
        split: A key of `splits.SPLITS`.
        number: The number of the seed.
        folder: The folder of the training.
        tables: The utterances of RAVDESS, and those of LibriSpeech.
        cache: The folder of the feature cache.
    """
    import keras

    from keras_ser import evaluation
    from keras_ser.data import Pipeline
    from keras_ser.experiments import training
    from keras_ser.inference import Recogniser
    from keras_ser.models import SSAAE

    seed = splits.seed_of(split, int(number))
    keras.utils.set_random_seed(seed)
    labelled, unlabelled = tables
    fold = splits.make_fold(labelled, split)
    fold = dataclasses.replace(fold, unlabelled=unlabelled)
    model = SSAAE(
        fold.classes,
        moments="labelled",
        labelled_rows=TRAINING.batch,
        **BY_FOLDER[name],
    )
    store = FeatureStore(Path(cache) / "features", Spectrogram())
    data = Pipeline(
        fold,
        store,
        seconds=SECONDS,
        normalise="utterance",
        speech_db=60,
        tasks=model.tasks,
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
    parser = splits.make_parser(__doc__, __file__)
    parser.add_argument("--librispeech", help="folder of LibriSpeech")
    given = parser.parse_args()
    if not given.table:
        backend.set_threads(1)
        labelled = corpora.read("ravdess", given.ravdess, labels="four")
        speech = corpora.read("librispeech", given.librispeech, trim=True)
        tables = labelled, corpora.without_labels(speech)
        splits.run_each(
            (
                (name, split, seed)
                for seed in SEEDS
                for name in BY_FOLDER
                for split in splits.SPLITS
            ),
            given.out,
            lambda *parts: train(*parts, tables, given.cache),
            FILE,
        )
    print(table(given.out))


if __name__ == "__main__":
    main()
