"""Embeddings in two dimensions."""

import numpy as np
import pytest

from keras_ser.monitoring.projection import project_points


def test_the_projection_keeps_groups_apart_and_repeats(rng):
    groups = rng.normal(size=(2, 1, 16)) * 20
    points = (groups + rng.normal(size=(2, 15, 16))).reshape(30, 16)
    before = np.random.get_state()[1].copy()
    found = project_points(points)
    assert found.shape == (30, 2)
    distance = np.linalg.norm(found[:15].mean(axis=0) - found[15:].mean(axis=0))
    assert distance > 2 * found[:15].std(axis=0).max()
    np.testing.assert_array_equal(project_points(points), found)
    np.testing.assert_array_equal(np.random.get_state()[1], before)


@pytest.mark.parametrize("count", [2, 3])
def test_the_projection_of_very_few_points(count):
    points = np.arange(count * 4.0).reshape(count, 4)
    assert np.isfinite(project_points(points)).all()
    np.testing.assert_array_equal(project_points(np.ones((count, 4))), 0)
