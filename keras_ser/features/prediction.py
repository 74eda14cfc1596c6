"""Lossless coding of float16 spectrograms by the prediction of each value.

A value in frame t and band f is predicted from four that are coded before it,

    a · (t, f − 1) + b · (t − 1, f) + c · (t − 1, f − 1) + d · (t − 1, f + 1),

with weights that are fitted to each set of frames. If there is a reference, such as the
same speech at another speed, its values at these places and at (t, f) take part in the
sum. What is coded is the number of float16 values between the prediction and the value,
as Golomb-Rice codes whose parameter depends on how much the four differ from each other
or from the reference, and on the exponent of the prediction.

Values of equal 2 t + f do not depend on each other, and form a wave. Long sequences
are cut into segments, whose waves are coded together. Decoding thus takes a few
operations on large arrays per wave. All of them are operations on single float32
values or on whole numbers, whose results are the same on every machine.
"""

from collections.abc import Iterator

import numpy as np

from keras_ser.features import rice

SEGMENT_FRAMES = 512
FITTED_VALUES = 2**20  # from which the weights are computed
COUNTED_VALUES = 2**22  # from which the parameters of the codes are chosen
WEIGHT_UNIT = 64  # weights are multiples of 1 / 64
MAX_WEIGHT = 4.0
BEFORE = 3  # rows of zeros before the first wave
SPREADS, EXPONENTS = 96, 64
CONTEXTS = SPREADS * EXPONENTS
# The upper 10 bits of a float32 are its sign, its exponent, and half octaves.
SPREAD_SHIFT, SMALLEST_SPREAD = 22, 200
EXPONENT_SHIFT = 10  # of a float16, as a whole number


