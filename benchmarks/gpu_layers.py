"""Layers and losses of the package with small inputs, for `benchmarks/gpu_cases.py`.

Inputs and weights come from NumPy, so that they are equal on every backend.
"""

import zlib
from collections.abc import Callable

import numpy as np
from keras import ops

from keras_ser import layers, losses

BATCH, TIME, BANDS = 4, 41, 16
STEPS = np.array([41, 20, 33, 1], "int32")  # of each sequence


def noise(name: str, *shape: int) -> np.ndarray:
    """Gaussian noise that depends on the name and the shape only."""
    random = np.random.default_rng(zlib.crc32(name.encode()))
    return random.standard_normal(shape).astype("float32")


def speech() -> np.ndarray:
    """Features of different lengths, 0 in the padding."""
    features = noise("speech", BATCH, TIME, BANDS)
    for row, steps in enumerate(STEPS):
        features[row, steps:] = 0
    return features


def mask(time: int) -> np.ndarray:
    """A mask of lengths that end at the same fraction of `time` as the speech."""
    steps = np.ceil(STEPS * time / TIME)
    return (np.arange(time) < steps[:, None]).astype("float32")


SEQUENCE = noise("sequence", BATCH, TIME, 6)
PROBABILITIES = np.full((BATCH, 4), 0.25, "float32")
IMAGE = noise("image", BATCH, 40, BANDS, 3)
ONE_HOT = np.eye(3, dtype="float32")[[0, 1, 2, 0]]


def cases() -> dict[str, tuple[Callable, Callable, list]]:
    """From a name to how to make a layer, how to call it, and its float inputs."""
    found = {**plain_cases(), **padding_cases()}
    for training in (True, False):
        found |= convolution_cases(training)
    for implementation in ("standard", "fused"):
        found |= recurrent_cases(implementation)
    for transform in ("fft", "matmul"):
        for kind in (layers.LogMel, layers.Spectrogram):
            found[f"`layers.{kind.__name__}({transform!r})`"] = (
                lambda kind=kind, transform=transform: kind(transform=transform),
                lambda layer, x: layer(x),
                [0.1 * noise("wave", 2, 4000)],
            )
    return found


def plain_cases() -> dict[str, tuple]:
    """Attention, class centers, normalisation of utterances, and losses."""
    return {
        "`layers.AttentionWeights`": (
            layers.AttentionWeights,
            lambda layer, x: layer(x, STEPS),
            [SEQUENCE],
        ),
        "`layers.MeanWeights`": (
            layers.MeanWeights,
            lambda layer, x: layer(x, STEPS),
            [SEQUENCE],
        ),
        "`layers.MaskedMean`": (
            layers.MaskedMean,
            lambda layer, x: layer(x),
            [SEQUENCE],
        ),
        "`layers.WeightedSum`": (
            layers.WeightedSum,
            lambda layer, x, weights: layer(x, weights),
            [SEQUENCE, np.abs(noise("weights", BATCH, TIME))],
        ),
        "`layers.ClassCenters`": (
            lambda: layers.ClassCenters(3),
            lambda layer, x: layer(x),
            [SEQUENCE[:, 0]],
        ),
        "`layers.GradientReversal`": (
            layers.GradientReversal,
            lambda layer, x: layer(x),
            [SEQUENCE[:, 0]],
        ),
        "`layers.LayerSum`": (
            lambda: layers.LayerSum(2),
            lambda layer, x: layer(x),
            [SEQUENCE],
        ),
        "`layers.Highway`": (
            layers.Highway,
            lambda layer, x: layer(x),
            [SEQUENCE[:, 0]],
        ),
        "`layers.Temperature`": (
            lambda: layers.Temperature(2.0),
            lambda layer, x: layer(x),
            [PROBABILITIES],
        ),
        "`layers.UtteranceNormalisation`": (
            lambda: layers.UtteranceNormalisation(db_per_unit=4.3),
            lambda layer, x: layer(x),
            [SEQUENCE],
        ),
        "`losses.CenterLoss`": (
            losses.CenterLoss,
            lambda loss, x: loss(ONE_HOT, x),
            [noise("differences", BATCH, 3, 5)],
        ),
        "`losses.ReconstructionLoss`": (
            losses.ReconstructionLoss,
            lambda loss, x: loss(speech(), x),
            [noise("decoded", BATCH, TIME, BANDS)],
        ),
        "`losses.CCCLoss`": (
            losses.CCCLoss,
            lambda loss, x: loss(noise("truth", BATCH, 1), x),
            [noise("prediction", BATCH, 1)],
        ),
    }


