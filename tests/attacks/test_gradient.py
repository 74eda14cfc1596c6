"""The gradient that attacks follow, and the bounds that they keep to."""

import warnings

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy

from keras_ser import backend
from keras_ser.attacks import BIM, FGSM, gradient

DIMENSIONS = 16
TENSORFLOW = keras.backend.backend() == "tensorflow"


# === The bounds ===


def test_bounds_are_exact_where_float32_rounds(rng):
    values = (rng.normal(size=100_000) * 10.0 ** rng.integers(-3, 4, 100_000)).astype(
        "float32"
    )
    for epsilon in (0.08, 1e-5, 1 / 3):
        low, high = gradient.bounds(values, epsilon)
        for each in (low, high):
            assert each.dtype == np.float32
            assert np.abs(each.astype("float64") - values).max() <= epsilon
        assert (low <= values).all() and (values <= high).all()
        # The next float32 lies outside the ball.
        beyond = np.nextafter(high, np.float32(np.inf)).astype("float64")
        assert (beyond - values > epsilon).all()


@pytest.mark.parametrize("sign", [1, -1])
def test_a_frame_of_speech_never_becomes_padding(sign, lengths, linear):
    """The step cancels the last frame, so one value keeps half of its size."""
    network = linear(np.tile([[0.0, -sign]], (6, 1)))
    features = np.float32([[[1, 1], [2, 2], [0.25, 0.25]]]) * sign
    attacked = FGSM(0.25)(network, features, np.float32([[1, 0]]))
    np.testing.assert_array_equal(
        attacked, np.float32([[[0.75, 0.75], [1.75, 1.75], [0.125, 0]]]) * sign
    )
    assert lengths(attacked) == [3]


# === The margin and its gradient ===


def test_the_margin_grows_with_the_cross_entropy(rng):
    """−ln p_y = ln(1 + e^m)."""
    logits = rng.normal(size=(5, 4)).astype("float32") * 3
    truth = np.eye(4, dtype="float32")[[0, 1, 2, 3, 1]]
    exponential = np.exp(logits.astype("float64"))
    posterior = (exponential * truth).sum(axis=1) / exponential.sum(axis=1)
    found = convert_to_numpy(
        gradient.margin(keras.ops.convert_to_tensor(logits), truth)
    )
    np.testing.assert_allclose(np.log1p(np.exp(found)), -np.log(posterior), rtol=1e-5)


def test_the_direction_is_that_of_the_cross_entropy(model, speech, lengths, rng):
    features, truth = speech(rng)

    def cross_entropy(tensors):
        posterior = model(tensors[0], training=False)
        return keras.ops.sum(keras.losses.categorical_crossentropy(truth, posterior))

    ((expected,)) = backend.value_and_gradient(cross_entropy, [features])[1]
    expected = convert_to_numpy(expected)
    found = gradient.margin_gradient(model, features, truth)
    is_speech = np.arange(40) < np.array(lengths(features))[:, None]
    same = np.sign(found) == np.sign(expected)
    assert same[is_speech].mean() > 0.999
    assert np.abs(found - expected).max() > 1e-3  # the factor 1 − p_y


def scale_logits(network, factor):
    """A copy of the model whose logits are `factor` times as large."""
    copied = keras.models.clone_model(network)
    copied.set_weights(network.get_weights())
    kernel = copied.layers[-1].kernel
    kernel.assign(factor * kernel)
    return copied


@pytest.mark.parametrize("factor", [30, 1e4])
def test_a_certain_model_is_attacked_like_an_uncertain_one(factor, linear, rng):
    """With two classes, larger logits leave the signs of ∇m unchanged."""
    network = linear(rng.normal(size=(6, 2)))
    features = rng.normal(size=(8, 3, 2)).astype("float32")
    posterior = convert_to_numpy(network(features))
    truth = np.eye(2, dtype="float32")[posterior.argmax(axis=1)]
    certain = scale_logits(network, factor)
    if factor > 1e3:
        assert (convert_to_numpy(certain(features)).min(axis=1) == 0).all()
    np.testing.assert_array_equal(
        BIM(0.3)(certain, features, truth), BIM(0.3)(network, features, truth)
    )


def test_probabilities_replace_logits_and_a_flat_model_is_reported(linear, rng):
    weights = rng.normal(size=(6, 2)).astype("float32")
    features = rng.normal(size=(8, 3, 2)).astype("float32")
    network = linear(weights)
    truth = np.eye(2, dtype="float32")[
        convert_to_numpy(network(features)).argmax(axis=1)
    ]
    expected = FGSM(0.1)(network, features, truth)

    def without_logits(factor):
        logits = linear(factor * weights, activation=None)
        return keras.Model(logits.input, keras.layers.Softmax()(logits.output))

    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        found = FGSM(0.1)(without_logits(10), features, truth)
    np.testing.assert_array_equal(found, expected)
    with pytest.warns(UserWarning, match="gradient is 0 for 8 of 8 utterances"):
        found = FGSM(0.1)(without_logits(0), features, truth)
    np.testing.assert_array_equal(found, features)


def test_a_gradient_that_is_not_finite_is_rejected(model, speech, rng):
    features, truth = speech(rng)
    features[0, 0, 0] = np.nan
    with pytest.raises(ValueError, match="Expected a finite gradient"):
        FGSM(0.1)(model, features, truth)


# === Compilation ===


class Counter(keras.layers.Layer):
    """Records each call from Python, which a compiled graph does not make."""

    def build(self, shape):
        self.calls = []
        self.built = True

    def call(self, inputs):
        self.calls.append(tuple(inputs.shape))
        return inputs

    def compute_output_shape(self, shape):
        return shape


def counting_network():
    counter = Counter()
    features = keras.Input((None, DIMENSIONS))
    pooled = keras.layers.GlobalAveragePooling1D()(counter(features))
    network = keras.Model(features, keras.layers.Dense(3, "softmax")(pooled))
    counter.calls.clear()
    return network, counter.calls


@pytest.mark.skipif(
    keras.backend.backend() == "torch", reason="PyTorch compiles nothing"
)
def test_steps_and_batches_of_a_shape_are_traced_once(speech, rng):
    network, calls = counting_network()
    for _ in range(3):
        BIM(0.1)(network, *speech(rng))
    traces = len(calls)
    assert 0 < traces <= 2
    FGSM(0.2)(network, *speech(rng))
    assert len(calls) == traces


@pytest.mark.skipif(not TENSORFLOW, reason="JAX compiles every shape")
def test_different_shapes_share_one_graph(speech, rng):
    network, calls = counting_network()
    for time in (20, 21):
        FGSM(0.1)(network, *speech(rng, time=time, batch=time // 3))
    traces = len(calls)
    for time in (22, 30, 40):
        FGSM(0.1)(network, *speech(rng, time=time, batch=time // 4))
    assert len(calls) == traces


def test_the_current_weights_are_attacked(linear, rng):
    weights = rng.normal(size=(6, 2)).astype("float32")
    network, features = linear(weights), rng.normal(size=(1, 3, 2)).astype("float32")
    truth = np.float32([[1, 0]])
    before = FGSM(0.1)(network, features, truth)
    network.set_weights([-weights])
    after = FGSM(0.1)(network, features, truth)
    np.testing.assert_allclose(after - features, features - before, atol=1e-6)
