"""SS-AAE: its parts, its phases and its adversary."""

import inspect

import keras
import numpy as np
import pytest
from keras import ops
from keras.ops import convert_to_numpy

from keras_ser import backend, layers, models
from keras_ser.callbacks.seeds import seed_generators
from keras_ser.models.phases import layers_called
from keras_ser.models.ss_aae_parts import PRESETS

CLASSES = ("anger", "neutral", "sadness")
NAMES = {"speaker": ("a", "b", "c", "d"), "gender": ("female", "male")}
ROWS = 8
ENCODER = ("encoder_1", "encoder_2", "encoder_3")
BOTH = {"speaker": True, "gender": True}
CNN = {"reconstruction": False, "adversarial": False, "stages": 2}

needs_state = pytest.mark.skipif(
    keras.backend.backend() not in models.SSAAE.backends,
    reason="cannot be trained on this backend",
)


def build(**arguments):
    keras.utils.set_random_seed(0)
    return models.SSAAE(CLASSES, NAMES, **{"dimensions": 16, **BOTH, **arguments})


def compiled(optimizer=keras.optimizers.SGD, rate=0.1, objective=(), **arguments):
    model = build(**arguments)
    given = {name: optimizer(rate) for name in model.optimizer_names}
    model.compile(given, **model.objective(**dict(objective)))
    return model


@pytest.fixture
def batch(rng):
    features = rng.normal(size=(ROWS, 32, 16)).astype("float32")
    features[1, 20:] = 0

    def one_hot(size):
        return np.eye(size, dtype="float32")[np.arange(ROWS) % size]

    labels = {"emotion": one_hot(3), "speaker": one_hot(4), "gender": one_hot(2)}
    labels["reconstruction"] = features
    return features, labels, {name: np.ones(ROWS, "float32") for name in labels}


def only(part, heads):
    """The entries of labels or weights for these heads; features as they are."""
    return {head: part[head] for head in heads} if isinstance(part, dict) else part


def values(variables):
    return {each.path: convert_to_numpy(each).copy() for each in variables}


def changed_layers(model, before, kind):
    """The names of the layers of which a trainable or other weight has changed."""
    after = values(getattr(model, kind))
    paths = {path for path in after if not np.array_equal(after[path], before[path])}
    return {path.split("/")[0] for path in paths}


# === Parts ===


@pytest.mark.parametrize(
    ("arguments", "heads", "optimizers"),
    [
        (
            {},
            ("emotion", "speaker", "gender", "reconstruction"),
            ("main", "reconstruction", "discriminator", "generator"),
        ),
        (
            {"phases": "joint", "speaker": False},
            ("emotion", "gender", "reconstruction"),
            ("main", "discriminator", "generator"),
        ),
        (
            {"adversarial": False, "speaker": False, "gender": False},
            ("emotion", "reconstruction"),
            ("main", "reconstruction"),
        ),
        (CNN, ("emotion", "speaker", "gender"), ("main",)),
    ],
)
def test_parts_decide_heads_and_optimizers(arguments, heads, optimizers):
    model = build(**arguments)
    assert model.heads == heads
    assert model.optimizer_names == optimizers
    assert (model.discriminator is None) == ("discriminator" not in optimizers)


@pytest.mark.parametrize(
    ("arguments", "objective", "expected"),
    [
        # Eq. 2 and 3, with the paper's α.
        (BOTH, {}, {"emotion": 0.5, "speaker": 0.5, "gender": 0.5, "r": 0.4}),
        (
            {**BOTH, "adversarial": False},
            {"beta": 0.7},
            {"emotion": 0.7, "speaker": 0.3, "gender": 0.3, "r": 0.3},
        ),
        ({}, {}, {"emotion": 0.6, "r": 0.4}),  # Eq. 1
        ({}, {"alpha": 0.1}, {"emotion": 0.9, "r": 0.1}),
        (CNN, {}, {"emotion": 1.0}),
        (BOTH, {"alpha": 1.0}, {"emotion": 0.5, "speaker": 0.5, "gender": 0.5, "r": 1}),
    ],
)
def test_losses_are_weighted_as_in_the_paper(arguments, objective, expected):
    model = models.SSAAE(CLASSES, NAMES, dimensions=16, **arguments)
    found = model.objective(**objective)["loss_weights"]
    expected = {
        {"r": "reconstruction"}.get(name, name): value
        for name, value in expected.items()
    }
    assert found == pytest.approx(expected)
    for task in model.tasks if not objective else ():
        assert task.weight == pytest.approx(expected[task.name])


