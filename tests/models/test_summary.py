"""Parameters, shapes and layers of models, next to those worked out by hand."""

import inspect

import numpy as np
import pytest
from toy_models import Attributes

from keras_ser import models

CLASSES = ("anger", "happiness", "neutral", "sadness")


def test_the_baseline_is_what_its_equations_give():
    model = models.MTLAug(CLASSES, preset="paper", **models.BASELINE)
    found = models.summarise(model, frames=64)
    stages = [(7, 1, 32), (5, 32, 64), (3, 64, 64)]  # kernel, inputs, filters
    moments, scales = [2 * filters for *_, filters in stages], 160 * 2
    convolutions = sum(kernel**2 * inputs * out for kernel, inputs, out in stages)
    steps, features = 64 // 8, 128 // 8 * 64
    blstm = 2 * 4 * 128 * (features + 128 + 1)
    ends = 256 + (256 + 1) * 128 + (128 + 1) * 4  # attention, embedding, softmax
    assert found.untrained == sum(moments)
    assert found.trained == convolutions + scales + blstm + ends
    assert (found.code, found.stride) == ((steps, features), 8)
    assert found.embedding == (128,)
    rows = {each.name: each for each in found.layers}
    assert rows["emotion_blstm"] == models.LayerSummary(
        "emotion_blstm", "BLSTM", (steps, 256), blstm
    )
    assert rows["encoder_2"].shape == (16, 32, 64)
    assert (rows["pooled"].shape, rows["pooled"].parameters) == ((256,), 0)
    assert set(rows).isdisjoint(["features", "frames", "padded", "packed", "length"])


def test_class_centers_that_follow_a_mean_are_not_trained():
    sizes = {"augmentation": False, "reconstruction": False, "preset": "small"}
    found = [
        models.summarise(models.MTLAug(CLASSES, center_update=update, **sizes), 16)
        for update in ("mean", "optimizer")
    ]
    assert [each.untrained for each in found] == [len(CLASSES) * 128, 0]
    assert found[1].trained - found[0].trained == len(CLASSES) * 128


@pytest.mark.parametrize("name", models.MODELS)
def test_layers_hold_all_parameters_of_a_model(name):
    kind = models.MODELS[name]
    has_presets = "preset" in inspect.signature(kind).parameters
    model = kind(CLASSES, dimensions=16, **({"preset": "small"} if has_presets else {}))
    found = models.summarise(model, frames=32)
    assert found.trained + found.untrained == model.count_params()
    assert sum(each.parameters for each in found.layers) == model.count_params()
    code = model.encoder(np.ones((1, 32, 16), "float32"))
    assert found.code == tuple(code.shape[1:])
    assert found.stride == 32 // found.code[0]
    shapes = [each.shape for each in found.layers if each.shape]
    assert shapes[-1] in ((len(CLASSES),), (32, 16))  # a head


def test_a_layer_that_no_head_depends_on_is_listed_without_a_shape():
    model = models.SSAAE(CLASSES, dimensions=16)
    last = models.summarise(model, frames=32).layers[-1]
    assert (last.name, last.shape) == ("discriminator", ())
    assert last.parameters == model.discriminator.count_params()


def test_a_model_without_an_encoder_has_no_code():
    model = Attributes(CLASSES, dimensions=16, vocabularies={"gender": ("f", "m")})
    found = models.summarise(model, frames=10)
    assert (found.code, found.stride) == (None, None)
    assert found.trained == model.count_params()


def test_a_stride_is_rounded_if_frames_are_no_multiple_of_it():
    model = models.CNNAttention(CLASSES, dimensions=16)  # a stride of 16
    found = models.summarise(model, frames=250)
    assert (found.code[0], found.stride) == (16, 16)


@pytest.mark.parametrize("frames", [0, -1, 2.5, True])
def test_frames_must_be_a_positive_integer(frames):
    model = models.CNNAttention(CLASSES, dimensions=16)
    with pytest.raises(ValueError, match="`frames` must be a positive integer"):
        models.summarise(model, frames)
