"""Training against discriminators: who learns what, and by how much."""

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy
from toy_attributes import BOTH, batch_for, compiled, small

from keras_ser import backend

needs_state = pytest.mark.skipif(
    keras.backend.backend() == "jax", reason="its training steps have no state"
)
NAMES = ("main", "discriminator")


def values(model, name):
    return [convert_to_numpy(each).copy() for each in model.variables_of(name)]


def steps_of(model):
    """How far each optimizer moves its weights in one training step."""
    before = {name: values(model, name) for name in NAMES}
    logs = model.train_step(batch_for(model))
    return logs, {
        name: [b - a for a, b in zip(before[name], values(model, name), strict=True)]
        for name in NAMES
    }


def gradients(model, loss, name):
    variables = model.variables_of(name)
    features = batch_for(model)[0]

    def value(given):
        mapping = list(zip(variables, given, strict=True))
        with keras.StatelessScope(state_mapping=mapping):
            return loss(model(features, training=True))

    found = backend.value_and_gradient(value, [each.value for each in variables])[1]
    return [convert_to_numpy(each) for each in found]


def losses_of(model):
    """L_AD and Σ L_d as functions of the outputs."""
    features, labels, weights = batch_for(model)
    losses = model.objective()["loss"]

    def classifier(outputs):
        return model.compute_loss(features, labels, outputs, weights)

    def discriminators(outputs):
        return sum(losses[h](labels[h], outputs[h], weights[h]) for h in BOTH)

    return {"main": classifier, "discriminator": discriminators}


def norm(arrays):
    return np.sqrt(sum((each**2).sum() for each in arrays))


def test_each_optimizer_has_the_weights_of_its_networks():
    model = small("discriminator")
    assert model.optimizer_names == NAMES
    paths = {name: [w.path for w in model.variables_of(name)] for name in NAMES}
    assert [each.split("/")[0] for each in paths["main"]] == [
        *("embedding", "embedding"),
        *("emotion", "emotion"),
    ]
    heads = [each.rpartition("/")[0] for each in paths["discriminator"]]
    assert heads == [
        f"{name}{part}"
        for name in BOTH
        for part in ("_dense_1", "_dense_2", "")
        for _ in range(2)
    ]
    assert small("discriminator", attributes=()).optimizer_names == ("main",)
    assert small("gradient_reversal").optimizer_names == ("main",)
    with pytest.raises(ValueError, match="`name` must be one of"):
        model.variables_of("generator")


def test_a_discriminator_reads_the_posterior_and_nothing_else():
    model = small("discriminator")
    features = batch_for(model)[0]
    outputs = {n: convert_to_numpy(each) for n, each in model(features).items()}
    hidden = outputs["emotion"]
    for part in ("_dense_1", "_dense_2", ""):
        kernel, bias = model.get_layer(f"gender{part}").get_weights()
        hidden = hidden @ kernel + bias
        hidden = np.maximum(hidden, 0) if part else np.exp(hidden)
    expected = hidden / hidden.sum(1, keepdims=True)
    np.testing.assert_allclose(outputs["gender"], expected, rtol=1e-4)


@needs_state
def test_a_step_is_that_of_the_paper():
    """Plain gradients: C moves by −lr ∇L_AD, the D_i by −lr ∇Σ L_d, from one pass."""
    rates = {"main": 0.1, "discriminator": 0.02}
    model = compiled(small("discriminator"), rate=rates)
    expected = {
        name: gradients(model, loss, name) for name, loss in losses_of(model).items()
    }
    value = float(losses_of(model)["main"](model(batch_for(model)[0])))
    model.reset_metrics()
    logs, steps = steps_of(model)
    for name in NAMES:
        for step, gradient in zip(steps[name], expected[name], strict=True):
            np.testing.assert_allclose(step, -rates[name] * gradient, atol=1e-6)
        assert norm(expected[name]) > 0.01
    assert float(logs["loss"]) == pytest.approx(value, rel=1e-5)


@needs_state
@pytest.mark.parametrize("name", NAMES)
def test_an_update_changes_its_own_networks_only(name):
    model = compiled(
        small("discriminator"), rate=dict.fromkeys(NAMES, 0.0) | {name: 0.1}
    )
    _, steps = steps_of(model)
    (other,) = set(NAMES) - {name}
    assert all(each.any() for each in steps[name])
    assert not any(each.any() for each in steps[other])


@needs_state
def test_the_classifier_learns_to_deceive():
    """L_AD falls below what the emotion alone allows: the discriminators err."""
    rates = {"main": 0.5, "discriminator": 0.0}
    model = compiled(small("discriminator"), rate=rates, objective={"alpha": 0.9})
    features, labels, weights = batch_for(model)
    found = []
    for _ in range(8):
        model.reset_metrics()
        found.append(model.train_step((features, labels, weights)))
    for head in BOTH:
        assert float(found[-1][f"{head}_loss"]) > float(found[0][f"{head}_loss"])
    assert float(found[-1]["loss"]) < float(found[0]["loss"])


@needs_state
def test_discriminators_learn():
    rates = {"main": 0.0, "discriminator": 0.5}
    model = compiled(small("discriminator"), rate=rates)
    found = []
    for _ in range(8):
        model.reset_metrics()
        found.append(model.train_step(batch_for(model)))
    for head in BOTH:
        assert float(found[-1][f"{head}_loss"]) < float(found[0][f"{head}_loss"])
    np.testing.assert_allclose(*(float(found[n]["emotion_loss"]) for n in (0, -1)))


@needs_state
def test_clipping_bounds_the_step_of_each_optimizer():
    model = compiled(small("discriminator"), rate=0.1, global_clipnorm=1e-3)
    _, steps = steps_of(model)
    for name in NAMES:
        assert norm(steps[name]) == pytest.approx(0.1 * 1e-3, rel=1e-3)


@needs_state
def test_a_compiled_step_logs_every_head_and_needs_no_weights():
    model = compiled(small("discriminator"))
    features, labels, _ = batch_for(model)
    options = {"validation_data": (features, labels), "verbose": 0}
    logs = model.fit(features, labels, batch_size=3, **options).history
    for side in ("", "val_"):
        for head in model.heads:
            parts = ("loss", "accuracy", "uar")
            assert {f"{side}{head}_{part}" for part in parts} <= set(logs)
    assert np.isfinite([each[0] for each in logs.values()]).all()


def test_a_backend_without_state_is_rejected_for_this_approach_only(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(ValueError, match="SmallAttributes.*tensorflow.*torch.*jax"):
        compiled(small("discriminator"))
    assert "jax" in small("gradient_reversal").backends
    assert "jax" in small("discriminator", attributes=()).backends


@needs_state
def test_losses_must_be_named_by_the_heads():
    model = small("discriminator")
    weights = model.objective()["loss_weights"]
    given = dict.fromkeys(NAMES, "sgd")
    with pytest.raises(ValueError, match=r"dictionary with the heads.*objective\(\)"):
        model.compile(given, loss="mse", loss_weights=weights)
