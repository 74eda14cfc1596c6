"""A setting of Keras that would change results is named, and models are not built."""

import json
import os
import subprocess
import sys

import keras
import pytest

from keras_ser import models
from keras_ser.backend import settings

SETTINGS = [
    ("floatx", "float64"),
    ("floatx", "float16"),
    ("epsilon", 1e-3),
    ("dtype_policy", "float16"),
    ("dtype_policy", "float64"),
]
BUILD = """
from keras_ser import models
try:
    model = models.MODELS[{name!r}](("anger", "sadness"), dimensions=16)
except ValueError as error:
    print("refused:", error)
else:
    print("built:", model.output["emotion"].shape, model.compute_dtype)
"""


@pytest.mark.parametrize(("setting", "value"), SETTINGS)
@pytest.mark.parametrize("name", models.MODELS)
def test_a_setting_that_changes_results_is_named(name, setting, value):
    before = getattr(keras.config, setting)()
    getattr(keras.config, f"set_{setting}")(value)
    try:
        with pytest.raises(ValueError) as caught:
            models.MODELS[name](("anger", "sadness"), dimensions=16)
    finally:
        getattr(keras.config, f"set_{setting}")(before)
    assert setting.replace("_", " ") in str(caught.value)
    assert f"Received: {value!r}" in str(caught.value)
    assert f"keras.config.set_{setting}(" in str(caught.value)


@pytest.mark.not_fast
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"image_data_format": "channels_first"}, "built: (None, 2) float32"),
        ({"floatx": "float64"}, "refused: The Keras setting `floatx` must be"),
        ({"epsilon": 0.01}, "refused: The Keras setting `epsilon` must be 1e-07"),
    ],
)
def test_the_file_of_a_user_is_named(tmp_path, change, expected):
    content = {"backend": keras.backend.backend(), **change}
    (tmp_path / "keras.json").write_text(json.dumps(content))
    done = subprocess.run(
        [sys.executable, "-c", BUILD.format(name="MTLAug")],
        env={**os.environ, "KERAS_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith(expected)


@pytest.mark.parametrize("name", ["max_epochs", "max_steps_per_epoch"])
def test_a_limit_of_the_training_is_named(name, monkeypatch):
    settings.check_limits()
    monkeypatch.setattr(keras.config, name, lambda: 1, raising=False)
    with pytest.raises(ValueError, match=f"{name}=1. .*KERAS_{name.upper()}"):
        settings.check_limits()
