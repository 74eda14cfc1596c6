"""Checks of arguments."""

import numpy as np
import pytest

from keras_ser.utils import choices
from keras_ser.utils.choices import check_choice


def test_known_values_pass_and_others_are_named():
    check_choice("pad", "batch", ("batch", "window"))
    with pytest.raises(ValueError) as caught:
        check_choice("pad", "frame", ("batch", "window"))
    expected = "`pad` must be one of ('batch', 'window'). Received: 'frame'."
    assert str(caught.value) == expected
    with pytest.raises(ValueError, match=r"Received: \['batch'\]\."):
        check_choice("pad", ["batch"], ("batch", "window"))


def test_numbers_of_python_and_numpy_pass():
    choices.check_fraction(rate=0, other=0.5, third=np.float32(0.25))
    for value in (1, -0.1, np.nan, "0.5", None, True):
        with pytest.raises(ValueError, match="`rate` must be a number of at least 0"):
            choices.check_fraction(rate=value)


def test_integers_and_switches():
    choices.check_positive(batch=1)
    choices.check_integer_from_0(first=0)
    choices.check_switch(masked=False)
    for check, value in (
        *((choices.check_positive, value) for value in (0, 1.0, True, "1")),
        *((choices.check_integer_from_0, value) for value in (-1, 1.0, False)),
        *((choices.check_switch, value) for value in (0, "no", None)),
    ):
        with pytest.raises(ValueError, match="`given` must be .* Received: "):
            check(given=value)
