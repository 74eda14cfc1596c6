"""The report names environments in which runs differ, and runs that are unchecked."""

import pytest
from toy_runs import make_config, predictions, write

from keras_ser.reports import environments, reading, tested
from keras_ser.utils import files


def texts(root, **changes):
    """What is said of two runs; the environment of the second is changed."""
    same = {"keras": "3.1", "backend": "jax", "commit": "a" * 40, "seconds": 1.0}
    for system, own in (("mtl", same), ("baseline", {**same, **changes})):
        table = predictions(system, "03")
        hashed = tested.fingerprint(table)
        folder = write(root, table, make_config(table, tested=hashed))
        files.write_json(folder / "environment.json", own)
    return environments.environment_texts(reading.read_runs(root))


def test_equal_environments_are_not_mentioned(tmp_path):
    assert texts(tmp_path, seconds=2.0) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"keras": "3.2"},
            "version of Keras: 3.1 (1 run of mtl); 3.2 (1 run of baseline)",
        ),
        (
            {"backend": "torch"},
            "backend: jax (1 run of mtl); torch (1 run of baseline)",
        ),
        ({"commit": "b" * 40 + "-dirty"}, "bbbbbbbb-dirty (1 run of baseline)"),
    ],
)
def test_differences_are_named(tmp_path, changes, words):
    (text,) = texts(tmp_path, **changes)
    assert text.startswith("The runs of toy differ in their environment. ")
    assert words in text


def test_runs_without_a_hash_are_unchecked(finished_runs):
    (text,) = environments.environment_texts(reading.read_runs(finished_runs))
    assert text.startswith("Unchecked: in toy, no run records a hash of the test set")
