"""Rows of covering windows: each comes once per epoch, with the weight that it has."""

import collections

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_ser import data, protocols
from keras_ser.data.segments import (
    Segments,
    count_windows,
    make_row_weights,
    segment_start,
)
from keras_ser.features import FeatureStore, LogMel
from keras_ser.features.windows import cover_with_windows, window_starts

ALL = ("speed", "specaugment", "mixup")
FRAMES = st.integers(1, 20_000)
# Of the pipeline below without the arguments of this module.
KEY = "668aac20caa6439b4ea0b395c755dfc4"


@pytest.fixture(scope="module")
def fold(spoken_table):
    """Four speakers with labels and two without; utterances of 0.5 to 1.5 s."""
    labelled = spoken_table[spoken_table.speaker < "toy/5"]
    unlabelled = spoken_table[spoken_table.speaker >= "toy/5"].assign(emotion="")
    return protocols.leave_one_speaker_out(labelled, unlabelled)["1"]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return FeatureStore(tmp_path_factory.mktemp("cache"), LogMel(n_mels=16))


@pytest.fixture(scope="module")
def pipeline(fold, store):
    def build(**arguments):
        settings = {"seconds": 0.3, "batch": 4, "augment": ALL, "progress": False}
        return data.Pipeline(fold, store, **{**settings, **arguments})

    return build


@pytest.fixture(scope="module")
def plain(pipeline):
    """Unaugmented rows of all windows, one at a time."""
    return pipeline(
        segments="all", augment=(), rows_per_utterance=1, unlabelled_ratio=0, batch=1
    )


def expected_starts(made):
    """The starts of the windows of each labelled utterance."""
    frames = made.store.frames(made.store.paths(made.fold.train))
    return [window_starts(count, made.preprocessing.window) for count in frames]


def batches(dataset):
    return [[np.array(x) for x in tf.nest.flatten(batch)] for batch in dataset]


def assert_same(one, other):
    assert len(one) == len(other) > 0
    for a, b in zip(one, other, strict=True):
        for x, y in zip(a, b, strict=True):
            np.testing.assert_array_equal(x, y)


@settings(max_examples=50, deadline=None)
@given(FRAMES, st.integers(1, 1000))
def test_the_starts_of_unaugmented_speech_are_those_of_the_tests(frames, window):
    expected = window_starts(frames, window)
    (count,) = count_windows(np.array([frames]), window)
    assert count == len(expected)
    found = segment_start(frames, window, tf.range(count), int(count))
    np.testing.assert_array_equal(found, expected)


def test_halves_are_rounded_as_in_the_tests():
    """In a graph, as the readers do it: 3 starts at excess / 2."""
    start = tf.function(lambda f: segment_start(f, 10, tf.constant(1), tf.constant(3)))
    for frames in range(21, 31):
        expected = window_starts(frames, 10)[1]
        assert int(start(tf.constant(frames))) == expected


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 5), min_size=1, max_size=6))
def test_windows_are_numbered_one_after_the_other(counts):
    segments = Segments(np.int32(counts))
    found = [
        tuple(int(each) for each in segments.find(tf.constant(number)))
        for number in range(segments.total)
    ]
    assert found == [(n, k) for n, count in enumerate(counts) for k in range(count)]


@pytest.mark.parametrize(
    ("segments", "weight", "expected"),
    [
        ("random", "segment", [1, 2, 4, 1, 1]),
        ("all", "utterance", [1, 0.5, 0.25, 1, 1]),
    ],
)
def test_weights_are_powers_of_the_number_of_windows(segments, weight, expected):
    counts = np.int32([1, 2, 4])
    found = make_row_weights(segments, weight, lambda: counts, 2)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, np.float32(expected))


@pytest.mark.parametrize("choices", [("random", "utterance"), ("all", "segment")])
def test_rows_that_weigh_alike_need_no_counts(choices):
    def fail():
        raise AssertionError("counted")

    assert make_row_weights(*choices, fail, 2) is None


def test_each_window_comes_once_per_epoch(plain):
    expected = expected_starts(plain)
    counts = [len(starts) for starts in expected]
    assert min(counts) > 1 and max(counts) > min(counts)
    assert plain.steps == sum(counts)
    wanted = sorted((n, k) for n, starts in enumerate(expected) for k in starts)
    plan = plain.plan(0, 3)
    orders = []
    for epoch in range(3):
        rows = plan[epoch, :, 0]
        drawn = list(zip(rows.utterance.tolist(), rows.start.tolist(), strict=True))
        assert sorted(drawn) == wanted
        orders.append(drawn)
    assert orders[0] != orders[1] != orders[2]


