"""Conditions: as text and back, and what each does to a waveform."""

import dataclasses
import pickle

import numpy as np
import pytest
import soundfile

from keras_ser import attacks, audio, conditions
from keras_ser.conditions import CODECS, CONDITIONS, parse
from keras_ser.conditions.degraded import Band, Clean, Codec, Gain, Noise

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
def test_a_condition_says_what_a_card_needs(name):
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


def test_close_levels_are_told_apart():
    assert parse("gain:0.1234567").text != parse("gain:0.1234568").text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("fog", "Condition must be one of clean, noise:KIND:SNR, .* Received: 'fog'"),
        ("", "Condition must be one of"),
        (5, "Condition must be one of.*Received: 5"),
        ("noise", "`noise` is written noise:KIND:SNR. Received: 'noise'"),
        ("noise:10", "`noise` is written noise:KIND:SNR"),
        ("noise:rain:10:2", "`noise` is written noise:KIND:SNR"),
        ("noise:rain:loud", "`noise` is written noise:KIND:SNR"),
        ("noise::10", "takes a kind of noise, or `all`. Received: 'noise::10'"),
        ("noise:rain:nan", "takes an SNR of -100 to 100 dB. Received: 'noise:rain:nan"),
        ("gain:101", "takes a gain of -100 to 100 dB"),
        ("band:8001", "takes a limit of 100 to 8000 Hz"),
        ("band:-1", "takes a limit of 100 to 8000 Hz"),
        ("codec:flac", r"takes one of \['mp3', 'ogg', 'opus'\]. Received: 'codec:flac"),
        ("codec:mp3:1.5", "takes a compression of 0 to 1"),
        ("clean:1", "`clean` is written clean"),
        ("fgsm:-0.1", "takes an ε of 0 or more"),
        ("pgd:inf", "takes an ε of 0 or more"),
    ],
)
def test_what_is_no_condition_is_refused(text, words):
    with pytest.raises(ValueError, match=words):
        parse(text)


def test_a_gain_is_one_factor_and_clips_nothing(noise):
    wave = noise()
    np.testing.assert_allclose(Gain(-20.0)(wave), wave / 10, rtol=1e-6)
    assert np.abs(Gain(40.0)(wave)).max() > 1
    assert Gain(6.0)(wave).dtype == np.float32


def spectrum(wave):
    return np.square(np.abs(np.fft.rfft(wave))), np.fft.rfftfreq(len(wave), 1 / 16_000)


@pytest.mark.parametrize("hertz", [1000.0, 4000.0, 6000.0])
def test_nothing_is_left_above_a_band_limit_and_all_below(noise, hertz):
    wave = noise(1.0)
    limited = Band(hertz)(wave)
    assert limited.shape == wave.shape and limited.dtype == np.float32
    (before, places), (after, _) = spectrum(wave), spectrum(limited)
    above, below = places > 1.02 * hertz, places < 0.88 * hertz
    assert after[above].sum() < 1e-4 * before[above].sum()
    assert after[below].sum() == pytest.approx(before[below].sum(), rel=0.01)


@pytest.mark.parametrize("samples", [1601, 12_345])
def test_the_length_stays(noise, samples):
    wave = noise(1.0)[:samples]
    for condition in (Band(3300.0), Codec("mp3"), Codec("opus"), Gain(3.0)):
        assert condition(wave).shape == wave.shape


@pytest.mark.parametrize("codec", CODECS)
def test_lossy_coding_is_near_and_not_the_same(codec, tone):
    wave = tone(440.0, 1.0)
    plain, hard = Codec(codec)(wave), Codec(codec, 1.0)(wave)
    errors = [np.square(each - wave).mean() / np.square(wave).mean() for each in (
        plain, hard)]  # fmt: skip
    assert 0 < errors[0] < 0.1  # in time too: no delay is left
    assert errors[0] < errors[1]
    np.testing.assert_array_equal(Codec(codec)(wave), plain)


@pytest.mark.parametrize("codec", CODECS)
def test_coding_does_not_clip_what_is_beyond_one(codec, tone):
    wave = 10 * tone(440.0, 1.0)
    coded = Codec(codec)(wave)
    assert np.square(coded - wave).mean() < 0.05 * np.square(wave).mean()


