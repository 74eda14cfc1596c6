"""CSV files are read back as they were written."""

import io

import pandas as pd
from hypothesis import example, given, settings
from hypothesis import strategies as st

from keras_ser.utils import csv_files

# All characters that UTF-8 can hold, and often those that have a meaning in CSV files.
NAMES = st.text(st.sampled_from("\r\n\t\0\"',;#\\ a\ufeff\u2028\x1a")) | st.text(
    st.characters(exclude_categories=["Cs"])
)


def read(text: str) -> pd.DataFrame:
    options = {"dtype": str, "keep_default_na": False, "index_col": False}
    return pd.read_csv(io.BytesIO(text.encode()), **options)


@settings(max_examples=50, deadline=None)
@given(st.lists(NAMES, min_size=1, max_size=4))
@example(["a\rb"])
@example(["NA", "\r\n", ""])
def test_names_are_read_back(names):
    table = pd.DataFrame({"first": "x", "name": names, "p": 0.25})
    found = read(csv_files.to_text(table, float_format="%.6f"))
    assert found.name.tolist() == names
    assert set(found.p) == {"0.250000"}


def test_a_return_in_a_title_is_read_back():
    table = pd.DataFrame({"p_a\rb": [0.5]})
    assert list(read(csv_files.to_text(table))) == ["p_a\rb"]


def test_usual_names_are_not_quoted():
    table = pd.DataFrame({"name": ["a", "b,c"], "p": [0.5, None]})
    assert csv_files.to_text(table) == 'name,p\na,0.5\n"b,c",\n'
