"""Overrides set one value and keep its type; errors say what was expected."""

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_ser.experiments.config import Experiment, Features, System
from keras_ser.experiments.overrides import literal, override, parse_options


@pytest.fixture
def experiment():
    return Experiment(
        name="toy",
        corpus="synthetic",
        systems={
            "baseline": System(augment=()),
            "full": System(objective={"center": 1e-3}, arguments={"sizes": {"a": 1}}),
        },
        features=Features(seconds=8),
    )


def look_up(node, path):
    for name in path.split("."):
        node = node[name] if isinstance(node, dict) else getattr(node, name)
    return node


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("name=other", "other"),
        ("name='5'", "5"),
        ("name=a=b", "a=b"),
        ("repeats=3", 3),
        ("training.epochs=5", 5),
        (" training.epochs = 5 ", 5),
        ("training.learning_rate=0.5", 0.5),
        ("training.learning_rate=1e-4", 1e-4),
        ("training.learning_rate=1", 1.0),
        ("training.unlabelled_ratio=0.125", 0.125),
        ("training.unlabelled_ratio=2", 2),
        ("training.unlabelled_ratio=2.0", 2),
        ("features.seconds=7.5", 7.5),
        ("features.seconds=4", 4.0),
        ("features.settings={'n_mels': 64}", {"n_mels": 64}),
        ("features.settings.n_mels=64", 64),
        ("training.monitor=uar", "uar"),
        ("training.precision=mixed_bfloat16", "mixed_bfloat16"),
        ("systems.full.use_unlabelled=False", False),
        ("systems.full.augment=('speed',)", ("speed",)),
        ("systems.full.augment=['speed', 'mixup']", ("speed", "mixup")),
        ("systems.full.augment=()", ()),
        ("systems.full.objective.center=0", 0),
        ("systems.full.objective.new=0.5", 0.5),
        ("systems.full.objective.kind=soft", "soft"),
        ("systems.full.arguments.sizes.a=2", 2),
        ("corpus=ravdess", "ravdess"),
        ("corpus=('emodb', 'ravdess')", ("emodb", "ravdess")),
        ("corpus_options.csv.speaker=subject", "subject"),
        ("systems.full.label_fraction=1", 1.0),
        ("systems.full.model=CNNAttention", "CNNAttention"),
        ("labels=four", "four"),
        ("labels={'a': 'b'}", {"a": "b"}),
        ("labels={'a': {'b': 'c'}, 'd': 'four'}", {"a": {"b": "c"}, "d": "four"}),
    ],
)
def test_an_override_sets_one_value_of_the_right_type(experiment, text, value):
    changed = override(experiment, text)
    path = text.partition("=")[0].strip()
    found = look_up(changed, path)
    assert found == value
    assert type(found) is type(value)


def test_the_label_set_of_one_corpus_can_be_changed(experiment):
    labels = {"emodb": "four", "ravdess": {"calm": "neutral"}}
    changed = override(experiment, f"labels={labels}")
    changed = override(changed, "labels.emodb=three")
    changed = override(changed, "labels.ravdess.anger=anger")
    assert changed.labels == {
        "emodb": "three",
        "ravdess": {"calm": "neutral", "anger": "anger"},
    }
    with pytest.raises(ValueError, match="path already ends at the value 'three'"):
        override(changed, "labels.emodb.anger=anger")


def test_an_override_changes_nothing_else(experiment):
    changed = override(experiment, "systems.full.objective.center=0.5")
    assert changed.systems["full"].objective == {"center": 0.5}
    assert changed.systems["baseline"] is experiment.systems["baseline"]
    assert list(changed.systems) == list(experiment.systems)
    assert changed.training is experiment.training
    assert experiment.systems["full"].objective == {"center": 1e-3}
    undone = override(changed, "systems.full.objective.center=0.001")
    assert undone == experiment


