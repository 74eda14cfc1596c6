"""The pipeline is a pure function of the seed and the step, with balanced weights."""

import numpy as np
import pytest
import tensorflow as tf

from keras_ser import augment, data, protocols
from keras_ser.data.pipeline import HEADS
from keras_ser.features import FeatureStore, LogMel, preprocessing

ALL = ("speed", "specaugment", "mixup")
TYPES = ("none", *ALL)


@pytest.fixture(scope="module")
def fold(spoken_table):
    """Four speakers with labels and two without."""
    labelled = spoken_table[spoken_table.speaker < "toy/5"]
    unlabelled = spoken_table[spoken_table.speaker >= "toy/5"].assign(emotion="")
    return protocols.leave_one_speaker_out(labelled, unlabelled)["1"]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return FeatureStore(tmp_path_factory.mktemp("cache"), LogMel(n_mels=16))


@pytest.fixture(scope="module")
def pipeline(fold, store):
    def build(**arguments):
        settings = {"seconds": 1.0, "batch": 4, "augment": ALL, "progress": False}
        return data.Pipeline(fold, store, **{**settings, **arguments})

    return build


def arrays(batch):
    return [np.array(value) for value in tf.nest.flatten(batch)]


def equal(one, other):
    return all(
        a.shape == b.shape and (a == b).all()
        for a, b in zip(arrays(one), arrays(other), strict=True)
    )


def test_a_batch_repeats_and_epochs_differ(pipeline):
    made = pipeline()
    first, again = (list(made.train(0, 2)) for _ in range(2))
    assert len(first) == 2 * made.steps
    assert all(equal(a, b) for a, b in zip(first, again, strict=True))
    assert not equal(first[0], first[made.steps])
    other = next(iter(pipeline(seed=1).train(0, 1)))
    assert not equal(first[0], other)


def test_a_stream_can_start_in_any_epoch(pipeline):
    made = pipeline()
    whole = list(made.train(0, 3))
    tail = list(made.train(2, 3))
    assert all(equal(a, b) for a, b in zip(whole[-made.steps :], tail, strict=True))


def test_nothing_tunes_the_stream(pipeline):
    """The thread that tunes it might sleep for a minute when a training ends."""
    data = pipeline()
    for dataset in (data.train(0, 1), data.dev()):
        assert dataset.options().autotune.enabled is False
        assert dataset.options().deterministic is True


def test_heads_shapes_and_weights(pipeline):
    features, labels, weights = next(iter(pipeline().train(0, 1)))
    batch, time, bands = features.shape
    assert (batch, bands) == (8, 16)  # four labelled rows and four unlabelled ones
    assert time <= 100
    assert tuple(labels) == tuple(weights) == HEADS
    assert labels["emotion"].shape == labels["center"].shape == (8, 2)
    assert labels["augmentation"].shape == (8, 4)
    np.testing.assert_array_equal(labels["reconstruction"], features)
    assert all(weight.shape == (8,) for weight in weights.values())
    for head in ("emotion", "center"):
        assert (np.array(weights[head])[4:] == 0).all()
    assert (np.array(weights["augmentation"]) > 0).all()
    assert (np.array(weights["reconstruction"]) == 1).all()


def test_weights_follow_the_types(pipeline):
    seen = set()
    for _, labels, weights in pipeline(unlabelled_ratio=0).train(0, 6):
        types = np.argmax(labels["augmentation"], axis=1)
        seen |= set(types.tolist())
        is_mixed = types == TYPES.index("mixup")
        np.testing.assert_array_equal(weights["center"], np.where(is_mixed, 0.0, 1.0))
        assert (np.array(weights["emotion"]) == 1).all()
        is_soft = np.max(labels["emotion"], axis=1) < 1
        assert (is_soft <= is_mixed).all()
        assert (np.max(labels["center"], axis=1) == 1).all()
    assert seen == {0, 1, 2, 3}


@pytest.mark.parametrize(("rows", "share"), [(2, [3, 1, 1, 1]), (5, [1, 2, 1, 1])])
def test_types_come_in_their_shares_and_weigh_alike(pipeline, rows, share):
    made = pipeline(rows_per_utterance=rows, batch=1, unlabelled_ratio=0)
    counts, weight = np.zeros(4), np.zeros(4)
    for _, labels, weights in made.train(0, 60):
        kind = int(np.argmax(labels["augmentation"]))
        counts[kind] += 1
        if TYPES[kind] != "mixup":  # its augmentation_weight varies
            weight[kind] += float(weights["augmentation"][0])
    expected = counts.sum() * np.array(share) / sum(share)
    assert (np.abs(counts - expected) < 5 * np.sqrt(expected)).all()
    assert np.allclose(weight[:3], weight[0], rtol=0.5)
    if rows == 5:
        np.testing.assert_array_equal(counts, expected)


