import numpy as np
from keras.ops import convert_to_numpy

from keras_ser import layers


def test_time_is_padded_to_the_multiple(rng):
    features = rng.normal(size=(2, 11, 3)).astype("float32")
    padded = convert_to_numpy(layers.PadTime(8)(features))
    assert padded.shape == (2, 16, 3)
    np.testing.assert_array_equal(padded[:, :11], features)
    assert (padded[:, 11:] == 0).all()


def test_cropping_undoes_padding(rng):
    features = rng.normal(size=(2, 11, 3)).astype("float32")
    padded = layers.PadTime(8)(features)
    cropped = layers.CropLike()(padded, features)
    np.testing.assert_array_equal(convert_to_numpy(cropped), features)


def test_frames_count_speech_or_everything():
    features = np.ones((2, 5, 3), "float32")
    features[1, 2:] = 0
    assert convert_to_numpy(layers.Frames()(features)).tolist() == [5, 2]
    assert convert_to_numpy(layers.Frames(masked=False)(features)).tolist() == [5, 5]
