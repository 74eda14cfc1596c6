"""The arguments of each command: their values, and that each has a help text."""

import argparse

import pytest

from keras_ser.cli import arguments
from keras_ser.cli import main as cli
from keras_ser.experiments import config


def parsed(*words):
    return cli.parser().parse_args(list(words))


def test_the_presets_are_those_of_configs():
    """They are written twice, because `cli.arguments` imports nothing heavy."""
    assert arguments.shared.PRESETS == tuple(config.PRESETS)


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_argument_has_a_help_text(name):
    subparsers = next(
        action
        for action in cli.parser()._actions
        if isinstance(action, argparse._SubParsersAction)
    )
    for action in subparsers.choices[name]._actions:
        what = action.option_strings or action.dest
        assert len(action.help or "") > 10, f"{name}: {what} has no help text"


def test_options_that_may_be_repeated_are_collected():
    given = parsed("run", "c.py", "--corpus", "a=/x", "--corpus", "b=/y")
    assert given.corpora == ["a=/x", "b=/y"]
    given = parsed("run", "c.py", "--set", "repeats=2", "--set", "name=b")
    assert given.overrides == ["repeats=2", "name=b"]


def test_lists_are_split_at_commas():
    given = parsed("run", "c.py", "--systems", "a,b", "--folds", "03")
    assert (list(given.systems), list(given.folds)) == (["a", "b"], ["03"])
    given = parsed("robustness", "r", "--snr", "20,-5", "--epsilon", "0.3")
    assert (list(given.snr), list(given.epsilon)) == ([20.0, -5.0], [0.3])


def test_a_report_names_a_reference_and_a_primary_system():
    given = parsed("report", "r", "--reference", "a", "--primary", "b")
    assert (given.reference, given.primary) == ("a", "b")
    assert parsed("report", "r").primary is None


@pytest.mark.parametrize(
    "words",
    [
        ("run", "c.py", "--workers", "0"),
        ("run", "c.py", "--workers", "two"),
        ("run", "c.py", "--preset", "huge"),
        ("robustness", "r", "--snr", "loud"),
        ("tune", "c.py", "--seed", "-1"),
        ("tune", "c.py", "--oracle", "delphic"),
        ("run",),
    ],
)
def test_values_out_of_range_are_rejected(words, capsys):
    with pytest.raises(SystemExit) as caught:
        parsed(*words)
    assert caught.value.code == 2
    assert words[-1] in capsys.readouterr().err or len(words) == 1
