"""Where an attack may go."""

import numpy as np
from keras import ops

from keras_ser import padding


def around_features(features: np.ndarray, epsilon: float) -> tuple:
    """Lowest and highest values that an attack may give to features.

    Within ε; in the padding both are 0. In the last frame of speech the loudest band
    keeps its sign: a frame of zeros would be padding.

    Args:
        features: `(batch, time, bands)`, 0 in the padding.
        epsilon: ε.

    Returns:
        Two arrays like `features`.
    """
    low, high = around(features, epsilon)
    frames = ops.convert_to_numpy(padding.frames(features))
    is_speech = np.arange(features.shape[1]) < frames[:, None]
    row, last = np.arange(len(features)), frames - 1
    band = np.abs(features[row, last]).argmax(axis=1)
    cell = row, last, band
    half = features[cell] / 2
    low[cell] = np.maximum(low[cell], np.where(half > 0, half, -np.inf))
    high[cell] = np.minimum(high[cell], np.where(half < 0, half, np.inf))
    return tuple(np.where(is_speech[:, :, None], each, 0) for each in (low, high))


def around(values: np.ndarray, epsilon: float) -> tuple[np.ndarray, np.ndarray]:
    """values − ε and values + ε in the type of `values`, rounded towards them.

    No difference exceeds ε then, in exact numbers either.
    """
    exact = values.astype(np.float64)
    low = (exact - epsilon).astype(values.dtype)
    high = (exact + epsilon).astype(values.dtype)
    low = np.where(exact - low > epsilon, np.nextafter(low, values), low)
    high = np.where(high - exact > epsilon, np.nextafter(high, values), high)
    return low, high
