"""Compressed features come back to the last bit, whatever they are."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from keras_ser.features import compression, prediction

FEW = settings(max_examples=40, deadline=None)


def restored(arrays):
    found = compression.decompress(compression.compress(arrays))
    assert [each.shape for each in found] == [each.shape for each in arrays]
    assert [each.dtype for each in found] == [each.dtype for each in arrays]
    return [each.tobytes() for each in found]


def bits(dtype, unsigned):
    """Arrays of any bit patterns: also NaN, infinities, −0.0 and denormals."""
    shapes = st.tuples(st.integers(0, 20), st.integers(1, 9))
    return arrays_of.arrays(unsigned, shapes).map(lambda each: each.view(dtype))


@FEW
@given(bits("<f2", np.uint16))
@example(np.full((3, 2), np.finfo("<f2").max, "<f2"))
@example(np.array([[65504, -65504], [-65504, 65504], [-0.0, 6e-8]], "<f2"))
@example(np.zeros((1, 1), "<f2"))
def test_any_float16_comes_back(array):
    assert restored([array]) == [array.tobytes()]


@FEW
@given(bits("<f4", np.uint32))
def test_any_float32_comes_back(array):
    assert restored([array]) == [array.tobytes()]


@FEW
@given(
    frames=st.lists(st.integers(0, 12), min_size=1, max_size=5),
    dimensions=st.integers(1, 12),
    segment=st.integers(1, 6),
    seed=st.integers(0, 100),
)
def test_finite_float16_comes_back_at_any_length(frames, dimensions, segment, seed):
    rng = np.random.default_rng(seed)
    spread = 10.0 ** rng.uniform(-7, 4)
    arrays = [
        rng.normal(scale=spread, size=(count, dimensions)).astype("<f2")
        for count in frames
    ]
    before, prediction.SEGMENT_FRAMES = prediction.SEGMENT_FRAMES, segment
    try:
        found = restored(arrays)
    finally:
        prediction.SEGMENT_FRAMES = before
    assert found == [each.tobytes() for each in arrays]


@FEW
@given(
    shape=st.tuples(st.integers(1, 20), st.integers(1, 9)),
    segment=st.integers(1, 6),
    scale=st.sampled_from([1e-7, 1.0, 6e4]),
)
def test_arrays_with_references_come_back(shape, segment, scale):
    rng = np.random.default_rng(0)
    array = (scale * rng.uniform(-1, 1, size=shape)).astype("<f2")
    near = [(array + scale * rng.normal(scale=0.1, size=shape)).astype(np.float32)]
    before, prediction.SEGMENT_FRAMES = prediction.SEGMENT_FRAMES, segment
    try:
        content = compression.compress([array], near)
        (found,) = compression.decompress(content, near)
    finally:
        prediction.SEGMENT_FRAMES = before
    assert found.tobytes() == array.tobytes()


def test_near_references_save_bytes_and_are_needed(rng):
    arrays = [rng.normal(size=(count, 16)).astype("<f2") for count in (200, 300)]
    near = [each + rng.normal(scale=0.02, size=each.shape) for each in arrays]
    near = [each.astype(np.float32) for each in near]
    content = compression.compress(arrays, near)
    assert len(content) < 0.8 * len(compression.compress(arrays))
    found = compression.decompress(content, near)
    assert [each.tobytes() for each in found] == [each.tobytes() for each in arrays]
    with pytest.raises(ValueError, match="damaged"):
        compression.decompress(content)
    with pytest.raises(ValueError, match="references of the shape"):
        compression.decompress(content, near[:1])


def test_a_smooth_spectrogram_becomes_small(rng):
    steps = rng.normal(scale=0.05, size=(600, 40))
    smooth = np.cumsum(np.cumsum(steps, axis=0) * 0.1, axis=1).astype("<f2")
    content = compression.compress([smooth])
    assert len(content) < 0.65 * smooth.nbytes
    silence = np.full((600, 40), -23.03, "<f2")
    assert len(compression.compress([silence])) < 0.05 * silence.nbytes


def test_blocks_hold_whole_arrays(monkeypatch):
    monkeypatch.setattr(compression, "MAX_BLOCK_VALUES", 100)
    found = list(compression.blocks([5, 5, 1, 30, 2, 2], dimensions=10))
    assert found == [slice(0, 2), slice(2, 3), slice(3, 4), slice(4, 6)]
    assert list(compression.blocks([], dimensions=10)) == []


def test_arrays_of_two_kinds_are_rejected():
    half, single = np.zeros((2, 3), "<f2"), np.zeros((2, 3), "<f4")
    for wrong in ([], [half, single], [half, half[:, :2]], [np.zeros((2, 3))]):
        with pytest.raises(ValueError, match="of one type.*Received: "):
            compression.compress(wrong)


@pytest.mark.parametrize("dtype", ["<f2", "<f4"])
def test_damaged_content_is_an_error_or_seen_by_a_checksum(rng, dtype):
    """A shorter content is always an error."""
    array = rng.normal(size=(30, 5)).astype(dtype)
    content = compression.compress([array])
    for length in range(0, len(content), 7):
        with pytest.raises(ValueError, match="damaged"):
            compression.decompress(content[:length])
    for place in range(0, len(content), 11):
        changed = bytearray(content)
        changed[place] ^= 64
        try:
            found = compression.decompress(bytes(changed))
        except ValueError:
            continue
        assert isinstance(found[0], np.ndarray)  # no other kind of error
