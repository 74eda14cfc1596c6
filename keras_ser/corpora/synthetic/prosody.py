"""Who says what, and how: languages, speakers and emotions of the synthetic corpus.

An emotion is a movement away from a speaker's neutral voice, cue by cue:

    cue = intensity · style · CUES[cue][emotion] + spread · noise,

with intensity drawn an utterance, style a speaker and cue, noise standard normal:
that is why the emotions overlap. Directions and relative sizes of `CUES` follow
Banse and Scherer (1996) and Juslin and Laukka (2003), activation and valence the
circumplex of Russell (1980).

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
from keras_ser.corpora.synthetic.voice import RATE, STEP, Quality, frames


@dataclass(frozen=True)
class Language:
    """Phoneme inventory, syllable shapes and rhythm.

    Args:
        vowels: nuclei of syllables.
        reduced: what an unstressed vowel may fall to; empty where vowels stay full.
        onsets, codas: consonants before and after the vowel, a string of phones each.
        stressed, unstressed: factors on a vowel's duration; far apart is stress-timed.
        initials: first letter of labelled and of unlabelled speakers' names.
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

# Movement of each cue from neutral, and the spread that has no emotion in it.
#   pitch, final (movement over the last syllable): semitones
#   span (of accents), tempo, pauses, jitter, shimmer: octaves, as ratios
#   level, bright (less spectral tilt at 3 kHz), breath: dB
#   smile (a shorter vocal tract): per cent
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
INTENSITY = (0.33, 1.15)  # uniform between
STYLE = (0.5, 1.5)

# (activation, valence) of a full-blown emotion, on the scale of 1 to 5.
PLACES = {
    "anger": (4.4, 1.6),
    "happiness": (4.1, 4.5),
    "neutral": (2.8, 3.1),
    "sadness": (1.6, 1.7),
}
EMOTIONS = tuple(PLACES)

TEMPO = 1.28  # of fluent speech, relative to the phones' own durations
PITCH_REACH = (
    9.0  # semitones above or below his mean that a voice bends towards, at most
)


@dataclass(frozen=True)
class Speaker:
    """What a voice and its microphone are like before any emotion.

    Args:
        gender: `male` or `female`.
        pitch: mean F0 in Hz.
        rate: tempo relative to the average speaker.
        quality: neutral voice quality.
        gain, floor: recording level and its background noise, dB and dB re full scale.
        style: how strongly this speaker uses each cue of `CUES`.
    """

    gender: str
    pitch: float
    rate: float
    quality: Quality
    gain: float
    floor: float
    style: dict[str, float]


class Syllable(NamedTuple):
    """Phones of one syllable; `pause` asks for a silence before it."""

    onset: str
    vowel: str
    coda: str
    stressed: bool
    pause: bool


@dataclass(frozen=True)
class Take:
    """One performance: its cues, and how the emotion in it would be rated (1 to 5)."""

    cues: dict[str, float]
    activation: float
    valence: float


def generator(*identity: object) -> np.random.Generator:
    """Randomness that belongs to `identity` alone, whatever was drawn before."""
    digest = hashlib.sha256("\0".join(map(str, identity)).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big"))


def speaker(name: str, language: str, seed: int) -> Speaker:
    """The speaker called `name`; odd numbers are men, even ones women.

    Args:
        name: one of the language's `initials` and a number, such as `s03`.
        language: a key of `LANGUAGES`.
        seed: another seed makes another person of that name.
    """
    rng = generator("speaker", seed, language, name)
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
        style={cue: rng.uniform(*STYLE) for cue in CUES},
    )


def text(sentence: int, language: str, seed: int) -> list[Syllable]:
    """Sentence number `sentence`: six to ten syllables, the same for every speaker."""
    rng = generator("text", seed, language, sentence)
    tongue = LANGUAGES[language]
    count = int(rng.integers(6, 11))
    halt = int(rng.integers(3, count - 2)) if count >= 8 else -1
    beat = int(rng.integers(2))  # every other syllable is stressed, from this one on
    return [
        _syllable(tongue, (index + beat) % 2 == 0, index == halt, rng)
        for index in range(count)
    ]


