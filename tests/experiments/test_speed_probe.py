"""The speed probe and the score of the augmentation head."""

import numpy as np
import pytest

from keras_ser import augment, protocols, tasks
from keras_ser.data import Pipeline
from keras_ser.experiments import speed_probe
from keras_ser.features import IDENTITY, FeatureStore, LogMel

SPEED = {"speed": {"factors": (0.5,)}}


@pytest.fixture(scope="module")
def fold(spoken_table):
    return protocols.leave_one_speaker_out(spoken_table)["1"]


@pytest.fixture(scope="module")
def store(spoken_table, tmp_path_factory):
    front_end = LogMel(n_mels=16, fmax=8000.0)
    store = FeatureStore(tmp_path_factory.mktemp("cache"), front_end)
    store.prepare(spoken_table, progress=False)
    return store


class Watcher:
    """A model that keeps the batches that its head predicts.

    Its head is not called `augmentation`, because the probe has to find it by its task.
    """

    def __init__(self, *tasks):
        self.tasks = tasks
        self.batches = []

    def head_model(self, name):
        assert name == "transform"
        return self

    def predict_on_batch(self, features):
        """Predicts `speed` for every row but the first of all."""
        outputs = np.tile([0.2, 0.6, 0.2], (len(features), 1))
        if not self.batches:
            outputs[0] = [0.4, 0.3, 0.3]
        self.batches.append(len(features))
        return outputs


EMOTION = tasks.Classification("emotion", ("anger", "sadness"))
TYPES = ("none", "speed", "specaugment")
TRANSFORM = tasks.AugmentationType("transform", TYPES)


def test_half_speed_is_recognised_by_its_empty_upper_half_of_the_band(store, fold):
    # At speed 1 both classes have the same vectors, so that half of them are right.
    assert speed_probe.speed_shortcut(store, fold, (0.5, 1.0)) == {"0.5": 1.0, "1": 0.5}


def pipeline(fold, store, **settings):
    return Pipeline(
        fold,
        store,
        seconds=1.0,
        batch=6,
        augment=(*augment.instances(SPEED), "specaugment"),
        tasks=(EMOTION, TRANSFORM),
        progress=False,
        **settings,
    )


@pytest.fixture(scope="module")
def data(fold, store):
    return pipeline(fold, store)


def test_the_head_is_scored_on_every_variant_of_development_speech(data):
    model = Watcher(EMOTION, TRANSFORM)
    found = speed_probe.score_augmentation_head(model, data)
    count = len(data.fold.dev)
    assert sum(model.batches) == 3 * count
    assert found == {
        "augmentation_accuracy": pytest.approx((1 / count + 1) / 3),
        "augmentation_types": ["none", "speed", "specaugment"],
        "speed_probe": {"0.5": 1.0},
    }


def test_a_type_that_training_lacks_is_not_scored(fold, store):
    data = pipeline(fold, store, rows_per_utterance=1)  # every row is augmented
    model = Watcher(EMOTION, TRANSFORM)
    found = speed_probe.score_augmentation_head(model, data)
    assert found["augmentation_types"] == ["speed", "specaugment"]
    count = len(fold.dev)
    assert found["augmentation_accuracy"] == pytest.approx((1 - 1 / count) / 2)
    assert sum(model.batches) == 2 * count


def test_development_speech_keeps_the_preprocessing_of_the_training(data, store):
    rows = [
        (features, labels["transform"])
        for features, labels, _ in data.augmented(
            data.fold.dev, "none"
        ).as_numpy_iterator()
    ]
    lengths = store.frames(store.paths(data.fold.dev, IDENTITY))
    unaugmented = [f for batch, kinds in rows for f in batch[kinds[:, 0] == 1]]
    windows = np.minimum(lengths, data.preprocessing.window)
    found = [(frames != 0).any(axis=1).sum() for frames in unaugmented]
    assert sorted(found) == sorted(windows)
    whole = [store.read(path) for path in store.paths(data.fold.dev)]
    short = [i for i, n in enumerate(lengths) if n <= data.preprocessing.window]
    for number in short:
        expected = data.preprocessing.normalised(whole[number])
        assert any(
            np.allclose(expected, frames[: len(expected)], atol=1e-5)
            for frames in unaugmented
            if len(frames) >= len(expected)
        )
    assert short


@pytest.mark.parametrize(
    ("heads", "names"),
    [((EMOTION,), ("speed",)), ((EMOTION, TRANSFORM), ("specaugment",))],
)
def test_without_head_or_speed_there_are_no_scores(heads, names):
    class Data:
        augment = augment.instances(names)

    assert speed_probe.score_augmentation_head(Watcher(*heads), Data) == {}
