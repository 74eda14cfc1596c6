"""α and the losses of models with attributes, against Eq. 1 to 3 in NumPy."""

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy
from toy_attributes import (
    APPROACHES,
    BOTH,
    CLASSES,
    NAMES,
    SmallAttributes,
    batch_for,
    compiled,
    small,
)

from keras_ser import backend, models
from keras_ser.models import attribute_heads

every = pytest.mark.parametrize("approach", APPROACHES)
needs_state = pytest.mark.skipif(
    keras.backend.backend() == "jax", reason="its training steps have no state"
)
shared_or_with_state = pytest.mark.parametrize(
    "approach", [*APPROACHES[:2], pytest.param(APPROACHES[2], marks=needs_state)]
)
ALPHAS = {"multi_task": 0.1, "gradient_reversal": 0.5, "discriminator": 0.5}
SIGNS = {"multi_task": 1, "gradient_reversal": 1, "discriminator": -1}
FAMILIES = ("MTLAug", "CNNBLSTMAttention", "CNNAttention", "CNNLSTM", "CNN")


def cross_entropies(outputs, labels, weights):
    """−Σ w y ln p / Σ w of each head."""
    found = {}
    for head, output in outputs.items():
        likelihood = (convert_to_numpy(output) * labels[head]).sum(1)
        found[head] = -np.average(np.log(likelihood), weights=weights[head])
    return found


def gradients(model, loss, variables):
    """The gradient of a function of the outputs in training, in these variables."""
    features = batch_for(model)[0]

    def value(values):
        mapping = list(zip(variables, values, strict=True))
        with keras.StatelessScope(state_mapping=mapping):
            return loss(model(features, training=True))

    found = backend.value_and_gradient(value, [each.value for each in variables])[1]
    return [convert_to_numpy(each) for each in found]


def head_loss(model, head):
    _, labels, weights = batch_for(model)
    loss = model.objective()["loss"][head]
    return lambda outputs: loss(labels[head], outputs[head], weights[head])


def shared_variables(model):
    return model.get_layer("embedding").trainable_weights


# === Eq. 1 to 3 ===


@shared_or_with_state
@pytest.mark.parametrize("alpha", [None, 0.3, 0.0])
def test_the_loss_is_that_of_the_paper(approach, alpha):
    model = compiled(small(approach), objective={"alpha": alpha})
    features, labels, weights = batch_for(model)
    outputs = model(features)
    each = cross_entropies(outputs, labels, weights)
    a = ALPHAS[approach] if alpha is None else alpha
    attributes = (each["gender"] + each["corpus"]) / 2
    expected = (1 - a) * each["emotion"] + SIGNS[approach] * a * attributes
    found = model.compute_loss(features, labels, outputs, weights)
    assert float(found) == pytest.approx(expected, rel=1e-5)
    assert model.alpha == pytest.approx(a)


@shared_or_with_state
def test_the_loss_follows_alpha(approach):
    model = compiled(small(approach))
    features, labels, weights = batch_for(model)
    outputs = model(features)
    each = cross_entropies(outputs, labels, weights)
    for a in (0.0, 0.25, 0.9):
        model.set_alpha(a)
        assert model.alpha == pytest.approx(a)
        attributes = (each["gender"] + each["corpus"]) / 2
        expected = (1 - a) * each["emotion"] + SIGNS[approach] * a * attributes
        found = model.compute_loss(features, labels, outputs, weights)
        assert float(found) == pytest.approx(expected, rel=1e-5)


@shared_or_with_state
def test_a_compiled_step_follows_alpha(approach):
    """A graph that was traced before must read the new value."""
    model = compiled(small(approach), rate=0.0)
    features, labels, weights = batch_for(model)
    each = cross_entropies(model(features), labels, weights)
    losses = []
    for a in (0.2, 0.6):
        model.set_alpha(a)
        given = {"batch_size": len(features), "verbose": 0}
        history = model.fit(features, labels, sample_weight=weights, **given).history
        losses.append(history["loss"][0])
        assert history["gender_loss"][0] == pytest.approx(each["gender"], rel=1e-4)
    difference = SIGNS[approach] * (each["gender"] + each["corpus"]) / 2
    difference = 0.4 * (difference - each["emotion"])
    assert losses[1] - losses[0] == pytest.approx(difference, rel=1e-3)


