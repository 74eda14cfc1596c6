"""openSMILE as a front-end, and what happens without the package."""

import importlib.metadata
import importlib.util

import numpy as np
import pytest

from keras_ser.features.opensmile import FEATURE_SETS, OpenSmile, installed_opensmile

# The package is not imported here, because its import may crash: see `OpenSmile`.
needs_opensmile = pytest.mark.skipif(
    importlib.util.find_spec("opensmile") is None,
    reason="the package opensmile is not installed: pip install 'keras_ser[opensmile]'",
)


@pytest.mark.not_fast
@needs_opensmile
@pytest.mark.parametrize("features", FEATURE_SETS)
def test_opensmile_gives_its_functionals_next_to_tensorflow(noise, features):
    """A separate process computes them, because TensorFlow is loaded in this one."""
    import tensorflow  # noqa: F401

    front_end = OpenSmile(features)
    found = front_end(noise(1.0))
    assert found.shape == (1, front_end.dimensions)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, front_end(noise(1.0)))
    assert not np.array_equal(found, front_end(noise(1.0, seed=1)))
    with pytest.raises(ValueError, match="0.010 s of audio.*shorter than 0.06 s"):
        front_end(noise(0.01))


def test_without_the_package_the_extra_is_named(monkeypatch):
    def fail(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", fail)
    for function in (installed_opensmile, OpenSmile):
        with pytest.raises(ValueError, match=r"pip install 'keras_ser\[opensmile\]'"):
            function()


@pytest.mark.parametrize(
    "settings",
    [{"features": "eGeMAPSv01"}, {"features": ["x"]}, {"version": 2}, {"version": ""}]
    + [{"version": "2" * 10_000}],
)
def test_settings_are_checked(settings):
    with pytest.raises(ValueError, match=f"`{next(iter(settings))}` must be") as caught:
        OpenSmile(**{"version": "2.6.0", **settings})
    assert len(str(caught.value)) < 200
