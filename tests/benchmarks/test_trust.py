"""How attempts to get a wrong number are counted, and that all of them fail."""

import importlib
import json
import pkgutil
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
NAMES = sorted(each.name for each in pkgutil.iter_modules([BENCHMARKS / "attempts"]))


@pytest.fixture
def trust(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("trust")


def test_what_is_returned_or_raised_is_a_fault(trust):
    def raises():
        raise KeyError("no refusal")

    assert trust._outcome(lambda: "") == ""
    assert trust._outcome(lambda: "0.1 s read as 1 ns") == "0.1 s read as 1 ns"
    assert trust._outcome(raises) == "KeyError: 'no refusal'"
    assert len(trust._outcome(lambda: "x" * 1000)) == trust.MAX_CHARACTERS


def test_rows_have_different_numbers_and_texts(trust):
    modules = [importlib.import_module(f"attempts.{name}") for name in NAMES]
    assert len({each.ORDER for each in modules}) == len(NAMES)
    assert len({each.PROMISE for each in modules}) == len(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_no_attempt_gets_a_wrong_number(trust, capfd, name):
    trust.print_one(name)
    found = json.loads(capfd.readouterr().out.splitlines()[-1])
    assert found["attempts"] >= 10
    assert found["faults"] == {}


def test_the_table_has_a_row_per_promise(trust):
    def topic(faults):
        named = {f"{n}": "wrong" for n in range(faults)}
        return {"order": 1, "promise": "Times", "attempts": 9, "faults": named}

    lines = trust.table({"times": topic(3)}, {"times": topic(0)}).splitlines()
    assert lines[2:] == ["| Times | 9 | 3 | 0 |", "| all | 9 | 3 | 0 |"]


def test_versions_with_other_attempts_are_not_compared(trust):
    one = {"order": 1, "promise": "Times", "attempts": 9, "faults": {}}
    with pytest.raises(ValueError, match="same attempts"):
        trust.table({"times": one}, {"times": {**one, "attempts": 10}})
