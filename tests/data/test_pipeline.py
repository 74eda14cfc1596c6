"""The pipeline is a pure function of the seed and the step, with balanced weights."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from keras_ser import augment, data, protocols
from keras_ser.data.checks import check_steps, unlabelled_rows
from keras_ser.data.stream import draw_partner
from keras_ser.features import FeatureStore, LogMel, preprocessing
from keras_ser.tasks import (
    AugmentationType,
    Classification,
    Reconstruction,
    Regression,
    mtl_aug_tasks,
    vocabulary,
)

ALL = ("speed", "specaugment", "mixup")
TYPES = ("none", *ALL)
HEADS = ("emotion", "center", "augmentation", "reconstruction")


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


def partner_of(source, row, is_labelled, seed):
    counts = source.labelled, source.unlabelled
    return draw_partner(row, tf.constant(is_labelled), *counts, seed)


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


@pytest.mark.parametrize(("ratio", "extra"), [(0.25, 1), (0.5, 2), (1.5, 6), (1, 4)])
def test_a_fraction_gives_a_whole_number_of_unlabelled_rows(pipeline, ratio, extra):
    made = pipeline(batch=4, unlabelled_ratio=ratio)
    assert made.stream.extra == extra
    for features, _, weights in made.train(0, 1):
        assert len(features) == 4 + extra
        known = np.array(weights["emotion"]) > 0
        assert not known[4:].any()


def test_equal_ratios_have_equal_plans(pipeline):
    keys = [pipeline(unlabelled_ratio=each).plan_key() for each in (1, 1.0, 0.75)]
    assert keys[0] == keys[1] != keys[2]


def test_a_part_of_a_row_is_rejected_before_anything_is_extracted(fold, tmp_path):
    store = FeatureStore(tmp_path / "cache", LogMel(n_mels=16))
    arguments = {"batch": 16, "unlabelled_ratio": 0.1, "steps": 1, "progress": False}
    words = "whole number of unlabelled rows.*1.6 rows. Choose 0.0625 or 0.125, which"
    with pytest.raises(ValueError, match=words):
        data.Pipeline(fold, store, **arguments)
    assert not (tmp_path / "cache").exists()
    alone = dataclasses.replace(fold, unlabelled=None)  # it does not matter here
    assert data.Pipeline(alone, store, **arguments).stream.extra == 0


@pytest.mark.parametrize("ratio", [-1, -0.5, float("nan"), float("inf"), "1", None])
def test_an_impossible_ratio_is_rejected(ratio):
    with pytest.raises(ValueError, match="finite number of 0 or more. Received: "):
        unlabelled_rows(16, ratio)


@given(batch=st.integers(1, 64), rows=st.integers(0, 200))
def test_every_number_of_rows_has_a_ratio(batch, rows):
    assert unlabelled_rows(batch, rows / batch) == rows


def test_without_augmentation_rows_are_the_unaugmented_features(pipeline, store, fold):
    made = pipeline(augment=(), unlabelled_ratio=0, batch=2, seconds=9.0)
    features, labels, _ = next(iter(made.train(0, 1)))
    assert "augmentation" not in labels  # there is nothing to recognise
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


def test_augmented_speech_of_several_types_follows_one_another(pipeline, fold):
    made, chosen = pipeline(batch=4), ("speed", "none")
    found = list(made.augmented(fold.dev, chosen))
    labels = np.concatenate([labels["augmentation"] for _, labels, _ in found])
    rows = len(fold.dev)
    expected = [*2 * rows * [TYPES.index("speed")], *rows * [0]]
    assert labels.argmax(axis=1).tolist() == expected
    plan = made.plan_augmented(fold.dev, chosen)
    assert plan.utterance.tolist() == [*np.repeat(range(rows), 2), *range(rows)]
    assert made.plan_augmented_key(fold.dev, chosen) != made.plan_augmented_key(
        fold.dev, chosen[::-1]
    )
    outputs = labels.copy()
    outputs[:3] = 0  # the first three are called `none`
    recalls = made.type_recalls(outputs, fold.dev, chosen)
    assert recalls == pytest.approx([1 - 3 / (2 * rows), 1.0])


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
    source = pipeline()._reader.source
    for number in range(40):
        seed = tf.constant([number, 1])
        for row in (0, source.labelled - 1):
            partner = int(partner_of(source, row, True, seed))
            assert partner != row
            assert 0 <= partner < source.labelled
        row = source.labelled
        partner = int(partner_of(source, row, False, seed))
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


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        *(({"batch": n}, "`batch` must be a positive") for n in (0, -4, 2.5, "4")),
        *(({"rows_per_utterance": n}, "`rows_per_utterance` must") for n in (0, 1.5)),
        ({"workers": 0}, "`workers` must be a positive integer"),
        *(
            ({"seed": value}, "`seed` must be an integer")
            for value in (1.5, "a", True, -1, 2**31)
        ),
        *(({"seconds": n}, "`seconds` must be a finite") for n in (0, -1, np.nan, "7")),
        ({"unlabelled_ratio": -1}, "`unlabelled_ratio` must be a finite number"),
        ({"denoising": "no"}, "`denoising` must be True or False. Received: 'no'"),
        ({"augment": "speed"}, r"Received: the text 'speed'. Write \('speed',\)"),
        (
            {"augment": {"specaugment": {"bogus": 1}}},
            "`specaugment` takes the arguments.*channels.*Received: .*bogus",
        ),
        ({"augment": ("noise",)}, "must be one of.*'speed'.*Received: 'noise'"),
    ],
    ids=str,
)
def test_impossible_arguments_are_rejected(fold, store, arguments, words):
    alone = dataclasses.replace(fold, unlabelled=None)
    with pytest.raises(ValueError, match=words):
        data.Pipeline(alone, store, progress=False, **arguments)


@pytest.mark.parametrize("epochs", [(2, 1), (0, -1), (-1, 1), (0, 1.5)])
def test_epochs_that_cannot_be_are_rejected(pipeline, epochs):
    with pytest.raises(ValueError, match="epoch"):
        pipeline().train(*epochs)
    assert len(list(pipeline().train(1, 1))) == 0


def test_a_test_table_must_exist(pipeline):
    with pytest.raises(ValueError, match="`name` must be one of.*test.*'nope'"):
        pipeline().test("nope")


def test_labels_of_unlabelled_speech_are_not_used(fold, store):
    lying = fold.unlabelled.assign(emotion="anger")
    made = data.Pipeline(
        dataclasses.replace(fold, unlabelled=lying), store, batch=4, progress=False
    )
    _, labels, weights = next(iter(made.train(0, 1)))
    for head in ("emotion", "center"):
        assert (np.array(weights[head])[4:] == 0).all()
        assert (np.array(labels[head])[4:] == 0).all()


def test_with_one_row_per_utterance_every_row_is_augmented(pipeline, fold):
    made = pipeline(rows_per_utterance=1, unlabelled_ratio=0, batch=1)
    assert made.steps == len(fold.train)
    assert made.trained_types == ALL
    kinds, weights = [], []
    for _, labels, weight in made.train(0, 30):
        kinds.append(int(np.argmax(labels["augmentation"])))
        weights.append(float(weight["augmentation"][0]))
    assert set(kinds) == {1, 2, 3}
    assert set(weights) == {1.0, 0.5}  # 0.5 for mixtures that are hard to recognise


def test_with_one_row_and_masks_alone_no_row_is_plain(pipeline, fold):
    """Every row is masked, also an unlabelled one, and an empty mask is possible."""
    settings = {"specaugment": {"time": 30, "frequency": 3, "least": 0}}
    made = pipeline(
        rows_per_utterance=1, batch=4, unlabelled_ratio=0.25, augment=settings,
        tasks=EMOTION,
    )  # fmt: skip
    assert made.trained_types == ("specaugment",)
    assert made.steps == len(fold.train) // 4
    plan = made.plan(0, 30)
    assert (plan.variant == 1).all()
    widths = plan.drawn["specaugment"]
    assert set(np.unique(widths["band_width"])) == {0, 1, 2, 3}
    assert widths["frame_width"].min() == 0 < widths["frame_width"].max() <= 30


def test_a_task_on_types_needs_two_that_occur(pipeline):
    with pytest.raises(ValueError, match="rows of two.*rows_per_utterance=1"):
        pipeline(rows_per_utterance=1, augment=("specaugment",))
    made = pipeline(rows_per_utterance=1, augment=("specaugment",), tasks=EMOTION)
    features, labels, _ = next(iter(made.train(0, 1)))
    assert tuple(labels) == ("emotion",)
    assert (np.array(features) == 0).any(axis=(1, 2)).all()


def test_a_task_on_types_has_those_of_the_augmentations(pipeline):
    tasks = [AugmentationType("kind", ("none", "mixup"))]
    with pytest.raises(ValueError, match="must have the types of `augment`.*mixup"):
        pipeline(tasks=tasks)


EMOTION = (Classification("emotion", ("anger", "sadness")),)


def test_steps_repeat_passes_across_epochs(pipeline, fold):
    """Every row comes once per pass, however many updates an epoch has."""
    rows = len(fold.train)
    made = pipeline(
        augment=(), rows_per_utterance=1, unlabelled_ratio=0, batch=rows - 1, steps=3,
        seconds=9.0,
    )  # fmt: skip
    assert made.steps == 3
    features = [np.array(x) for x, _, _ in made.train(0, 2)]
    assert len(features) == 6
    sums = np.concatenate([batch.sum(axis=(1, 2)) for batch in features])
    passes = np.sort(sums[: 5 * rows].reshape(5, rows), axis=1)
    np.testing.assert_allclose(passes, np.tile(passes[:1], (5, 1)), rtol=1e-4)
    tail = list(made.train(1, 2))
    assert equal(tail[0][0], features[3])


def test_steps_allow_a_batch_of_more_rows_than_a_pass(pipeline, fold):
    made = pipeline(batch=5 * len(fold.train), steps=1, unlabelled_ratio=0)
    features, _, _ = next(iter(made.train(0, 1)))
    assert len(features) == 5 * len(fold.train)


def test_a_batch_is_an_epoch_at_most():
    check_steps(None, 8, 4, 2)
    received = "4 labelled.*rows_per_utterance=2 are 8.*batch=9"
    with pytest.raises(ValueError, match=f"`batch`.*{received}.*`training.batch`"):
        check_steps(None, 9, 4, 2)
    with pytest.raises(ValueError, match="`steps` must be.*Received: 0"):
        check_steps(0, 8, 4, 2)


class TestTasks:
    """Labels and weights of tasks that read the columns of a table."""

    def build(self, pipeline, fold, *tasks, **arguments):
        return pipeline(tasks=(*EMOTION, *tasks), **arguments)

    def test_the_labels_of_a_column(self, pipeline, fold):
        gender = Classification("sex", ("female", "male"), column="gender")
        made = self.build(pipeline, fold, gender)
        found = np.concatenate([labels["sex"] for _, labels, _ in made.dev()])
        truth = [gender.classes[place] for place in found.argmax(axis=1)]
        assert truth == fold.dev.gender.tolist()

    def test_unlabelled_speech_has_attributes_but_no_affect(self, store, fold):
        unlabelled = fold.unlabelled.assign(valence=0.5, emotion="anger")
        fold = dataclasses.replace(
            fold, train=fold.train.assign(valence=0.25), unlabelled=unlabelled
        )
        tasks = (*EMOTION, Regression("valence"), Classification("gender", GENDERS))
        made = data.Pipeline(fold, store, batch=4, tasks=tasks, progress=False)
        _, labels, weights = next(iter(made.train(0, 1)))
        halves = {head: np.array(w).reshape(2, 4) for head, w in weights.items()}
        for head in ("emotion", "valence"):
            np.testing.assert_array_equal(halves[head], [[1] * 4, [0] * 4])
        assert (halves["gender"] == 1).all()
        np.testing.assert_array_equal(labels["valence"][:4], np.full((4, 1), 0.25))
        np.testing.assert_array_equal(labels["valence"][4:], np.zeros((4, 1)))

    def test_rows_without_a_label_weigh_nothing(self, store, fold):
        valence = np.where(np.arange(len(fold.dev)) % 2, np.nan, 0.3)
        gender = np.where(np.arange(len(fold.dev)) % 3, "", "female")
        fold = dataclasses.replace(
            fold, dev=fold.dev.assign(valence=valence, gender=gender)
        )
        tasks = (*EMOTION, Regression("valence"), Classification("gender", GENDERS))
        made = data.Pipeline(fold, store, tasks=tasks, batch=4, progress=False)
        weights = [weights for _, _, weights in made.dev()]
        found = {h: np.concatenate([w[h] for w in weights]) for h in weights[0]}
        np.testing.assert_array_equal(found["valence"], np.isfinite(valence))
        np.testing.assert_array_equal(found["gender"], gender != "")

    def test_a_development_class_that_training_lacks_weighs_nothing(self, store, fold):
        emotion = fold.dev.emotion.where(fold.dev.emotion != "anger", "surprise")
        changed = dataclasses.replace(fold, dev=fold.dev.assign(emotion=emotion))
        made = data.Pipeline(changed, store, batch=4, progress=False)
        for head in ("emotion", "center"):
            found = np.concatenate([w[head] for _, _, w in made.dev()])
            np.testing.assert_array_equal(found, emotion != "surprise")

    def test_a_speaker_with_one_utterance_weighs_nothing(self, store, fold):
        extra = fold.unlabelled
        alone = extra.speaker.iloc[0]
        kept = (extra.speaker != alone) | ~extra.speaker.duplicated()
        extra = extra[kept].reset_index(drop=True)
        changed = dataclasses.replace(fold, unlabelled=extra)
        speakers = vocabulary(changed.sides()["train"], "speaker")
        assert len(speakers) == 2
        assert alone not in speakers
        tasks = (*EMOTION, Classification("who", speakers, column="speaker"))
        made = data.Pipeline(changed, store, batch=4, tasks=tasks, progress=False)
        shown = made.unaugmented(extra)
        weights = np.concatenate([weights["who"] for _, _, weights in shown])
        np.testing.assert_array_equal(weights, extra.speaker != alone)
        for _, _, weights in made.dev():  # nobody there is known
            assert (np.array(weights["who"]) == 0).all()

    def test_mixup_mixes_the_labels_of_every_task(self, store, fold):
        numbers = np.arange(len(fold.train)) / len(fold.train)
        gender = np.resize(GENDERS, len(fold.train))
        train = fold.train.assign(valence=numbers, gender=gender)
        changed = dataclasses.replace(fold, train=train)
        tasks = (*EMOTION, Regression("valence"), Classification("gender", GENDERS))
        made = data.Pipeline(
            changed, store, augment=("mixup",), rows_per_utterance=1, tasks=tasks,
            batch=4, unlabelled_ratio=0, progress=False,
        )  # fmt: skip
        found = [labels for _, labels, _ in made.train(0, 2)]
        gender = np.concatenate([labels["gender"] for labels in found])
        valence = np.concatenate([labels["valence"] for labels in found])
        np.testing.assert_allclose(gender.sum(axis=1), 1, rtol=1e-5)
        assert ((gender.max(axis=1) > 0.5) & (gender.max(axis=1) < 1)).any()
        assert not np.isclose(valence, numbers[None]).any(axis=1).all()

    def test_a_column_that_the_table_lacks_is_named(self, pipeline, fold):
        with pytest.raises(ValueError, match="needs the column `accent`.*gender"):
            self.build(pipeline, fold, Classification("accent", ("a", "b")))


GENDERS = ("female", "male")


def test_the_default_tasks_are_those_of_mtl_aug(pipeline, fold):
    assert pipeline().tasks == mtl_aug_tasks(fold.classes, TYPES)
    assert isinstance(pipeline().tasks[-1], Reconstruction)
