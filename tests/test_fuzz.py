"""Mangled input is accepted or clearly rejected, and nothing is lost on the way.

KERAS_SER_FUZZ sets how many inputs each target of `fuzz_targets.py` gets.
"""

import os
import random

import fuzz_targets as fuzz
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_ser import audio
from keras_ser.audio import headers
from keras_ser.experiments.config import Experiment, System
from keras_ser.experiments.overrides import override
from keras_ser.features.preprocessing import Preprocessing

EXAMPLES = int(os.environ.get("KERAS_SER_FUZZ", "50"))
quick = settings(max_examples=EXAMPLES, derandomize=True, deadline=None)
seeds = st.integers(0, 2**32)


operations = st.lists(
    st.tuples(
        st.sampled_from(fuzz.KINDS),
        st.floats(0, 1, exclude_max=True),
        st.integers(0, 2**32 - 1),
    ),
    min_size=1,
    max_size=5,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


@pytest.mark.parametrize("kind", fuzz.FORMATS)
def test_a_sound_that_nobody_mangled_is_read(folder, kind):
    path = folder / f"whole.{kind.split()[0]}"
    path.write_bytes(fuzz.sound(kind))
    assert len(audio.read(path)) == pytest.approx(4800, abs=512)  # ADPCM has blocks


@given(kind=st.sampled_from(list(fuzz.FORMATS)), changes=operations)
@quick
def test_mangled_audio_is_finite_speech_or_rejected(folder, kind, changes):
    path = folder / "a.wav"
    path.write_bytes(fuzz.mutated_bytes(fuzz.sound(kind), changes))
    try:
        wave = audio.read(path)
    except ValueError as error:
        assert str(path) in str(error)
    else:
        assert wave.dtype == np.float32
        assert wave.ndim == 1 and len(wave) and np.isfinite(wave).all()


@given(kind=st.sampled_from(list(fuzz.FORMATS)), share=st.floats(0, 1))
@quick
def test_a_cut_file_is_whole_or_rejected(folder, kind, share):
    data = fuzz.sound(kind)
    whole, cut = folder / "whole.wav", folder / "cut.wav"
    whole.write_bytes(data)
    cut.write_bytes(data[: int(share * len(data))])
    try:
        wave = audio.read(cut)
    except ValueError as error:
        assert str(cut) in str(error)
    else:
        missing = len(audio.read(whole)) - len(wave)
        assert missing <= headers.SLACK_BYTES  # samples, of a byte or more


@pytest.mark.parametrize(
    "target", ["store", "table", "preprocessing", "windows", "config"]
)
def test_a_target_accepts_refuses_and_loses_nothing(target):
    @given(seed=seeds)
    @quick
    def check(seed):
        outcome, dropped, text = fuzz.one(target, seed)
        assert (outcome, text) in [("accepted", ""), ("rejected", "")]
        assert dropped == 0

    check()


@pytest.mark.parametrize(("target", "inputs"), [("report", 8), ("model", 4)])
def test_a_slow_target_loses_nothing(target, inputs):
    count = fuzz.many(target, 0, inputs)
    assert (count.inputs, count.tracebacks, count.dropped) == (inputs, 0, 0), count


def test_the_report_that_is_mangled_is_accepted_unmangled(tmp_path, monkeypatch):
    """Else every input would be rejected for the same wrong reason."""
    monkeypatch.setattr(fuzz, "mutated_bytes", lambda content, operations: content)
    monkeypatch.setattr(fuzz, "mutated_value", lambda value, rng: value)
    for seed in range(4):
        fuzz.fuzz_report(random.Random(seed), tmp_path / str(seed))


@pytest.mark.slow
@pytest.mark.parametrize("target", fuzz.TARGETS)
def test_many_inputs(target):
    count = fuzz.isolated(target, 10_000, 10_500 if target != "model" else 10_100)
    assert (count.tracebacks, count.dropped, count.crashes) == (0, 0, 0), count.first


def test_the_counting_sees_what_it_counts(monkeypatch):
    def fail(rng, folder):
        draw = rng.randrange(4)
        if draw == 0:
            raise KeyError("not clear")
        if draw == 1:
            raise ValueError
        if draw == 2:
            raise ValueError("clear")
        return 1

    monkeypatch.setitem(fuzz.TARGETS, "audio", (fail, 1.0))
    count = fuzz.many("audio", 0, 40)
    draws = [random.Random(f"audio {seed}").randrange(4) for seed in range(40)]
    assert count.tracebacks == draws.count(0) + draws.count(1)
    assert count.rejected == draws.count(2)
    assert count.accepted == count.dropped == draws.count(3)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
KEYS = sorted(fuzz._preprocessing().to_json())


@given(key=st.sampled_from(KEYS), value=json_values)
@quick
def test_any_json_is_a_preprocessing_or_rejected(key, value):
    good = fuzz._preprocessing().to_json()
    for whole in (value, {**good, key: value}):
        try:
            made = Preprocessing.from_json(whole)
        except ValueError as error:
            assert str(error)
        else:
            assert np.isfinite(made.normalised(np.ones((3, 8)))).all()


@given(path=st.sampled_from(["name", "repeats", "training.seed", "x"]), text=st.text())
@quick
def test_any_override_is_taken_or_rejected(path, text):
    toy = Experiment("toy", "synthetic", {"a": System()})
    try:
        changed = override(toy, f"{path}={text}")
    except ValueError as error:
        assert str(error)
    else:
        assert isinstance(changed, Experiment)


@given(name=st.text(max_size=120))
@quick
def test_any_name_is_one_folder_or_rejected(tmp_path_factory, name):
    root = tmp_path_factory.getbasetemp()
    try:
        made = Experiment(name, "synthetic", {name: System()})
    except ValueError as error:
        assert "folder's name" in str(error) or "report" in str(error)
    else:
        assert (root / made.name).resolve().parent == root.resolve()
