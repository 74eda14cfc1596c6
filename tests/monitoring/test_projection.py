"""Embeddings in two dimensions."""

import numpy as np
import pytest

from keras_ser import tasks
from keras_ser.monitoring.projection import describe_points, project_points


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


def test_points_can_be_coloured_by_every_attribute_and_by_what_is_learned(toy_table):
    table = toy_table(["1", "2"]).assign(accent="north")
    learned = (
        tasks.Classification("dialect", ("north", "south"), column="accent"),
        tasks.Reconstruction("decoder"),
        tasks.Classification("emotion", ("anger", "sadness")),
    )
    found = describe_points(table, learned)
    attributes = ["emotion", "corpus", "speaker", "gender", "language"]
    assert list(found) == ["accent", *attributes, "utterance"]
    assert found.equals(table[list(found)])
    without = describe_points(table.drop(columns=["gender", "language"]), learned[2:])
    assert list(without) == ["emotion", "corpus", "speaker", "utterance"]
