"""The layer, compared with the preprocessing that training uses."""

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy

from keras_ser import layers
from keras_ser.features import LogMel, Preprocessing

STD = [1.5, 2.0, 2.5, 3.0]
FRONT_END = LogMel(n_mels=4)


def make_layer(normalise, speech_db=60.0):
    std = STD if normalise == "utterance" else None
    return layers.UtteranceNormalisation(FRONT_END.db_per_unit, speech_db, std)


def expected(features, normalise, speech_db=60.0):
    classes, mean = ("anger", "sadness"), np.zeros(4)
    made = Preprocessing(FRONT_END, classes, 1.0, normalise, mean, STD, speech_db)
    return made.normalised(features)


@pytest.fixture
def batch(rng):
    """Three utterances: speech, speech with quiet frames, and silence."""
    found = rng.normal(-6, 1, size=(3, 40, 4)).astype(np.float32)
    found[1, 5:12] -= 10
    found[1, 30:] = found[2] = -23.03125
    return found


@pytest.mark.parametrize("normalise", ["utterance", "utterance_std"])
@pytest.mark.parametrize("speech_db", [60.0, 25.0, 300.0])
def test_it_is_the_preprocessing(batch, normalise, speech_db):
    found = convert_to_numpy(make_layer(normalise, speech_db)(batch))
    for row, features in zip(found, batch, strict=True):
        wanted = expected(features, normalise, speech_db)
        np.testing.assert_allclose(row, wanted, rtol=1e-4, atol=1e-4)
    assert not found[2].any()


def test_a_single_frame_becomes_zero(batch):
    found = make_layer("utterance_std")(batch[:, :1])
    np.testing.assert_array_equal(convert_to_numpy(found), np.zeros((3, 1, 4)))


def test_loud_spectra_stay_finite(batch):
    found = convert_to_numpy(make_layer("utterance")(batch + 500))
    np.testing.assert_allclose(
        found, convert_to_numpy(make_layer("utterance")(batch)), atol=1e-3
    )


@pytest.mark.parametrize("normalise", ["utterance", "utterance_std"])
def test_it_is_saved_and_loaded(batch, normalise):
    layer = make_layer(normalise, 40.0)
    config = keras.saving.serialize_keras_object(layer)
    again = keras.saving.deserialize_keras_object(config)
    assert again.get_config() == layer.get_config()
    np.testing.assert_array_equal(
        convert_to_numpy(again(batch)), convert_to_numpy(layer(batch))
    )


def test_it_computes_in_float32_under_any_policy(batch):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        found = make_layer("utterance")(batch)
    finally:
        keras.config.set_dtype_policy(before)
    assert keras.backend.standardize_dtype(found.dtype) == "float32"
    wanted = expected(batch[0], "utterance")
    np.testing.assert_allclose(convert_to_numpy(found)[0], wanted, rtol=1e-4, atol=1e-4)


def test_its_symbolic_output_has_the_shape_of_the_input():
    features = keras.Input((None, 4))
    assert make_layer("utterance")(features).shape == (None, None, 4)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"db_per_unit": 0}, "`db_per_unit` must be a finite number above 0"),
        ({"speech_db": -1}, "`speech_db` must be a finite number above 0"),
        ({"std": [1.0, 0.0]}, "`std` must be a finite number above 0. Received: 0.0"),
        ({"std": [1.0, np.nan]}, "`std` must be a finite number above 0"),
    ],
)
def test_impossible_arguments_are_rejected(arguments, words):
    with pytest.raises(ValueError, match=words):
        layers.UtteranceNormalisation(**{"db_per_unit": 4.3, **arguments})


def test_there_is_a_deviation_per_dimension(batch):
    layer = layers.UtteranceNormalisation(FRONT_END.db_per_unit, std=[2.0])
    with pytest.raises(ValueError, match="one number per dimension, 4.*Received: 1"):
        layer(batch)
