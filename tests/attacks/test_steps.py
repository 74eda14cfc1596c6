"""The attacks against closed forms, a different library and their own promises."""

import sys

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy

from keras_ser import attacks, models
from keras_ser.attacks import BIM, FGSM, PGD, gradient

DIMENSIONS = 16


def loss(model, features, truth):
    """Mean cross-entropy."""
    posterior = convert_to_numpy(model(features, training=False))
    return -np.log((posterior * truth).sum(axis=1)).mean()


def make_attacks(epsilon):
    return [kind(epsilon) for kind in attacks.ATTACKS.values()]


def attack_id(attack):
    return f"{type(attack).__name__}-{attack.epsilon:.2g}"


# === What every attack promises ===


@pytest.mark.parametrize(
    "attack", [each for e in (0.02, 1 / 3) for each in make_attacks(e)], ids=attack_id
)
def test_nothing_leaves_the_ball_and_padding_stays_zero(
    attack, model, speech, lengths, rng
):
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


@pytest.mark.parametrize("attack", make_attacks(0.0), ids=attack_id)
def test_an_epsilon_of_zero_changes_no_bit(attack, model, speech, rng):
    features, truth = speech(rng)
    features[0, 3, :4] = -0.0
    attacked = attack(model, features, truth, range(6))
    assert attacked.tobytes() == features.tobytes()
    assert attacked is not features


@pytest.mark.parametrize("kind", attacks.ATTACKS.values())
def test_an_utterance_does_not_know_its_neighbours_or_its_padding(
    kind, model, speech, rng
):
    features, truth = speech(rng)
    attack = kind(0.1)
    whole = attack(model, features, truth, range(10, 16))
    alone = attack(model, features[2:3], truth[2:3], [12])
    order = [4, 2, 0]
    longer = np.pad(features[order], ((0, 0), (0, 33), (0, 0)))
    others = attack(model, longer, truth[order], [14, 12, 10])
    for found in (alone[0], others[1, : features.shape[1]]):
        # Rounding flips the sign of a gradient that is almost 0.
        assert np.isclose(found, whole[2], atol=1e-6).mean() > 0.99


def test_more_steps_raise_the_loss_further(model, speech, rng):
    features, truth = speech(rng, batch=12)
    found = {
        name: loss(model, kind(0.08)(model, features, truth, range(12)), truth)
        for name, kind in attacks.ATTACKS.items()
    }
    clean = loss(model, features, truth)
    assert clean < found["fgsm"] < found["bim"]
    assert found["fgsm"] < found["pgd"]


def test_the_model_runs_in_inference_mode_and_is_unchanged(speech, lengths, rng):
    """With dropout, half of the cells would have no gradient."""
    keras.utils.set_random_seed(0)
    features = keras.Input((None, DIMENSIONS))
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


def test_names_and_defaults_are_those_of_the_documentation():
    assert attacks.ATTACKS == {"fgsm": FGSM, "bim": BIM, "pgd": PGD}
    assert FGSM() == FGSM(0.08) != BIM(0.08)
    assert (BIM().epsilon, BIM().steps, BIM().share) == (0.08, 10, 1 / 4)
    assert (PGD().epsilon, PGD().steps, PGD().share) == (0.08, 20, 1 / 8)


def test_fgsm_is_a_step_along_the_sign_of_the_closed_form(linear, rng):
    """m = (w_other − w_true) · x for two classes."""
    weights = rng.normal(size=(6, 2)).astype("float32")
    features = rng.normal(size=(2, 3, 2)).astype("float32")
    attacked = FGSM(0.1)(linear(weights), features, np.eye(2, dtype="float32"))
    ascent = np.sign(weights[:, 1] - weights[:, 0]).reshape(3, 2)
    expected = features + np.float32(0.1) * np.stack([ascent, -ascent])
    np.testing.assert_allclose(attacked, expected, atol=1e-6)


