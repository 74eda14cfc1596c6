"""The same training on every Keras backend.

The tests run on the backend of KERAS_BACKEND. Those marked `slow` compare backends,
each in its own process: this file, called with a folder, trains once, shares the
initial weights there and prints the history.
"""

import json
import os
import subprocess
import sys
from importlib import util
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ser import callbacks, models

ROOT = Path(__file__).parents[2]
CLASSES = ("anger", "neutral", "sadness")
BATCH, ROWS, TIME, BANDS = 6, 24, 24, 16
WEIGHTS = "weights.npz"


def rows():
    """Features of different lengths, and labels and weights of all heads."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(ROWS, TIME, BANDS)).astype("float32")
    emotion = np.eye(3, dtype="float32")[np.arange(ROWS) % 3]
    kind = np.eye(4, dtype="float32")[np.arange(ROWS) % 4]
    features[:, :, :3] += 2 * emotion[:, None]
    features[:, :, 3:7] += 2 * kind[:, None]
    for row, length in enumerate(rng.integers(TIME // 3, TIME, ROWS)):
        features[row, length:] = 0
    labels = {
        "emotion": emotion,
        "center": emotion,
        "augmentation": kind,
        "reconstruction": features,
    }
    weights = {head: np.ones(ROWS, "float32") for head in labels}
    weights["emotion"][:2] = weights["center"][:2] = 0  # without a label
    return features, labels, weights


def fit(folder=None) -> dict:
    """The history of two epochs, from the weights in a folder if it has any."""
    keras.utils.set_random_seed(0)
    model = models.MTLAug(CLASSES, dimensions=BANDS, dropout=0.0)
    if folder is not None:
        _share_start(model, Path(folder) / WEIGHTS)
    # Rounding errors grow with each step, and faster with larger steps.
    model.compile(keras.optimizers.Adam(1e-3), **model.objective())
    data = tf.data.Dataset.from_tensor_slices(rows()).batch(BATCH)
    average = callbacks.AverageWeights(0.5)  # which validation sees
    schedule = callbacks.HalveAndRestore(
        "val_emotion_accuracy", patience=1, averaging=average
    )
    history = model.fit(
        data, validation_data=data, epochs=2, callbacks=[schedule, average], verbose=0
    )
    return {
        key: [float(each) for each in history.history[key]]
        for key in sorted(history.history)
    }


def _share_start(model, path: Path) -> None:
    if not path.exists():
        np.savez(path, *model.get_weights())
    with np.load(path) as archive:
        model.set_weights(list(archive.values()))


def test_two_epochs_lower_the_loss_of_all_heads():
    history = fit()
    heads = ("emotion", "center", "augmentation", "reconstruction")
    assert {"learning_rate", "val_emotion_accuracy", "val_emotion_uar"} <= set(history)
    assert all(np.isfinite(values).all() for values in history.values())
    for name in ("loss", *(f"{head}_loss" for head in heads)):
        assert len(history[name]) == 2
    assert history["loss"][1] < history["loss"][0]
    for head in ("emotion", "augmentation", "reconstruction"):
        assert history[f"{head}_loss"][1] < history[f"{head}_loss"][0]


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_another_backend_has_the_same_losses(backend, tmp_path):
    if not util.find_spec(backend):
        pytest.skip(f"needs {backend}")
    expected, found = (
        _fit_in_process(name, tmp_path) for name in ("tensorflow", backend)
    )
    assert expected.pop("backend") == "tensorflow"
    assert found.pop("backend") == backend
    assert set(found) == set(expected)
    for name in expected:
        np.testing.assert_allclose(found[name], expected[name], atol=1e-3, err_msg=name)


def _fit_in_process(backend: str, folder: Path) -> dict:
    """The history of a training in a separate process."""
    done = subprocess.run(
        [sys.executable, __file__, str(folder)],
        env={**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    print(json.dumps({"backend": keras.backend.backend(), **fit(sys.argv[1])}))
