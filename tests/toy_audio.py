"""Encoded sounds in memory, to be edited by tests."""

import io

import numpy as np
import soundfile

FORMATS = {
    "wav": ("WAV", "PCM_16"),
    "aiff": ("AIFF", "PCM_16"),
    "au": ("AU", "PCM_16"),
    "caf": ("CAF", "PCM_16"),
    "rf64": ("RF64", "PCM_16"),
    "sph": ("NIST", "PCM_16"),
    "gsm": ("WAV", "GSM610"),
    "flac": ("FLAC", "PCM_16"),
    "ogg": ("OGG", "VORBIS"),
    "opus": ("OGG", "OPUS"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
}


def encode(name, wave, rate=16_000, **options) -> bytes:
    stream = io.BytesIO()
    form, subtype = FORMATS[name]
    soundfile.write(stream, wave, rate, format=form, subtype=subtype, **options)
    return stream.getvalue()


def fading_noise(seconds=2.0, rate=16_000) -> np.ndarray:
    """Noise that is loud, then soft, so that a variable bit rate varies."""
    wave = np.random.default_rng(0).normal(size=round(seconds * rate))
    return (wave * np.geomspace(0.2, 0.002, len(wave))).astype(np.float32)
