"""Gradients of the heads, against closed forms and against those of TensorFlow."""

import dataclasses

import keras
import numpy as np
import pytest

import keras_ser as ser
from keras_ser import tasks
from keras_ser.monitoring import gradients

CLASSES = ("anger", "sadness")


@dataclasses.dataclass(frozen=True)
class MeanOutput(tasks.Task):
    """A task whose loss is the mean of the outputs, with a gradient known by heart."""

    kind = "mean"

    def target(self, batch):
        raise NotImplementedError("Gradients are measured on batches that have labels.")

    def loss(self):
        return lambda labels, outputs, weights: keras.ops.mean(outputs)


class Reversal(keras.layers.Layer):
    """Passes values on and turns gradients round."""

    def call(self, values):
        return 2 * keras.ops.stop_gradient(values) - values


class Toy(ser.models.SpeechModel):
    """Heads over one shared layer, w·x, −2 w·x and w·x reversed, and one without it."""

    def __init__(self):
        features = keras.Input((None, 3))
        mean = keras.layers.GlobalAveragePooling1D()(features)
        shared = keras.layers.Dense(1, use_bias=False, name="shared")(mean)
        outputs = {
            "first": shared,
            "opposed": keras.layers.Rescaling(-2.0)(shared),
            "reversed": Reversal()(shared),
            "apart": keras.layers.Dense(1)(mean),
        }
        super().__init__(
            inputs=features,
            outputs=outputs,
            tasks=[MeanOutput(name) for name in outputs],
            embedding=mean,
            code=shared,
        )


@pytest.fixture(scope="module")
def found():
    """Gradients of the toy on two rows. Their mean is that of the first, (3, 0, 4)."""
    model = Toy()
    x = np.float32([[[2, -1, 4]], [[4, 1, 4]]])
    nothing = dict.fromkeys(model.heads)
    losses = model.objective()["loss"]
    return gradients.head_gradients(model, losses, (x, nothing, nothing))


def test_gradients_are_those_of_each_heads_own_loss(found):
    arrays = {head: keras.ops.convert_to_numpy(found[head][0]) for head in found}
    np.testing.assert_allclose(arrays["first"][:, 0], [3, 0, 4], atol=1e-6)
    np.testing.assert_allclose(arrays["opposed"][:, 0], [-6, 0, -8], atol=1e-6)
    np.testing.assert_array_equal(arrays["apart"], 0)


def test_a_reversed_head_is_measured_as_it_reaches_the_encoder(found):
    first, turned = (
        keras.ops.convert_to_numpy(found[head][0]) for head in ("first", "reversed")
    )
    np.testing.assert_allclose(turned, -first, atol=1e-6)


def test_norms_and_cosines_equal_the_closed_form(found):
    assert gradients.norms_and_cosines(found) == pytest.approx(
        {
            "gradient_norm/first": 5.0,
            "gradient_norm/opposed": 10.0,
            "gradient_norm/reversed": 5.0,
            "gradient_norm/apart": 0.0,
            "gradient_cosine/opposed": -1.0,
            "gradient_cosine/reversed": -1.0,
            "gradient_cosine/apart": 0.0,
        }
    )


def test_a_cosine_is_over_all_weights_together():
    one = [np.float32([[1, 0]]), np.float32([0])]
    other = [np.float32([[1, 0]]), np.float32([1])]
    measured = gradients.norms_and_cosines({"valence": one, "other": other})
    assert measured["gradient_cosine/other"] == pytest.approx(np.sqrt(0.5))
    assert "gradient_cosine/valence" not in measured  # the main head is the first


def test_a_model_without_an_encoder_shares_no_weights():
    toy = Toy()
    assert [each.path for each in gradients.shared_weights(toy)] == ["shared/kernel"]
    assert gradients.shared_weights(keras.Model(toy.input, toy.output)) == []
    toy.get_layer("shared").trainable = False
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
    before = [keras.ops.convert_to_numpy(each) for each in model.variables]
    found = gradients.head_gradients(model, losses, (x, labels, weights))
    for variable, value in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(variable, value)  # class centers stay, too
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


def test_a_negative_weight_reverses_a_gradient():
    """As of a discriminator that the encoder deceives; its size does not count."""
    model = Toy()
    model.tasks = tuple(dataclasses.replace(t, weight=-0.5) for t in model.tasks)
    nothing = dict.fromkeys(model.heads)
    batch = np.ones((1, 1, 3), "float32"), nothing, nothing
    found = gradients.head_gradients(model, model.objective()["loss"], batch)
    first, reversed_ = (
        keras.ops.convert_to_numpy(found[head][0]) for head in ("first", "reversed")
    )
    np.testing.assert_allclose(first[:, 0], [-1, -1, -1])
    np.testing.assert_allclose(reversed_[:, 0], [1, 1, 1])