@every
def test_tasks_and_objective_have_the_weights_of_the_paper(approach):
    model = small(approach)
    a = ALPHAS[approach]
    expected = {
        "emotion": 1 - a,
        "gender": SIGNS[approach] * a / 2,
        "corpus": SIGNS[approach] * a / 2,
    }
    assert model.objective()["loss_weights"] == expected
    assert {task.name: task.weight for task in model.tasks} == expected
    kinds = [task.kind for task in model.tasks]
    unlearnt = "classification" if approach == "multi_task" else "adversarial"
    assert kinds == ["classification", unlearnt, unlearnt]
    assert model.objective(alpha=0.2)["loss_weights"]["emotion"] == 0.8


def test_other_heads_keep_their_weights():
    model = models.MTLAug(
        CLASSES, dimensions=16, vocabularies=NAMES, attributes=["gender"]
    )
    found = model.objective(alpha=0.2, auxiliary=0.5)["loss_weights"]
    assert found == {
        **{"emotion": 0.8, "center": 1e-3, "augmentation": 0.5},
        **{"reconstruction": 0.5, "gender": 0.2},
    }
    assert model.alpha == pytest.approx(0.1)
    model.compile("sgd", **model.objective(alpha=0.2, auxiliary=0.5))
    assert model.alpha == pytest.approx(0.2)


# === Gradients ===


def test_shared_layers_unlearn_by_reversal_and_learn_by_multi_task():
    """In both, the heads learn the attributes."""
    plain, turned = (small(each) for each in APPROACHES[:2])
    shared = shared_variables(plain)
    each = {
        head: gradients(plain, head_loss(plain, head), shared) for head in plain.heads
    }
    assert all(np.abs(found[0]).max() > 1e-3 for found in each.values())
    for model, sign in ((plain, 1), (turned, -1)):
        compiled(model)
        model.set_alpha(0.3)
        batch = batch_for(model)

        def total(outputs, model=model, batch=batch):
            features, labels, weights = batch
            return model.compute_loss(features, labels, outputs, weights)

        found = gradients(model, total, shared_variables(model))
        for number, gradient in enumerate(found):
            attributes = each["gender"][number] + each["corpus"][number]
            expected = 0.7 * each["emotion"][number] + sign * 0.15 * attributes
            np.testing.assert_allclose(gradient, expected, atol=1e-6)
        for head in BOTH:
            own = model.get_layer(head).trainable_weights
            expected = gradients(model, head_loss(model, head), own)
            found = gradients(model, total, own)
            for one, other in zip(found, expected, strict=True):
                np.testing.assert_allclose(one, 0.15 * other, atol=1e-6)
                assert np.abs(one).max() > 1e-4


# === α over a training ===


def test_alpha_rises_from_0_to_its_end_by_equal_steps():
    model = compiled(small("gradient_reversal"))
    found = [model.alpha_at(epoch, 6) for epoch in range(6)]
    assert found == pytest.approx([0, 0.1, 0.2, 0.3, 0.4, 0.5])
    assert model.alpha_at(0, 1) == 0.5
    compiled(model, objective={"alpha": 0.2})
    assert [model.alpha_at(epoch, 3) for epoch in range(3)] == [0, 0.1, 0.2]


@pytest.mark.parametrize("approach", ["multi_task", "discriminator"])
def test_alpha_stays_in_the_other_approaches(approach):
    model = small(approach)
    assert {model.alpha_at(epoch, 9) for epoch in range(9)} == {ALPHAS[approach]}
    assert model.first_selectable(9) == 0


@pytest.mark.parametrize(
    ("epochs", "first"), [(1, 0), (2, 1), (3, 1), (6, 2), (11, 4), (30, 12), (150, 60)]
)
def test_no_epoch_below_four_tenths_of_alpha_is_selectable(epochs, first):
    model = small("gradient_reversal")
    assert model.first_selectable(epochs) == first
    assert model.alpha_at(first, epochs) >= 0.2
    assert first == 0 or model.alpha_at(first - 1, epochs) < 0.2


def test_a_model_without_attributes_has_no_alpha():
    model = small(attributes=())
    assert (model.alpha, model.alpha_variables) == (None, ())
    assert model.first_selectable(30) == 0
    assert len(model.weights) == 4
    assert model.objective()["loss_weights"] == {"emotion": 1.0}
    for call in (lambda: model.set_alpha(0.1), lambda: model.objective(alpha=0.1)):
        with pytest.raises(ValueError, match="which the model does not have"):
            call()


