"""How values are written."""

import math

import pytest

from keras_ser.reports import text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1.0, "1.000"),
        (0.031, "0.031"),
        (0.00099, "0.0010"),
        (1 / 10001, "0.0001"),
        (4e-5, "< 0.0001"),
        (0.0, "< 0.0001"),
        (math.nan, "–"),
    ],
)
def test_p_is_never_0(value, expected):
    assert text.p_value(value) == expected


@pytest.mark.parametrize("write", [text.points, text.signed, text.percent, text.number])
def test_what_is_no_number_is_a_dash(write):
    assert write(math.nan) == "–"


def test_differences_have_a_sign():
    assert [text.points(x) for x in (0.012, -0.012, 0.0)] == ["+1.2", "−1.2", "0.0"]
    assert [text.signed(x) for x in (0.012, -0.012)] == ["+0.012", "−0.012"]