@pytest.mark.parametrize(
    ("text", "expected", "received"),
    [
        ("name=5", "str", "int"),
        ("repeats=2.0", "int", "float"),
        ("repeats=True", "int", "bool"),
        ("repeats=many", "int", "str"),
        ("repeats=None", "int", "NoneType"),
        ("repeats=", "int", "str"),
        ("training.learning_rate=True", "float", "bool"),
        ("training.learning_rate=fast", "float", "str"),
        ("systems.full.use_unlabelled=1", "bool", "int"),
        ("systems.full.use_unlabelled=true", "bool", "str"),
        ("systems.full.augment=speed", "tuple or dict", "str"),
        ("systems.full.augment=('speed')", "tuple or dict", "str"),
        ("systems.full.objective=0.5", "dict", "float"),
        ("training=5", "Training", "int"),
        ("systems=5", "dict", "int"),
        ("systems.full.model=5", "str", "int"),
        ("labels=5", "str or dict", "int"),
    ],
)
def test_a_value_of_another_type_is_rejected(experiment, text, expected, received):
    with pytest.raises(ValueError) as caught:
        override(experiment, text)
    message = str(caught.value)
    assert repr(text) in message
    assert f"expected {expected}. Received: {received}." in message


@pytest.mark.parametrize(
    ("text", "unknown", "known"),
    [
        ("epochs=5", "epochs", "training"),
        ("=5", "", "training"),
        ("training.epoch=5", "epoch", "epochs"),
        ("systems.ful.use_unlabelled=True", "ful", "baseline"),
        ("systems.full.objectives.center=1", "objectives", "objective"),
        ("features.settings.mel.n_mels=1", "mel", ""),
    ],
)
def test_the_error_of_an_unknown_path_lists_the_known_ones(
    experiment, text, unknown, known
):
    with pytest.raises(ValueError) as caught:
        override(experiment, text)
    message = str(caught.value)
    assert f"Override {text!r}: there is no `{unknown}`. Expected one of [" in message
    assert known in message.partition("Expected one of")[2]


@pytest.mark.parametrize("text", ["training.epochs.first=1", "name.x=1"])
def test_a_path_through_a_value_is_rejected(experiment, text):
    with pytest.raises(ValueError) as caught:
        override(experiment, text)
    name = text.partition("=")[0].split(".")[-1]
    message = str(caught.value)
    assert f"Override {text!r}: there is no `{name}`, because the path" in message


@pytest.mark.parametrize("text", ["training.epochs", "", "--help"])
def test_an_override_without_equals_sign_is_rejected(experiment, text):
    with pytest.raises(ValueError, match="An override is `path=value`. Received: "):
        override(experiment, text)


@pytest.mark.parametrize("text", ["systems.full=5", "systems={'a': 1}"])
def test_a_value_that_is_not_a_system_is_rejected(experiment, text):
    with pytest.raises(ValueError, match="must be a `System`. Received: "):
        override(experiment, text)


@given(value=st.text())
@settings(max_examples=60, deadline=None)
def test_any_text_is_a_value_or_a_clear_error(value):
    toy = Experiment(name="toy", corpus="synthetic", systems={"a": System()})
    try:
        changed = override(toy, f"name={value}")
    except ValueError as error:
        assert "expected str" in str(error) or "becomes a folder's name" in str(error)
    else:
        assert isinstance(changed.name, str)


@pytest.mark.parametrize("text", ["{[1]: 2}", "[1, 2", "{'a': }", "a\0b", "1 + 1"])
def test_a_value_that_is_not_a_literal_is_text(text):
    assert literal(text) == text


literals = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner),
    max_leaves=5,
)


@given(value=literals)
@settings(max_examples=60, deadline=None)
def test_a_value_below_a_mapping_may_be_any_literal(value):
    value = ast.literal_eval(repr(value)) if "inf" not in repr(value) else 0
    toy = Experiment(name="toy", corpus="synthetic", systems={"a": System()})
    changed = override(toy, f"systems.a.objective.x={value!r}")
    assert changed.systems["a"].objective["x"] == value


def test_an_override_cannot_make_an_impossible_experiment(experiment):
    with pytest.raises(ValueError, match="Set `unlabelled_corpus` to a corpus"):
        override(experiment, "systems.full.use_unlabelled=True")


def test_options_are_names_and_literals():
    found = parse_options(
        ["speaker=subject", "column=3", "pattern=a=(.*)", "names=('a',)"]
    )
    assert found == {
        "speaker": "subject",
        "column": 3,
        "pattern": "a=(.*)",
        "names": ("a",),
    }


@pytest.mark.parametrize("text", ["speaker", "=subject", ""])
def test_an_option_without_name_or_sign_is_rejected(text):
    with pytest.raises(ValueError, match=f"takes OPTION=VALUE. Received: {text}"):
        parse_options(["a=1", text])
