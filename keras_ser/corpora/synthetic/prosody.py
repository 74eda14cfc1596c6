"""Languages, speakers and emotions of the synthetic corpus.

An emotion shifts each cue away from the speaker's neutral voice:

    cue = intensity · style · CUES[cue][emotion] + spread · noise,

where the intensity is drawn per utterance, the style per speaker and cue, and the noise
is standard normal. The emotions therefore overlap. The directions and relative sizes of
`CUES` follow Banse and Scherer (1996) and Juslin and Laukka (2003). Activation and
valence follow the circumplex of Russell (1980).

References:
    Banse, Scherer: Acoustic profiles in vocal emotion expression. Journal of
        Personality and Social Psychology 70, 1996
    Juslin, Laukka: Communication of emotions in vocal expression and music
        performance. Psychological Bulletin 129, 2003
    Russell: A circumplex model of affect. Journal of Personality and Social
        Psychology 39, 1980
"""

import hashlib
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from keras_ser.corpora.synthetic.phones import PHONES, Phase
from keras_ser.corpora.synthetic.voice import RATE, STEP, Quality, frame_edges


@dataclass(frozen=True)
class Language:
    """Phoneme inventory, syllable shapes and rhythm of a language.

    Args:
        vowels: The vowels, one character each.
        reduced: The vowel that replaces unstressed vowels. It is empty if unstressed
            vowels are not reduced.
        onsets, codas: Consonants before and after the vowel, each a string of phones.
        stressed, unstressed: Factors on the duration of a vowel. If they differ much,
            the language is stress-timed.
        initials: First letter of the names of labelled and of unlabelled speakers.
    """

    vowels: str
    reduced: str
    onsets: tuple[str, ...]
    codas: tuple[str, ...]
    stressed: float
    unstressed: float
    initials: tuple[str, str]


LANGUAGES: dict[str, Language] = {
    "syn-a": Language(
        vowels="iIEAaOu",
        reduced="@",
        onsets=tuple("p t k b d g f s S v z h m n l r w st pl tr".split()),
        codas=("", "", *"n t s l m nd k".split()),
        stressed=1.30,
        unstressed=0.80,
        initials=("s", "u"),
    ),
    "syn-b": Language(
        vowels="ieaouy",
        reduced="",
        onsets=tuple("p t k b d g T s x m n N l R j".split()),
        codas=("", "", "", "n", "s"),
        stressed=1.03,
        unstressed=0.97,
        initials=("t", "v"),
    ),
}

# Shift of each cue from neutral by emotion, and the spread that is unrelated to it.
#   pitch, final (movement over the last syllable): semitones
#   span (of accents), tempo, pauses, jitter, shimmer: octaves, a ratio of 2 per unit
#   level, bright (less spectral tilt at 3 kHz), breath: dB
#   smile (a shorter vocal tract): percent
CUES: dict[str, dict[str, float]] = {
    "pitch": {"anger": 3.0, "happiness": 3.6, "sadness": -1.5, "spread": 1.0},
    "span": {"anger": 0.4, "happiness": 0.7, "sadness": -0.7, "spread": 0.3},
    "final": {"anger": -1.5, "happiness": 4.0, "sadness": 0.5, "spread": 1.2},
    "tempo": {"anger": 0.12, "happiness": 0.06, "sadness": -0.15, "spread": 0.12},
    "pauses": {"anger": -0.3, "happiness": -0.1, "sadness": 0.4, "spread": 0.4},
    "level": {"anger": 5.0, "happiness": 2.5, "sadness": -3.5, "spread": 1.5},
    "bright": {"anger": 7.0, "happiness": 2.5, "sadness": -5.0, "spread": 1.3},
    "breath": {"anger": -3.0, "happiness": 0.0, "sadness": 4.0, "spread": 1.2},
    "jitter": {"anger": 0.7, "happiness": 0.1, "sadness": 0.4, "spread": 0.3},
    "shimmer": {"anger": 0.7, "happiness": 0.1, "sadness": 0.3, "spread": 0.3},
    "smile": {"anger": -1.0, "happiness": 5.0, "sadness": -1.5, "spread": 1.0},
}
INTENSITY_RANGE = (0.33, 1.15)  # uniform
STYLE_RANGE = (0.5, 1.5)  # uniform

# (activation, valence) of each emotion at full intensity, on a scale from 1 to 5.
RATINGS = {
    "anger": (4.4, 1.6),
    "happiness": (4.1, 4.5),
    "neutral": (2.8, 3.1),
    "sadness": (1.6, 1.7),
}
EMOTIONS = tuple(RATINGS)

