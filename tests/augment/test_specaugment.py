"""SpecAugment, compared with an implementation in NumPy and with tensorflow-io."""

import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from toy_batches import BANDS, batch_of, seed

from keras_ser import augment


def hidden(features, frames):
    """Hidden bands and frames of an augmented batch that had no zeros."""
    hidden = np.array(features) == 0
    bands = [hidden[i, : frames[i]].all(axis=0) for i in range(len(frames))]
    times = [hidden[i, : frames[i]].all(axis=1) for i in range(len(frames))]
    return bands, times


def test_masks_are_single_intervals_within_speech(rng):
    lengths = [120, 90, 40, 33, 120, 60]
    batch = batch_of(rng, lengths=lengths)
    made = augment.SpecAugment(frequency=12, time=30)
    for number in range(30):
        out = made(batch, batch, seed(number))
        bands, times = hidden(out["features"], lengths)
        for band, frame, length in zip(bands, times, lengths, strict=True):
            assert np.abs(np.diff(band.astype(int))).sum() <= 2
            assert np.abs(np.diff(frame.astype(int))).sum() <= 2
            assert band.sum() <= 12
            assert frame.sum() <= min(30, int(0.2 * length))
            assert not frame[-1]  # which preserves the length
            assert max(band.sum(), frame.sum()) >= 5


def test_what_is_not_masked_is_unchanged(rng):
    batch = batch_of(rng)
    out = np.array(augment.SpecAugment()(batch, batch, seed(0))["features"])
    kept = out != 0
    np.testing.assert_array_equal(out[kept], np.array(batch["features"])[kept])


def test_equals_an_implementation_in_numpy(rng):
    lengths = [120, 90, 40, 33, 120, 60]
    batch = batch_of(rng, lengths=lengths)
    made = augment.SpecAugment(frequency=12, time=30)
    drawn = made.draw(batch["frames"], BANDS, seed(7))
    expected = np.array(batch["features"])
    for row in range(len(lengths)):
        f0, f = int(drawn["band_start"][row]), int(drawn["band_width"][row])
        t0, t = int(drawn["frame_start"][row]), int(drawn["frame_width"][row])
        expected[row, :, f0 : f0 + f] = 0
        expected[row, t0 : t0 + t, :] = 0
    out = made(batch, batch, seed(7))["features"]
    np.testing.assert_array_equal(out, expected)


def test_widths_are_uniform():
    frames = tf.fill([4000], 1000)
    made = augment.SpecAugment(frequency=9, time=19, least=0)
    drawn = made.draw(frames, BANDS, seed(1))
    width_f, width_t = drawn["band_width"], drawn["frame_width"]
    for width, largest in ((width_f, 9), (width_t, 19)):
        counts = np.bincount(width, minlength=largest + 1)
        assert len(counts) == largest + 1
        expected = 4000 / (largest + 1)
        assert (np.abs(counts - expected) < 5 * np.sqrt(expected)).all()


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="no wheel of tensorflow-io")
def test_masks_are_distributed_as_those_of_tensorflow_io(rng):
    from scipy.stats import ks_2samp

    rows, time = 300, 60
    ones = batch_of(rng, rows=rows, time=time)
    tf.random.set_seed(0)
    # tensorflow-io never draws the largest width.
    ours = augment.SpecAugment(frequency=11, time=11, share=1.0, least=0)
    theirs = augment.SpecAugment(frequency=12, time=12, share=1.0, ops="tfio")
    drawn = {}
    for name, made in (("ours", ours), ("theirs", theirs)):
        out = made(ones, ones, seed(5))["features"]
        drawn[name] = hidden(out, [time] * rows)
    for axis in (0, 1):
        for measure in (np.sum, np.argmax):
            one, other = (
                [measure(mask) for mask in drawn[name][axis]] for name in drawn
            )
            assert ks_2samp(one, other).pvalue > 0.001
            assert max(one) > 0


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="no wheel of tensorflow-io")
def test_masks_of_tensorflow_io_leave_the_length_too(rng):
    batch = batch_of(rng, lengths=[120, 90, 40, 33, 120, 60])
    tf.random.set_seed(0)
    made = augment.SpecAugment(frequency=5, time=60, share=0.9, ops="tfio")
    for number in range(10):
        out = np.array(made(batch, batch, seed(number))["features"])
        for row, length in enumerate(batch["frames"]):
            assert out[row, length - 1].any()
            assert not out[row, length:].any()


def test_a_band_is_left_where_masks_are_wider_than_the_bands(rng):
    batch = batch_of(rng, rows=200)
    made = augment.SpecAugment(frequency=3 * BANDS)
    out = np.array(made(batch, batch, seed(0))["features"])
    assert (out != 0).any(axis=(1, 2)).all()