def test_every_labelled_row_comes_once_per_epoch(pipeline, fold):
    made = pipeline(augment=(), rows_per_utterance=2, batch=3, unlabelled_ratio=0)
    total = sum(
        np.array(labels["emotion"]).sum(axis=0) for _, labels, _ in made.train(0, 1)
    )
    counted = fold.train.emotion.value_counts().sort_index().to_numpy()
    assert made.steps * 3 == 2 * len(fold.train)
    np.testing.assert_array_equal(total, 2 * counted)


def test_systems_with_and_without_augmentation_do_as_many_updates(pipeline):
    assert pipeline(augment=()).steps == pipeline().steps
    assert pipeline(unlabelled_ratio=0).steps == pipeline(unlabelled_ratio=2).steps


def test_without_augmentation_rows_are_the_unaugmented_features(pipeline, store, fold):
    made = pipeline(augment=(), unlabelled_ratio=0, batch=2, seconds=9.0)
    features, labels, _ = next(iter(made.train(0, 1)))
    assert labels["augmentation"].shape == (2, 1)
    known = [
        made.preprocessing.normalised(store.read(path))
        for path in store.paths(fold.train)
    ]
    for row in np.array(features):
        assert any(
            len(row) >= len(one)
            and np.allclose(row[: len(one)], one, atol=1e-4)
            and (row[len(one) :] == 0).all()
            for one in known
        )


def test_a_speed_row_is_the_cached_variant(pipeline, store, fold):
    made = pipeline(
        augment=("speed",),
        unlabelled_ratio=0,
        batch=1,
        rows_per_utterance=3,
        seconds=9.0,
    )
    known = [
        made.preprocessing.normalised(store.read(path))
        for transform in augment.SpeedPerturbation().transforms
        for path in store.paths(fold.train, transform)
    ]
    found = 0
    for features, labels, _ in made.train(0, 1):
        if np.argmax(labels["augmentation"]) == 1:
            row = np.array(features[0])
            found += any(
                one.shape == row.shape and np.allclose(one, row, atol=1e-4)
                for one in known
            )
    assert found == 2 * len(fold.train)


def test_normalised_training_speech_has_mean_0_and_std_1(pipeline, store, fold):
    made = pipeline()
    features = [store.read(path) for path in store.paths(fold.train)]
    stacked = np.concatenate([made.preprocessing.normalised(one) for one in features])
    np.testing.assert_allclose(stacked.mean(axis=0), 0, atol=1e-3)
    np.testing.assert_allclose(stacked.std(axis=0), 1, atol=1e-3)


def test_statistics_are_those_of_the_training_speakers_alone(pipeline, store, fold):
    expected = preprocessing.moments(map(store.read, store.paths(fold.train)))
    made = pipeline().preprocessing
    np.testing.assert_allclose(made.mean, expected[0])
    np.testing.assert_allclose(made.std, expected[1])


def test_normalising_by_speaker_centres_each_speaker(pipeline, fold):
    made = pipeline(normalise="speaker", seconds=9.0, batch=12)
    features, _, _ = next(iter(made.dev()))
    for speaker in sorted(set(fold.dev.speaker)):
        rows = np.array(features)[fold.dev.speaker == speaker]
        frames = rows[np.any(rows != 0, axis=-1)]
        np.testing.assert_allclose(frames.mean(axis=0), 0, atol=1e-3)


def test_normalising_by_speaker_warns_of_single_emotions(pipeline, fold, store):
    import dataclasses

    single = dataclasses.replace(fold, train=fold.train.assign(emotion="anger"))
    with pytest.warns(UserWarning, match="removes the emotion.*toy/"):
        data.Pipeline(single, store, normalise="speaker", batch=4, progress=False)


def test_a_part_is_normalised_by_speaker_as_the_whole(pipeline, fold):
    made = pipeline(normalise="speaker", seconds=9.0, batch=1)
    whole = [np.array(features) for features, _, _ in made.unaugmented(fold.train)]
    (part,) = [
        np.array(features) for features, _, _ in made.unaugmented(fold.train[2:3])
    ]
    np.testing.assert_array_equal(part, whole[2])


def test_a_batch_of_more_rows_than_an_epoch_is_rejected(pipeline, fold):
    rows = 2 * len(fold.train)
    assert pipeline(batch=rows).steps == 1
    with pytest.raises(ValueError, match=f"are {rows}. Received: batch=100000"):
        pipeline(batch=100_000)


@pytest.mark.parametrize("batch", [4, 11])
def test_augmented_speech_comes_once_in_each_variant(pipeline, fold, batch):
    made = pipeline(batch=batch)
    for kind, variants in zip(TYPES, (1, 2, 1, 1), strict=True):
        found = list(made.augmented(fold.dev, kind))
        labels = np.concatenate([labels["augmentation"] for _, labels, _ in found])
        assert len(labels) == variants * len(fold.dev)
        assert (labels.argmax(axis=1) == TYPES.index(kind)).all()
        hard = np.concatenate([labels["center"] for _, labels, _ in found])
        truth = [fold.classes[place] for place in hard.argmax(axis=1)]
        assert truth == fold.dev.emotion.repeat(variants).tolist()


