"""Attempts to have something without sound read as speech, or quiet speech refused."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import soundfile

from keras_ser import audio

ORDER = 9
PROMISE = "A file without sound, or on another scale than ±1, is rejected"
RATE = 16_000

Attempt = tuple[str, Callable[[], str]]


def attempts(folder: Path) -> Iterator[Attempt]:
    """Yield files that must be refused, then files that must be read."""
    cases = [(name, wave, False) for name, wave in _bad().items()]
    cases += [(name, wave, True) for name, wave in _good().items()]
    for name, (wave, options), accepted in cases:
        path = (
            folder / f"{name.replace(' ', '_')}.{options.get('format', 'wav').lower()}"
        )
        soundfile.write(path, wave, RATE, **options)
        yield name, lambda path=path, accepted=accepted: _outcome(path, accepted)


def _outcome(path: Path, accepted: bool) -> str:
    try:
        wave = audio.read(path)
    except ValueError as error:
        return f"refused: {error}" if accepted else ""
    return "" if accepted else f"read, with a peak of {np.abs(wave).max():g}"


FLOAT = {"subtype": "FLOAT"}
PCM = {"subtype": "PCM_16"}


def _bad() -> dict[str, tuple[np.ndarray, dict]]:
    speech, rng = _speech(), np.random.default_rng(9)
    click, two, offset = (np.zeros(2 * RATE) for _ in range(3))
    click[RATE] = two[RATE] = two[RATE // 2] = 0.9
    offset[:] = 0.25
    dither = np.round(rng.triangular(-1, 0, 1, 2 * RATE)) / 32768
    return {
        "zeros": (0 * speech, PCM),
        "zeros flac": (0 * speech, {"format": "FLAC"}),
        "a constant": (offset, FLOAT),
        "a constant and rounding": (offset + 1e-6 * rng.normal(size=2 * RATE), FLOAT),
        "speech at 1e-12": (1e-12 * speech, FLOAT),
        "speech at 1e-7": (1e-7 * speech, FLOAT),
        "speech at 1e-5": (1e-5 * speech, FLOAT),
        "dither of 16 bits": (dither, PCM),
        "one sample": (click, PCM),
        "one sample as float": (click, FLOAT),
        "one sample in mp3": (click, {"format": "MP3"}),
        "two samples": (two, PCM),
        "a step": (np.where(np.arange(2 * RATE) < RATE, 0.0, 0.3), FLOAT),
        "a click in two channels": (np.stack([click, click], 1), PCM),
        "opposite phase": (np.stack([speech, -speech], 1), PCM),
        "opposite phase and rounding": (np.stack([speech, -0.9999 * speech], 1), PCM),
        "opposite phase, 1 % apart": (np.stack([speech, -0.99 * speech], 1), PCM),
        "opposite phase in ogg": (np.stack([speech, -speech], 1), {"format": "OGG"}),
        "opposite pairs": (np.stack([speech, -speech] * 2, 1), PCM),
        "floats of 16 bits": (32767 * speech, FLOAT),
        "soft floats of 16 bits": (1000 * speech, FLOAT),
        "floats of 24 bits": (2**23 * speech, FLOAT),
        "floats of 32 bits": (2**31 * speech, FLOAT),
        "floats of 8 bits": (127 * speech, FLOAT),
        "floats of 1e30": (1e30 * speech, FLOAT),
    }


def _good() -> dict[str, tuple[np.ndarray, dict]]:
    speech, rng = _speech(), np.random.default_rng(9)
    paused = np.concatenate([np.zeros(5 * RATE), speech, np.zeros(5 * RATE)])
    word = np.concatenate([np.zeros(RATE), speech[8000:11_200], np.zeros(RATE)])
    return {
        "speech": (speech, PCM),
        "speech at -40 dBFS": (0.01 * speech, PCM),
        "speech at -47 dBFS": (0.0045 * speech, PCM),
        "speech at -60 dBFS": (0.001 * speech, PCM),
        "speech in long pauses": (paused, PCM),
        "a word in pauses": (word, PCM),
        "a short word": (speech[8000:9000], PCM),
        "quiet speech with an offset": (0.25 + 0.01 * speech, FLOAT),
        "floats of +6 dB": (2 * speech, FLOAT),
        "floats of +12 dB": (4 * speech, FLOAT),
        "clipped": (np.clip(4 * speech, -1, 1), PCM),
        "one channel empty": (np.stack([speech, 0 * speech], 1), PCM),
        "one of eight channels": (np.stack([speech] + [0 * speech] * 7, 1), PCM),
        "two unrelated channels": (np.stack([speech, speech[::-1]], 1), PCM),
        "channels 6 dB apart": (np.stack([speech, 0.5 * speech], 1), PCM),
        "echo of opposite phase": (np.stack([speech, -0.7 * speech], 1), PCM),
        "channels 1 ms apart": (np.stack([speech, np.roll(speech, 16)], 1), PCM),
        "white noise": (0.1 * rng.normal(size=RATE), FLOAT),
        "a tone": (0.3 * np.sin(0.1 * np.arange(RATE)), PCM),
    }


def _speech() -> np.ndarray:
    """Two seconds of pulses of 120 Hz in syllables, with a peak of 1."""
    time = np.arange(2 * RATE) / RATE
    voice = sum(np.sin(2 * np.pi * 120 * n * time) / n for n in range(1, 20))
    syllables = np.sin(2 * np.pi * 2 * time).clip(0) ** 0.5
    wave = voice * syllables
    return wave / np.abs(wave).max()
