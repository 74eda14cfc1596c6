"""Centers have labels before mixup."""

import numpy as np
from toy_tasks import CENTER


def test_centers_have_hard_labels_and_no_mixtures(batch):
    label, weight = CENTER.target(batch)
    np.testing.assert_array_equal(label, [[1, 0, 0], [0, 0, 1]])
    np.testing.assert_array_equal(weight, [1, 0])
