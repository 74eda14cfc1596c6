"""The network of a GE2E speaker encoder, with the weights that PyTorch gave it."""

from collections.abc import Mapping

import keras
import numpy as np

LAYERS = 3
UNITS = 256
BANDS = 40


def speaker_encoder(weights: Mapping[str, np.ndarray]) -> keras.Model:
    """Builds the recurrent layers of a GE2E speaker encoder.

    Three LSTMs of 256 units follow each other, and the states of all of them are
    returned. The layer of PyTorch has two biases per gate, which are added, and its
    gates have the order of Keras.

    Args:
        weights: The tensors of the PyTorch layer, `lstm.weight_ih_l0` and so on; see
            `weight_shapes`.

    Returns:
        A model from mel power, `(batch, frames, 40)`, to the states of the first,
        second and third layer side by side, `(batch, frames, 768)`.

    Reference: Wan et al., "Generalized end-to-end loss for speaker verification",
    ICASSP 2018.
    """
    power = keras.Input((None, BANDS), name="power")
    state, states = power, []
    for number in range(LAYERS):
        state = keras.layers.LSTM(
            UNITS, return_sequences=True, trainable=False, name=f"lstm_{number}"
        )(state)
        states.append(state)
    output = keras.layers.Concatenate(name="states")(states)
    model = keras.Model(power, output, name="speaker_encoder")
    for number in range(LAYERS):
        kernel, recurrent, *biases = (
            np.asarray(weights[name], np.float32) for name in _names(number)
        )
        model.get_layer(f"lstm_{number}").set_weights(
            [kernel.T, recurrent.T, biases[0] + biases[1]]
        )
    return model


def weight_shapes() -> dict[str, tuple[int, ...]]:
    """The tensors that `speaker_encoder` takes, with their shapes in PyTorch."""
    found = {}
    for number in range(LAYERS):
        inputs = UNITS if number else BANDS
        shapes = [(4 * UNITS, inputs), (4 * UNITS, UNITS), *[(4 * UNITS,)] * 2]
        found |= dict(zip(_names(number), shapes, strict=True))
    return found


def _names(number: int) -> list[str]:
    parts = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    return [f"lstm.{part}_l{number}" for part in parts]
