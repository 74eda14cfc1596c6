"""Arguments that are one of a few values."""

import pytest

from keras_ser.utils.choices import check_choice


def test_known_values_pass_and_others_are_named():
    check_choice("pad", "batch", ("batch", "window"))
    with pytest.raises(ValueError) as caught:
        check_choice("pad", "frame", ("batch", "window"))
    expected = "`pad` must be one of ('batch', 'window'). Received: 'frame'."
    assert str(caught.value) == expected
    with pytest.raises(ValueError, match=r"Received: \['batch'\]\."):
        check_choice("pad", ["batch"], ("batch", "window"))