def test_bim_walks_around_a_corner():
    """The slope of |x| changes sign at 0, where a single step goes too far.

    With z = (0, |x_1| − |x_2|) and truth 0, the loss rises with |x_1| and falls with
    |x_2|. In steps of ε / 4 from 0.1, x_1 moves away by ε, and x_2 moves to 0 and stays
    near it.
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


def test_pgd_starts_where_its_seed_says(model, speech, lengths, rng):
    features, truth = speech(rng)
    low, high = gradient.feature_bounds(features, 0.1)

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


# === Errors ===


@pytest.mark.parametrize("kind", attacks.ATTACKS.values())
@pytest.mark.parametrize("epsilon", [-0.1, np.nan, np.inf, "0.1", True, None])
def test_an_epsilon_is_a_finite_number_of_0_or_more(kind, epsilon):
    with pytest.raises(ValueError, match="`epsilon` must be a finite number"):
        kind(epsilon)


@pytest.mark.parametrize("kind", attacks.ATTACKS.values())
def test_an_epsilon_of_numpy_is_a_number(kind):
    assert kind(np.float32(0.5)).epsilon == 0.5


def test_a_model_with_several_heads_is_rejected(speech, rng):
    features, truth = speech(rng)
    model = models.MTLAug(("a", "b", "c"), dimensions=features.shape[-1])
    words = "one output.*'augmentation'.*Pass `model.emotion_model`"
    with pytest.raises(ValueError, match=words):
        FGSM(0.1)(model, features, truth)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"steps": 0}, "`steps` must be a positive integer. Received: 0"),
        ({"steps": 2.0}, "`steps` must be a positive integer"),
        ({"share": 0}, "`share` must be a number above 0 and at most 1. Received: 0"),
        ({"share": 1.5}, "`share` must be a number above 0 and at most 1"),
    ],
)
@pytest.mark.parametrize("kind", [BIM, PGD])
def test_steps_and_share_are_checked(kind, arguments, words):
    with pytest.raises(ValueError, match=words):
        kind(0.1, **arguments)


def change(features, truth, seeds):
    """Arguments that are wrong in one way each, with words of the error message."""
    nothing = np.zeros_like(truth)
    return {
        "rank": ((features[0], truth, seeds), "`features` must be float32"),
        "type": ((features.astype(int), truth, seeds), "Received: int64"),
        "empty": ((features[:, :0], truth, seeds), r"Received: float32 \(2, 0, 16\)"),
        "classes": ((features, truth[:, :2], seeds), r"one-hot, of shape \(2, 3\)"),
        "soft": ((features, truth / 2, seeds), "`truth` must be one-hot"),
        "unlabelled": ((features, nothing, seeds), "Leave out utterances without"),
        "too few": ((features, truth, [1]), "`seeds` must be 2 non-negative integers"),
        "no numbers": ((features, truth, [0.5, 1.0]), "`seeds` must be 2 non-negative"),
        "negative": ((features, truth, [-1, 1]), "`seeds` must be 2 non-negative"),
        "none": ((features, truth, None), "`PGD` starts at random"),
    }


@pytest.mark.parametrize("what", change(np.zeros((2, 4, 16)), np.eye(2, 3), [1, 2]))
def test_bad_arguments_are_named(what, model, speech, rng):
    features, truth = speech(rng, batch=2)
    arguments, words = change(features, truth, [1, 2])[what]
    with pytest.raises(ValueError, match=words):
        PGD(0.1)(model, *arguments)


# === A different library ===


def set_precision(kind):
    keras.config.set_floatx(kind)
    keras.config.set_dtype_policy(kind)


@pytest.fixture
def double():
    set_precision("float64")
    yield
    set_precision("float32")


@pytest.fixture
def art_double(monkeypatch):
    """ART computes in the type that each of its modules copies from its config."""
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
    """A convolution and a dense layer in float64; ART gets the weights in PyTorch."""
    import torch

    features = keras.Input((12, 8))
    hidden = keras.layers.Conv1D(5, 3, activation="tanh")(features)
    flat = keras.layers.Flatten()(hidden)
    network = keras.Model(features, keras.layers.Dense(4, activation="softmax")(flat))
    x = rng.normal(size=(10, 12, 8))
    truth = np.eye(4)[np.arange(10) % 4]
    expected = attack_with_art(torch, name, network.get_weights(), x, truth)
    found = getattr(attacks, name)(0.1)(network, x, truth)
    assert found.dtype == expected.dtype == np.float64
    assert np.abs(expected - x).max() > 0.09
    assert (np.abs(found - expected) <= 1e-5).mean() >= 0.999


def attack_with_art(torch, name, weights, x, truth):
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
