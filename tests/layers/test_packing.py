"""Packed batches hold the speech of padded ones, and utterances do not interact."""

import inspect

import keras
import numpy as np
import pytest
from keras import ops
from keras.ops import convert_to_numpy

from keras_ser import backend, layers, models
from keras_ser.layers import packing

LENGTHS = np.int32([13, 40, 1, 24])
UNIT, GAP = 8, 2

packs_here = pytest.mark.skipif(
    not packing.packs(True), reason="batches are packed on TensorFlow without a GPU"
)


@pytest.fixture
def padded(rng):
    batch = rng.normal(size=(4, 40, 3)).astype("float32")
    for row, length in enumerate(LENGTHS):
        batch[row, length:] = 0
    return batch


def parameters_of(name):
    return inspect.signature(models.MODELS[name]).parameters


def has_kernels(name):
    return "kernels" in parameters_of(name)


def disable_packing(monkeypatch):
    monkeypatch.setattr(packing, "packs", lambda training: False)


@packs_here
def test_utterances_lie_end_to_end_with_zeros_between(padded):
    packed, _, _ = layers.Pack(UNIT, GAP)(padded, LENGTHS, training=True)
    expected = []
    for row, length in zip(padded, LENGTHS, strict=True):
        rounded_up = -(-length // UNIT) * UNIT
        expected += [row[:rounded_up], np.zeros((GAP * UNIT, 3))]
    np.testing.assert_array_equal(
        convert_to_numpy(packed), np.concatenate(expected)[None]
    )


@packs_here
@pytest.mark.parametrize("stride", [1, 4, 8])
def test_unpacking_undoes_packing(padded, stride):
    packed, _, places = layers.Pack(UNIT, GAP)(padded, LENGTHS, training=True)
    image = ops.reshape(packed[:, ::stride], (1, -1, 1, 3))
    coarse = layers.Unpack(UNIT // stride)(image, places, training=True)
    np.testing.assert_array_equal(convert_to_numpy(coarse), padded[:, ::stride])


@packs_here
@pytest.mark.parametrize("number", range(4))
def test_the_masks_are_those_of_the_packed_speech(padded, number):
    layer, stride = layers.Pack(UNIT, GAP), 2**number
    packed, masks, _ = layer(padded, LENGTHS, training=True)
    _, padded_masks, _ = layer(padded, LENGTHS, training=False)
    assert len(masks) == len(padded_masks) == 4
    lengths = -(-LENGTHS // stride)
    np.testing.assert_array_equal(
        convert_to_numpy(padded_masks[number]),
        np.arange(40 // stride)[None] < lengths[:, None],
    )
    is_speech = np.abs(convert_to_numpy(packed)[:, ::stride]).max(axis=-1) > 0
    mask = convert_to_numpy(masks[number])
    np.testing.assert_array_equal(mask, is_speech)
    assert mask.sum() == lengths.sum()


def test_without_packing_the_batch_passes_through(padded):
    for training in (False, None):
        packed, _, places = layers.Pack(UNIT, GAP)(padded, LENGTHS, training=training)
        np.testing.assert_array_equal(convert_to_numpy(packed), padded)
        image = ops.reshape(packed, (4, 40, 3, 1))
        same = layers.Unpack(UNIT)(image, places, training=training)
        np.testing.assert_array_equal(convert_to_numpy(same), padded)


@pytest.mark.parametrize(
    ("kernels", "units"),
    [((7, 5, 3), 1), ((5, 5), 1), ((1, 1, 5), 1), ((31,), 8), ((1, 1, 1), 1)],
)
def test_the_gap_grows_with_the_kernels(kernels, units):
    assert packing.find_gap(kernels) == units


@pytest.mark.parametrize("stride", [1, 2, 4, 8])
def test_utterances_are_numbered_in_both_forms(padded, stride):
    lengths = -(-LENGTHS // stride)
    for training in (False, True):
        _, masks, _ = layers.Pack(UNIT, gap=1)(padded, LENGTHS, training=training)
        mask = convert_to_numpy(masks[[1, 2, 4, 8].index(stride)])
        numbers = convert_to_numpy(packing.number_utterances(mask))
        assert numbers.shape == mask.shape
        found = numbers[mask > 0]
        np.testing.assert_array_equal(found, np.repeat([1, 2, 3, 4], lengths))


@packs_here
@pytest.mark.parametrize("name", models.MODELS)
def test_a_step_is_that_of_the_padded_batch(name, rng, monkeypatch):
    """Outputs, moving moments and gradients."""
    check_step(name, {}, rng, monkeypatch)


@packs_here
@pytest.mark.parametrize("name", list(filter(has_kernels, models.MODELS)))
@pytest.mark.parametrize("kernels", [9, 14])
def test_so_is_a_step_with_wide_or_even_kernels(name, kernels, rng, monkeypatch):
    check_step(name, {"kernels": kernels}, rng, monkeypatch)


STAGES = {"AttributeCNNLSTM": 2, "CNNBLSTMAttention": 2, "CNNAttention": 4}
LABELLED = {"normalisation": "batch", "moments": "labelled"}


@packs_here
@pytest.mark.parametrize(
    "arguments",
    [
        {"normalisation": "group"},
        {"normalisation": "batch"},
        {**LABELLED, "labelled_rows": 2},
        {**LABELLED, "labelled_rows": 3, "kernels": 9},
    ],
)
def test_a_normalised_step_is_that_of_the_padded_batch(arguments, rng, monkeypatch):
    check_step("MTLAug", arguments, rng, monkeypatch)


def check_step(name, arguments, rng, monkeypatch):
    features = rng.normal(size=(4, 45, 16)).astype("float32")
    for row, length in enumerate([13, 45, 3, 24]):
        features[row, length:] = 0
    found = []
    for packed in (True, False):
        if not packed:
            disable_packing(monkeypatch)
        found.append(step(name, arguments, features))
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-4, rtol=2e-3)


@packs_here
def test_a_packing_model_is_not_compiled_by_xla():
    model = models.MTLAug(("anger", "neutral"), dimensions=16)
    with pytest.warns(UserWarning, match="jit_compile"):
        model.compile("sgd", **model.objective(), jit_compile=True)
    assert model.jit_compile is False


def step(name, arguments, features):
    """Everything that a training step computes, as arrays."""
    keras.utils.set_random_seed(0)
    if "kernels" in arguments:
        stages = STAGES.get(name, 3)
        arguments = {**arguments, "kernels": (arguments["kernels"],) * stages}
    if "dropout" in parameters_of(name):
        arguments = {"dropout": 0.0, **arguments}
    if "depth" in parameters_of(name):
        arguments = {"depth": 2, **arguments}
    model = models.MODELS[name](("anger", "neutral"), dimensions=16, **arguments)
    weights = [each.value for each in model.trainable_variables]

    def loss(values):
        pairs = zip(model.trainable_variables, values, strict=True)
        with keras.StatelessScope(state_mapping=list(pairs)):
            outputs = model(features, training=True)
        return sum(ops.sum(ops.square(each)) for each in outputs.values())

    value, gradients = backend.value_and_gradient(loss, weights)
    outputs = model(features, training=True)
    moments = [each for each in model.non_trainable_variables if "moving" in each.path]
    arrays = [value, *gradients, *outputs.values(), *moments]
    return [np.asarray(convert_to_numpy(each)) for each in arrays]