def test_few_bands_are_not_all_masked(rng):
    """Where there are fewer bands than `least`, one of them is left."""
    batch = batch_of(rng, rows=50)
    batch["features"] = batch["features"][:, :, :3]
    made = augment.SpecAugment(time=0)
    out = np.array(made(batch, batch, seed(0))["features"])
    bands = (out[:, 0] == 0).sum(axis=1)
    assert set(bands) == {2}  # a time mask of 0 leaves this to the bands


def test_least_is_at_most_the_widest_frequency_mask():
    with pytest.raises(ValueError, match="`least` of SpecAugment must be at most"):
        augment.SpecAugment(frequency=4)
    with pytest.raises(ValueError, match="least=6, frequency=5. Set least=0"):
        augment.SpecAugment(frequency=5, least=6)
    assert augment.SpecAugment(frequency=5, least=5).least == 5
    assert augment.SpecAugment(frequency=0, least=0).frequency == 0


def test_with_least_0_both_masks_may_be_empty():
    """Of 4 · 31 pairs of widths, one is empty."""
    frames = tf.fill([8000], 1000)
    made = augment.SpecAugment(time=30, frequency=3, least=0)
    drawn = made.draw(frames, BANDS, seed(2))
    width_f, width_t = (np.array(drawn[name]) for name in ("band_width", "frame_width"))
    assert set(width_f) == set(range(4)) and set(width_t) == set(range(31))
    empty, expected = ((width_f == 0) & (width_t == 0)).sum(), 8000 / (4 * 31)
    assert abs(empty - expected) < 5 * np.sqrt(expected)


def test_the_ops_of_keras_give_the_same(rng):
    batch = batch_of(rng, lengths=[120, 90, 40, 33, 120, 60])
    made = augment.SpecAugment(time=30, frequency=3, least=0)
    drawn = made.draw(batch["frames"], BANDS, seed(7))
    found = made.apply(batch, batch, drawn, keras.ops)["features"]
    expected = made(batch, batch, seed(7))["features"]
    np.testing.assert_array_equal(np.array(found), np.array(expected))


@pytest.mark.parametrize("ops", ["batch", "tfio"])
@pytest.mark.parametrize(
    "settings",
    [
        {"frequency": 0, "time": 30, "least": 0},
        {"frequency": 3, "time": 0, "least": 0},
        {"frequency": 2 * BANDS, "time": 30, "share": 1.0, "least": 0},
    ],
)
def test_the_widest_and_the_narrowest_masks(rng, settings, ops):
    if ops == "tfio" and sys.version_info >= (3, 13):
        pytest.skip("no wheel of tensorflow-io")
    lengths = [120, 90, 40, 20, 2, 1]
    batch = batch_of(rng, lengths=lengths)
    made = augment.SpecAugment(**settings, ops=ops)
    found = np.zeros(2, int)
    for number in range(12):
        bands, times = hidden(made(batch, batch, seed(number))["features"], lengths)
        for band, frame, length in zip(bands, times, lengths, strict=True):
            widest = (
                min(settings["frequency"], BANDS - 1),
                min(settings["time"], length - 1),
            )
            assert band.sum() <= widest[0] and frame.sum() <= widest[1]
            found = np.maximum(found, [band.sum(), frame.sum()])
    assert ((found > 0) == [settings["frequency"] > 0, settings["time"] > 0]).all()


def test_masks_stay_within_the_widest_frequency_mask(rng):
    frames = tf.fill([500], 120)
    made = augment.SpecAugment(frequency=6, time=2, least=6)
    drawn = made.draw(frames, BANDS, seed(3))
    width_f, width_t = drawn["band_width"], drawn["frame_width"]
    assert (np.array(width_f) == 6).all() and max(np.array(width_t)) <= 2


def test_channels_are_part_of_the_config():
    made = augment.SpecAugment(channels=True)
    again = augment.SpecAugment(**made.get_config())
    assert again.channels and not again.masks_frequencies
    assert "channels" not in augment.SpecAugment().get_config()


def test_unknown_ops_are_rejected():
    with pytest.raises(ValueError, match="'batch' or 'tfio'.*'numpy'"):
        augment.SpecAugment(ops="numpy")


@pytest.mark.parametrize(
    "arguments", [{"share": 1.5}, {"time": -1}, {"least": 2.5}, {"frequency": "a"}]
)
def test_specaugment_rejects_impossible_masks(arguments):
    with pytest.raises(ValueError, match="SpecAugment takes whole numbers.*Received"):
        augment.SpecAugment(**arguments)