@pytest.mark.parametrize("alpha", [1, -0.1, "0.1", True])
def test_an_alpha_out_of_range_is_rejected(alpha):
    model = small()
    for call in (model.set_alpha, lambda value: model.objective(alpha=value)):
        with pytest.raises(ValueError, match="`alpha` must be a number of at least 0"):
            call(alpha)


def test_loss_weights_that_belong_to_no_alpha_are_rejected():
    model = small()
    objective = model.objective()
    for wrong in (
        None,
        [0.9, 0.05, 0.05],
        {"emotion": 0.9},
        {"emotion": 1.0, "gender": 0.05, "corpus": 0.05},
        {"emotion": 0.9, "gender": 0.05, "corpus": 0.1},
        {"emotion": 0.9, "gender": -0.05, "corpus": -0.05},
        {"emotion": -1.0, "gender": 1.0, "corpus": 1.0},
    ):
        with pytest.raises(ValueError, match=r"`loss_weights` must be .*0\.9, 0\.05"):
            model.compile("sgd", **{**objective, "loss_weights": wrong})


@shared_or_with_state
def test_alpha_is_saved_with_the_weights(approach, tmp_path):
    model = compiled(small(approach), objective={"alpha": 0.4})
    model.set_alpha(0.25)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert again.alpha == pytest.approx(0.25)
    assert again.alpha_at(8, 9) == 0.4
    assert again.get_compile_config() == model.get_compile_config()
    features, labels, weights = batch_for(model)
    outputs = model(features)
    losses = [
        float(each.compute_loss(features, labels, outputs, weights))
        for each in (model, again)
    ]
    assert losses[0] == losses[1]


def test_alpha_counts_as_no_parameter():
    model, plain = small(), small(attributes=())
    heads = 9 * 2 + 9 * 3
    assert model.count_params() == plain.count_params() + heads
    found = models.summarise(model, frames=8)
    assert (found.trained, found.untrained) == (model.count_params(), 0)
    assert sum(each.parameters for each in found.layers) == model.count_params()


# === Arguments ===


@pytest.mark.parametrize(
    "attributes", ["gender", ["gender", "gender"], ["emotion"], ["valence"], [""], [3]]
)
@pytest.mark.parametrize("name", ["MTLAug", "CNNAttention", "CNN", "AttributeCNNLSTM"])
def test_attributes_that_are_no_columns_are_rejected(name, attributes):
    with pytest.raises(ValueError, match="`attributes` must be a list of different"):
        models.MODELS[name].check(attributes=attributes)


def test_an_attribute_is_not_called_like_another_head():
    with pytest.raises(ValueError, match="'center'"):
        models.MTLAug.check(attributes=["center"])


@pytest.mark.parametrize("name", FAMILIES)
def test_only_one_family_has_discriminators(name):
    with pytest.raises(ValueError, match="`approach` must be one of"):
        models.MODELS[name].check(attributes=["gender"], approach="discriminator")
    models.AttributeCNNLSTM.check(attributes=["gender"], approach="discriminator")


def test_classes_of_an_attribute_must_be_given():
    with pytest.raises(ValueError, match=r"classes of \['gender', 'corpus'\].*corpus"):
        SmallAttributes(CLASSES, {"gender": ("female", "male")})
    with pytest.raises(ValueError, match="`gender` needs two or more classes"):
        SmallAttributes(CLASSES, {"gender": ["female"], "corpus": ("a", "b")})


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("approach", attribute_heads.SHARED)
def test_every_family_can_have_attributes(name, approach):
    kind, names = models.MODELS[name], {"gender": NAMES["gender"]}
    arguments = {"attributes": ["gender"], "approach": approach}
    assert kind.columns(**arguments) == ("gender",)
    model = kind(CLASSES, dimensions=16, vocabularies=names, **arguments)
    assert model.heads[0] == "emotion" and model.heads[-1] == "gender"
    assert model.tasks[-1].weight == ALPHAS[approach]
    reversed_ = [each.name for each in model.layers if each.name == "reversal"]
    assert len(reversed_) == (approach == "gradient_reversal")
    probabilities = convert_to_numpy(model(np.ones((2, 24, 16), "float32"))["gender"])
    np.testing.assert_allclose(probabilities.sum(1), 1, rtol=1e-5)
    models.check_saveable(model)