class Waves:
    """The values of several segments of equal length, arranged by waves.

    Args:
        segments: The number of segments.
        frames: The number of frames of each.
        dimensions: The number of values per frame.

    Attributes:
        values: float32 `(waves, lanes, segments)`, where band f is in lane f // 2. It
            has a lane more on each side, and a few waves more at the start.
    """

    def __init__(self, segments: int, frames: int, dimensions: int):
        self.frames, self.dimensions = frames, dimensions
        self.count = 2 * (frames - 1) + dimensions
        lanes = dimensions // 2 + 3
        self.values = np.zeros((BEFORE + self.count + 1, lanes, segments), np.float32)

    def fill(self, array: np.ndarray) -> None:
        """Arranges `(segments, frames, dimensions)`."""
        for band in range(self.dimensions):
            self._band(band)[:] = array[:, :, band].T

    def collect(self) -> np.ndarray:
        """The inverse of `fill`, float32."""
        shape = self.values.shape[2], self.frames, self.dimensions
        array = np.empty(shape, np.float32)
        for band in range(self.dimensions):
            array[:, :, band] = self._band(band).T
        return array

    def _band(self, band: int) -> np.ndarray:
        """All values of a band, `(frames, segments)`."""
        first = BEFORE + band
        return self.values[first : first + 2 * self.frames : 2, band // 2 + 1]

    def lanes(self, wave: int) -> slice:
        """The lanes of a wave that hold values."""
        first = max(wave % 2, wave - 2 * (self.frames - 1))
        last = min(self.dimensions - 1, wave)
        return slice(first // 2 + 1, (last - wave % 2) // 2 + 2)

    def neighbours(self, wave: int) -> tuple[np.ndarray, ...]:
        """The four values before each value of a wave, each `(lanes, segments)`."""
        lanes, row = self.lanes(wave), BEFORE + wave
        odd = wave % 2
        lower = slice(lanes.start - 1 + odd, lanes.stop - 1 + odd)
        upper = slice(lanes.start + odd, lanes.stop + odd)
        return (
            self.values[row - 1, lower],
            self.values[row - 2, lanes],
            self.values[row - 3, lower],
            self.values[row - 1, upper],
        )

    def filled(self) -> Iterator[int]:
        """The numbers of the waves that hold values."""
        for wave in range(self.count):
            lanes = self.lanes(wave)
            if lanes.start < lanes.stop:
                yield wave

    def read(self, wave: int) -> np.ndarray:
        """The values of a wave, `(lanes, segments)`."""
        return self.values[BEFORE + wave, self.lanes(wave)]

    def write(self, wave: int, values: np.ndarray) -> None:
        """Sets the values of a wave, and what lies beyond the edges after it."""
        self.values[BEFORE + wave, self.lanes(wave)] = values
        self.extend(wave)

    def extend(self, wave: int) -> None:
        """Repeats the first and the last band beyond the edges, after a wave."""
        row, last = BEFORE + wave, self.dimensions - 1
        if wave % 2 == 0 and wave // 2 < self.frames:
            self.values[row + 1, 0] = self.values[row, 1]
        if wave >= last and (wave - last) % 2 == 0:
            edge = self.values[row, last // 2 + 1]
            self.values[row + 1, (last + 1) // 2 + 1] = edge


def encode(frames: np.ndarray, references: np.ndarray | None = None) -> list[bytes]:
    """Encodes frames.

    Args:
        frames: Finite float16 array `(frames, dimensions)`, neither of them 0.
        references: A finite float32 array of the same shape, which `decode` gets too;
            None if there is none.

    Returns:
        The parts that `decode` takes.
    """
    others = None if references is None else _arranged(references)
    weights = _fit(frames, references)
    steps = list(_steps(_arranged(frames), others, weights))
    numbers = np.concatenate([_zigzag(each) for each, _ in steps])
    contexts = np.concatenate([each for _, each in steps])
    del steps
    part = slice(None, None, -(-len(numbers) // COUNTED_VALUES))
    bits = rice.best_bits(numbers[part], contexts[part], CONTEXTS)
    settings = weights.astype("<f4").tobytes(), bits.tobytes()
    return [*settings, *rice.encode(numbers, bits[contexts])]


def decode(
    parts: list[bytes],
    count: int,
    dimensions: int,
    references: np.ndarray | None = None,
) -> np.ndarray:
    """Decodes frames.

    Args:
        parts: From `encode`.
        count: The number of frames.
        dimensions: The number of values per frame.
        references: As for `encode`.

    Returns:
        float16 `(count, dimensions)`.

    Raises:
        ValueError: If the parts are not those of as many frames.
    """
    weights, bits = np.frombuffer(parts[0], "<f4"), np.frombuffer(parts[1], np.uint8)
    if (
        len(weights) != (4 if references is None else 9)
        or len(bits) != CONTEXTS
        or bits.max() > rice.MAX_BITS
    ):
        raise ValueError("other weights or parameters than expected")
    segments, frames = _segments(count)
    decoder = rice.Decoder(*parts[2:], segments * frames * dimensions)
    waves = Waves(segments, frames, dimensions)
    others = None if references is None else _arranged(references)
    for wave in waves.filled():
        neighbours = _neighbours(waves, others, wave)
        predicted = _predict(neighbours, weights)
        numbers = decoder.read(bits[_contexts(neighbours, predicted)])
        found = (_unzigzag(numbers) + predicted.ravel()).reshape(predicted.shape)
        waves.write(wave, _from_order(found))
    return waves.collect().reshape(-1, dimensions)[:count].astype("<f2")


def _segments(count: int) -> tuple[int, int]:
    """The number of segments of this many frames, and the frames of each."""
    segments = -(-count // SEGMENT_FRAMES)
    return segments, -(-count // segments)


def _arranged(frames: np.ndarray) -> "Waves":
    """Cuts frames into segments; the last frame fills up the last of them."""
    segments, length = _segments(len(frames))
    padding = segments * length - len(frames)
    padded = np.pad(frames, [(0, padding), (0, 0)], mode="edge")
    waves = Waves(segments, length, frames.shape[1])
    waves.fill(padded.reshape(segments, length, -1))
    for wave in waves.filled():
        waves.extend(wave)
    return waves


def _fit(frames: np.ndarray, references: np.ndarray | None) -> np.ndarray:
    """The weights with the least squared error, float32 `(4,)` or `(9,)`."""
    value, *columns = _columns(frames)
    columns += [] if references is None else _columns(references)
    found = np.linalg.lstsq(np.stack(columns, axis=1), value, rcond=None)[0]
    found = np.clip(found, -MAX_WEIGHT, MAX_WEIGHT)
    return np.float32(np.round(found * WEIGHT_UNIT) / WEIGHT_UNIT)


def _columns(frames: np.ndarray) -> list[np.ndarray]:
    """Some values, and the four before each of them, all `(values,)`."""
    count = max(2, FITTED_VALUES // frames.shape[1])
    part = frames[:count].astype(np.float64)
    now, before = part[1:], part[:-1]
    middle, lower, upper = slice(1, -1), slice(-2), slice(2, None)
    found = (
        *(now[:, middle], now[:, lower]),
        *(before[:, middle], before[:, lower], before[:, upper]),
    )
    return [each.ravel() for each in found]


def _steps(
    waves: "Waves", references: "Waves | None", weights: np.ndarray
) -> Iterator[tuple]:
    """Yields the residuals of each wave and their contexts, both `(values,)`."""
    for wave in waves.filled():
        neighbours = _neighbours(waves, references, wave)
        predicted = _predict(neighbours, weights)
        residuals = _to_order(waves.read(wave)) - predicted
        yield residuals.ravel(), _contexts(neighbours, predicted)


def _neighbours(waves: "Waves", references: "Waves | None", wave: int) -> tuple:
    """What a wave is predicted from: four arrays, or nine with a reference."""
    own = waves.neighbours(wave)
    if references is None:
        return own
    return *own, references.read(wave), *references.neighbours(wave)


def _predict(neighbours: tuple, weights: np.ndarray) -> np.ndarray:
    """Predicted float16 values, in the order of `_to_order`."""
    total = neighbours[0] * weights[0]
    for values, weight in zip(neighbours[1:], weights[1:], strict=True):
        total += values * weight
    return _to_order(total)


def _contexts(neighbours: tuple, predicted: np.ndarray) -> np.ndarray:
    """The context of each value, uint16 `(values,)`."""
    left, before, corner, right, *reference = neighbours
    others = reference[1:4] or (corner, corner, right)
    spread = np.abs(left - others[0]) + np.abs(before - others[1])
    spread += np.abs((corner if reference else before) - others[2])
    level = (spread.view(np.int32) >> SPREAD_SHIFT) - SMALLEST_SPREAD
    level = np.clip(level, 0, SPREADS - 1)
    exponent = (predicted >> EXPONENT_SHIFT) + EXPONENTS // 2
    return (level * EXPONENTS + exponent).astype(np.uint16).ravel()


def _to_order(values: np.ndarray) -> np.ndarray:
    """Numbers the float16 values in ascending order, int32; −0.0 is −1, 0.0 is 0."""
    with np.errstate(over="ignore"):  # an infinite prediction has a number too
        code = values.astype("<f2").view(np.int16).astype(np.int32)
    return np.where(code < 0, -(code & 0x7FFF) - 1, code)


def _from_order(numbers: np.ndarray) -> np.ndarray:
    """The inverse of `_to_order`, float16."""
    code = np.where(numbers < 0, -numbers - 1 - 0x8000, numbers)
    return code.astype(np.int16).view(np.float16)


def _zigzag(numbers: np.ndarray) -> np.ndarray:
    """Numbers 0, −1, 1, −2, … by 0, 1, 2, 3, …, uint32."""
    return ((numbers << 1) ^ (numbers >> 31)).astype(np.uint32)


def _unzigzag(numbers: np.ndarray) -> np.ndarray:
    """The inverse of `_zigzag`, int32."""
    return (numbers >> np.uint32(1)).astype(np.int32) ^ -(numbers & 1).astype(np.int32)
