"""Normalisation of whole utterances by their own speech frames, as a layer."""

import math

import keras
from keras import ops

from keras_ser.utils.choices import check_numbers

MIN_STD = 1e-3  # lower bound, for values that never change


@keras.saving.register_keras_serializable("keras_ser")
class UtteranceNormalisation(keras.layers.Layer):
    """Subtracts the mean of an utterance's speech frames, and divides by a deviation.

        y_tb = (x_tb − m_b) / s_b        m_b = 1 / |S| Σ_{t in S} x_tb

    The speech frames S are those whose level is at most `speech_db` below that of the
    loudest frame. With d = `db_per_unit` dB per unit of a value, the level of frame t
    is

        L_t = 10 log10 Σ_b 10^(d x_tb / 10)

    This is `Preprocessing.normalised` with `normalise="utterance"` or, without `std`,
    `"utterance_std"`. It has no weights and computes in float32 under any precision
    policy. All frames count: zeros at the end are not padding.

    Args:
        db_per_unit: How many dB one unit of a value is; see `features.FrontEnd`.
        speech_db: The range of speech frames in dB.
        std: The standard deviations s_b, a list of numbers. Without it, they are those
            of the speech frames, at least 1e-3.

    Input shape:
        `(batch, time, dimensions)`, unnormalised log spectra of whole utterances.

    Output shape:
        The shape of the input, float32.

    Example:

    >>> layer = UtteranceNormalisation(db_per_unit=10 / math.log(10))
    >>> layer(LogMel()(np.ones((2, 16000), "float32"))).shape
    (2, 101, 128)
    """

    def __init__(
        self,
        db_per_unit: float,
        speech_db: float = 60.0,
        std: list[float] | None = None,
        **kwargs,
    ):
        kwargs.setdefault("dtype", "float32")  # under any global policy
        super().__init__(**kwargs)
        expected = "a finite number above 0"
        numbers = {"db_per_unit": db_per_unit, "speech_db": speech_db}
        check_numbers(expected, _is_positive, **numbers)
        for value in () if std is None else std:
            check_numbers(expected, _is_positive, std=value)
        self.db_per_unit = db_per_unit
        self.speech_db = speech_db
        self.std = None if std is None else [float(each) for each in std]

    def build(self, shape):
        if self.std is not None and len(self.std) != shape[-1]:
            raise ValueError(
                f"`std` must hold one number per dimension, {shape[-1]} of them. "
                f"Received: {len(self.std)}."
            )

    def call(self, features):
        is_speech = self._is_speech(features)
        centred = features - _mean(features, is_speech)
        if self.std is None:
            variance = _mean(ops.square(centred), is_speech)
            return centred / ops.maximum(ops.sqrt(variance), MIN_STD)
        return centred / ops.convert_to_tensor(self.std, dtype="float32")

    def _is_speech(self, features):
        """1 in speech frames and 0 in the others, `(batch, time, 1)`."""
        largest = ops.max(features, axis=(1, 2), keepdims=True)  # keeps powers finite
        unit = self.db_per_unit * math.log(10) / 10
        power = ops.sum(ops.exp(unit * (features - largest)), axis=2, keepdims=True)
        least = 10 ** (-self.speech_db / 10) * ops.max(power, axis=1, keepdims=True)
        return ops.cast(power >= least, "float32")

    def compute_output_shape(self, shape):
        return shape

    def get_config(self):
        return {
            **super().get_config(),
            "db_per_unit": self.db_per_unit,
            "speech_db": self.speech_db,
            "std": self.std,
        }


def _is_positive(value: float) -> bool:
    return 0 < value < math.inf


def _mean(features, is_speech):
    """The mean of the speech frames, `(batch, 1, dimensions)`."""
    total = ops.sum(is_speech * features, axis=1, keepdims=True)
    return total / ops.sum(is_speech, axis=1, keepdims=True)