def test_a_codec_that_is_not_written_is_refused(monkeypatch):
    monkeypatch.setattr(soundfile, "check_format", lambda *_: False)
    with pytest.raises(ValueError, match="needs a libsndfile that writes mp3"):
        parse("codec:mp3")


def test_clean_and_attacks_leave_the_waveform_alone():
    for name in ("clean", *attacks.ATTACKS):
        assert parse(EXAMPLES[name]).transform(None) == audio.Speed(1.0)


def test_transforms_have_keys_of_their_own():
    texts = ["gain:1", "gain:2", "band:4000", "codec:mp3", "codec:mp3:0.5", "codec:ogg"]
    keys = {parse(text).transform(None).key for text in texts}
    assert len(keys) == len(texts)


def test_a_codecs_key_names_who_codes():
    assert soundfile.__libsndfile_version__ in Codec("mp3").key


def test_noise_needs_noise():
    with pytest.raises(ValueError, match="`noise:rain:10` needs noise.*Received none"):
        Noise("rain", 10.0).transform(None)


def test_every_attack_is_a_condition():
    assert {name for name, kind in CONDITIONS.items() if kind.attacks} == set(
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
    ("texts", "options", "words"),
    [
        ([], {}, "must be `clean` and then others"),
        (["gain:1"], {}, "must be `clean` and then others"),
        (["gain:1", "clean"], {}, "must be `clean` and then others"),
        (["clean", "gain:1", "gain:1.0"], {}, "each once"),
        (["clean", "noise:all:10"], {}, r"\['noise:all:10'\] mix in noise.*without"),
        (["clean", "bim:0.1"], {"classical": ["svm"]}, r"gradient.*\['svm'\]"),
        (["clean", "fog"], {}, "Condition must be one of"),
    ],
)
def test_an_experiment_is_refused_what_it_cannot_be_tested_under(texts, options, words):
    with pytest.raises(ValueError, match=words):
        conditions.check(texts, **options)


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ([], "at least one condition"),
        (["gain:1", "gain:1.0"], "each once"),
        (["clean", "bim:0.1"], r"\['bim:0.1'\], which follow the gradient"),
        (["noise:all:10"], r"\['noise:all:10'\] mix in noise.*without"),
        (["fog"], "Condition must be one of"),
    ],
)
def test_a_system_is_refused_what_it_cannot_learn_under(texts, words):
    with pytest.raises(ValueError, match=words):
        conditions.check_training(texts)


def test_a_system_may_learn_under_the_others():
    conditions.check_training(["clean"])
    conditions.check_training(["gain:-20", "clean", "noise:all:10"], noise="demand")


def test_speech_is_heard_under_a_single_condition():
    assert conditions.heard(["clean"]) == audio.Speed()
    assert conditions.heard(["gain:-20"]) == Gain(-20.0)


def test_each_utterance_is_heard_under_one_of_several():
    """Every one about as often, by the utterance's name alone."""
    texts = ("clean", "gain:-20", "band:4000")
    drawn = conditions.heard(texts)
    names = [f"toy/{number}" for number in range(600)]
    found = [drawn.of(name).key for name in names]
    keys = [conditions.parse(text).transform(None).key for text in texts]
    assert {key: found.count(key) for key in keys} == pytest.approx(
        dict.fromkeys(keys, 200), abs=60
    )
    assert sum(map(found.count, keys)) == 600
    again = conditions.heard(texts)
    assert [again.of(name).key for name in names[::-1]] == found[::-1]


def test_an_experiment_may_be_tested_under_the_others():
    conditions.check(["clean"])
    conditions.check(["clean", "noise:all:10", "pgd:0.1"], noise="demand")
    conditions.check(["clean", "gain:3"], classical=["svm"])


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
def test_what_papers_call_them(text, paper):
    assert conditions.published_name(text) == paper


def test_the_published_names_are_those_of_the_published_figures():
    from keras_ser.reports import published_figures

    printed = {*published_figures.load("mtl_aug", "5").condition}
    printed |= {*published_figures.load("mtl_aug", "6").condition}
    ours = ["noise:all:0", "noise:all:10", "noise:all:20", "fgsm:0.08", "bim:0.08"]
    assert {conditions.published_name(text) for text in ours} == printed


def test_clean_does_nothing():
    assert Clean().text == "clean"
