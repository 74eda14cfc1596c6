"""Scaling of the vectors of classical systems."""

import numpy as np
import pytest

from keras_ser.classical import Scaling
from keras_ser.features import NORMALISATIONS


@pytest.mark.parametrize("normalise", NORMALISATIONS)
def test_vectors_have_no_mean_of_their_own_utterance(normalise):
    if normalise in ("train", "speaker"):
        assert Scaling(normalise, np.eye(3)).normalise == normalise
        return
    with pytest.raises(ValueError) as caught:
        Scaling(normalise, np.eye(3))
    message = str(caught.value)
    assert "one vector per utterance" in message
    assert f"Received: '{normalise}'. Choose one of these, or leave out" in message