def test_the_rows_are_the_features_of_the_windows(plain):
    paths = plain.store.paths(plain.fold.train)
    known = [
        window
        for features in map(
            plain.preprocessing.normalised, map(plain.store.read, paths)
        )
        for window in cover_with_windows(features, plain.preprocessing.window)
    ]
    found = [features[0] for features, *_ in batches(plain.train(0, 1))]
    assert len(found) == len(known)
    for one in known:
        same = [np.allclose(one, other, atol=1e-4) for other in found]
        assert sum(same) == 1


def test_full_batches_of_a_pass_are_an_epoch(pipeline):
    made = pipeline(segments="all")
    total = sum(map(len, expected_starts(made)))
    assert made.steps == 2 * total // 4
    plan = made.plan(0, 1)
    labelled = plan.utterance[..., :4].ravel()
    most = 2 * np.array([len(starts) for starts in expected_starts(made)])
    drawn = np.bincount(labelled, minlength=len(most))
    assert (drawn <= most).all() and (most - drawn).sum() == 2 * total % 4


def test_speech_at_another_speed_has_as_many_windows(pipeline):
    made = pipeline(
        segments="all", augment=("speed",), rows_per_utterance=3, unlabelled_ratio=0,
        batch=1,
    )  # fmt: skip
    window = made.preprocessing.window
    frames = made.frames(made.fold.train, made.variant_transforms())
    assert (frames[1] != frames[0]).any() and (frames[2] != frames[0]).any()
    wanted = []
    for utterance, count in enumerate(map(len, expected_starts(made))):
        for variant, length in enumerate(frames[:, utterance].tolist()):
            excess = max(length - window, 0)
            for k in range(count):
                start = round(k * excess / (count - 1)) if count > 1 else 0
                wanted.append((utterance, variant, start))
    rows = made.plan(0, 1)[0, :, 0]
    drawn = np.stack([rows.utterance, rows.variant, rows.start], axis=-1).tolist()
    assert collections.Counter(map(tuple, drawn)) == collections.Counter(wanted)


def test_unlabelled_speech_and_partners_keep_random_crops(pipeline):
    made = pipeline(segments="all", augment=("mixup",))
    plan = made.plan(0, 6)
    is_mixed = plan.variant == 1
    labelled = len(made.fold.train)
    frames = made.frames(made.training_table, made.variant_transforms())[0]
    starts = {
        number: set(window_starts(count, made.preprocessing.window).tolist())
        for number, count in enumerate(frames)
    }

    def off_the_grid(utterances, crops):
        pairs = zip(utterances.ravel().tolist(), crops.ravel().tolist(), strict=True)
        return any(start not in starts[number] for number, start in pairs)

    is_labelled = plan.utterance < labelled
    assert not off_the_grid(plan.utterance[is_labelled], plan.start[is_labelled])
    assert off_the_grid(plan.utterance[~is_labelled], plan.start[~is_labelled])
    mixed = is_mixed & is_labelled
    assert off_the_grid(plan.partner[mixed], plan.partner_start[mixed])
    assert (plan.partner[mixed] != plan.utterance[mixed]).all()


@pytest.mark.parametrize(
    ("segments", "weight"),
    [("all", "utterance"), ("all", "segment"), ("random", "segment")],
)
def test_weights_sum_to_those_of_utterances_or_segments(pipeline, segments, weight):
    made = pipeline(
        segments=segments, segment_weight=weight, augment=(), unlabelled_ratio=0,
        batch=1,
    )  # fmt: skip
    total = sum(w["emotion"].numpy().sum() for _, _, w in made.train(0, 1))
    counted = made.fold.train if weight == "utterance" else made.window_counts
    expected = len(counted) if weight == "utterance" else counted.sum()
    assert total == pytest.approx(2 * expected, rel=1e-5)


