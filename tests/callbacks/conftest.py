"""The model that the tests of several callbacks share."""

import pytest

from keras_ser import models


@pytest.fixture
def small_model():
    """A function that builds and compiles a small model with all heads."""

    def build():
        model = models.MTLAug(("a", "b"), dimensions=16)
        model.compile("sgd", **model.objective())
        return model

    return build
