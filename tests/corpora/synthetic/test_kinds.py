"""The second synthetic language and the synthetic noise."""

import numpy as np
import pytest

from keras_ser import audio, corpora
from keras_ser.corpora.synthetic import kinds

TINY = {"speakers": 2, "sentences": 1, "progress": False}


def test_the_second_language_is_another_corpus(tmp_path):
    one = corpora.read("synthetic", tmp_path, **TINY)
    other = corpora.read("synthetic_b", tmp_path, **TINY)
    assert set(other.language) == {"syn-b"} != set(one.language)
    assert set(other.emotion) == set(one.emotion)
    for column in ("utterance", "speaker", "digest", "corpus"):
        assert not set(one[column]) & set(other[column]), column


def test_the_third_corpus_has_other_speakers_of_the_first_language(tmp_path):
    one = corpora.read("synthetic", tmp_path, **TINY)
    other = corpora.read("synthetic_c", tmp_path, **TINY)
    assert set(other.language) == set(one.language)
    for column in ("utterance", "speaker", "source", "digest", "corpus"):
        assert not set(one[column]) & set(other[column]), column


def test_noise_is_made_once_and_repeats(tmp_path):
    first = corpora.read("synthetic_noise", tmp_path / "one")
    written = {file: open(file, "rb").read() for file in first.file}
    again = corpora.read("synthetic_noise", tmp_path / "one")
    assert written == {file: open(file, "rb").read() for file in again.file}
    elsewhere = corpora.read("synthetic_noise", tmp_path / "two")
    assert list(elsewhere.digest) == list(first.digest)
    assert first.digest.is_unique


@pytest.mark.parametrize(("kind", "slope"), kinds.NOISES.items())
def test_the_level_falls_with_frequency_as_the_kind_says(tmp_path, kind, slope):
    table = corpora.read("synthetic_noise", tmp_path)
    wave = audio.read(table.file[table.session == kind].iloc[0])
    power = np.abs(np.fft.rfft(wave)) ** 2
    hertz = np.fft.rfftfreq(len(wave), 1 / audio.RATE)
    octaves = [(125 * 2**n, 250 * 2**n) for n in range(5)]
    levels = [
        10 * np.log10(power[(hertz >= low) & (hertz < high)].mean())
        for low, high in octaves
    ]
    assert np.diff(levels).mean() == pytest.approx(slope, abs=0.5)
