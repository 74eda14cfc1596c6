import numpy as np
import pytest

from keras_ser.corpora.synthetic import prosody
from keras_ser.corpora.synthetic.phones import PHONES

LANGUAGES = sorted(prosody.LANGUAGES)


def inventory(language):
    sounds = prosody.LANGUAGES[language]
    return set("".join([sounds.vowels, sounds.reduced, *sounds.onsets, *sounds.codas]))


def vowel_seconds(language):
    """Duration of each vowel of many sentences, final ones left out."""
    rng = np.random.default_rng(0)
    for sentence in range(1, 13):
        syllables = prosody.make_sentence(sentence, language, seed=0)
        phases, vowels = prosody.articulate(syllables, language, 1.0, 1.0, rng)
        yield np.array([phases[index].seconds for index in vowels[:-1]])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_phone_can_be_said(language):
    assert inventory(language) <= set(PHONES)


def test_languages_differ_in_phonemes():
    a, b = (inventory(language) for language in LANGUAGES)
    assert a - b and b - a


def test_one_language_is_stress_timed_the_other_syllable_timed():
    def variability(seconds):  # pairwise, after Grabe and Low
        mean = (seconds[1:] + seconds[:-1]) / 2
        return np.mean(np.abs(np.diff(seconds)) / mean)

    a, b = (
        np.mean([variability(seconds) for seconds in vowel_seconds(language)])
        for language in LANGUAGES
    )
    assert a > 2 * b


def test_texts_differ_and_have_six_to_ten_syllables():
    texts = [
        tuple(prosody.make_sentence(number, "syn-a", 0)) for number in range(1, 13)
    ]
    assert len(set(texts)) == 12
    assert all(6 <= len(text) <= 10 for text in texts)


def test_a_generator_depends_on_its_identity_only():
    draw = [prosody.make_generator("x", number).random() for number in (1, 2, 1)]
    assert draw[0] == draw[2] != draw[1]


def test_speakers_differ_and_alternate_in_gender():
    people = [prosody.make_speaker(f"s{n:02d}", "syn-a", 0) for n in range(1, 11)]
    assert [speaker.gender for speaker in people] == ["male", "female"] * 5
    assert len({speaker.pitch for speaker in people}) == 10
    men = [speaker for speaker in people if speaker.gender == "male"]
    women = [speaker for speaker in people if speaker.gender == "female"]
    assert max(w.pitch for w in men) < min(w.pitch for w in women)
    assert max(w.quality.tract for w in men) < min(w.quality.tract for w in women)


@pytest.mark.parametrize("cue", sorted(prosody.CUES))
def test_emotions_overlap_in_every_cue(cue):
    speaker = prosody.make_speaker("s01", "syn-a", 0)
    rng = np.random.default_rng(0)
    takes = {
        emotion: np.array(
            [prosody.act(speaker, emotion, rng).cues[cue] for _ in range(99)]
        )
        for emotion in prosody.EMOTIONS
    }
    for emotion in ("anger", "happiness", "sadness"):
        low, high = np.percentile(takes[emotion], [2, 98])
        assert low < takes["neutral"].max() and takes["neutral"].min() < high


def test_ratings_surround_those_of_the_emotion():
    speaker = prosody.make_speaker("s02", "syn-a", 0)
    rng = np.random.default_rng(0)
    rating = {
        emotion: np.array(
            [(t.activation, t.valence) for t in _acts(speaker, emotion, rng, 200)]
        )
        for emotion in prosody.EMOTIONS
    }
    means = {emotion: values.mean(axis=0) for emotion, values in rating.items()}
    assert means["anger"][0] > means["neutral"][0] > means["sadness"][0]
    assert means["happiness"][1] > means["neutral"][1] > means["anger"][1]
    assert all((1 <= v).all() and (v <= 5).all() for v in rating.values())


def _acts(speaker, emotion, rng, count):
    return [prosody.act(speaker, emotion, rng) for _ in range(count)]


def test_pitch_stays_within_reach_of_the_voice():
    rng = np.random.default_rng(0)
    speaker = prosody.make_speaker("s02", "syn-a", 0)
    syllables = prosody.make_sentence(1, "syn-a", 0)
    phases, vowels = prosody.articulate(syllables, "syn-a", 1.0, 1.0, rng)
    cues = dict.fromkeys(prosody.CUES, 0.0) | {"pitch": 30.0}
    pitch, level = prosody.intone(syllables, phases, vowels, speaker, cues, rng)
    assert pitch.max() <= speaker.pitch * 2 ** (prosody.MAX_PITCH_SHIFT / 12)
    assert len(pitch) == len(level)