@pytest.mark.parametrize("preset", PRESETS)
def test_a_code_has_an_eighth_of_time_and_bands(preset):
    model = models.SSAAE(CLASSES, preset=preset)
    code, masks = model.code_model(np.ones((1, 256, 128), "float32"))
    assert code.shape == (1, 32, 16, PRESETS[preset]["filters"][-1])
    assert [mask.shape for mask in masks] == [(1, 32), (1, 16)]
    assert model.encoder(np.ones((1, 256, 128), "float32")).shape[:2] == (1, 32)


def test_the_paper_s_code_is_as_large_as_it_says():
    code, _ = models.SSAAE(CLASSES, preset="paper").code_model.output
    assert (code.shape[2], code.shape[3]) == (16, 16)


def test_only_a_half_normal_code_has_a_relu(batch):
    found = {}
    for prior in ("gaussian", "half_normal"):
        code, masks = build(prior=prior).code_model(batch[0], training=True)
        found[prior] = convert_to_numpy(code)
        assert not found[prior][convert_to_numpy(masks[0]) == 0].any()
    assert (found["gaussian"] < 0).mean() > 0.2
    assert found["half_normal"].min() == 0


def test_two_stages_leave_out_the_second():
    model = build(stages=2, filters=(8, 6, 4), kernels=(5, 3, 1))
    first, last = layers_called(model, ["encoder_"])
    assert (first.filters, first.kernel) == (8, 5)
    assert (last.filters, last.kernel) == (4, 1)
    assert (model.discriminator.filters, model.discriminator.kernel) == (4, 1)
    assert model.code_model.output[0].shape[2] == 4


def test_a_model_needs_the_names_of_its_heads():
    with pytest.raises(ValueError, match=r"none of \['gender'\].*gender=False"):
        models.SSAAE(CLASSES, {"speaker": ("a", "b")}, dimensions=16, **BOTH)
    with pytest.raises(ValueError, match="`vocabularies` must have"):
        models.SSAAE(CLASSES, dimensions=16, speaker=True)
    assert models.SSAAE.columns(**BOTH) == ("speaker", "gender")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"phases": "two"}, "phases"),
        ({"prior": "uniform"}, "prior"),
        ({"stages": 4}, "stages"),
        ({"dimensions": 24}, "multiple of 16"),
        ({"dropout": 1.0}, "dropout"),
        ({"generator_rate": 0}, "generator_rate"),
        ({"generator_rate": 1.5}, "generator_rate"),
        ({"momentum": 2.0}, "momentum"),
        ({"moments": "unlabelled"}, "moments"),
        ({"filters": (4, 4)}, "3 positive integers"),
        ({"preset": "huge"}, "preset"),
    ],
)
def test_impossible_arguments_are_rejected(arguments, words):
    with pytest.raises(ValueError, match=words):
        models.SSAAE.check(**arguments)
    with pytest.raises(ValueError, match=words):
        build(**arguments)


@pytest.mark.parametrize(
    ("weights", "arguments", "words"),
    [
        ({"alpha": 1.0}, {}, "above 0 and below 1"),
        ({"alpha": 0}, BOTH, "above 0 and up to 1"),
        ({"beta": 1.0}, BOTH, "above 0 and below 1"),
        ({"beta": 0.5}, {}, "second task, which the model does not have"),
        ({"alpha": 0.4}, {"reconstruction": False}, "reconstruction, which the model"),
    ],
)
def test_weights_that_are_impossible_or_have_no_effect_are_rejected(
    weights, arguments, words
):
    model = models.SSAAE(CLASSES, NAMES, dimensions=16, **arguments)
    with pytest.raises(ValueError, match=words):
        model.objective(**weights)


