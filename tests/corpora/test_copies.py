"""Rows that are the same audio must have the same labels."""

import numpy as np
import pandas as pd
import pytest
import soundfile

from keras_ser.corpora import copies


def pair(toy_table, **columns):
    """Two utterances with the same bytes."""
    return toy_table("a", digest="one").assign(**columns)


def test_the_same_audio_with_two_emotions_is_rejected(toy_table):
    with pytest.raises(ValueError) as caught:
        copies.check_labels("Corpus `toy`", pair(toy_table))
    message = str(caught.value)
    assert message.startswith("Corpus `toy`: the same audio must not have different")
    assert "emotion of 'toy/a-0' (anger) = 'toy/a-1' (sadness)" in message


def test_the_same_audio_with_two_ratings_is_rejected(toy_table):
    table = pair(toy_table, emotion="anger", valence=[0.1, 0.2])
    with pytest.raises(ValueError, match="valence of 'toy/a-0'"):
        copies.check_labels("Corpus `toy`", table)


@pytest.mark.parametrize(
    "columns",
    [
        {"emotion": "anger"},
        {"emotion": ["anger", ""]},
        {"emotion": "anger", "valence": [0.1, np.nan]},
        {"start": [0.0, 1.0], "end": [1.0, 2.0]},
        {"digest": ["one", "two"]},
    ],
)
def test_labels_that_agree_are_accepted(toy_table, columns):
    copies.check_labels("Corpus `toy`", pair(toy_table, **columns))


def test_only_copies_with_a_conflict_are_looked_at(toy_table, monkeypatch):
    seen, conflicts = [], copies._conflicts

    def look_at(rows):
        seen.append(list(rows.utterance))
        return conflicts(rows)

    monkeypatch.setattr(copies, "_conflicts", look_at)
    pairs = [pair(toy_table, digest=str(n), emotion="anger") for n in range(9)]
    table = pd.concat(pairs, ignore_index=True)
    table["utterance"] = [f"toy/{n}" for n in range(len(table))]
    copies.check_labels("Corpus `toy`", table)
    assert seen == []
    table.loc[5, "emotion"] = "sadness"
    with pytest.raises(ValueError, match="toy/4.*toy/5"):
        copies.check_labels("Corpus `toy`", table)
    assert seen == [["toy/4", "toy/5"]]


def test_a_whole_file_is_a_copy_of_its_only_segment(toy_table):
    table = pair(toy_table, start=[np.nan, 0.0], end=[np.nan, 1.0])
    (group,) = copies.find_copies(table)
    assert list(group.utterance) == ["toy/a-0", "toy/a-1"]


def test_audio_that_cannot_be_used_is_no_conflict(toy_table, tmp_path):
    soundfile.write(tmp_path / "silent.wav", np.zeros(16_000), 16_000)
    copies.check_labels("Corpus", pair(toy_table, file=str(tmp_path / "silent.wav")))


def test_the_same_samples_have_the_same_hash(toy_table, tmp_path):
    samples = np.random.default_rng(0).integers(-9000, 9000, 4000).astype(np.int16)
    paths = [str(tmp_path / name) for name in ("one.wav", "two.flac")]
    for path in paths:
        soundfile.write(path, samples, 16_000)
    found = copies.sound_of(toy_table("a", file="").assign(file=paths))
    assert len(found) == 2
    assert len(set(found.values())) == 1
