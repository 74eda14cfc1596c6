"""Options of readers: every wrong type is rejected with a message."""

import inspect
from collections.abc import Mapping
from pathlib import Path

import pytest

from keras_ser import corpora
from keras_ser.corpora import CORPORA
from keras_ser.corpora.options import check_options

OPTIONS = [
    (name, parameter.name, parameter.annotation)
    for name, corpus in CORPORA.items()
    for parameter in list(inspect.signature(corpus.read).parameters.values())[1:]
]
# Values of other types, by the type of the option.
WRONG = {
    bool: ["no", "False", 0, 1, None, [], 1.0],
    int: ["2", 2.5, True, None, [2]],
    str: [7, 2.5, True, None, b"x", ["x"], {"x": "y"}],
    str | Path: [7, 2.5, True, None, b"x", ["x"]],
    Mapping[str, str] | None: [
        "wroth",
        7,
        [("a", "b")],
        {1: "a"},
        {"a": 1},
        {"a"},
        True,
    ],
}


@pytest.mark.parametrize(("name", "option", "kind"), OPTIONS)
def test_every_option_of_every_reader_is_checked(tmp_path, name, option, kind):
    assert kind in WRONG, f"say which values of `{option}` are wrong"
    for value in WRONG[kind]:
        with pytest.raises(ValueError) as caught:
            corpora.read(name, tmp_path, **{option: value})
        message = str(caught.value)
        assert f"Option `{option}` of corpus `{name}` must be" in message
        assert (
            f"Received: {value!r}" in message
            and f"--set {option}" in message.replace('"', "")
        )


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((["csv"], "x"), "Corpus must be one of"),
        ((7, "x"), "Corpus must be one of"),
        (("emodb", 7), "must be a path"),
        (("emodb", None), "must be a path"),
        (("emodb", "x", "all", "no"), "`keep_unreadable` must be True or False"),
    ],
)
def test_other_arguments_are_checked(arguments, expected):
    with pytest.raises(ValueError, match=expected):
        corpora.read(*arguments)


def test_right_types_are_accepted():
    read = CORPORA["csv"].read
    options = {
        "audio": Path("x"),
        "speaker": "",
        "emotions": {"a": ""},
        "columns": None,
    }
    check_options("csv", read, {**options, "labelled": False})


def test_a_users_reader_may_lack_types_or_take_any_option():
    check_options("own", lambda root, depth=1: None, {"depth": "x"})
    check_options("own", lambda root, **options: None, {"anything": 1})
    with pytest.raises(ValueError, match=r"takes the options \['depth'\]"):
        check_options("own", lambda root, depth=1: None, {"other": 1})


def test_a_long_value_is_shortened():
    with pytest.raises(ValueError) as caught:
        check_options("csv", CORPORA["csv"].read, {"columns": "x" * 10_000})
    assert len(str(caught.value)) < 400