def test_labelled_moments_need_the_number_of_labelled_rows():
    with pytest.raises(ValueError, match="needs `labelled_rows`"):
        build(moments="labelled")
    model = build(moments="labelled", labelled_rows=3)
    blocks = layers_called(model, ["encoder_", "decoder_1", "emotion_convolution"])
    assert len(blocks) == 5
    assert all(each.normalisation.labelled_rows == 3 for each in blocks)


# === Phases ===


@needs_state
def test_the_reconstruction_changes_encoder_and_decoder(batch):
    model = compiled()
    before, fixed = (
        values(model.trainable_variables),
        values(model.non_trainable_variables),
    )
    model._fit_heads("reconstruction", ("reconstruction",), *batch)
    decoder = {"decoder_1", "decoder_2", "decoder_3"}
    changed = changed_layers(model, before, "trainable_variables")
    assert changed == {*ENCODER, *decoder}
    followed = changed_layers(model, fixed, "non_trainable_variables")
    assert followed == {*ENCODER, *decoder} - {"decoder_3"}  # has no normalisation


@needs_state
def test_the_regularisation_changes_discriminator_and_encoder(batch):
    model = compiled()
    before, fixed = (
        values(model.trainable_variables),
        values(model.non_trainable_variables),
    )
    with layers.normalisation.fixed_moments(model._encoder_norms):
        model._regularise(batch[0])
    changed = changed_layers(model, before, "trainable_variables")
    assert changed == {*ENCODER, "discriminator"}
    followed = changed_layers(model, fixed, "non_trainable_variables")
    assert not followed & set(ENCODER)


@needs_state
def test_the_classification_changes_encoder_and_classifiers(batch):
    model = compiled()
    before, fixed = (
        values(model.trainable_variables),
        values(model.non_trainable_variables),
    )
    heads = ("emotion", "speaker", "gender")
    with layers.normalisation.fixed_moments(model._encoder_norms):
        model._fit_heads("main", heads, *batch)
    parts = ("_convolution", "_dense_1", "_dense_2", "")
    classifiers = {f"{head}{part}" for head in heads for part in parts}
    changed = changed_layers(model, before, "trainable_variables")
    assert changed == {*ENCODER, *classifiers}
    followed = changed_layers(model, fixed, "non_trainable_variables")
    assert {name for name in followed if "_convolution" in name} == {
        f"{head}_convolution" for head in heads
    }
    assert not followed & {*ENCODER, "decoder_1"}


@needs_state
@pytest.mark.parametrize("phases", ["three", "joint"])
def test_moments_of_the_encoder_follow_one_pass_of_a_step(phases, batch):
    model = compiled(phases=phases, rate=0.0)
    code = layers_called(model, ["encoder_"])[0].normalisation
    momentum = code.momentum
    before = convert_to_numpy(code.moving_variance).copy()
    model.train_step(batch)
    after = convert_to_numpy(code.moving_variance)
    reference = compiled(phases=phases, rate=0.0)
    reference(batch[0], training=True)
    own = layers_called(reference, ["encoder_"])[0].normalisation
    np.testing.assert_allclose(after, convert_to_numpy(own.moving_variance), rtol=1e-4)
    assert momentum == PRESETS["small"]["momentum"]
    assert np.abs(after - before).max() > 1e-3


@needs_state
def test_alpha_decides_a_joint_step_and_hardly_a_phase_of_three(batch):
    """The first step of Adam is as long in each weight, whatever the gradient."""
    rate, changed = 1e-2, {}
    for phases in ("joint", "three"):
        weights = []
        for alpha in (0.1, 0.9):
            model = compiled(
                keras.optimizers.Adam,
                rate,
                {"alpha": alpha},
                phases=phases,
                adversarial=False,
                dropout=0.0,
            )
            model._fit_heads(*model._passes()[0], *batch)
            kernel = layers_called(model, ["encoder_1"])[0].convolution.kernel
            weights.append(convert_to_numpy(kernel))
        changed[phases] = (np.abs(weights[0] - weights[1]) > rate / 2).mean()
    assert changed["joint"] > 0.05
    assert changed["three"] < 0.02


