"""The encoder of frames of a pre-trained network: which of its settings matter.

The network is the augmented baseline of MTL-AUG on the states of a GE2E speaker encoder
(`features.SpeakerEncoder`), with the encoder of frames and the training of the preset
`small`. Each configuration changes one thing. An SVM on the same frames is scored on
the same splits. RAVDESS, four classes, splits A, B and C, two seeds. No epoch is
selected: the last one is scored.

Command: python docs/studies/frames.py --ravdess DIR
Table: add --table, which trains nothing. docs/generate.py writes it into the study.
Cost: about half a minute per training on one core, after the features. A finished
training is not repeated; start the command twice to use two cores.
Needs: pip install --no-deps resemblyzer
"""

import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import numpy as np
import splits

from keras_ser import backend, corpora
from keras_ser.experiments import Training, frame_systems
from keras_ser.features import FeatureStore, SpeakerEncoder

SEEDS = ("1", "2")
FILE = "scored.csv"
TRAINING = Training()
REFERENCE = "preset small"
SVM = "SVM on mean and standard deviation"
# Arguments of the network.
CONFIGURATIONS = {
    REFERENCE: {},
    "embedding dropout 0.5": {"embedding_dropout": 0.5},
    "one stage": {"filters": (128,), "kernels": (3,)},
    "256 filters": {"filters": (256, 256)},
    "batch normalisation": {"normalisation": "batch", "momentum": 0.9},
    SVM: None,
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
    fold = splits.make_fold(table, split)
    store = FeatureStore(Path(cache) / "features", SpeakerEncoder())
    arguments = BY_FOLDER[name]
    seed = splits.seed_of(split, int(number))
    if arguments is None:
        posteriors, truth = score_svm(fold, store)
    else:
        posteriors, truth = score_network(fold, store, arguments, seed, folder)
    labels = np.stack([truth == each for each in fold.classes], axis=1)
    scored = splits.measure(posteriors, labels.astype(float))
    splits.finish(folder, FILE, [scored])


def score_network(fold, store, arguments: dict, seed: int, folder: Path):
    """Posteriors and classes of the scored utterances."""
    import keras

    from keras_ser import augment, evaluation
    from keras_ser.data import Pipeline
    from keras_ser.experiments import training
    from keras_ser.inference import Recogniser
    from keras_ser.models import MTLAug

    keras.utils.set_random_seed(seed)
    system = frame_systems()["baseline_augmented"]
    model = MTLAug(
        fold.classes,
        augment.types(system.augment),
        store.front_end.dimensions,
        encoder_type="frames",
        input_layers=store.front_end.layers,
        **{**system.arguments, **arguments},
    )
    data = Pipeline(
        fold,
        store,
        seconds=7.5,
        augment=system.augment,
        batch=TRAINING.batch,
        tasks=model.tasks,
        seed=seed,
        progress=False,
    )
    training.fit(model, data, TRAINING, {}, folder, seed)
    recogniser = Recogniser(model, data.preprocessing)
    found = evaluation.predictions(recogniser, fold.tests[splits.SCORED], store=store)
    classes = [f"p_{each}" for each in fold.classes]
    return found[classes].to_numpy(float), found.truth.to_numpy()


def score_svm(fold, store):
    """Posteriors and classes of the scored utterances."""
    from keras_ser.classical import FrameSVM, Scaling

    system, scored = FrameSVM(), fold.tests[splits.SCORED]
    for table in (fold.train, scored):
        store.prepare(table, progress=False)
    train, test = (system.vectors(table, store) for table in (fold.train, scored))
    scaling = Scaling("train", train)
    fitted = system.estimator()
    fitted.fit(scaling(train, fold.train.speaker), fold.train.emotion)
    posteriors = system.posteriors(fitted, scaling(test, scored.speaker))
    order = [list(fitted.classes_).index(each) for each in fold.classes]
    return posteriors[:, order], scored.emotion.to_numpy()


BY_FOLDER = {splits.folder_name(name): each for name, each in CONFIGURATIONS.items()}


def table(out: Path) -> str:
    """The study's table in Markdown."""
    return splits.score_table(out, CONFIGURATIONS, SEEDS, FILE)


def main() -> None:
    given = splits.make_parser(__doc__, __file__).parse_args()
    if not given.table:
        backend.set_threads(1)
        speech = corpora.read("ravdess", given.ravdess, labels="four")
        splits.run_each(
            (
                (name, split, seed)
                for seed in SEEDS
                for name in BY_FOLDER
                for split in splits.SPLITS
            ),
            given.out,
            lambda *parts: train(*parts, speech, given.cache),
            FILE,
        )
    print(table(given.out))


if __name__ == "__main__":
    main()
