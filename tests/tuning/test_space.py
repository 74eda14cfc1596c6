"""Search spaces: parsing, defaults, and checks before anything is trained."""

import dataclasses

import pytest

from keras_ser import augment
from keras_ser.experiments.config import Experiment, Features, System
from keras_ser.models import BASELINE, SpeechModel
from keras_ser.tuning import space
from keras_ser.tuning.space import Choice, Range, parse_dimension

CONFIG = Experiment(
    name="toy",
    corpus="synthetic",
    systems={"a": System(), "b": System(arguments=BASELINE, augment=())},
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x=0.1:1.0:log", Range(0.1, 1.0, log=True)),
        ("x=1e-4:1e-2", Range(1e-4, 1e-2)),
        ("x=5:40", Range(5, 40)),
        ("x=5|40", Choice((5, 40))),
        ("x=0.5", Choice((0.5,))),
        ("x=(7, 5, 3)|(3,3,3)", Choice(((7, 5, 3), (3, 3, 3)))),
        ("x = uar | accuracy ", Choice(("uar", "accuracy"))),
        ("x=True|False", Choice((True, False))),
    ],
)
def test_a_dimension_is_read_from_text(text, expected):
    assert parse_dimension(text) == ("x", expected)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x", "`path=low:high`"),
        ("x=", "`path=low:high`"),
        ("=1:2", "`path=low:high`"),
        ("x=1:2:3", "`low:high:log`. Received: '1:2:3'"),
        ("x=1:2:log:log", "`low:high:log`"),
        ("x=2:1", "a larger one.*Received: 2 to 1"),
        ("x=a:b", "a number and a larger one"),
        ("x=True:2", "a number and a larger one"),
        ("x=0:1:log", "above 0 with `log`"),
        ("x=1|1", "one or more different values"),
    ],
)
def test_what_is_no_dimension_is_rejected(text, words):
    with pytest.raises(ValueError, match=words):
        parse_dimension(text)


def test_integers_stay_integers_and_others_have_three_digits():
    assert Range(5, 40).value(7) == 7
    assert type(Range(5, 40).value(7)) is int
    assert Range(1e-4, 1e-2).value(0.00123456) == 0.00123
    # Rounding 0.12345 to three digits would leave the range.
    assert Range(0.12345, 1.0).value(0.12345) == 0.12345


def paths(system, **more):
    return set(space.default_space(dataclasses.replace(system, **more)))


def test_the_default_space_of_mtl_aug():
    assert paths(System()) == {
        "training.learning_rate",
        "objective.auxiliary",
        "objective.center",
        "arguments.kernels",
        "arguments.filters",
        "augment.specaugment.frequency",
        "augment.specaugment.time",
    }


def test_what_has_no_effect_is_not_searched():
    kept = {"training.learning_rate", "arguments.kernels", "arguments.filters"}
    assert paths(System(arguments=BASELINE, augment=())) == kept
    own = {"augmentation": 0.1, "reconstruction": 0.2}
    assert "objective.auxiliary" not in paths(System(objective=own))
    assert "objective.auxiliary" in paths(System(objective={"augmentation": 0.1}))
    other = paths(System(model="CNNAttention", augment=("speed",)))
    assert other == {"training.learning_rate"}


def test_ranges_of_weights_are_around_the_defaults_of_the_model():
    made = space.default_space(System())
    assert list(made)[:3] == [
        "training.learning_rate",
        "objective.auxiliary",
        "objective.center",
    ]
    assert made["objective.auxiliary"] == Range(0.03, 1.0, log=True)
    assert made["objective.center"] == Range(1e-4, 1e-2, log=True)


class TwoHeads(SpeechModel):
    """Its weights are those of a head that can be off, and of one that is always on."""

    def __init__(self, classes, dimensions=8, valence=True, **kwargs):
        raise NotImplementedError("A search space needs no network.")

    def objective(self, valence=0.2, rhythm=3.0, off=0.0, **others):
        raise NotImplementedError


def test_the_weights_of_any_model_are_searched():
    found = space.default_space(System(TwoHeads, augment=()))
    del found["training.learning_rate"]
    assert found == {
        "objective.rhythm": Range(0.3, 3.0, log=True),
        "objective.valence": Range(0.02, 1.0, log=True),
    }
    off = System(TwoHeads, arguments={"valence": False}, augment=())
    assert set(space.default_space(off)) == {
        "training.learning_rate",
        "objective.rhythm",
    }


