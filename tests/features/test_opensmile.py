"""openSMILE as a front-end, and what happens without the package."""

import importlib.metadata
import importlib.util

import numpy as np
import pytest

from keras_ser.features import OpenSmileLLD, Preprocessing
from keras_ser.features.contract import BadFrontEnd
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


each_kind = pytest.mark.parametrize("kind", [OpenSmile, OpenSmileLLD])


@needs_opensmile
@each_kind
def test_only_the_version_of_the_settings_computes(kind, noise):
    front_end, found = kind(version="9.9.9"), installed_opensmile()
    message = f"Expected opensmile 9.9.9.*Received: opensmile {found}.*opensmile==9.9.9"
    with pytest.raises(BadFrontEnd, match=message):
        front_end(noise(0.5))


@pytest.mark.not_fast
@needs_opensmile
def test_a_saved_model_computes_with_the_version_that_it_was_saved_with(
    noise, tmp_path
):
    import tensorflow  # noqa: F401

    front_end = OpenSmileLLD()
    zeros = np.zeros(front_end.dimensions)
    given = Preprocessing(front_end, ("a", "b"), 1.0, "train", zeros, zeros + 1)
    found = Preprocessing.load(given.save(tmp_path / "p.json")).front_end
    assert found == front_end and found.version == installed_opensmile()
    np.testing.assert_array_equal(found(noise(0.5)), front_end(noise(0.5)))


@each_kind
def test_settings_need_no_package_and_features_do(kind, monkeypatch, noise):
    def fail(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", fail)
    front_end = kind(version="2.6.0")
    with pytest.raises(BadFrontEnd, match=r"pip install 'keras_ser\[opensmile\]'"):
        front_end(noise(0.5))


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