@needs_state
def test_a_step_without_adversary_and_decoder_is_that_of_keras(batch):
    model, plain = compiled(**CNN, dropout=0.0), compiled(**CNN, dropout=0.0)
    features, labels, weights = (only(part, model.heads) for part in batch)
    model.train_step((features, labels, weights))

    def loss(variables):
        pairs = zip(plain.trainable_variables, variables, strict=True)
        with keras.StatelessScope(state_mapping=list(pairs)):
            outputs = plain(features, training=True)
            return plain.compute_loss(features, labels, outputs, weights)

    before = [each.value for each in plain.trainable_variables]
    _, gradients = backend.value_and_gradient(loss, before)
    trained = zip(before, gradients, model.trainable_variables, strict=True)
    for variable, gradient, after in trained:
        expected = convert_to_numpy(variable) - 0.1 * convert_to_numpy(gradient)
        np.testing.assert_allclose(convert_to_numpy(after), expected, atol=1e-5)


@needs_state
def test_a_single_head_takes_labels_without_its_name(batch):
    features, labels, weights = batch
    found = []
    for y, w in ((labels["emotion"], weights["emotion"]), (labels, weights)):
        model = compiled(**CNN, speaker=False, gender=False)
        y, w = (only(part, model.heads) for part in (y, w))
        fitted = model.fit(features, y, batch_size=4, sample_weight=w, verbose=0)
        logs = fitted.history
        found.append(logs)
    assert found[0] == found[1]


@needs_state
def test_several_heads_need_their_names(batch):
    features, labels, _ = batch
    with pytest.raises(TypeError, match="dictionary with the heads.*'speaker'"):
        compiled().train_step((features, labels["emotion"]))


@needs_state
def test_a_compiled_step_runs_without_weights_of_rows(batch):
    model = compiled(keras.optimizers.Adam, 1e-3)
    features, labels, _ = batch
    logs = model.fit(features, labels, epochs=1, batch_size=4, verbose=0).history
    assert np.isfinite([value[0] for value in logs.values()]).all()


@needs_state
def test_losses_must_be_named_by_the_heads():
    model = build()
    given = dict.fromkeys(model.optimizer_names, "sgd")
    with pytest.raises(ValueError, match=r"dictionary with the heads.*objective\(\)"):
        model.compile(given, loss="mse")


# === The adversary ===


@needs_state
def test_a_discriminator_learns_to_tell_codes_from_the_prior(batch):
    """With an encoder that stays as it is, and whose codes are no Gaussian."""
    model = build(prior="half_normal")
    rates = dict.fromkeys(model.optimizer_names, 0.0) | {"discriminator": 1e-2}
    given = {name: keras.optimizers.Adam(rate) for name, rate in rates.items()}
    model.compile(given, **model.objective())
    losses = []
    for _ in range(20):
        model.reset_metrics()
        losses.append(float(model.train_step(batch)["discriminator_loss"]))
    assert losses[-1] < losses[0]
    model.reset_metrics()
    assert float(model.test_step(batch)["discriminator_accuracy"]) > 0.7


@needs_state
def test_an_encoder_learns_to_deceive_a_discriminator(batch):
    model = build()
    rates = dict.fromkeys(model.optimizer_names, 0.0) | {"generator": 1e-2}
    given = {name: keras.optimizers.Adam(rate) for name, rate in rates.items()}
    model.compile(given, **model.objective())
    losses = []
    for _ in range(5):
        model.reset_metrics()
        losses.append(float(model.train_step(batch)["generator_loss"]))
    assert losses[-1] < losses[0]