def test_changes_extend_the_default_space_or_replace_parts_of_it():
    changes = {
        "objective.center": Choice((0.5,)),
        "systems.a.objective.auxiliary": Range(0.1, 0.2),
        "training.patience": Range(3, 6),
        "training.average": Choice((0.0, 0.98)),
        "training.optimizer_arguments.weight_decay": Range(1e-4, 1e-2, log=True),
    }
    made = space.search_space(CONFIG, "a", changes)
    assert len(made) == 10
    assert made["systems.a.objective.center"] == Choice((0.5,))
    assert made["systems.a.objective.auxiliary"] == Range(0.1, 0.2)
    assert made["training.patience"] == Range(3, 6)


@pytest.mark.parametrize(
    "path",
    [
        "training.seed",
        "training",
        "name",
        "protocol",
        "labels",
        "corpus",
        "repeats",
        "tuned_on",
        "tuned_audio",
        "systems.b.objective.center",
        "systems.a",
        "systems.a.use_unlabelled",
        "model",
    ],
)
def test_a_search_changes_settings_of_its_system_only(path):
    with pytest.raises(ValueError, match="A search for system `a` can change"):
        space.search_space(CONFIG, "a", {path: Choice((1, 2))})


@pytest.mark.parametrize(
    ("path", "dimension", "words"),
    [
        ("objective.lambda", Range(0.0, 1.0), "objective` takes"),
        ("objective.center", Range(-1.0, 1.0), "0 or more"),
        ("arguments.kernels", Choice(((7, 5, 3), (7, 5))), "3 positive integers"),
        ("arguments.dropout", Range(0.0, 1.0), "below 1"),
        ("augment.specaugment.width", Range(1, 2), "takes"),
        ("augment.echo.width", Range(1, 2), "no `echo`"),
        ("training.learning_rate", Range(-1.0, 1.0), "above 0"),
        ("training.epochs", Range(1.0, 2.0), "expected int"),
    ],
)
def test_ends_and_options_are_checked_before_any_training(path, dimension, words):
    with pytest.raises(ValueError, match=words) as caught:
        space.search_space(CONFIG, "a", {path: dimension})
    assert path in caught.value.__notes__[0]


def test_a_ratio_of_unlabelled_rows_is_searched_by_choices():
    systems = {"a": System(use_unlabelled=True)}
    config = dataclasses.replace(
        CONFIG, systems=systems, unlabelled_corpus="synthetic_unlabelled"
    )
    path = "training.unlabelled_ratio"
    choice = Choice((0.125, 0.25, 1))
    assert space.search_space(config, "a", {path: choice})[path] == choice
    applied = space.apply_values(config, "a", {path: choice.value("0.125")})
    assert applied.training.unlabelled_ratio == 0.125
    with pytest.raises(ValueError, match="whole number of unlabelled rows"):
        space.search_space(config, "a", {path: Range(0.125, 0.25)})
    with pytest.raises(ValueError, match="batch=9"):
        training = dataclasses.replace(config.training, unlabelled_ratio=0.125)
        config = dataclasses.replace(config, training=training)
        space.search_space(config, "a", {"training.batch": Range(8, 32)})


def test_values_are_set_in_the_experiment():
    values = {
        "systems.a.augment.specaugment.frequency": 9,
        "systems.a.arguments.kernels": (3, 3, 3),
        "training.learning_rate": 2e-4,
    }
    made = space.apply_values(CONFIG, "a", values)
    assert made.training.learning_rate == 2e-4
    assert made.systems["a"].arguments == {"kernels": (3, 3, 3)}
    assert made.systems["b"] == CONFIG.systems["b"]
    given = augment.instances(made.systems["a"].augment)
    assert [each.name for each in given] == ["speed", "specaugment", "mixup"]
    assert given[1].frequency == 9
    assert given[1].time == augment.SpecAugment().time


def test_arguments_of_augmentations_stay():
    system = System(augment={"specaugment": {"time": 7}})
    config = Experiment("toy", "synthetic", {"a": system}, features=Features())
    values = {"systems.a.augment.specaugment.frequency": 9}
    made = space.apply_values(config, "a", values).systems["a"].augment
    assert made == {"specaugment": {"time": 7, "frequency": 9}}
