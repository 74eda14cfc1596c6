"""Names that a user has given to parts of their own, in other processes."""

import dataclasses
import sys

import numpy as np

from keras_ser import augment, features
from keras_ser.conditions.registry import CONDITIONS
from keras_ser.experiments import registered
from keras_ser.utils import parallel


def make_loudness():
    @dataclasses.dataclass(frozen=True)
    class Loudness:
        hop_seconds: float = 0.01
        dimensions = 1

        def __call__(self, wave):
            return np.abs(wave[:100, None])

    return Loudness


def test_the_parts_of_the_package_are_not_sent():
    for module in registered.REGISTRIES:
        __import__(module)
    assert registered.own_entries() == {}


def test_a_registry_that_nothing_has_imported_is_left_alone(monkeypatch):
    monkeypatch.setitem(CONDITIONS, "mine", make_loudness())
    monkeypatch.delitem(sys.modules, "keras_ser.conditions.registry")
    assert registered.own_entries() == {}
    assert "keras_ser.conditions.registry" not in sys.modules


def test_another_process_knows_the_names(monkeypatch):
    monkeypatch.setitem(features.FRONT_ENDS, "Loudness", make_loudness())
    monkeypatch.setitem(augment.AUGMENTATIONS, "mine", make_loudness())
    own = registered.own_entries()
    assert {module: [*names] for module, names in own.items()} == {
        "keras_ser.features.front_ends": ["Loudness"],
        "keras_ser.augment": ["mine"],
    }

    def apply(peak):
        from keras_ser import augment, features

        found = features.FRONT_ENDS["Loudness"](0.02)
        return (
            found.hop_seconds,
            float(found(np.full(8, peak)).max()),
            len(augment.AUGMENTATIONS),
        )

    calls = [(own, apply, peak) for peak in (0.25, 0.5)]
    count = len(augment.AUGMENTATIONS)
    done = parallel.unordered(registered.call_with, calls, workers=2)
    assert sorted(done) == [(0.02, 0.25, count), (0.02, 0.5, count)]


def test_without_entries_a_function_is_called_as_it_is():
    assert registered.call_with({}, max, 2, 3) == 3
