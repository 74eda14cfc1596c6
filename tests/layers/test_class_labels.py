"""Labels of classes as numbers and as vectors."""

import numpy as np
import pytest
from keras.ops import convert_to_numpy

from keras_ser.layers import class_labels


@pytest.mark.parametrize("kind", ["int8", "int64", "float32"])
def test_numbers_become_vectors(kind):
    numbers = np.array([2, 0, -1], kind)
    expected = [[0, 0, 1], [1, 0, 0], [0, 0, 0]]
    for labels in (numbers, numbers[:, None]):
        found = convert_to_numpy(class_labels.one_hot(labels, 3))
        assert found.dtype == np.float32 and found.tolist() == expected
    found = convert_to_numpy(class_labels.one_hot(np.array([3, 1], kind), 3))
    assert np.isnan(found[0]).all() and found[1].tolist() == [0, 1, 0]


def test_vectors_stay_as_they_are():
    soft = np.float32([[0.25, 0.75], [1, 0]])
    np.testing.assert_array_equal(convert_to_numpy(class_labels.one_hot(soft, 2)), soft)
