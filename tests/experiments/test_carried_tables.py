"""Tables come back from bytes with their types and every value."""

import math

import numpy as np
import pandas as pd
import pytest

from keras_ser.experiments import carried_tables

TEXTS = ["", "a", "ü", "\udcff.wav", "two\nlines"]


@pytest.fixture
def table():
    number = [0.1, math.nan, math.inf, -0.0, 5e-324]
    return pd.DataFrame(
        {
            "texts": pd.Series(TEXTS, dtype=object),
            "words": pd.Series(["", "a", "b", "c", None], dtype="str"),
            "mixed": pd.Series([None, math.nan, "x", 0.1, True], dtype=object),
            "number": number,
            "count": np.array([1, 2, 3, 4, -(2**62)], np.int64),
            "single": np.array(number, np.float32),
            "is_known": [True, False, True, True, False],
        }
    )


def test_every_value_comes_back(table):
    table.attrs["release"] = "2005"
    found = carried_tables.from_bytes(*carried_tables.to_bytes(table))
    assert found.dtypes.tolist() == table.dtypes.tolist()
    assert found.attrs == table.attrs
    pd.testing.assert_frame_equal(found, table, check_exact=True)
    assert found.number.to_numpy().tobytes() == table.number.to_numpy().tobytes()
    assert [type(each) for each in found.mixed] == [type(each) for each in table.mixed]
    assert found.index.equals(pd.RangeIndex(5))


def test_a_table_without_rows_comes_back(table):
    found = carried_tables.from_bytes(*carried_tables.to_bytes(table.iloc[:0]))
    pd.testing.assert_frame_equal(found, table.iloc[:0])


def test_other_values_are_rejected(table):
    with pytest.raises(ValueError, match="Column `when` must hold.*Received: Time"):
        carried_tables.to_bytes(table.assign(when=pd.Timestamp("2020-01-01")))
    with pytest.raises(ValueError, match="default index.*reset_index"):
        carried_tables.to_bytes(table.iloc[1:])


def test_content_that_does_not_fit_is_rejected(table):
    texts, numbers = carried_tables.to_bytes(table)
    with pytest.raises(ValueError, match="a column of 5 values, not 4"):
        carried_tables.from_bytes(texts.replace(b'"rows": 5', b'"rows": 4'), numbers)
    with pytest.raises(ValueError, match="columns of the type 'words of 2030'"):
        carried_tables.from_bytes(
            texts.replace(b'"dtype": "str"', b'"dtype": "words of 2030"'), numbers
        )