def test_augmented_speech_is_the_cached_variants(pipeline, fold, store):
    made = pipeline(batch=1, seconds=9.0)
    found = [
        np.array(features)[0] for features, _, _ in made.augmented(fold.dev, "speed")
    ]
    for place, transform in enumerate(augment.SpeedPerturbation().transforms):
        paths = store.paths(fold.dev, transform)
        for row, path in zip(found[place::2], paths, strict=True):
            expected = made.preprocessing.normalised(store.read(path))
            np.testing.assert_allclose(row, expected, atol=1e-4)


def test_development_speech_is_unaugmented_and_in_order(pipeline, fold):
    made = pipeline(batch=3)
    labels = np.concatenate([labels["emotion"] for _, labels, _ in made.dev()])
    truth = [fold.classes[place] for place in labels.argmax(axis=1)]
    assert truth == fold.dev.emotion.tolist()
    for _, kinds, weights in made.dev():
        assert (np.argmax(kinds["augmentation"], axis=1) == 0).all()
        assert (np.array(weights["emotion"]) == 1).all()


def test_longer_speech_is_cropped_at_random(pipeline):
    made = pipeline(augment=(), seconds=0.3, unlabelled_ratio=0, batch=2)
    one, other = (np.array(next(iter(made.train(e, e + 1)))[0]) for e in (0, 1))
    assert one.shape == other.shape == (2, 30, 16)


def test_padding_to_the_window(pipeline):
    features, _, _ = next(iter(pipeline(pad="window", seconds=2.5).train(0, 1)))
    assert features.shape[1] == 250


def test_denoising_reconstructs_the_unaugmented_input(pipeline):
    usual = next(iter(pipeline(augment=("specaugment",)).train(0, 1)))
    clean = next(iter(pipeline(augment=("specaugment",), denoising=True).train(0, 1)))
    np.testing.assert_array_equal(usual[0], clean[0])
    target, features = (np.array(clean[1]["reconstruction"]), np.array(clean[0]))
    masked = np.argmax(clean[1]["augmentation"], axis=1) == 1
    assert masked.any()
    assert (target[masked] != features[masked]).any()
    np.testing.assert_array_equal(target[~masked], features[~masked])


def test_partners_are_other_rows_of_the_same_part(pipeline):
    source = pipeline()._train
    for number in range(40):
        seed = tf.constant([number, 1])
        for row in (0, source.labelled - 1):
            partner = int(source.partner(row, tf.constant(True), seed))
            assert partner != row
            assert 0 <= partner < source.labelled
        row = source.labelled
        partner = int(source.partner(row, tf.constant(False), seed))
        assert partner != row
        assert source.labelled <= partner < source.labelled + source.unlabelled


def test_a_fifth_type_is_a_class_and_a_dictionary_line(pipeline, monkeypatch):
    class Flip:
        """Turns the bands upside down."""

        name, kind, softens, needs_partner = "flip", "batch", False, False

        def __call__(self, batch, partner, seed):
            return {**batch, "features": batch["features"][:, :, ::-1]}

    monkeypatch.setitem(augment.AUGMENTATIONS, "flip", Flip)
    made = pipeline(augment=(*ALL, "flip"))
    assert made.types == (*TYPES, "flip")
    kinds = np.concatenate([y["augmentation"] for _, y, _ in made.train(0, 6)])
    assert set(kinds.argmax(axis=1).tolist()) == {0, 1, 2, 3, 4}


@pytest.mark.parametrize(
    ("argument", "value"), [("normalise", "global"), ("pad", "longest")]
)
def test_unknown_choices_are_rejected(pipeline, argument, value):
    with pytest.raises(ValueError, match=f"`{argument}` must be one of.*{value}"):
        pipeline(**{argument: value})


def test_labels_of_unlabelled_speech_are_not_used(fold, store):
    import dataclasses

    lying = fold.unlabelled.assign(emotion="anger")
    made = data.Pipeline(
        dataclasses.replace(fold, unlabelled=lying), store, batch=4, progress=False
    )
    _, labels, weights = next(iter(made.train(0, 1)))
    for head in ("emotion", "center"):
        assert (np.array(weights[head])[4:] == 0).all()
        assert (np.array(labels[head])[4:] == 0).all()


def test_augmentation_needs_a_second_row(pipeline):
    words = "`rows_per_utterance` must be at least 2.*rows_per_utterance=1"
    with pytest.raises(ValueError, match=words):
        pipeline(rows_per_utterance=1)
