"""Windows over utterances, and batches of windows."""

import numpy as np
import pytest

from keras_ser.features import windows


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
