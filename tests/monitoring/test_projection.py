"""Embeddings in two dimensions."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import colors, image

from keras_ser import tasks
from keras_ser.monitoring import projection
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


def test_points_have_the_colours_of_the_main_task(tmp_path, rng):
    metadata = pd.DataFrame({"emotion": ["sadness", "anger", "sadness"]})
    metadata = metadata.assign(speaker=["03", "03", "08"])
    points = rng.normal(size=(3, 4))
    projection.write_projector(tmp_path, points, metadata)
    side = projection.SPRITE
    picture = image.imread(tmp_path / "sprites.png")
    assert picture.shape == (2 * side, 2 * side, 4)  # a square for three points
    first, second = (colors.to_rgba(each) for each in projection.COLOURS[:2])
    centre = side // 2
    for number, colour in enumerate([second, first, second]):
        row, column = divmod(number, 2)
        found = picture[row * side + centre, column * side + centre]
        np.testing.assert_allclose(found, colour, atol=0.01)
    assert picture[side + centre, side + centre, 3] == 0  # no fourth point
    assert picture[0, 0, 3] == 0  # around a disc
    config = (tmp_path / "projector_config.pbtxt").read_text()
    assert "colours of emotion" in config and f"single_image_dim: {side}" in config
    vectors = np.loadtxt(tmp_path / "tensors.tsv", delimiter="\t")
    np.testing.assert_allclose(vectors, points)


def test_a_column_may_have_any_name(tmp_path, rng):
    from google.protobuf import text_format
    from tensorboard.plugins import projector

    metadata = pd.DataFrame({'the "own" {label}': ["a", "b"]})
    projection.write_projector(tmp_path, rng.normal(size=(2, 3)), metadata)
    text = (tmp_path / "projector_config.pbtxt").read_text(encoding="utf-8")
    parsed = text_format.Parse(text, projector.ProjectorConfig())
    expected = 'embeddings in colours of the "own" {label}'
    assert parsed.embeddings[0].tensor_name == expected


def test_colours_of_numbers_rise():
    sprites = projection.draw_sprites(pd.Series([1.0, 3.0, 2.0]))
    centre = projection.SPRITE // 2
    light = [
        sprites[row * projection.SPRITE + centre, column * projection.SPRITE + centre]
        for row, column in ((0, 0), (1, 0), (0, 1))
    ]
    brightness = [colour[:3].sum() for colour in light]
    assert brightness == sorted(brightness)
    same = projection.draw_sprites(pd.Series([2.0, 2.0]))
    assert np.isfinite(same).all()
