"""Noise: the layout of DEMAND, and any folder."""

import pytest

from keras_ser import corpora
from keras_ser.corpora.readers import noise


def test_a_clip_is_its_own_speaker_and_its_folder_the_kind(tree):
    root = tree("rain/1-17367-A.wav", "rain/1-17367-B.wav", "sea/waves/x.wav", "y.wav")
    table = noise.read(root)
    assert table[["utterance", "session"]].values.tolist() == [
        ["noise/rain/1-17367-A", "rain"],
        ["noise/rain/1-17367-B", "rain"],
        ["noise/sea/waves/x", "sea/waves"],
        ["noise/y", ""],
    ]
    assert list(table.speaker) == list(table.utterance)
    for column in ("emotion", "language", "gender"):
        assert set(table[column]) == {""}


def test_a_clip_in_two_formats_is_rejected(tree):
    with pytest.raises(ValueError, match="x.flac and x.wav. Keep one of the two form"):
        noise.read(tree("rain/x.wav", "rain/x.flac"))


def test_channels_of_an_environment_are_one_speaker(tree):
    root = tree("DKITCHEN/ch01.wav", "DKITCHEN/ch16.wav", "NPARK_16k/NPARK/ch01.wav")
    table = noise.read_demand(root)
    assert table[["utterance", "speaker"]].values.tolist() == [
        ["demand/DKITCHEN/ch01", "demand/DKITCHEN"],
        ["demand/DKITCHEN/ch16", "demand/DKITCHEN"],
        ["demand/NPARK/ch01", "demand/NPARK"],
    ]


def test_two_rates_of_a_channel_are_rejected(tree):
    root = tree("16k/NPARK/ch01.wav", "48k/NPARK/ch01.wav")
    with pytest.raises(ValueError, match="each recording once"):
        noise.read_demand(root)


def test_a_wrong_channel_is_rejected(tree):
    with pytest.raises(ValueError, match="Received: NPARK/x.wav"):
        noise.read_demand(tree("NPARK/x.wav"))


@pytest.mark.real_speech
def test_real_noise_has_its_kinds(corpora_root):
    table = corpora.read("noise", corpora_root / "noise")
    assert len(table) == 30
    assert table.session.value_counts().to_dict() == dict.fromkeys(
        ["chainsaw", "fire_crackling", "helicopter", "rain", "sea_waves"], 6
    )