def test_drawn_codes_follow_the_prior_and_stop_at_the_padding():
    masks = [np.float32([[1, 1], [1, 0]])]
    for prior, mean, std in (("gaussian", 0, 1), ("half_normal", 0.798, 0.603)):
        model = build(prior=prior)
        drawn = convert_to_numpy(model.draw_code((2, 2, 50, 100), masks))
        assert not drawn[1, 1].any()
        cells = drawn[np.array(masks[0]) > 0]
        assert cells.mean() == pytest.approx(mean, abs=0.03)
        assert cells.std() == pytest.approx(std, abs=0.03)


def test_training_draws_other_codes_each_time():
    model, masks = build(), [np.ones((1, 2), "float32")]
    first, second = (
        convert_to_numpy(model.draw_code((1, 2, 2, 2), masks)) for _ in range(2)
    )
    assert not np.array_equal(first, second)


@needs_state
def test_evaluations_draw_the_same_codes_and_their_batches_others(batch):
    model, drawn = compiled(), []
    draw = model.draw_code

    def spy(*arguments):
        drawn.append(convert_to_numpy(draw(*arguments)))
        return draw(*arguments[:2])

    model.draw_code = spy
    for _ in range(2):
        model.reset_metrics()
        for _ in range(2):
            model.test_step(batch)
    np.testing.assert_array_equal(drawn[0], drawn[2])
    np.testing.assert_array_equal(drawn[1], drawn[3])
    assert not np.array_equal(drawn[0], drawn[1])


def test_seeds_of_the_prior_and_the_discriminator_are_set_in_each_epoch():
    model = build()
    found = seed_generators(model)
    assert model.prior_seed in found
    assert model.discriminator.dropout.seed_generator in found
    assert len(found) == 2 + 1 + 3  # and those of evaluations and classifiers


def test_a_saved_model_has_its_discriminator(batch, tmp_path):
    model = build()
    model.discriminator.set_weights(
        [each + 1 for each in model.discriminator.get_weights()]
    )
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    code, masks = model.code_model(batch[0])
    np.testing.assert_array_equal(
        *(convert_to_numpy(each.discriminator(code, masks)) for each in (model, again))
    )


@needs_state
def test_logs_have_the_moments_of_the_code_and_the_adversary(batch):
    model = compiled()
    logs = model.fit(
        *batch[:2], sample_weight=batch[2], validation_data=batch, verbose=0
    ).history
    names = [f"code_{each}" for each in ("mean", "variance", "skewness", "kurtosis")]
    names += ["discriminator_loss", "generator_loss", "discriminator_accuracy"]
    assert {*names, *(f"val_{each}" for each in names)} <= set(logs)
    code, masks = model.code_model(batch[0])
    cells = convert_to_numpy(code)[convert_to_numpy(masks[0]) > 0]
    assert logs["val_code_mean"][0] == pytest.approx(cells.mean(), abs=1e-4)
    assert logs["val_code_variance"][0] == pytest.approx(cells.var(), rel=1e-3)


@needs_state
def test_losses_of_the_adversary_are_those_of_the_paper(batch):
    model = compiled()
    code, masks = model.code_model(batch[0])
    drawn = model.draw_code(ops.shape(code), masks, model._evaluation_seed())
    real, encoded = (
        1 / (1 + np.exp(-convert_to_numpy(model.discriminator(each, masks))))
        for each in (drawn, code)
    )
    logs = model.test_step(batch)
    expected = -np.log(real).mean() - np.log(1 - encoded).mean()
    assert float(logs["discriminator_loss"]) == pytest.approx(expected, rel=1e-4)
    expected = -np.log(encoded).mean()
    assert float(logs["generator_loss"]) == pytest.approx(expected, rel=1e-4)
    right = [*(real > 0.5), *(encoded <= 0.5)]
    assert float(logs["discriminator_accuracy"]) == pytest.approx(np.mean(right))


def test_documented_arguments_are_those_of_the_constructor():
    names = set(inspect.signature(models.SSAAE).parameters) - {"kwargs"}
    for name in names:
        assert f"        {name}: " in models.SSAAE.__doc__, name
