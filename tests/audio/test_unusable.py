"""Utterances that cannot be used: reported together, written and skipped."""

import pandas as pd
import pytest

from keras_ser.audio import unusable
from keras_ser.audio.unusable import Unusable, UnusableAudio

BAD = [Unusable(f"toy/{n}", f"{n}.wav", f"Received: {n}.wav, cut.") for n in range(5)]


def test_one_is_reported_by_its_reason_several_by_their_number():
    assert str(UnusableAudio(BAD[:1], "Continue.")) == "Received: 0.wav, cut. Continue."
    text = str(UnusableAudio(BAD, "Continue."))
    assert "5 utterances without" in text and "And 2 more. Continue." in text
    assert "2.wav" in text and "3.wav" not in text


def test_a_reason_without_its_file_gets_it():
    assert "a.wav: silent" in str(UnusableAudio([Unusable("toy/a", "a.wav", "silent")]))


def test_the_list_survives_commas_and_lines(tmp_path):
    odd = [Unusable("toy/a", 'a, "b".wav', "one\ntwo, three")]
    found = pd.read_csv(unusable.write(tmp_path / "skipped.csv", odd))
    assert tuple(found.columns) == Unusable._fields
    assert [tuple(row) for row in found.to_numpy()] == [tuple(odd[0])]


def test_no_unusable_audio_raises_nothing(tmp_path):
    unusable.check_none([], tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("count", "listed"), [(3, False), (4, True)])
def test_many_are_listed_in_a_file(tmp_path, count, listed):
    with pytest.raises(UnusableAudio, match="--skip-bad"):
        unusable.check_none(BAD[:count], tmp_path)
    assert (tmp_path / "unusable.csv").exists() == listed


def test_left_out_are_counted_and_what_is_gone_with_them(toy_table):
    table = toy_table({"1": "", "2": ""}, ("anger", "sadness"))
    bad = [Unusable("toy/1-0", "a.wav", "cut"), Unusable("toy/2-0", "b.wav", "cut")]
    with pytest.warns(UserWarning, match="Skipped 2 of 4.*left of emotion anger"):
        left = unusable.leave_out(table, bad)
    assert left.utterance.tolist() == ["toy/1-1", "toy/2-1"]
    assert unusable.leave_out(table, []) is table


def test_unusable_files_of_equal_bytes_are_no_copies(toy_table, write_audio, noise):
    table = toy_table({"1": "", "2": ""}, ("anger", "sadness"))
    empty = [write_audio(f"{n}.wav", noise(0.1)) for n in range(2)]
    for path in empty:
        path.write_bytes(b"")
    good = [write_audio(f"{n}.wav", noise(0.1, seed=2)) for n in (2, 3)]
    table = table.assign(
        file=[str(path) for path in (empty[0], good[0], empty[1], good[1])],
        digest=["none", "same", "none", "same"],
    )
    (parted,) = unusable.mark_unreadable([table])
    assert parted.digest.nunique() == 3  # copies of usable files are still copies
    assert parted.duration.isna().tolist() == [True, False, True, False]
    assert [bad.utterance for bad in unusable.list_unreadable(parted)] == [
        "toy/1-0",
        "toy/2-0",
    ]
