"""Variants of an utterance and the weights of their types."""

import numpy as np
import pytest

from keras_ser import augment, protocols
from keras_ser.data.source import balance, ranges, refuse_batch, variants_of
from keras_ser.data.statistics import Statistics
from keras_ser.features import FeatureStore, LogMel
from keras_ser.features.preprocessing import moments

ALL = augment.instances(("speed", "specaugment", "mixup"))


def test_variants_are_plain_and_every_kind_of_every_type():
    variants = variants_of(ALL)
    assert [variant.type for variant in variants] == [0, 1, 1, 2, 3]
    factors = [variant.transform.factor for variant in variants]
    assert factors == [1.0, 0.9, 1.1, 1.0, 1.0]
    assert [variant.needs_partner for variant in variants] == [False] * 4 + [True]


@pytest.mark.parametrize(
    ("rows", "share"),
    [(5, [1 / 5, 2 / 5, 1 / 5, 1 / 5]), (2, [1 / 2, 1 / 6, 1 / 6, 1 / 6])],
)
def test_each_type_weighs_as_much_as_the_others(rows, share):
    weights = balance(variants_of(ALL), rows)
    np.testing.assert_allclose(weights * share, 1 / 4, rtol=1e-6)


def test_without_augmentation_there_is_one_type_of_weight_1():
    assert balance(variants_of(()), 2).tolist() == [1.0]


def test_ranges_say_where_the_variants_of_a_type_stand():
    first, count = ranges(variants_of(ALL))
    assert (first.tolist(), count.tolist()) == ([0, 1, 3, 4], [1, 2, 1, 1])


def test_a_batch_is_an_epoch_at_most():
    refuse_batch(8, 4, 2)
    words = r"`batch`.*4 labelled.*rows=2 are 8.*batch=9.*`training.batch`"
    with pytest.raises(ValueError, match=words):
        refuse_batch(9, 4, 2)


def test_statistics_of_a_speaker_do_not_depend_on_the_part_asked_for(
    spoken_table, tmp_path
):
    fold = protocols.leave_one_speaker_out(spoken_table)["1"]
    store = FeatureStore(tmp_path, LogMel(bands=16))
    store.prepare(spoken_table, progress=False)
    statistics = Statistics(fold, store, "speaker")
    for side in (fold.train, fold.dev, fold.tests["test"]):
        groups, whole = statistics.of(side)
        row = len(side) - 1
        _, part = statistics.of(side[row:])
        np.testing.assert_array_equal(part, whole[groups[row]][None])
        own = side[side.speaker == side.speaker.iloc[row]]
        assert len(own) == 6
        expected = moments(map(store.read, store.paths(own)))
        np.testing.assert_allclose(part[0], expected, rtol=1e-6)
    # Of a speaker whom the fold does not know, the table is all there is.
    stranger = fold.dev[:1].assign(speaker="toy/stranger")
    _, found = statistics.of(stranger)
    expected = moments(map(store.read, store.paths(stranger)))
    np.testing.assert_allclose(found[0], expected, rtol=1e-6)
