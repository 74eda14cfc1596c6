"""Windows over utterances, and batches of windows."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_ser.features import LogMel, windows

lengths = st.one_of(
    st.floats(0.01, 12.0),
    st.integers(1, 120).map(lambda tenths: tenths / 10),
    st.integers(1, 1200).map(lambda hundredths: hundredths / 100),
)
durations = st.one_of(
    lengths,
    st.integers(1, 200_000).map(lambda samples: samples / 16_000),
    st.integers(1, 500_000).map(lambda samples: samples / 44_100),
)


@pytest.mark.parametrize(
    ("seconds", "window", "hop", "expected"),
    [
        (3.0, 1.0, None, [(0, 1), (1, 2), (2, 3)]),
        (3.0, 3.0, 1.0, [(0, 3)]),
        (2.25, 1.0, 1.0, [(0, 1), (1, 2), (2, 2.25)]),
        (2.05, 1.0, None, [(0, 1), (1, 2.05)]),
        (2.1, 1.0, None, [(0, 1), (1, 2.1)]),
        (0.01, 1.0, None, [(0, 0.01)]),
        (3.5, 1.0, 2.0, [(0, 1), (2, 3)]),
        (3.05, 1.0, 2.0, [(0, 1), (2, 3.05)]),
        (4.05, 1.0, 2.0, [(0, 1), (2, 3)]),
        (4.5, 1.0, 2.0, [(0, 1), (2, 3), (4, 4.5)]),
        (9.0, None, None, [(0, 9)]),
    ],
)
def test_windows_over_a_sound(seconds, window, hop, expected):
    assert windows.time_spans(seconds, window, hop) == expected


@given(seconds=durations, window=lengths, hop=st.none() | lengths)
@settings(max_examples=300, deadline=None)
def test_windows_lie_within_the_sound_and_cover_it(seconds, window, hop):
    spans = windows.time_spans(seconds, window, hop)
    hop = hop or window
    starts, ends = np.array(spans).T
    assert (starts >= 0).all() and (ends <= seconds).all()
    np.testing.assert_allclose(starts, np.arange(len(spans)) * hop, rtol=1e-9)
    np.testing.assert_allclose(ends[:-1] - starts[:-1], window, rtol=1e-6)
    last = ends[-1] - starts[-1]
    assert last <= 1.1001 * window and (last >= 0.0999 * window or len(spans) == 1)
    if hop <= window:
        assert ends[-1] == seconds
        assert (starts[1:] <= ends[:-1] + 1e-9).all()
    else:
        assert seconds - ends[-1] <= hop - window + 0.1001 * window


@given(seconds=durations, window=lengths, hop=st.none() | lengths)
@settings(max_examples=300, deadline=None)
def test_windows_have_the_frames_of_their_time(seconds, window, hop):
    front_end = LogMel()
    count = 1 + math.ceil(seconds * 16_000 - 1e-6) // 160
    spans = windows.time_spans(seconds, window, hop)
    found = [windows.frame_span(each, seconds, count, front_end) for each in spans]
    firsts, lasts = np.array(found).T
    assert (0 <= firsts).all() and (firsts < lasts).all() and (lasts <= count).all()
    times = 0.01 * np.array(found)
    assert np.abs(times - spans).max() <= 0.0151  # at the end, one frame is added
    if (hop or window) <= window:
        assert firsts[0] == 0 and lasts[-1] == count
        assert (firsts[1:] <= lasts[:-1]).all()


def test_a_front_end_with_a_wrong_hop_is_named():
    span = windows.time_spans(3.0, 1.0)[1]
    with pytest.raises(
        ValueError, match=r"one frame per 0.01 s.*1 frames from 3.000 s"
    ):
        windows.frame_span(span, 3.0, 1, LogMel())


@pytest.mark.parametrize(
    ("frames", "starts"),
    [(1, [0]), (9, [0]), (10, [0]), (11, [0, 1]), (20, [0, 10]), (25, [0, 8, 15])],
)
def test_the_fewest_evenly_spaced_windows_cover_an_utterance(frames, starts):
    assert windows.window_starts(frames, 10).tolist() == starts
    features = np.arange(2.0 * frames).reshape(frames, 2)
    cut = windows.cover_with_windows(features, 10)
    assert {len(piece) for piece in cut} == {min(frames, 10)}
    np.testing.assert_array_equal([piece[0, 0] / 2 for piece in cut], starts)
    assert {row for piece in cut for row in piece[:, 0]} == set(features[:, 0])


def test_the_output_of_an_utterance_is_the_mean_over_its_windows(rng):
    values = rng.normal(size=(5, 2))
    found = windows.mean_over_windows(values, [1, 0, 1, 2, 1])
    np.testing.assert_allclose(found[1], values[[0, 2, 4]].mean(axis=0))
    np.testing.assert_array_equal(found[[0, 2]], values[[1, 3]])


@pytest.mark.parametrize(("compiles", "sizes"), [(False, [4, 4, 3]), (True, [5, 5, 1])])
def test_batches_hold_pieces_of_similar_length(compiles, sizes, rng, monkeypatch):
    monkeypatch.setattr(windows.backend, "compiles_each_shape", lambda: compiles)
    lengths = rng.permutation(11)
    batches = windows.batches_by_length(lengths, 5)
    assert [len(batch) for batch in batches] == sizes
    assert lengths[np.concatenate(batches)].tolist() == list(range(11))


@pytest.mark.parametrize(
    ("compiles", "longest", "time"),
    [(False, 64, 64), (False, 65, 128), (False, 129, 192), (True, 129, 256)],
)
def test_pieces_are_padded_with_zeros(compiles, longest, time, rng, monkeypatch):
    monkeypatch.setattr(windows.backend, "compiles_each_shape", lambda: compiles)
    pieces = [rng.normal(size=(frames, 3)) for frames in (7, longest)]
    batch = windows.pad(pieces, 4)
    assert batch.shape == (4, time, 3) and batch.dtype == np.float32
    np.testing.assert_allclose(batch[1, :longest], pieces[1], rtol=1e-6)
    assert not batch[0, 7:].any() and not batch[1, longest:].any()
    assert not batch[2:].any()
    assert windows.pad(pieces, 2, 200).shape == (2, 200, 3)
