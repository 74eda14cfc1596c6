"""Variants of an utterance and the weights of their types."""

import numpy as np
import pytest

from keras_ser import augment
from keras_ser.data.variants import (
    list_variants,
    type_shares,
    type_weights,
    variant_ranges,
)

ALL = augment.instances(("speed", "specaugment", "mixup"))


def test_variants_are_unaugmented_speech_and_every_variant_of_every_type():
    variants = list_variants(ALL)
    assert [variant.type for variant in variants] == [0, 1, 1, 2, 3]
    factors = [variant.transform.factor for variant in variants]
    assert factors == [1.0, 0.9, 1.1, 1.0, 1.0]
    assert [variant.needs_partner for variant in variants] == [False] * 4 + [True]


@pytest.mark.parametrize(
    ("rows", "share"),
    [(5, [1 / 5, 2 / 5, 1 / 5, 1 / 5]), (2, [1 / 2, 1 / 6, 1 / 6, 1 / 6])],
)
def test_each_type_weighs_as_much_as_the_others(rows, share):
    weights = type_weights(list_variants(ALL), rows)
    np.testing.assert_allclose(weights * share, 1 / 4, rtol=1e-6)


def test_without_augmentation_there_is_one_type_of_weight_1():
    assert type_weights(list_variants(()), 2).tolist() == [1.0]


def test_ranges_say_where_the_variants_of_a_type_begin():
    first, count = variant_ranges(list_variants(ALL))
    assert (first.tolist(), count.tolist()) == ([0, 1, 3, 4], [1, 2, 1, 1])


def test_with_one_row_every_row_is_augmented():
    variants = list_variants(ALL)
    np.testing.assert_allclose(type_shares(variants, 1), [0, 1 / 3, 1 / 3, 1 / 3])
    np.testing.assert_allclose(type_weights(variants, 1), [0, 1, 1, 1])
