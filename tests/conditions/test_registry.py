"""The registry of conditions: as text and back, and what every condition promises."""

import dataclasses
import pickle

import pytest

from keras_ser import attacks, audio, conditions
from keras_ser.conditions import CONDITIONS, parse

EXAMPLES = {
    "clean": "clean",
    "noise": "noise:rain:10",
    "gain": "gain:-20",
    "band": "band:4000",
    "codec": "codec:opus:0.9",
    "fgsm": "fgsm:0.08",
    "bim": "bim:0.3",
    "pgd": "pgd:0.02",
}
EVERY = pytest.mark.parametrize("name", CONDITIONS)


@EVERY
def test_text_and_condition_are_one_thing(name):
    condition = parse(EXAMPLES[name])
    assert type(condition) is CONDITIONS[name]
    assert condition.text == EXAMPLES[name]
    assert parse(condition.text) == condition
    assert hash(condition) == hash(parse(EXAMPLES[name]))
    assert pickle.loads(pickle.dumps(condition)) == condition


@EVERY
def test_a_condition_has_what_the_robustness_report_needs(name):
    condition = parse(EXAMPLES[name])
    assert condition.name == name
    assert condition.form.partition(":")[0] == name
    assert condition.family and condition.tick
    assert (condition.axis == "") == (name == "clean")
    assert isinstance(condition.level, float)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("noise:rain:10.0", "noise:rain:10"),
        ("gain:-0", "gain:0"),
        ("fgsm:8e-2", "fgsm:0.08"),
        ("band:4e3", "band:4000"),
        ("codec:mp3", "codec:mp3"),
        ("noise:sea/waves:-5", "noise:sea/waves:-5"),
    ],
)
def test_one_condition_has_one_text(text, same):
    assert parse(text).text == same


def test_close_levels_have_different_texts():
    assert parse("gain:0.1234567").text != parse("gain:0.1234568").text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("fog", "Condition must be one of clean, noise:KIND:SNR, .* Received: 'fog'"),
        ("", "Condition must be one of"),
        (5, "Condition must be one of.*Received: 5"),
        ("noise", "`noise` has the form noise:KIND:SNR. Received: 'noise'"),
        ("noise:10", "`noise` has the form noise:KIND:SNR"),
        ("noise:rain:10:2", "`noise` has the form noise:KIND:SNR"),
        ("noise:rain:loud", "`noise` has the form noise:KIND:SNR"),
        ("noise::10", "takes a kind of noise, or `all`. Received: 'noise::10'"),
        ("noise:rain:nan", "an SNR from -100 to 100 dB. Received: 'noise:rain:nan"),
        ("gain:101", "takes a gain from -100 to 100 dB"),
        ("band:8001", "takes a limit from 100 to 8000 Hz"),
        ("band:-1", "takes a limit from 100 to 8000 Hz"),
        ("codec:flac", r"takes one of \['mp3', 'ogg', 'opus'\]. Received: 'codec:flac"),
        ("codec:mp3:1.5", "takes a compression from 0 to 1"),
        ("clean:1", "`clean` has the form clean"),
        ("fgsm:-0.1", "takes an ε of 0 or more"),
        ("pgd:inf", "takes an ε of 0 or more"),
    ],
)
def test_what_is_no_condition_is_rejected(text, words):
    with pytest.raises(ValueError, match=words):
        parse(text)


def test_clean_and_attacks_leave_the_waveform_alone():
    for name in ("clean", *attacks.ATTACKS):
        assert parse(EXAMPLES[name]).transform(None) == audio.Speed(1.0)


def test_transforms_have_keys_of_their_own():
    texts = ["gain:1", "gain:2", "band:4000", "codec:mp3", "codec:mp3:0.5", "codec:ogg"]
    keys = {parse(text).transform(None).key for text in texts}
    assert len(keys) == len(texts)


def test_every_attack_is_a_condition():
    assert {name for name, kind in CONDITIONS.items() if kind.is_attack} == set(
        attacks.ATTACKS
    )
    for name in attacks.ATTACKS:
        attack = CONDITIONS[name](0.25).attack()
        assert type(attack) is attacks.ATTACKS[name]
        assert attack.epsilon == 0.25


def test_every_condition_is_a_frozen_dataclass():
    for kind in CONDITIONS.values():
        assert dataclasses.is_dataclass(kind)
        assert kind.__dataclass_params__.frozen


@pytest.mark.parametrize(
    ("text", "paper"),
    [
        ("noise:all:0", "0 dB"),
        ("noise:all:10", "10 dB"),
        ("noise:rain:10", "noise:rain:10"),
        ("fgsm:0.08", "FGSM"),
        ("fgsm:0.0825", "fgsm:0.0825"),
        ("bim:0.08", "BIM"),
        ("clean", "clean"),
    ],
)
def test_conditions_have_the_names_of_papers(text, paper):
    assert conditions.published_name(text) == paper


def test_the_published_names_are_those_of_the_published_figures():
    from keras_ser.reports import published_figures

    published = {*published_figures.load_published("mtl_aug", "5").condition}
    published |= {*published_figures.load_published("mtl_aug", "6").condition}
    ours = ["noise:all:0", "noise:all:10", "noise:all:20", "fgsm:0.08", "bim:0.08"]
    assert {conditions.published_name(text) for text in ours} == published
