"""Numbers: labels of a table, and predictions."""

import numpy as np
import pytest
from toy_tasks import TABLE, VALENCE

from keras_ser import tasks


def test_numbers_are_read_as_they_are_and_missing_ones_as_nan():
    found = VALENCE.read(TABLE)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, TABLE.valence, rtol=1e-6)
    texts = TABLE.assign(valence=["0.25", "", None, "1e-3", "-2"])
    expected = np.float32([0.25, np.nan, np.nan, 1e-3, -2])
    np.testing.assert_allclose(VALENCE.read(texts), expected)


@pytest.mark.parametrize("wrong", ["high", np.inf, "-inf"])
def test_what_is_no_finite_number_is_rejected(wrong):
    table = TABLE.assign(valence=[0.1, wrong, None, "", 0.2])
    with pytest.raises(ValueError, match="finite numbers in column `valence`"):
        VALENCE.read(table)


@pytest.mark.parametrize("shape", [(2,), (2, 1)])
def test_predicted_numbers_are_text(shape):
    found = VALENCE.predictions(np.reshape([0.123456789, -2], shape))
    assert list(found) == ["prediction"]
    assert found.prediction.tolist() == ["0.123457", "-2"]


def test_unlabelled_speech_has_no_numbers():
    """An own rating must not reach the rows that lost their labels."""
    assert not tasks.Regression("arousal_of_mine").uses_unlabelled
    assert tasks.Regression("age", is_rating=False).uses_unlabelled