def _syllable(
    tongue: Language, stressed: bool, pause: bool, rng: np.random.Generator
) -> Syllable:
    onset, coda = str(rng.choice(tongue.onsets)), str(rng.choice(tongue.codas))
    vowel = str(rng.choice(list(tongue.vowels)))
    if tongue.reduced and not stressed and rng.random() < 0.7:
        vowel = tongue.reduced
    return Syllable(onset, vowel, coda, stressed, pause)


def act(who: Speaker, emotion: str, rng: np.random.Generator) -> Take:
    """Draws one performance of `emotion` in the style of `who`."""
    intensity = rng.uniform(*INTENSITY)
    cues = {
        name: intensity * who.style[name] * cue.get(emotion, 0.0)
        + cue["spread"] * rng.standard_normal()
        for name, cue in CUES.items()
    }
    centre, place = np.array(PLACES["neutral"]), np.array(PLACES[emotion])
    rating = centre + intensity * (place - centre) + 0.3 * rng.standard_normal(2)
    activation, valence = np.round(np.clip(rating, 1.0, 5.0), 2)
    return Take(cues, float(activation), float(valence))


def quality(who: Speaker, cues: dict[str, float]) -> Quality:
    """The speaker's voice as the cues change it."""
    own = who.quality
    return Quality(
        tract=own.tract * (1 + cues["smile"] / 100),
        tilt=max(own.tilt - cues["bright"], 2.0),
        jitter=own.jitter * 2 ** cues["jitter"],
        shimmer=own.shimmer * 2 ** cues["shimmer"],
        breath=own.breath + cues["breath"],
        # A pressed voice, which is a bright one, closes early.
        opening=float(np.clip(own.opening - 0.012 * cues["bright"], 0.4, 0.8)),
    )


def articulate(
    syllables: list[Syllable],
    language: str,
    rate: float,
    pauses: float,
    rng: np.random.Generator,
) -> tuple[list[Phase], list[int]]:
    """Timed phases of a sentence, and the index of each syllable's vowel among them.

    Args:
        syllables: what `text` returned.
        language: a key of `LANGUAGES`.
        rate: tempo; 1 is average, 2 twice as fast.
        pauses: factor on the silence within the sentence.
        rng: source of irregularity.
    """
    tongue, rate = LANGUAGES[language], TEMPO * rate
    (silence,) = PHONES["_"]
    phases, vowels = [silence._replace(seconds=rng.uniform(0.06, 0.16))], []
    for index, syllable in enumerate(syllables):
        if syllable.pause:
            phases.append(silence._replace(seconds=0.12 * pauses))
        phases += _said(syllable.onset, 1 / rate, rng)
        vowels.append(len(phases))
        weight = tongue.stressed if syllable.stressed else tongue.unstressed
        last = index == len(syllables) - 1
        weight *= 1.4 if last else 1.0  # sentences slow down where they end
        phases += _said(syllable.vowel, weight / rate, rng)
        phases += _said(syllable.coda, (1.2 if last else 0.8) / rate, rng)
    phases.append(silence._replace(seconds=rng.uniform(0.08, 0.18)))
    return phases, vowels


def _said(phones: str, factor: float, rng: np.random.Generator) -> list[Phase]:
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
    who: Speaker,
    cues: dict[str, float],
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Pitch (Hz) and level (dB) of every frame.

    Both decline through the sentence, rise on stressed syllables and fall on the
    last one; pitch starts afresh after a pause and ends as `cues["final"]` says.
    """
    edges = frames(phases)
    time = np.arange(edges[-1])
    progress = time / edges[-1]
    span = 2 ** cues["span"]
    semitones = cues["pitch"] + 3.0 * span * (0.5 - progress)
    level = cues["level"] + 3.0 * (0.5 - progress)
    width = 0.075 * RATE / STEP / who.rate
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
    semitones += _wander(len(time), rng)
    semitones = PITCH_REACH * np.tanh((semitones - 1.0) / PITCH_REACH)
    return who.pitch * 2 ** (semitones / 12), level


def _wander(count: int, rng: np.random.Generator) -> np.ndarray:
    """Slow involuntary movement of the pitch, semitones, about 0.2 in size."""
    kernel = np.hanning(30)
    noise = rng.standard_normal(count + len(kernel) - 1)
    return 0.2 * np.convolve(noise, kernel / np.linalg.norm(kernel), "valid")
