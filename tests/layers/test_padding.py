"""Lengths that are read from the features, against a loop."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras.ops import convert_to_numpy

from keras_ser import layers
from keras_ser.layers import padding


def loop(features) -> list[int]:
    """Number of frames up to the last one that is not all zero, at least 1."""
    lengths = []
    for utterance in features:
        length = 1
        for position, frame in enumerate(utterance):
            if any(value != 0 for value in frame):
                length = position + 1
        lengths.append(length)
    return lengths


def frames(features) -> list[int]:
    return keras.ops.convert_to_numpy(padding.count_frames(features)).tolist()


@given(st.lists(st.lists(st.sampled_from([0, 0, 0, 1]), min_size=7, max_size=7)))
@settings(max_examples=30, deadline=None)
def test_frames_equal_those_of_a_loop(patterns):
    rng = np.random.default_rng(0)
    patterns = np.array([[0] * 7, *patterns], np.float32)
    features = patterns[..., None] * rng.normal(size=(len(patterns), 7, 3))
    features = features.astype(np.float32)
    assert frames(features) == loop(features)


def test_zeros_inside_an_utterance_or_in_some_dimensions_are_not_padding():
    features = np.zeros((1, 6, 4), np.float32)
    features[0, 0, 1] = features[0, 3, 2] = -1e-6
    assert frames(features) == [4]


def test_an_utterance_of_nothing_but_padding_has_one_frame():
    assert frames(np.zeros((2, 5, 3), np.float32)) == [1, 1]


def test_an_utterance_without_padding_fills_the_time_axis():
    assert frames(np.ones((2, 5, 3), np.float32)) == [5, 5]


def test_frames_are_int32_in_half_precision_too():
    features = np.zeros((1, 2100, 2), np.float16)  # float16 counts to 2048 only
    features[0, 2051] = 1
    lengths = padding.count_frames(features)
    assert keras.backend.standardize_dtype(lengths.dtype) == "int32"
    assert frames(features) == [2052]


@pytest.mark.parametrize("dtype", ["float32", "float16", "bool"])
def test_mask_is_one_before_the_end_and_zero_after(dtype):
    mask = padding.make_mask(np.array([1, 3, 4]), 4, dtype)
    assert keras.backend.standardize_dtype(mask.dtype) == dtype
    expected = [[1, 0, 0, 0], [1, 1, 1, 0], [1, 1, 1, 1]]
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(mask), expected)


def test_mask_of_frames_keeps_every_frame_that_is_not_zero():
    features = np.random.default_rng(0).normal(size=(3, 6, 2)).astype(np.float32)
    features[0, 2:] = features[1, 5:] = 0
    mask = padding.make_mask(padding.count_frames(features), 6)
    mask = keras.ops.convert_to_numpy(mask)
    np.testing.assert_array_equal(mask, (features != 0).any(axis=-1))


def test_time_is_padded_to_the_multiple(rng):
    features = rng.normal(size=(2, 11, 3)).astype("float32")
    padded = convert_to_numpy(layers.PadTime(8)(features))
    assert padded.shape == (2, 16, 3)
    np.testing.assert_array_equal(padded[:, :11], features)
    assert (padded[:, 11:] == 0).all()


def test_cropping_undoes_padding(rng):
    features = rng.normal(size=(2, 11, 3)).astype("float32")
    padded = layers.PadTime(8)(features)
    for reference in (features, features[..., :1], np.tile(features, 2)):
        cropped = layers.CropLike()(padded, reference)
        np.testing.assert_array_equal(convert_to_numpy(cropped), features)


def test_frames_count_speech_or_everything():
    features = np.ones((2, 5, 3), "float32")
    features[1, 2:] = 0
    assert convert_to_numpy(layers.Frames()(features)).tolist() == [5, 2]
    assert convert_to_numpy(layers.Frames(masked=False)(features)).tolist() == [5, 5]


@pytest.mark.parametrize("multiple", [0, -4, 2.0])
def test_a_multiple_is_a_positive_integer(multiple):
    with pytest.raises(ValueError, match="`multiple` must be a positive integer"):
        layers.PadTime(multiple)


@pytest.mark.parametrize("halvings", [-1, 1.5])
def test_halvings_are_counted(halvings):
    with pytest.raises(ValueError, match="`halvings` must be an integer of at least"):
        layers.SpeechMasks(halvings)
