"""Every layer computes the same whatever Keras is set to, except for rounding."""

import contextlib

import keras
import numpy as np
import pytest

from keras_ser import layers

rng = np.random.default_rng(0)
LENGTHS = np.array([24, 16], "int32")
SPEECH = rng.normal(size=(2, 24, 8)).astype("float32")
SPEECH[1, 16:] = 0
MASK = (np.arange(24) < LENGTHS[:, None]).astype("float32")
IMAGE = np.repeat(SPEECH[..., None], 8, axis=-1)
WAVES = 0.1 * rng.normal(size=(2, 16_000)).astype("float32")
EVEN = np.full((2, 24), 1 / 24, "float32")


def unpacked():
    packed, _, places = layers.Pack(4, 8)(SPEECH, LENGTHS, training=True)
    return layers.Unpack(4)(packed[..., None], places, training=True)


# A call of each layer, by its name.
CALLS = {
    "AttentionWeights": lambda: layers.AttentionWeights()(SPEECH, LENGTHS),
    "BLSTM": lambda: [
        layers.BLSTM(4, return_sequences=whole, implementation=kind)(SPEECH, LENGTHS)
        for whole in (True, False)
        for kind in ("fused", "standard")
    ],
    "ClassCenters": lambda: layers.ClassCenters(3)(SPEECH[:, 0]),
    "ConvBlock": lambda: [
        layers.ConvBlock(8, 3)(IMAGE, MASK[:, ::2], training=True),
        layers.ConvBlock(8, 3, normalisation="group")(IMAGE, MASK[:, ::2]),
        layers.ConvBlock(8, 3, transposed=True)(IMAGE, np.repeat(MASK, 2, axis=1)),
    ],
    "CodeBlock": lambda: layers.CodeBlock(4, 3)(IMAGE, (MASK, MASK[:, ::2])),
    "CodeDiscriminator": lambda: layers.CodeDiscriminator(4)(
        IMAGE, (MASK, MASK[:, ::2])
    ),
    "CropLike": lambda: layers.CropLike()(np.repeat(SPEECH, 2, axis=1), SPEECH),
    "DenseBlock": lambda: layers.DenseBlock(2, 4)(IMAGE, MASK, training=True),
    "Frames": lambda: layers.Frames()(SPEECH),
    "GlobalPooling": lambda: layers.GlobalPooling(1, 1)(IMAGE, LENGTHS, ()),
    "GradientReversal": lambda: layers.GradientReversal()(SPEECH),
    "Highway": lambda: layers.Highway()(SPEECH[:, 0]),
    "LSTM": lambda: [
        layers.LSTM(4, return_sequences=whole, implementation=kind)(SPEECH, LENGTHS)
        for whole in (True, False)
        for kind in ("fused", "standard")
    ],
    "LayerSum": lambda: layers.LayerSum(2)(SPEECH),
    "LogMel": lambda: layers.LogMel(n_mels=8)(WAVES),
    "MaskedMean": lambda: layers.MaskedMean()(SPEECH),
    "MeanWeights": lambda: layers.MeanWeights()(SPEECH, LENGTHS),
    "OutputLengths": lambda: layers.OutputLengths(4)(LENGTHS),
    "Pack": lambda: layers.Pack(4, 8)(SPEECH, LENGTHS, training=True),
    "PadTime": lambda: layers.PadTime(16)(SPEECH),
    "Spectrogram": lambda: layers.Spectrogram(n_bins=8)(WAVES),
    "SpeechBatchNorm": lambda: layers.SpeechBatchNorm()(IMAGE, MASK, training=True),
    "SpeechGroupNorm": lambda: layers.SpeechGroupNorm()(IMAGE, MASK),
    "SpeechMasks": lambda: layers.SpeechMasks(2)(SPEECH, LENGTHS),
    "StepMean": lambda: layers.StepMean()(IMAGE, MASK),
    "Temperature": lambda: layers.Temperature(2.0)(EVEN),
    "TimeConvBlock": lambda: layers.TimeConvBlock(4, 5)(SPEECH, (MASK, MASK[:, ::2])),
    "Transition": lambda: layers.Transition(4)(IMAGE, MASK, training=True),
    "Unpack": lambda: unpacked(),
    "UtteranceNormalisation": lambda: layers.UtteranceNormalisation(1.0)(SPEECH),
    "WeightedSum": lambda: layers.WeightedSum()(SPEECH, EVEN),
}
SETTINGS = [
    ("image_data_format", "channels_first"),
    ("epsilon", 1e-3),
    ("floatx", "float64"),
    ("floatx", "float16"),
    ("dtype_policy", "mixed_float16"),
]


@contextlib.contextmanager
def keras_set_to(setting: str, value):
    before = getattr(keras.config, setting)()
    getattr(keras.config, f"set_{setting}")(value)
    try:
        yield
    finally:
        getattr(keras.config, f"set_{setting}")(before)


def compute(name: str) -> list[np.ndarray]:
    keras.utils.set_random_seed(0)
    found = keras.tree.flatten(CALLS[name]())
    return [np.asarray(keras.ops.convert_to_numpy(each), "float64") for each in found]


@pytest.mark.parametrize(("setting", "value"), SETTINGS)
@pytest.mark.parametrize("name", CALLS)
def test_no_setting_of_keras_changes_a_layer(name, setting, value):
    expected = compute(name)
    with keras_set_to(setting, value):
        found = compute(name)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=5e-3)


@pytest.mark.parametrize("policy", ["float64", "float16"])
@pytest.mark.parametrize("name", CALLS)
def test_a_layer_computes_with_any_numbers(name, policy):
    """The weights are drawn as other numbers, so the results differ."""
    expected = compute(name)
    with keras_set_to("floatx", policy), keras_set_to("dtype_policy", policy):
        found = compute(name)
    for one, other in zip(found, expected, strict=True):
        assert one.shape == other.shape
        assert np.isfinite(one).all()


def test_every_layer_is_tried():
    classes = {
        name
        for name in layers.__all__
        if isinstance(getattr(layers, name), type)
        and issubclass(getattr(layers, name), keras.layers.Layer)
    }
    assert classes == set(CALLS)
