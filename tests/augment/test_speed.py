"""The factors of speed perturbation."""

import pytest

from keras_ser import augment


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