def padding_cases() -> dict[str, tuple]:
    """Lengths and padding. Packing is off, so batches pass through `Pack` as they are.

    Only TensorFlow on a CPU packs.
    """
    return {
        "`layers.Frames`": (layers.Frames, lambda layer, x: layer(x), [speech()]),
        "`layers.OutputLengths`": (
            lambda: layers.OutputLengths(8),
            lambda layer: layer(ops.convert_to_tensor(STEPS)),
            [],
        ),
        "`layers.PadTime`": (
            lambda: layers.PadTime(8),
            lambda layer, x: layer(x),
            [SEQUENCE],
        ),
        "`layers.CropLike`": (
            layers.CropLike,
            lambda layer, x: layer(x, SEQUENCE[:, :30]),
            [SEQUENCE],
        ),
        "`layers.GlobalPooling`": (
            lambda: layers.GlobalPooling(1, 1),
            lambda layer, x: layer(x, ops.convert_to_tensor(STEPS), ()),
            [IMAGE],
        ),
        "`layers.SpeechMasks`": (
            lambda: layers.SpeechMasks(2),
            lambda layer, x: layer(x, ops.convert_to_tensor(STEPS))[1],
            [SEQUENCE[:, :40]],
        ),
        "`layers.TimeConvBlock`": (
            lambda: layers.TimeConvBlock(5, 3),
            lambda layer, x: layer(x, (mask(40), mask(20))),
            [SEQUENCE[:, :40]],
        ),
        "`layers.StepMean`": (
            layers.StepMean,
            lambda layer, x: layer(x, mask(40)),
            [IMAGE],
        ),
        "`layers.Pack` and `Unpack`": (
            lambda: (layers.Pack(8, 2), layers.Unpack(1)),
            _pack_and_unpack,
            [SEQUENCE[:, :40]],
        ),
    }


def _pack_and_unpack(both, sequence):
    pack, unpack = both
    lengths = ops.convert_to_tensor(np.minimum(STEPS, 40))
    packed, _, places = pack(sequence, lengths, training=True)
    return unpack(packed[:, ::8, :, None], places, training=True)


def convolution_cases(training: bool) -> dict[str, tuple]:
    when = "training" if training else "inference"
    return {
        f"`layers.SpeechBatchNorm`, {when}": (
            layers.SpeechBatchNorm,
            lambda layer, x: layer(x, mask(40), training=training),
            [IMAGE],
        ),
        f"`layers.SpeechBatchNorm`, labelled rows, {when}": (
            lambda: layers.SpeechBatchNorm(labelled_rows=2),
            lambda layer, x: layer(x, mask(40), training=training),
            [IMAGE],
        ),
        f"`layers.SpeechGroupNorm`, {when}": (
            lambda: layers.SpeechGroupNorm(groups=3),
            lambda layer, x: layer(x, mask(40), training=training),
            [IMAGE],
        ),
        f"`layers.DenseBlock`, {when}": (
            lambda: layers.DenseBlock(2, 4),
            lambda layer, x: layer(x, mask(40), training=training),
            [IMAGE],
        ),
        f"`layers.Transition`, {when}": (
            lambda: layers.Transition(4),
            lambda layer, x: layer(x, mask(40), training=training),
            [IMAGE],
        ),
        f"`layers.SpeechBatchNorm`, without ReLU, {when}": (
            lambda: layers.SpeechBatchNorm(relu=False),
            lambda layer, x: layer(x, mask(40), training=training),
            [IMAGE],
        ),
        f"`layers.CodeBlock`, {when}": (
            lambda: layers.CodeBlock(4, 3),
            lambda layer, x: layer(x, (mask(40), mask(20)), training=training),
            [IMAGE],
        ),
        f"`layers.CodeDiscriminator`, {when}": (
            lambda: layers.CodeDiscriminator(4, dropout=0.0),
            lambda layer, x: layer(x, (mask(40), mask(20)), training=training),
            [IMAGE],
        ),
        f"`layers.ConvBlock`, {when}": (
            lambda: layers.ConvBlock(5, 3),
            lambda layer, x: layer(x, mask(20), training=training),
            [IMAGE],
        ),
        f"`layers.ConvBlock`, transposed, {when}": (
            lambda: layers.ConvBlock(5, 3, transposed=True),
            lambda layer, x: layer(x, mask(80), training=training),
            [IMAGE],
        ),
        f"`layers.ConvBlock`, transposed and final, {when}": (
            lambda: layers.ConvBlock(1, 3, transposed=True, final=True),
            lambda layer, x: layer(x, mask(80), training=training),
            [IMAGE],
        ),
    }


def recurrent_cases(implementation: str) -> dict[str, tuple]:
    return {
        f"`layers.{kind.__name__}`, {implementation}{what}": (
            lambda kind=kind, sequences=sequences: kind(
                8, return_sequences=sequences, implementation=implementation
            ),
            lambda layer, x: layer(x, STEPS),
            [SEQUENCE],
        )
        for kind in (layers.BLSTM, layers.LSTM)
        for what, sequences in (("", True), (", last states", False))
    }
