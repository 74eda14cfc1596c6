"""Augmentations, compared with their equations, alone and inside tf.data."""

import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ser import augment

BANDS = 40


def batch_of(rng, rows=6, time=120, lengths=None):
    features = rng.normal(size=(rows, time, BANDS)).astype("float32") + 5
    frames = np.int32(lengths if lengths is not None else [time] * rows)
    for row, length in enumerate(frames):
        features[row, length:] = 0
    return {
        "features": tf.constant(features),
        "frames": tf.constant(frames),
        "labels": {
            "emotion": tf.one_hot(np.arange(rows) % 3, 3),
            "valence": tf.constant(rng.normal(size=(rows, 1)), tf.float32),
        },
        "known": {"emotion": tf.ones(rows), "valence": tf.ones(rows)},
        "augmentation_weight": tf.ones(rows),
    }


def seed(number):
    return tf.constant([number, 0])


@pytest.mark.parametrize("name", augment.AUGMENTATIONS)
class TestContract:
    def test_config_round_trip(self, name):
        made = augment.get(name)
        again = type(made)(**made.get_config())
        assert again.get_config() == made.get_config()
        assert again.name == name

    def test_kind_decides_what_it_offers(self, name, rng):
        made = augment.get(name)
        if made.kind == "waveform":
            keys = [transform.key for transform in made.transforms]
            assert len(set(keys)) == len(keys) > 0
            return
        batch, one, other = batch_of(rng), batch_of(rng), batch_of(rng)
        for each in (one, other):
            each["labels"]["emotion"] = tf.one_hot([2] * 6, 3)
        out, again = (made(batch, partner, seed(1)) for partner in (one, other))
        before, after = (each["labels"]["valence"] for each in (batch, out))
        is_soft = (before != after).numpy().any()
        assert made.softens == is_soft
        uses_partner = np.any(out["features"] != again["features"])
        assert made.needs_partner == uses_partner

    def test_same_seed_same_batch_alone_and_in_a_pipeline(self, name, rng):
        made = augment.get(name)
        if made.kind == "waveform":
            pytest.skip("a waveform augmentation has no seed")
        batch, partner = batch_of(rng), batch_of(rng)
        alone = made(batch, partner, seed(3))
        inside = next(
            iter(
                tf.data.Dataset.from_tensors((batch, partner)).map(
                    lambda one, other: made(one, other, seed(3))
                )
            )
        )
        other = made(batch, partner, seed(4))
        tf.nest.assert_same_structure(alone, batch)
        parts = (tf.nest.flatten(each) for each in (alone, batch, inside))
        for value, before, again in zip(*parts, strict=True):
            assert (value.shape, value.dtype) == (before.shape, before.dtype)
            np.testing.assert_array_equal(value, again)
        assert np.any(alone["features"] != other["features"])


