"""What a value is predicted from, against an implementation with plain indices."""

import numpy as np
import pytest

from keras_ser.features import prediction


@pytest.mark.parametrize("dimensions", [1, 2, 5, 8])
@pytest.mark.parametrize("frames", [1, 2, 7])
def test_the_neighbours_are_those_of_the_definition(frames, dimensions):
    shape = 2, frames, dimensions
    array = 1.0 + np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    waves = prediction.Waves(*shape)
    waves.fill(array)
    assert np.array_equal(waves.collect(), array)
    seen = 0
    for wave in waves.filled():
        found = waves.neighbours(wave)
        for lane, values in enumerate(waves.read(wave)):
            frame, band = np.argwhere(array[0] == values[0])[0]
            assert 2 * frame + band == wave
            expected = (
                edge(array, frame, band - 1),
                edge(array, frame - 1, band),
                edge(array, frame - 1, band - 1),
                edge(array, frame - 1, band + 1),
            )
            for part, right in zip(found, expected, strict=True):
                assert part[lane].tolist() == right.tolist()
            seen += 1
        waves.extend(wave)
    assert seen == frames * dimensions


def edge(array, frame, band):
    """A value of each segment.

    Before the first frame it is 0. Beyond the bands of a frame, it is the value at the
    edge: below them that of the frame before.
    """
    if band < 0:
        frame, band = frame - 1, 0
    band = min(band, array.shape[2] - 1)
    return array[:, frame, band] if frame >= 0 else np.zeros(len(array))


def test_float16_values_are_numbered_in_their_order():
    codes = np.arange(2**16, dtype=np.uint16).view(np.float16)
    finite = codes[np.isfinite(codes)]
    numbers = prediction._to_order(finite)
    ordered = finite[np.argsort(numbers)].astype(np.float64)
    assert (np.diff(ordered) >= 0).all()
    assert len(set(numbers.tolist())) == len(finite)
    assert prediction._from_order(numbers).tobytes() == finite.tobytes()
