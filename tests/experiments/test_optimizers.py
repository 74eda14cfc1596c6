"""Optimizers from a config, and the checks of their arguments."""

import subprocess
import sys

import keras
import pytest

from keras_ser.backend import adam
from keras_ser.experiments.config import OPTIMIZERS, Training
from keras_ser.experiments.optimizers import check_optimizer, make_optimizer
from keras_ser.experiments.training import compile_model
from keras_ser.models import SSAAE


def test_the_default_is_adam_with_the_defaults_of_keras():
    config = make_optimizer(Training(learning_rate=0.01)).get_config()
    expected = keras.optimizers.Adam(0.01).get_config()
    assert config == {**expected, "name": config["name"]}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_of_a_config_can_be_made(name):
    check_optimizer(Training(optimizer=name))
    made = make_optimizer(Training(optimizer=name, learning_rate=1, clip_norm=5))
    kind = getattr(keras.optimizers, OPTIMIZERS[name])
    assert type(made) is adam.FASTER.get(kind, kind)
    assert isinstance(made, kind)
    assert float(made.learning_rate) == 1.0
    assert made.global_clipnorm == 5.0


def test_a_model_has_optimizers_with_other_learning_rates():
    model = SSAAE(("a", "b"), dimensions=16, filters=(2, 2, 2), generator_rate=0.5)
    compile_model(model, Training(learning_rate=0.01), {"alpha": 0.3})
    rates = {name: float(each.learning_rate) for name, each in model.optimizers.items()}
    assert rates == pytest.approx(
        {"main": 0.01, "reconstruction": 0.01, "discriminator": 0.01, "generator": 5e-3}
    )


def test_sgd_has_a_momentum_that_can_be_changed():
    assert make_optimizer(Training(optimizer="sgd")).momentum == 0.9
    changed = Training(optimizer="sgd", optimizer_arguments={"momentum": 0.5})
    check_optimizer(changed)
    assert make_optimizer(changed).momentum == 0.5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"beta": 0.9}, r"takes \[.*'beta_1'.*\] with optimizer='adam'.*\['beta'\]"),
        ({"beta": 0.9}, r"Received: \['beta'\]\. Choose among these names\.$"),
        ({"learning_rate": 0.1}, r"\['learning_rate'\].*`Training` set the others"),
        ({"global_clipnorm": 1.0}, r"\['global_clipnorm'\].*`clip_norm`"),
        ({"use_ema": True}, r"\['use_ema'\].*`average`"),
        ({"kwargs": 1}, r"\['kwargs'\]"),
        ({"beta_1": "0.9"}, r"\.beta_1` must be a finite number\. Received: '0.9'"),
        ({"beta_1": True}, r"\.beta_1` must be a finite number\. Received: True"),
        ({"beta_1": None}, r"\.beta_1` must be a finite number\. Received: None"),
        ({"amsgrad": 1}, r"\.amsgrad` must be True or False\. Received: 1"),
        ({"weight_decay": []}, r"\.weight_decay` must be a finite number, or None"),
        ({"clipnorm": 1.0, "clipvalue": 1.0}, r"in one way only\. Received: \['clipn"),
    ],
)
def test_arguments_that_the_optimizer_does_not_take_are_rejected(arguments, message):
    training = Training(optimizer_arguments=arguments)
    with pytest.raises(ValueError, match=message):
        check_optimizer(training)


@pytest.mark.parametrize(
    ("optimizer", "arguments"),
    [("sgd", {"momentum": 2.0}), ("adam", {"gradient_accumulation_steps": 1})],
)
def test_values_that_keras_rejects_name_the_setting(optimizer, arguments):
    training = Training(optimizer=optimizer, optimizer_arguments=arguments)
    kind = getattr(keras.optimizers, OPTIMIZERS[optimizer])
    with pytest.raises(ValueError) as bare:
        kind(1e-3, **arguments)
    with pytest.raises(ValueError) as caught:
        make_optimizer(training)
    message = str(caught.value)
    expected = f"values that keras.optimizers.{kind.__name__} accepts. Received: "
    assert f"`training.optimizer_arguments` must have {expected}{arguments}" in message
    assert str(bare.value) in message and message.endswith("Correct this value.")


def test_gradients_are_clipped_in_one_way():
    training = Training(clip_norm=1.0, optimizer_arguments={"clipvalue": 0.5})
    with pytest.raises(ValueError, match=r"\['clipvalue', 'training.clip_norm'\]"):
        check_optimizer(training)
    check_optimizer(Training(optimizer_arguments={"clipvalue": 0.5, "amsgrad": True}))


def test_a_config_is_imported_and_checked_without_keras():
    code = (
        "import sys; from keras_ser.experiments.config import Training; "
        "Training(optimizer='adamw', optimizer_arguments={'weight_decay': 0.1}); "
        "from keras_ser.experiments import optimizers; print('keras' in sys.modules)"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]