class TestSpecAugment:
    def masks(self, features, frames):
        """Hidden bands and frames of an augmented batch that had no zeros."""
        hidden = np.array(features) == 0
        bands = [hidden[i, : frames[i]].all(axis=0) for i in range(len(frames))]
        times = [hidden[i, : frames[i]].all(axis=1) for i in range(len(frames))]
        return bands, times

    def test_masks_are_single_intervals_within_speech(self, rng):
        lengths = [120, 90, 40, 33, 120, 60]
        batch = batch_of(rng, lengths=lengths)
        made = augment.SpecAugment(frequency=12, time=30)
        for number in range(30):
            out = made(batch, batch, seed(number))
            bands, times = self.masks(out["features"], lengths)
            for band, frame, length in zip(bands, times, lengths, strict=True):
                assert np.abs(np.diff(band.astype(int))).sum() <= 2
                assert np.abs(np.diff(frame.astype(int))).sum() <= 2
                assert band.sum() <= 12
                assert frame.sum() <= min(30, int(0.2 * length))
                assert not frame[-1]  # which preserves the length
                assert max(band.sum(), frame.sum()) >= 5

    def test_what_is_not_masked_is_unchanged(self, rng):
        batch = batch_of(rng)
        out = np.array(augment.SpecAugment()(batch, batch, seed(0))["features"])
        kept = out != 0
        np.testing.assert_array_equal(out[kept], np.array(batch["features"])[kept])

    def test_equals_an_implementation_in_numpy(self, rng):
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

    def test_widths_are_uniform(self):
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
    def test_masks_are_distributed_as_those_of_tensorflow_io(self, rng):
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
            drawn[name] = self.masks(out, [time] * rows)
        for axis in (0, 1):
            for measure in (np.sum, np.argmax):
                one, other = (
                    [measure(mask) for mask in drawn[name][axis]] for name in drawn
                )
                assert ks_2samp(one, other).pvalue > 0.001
                assert max(one) > 0

    @pytest.mark.skipif(sys.version_info >= (3, 13), reason="no wheel of tensorflow-io")
    def test_masks_of_tensorflow_io_leave_the_length_too(self, rng):
        batch = batch_of(rng, lengths=[120, 90, 40, 33, 120, 60])
        tf.random.set_seed(0)
        made = augment.SpecAugment(frequency=5, time=60, share=0.9, ops="tfio")
        for number in range(10):
            out = np.array(made(batch, batch, seed(number))["features"])
            for row, length in enumerate(batch["frames"]):
                assert out[row, length - 1].any()
                assert not out[row, length:].any()

    def test_a_band_is_left_where_masks_are_wider_than_the_bands(self, rng):
        batch = batch_of(rng, rows=200)
        made = augment.SpecAugment(frequency=3 * BANDS)
        out = np.array(made(batch, batch, seed(0))["features"])
        assert (out != 0).any(axis=(1, 2)).all()

    def test_few_bands_are_not_all_masked(self, rng):
        """Where there are fewer bands than `least`, one of them is left."""
        batch = batch_of(rng, rows=50)
        batch["features"] = batch["features"][:, :, :3]
        made = augment.SpecAugment(time=0)
        out = np.array(made(batch, batch, seed(0))["features"])
        bands = (out[:, 0] == 0).sum(axis=1)
        assert set(bands) == {2}  # a time mask of 0 leaves this to the bands

    def test_least_is_at_most_the_widest_frequency_mask(self):
        with pytest.raises(ValueError, match="`least` of SpecAugment must be at most"):
            augment.SpecAugment(frequency=4)
        with pytest.raises(ValueError, match="least=6, frequency=5. Set least=0"):
            augment.SpecAugment(frequency=5, least=6)
        assert augment.SpecAugment(frequency=5, least=5).least == 5
        assert augment.SpecAugment(frequency=0, least=0).frequency == 0

    def test_with_least_0_both_masks_may_be_empty(self):
        """Of 4 · 31 pairs of widths, one is empty."""
        frames = tf.fill([8000], 1000)
        made = augment.SpecAugment(time=30, frequency=3, least=0)
        drawn = made.draw(frames, BANDS, seed(2))
        width_f, width_t = (
            np.array(drawn[name]) for name in ("band_width", "frame_width")
        )
        assert set(width_f) == set(range(4)) and set(width_t) == set(range(31))
        empty, expected = ((width_f == 0) & (width_t == 0)).sum(), 8000 / (4 * 31)
        assert abs(empty - expected) < 5 * np.sqrt(expected)

    def test_the_ops_of_keras_give_the_same(self, rng):
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
    def test_the_widest_and_the_narrowest_masks(self, rng, settings, ops):
        if ops == "tfio" and sys.version_info >= (3, 13):
            pytest.skip("no wheel of tensorflow-io")
        lengths = [120, 90, 40, 20, 2, 1]
        batch = batch_of(rng, lengths=lengths)
        made = augment.SpecAugment(**settings, ops=ops)
        found = np.zeros(2, int)
        for number in range(12):
            bands, times = self.masks(
                made(batch, batch, seed(number))["features"], lengths
            )
            for band, frame, length in zip(bands, times, lengths, strict=True):
                widest = (
                    min(settings["frequency"], BANDS - 1),
                    min(settings["time"], length - 1),
                )
                assert band.sum() <= widest[0] and frame.sum() <= widest[1]
                found = np.maximum(found, [band.sum(), frame.sum()])
        assert ((found > 0) == [settings["frequency"] > 0, settings["time"] > 0]).all()

    def test_masks_stay_within_the_widest_frequency_mask(self, rng):
        frames = tf.fill([500], 120)
        made = augment.SpecAugment(frequency=6, time=2, least=6)
        drawn = made.draw(frames, BANDS, seed(3))
        width_f, width_t = drawn["band_width"], drawn["frame_width"]
        assert (np.array(width_f) == 6).all() and max(np.array(width_t)) <= 2

    def test_unknown_ops_are_rejected(self):
        with pytest.raises(ValueError, match="'batch' or 'tfio'.*'numpy'"):
            augment.SpecAugment(ops="numpy")