@pytest.mark.parametrize(
    ("segments", "weight"), [("all", "utterance"), ("random", "segment")]
)
def test_weights_of_all_tasks_are_those_of_the_own_utterance(
    pipeline, segments, weight
):
    usual = pipeline(segments=segments, segment_weight=_unweighted(segments))
    made = pipeline(segments=segments, segment_weight=weight)
    plan, labelled = made.plan(0, 2), len(made.fold.train)
    assert usual.row_weights is None and (made.row_weights != 1).any()
    seen = set()
    rows = plan.reshaped(2 * made.steps, plan.shape[-1])
    pairs = zip(usual.train(0, 2), made.train(0, 2), strict=True)
    for step, (one, other) in enumerate(pairs):
        utterance = rows.utterance[step]
        own = made.row_weights[utterance]
        assert (own[utterance >= labelled] == 1).all()
        np.testing.assert_array_equal(one[0], other[0])
        for head, values in other[2].items():
            expected = np.array(one[2][head]) * own
            np.testing.assert_allclose(values, expected, rtol=1e-6)
        seen |= set(rows.variant[step][utterance < labelled].tolist())
    assert len(made.variants) - 1 in seen  # mixtures


def _unweighted(segments):
    return "segment" if segments == "all" else "utterance"


def test_speech_that_is_shorter_than_a_window_is_as_before(pipeline):
    usual = batches(pipeline(seconds=9.0).train(0, 2))
    for choices in (
        {"segments": "all"},
        {"segments": "all", "segment_weight": "segment"},
        {"segment_weight": "segment"},
    ):
        made = pipeline(seconds=9.0, **choices)
        assert set(made.window_counts.tolist()) == {1}
        assert_same(batches(made.train(0, 2)), usual)


def test_a_stream_can_start_in_any_epoch(pipeline):
    made = pipeline(segments="all")
    whole, tail = (batches(made.train(first, 3)) for first in (0, 2))
    assert_same(whole[-made.steps :], tail)
    assert_same(whole, batches(pipeline(segments="all").train(0, 3)))


def test_given_steps_repeat_passes_across_epochs(plain, pipeline):
    made = pipeline(
        segments="all", augment=(), rows_per_utterance=1, unlabelled_ratio=0,
        batch=3, steps=5,
    )  # fmt: skip
    total = plain.steps
    epochs = -(-2 * total // 15)
    rows = made.plan(0, epochs)
    found = list(
        zip(rows.utterance.ravel().tolist(), rows.start.ravel().tolist(), strict=True)
    )
    assert sorted(found[:total]) == sorted(found[total : 2 * total])
    assert len(set(found[:total])) == total


def test_by_default_the_stream_and_its_plans_are_those_of_before(pipeline):
    made = pipeline()
    assert made.plan_key() == KEY
    same = pipeline(segments="random", segment_weight="utterance")
    assert same.plan_key() == KEY
    assert len(made.stream.row(tf.constant(0, tf.int64))) == 4
    assert made.row_weights is None
    assert_same(batches(made.train(0, 1)), batches(same.train(0, 1)))


def test_weights_share_a_plan_and_segments_do_not(pipeline):
    assert pipeline(segment_weight="segment").plan_key() == KEY
    keys = {
        pipeline(segments="all", segment_weight=weight).plan_key()
        for weight in ("utterance", "segment")
    }
    assert len(keys) == 1 and KEY not in keys


def test_development_speech_and_probes_are_as_before(pipeline, fold):
    usual, made = pipeline(), pipeline(segments="all")
    assert_same(batches(made.dev()), batches(usual.dev()))
    for kind in ("none", "mixup"):
        one, other = (batches(each.augmented(fold.dev, kind)) for each in (usual, made))
        assert_same(one, other)
        keys = {each.plan_augmented_key(fold.dev, kind) for each in (usual, made)}
        assert len(keys) == 1


@pytest.mark.parametrize(
    ("name", "value", "known"),
    [
        ("segments", "some", "random.*all"),
        ("segment_weight", "frame", "utterance.*segment"),
    ],
)
def test_unknown_choices_are_rejected(pipeline, name, value, known):
    with pytest.raises(ValueError, match=f"`{name}` must be one of.*{known}.*{value}"):
        pipeline(**{name: value})


def test_a_batch_has_at_most_the_segments_of_an_epoch(pipeline):
    total = sum(map(len, expected_starts(pipeline())))
    assert pipeline(segments="all", batch=2 * total).steps == 1
    words = f"{total} labelled training segments times rows_per_utterance=2"
    with pytest.raises(ValueError, match=f"{words} are {2 * total}. Received: batch="):
        pipeline(segments="all", batch=2 * total + 1)
    with pytest.raises(ValueError, match="`steps` must be.*Received: 0"):
        pipeline(segments="all", steps=0)
