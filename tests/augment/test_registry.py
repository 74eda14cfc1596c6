"""The contract that each augmentation keeps, and how names become instances."""

import numpy as np
import pytest
import tensorflow as tf
from toy_batches import batch_of, seed

from keras_ser import augment


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
