"""The networks of PyTorch that the training is compared with."""

import importlib
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

SIZES = {"filters": (4, 4, 4), "kernels": (7, 5, 3)}
BATCH, FRAMES, BANDS = 4, 32, 16


@pytest.fixture
def plain(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "benchmarks")
    return importlib.import_module("plain_torch")


@pytest.mark.parametrize("width", [3, 5, 7])
def test_the_sub_pixel_layer_equals_the_transposed_convolution(plain, width):
    torch.manual_seed(0)
    layer = plain._transposed(6, 1, width, bias=True)
    fast = plain.SubPixel(layer)
    inputs = torch.randn(2, 6, 8, 12, requires_grad=True)
    found = []
    for each in (layer, fast):
        output = each(inputs)
        tensors = [inputs, layer.weight, layer.bias]
        found.append([output, *torch.autograd.grad(output.sin().mean(), tensors)])
    for expected, value in zip(*found, strict=True):
        np.testing.assert_allclose(value.detach(), expected.detach(), atol=1e-5)


def make(plain, kind):
    torch.manual_seed(0)
    return getattr(plain, kind)(4, 3, BANDS, **SIZES).eval()


def batch(frames):
    torch.manual_seed(1)
    features = torch.randn(BATCH, frames, BANDS)
    kind = torch.eye(3)[torch.arange(BATCH) % 3]
    labels = {"emotion": torch.eye(4), "center": torch.eye(4), "augmentation": kind}
    return features, {**labels, "reconstruction": features}


def test_without_padding_masks_change_nothing(plain):
    features, labels = batch(FRAMES)
    lengths = torch.full((BATCH,), FRAMES)
    expected = make(plain, "PlainMTLAug").loss(features, labels)
    masked = make(plain, "MaskedMTLAug").speed_up()
    found = masked.loss(features, labels, lengths=lengths)
    np.testing.assert_allclose(found.item(), expected.item(), rtol=1e-5)
    assert masked.count_trained() == make(plain, "PlainMTLAug").count_trained()


def test_the_amount_of_padding_changes_nothing(plain):
    features, labels = batch(FRAMES)
    lengths = torch.tensor([FRAMES, 24, 16, 20])
    for row, length in zip(features, lengths, strict=True):
        row[length:] = 0
    expected = make(plain, "MaskedMTLAug").loss(features, labels, lengths)
    padded = torch.nn.functional.pad(features, (0, 0, 0, 16))
    labels["reconstruction"] = padded
    found = make(plain, "MaskedMTLAug").loss(padded, labels, lengths)
    np.testing.assert_allclose(found.item(), expected.item(), rtol=1e-5)
