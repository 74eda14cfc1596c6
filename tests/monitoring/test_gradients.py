"""Gradients of the heads, against closed forms and against those of TensorFlow."""

import keras
import numpy as np
import pytest

import keras_ser as ser
from keras_ser.monitoring import gradients

CLASSES = ("anger", "sadness")


class Toy(keras.Model):
    """Two heads over one shared layer, w·x and −2 w·x, and one that shares nothing."""

    def __init__(self):
        features = keras.Input((3,))
        shared = keras.layers.Dense(1, use_bias=False, name="encoder_1")(features)
        outputs = {
            "emotion": shared,
            "opposed": keras.layers.Rescaling(-2.0)(shared),
            "apart": keras.layers.Dense(1)(features),
        }
        super().__init__(features, outputs)
        self.heads = tuple(outputs)

    def objective(self):
        return {"loss": {head: mean_output for head in self.heads}}


def mean_output(labels, outputs, weights):
    return keras.ops.mean(outputs)


@pytest.fixture(scope="module")
def found():
    """Gradients of the toy on two rows. Their mean is the emotion's, (3, 0, 4)."""
    model = Toy()
    x = np.float32([[2, -1, 4], [4, 1, 4]])
    nothing = dict.fromkeys(model.heads)
    losses = model.objective()["loss"]
    return gradients.head_gradients(model, losses, (x, nothing, nothing))


def test_gradients_are_those_of_each_heads_own_loss(found):
    arrays = {head: keras.ops.convert_to_numpy(found[head][0]) for head in found}
    np.testing.assert_allclose(arrays["emotion"][:, 0], [3, 0, 4], atol=1e-6)
    np.testing.assert_allclose(arrays["opposed"][:, 0], [-6, 0, -8], atol=1e-6)
    np.testing.assert_array_equal(arrays["apart"], 0)


def test_norms_and_cosines_equal_the_closed_form(found):
    assert gradients.norms_and_cosines(found) == pytest.approx(
        {
            "gradient_norm/emotion": 5.0,
            "gradient_norm/opposed": 10.0,
            "gradient_norm/apart": 0.0,
            "gradient_cosine/opposed": -1.0,
            "gradient_cosine/apart": 0.0,
        }
    )


def test_a_cosine_is_over_all_weights_together():
    one = [np.float32([[1, 0]]), np.float32([0])]
    other = [np.float32([[1, 0]]), np.float32([1])]
    measured = gradients.norms_and_cosines({"emotion": one, "center": other})
    assert measured["gradient_cosine/center"] == pytest.approx(np.sqrt(0.5))


def test_a_model_without_encoder_or_losses_shares_no_weights():
    toy = Toy()
    assert [each.path for each in gradients.shared_weights(toy)] == ["encoder_1/kernel"]
    assert gradients.shared_weights(keras.Model(toy.input, toy.output)) == []
    toy.get_layer("encoder_1").trainable = False
    assert gradients.shared_weights(toy) == []


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="TensorFlow's tape is the oracle"
)
def test_mtl_augs_gradients_equal_those_of_a_tape(rng):
    import tensorflow as tf

    keras.utils.set_random_seed(0)
    model = ser.models.MTLAug(CLASSES, augmentations=("none", "mixup"), dimensions=8)
    x = rng.normal(size=(3, 24, 8)).astype("float32")
    x[1, 10:] = 0  # padding
    hard = np.eye(2, dtype="float32")[[0, 1, 0]]
    labels = {head: hard for head in model.heads} | {"reconstruction": x}
    weights = {head: np.float32([1, 0.5, 0]) for head in model.heads}
    losses = model.objective()["loss"]
    found = gradients.head_gradients(model, losses, (x, labels, weights))
    assert set(found) == {"emotion", "center", "augmentation", "reconstruction"}
    variables = gradients.shared_weights(model)
    assert len(variables) == 9 and all("encoder_" in each.path for each in variables)
    for head in model.heads:
        with tf.GradientTape() as tape:
            output = model(x, training=False)[head]
            loss = losses[head](labels[head], output, weights[head])
        expected = tape.gradient(loss, variables)
        for one, other in zip(found[head], expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-7)
