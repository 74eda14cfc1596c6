"""Statistics by which a fold's features are normalised, compared with `moments`."""

import numpy as np
import pytest
import tensorflow as tf

from keras_ser import augment, data, protocols
from keras_ser.audio import Speed
from keras_ser.data.source import Source
from keras_ser.data.statistics import Statistics
from keras_ser.features import IDENTITY, FeatureStore, LogMel
from keras_ser.features.moments import moments, training_moments
from keras_ser.features.preprocessing import NORMALISATIONS, Preprocessing
from keras_ser.features.speech import speech_frames

FRONT_END = LogMel(n_mels=16)
CHOICES = [(normalise, None) for normalise in NORMALISATIONS]
CHOICES += [("train", 30.0), ("speaker", 30.0), ("utterance", 30.0)]
BY_UTTERANCE = ("utterance", "utterance_std")


@pytest.fixture(scope="module")
def fold(spoken_table):
    return protocols.leave_one_speaker_out(spoken_table)["1"]


@pytest.fixture(scope="module")
def store(spoken_table, tmp_path_factory):
    made = FeatureStore(tmp_path_factory.mktemp("cache"), FRONT_END, (0.9, 1.0, 1.1))
    made.prepare(spoken_table, progress=False)
    return made


def read_all(store, table, transform=IDENTITY):
    return [store.read(path) for path in store.paths(table, transform)]


def preprocessing_of(statistics, normalise, seconds=1.0):
    return Preprocessing(
        FRONT_END,
        ("anger", "sadness"),
        seconds,
        normalise,
        *statistics.train,
        statistics.speech_db,
    )


def in_graph(statistics, features):
    """What a `Source` computes with the training statistics."""
    mean, std = np.float32(statistics.train)
    return tf.function(statistics.normalised)(np.float32(features), mean, std).numpy()


@pytest.mark.parametrize("speech_db", [None, 30.0])
def test_statistics_of_a_speaker_do_not_depend_on_the_part_asked_for(
    fold, store, speech_db
):
    def expected(table):
        read = read_all(store, table)
        return moments(speech_frames(FRONT_END, each, speech_db) for each in read)

    statistics = Statistics(fold, store, "speaker", speech_db)
    for side in (fold.train, fold.dev, fold.tests["test"]):
        groups, whole = statistics.for_table(side)
        row = len(side) - 1
        _, part = statistics.for_table(side[row:])
        np.testing.assert_array_equal(part, whole[groups[row]][None])
        own = side[side.speaker == side.speaker.iloc[row]]
        assert len(own) == 6
        np.testing.assert_allclose(part[0], expected(own), rtol=1e-6)
    # For a speaker who is not in the fold, only the table is available.
    stranger = fold.dev[:1].assign(speaker="toy/stranger")
    _, found = statistics.for_table(stranger)
    np.testing.assert_allclose(found[0], expected(stranger), rtol=1e-6)


@pytest.mark.parametrize(("normalise", "speech_db"), CHOICES)
def test_training_statistics_are_those_of_the_training_speech(
    fold, store, normalise, speech_db
):
    found = Statistics(fold, store, normalise, speech_db).train
    train = read_all(store, fold.train)
    expected = training_moments(FRONT_END, normalise, speech_db, train)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("normalise", BY_UTTERANCE)
def test_normalised_training_speech_has_mean_0_and_variance_1(fold, store, normalise):
    made = preprocessing_of(Statistics(fold, store, normalise), normalise)
    # Noise without silence: every frame is speech.
    speech = [made.normalised(each) for each in read_all(store, fold.train)]
    np.testing.assert_allclose([each.mean(axis=0) for each in speech], 0, atol=1e-5)
    np.testing.assert_allclose(np.concatenate(speech).std(axis=0), 1, rtol=1e-4)


