"""Notations of times, and segments that must lie within their files."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_ser.corpora import table as tables
from keras_ser.corpora import times

quick = settings(max_examples=50, deadline=None)
milliseconds = st.integers(0, 5_000_000)


def clock(value, comma="."):
    hours, rest = divmod(value, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours:02d}:{minutes:02d}:{rest // 1000:02d}{comma}{rest % 1000:03d}"


# How a number of milliseconds is written.
WRITERS = {
    "seconds": lambda value: f"{value / 1000:.3f}",
    "shortest": lambda value: repr(value / 1000),
    "unit": lambda value: f"{value / 1000} s",
    "milliseconds": lambda value: f"{value} ms",
    "comma": lambda value: f"{value / 1000:.4f}".replace(".", ","),
    "clock": clock,
    "subtitles": lambda value: clock(value, ","),
    "minutes": lambda value: f"{value // 60_000}:{value % 60_000 / 1000:06.3f}",
    "pandas": lambda value: str(pd.Timedelta(value, "ms")),
    "Python": lambda value: str(pd.Timedelta(value, "ms").to_pytimedelta()),
}


@pytest.mark.parametrize("notation", WRITERS)
@quick
@given(value=milliseconds)
def test_every_notation_gives_the_same_seconds(notation, value):
    if notation == "minutes":
        value %= 60_000_000
    text = WRITERS[notation](value)
    assert times.parse(text) == pytest.approx(value / 1000, abs=1e-6), text


@quick
@given(text=st.text("0123456789.,:' _-+esxdayinf", max_size=12))
def test_other_texts_are_rejected(text):
    """What is accepted is a number with one separator, or has the form of a clock."""
    found = times.parse(text)
    if found is None:
        return
    assert math.isfinite(found)
    assert "_" not in text and "'" not in text
    plain = text.removesuffix("s").strip().replace(",", ".")
    if ":" not in text and "day" not in text and "m" not in text:
        assert found == float(plain)


@pytest.mark.parametrize(
    "text",
    ["1 500", "1'500", "1,234,567", "1,234.5", "1.234,5", "1_500", "1.5.2", "soon", ""]
    + [
        "00:00:01:12",
        "00:61",
        "1:60:00",
        "inf",
        "1e999",
        "1.5 x",
        "1 min",
        "1,234",
        "٣",
    ],
)
def test_what_is_no_time_or_ambiguous_is_rejected(text):
    assert times.parse(text) is None


def test_one_clear_comma_decides_about_the_others():
    assert times.parse_all(["1,234", "2,500"]) == {"1,234": None, "2,500": None}
    assert times.parse_all(["1,234", "0,5"]) == {"1,234": 1.234, "0,5": 0.5}
    assert times.parse_all(["1,234", "0.5"])["1,234"] is None


@pytest.fixture
def row(write_audio):  # half a second of audio
    ids = {"utterance": "toy/a", "corpus": "toy", "speaker": "toy/1"}
    return {**ids, "file": str(write_audio("a.wav"))}


@pytest.mark.parametrize("end", [0.5, 0.5001, 0.55])
def test_an_end_may_lie_beyond_the_file_by_rounding(row, end):
    table = tables.from_rows([{**row, "start": 0.1, "end": end}])
    assert table.end[0] == end
    assert table.duration[0] == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("start", "end"), [(0, 500), (0.1, 0.56), (0.5, 0.51), (0.6, None), (400, 500)]
)
def test_segments_outside_the_file_are_rejected(row, start, end):
    with pytest.raises(ValueError, match="lie within their files") as caught:
        tables.from_rows(
            [row, {**row, "utterance": "toy/b", "start": start, "end": end}]
        )
    message = str(caught.value)
    assert "toy/b with start" in message and "a file of 0.5 s" in message
    assert "milliseconds, divide them by 1000" in message


@pytest.mark.parametrize(("start", "end"), [(-0.1, 0.2), (0.2, 0.1), (0.2, 0.2)])
def test_segments_without_length_are_rejected(row, start, end):
    with pytest.raises(ValueError, match="0 <= start < end"):
        tables.from_rows([{**row, "start": start, "end": end}])


@pytest.mark.parametrize(
    "values",
    [
        [pd.Timedelta("0.1s"), pd.Timedelta("0.3s")],
        ["0,1", "0,3"],
        ["0 days 00:00:00.1", "00:00.3"],
        [np.float32(0.1), 0.3],
    ],
)
def test_a_table_by_hand_may_hold_times_of_other_types(row, values):
    table = tables.from_rows([{**row, "start": values[0], "end": values[1]}])
    assert table.start[0] == pytest.approx(0.1)
    assert table.duration[0] == pytest.approx(0.2)


@pytest.mark.parametrize("value", ["soon", "1,234", True, [1]])
def test_a_value_that_is_no_time_is_named(row, value):
    rows = [{**row, "start": 0.0}, {**row, "utterance": "toy/b", "start": value}]
    with pytest.raises(ValueError, match="Column `start` must hold seconds") as caught:
        tables.from_rows(rows)
    assert repr(value) in str(caught.value)


def test_times_are_checked_before_other_files_are_reported_unreadable(row):
    gone = {**row, "utterance": "toy/gone", "file": "gone.wav", "start": 0, "end": 1}
    with pytest.raises(tables.UnreadableFiles) as caught:
        tables.from_rows([row, gone])
    assert list(caught.value.errors) == ["gone.wav"]
    with pytest.raises(ValueError, match="lie within"):
        tables.from_rows([{**row, "end": 500.0}, gone])
