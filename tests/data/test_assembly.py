"""The reader of a plan gives the batches of tf.data."""

import numpy as np
import pytest
import tensorflow as tf

from keras_ser import data, protocols
from keras_ser.data import assembly
from keras_ser.features import FeatureStore, LogMel
from keras_ser.tasks import Classification, Regression, mtl_aug_tasks, vocabulary

ALL = ("speed", "specaugment", "mixup")
SETTINGS = {
    "global": {},
    "by speaker": {"normalise": "speaker"},
    "by utterance": {"normalise": "utterance"},
    "by utterance, its own deviation": {"normalise": "utterance_std"},
    "over speech frames": {"speech_db": 30.0},
    "denoising": {"denoising": True},
    "each variant once": {"rows_per_utterance": 5},
    "without augmentation": {"augment": ()},
    "without unlabelled rows": {"unlabelled_ratio": 0},
    "few unlabelled rows": {"unlabelled_ratio": 0.25},
    "masks only": {"augment": ("specaugment",)},
    "all windows": {"segments": "all"},
    "all windows, which weigh 1": {"segments": "all", "segment_weight": "segment"},
    "crops that weigh as many windows": {"segment_weight": "segment"},
}


@pytest.fixture(scope="module")
def fold(spoken_table):
    """Labelled and unlabelled speech, with numbers that some utterances lack."""
    table = spoken_table.assign(valence=np.linspace(-1, 1, len(spoken_table)))
    table.loc[table.index[::5], "valence"] = np.nan
    labelled = table[table.speaker < "toy/5"]
    unlabelled = table[table.speaker >= "toy/5"].assign(emotion="")
    return protocols.leave_one_speaker_out(labelled, unlabelled)["1"]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return FeatureStore(tmp_path_factory.mktemp("cache"), LogMel(n_mels=16))


@pytest.fixture
def pipeline(fold, store):
    def build(**arguments):
        settings = {"seconds": 0.3, "batch": 4, "augment": ALL, **arguments}
        types = ("none", *settings["augment"])
        speech = fold.sides()["train"]
        tasks = (
            *mtl_aug_tasks(fold.classes, types),
            Classification("gender", vocabulary(speech, "gender")),
            Regression("valence"),
        )
        return data.Pipeline(fold, store, tasks=tasks, progress=False, **settings)

    return build


class Assembled:
    """The second reader of a pipeline."""

    def __init__(self, made, table, labelled, time=None):
        bank = assembly.FeatureBank(made.store, assembly.entry_paths(made))
        self.bank = tf.constant(bank.frames)
        arrays = assembly.utterance_arrays(made, bank, table, labelled)
        self.utterances = tf.nest.map_structure(Indexed, arrays)
        time = time or made.preprocessing.window
        self.assembler = assembly.Assembler(made, time)


class Indexed(np.ndarray):
    """An array that tensors can index, as they can on JAX."""

    def __new__(cls, values):
        return np.asarray(values).view(cls)

    def __getitem__(self, place):
        parts = place if isinstance(place, tuple) else (place,)
        found = tuple(np.asarray(part) for part in parts)
        return np.asarray(super().__getitem__(found))


def assert_equal(batch, expected):
    found = tf.nest.flatten(batch)
    wanted = tf.nest.flatten(expected)
    assert len(found) == len(wanted)
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-5, rtol=1e-5)
        assert ((np.array(one) != 0) == (np.array(other) != 0)).all()


@pytest.mark.parametrize("name", SETTINGS)
def test_training_batches_are_those_of_tf_data(pipeline, name):
    made = pipeline(pad="window", **SETTINGS[name])
    table = made.training_table
    reader = Assembled(made, table, len(made.fold.train))
    plan = made.plan(0, 2)
    for step, expected in enumerate(made.train(0, 2)):
        epoch, within = divmod(step, made.steps)
        rows = plan[epoch, within].arrays()
        found = reader.assembler.training(reader.bank, reader.utterances, rows)
        assert_equal(found, expected)
    assert step == 2 * made.steps - 1


def test_unaugmented_batches_are_those_of_tf_data(pipeline):
    made = pipeline(pad="window")
    reader = Assembled(made, made.fold.dev, len(made.fold.dev))
    (first, *_) = made.dev()
    rows = len(first[0])
    found = reader.assembler.unaugmented(
        reader.bank,
        reader.utterances,
        np.arange(rows, dtype=np.int32),
        np.ones(rows, np.float32),
    )
    assert_equal(found, first)
    _, _, weights = reader.assembler.unaugmented(
        reader.bank,
        reader.utterances,
        np.arange(rows, dtype=np.int32),
        np.zeros(rows, np.float32),
    )
    assert not any(np.any(weight) for weight in weights.values())


@pytest.mark.parametrize("kind", ["none", *ALL])
def test_augmented_batches_are_those_of_tf_data(pipeline, kind):
    made = pipeline(pad="window")
    reader = Assembled(made, made.fold.dev, len(made.fold.dev))
    plan = made.plan_augmented(made.fold.dev, kind)
    for number, expected in enumerate(made.augmented(made.fold.dev, kind)):
        rows = plan[number * made.batch : (number + 1) * made.batch].arrays()
        found = reader.assembler.variants(reader.bank, reader.utterances, rows)
        assert_equal(found, expected)


def test_windows_start_where_they_are_asked_to(pipeline):
    made = pipeline()
    reader = Assembled(made, made.fold.dev, len(made.fold.dev), time=64)
    path = made.store.paths(made.fold.dev)[1]
    features = made.preprocessing.normalised(made.store.read(path))
    window = made.preprocessing.window
    found = reader.assembler.windows(
        reader.bank, reader.utterances, np.int32([1, 1]), np.int32([0, 5])
    )
    for row, start in zip(np.array(found), (0, 5), strict=True):
        expected = features[start : start + window]
        np.testing.assert_allclose(row[: len(expected)], expected, atol=1e-5)
        assert not row[len(expected) :].any()


def test_arrays_of_several_models_are_padded_to_the_same_shape():
    parts = [{"a": np.ones((2, 3)), "b": {"c": np.ones(n)}} for n in (1, 4)]
    found = assembly.stacked(parts)
    assert found["a"].shape == (2, 2, 3)
    assert found["b"]["c"].tolist() == [[1, 0, 0, 0], [1, 1, 1, 1]]
