"""Variants of an utterance and the weights of their types."""

import numpy as np
import pytest

from keras_ser import augment
from keras_ser.sources import balance, variants_of

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
