"""Folders of toy audio for the tests of several corpora."""

import io

import numpy as np
import pytest
import soundfile

from keras_ser.corpora.own import csv_file


def sound(seed: int = 0, **options) -> bytes:
    """A file of 0.1 s of noise, in wav unless soundfile's `options` differ."""
    stream = io.BytesIO()
    wave = np.random.default_rng(seed).normal(scale=0.1, size=1600)
    if options.pop("stereo", False):
        wave = np.stack([wave, -wave / 2], axis=1)
    soundfile.write(stream, wave, 16_000, **{"format": "WAV", **options})
    return stream.getvalue()


@pytest.fixture(scope="session")
def sounds():
    """A function from a seed to the bytes of a wav file."""
    return sound


@pytest.fixture
def tree(tmp_path):
    """A function that writes toy audio files and text files, and returns the root."""

    def write(*names, texts=None, root="corpus", **options):
        for seed, name in enumerate(names):
            path = tmp_path / root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(sound(seed, **options))
        for name, text in (texts or {}).items():
            path = tmp_path / root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return tmp_path / root

    return write


@pytest.fixture
def listed(tree):
    """A function that reads a CSV text. The files a.wav, b.wav and c.wav exist."""

    def read(text, **options):
        root = tree("a.wav", "b.wav", "c.wav", texts={"calls.csv": text})
        return csv_file.read(root / "calls.csv", **options)

    return read