TEMPO = 1.28  # of fluent speech, relative to the durations in `PHONES`
MAX_PITCH_SHIFT = 9.0  # semitones above or below the speaker's mean pitch


@dataclass(frozen=True)
class Speaker:
    """The neutral voice of a speaker, and the recording conditions.

    Args:
        gender: `male` or `female`.
        pitch: Mean F0 in Hz.
        rate: Tempo relative to the average speaker.
        quality: Neutral voice quality.
        gain: Recording level in dB.
        floor: Level of the background noise in dB re full scale.
        style: Factor by which this speaker uses each cue of `CUES`.
    """

    gender: str
    pitch: float
    rate: float
    quality: Quality
    gain: float
    floor: float
    style: dict[str, float]


class Syllable(NamedTuple):
    """The phones of one syllable. `pause` inserts a silence before it."""

    onset: str
    vowel: str
    coda: str
    stressed: bool
    pause: bool


@dataclass(frozen=True)
class Take:
    """One performance: its cues, and its ratings on a scale from 1 to 5."""

    cues: dict[str, float]
    activation: float
    valence: float


def make_generator(*identity: object) -> np.random.Generator:
    """Makes a random generator whose seed is a hash of `identity`."""
    digest = hashlib.sha256("\0".join(map(str, identity)).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big"))


def make_speaker(name: str, language: str, seed: int) -> Speaker:
    """Makes the speaker called `name`. Odd numbers are men, even numbers are women.

    Args:
        name: One of the language's `initials` and a number, such as `s03`.
        language: A key of `LANGUAGES`.
        seed: A different seed makes a different person with that name.
    """
    rng = make_generator("speaker", seed, language, name)
    male = int(name[1:]) % 2 == 1
    quality = Quality(
        tract=rng.uniform(0.95, 1.05) if male else rng.uniform(1.10, 1.19),
        tilt=rng.uniform(8.0, 12.0),
        jitter=rng.uniform(0.006, 0.012),
        shimmer=rng.uniform(0.3, 0.7),
        breath=rng.uniform(-30.0, -24.0) + (0.0 if male else 2.0),
        opening=rng.uniform(0.55, 0.68),
    )
    return Speaker(
        gender="male" if male else "female",
        pitch=rng.uniform(95.0, 118.0) if male else rng.uniform(178.0, 208.0),
        rate=rng.uniform(0.90, 1.12),
        quality=quality,
        gain=rng.uniform(-3.0, 3.0),
        floor=rng.uniform(-72.0, -64.0),
        style={cue: rng.uniform(*STYLE_RANGE) for cue in CUES},
    )


def make_sentence(number: int, language: str, seed: int) -> list[Syllable]:
    """Makes a sentence of six to ten syllables, the same for every speaker.

    Args:
        number: Number of the sentence, from 1.
        language: A key of `LANGUAGES`.
        seed: A different seed makes different sentences.
    """
    rng = make_generator("text", seed, language, number)
    sounds = LANGUAGES[language]
    count = int(rng.integers(6, 11))
    pause = int(rng.integers(3, count - 2)) if count >= 8 else -1
    offset = int(rng.integers(2))  # decides whether even or odd syllables are stressed
    return [
        _make_syllable(sounds, (index + offset) % 2 == 0, index == pause, rng)
        for index in range(count)
    ]


def _make_syllable(
    sounds: Language, stressed: bool, pause: bool, rng: np.random.Generator
) -> Syllable:
    onset, coda = str(rng.choice(sounds.onsets)), str(rng.choice(sounds.codas))
    vowel = str(rng.choice(list(sounds.vowels)))
    if sounds.reduced and not stressed and rng.random() < 0.7:
        vowel = sounds.reduced
    return Syllable(onset, vowel, coda, stressed, pause)


def act(speaker: Speaker, emotion: str, rng: np.random.Generator) -> Take:
    """Draws one performance of an emotion in the style of a speaker."""
    intensity = rng.uniform(*INTENSITY_RANGE)
    cues = {
        name: intensity * speaker.style[name] * cue.get(emotion, 0.0)
        + cue["spread"] * rng.standard_normal()
        for name, cue in CUES.items()
    }
    neutral, full = np.array(RATINGS["neutral"]), np.array(RATINGS[emotion])
    rating = neutral + intensity * (full - neutral) + 0.3 * rng.standard_normal(2)
    activation, valence = np.round(np.clip(rating, 1.0, 5.0), 2)
    return Take(cues, float(activation), float(valence))


def adapt_quality(speaker: Speaker, cues: dict[str, float]) -> Quality:
    """Applies the cues to the neutral voice quality of a speaker."""
    neutral = speaker.quality
    return Quality(
        tract=neutral.tract * (1 + cues["smile"] / 100),
        tilt=max(neutral.tilt - cues["bright"], 2.0),
        jitter=neutral.jitter * 2 ** cues["jitter"],
        shimmer=neutral.shimmer * 2 ** cues["shimmer"],
        breath=neutral.breath + cues["breath"],
        # In a bright, pressed voice, the glottis closes early.
        opening=float(np.clip(neutral.opening - 0.012 * cues["bright"], 0.4, 0.8)),
    )


def articulate(
    syllables: list[Syllable],
    language: str,
    rate: float,
    pauses: float,
    rng: np.random.Generator,
) -> tuple[list[Phase], list[int]]:
    """Turns a sentence into timed phases.

    Args:
        syllables: The result of `make_sentence`.
        language: A key of `LANGUAGES`.
        rate: Tempo, where 1 is average and 2 is twice as fast.
        pauses: Factor on the duration of the silence within the sentence.
        rng: Random generator for irregular durations.

    Returns:
        The phases, and for each syllable the index of its vowel among them.
    """
    rhythm, rate = LANGUAGES[language], TEMPO * rate
    (silence,) = PHONES["_"]
    phases, vowels = [silence._replace(seconds=rng.uniform(0.06, 0.16))], []
    for index, syllable in enumerate(syllables):
        if syllable.pause:
            phases.append(silence._replace(seconds=0.12 * pauses))
        phases += _pronounce(syllable.onset, 1 / rate, rng)
        vowels.append(len(phases))
        weight = rhythm.stressed if syllable.stressed else rhythm.unstressed
        last = index == len(syllables) - 1
        weight *= 1.4 if last else 1.0  # sentences slow down towards their end
        phases += _pronounce(syllable.vowel, weight / rate, rng)
        phases += _pronounce(syllable.coda, (1.2 if last else 0.8) / rate, rng)
    phases.append(silence._replace(seconds=rng.uniform(0.08, 0.18)))
    return phases, vowels


def _pronounce(phones: str, factor: float, rng: np.random.Generator) -> list[Phase]:
    factor *= np.exp(0.07 * rng.standard_normal()) * (0.8 if len(phones) > 1 else 1.0)
    return [
        phase._replace(seconds=phase.seconds * factor)
        for phone in phones
        for phase in PHONES[phone]
    ]


def intone(
    syllables: list[Syllable],
    phases: list[Phase],
    vowels: list[int],
    speaker: Speaker,
    cues: dict[str, float],
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Computes the pitch in Hz and the level in dB, one value per frame.

    Both decline over the sentence, rise on stressed syllables and fall on the last one.
    The pitch is reset upwards after a pause, and `cues["final"]` determines its final
    movement.
    """
    edges = frame_edges(phases)
    time = np.arange(edges[-1])
    progress = time / edges[-1]
    span = 2 ** cues["span"]
    semitones = cues["pitch"] + 3.0 * span * (0.5 - progress)
    level = cues["level"] + 3.0 * (0.5 - progress)
    width = 0.075 * RATE / STEP / speaker.rate
    for syllable, vowel in zip(syllables, vowels, strict=True):
        bump = np.exp(-0.5 * ((time - edges[vowel : vowel + 2].mean()) / width) ** 2)
        if syllable.stressed:
            semitones += 3.2 * span * np.exp(0.25 * rng.standard_normal()) * bump
            level += 2.5 * bump
        if syllable.pause:
            semitones[edges[vowel - 1] :] += 1.2 * span
    ending = np.clip((time - edges[vowels[-1]]) / (edges[-1] - edges[vowels[-1]]), 0, 1)
    semitones += (cues["final"] - 3.5) * ending
    level -= 4.0 * ending
    semitones += _pitch_drift(len(time), rng)
    semitones = MAX_PITCH_SHIFT * np.tanh((semitones - 1.0) / MAX_PITCH_SHIFT)
    return speaker.pitch * 2 ** (semitones / 12), level


def _pitch_drift(count: int, rng: np.random.Generator) -> np.ndarray:
    """Draws a slow involuntary movement of the pitch of about 0.2 semitones."""
    kernel = np.hanning(30)
    noise = rng.standard_normal(count + len(kernel) - 1)
    return 0.2 * np.convolve(noise, kernel / np.linalg.norm(kernel), "valid")
