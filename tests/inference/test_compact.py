"""Compact model files: smaller, nearly the same, and loaded like others."""

import zipfile

import keras
import numpy as np
import pandas as pd
import pytest

from keras_ser import inference, models
from keras_ser.inference.compact import compact


@pytest.fixture(scope="module")
def saved(new_recogniser, tmp_path_factory):
    """A trained recogniser's file, with an optimizer."""
    made = new_recogniser()
    made.model.compile(keras.optimizers.Adam(1e-3), **made.model.objective())
    made.model.optimizer.build(made.model.trainable_variables)
    own = inference.Recogniser(
        made.model, made.preprocessing, temperature=2.0, about="Noise."
    )
    return own.save(tmp_path_factory.mktemp("run") / "model.keras")


def test_a_copy_is_small_and_answers_nearly_alike(saved, write_audio, noise, tmp_path):
    path = compact(saved, tmp_path / "small.keras")
    assert path.stat().st_size < saved.stat().st_size / 3
    whole, small = inference.load(saved), inference.load(path)
    assert small.temperature == 2.0 and small.about == "Noise."
    file = write_audio("one.wav", noise(1.4))
    expected, found = whole.predict(file), small.predict(file)
    assert not found.equals(expected)
    columns = [f"p_{name}" for name in whole.classes]
    np.testing.assert_allclose(found[columns], expected[columns], atol=0.005)
    for one, other in zip(
        whole.model.get_weights(), small.model.get_weights(), strict=True
    ):
        if one.dtype == np.float32:
            np.testing.assert_array_equal(one.astype(np.float16), other)


def test_copies_of_a_file_have_the_same_members(saved, tmp_path):
    one = compact(saved, tmp_path / "one.keras", "Said of it.")
    assert inference.load(one).about == "Said of it."
    assert not [each for each in tmp_path.iterdir() if each != one]


def test_a_copy_of_mostly_zeros_can_be_loaded(new_recogniser, tmp_path):
    """Compressed, it would look like a file that was made to fill the memory."""
    made = new_recogniser()
    weights = [np.zeros_like(each) for each in made.model.get_weights()]
    made.model.set_weights(weights)
    path = made.save(tmp_path / "model.keras")
    copy = compact(path, tmp_path / "small.keras")
    with zipfile.ZipFile(copy) as archive:
        assert {each.compress_type for each in archive.infolist()} == {0}
    assert not np.any(inference.load(copy).model.get_weights()[0])


def test_a_temperature_of_numpy_is_saved(new_recogniser, tmp_path):
    made = new_recogniser()
    own = inference.Recogniser(
        made.model, made.preprocessing, temperature=np.float32(1.5)
    )
    assert inference.load(own.save(tmp_path / "model.keras")).temperature == 1.5


def test_what_float16_cannot_hold_is_rejected(new_recogniser, tmp_path):
    made = new_recogniser()
    weights = made.model.get_weights()
    weights[0][:] = 1e6
    made.model.set_weights(weights)
    path = made.save(tmp_path / "model.keras")
    with pytest.raises(ValueError, match=r"at most 65504.*1e\+06"):
        compact(path, tmp_path / "small.keras")
    assert not (tmp_path / "small.keras").exists()


def test_heads_can_be_left_out(saved, write_audio, noise, tmp_path):
    every = compact(saved, tmp_path / "every.keras")
    path = compact(saved, tmp_path / "emotion.keras", arguments=models.BASELINE)
    assert path.stat().st_size < every.stat().st_size / 1.5
    loaded = inference.load(path)
    assert loaded.model.heads == ("emotion",)
    file = write_audio("one.wav", noise(1.4))
    pd.testing.assert_frame_equal(
        loaded.predict(file), inference.load(every).predict(file), atol=1e-6
    )
    with pytest.raises(ValueError, match="`arguments` must leave out parts"):
        compact(path, tmp_path / "more.keras", arguments={"reconstruction": True})


@pytest.mark.parametrize("name", ["small.model", "folder.keras"])
def test_a_path_that_could_not_be_loaded_is_rejected(saved, tmp_path, name):
    (tmp_path / "folder.keras").mkdir()
    with pytest.raises(ValueError, match=f"ends in .keras. Received: .*{name}"):
        compact(saved, tmp_path / name)
    assert [each.name for each in tmp_path.iterdir()] == ["folder.keras"]