@pytest.mark.parametrize(("normalise", "speech_db"), CHOICES)
def test_the_graph_normalises_as_the_preprocessing(
    fold, store, normalise, speech_db, rng
):
    statistics = Statistics(fold, store, normalise, speech_db)
    made = preprocessing_of(statistics, normalise)
    speech = read_all(store, fold.dev)[0]
    quiet = speech.copy()
    quiet[:7] -= 11  # 48 dB below the rest
    quiet[-5:] = -23.03125  # digital silence
    for features in (speech, quiet, speech[:1], np.full((9, 16), -23.03125)):
        found = in_graph(statistics, features)
        np.testing.assert_allclose(
            found, made.normalised(features), rtol=1e-4, atol=1e-4
        )
        assert np.isfinite(found).all()
    assert (np.abs(in_graph(statistics, quiet)[-5:]) > 1).all()  # 0 is the padding


@pytest.mark.parametrize("normalise", BY_UTTERANCE)
def test_every_variant_of_an_utterance_has_its_own_statistics(fold, store, normalise):
    statistics = Statistics(fold, store, normalise)
    made = preprocessing_of(statistics, normalise)
    transforms = [Speed(factor) for factor in (0.9, 1.0, 1.1)]
    source = Source(fold.train, None, store, transforms, (), statistics)
    for variant, transform in enumerate(transforms):
        for row, raw in enumerate(read_all(store, fold.train[:3], transform)):
            found = source.features(row, variant).numpy()
            np.testing.assert_allclose(found, made.normalised(raw), atol=1e-4)
            np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-4)


@pytest.mark.parametrize("normalise", BY_UTTERANCE)
@pytest.mark.parametrize("seconds", [0.2, 3.0])
def test_a_pipeline_normalises_utterances_before_it_crops_them(
    fold, store, normalise, seconds
):
    pipeline = data.Pipeline(
        fold, store, seconds, normalise, batch=6, progress=False, pad="window"
    )
    batches = np.concatenate([np.array(batch[0]) for batch in pipeline.dev()])
    made, window = pipeline.preprocessing, pipeline.preprocessing.window
    assert (made.normalise, made.speech_db) == (normalise, 60.0)
    for found, raw in zip(batches, read_all(store, fold.dev), strict=True):
        expected = made.normalised(raw)[:window]
        np.testing.assert_allclose(found[: len(expected)], expected, atol=1e-4)
        assert not found[len(expected) :].any()  # the padding
        assert expected.any(axis=1).all()


def test_degraded_speech_has_its_own_statistics(fold, store):
    """As under noise: what is read under a condition is what normalises it."""
    slow = store.under(Speed(0.9))
    statistics = Statistics(fold, store, "utterance")
    source = Source(fold.train, None, slow, [IDENTITY], (), statistics)
    raw = read_all(store, fold.train[:1], Speed(0.9))[0]
    expected = preprocessing_of(statistics, "utterance").normalised(raw)
    np.testing.assert_allclose(source.features(0, 0), expected, atol=1e-4)


def test_the_default_is_that_of_all_frames_bit_for_bit(fold, store):
    statistics = Statistics(fold, store, "train")
    train = read_all(store, fold.train)
    np.testing.assert_array_equal(statistics.train, moments(train))
    mean, std = np.float32(statistics.train)
    found = in_graph(statistics, train[0])
    np.testing.assert_array_equal(found, (train[0] - mean) / std)


@pytest.mark.parametrize("normalise", NORMALISATIONS)
def test_a_front_end_without_levels_is_rejected(fold, tmp_path, normalise, monkeypatch):
    monkeypatch.delattr(LogMel, "db_per_unit")
    store = FeatureStore(tmp_path, FRONT_END)
    with pytest.raises(ValueError, match="no log spectrum. Choose"):
        Statistics(fold, store, normalise, 30.0)


def test_augmentations_work_on_utterances_of_their_own_mean(fold, store):
    pipeline = data.Pipeline(
        fold,
        store,
        1.0,
        "utterance",
        batch=4,
        rows_per_utterance=5,
        augment=augment.instances(("speed", "specaugment", "mixup")),
        progress=False,
    )
    features, labels, _ = next(iter(pipeline.train(0, 1)))
    assert np.isfinite(features).all() and np.array(features).any(axis=(1, 2)).all()
    assert labels["augmentation"].shape == (4, 4)
