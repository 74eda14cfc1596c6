"""The hash of a front-end's code follows what its methods compute."""

import subprocess
import sys
import textwrap
from typing import ClassVar

import pytest

from keras_ser.features import LogMel
from keras_ser.features.code import code_hash

SOURCE = """
    import dataclasses, functools
    import numpy as np

    def wrapped(function):
        @functools.wraps(function)
        def call(*arguments, **settings):
            return function(*arguments, **settings)
        return call

    @dataclasses.dataclass(frozen=True)
    class Own:
        gain: float = 1.0
        scale = 2.0
        table = [1, {"a": (2, np.float32(3))}]
        shares = {"x", "y", "z"}
        kernel = np.array([1.0, 2.0])
        mixed = [object(), print, np.array([None, "q"], object)]

        @functools.lru_cache(1)
        def bank(self):
            return 11

        @wrapped
        def level(self, wave, *, floor=-60):
            return max(floor, 12)

        @property
        def dimensions(self):
            return 1

        @functools.cached_property
        def factor(self):
            return self.scale * self.gain

        @staticmethod
        def names():
            return "a" in {"a", "b", "c"}

        def __call__(self, wave):
            return (wave * self.factor)[:, None]
"""


def defined(source):
    names = {"__name__": "own"}
    exec(textwrap.dedent(source), names)
    return names["Own"]


def test_equal_code_has_an_equal_hash():
    assert code_hash(defined(SOURCE)) == code_hash(defined(SOURCE))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("wave * self.factor", "wave / self.factor"),
        ("self.scale * self.gain", "self.scale + self.gain"),
        ("scale = 2.0", "scale = 3.0"),
        ("return 1", "return 2"),
        ('{"a", "b", "c"}', '{"a", "b", "d"}'),
        ("def __call__(self, wave)", "def __call__(self, wave, power=2)"),
        ("floor=-60", "floor=-50"),
        ("return 11", "return 13"),
        ("max(floor, 12)", "min(floor, 12)"),
        ("return function(", "return 2 * function("),
        ("[1, {", "[2, {"),
        ('{"a": (2', '{"b": (2'),
        ("np.float32(3)", "np.float32(4)"),
        ('"z"}', '"w"}'),
        ("[1.0, 2.0]", "[1.0, 2.5]"),
        ("[1.0, 2.0]", "[[1.0, 2.0]]"),
        ('"q"', '"r"'),
    ],
)
def test_other_code_has_another_hash(old, new):
    assert old in SOURCE
    assert code_hash(defined(SOURCE)) != code_hash(defined(SOURCE.replace(old, new)))


def test_a_changed_base_class_has_another_hash():
    base, other = defined(SOURCE), defined(SOURCE.replace("return 1", "return 2"))
    first, second = (
        type("Sub", (each,), {"__module__": "own"}) for each in (base, other)
    )
    assert code_hash(first) != code_hash(second)


def test_processes_agree(tmp_path):
    (tmp_path / "own.py").write_text(textwrap.dedent(SOURCE))
    script = (
        "import own; from keras_ser.features.code import code_hash; "
        "print(code_hash(own.Own))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=tmp_path,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(found) == 1 and len(found.pop().strip()) == 32


def test_the_hash_of_a_class_without_containers_stays_as_it_was():
    """A front-end whose entries were cached before is found again."""
    members = {"__module__": "own", "scale": 2.0, "names": ("a", ("b",), ())}
    assert code_hash(type("Own", (), members)) == "588b3ec0666a5727aa972049f629eb60"


def test_classes_of_the_package_have_none():
    assert code_hash(LogMel) == ""


def test_results_that_methods_keep_in_a_class_change_nothing():
    class Keeping:
        kept: ClassVar[dict] = {}

        def __call__(self, wave):
            self.kept[len(wave)] = wave

    before = code_hash(Keeping)
    Keeping()([0.5])
    assert code_hash(Keeping) == before
