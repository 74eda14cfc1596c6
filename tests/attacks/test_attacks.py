"""Attacks against closed forms, another library and their own promises."""

import sys
import warnings

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy

from keras_ser import attacks, backend, models
from keras_ser.attacks import BIM, FGSM, PGD, gradient
from keras_ser.layers import padding

CLASSES = ("anger", "neutral", "sadness")
BANDS = 16
TENSORFLOW = keras.backend.backend() == "tensorflow"


def speech(rng, batch=6, time=40):
    """Ragged features whose first bands tell the class, and the classes."""
    truth = np.eye(3, dtype="float32")[np.arange(batch) % 3]
    features = rng.normal(size=(batch, time, BANDS)).astype("float32")
    features[:, :, :3] += 0.5 * truth[:, None]
    for row, length in enumerate(rng.integers(time // 3, time, batch)):
        features[row, length:] = 0
    return features, truth


def loss(model, features, truth):
    """Mean cross-entropy."""
    posterior = convert_to_numpy(model(features, training=False))
    return -np.log((posterior * truth).sum(axis=1)).mean()


def lengths(features):
    return convert_to_numpy(padding.frames(features)).tolist()


def of_every_kind(epsilon):
    return [kind(epsilon) for kind in attacks.ATTACKS.values()]


def ids(attack):
    return f"{type(attack).__name__}-{attack.epsilon:.2g}"


@pytest.fixture(scope="module")
def model():
    """An emotion model that learnt a little."""
    keras.utils.set_random_seed(0)
    network = models.MTLAug(CLASSES, bands=BANDS, **models.BASELINE)
    network.compile(keras.optimizers.Adam(3e-3), **network.objective())
    features, truth = speech(np.random.default_rng(1), batch=24)
    network.fit(features, {"emotion": truth}, epochs=6, batch_size=12, verbose=0)
    return network.emotion_model


def linear(weights, time=3, **softmax):
    """Softmax of a product with all features, `weights` of shape (cells, classes)."""
    weights = np.asarray(weights, "float32")
    features = keras.Input((time, len(weights) // time))
    flat = keras.layers.Flatten()(features)
    options = {"activation": "softmax", "use_bias": False, **softmax}
    dense = keras.layers.Dense(weights.shape[1], **options)
    model = keras.Model(features, dense(flat))
    dense.set_weights([weights])
    return model


# === What every attack promises ===


@pytest.mark.parametrize(
    "attack", [each for e in (0.02, 1 / 3) for each in of_every_kind(e)], ids=ids
)
def test_nothing_leaves_the_ball_and_padding_stays_zero(attack, model, rng):
    features, truth = speech(rng)
    attacked = attack(model, features, truth, range(6))
    difference = np.abs(attacked.astype("float64") - features)
    assert difference.max() <= attack.epsilon
    assert difference.max() > 0.99 * attack.epsilon
    assert attacked.dtype == np.float32
    assert lengths(attacked) == lengths(features)
    for row, length in enumerate(lengths(features)):
        assert not attacked[row, length:].any()
        assert (difference[row, :length] > 0).mean() > 0.9


def test_bounds_are_exact_where_float32_rounds(rng):
    values = (rng.normal(size=100_000) * 10.0 ** rng.integers(-3, 4, 100_000)).astype(
        "float32"
    )
    for epsilon in (0.08, 1e-5, 1 / 3):
        low, high = gradient.around(values, epsilon)
        for each in (low, high):
            assert each.dtype == np.float32
            assert np.abs(each.astype("float64") - values).max() <= epsilon
        assert (low <= values).all() and (values <= high).all()
        # No float32 nearer to the sphere is left out.
        beyond = np.nextafter(high, np.float32(np.inf)).astype("float64")
        assert (beyond - values > epsilon).all()


@pytest.mark.parametrize("attack", of_every_kind(0.0), ids=ids)
def test_an_epsilon_of_zero_changes_no_bit(attack, model, rng):
    features, truth = speech(rng)
    features[0, 3, :4] = -0.0
    attacked = attack(model, features, truth, range(6))
    assert attacked.tobytes() == features.tobytes()
    assert attacked is not features


@pytest.mark.parametrize("sign", [1, -1])
def test_a_frame_of_speech_never_becomes_padding(sign):
    """The step cancels the last frame: one band keeps half of itself."""
    network = linear(np.tile([[0.0, -sign]], (6, 1)))
    features = np.float32([[[1, 1], [2, 2], [0.25, 0.25]]]) * sign
    attacked = FGSM(0.25)(network, features, np.float32([[1, 0]]))
    np.testing.assert_array_equal(
        attacked, np.float32([[[0.75, 0.75], [1.75, 1.75], [0.125, 0]]]) * sign
    )
    assert lengths(attacked) == [3]


@pytest.mark.parametrize("kind", attacks.ATTACKS.values())
def test_an_utterance_does_not_know_its_neighbours_or_its_padding(kind, model, rng):
    features, truth = speech(rng)
    attack = kind(0.1)
    whole = attack(model, features, truth, range(10, 16))
    alone = attack(model, features[2:3], truth[2:3], [12])
    order = [4, 2, 0]
    longer = np.pad(features[order], ((0, 0), (0, 33), (0, 0)))
    others = attack(model, longer, truth[order], [14, 12, 10])
    for found in (alone[0], others[1, : features.shape[1]]):
        # Rounding turns the sign of a gradient that is all but 0.
        assert np.isclose(found, whole[2], atol=1e-6).mean() > 0.99


def test_more_steps_raise_the_loss_further(model, rng):
    features, truth = speech(rng, batch=12)
    found = {
        name: loss(model, kind(0.08)(model, features, truth, range(12)), truth)
        for name, kind in attacks.ATTACKS.items()
    }
    clean = loss(model, features, truth)
    assert clean < found["fgsm"] < found["bim"]
    assert found["fgsm"] < found["pgd"]


def test_the_model_infers_and_stays_as_it_is(rng):
    """Dropout would leave half of the cells without a gradient."""
    keras.utils.set_random_seed(0)
    features = keras.Input((None, BANDS))
    hidden = keras.layers.BatchNormalization()(keras.layers.Dropout(0.5)(features))
    pooled = keras.layers.GlobalAveragePooling1D()(hidden)
    network = keras.Model(features, keras.layers.Dense(3, "softmax")(pooled))
    before = [convert_to_numpy(each) for each in network.variables]
    x, truth = speech(rng)
    one, other = (BIM(0.1)(network, x, truth) for _ in range(2))
    np.testing.assert_array_equal(one, other)
    for row, length in enumerate(lengths(x)):
        assert (one != x)[row, :length].mean() > 0.99
    for was, each in zip(before, network.variables, strict=True):
        np.testing.assert_array_equal(was, convert_to_numpy(each))


# === Each attack ===


def test_names_and_defaults_are_those_of_the_documents():
    assert attacks.ATTACKS == {"fgsm": FGSM, "bim": BIM, "pgd": PGD}
    assert FGSM() == FGSM(0.08) != BIM(0.08)
    assert (BIM().epsilon, BIM().steps, BIM().share) == (0.08, 10, 1 / 4)
    assert (PGD().epsilon, PGD().steps, PGD().share) == (0.08, 20, 1 / 8)


def test_fgsm_is_a_step_along_the_sign_of_the_closed_form(rng):
    """m = (w_other − w_true) · x for two classes."""
    weights = rng.normal(size=(6, 2)).astype("float32")
    features = rng.normal(size=(2, 3, 2)).astype("float32")
    attacked = FGSM(0.1)(linear(weights), features, np.eye(2, dtype="float32"))
    ascent = np.sign(weights[:, 1] - weights[:, 0]).reshape(3, 2)
    expected = features + np.float32(0.1) * np.stack([ascent, -ascent])
    np.testing.assert_allclose(attacked, expected, atol=1e-6)


def test_bim_walks_around_a_corner():
    """|x| has its slope turn at 0: steps of ε / 4 from 0.1 end beside 0 or at the rim.

    With z = (0, |x_1| − |x_2|) and truth 0 the loss rises with |x_1| and falls with
    |x_2|: x_1 goes out by ε, x_2 goes to 0 and around it.
    """
    features = keras.Input((1, 2))
    apart = keras.ops.abs(keras.layers.Flatten()(features))
    dense = keras.layers.Dense(2, activation="softmax", use_bias=False)
    network = keras.Model(features, dense(apart))
    dense.set_weights([np.float32([[0, 1], [0, -1]])])
    start, truth = np.float32([[[0.1, 0.1]]]), np.float32([[1, 0]])
    single = FGSM(0.4)(network, start, truth)
    np.testing.assert_allclose(single, [[[0.5, -0.3]]], atol=1e-6)
    walked = BIM(0.4)(network, start, truth)
    np.testing.assert_allclose(walked[0, 0, 0], 0.5, atol=1e-6)
    assert abs(walked[0, 0, 1]) < 0.101


def test_pgd_starts_where_its_seed_says(model, rng):
    features, truth = speech(rng)
    low, high = gradient.around_features(features, 0.1)

    def start(seeds):
        return PGD(0.1).start(features, low, high, seeds)

    first, again, other = start([5] * 6), start(range(5, 11)), start([6] * 6)
    np.testing.assert_array_equal(first[0], again[0])
    assert (first[0] != other[0])[: lengths(features)[0]].mean() > 0.99
    moved = (first - features)[0, : lengths(features)[0]]
    assert moved.min() < -0.09 and moved.max() > 0.09 and abs(moved.mean()) < 0.02
    attacked = [PGD(0.1)(model, features, truth, [seed] * 6) for seed in (5, 5, 6)]
    np.testing.assert_array_equal(attacked[0], attacked[1])
    assert (attacked[0] != attacked[2]).any()


# === The gradient ===


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


def test_the_direction_is_that_of_the_cross_entropy(model, rng):
    features, truth = speech(rng)

    def cross_entropy(tensors):
        posterior = model(tensors[0], training=False)
        return keras.ops.sum(keras.losses.categorical_crossentropy(truth, posterior))

    ((expected,)) = backend.value_and_gradient(cross_entropy, [features])[1]
    expected = convert_to_numpy(expected)
    found = gradient.of_margin(model, features, truth)
    is_speech = np.arange(40) < np.array(lengths(features))[:, None]
    same = np.sign(found) == np.sign(expected)
    assert same[is_speech].mean() > 0.999
    assert np.abs(found - expected).max() > 1e-3  # the factor 1 − p_y


def sure(network, factor):
    """The same model with logits that are `factor` times as large."""
    copied = keras.models.clone_model(network)
    copied.set_weights(network.get_weights())
    kernel = copied.layers[-1].kernel
    kernel.assign(factor * kernel)
    return copied


@pytest.mark.parametrize("factor", [30, 1e4])
def test_a_model_that_is_sure_is_attacked_all_the_same(factor, rng):
    """With two classes, larger logits have the same signs of ∇m."""
    network = linear(rng.normal(size=(6, 2)))
    features = rng.normal(size=(8, 3, 2)).astype("float32")
    posterior = convert_to_numpy(network(features))
    truth = np.eye(2, dtype="float32")[posterior.argmax(axis=1)]
    certain = sure(network, factor)
    if factor > 1e3:
        assert (convert_to_numpy(certain(features)).min(axis=1) == 0).all()
    np.testing.assert_array_equal(
        BIM(0.3)(certain, features, truth), BIM(0.3)(network, features, truth)
    )


def test_without_logits_probabilities_do_and_a_flat_model_is_told(rng):
    weights = rng.normal(size=(6, 2)).astype("float32")
    features = rng.normal(size=(8, 3, 2)).astype("float32")
    plain = linear(weights)
    truth = np.eye(2, dtype="float32")[convert_to_numpy(plain(features)).argmax(axis=1)]
    expected = FGSM(0.1)(plain, features, truth)

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


class Counter(keras.layers.Layer):
    """Counts how often Python comes by."""

    def build(self, shape):
        self.calls = []
        self.built = True

    def call(self, inputs):
        self.calls.append(tuple(inputs.shape))
        return inputs

    def compute_output_shape(self, shape):
        return shape


def counted(rng):
    counter = Counter()
    features = keras.Input((None, BANDS))
    pooled = keras.layers.GlobalAveragePooling1D()(counter(features))
    network = keras.Model(features, keras.layers.Dense(3, "softmax")(pooled))
    counter.calls.clear()
    return network, counter.calls


@pytest.mark.skipif(
    keras.backend.backend() == "torch", reason="PyTorch compiles nothing"
)
def test_steps_and_batches_of_a_shape_are_traced_once(rng):
    network, calls = counted(rng)
    for _ in range(3):
        BIM(0.1)(network, *speech(rng))
    traces = len(calls)
    assert 0 < traces <= 2
    FGSM(0.2)(network, *speech(rng))
    assert len(calls) == traces


@pytest.mark.skipif(not TENSORFLOW, reason="JAX compiles every shape")
def test_other_shapes_share_one_graph(rng):
    network, calls = counted(rng)
    for time in (20, 21):
        FGSM(0.1)(network, *speech(rng, time=time, batch=time // 3))
    traces = len(calls)
    for time in (22, 30, 40):
        FGSM(0.1)(network, *speech(rng, time=time, batch=time // 4))
    assert len(calls) == traces


def test_weights_of_today_are_attacked(rng):
    weights = rng.normal(size=(6, 2)).astype("float32")
    network, features = linear(weights), rng.normal(size=(1, 3, 2)).astype("float32")
    truth = np.float32([[1, 0]])
    before = FGSM(0.1)(network, features, truth)
    network.set_weights([-weights])
    after = FGSM(0.1)(network, features, truth)
    np.testing.assert_allclose(after - features, features - before, atol=1e-6)


# === Errors ===


@pytest.mark.parametrize("kind", attacks.ATTACKS.values())
@pytest.mark.parametrize("epsilon", [-0.1, np.nan, np.inf, "0.1", True, None])
def test_an_epsilon_is_a_finite_number_of_0_or_more(kind, epsilon):
    with pytest.raises(ValueError, match="`epsilon` must be a finite number"):
        kind(epsilon)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"steps": 0}, "`steps` must be a whole number of 1 or more. Received: 0"),
        ({"steps": 2.0}, "`steps` must be a whole number"),
        ({"share": 0}, "`share` must be a number above 0, up to 1. Received: 0"),
        ({"share": 1.5}, "`share` must be a number above 0, up to 1"),
    ],
)
@pytest.mark.parametrize("kind", [BIM, PGD])
def test_steps_and_share_are_checked(kind, arguments, words):
    with pytest.raises(ValueError, match=words):
        kind(0.1, **arguments)


def change(features, truth, seeds):
    """Arguments, each of which is wrong in one way, with the words of the error."""
    nothing = np.zeros_like(truth)
    return {
        "rank": ((features[0], truth, seeds), "`features` must be float32"),
        "type": ((features.astype(int), truth, seeds), "Received: int64"),
        "empty": ((features[:, :0], truth, seeds), r"Received: float32 \(2, 0, 16\)"),
        "classes": ((features, truth[:, :2], seeds), r"one-hot, of shape \(2, 3\)"),
        "soft": ((features, truth / 2, seeds), "`truth` must be one-hot"),
        "unlabelled": ((features, nothing, seeds), "Leave out utterances without"),
        "too few": ((features, truth, [1]), "`seeds` must be 2 whole numbers"),
        "no numbers": ((features, truth, [0.5, 1.0]), "`seeds` must be 2 whole"),
        "negative": ((features, truth, [-1, 1]), "`seeds` must be 2 whole"),
        "none": ((features, truth, None), "`PGD` starts at random"),
    }


@pytest.mark.parametrize("what", change(np.zeros((2, 4, 16)), np.eye(2, 3), [1, 2]))
def test_bad_arguments_are_named(what, model, rng):
    features, truth = speech(rng, batch=2)
    arguments, words = change(features, truth, [1, 2])[what]
    with pytest.raises(ValueError, match=words):
        PGD(0.1)(model, *arguments)


def test_a_gradient_that_is_no_number_is_refused(model, rng):
    features, truth = speech(rng)
    features[0, 0, 0] = np.nan
    with pytest.raises(ValueError, match="Expected a finite gradient"):
        FGSM(0.1)(model, features, truth)


# === Another library ===


def compute_in(kind):
    keras.config.set_floatx(kind)
    keras.config.set_dtype_policy(kind)


@pytest.fixture
def double():
    compute_in("float64")
    yield
    compute_in("float32")


@pytest.fixture
def art_double(monkeypatch):
    """ART computes in the type that each of its modules has copied from its config."""
    pytest.importorskip("torch")
    pytest.importorskip("art.attacks.evasion")
    for name, module in list(sys.modules.items()):
        if name.startswith("art.") and hasattr(module, "ART_NUMPY_DTYPE"):
            monkeypatch.setattr(module, "ART_NUMPY_DTYPE", np.float64)


@pytest.mark.skipif(
    keras.backend.backend() == "jax", reason="JAX has no float64 by default"
)
@pytest.mark.parametrize("name", ["FGSM", "BIM"])
def test_fgsm_and_bim_equal_those_of_art(name, rng, double, art_double):
    """Convolution and dense layer in float64, the same weights in PyTorch for ART."""
    import torch

    features = keras.Input((12, 8))
    hidden = keras.layers.Conv1D(5, 3, activation="tanh")(features)
    flat = keras.layers.Flatten()(hidden)
    network = keras.Model(features, keras.layers.Dense(4, activation="softmax")(flat))
    x = rng.normal(size=(10, 12, 8))
    truth = np.eye(4)[np.arange(10) % 4]
    expected = by_art(torch, name, network.get_weights(), x, truth)
    found = getattr(attacks, name)(0.1)(network, x, truth)
    assert found.dtype == expected.dtype == np.float64
    assert np.abs(expected - x).max() > 0.09
    assert (np.abs(found - expected) <= 1e-5).mean() >= 0.999


def by_art(torch, name, weights, x, truth):
    from art.attacks.evasion import BasicIterativeMethod, FastGradientMethod
    from art.estimators.classification import PyTorchClassifier

    class Twin(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weights = [torch.tensor(each) for each in weights]

        def forward(self, x):
            kernel, bias, dense, offset = self.weights
            kernel = kernel.permute(2, 1, 0)  # out, in, time
            x = torch.nn.functional.conv1d(x.transpose(1, 2), kernel, bias)
            return torch.tanh(x).transpose(1, 2).flatten(1) @ dense + offset

    classifier = PyTorchClassifier(
        model=Twin(),
        loss=torch.nn.CrossEntropyLoss(),
        input_shape=x.shape[1:],
        nb_classes=truth.shape[1],
        device_type="cpu",
    )
    if name == "FGSM":
        attack = FastGradientMethod(classifier, eps=0.1)
    else:
        attack = BasicIterativeMethod(
            classifier, eps=0.1, eps_step=0.025, max_iter=10, verbose=False
        )
    return attack.generate(x, y=truth)