class TestMixup:
    def test_equations_1_and_2(self, rng):
        one = batch_of(rng, lengths=[120, 90, 40, 33, 120, 60])
        other = batch_of(rng, lengths=[100, 100, 50, 20, 10, 60])
        other["labels"]["emotion"] = tf.one_hot([1, 1, 1, 2, 2, 0], 3)
        out = augment.Mixup()(one, other, seed(2))
        x_i, x_j = np.array(one["features"]), np.array(other["features"])
        mixed = np.array(out["features"])
        for row in range(6):
            # One cell gives λ. Every other cell and the label must agree with it.
            cell = (row, 0, 0)
            share = (mixed[cell] - x_j[cell]) / (x_i[cell] - x_j[cell])
            assert 0 <= share <= 1
            np.testing.assert_allclose(
                mixed[row], share * x_i[row] + (1 - share) * x_j[row], atol=1e-3
            )
            for task, label in out["labels"].items():
                y_i, y_j = one["labels"][task][row], other["labels"][task][row]
                expected = share * y_i + (1 - share) * y_j
                np.testing.assert_allclose(label[row], expected, atol=1e-4)
            assert out["augmentation_weight"][row] == (
                1.0 if 0.1 <= share <= 0.9 else 0.5
            )
        assert out["frames"].numpy().tolist() == [120, 100, 50, 33, 120, 60]

    def test_a_partner_without_a_label_takes_it_away(self, rng):
        one, other = batch_of(rng), batch_of(rng)
        other["known"]["emotion"] = tf.constant([1.0, 0, 1, 0, 1, 0])
        out = augment.Mixup()(one, other, seed(2))
        known, emotion = out["known"], np.array(out["labels"]["emotion"])
        np.testing.assert_array_equal(known["emotion"], other["known"]["emotion"])
        assert (emotion[1::2] == 0).all()
        np.testing.assert_allclose(emotion[::2].sum(axis=1), 1)
        assert (np.array(known["valence"]) == 1).all()

    def test_shares_are_uniform(self, rng):
        one = batch_of(rng, rows=2000, time=1)
        one["features"] = tf.ones((2000, 1, BANDS))
        other = {**one, "features": tf.zeros((2000, 1, BANDS))}
        share = np.array(augment.Mixup()(one, other, seed(0))["features"])[:, 0, 0]
        counts, _ = np.histogram(share, bins=10, range=(0, 1))
        assert (np.abs(counts - 200) < 5 * np.sqrt(200)).all()


def test_speed_lists_its_factors():
    made = augment.SpeedPerturbation((0.8, 1.25))
    assert [transform.factor for transform in made.transforms] == [0.8, 1.25]


@pytest.mark.parametrize(
    "factors",
    [(), (1.0,), (0.9, 1), (0.9, 0.9), (0,), (-1,)]
    + [("a",), (True,), "0.9", 0.9, (float("nan"),), (float("inf"),), None],
)
def test_speed_rejects_factors_that_are_no_variants(factors):
    with pytest.raises(ValueError) as caught:
        augment.SpeedPerturbation(factors)
    message = str(caught.value)
    assert message.startswith("`factors` of SpeedPerturbation must be different finite")
    assert f"Received: {factors!r}." in message


@pytest.mark.parametrize(
    "arguments", [{"share": 1.5}, {"time": -1}, {"least": 2.5}, {"frequency": "a"}]
)
def test_specaugment_rejects_impossible_masks(arguments):
    with pytest.raises(ValueError, match="SpecAugment takes whole numbers.*Received"):
        augment.SpecAugment(**arguments)


@pytest.mark.parametrize(
    "names", [("speed", "speed"), ("mixup", augment.Mixup(), "speed")]
)
def test_names_are_unique(names):
    with pytest.raises(ValueError, match="must have different names. Received: "):
        augment.types(names)


def test_an_unknown_name_is_rejected():
    with pytest.raises(ValueError, match="mixup.*specaugment.*speed.*'pitch'"):
        augment.get("pitch")


def test_arguments_come_with_the_name():
    first, second = augment.instances({"specaugment": {"time": 7}, "mixup": {}})
    assert (first.time, second.name) == (7, "mixup")
    assert augment.types(("mixup", first)) == ("none", "mixup", "specaugment")
