"""The table of all corpora: its contract, labels and warnings."""

import numpy as np
import pandas as pd
import pytest

from keras_ser import audio, corpora
from keras_ser.corpora import copies
from keras_ser.corpora import table as tables
from keras_ser.corpora.labels import LABEL_SETS, relabel
from keras_ser.corpora.table import COLUMNS, check, classes


@pytest.fixture
def row(write_audio):
    return {
        "utterance": "toy/a",
        "file": str(write_audio("a.wav")),
        "corpus": "toy",
        "speaker": "toy/1",
    }


def test_from_rows_fills_in_what_a_reader_leaves_out(row):
    table = tables.from_rows([row])
    assert tuple(table.columns) == COLUMNS
    filled = table.iloc[0]
    assert filled.source == "toy/a"
    assert filled.duration == 0.5
    assert filled.digest == audio.digest(row["file"])
    empty = ["session", "gender", "language", "emotion"]
    assert list(filled[empty]) == [""] * 4
    assert filled[["start", "end", *tables.RATINGS]].isna().all()


def test_from_rows_keeps_what_a_reader_provides(row):
    known = {
        **row,
        "file": "not looked at.wav",
        "source": "toy/original",
        "duration": 2.0,
        "digest": "known",
        "session": "1",
        "gender": "female",
        "emotion": "anger",
        "start": 1,
        "end": 3,
        "valence": 0.5,
    }
    table = tables.from_rows([known])
    for name, value in known.items():
        assert table[name][0] == value


def test_rows_with_and_without_a_column_mix(row):
    other = {**row, "utterance": "toy/b", "emotion": None, "start": 0.1, "end": 0.2}
    table = tables.from_rows([{**row, "emotion": "anger"}, other])
    assert list(table.emotion) == ["anger", ""]
    assert (table[list(tables.NUMBERS)].dtypes == np.float64).all()
    assert np.isnan(table.start[0]) and table.start[1] == 0.1


@pytest.mark.parametrize(
    ("segment", "duration"),
    [
        ({"start": 0.1, "end": 0.3}, 0.2),
        ({"start": 0.1}, 0.4),
        ({"end": 0.3}, 0.3),
        ({"start": float("nan"), "end": None}, 0.5),
        ({"start": 0.1, "end": 0.3, "duration": 7.0}, 7.0),
    ],
)
def test_a_segment_lasts_from_its_start_to_its_end(row, segment, duration):
    table = tables.from_rows([{**row, **segment}])
    assert table.duration[0] == pytest.approx(duration)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"duration": -1.0}, "with a duration of -1 s"),
        ({"valence": "1"}, "`valence` must hold finite numbers or NaN. Received: '1'"),
        ({"file": None}, "with text in `file`"),
    ],
)
def test_a_row_with_a_wrong_value_is_rejected(row, wrong, words):
    with pytest.raises(ValueError, match=words):
        tables.from_rows([{**row, **wrong}])
    with pytest.raises(ValueError, match="Expected a dictionary per utterance"):
        tables.from_rows([list(row)])


def test_a_row_with_a_duration_and_a_digest_is_not_looked_at(row):
    known = {"file": "gone.wav", "digest": "x", "start": 1.0, "end": 1.5}
    table = tables.from_rows([{**row, **known, "duration": 0.5}])
    assert table.duration[0] == 0.5
    with pytest.raises(tables.UnreadableFiles):
        tables.from_rows([{**row, **known}])


def test_all_unreadable_files_are_reported_and_the_others_kept(row, tmp_path):
    (tmp_path / "page.wav").write_text("<html>")
    names = ["page.wav", "gone.wav"]
    bad = [
        {**row, "utterance": f"toy/{name}", "file": str(tmp_path / name)}
        for name in names
    ]
    with pytest.raises(tables.UnreadableFiles) as caught:
        tables.from_rows([bad[0], row, bad[1]])
    assert list(caught.value.errors) == [str(tmp_path / name) for name in names]
    assert "Expected audio that libsndfile reads" in str(caught.value)
    assert str(caught.value).endswith("Unreadable files: 2.")
    assert list(tables.from_rows(caught.value.rows).utterance) == ["toy/a"]


def test_no_rows_are_rejected():
    with pytest.raises(ValueError, match="needs at least one utterance. Received: non"):
        tables.from_rows([])


def test_a_file_of_many_segments_is_opened_once(row, monkeypatch):
    opened = []
    whole = tables.audio.duration(row["file"])
    monkeypatch.setattr(
        tables.audio, "duration", lambda file: opened.append(file) or whole
    )
    monkeypatch.setattr(tables.audio, "digest", lambda file: opened.append(file) or "x")
    starts = [0.0, 0.1, 0.2]
    rows = [{**row, "utterance": f"toy/{start}", "start": start} for start in starts]
    table = tables.from_rows(rows)
    assert table.duration.tolist() == pytest.approx([0.5, 0.4, 0.3])
    assert opened == [row["file"]] * 2


def test_rows_of_an_unreadable_file_are_reported_once(row, tmp_path):
    bad = [
        {**row, "utterance": f"toy/{n}", "file": "gone.wav", "start": n} for n in (1, 2)
    ]
    with pytest.raises(tables.UnreadableFiles) as caught:
        tables.from_rows([row, *bad])
    assert list(caught.value.errors) == ["gone.wav"]
    assert [each["utterance"] for each in caught.value.unreadable] == ["toy/1", "toy/2"]
    assert len(caught.value.rows) == 1


def test_utterances_without_label_are_counted(toy_table):
    with pytest.warns(UserWarning) as caught:
        tables.warn_about_unlabelled(
            toy_table("ab", ("anger", "")), "toy", "nobody agreed"
        )
    assert [str(warning.message) for warning in caught] == [
        "Corpus `toy`: 2 of 4 utterances have no emotion because nobody agreed."
    ]


def test_only_missing_digests_are_computed(row, toy_table):
    table = toy_table("ab").assign(file=row["file"])
    table.loc[1, "digest"] = ""
    filled = tables.with_digests(table)
    assert filled.digest[1] == audio.digest(row["file"])
    assert list(filled.digest[[0, 2, 3]]) == list(table.digest[[0, 2, 3]])
    assert table.digest[1] == ""
    assert tables.with_digests(filled) is filled


def test_check_returns_the_table_that_keeps_the_contract(toy_table):
    table = toy_table("ab")
    assert check(table) is table


@pytest.mark.parametrize("column", COLUMNS)
def test_a_missing_column_is_named(toy_table, column):
    with pytest.raises(ValueError) as caught:
        check(toy_table("ab").drop(columns=column))
    assert f"Missing: ['{column}']" in str(caught.value)


def test_an_utterance_that_stands_twice_is_named(toy_table):
    table = pd.concat([toy_table("a"), toy_table("ab")])
    with pytest.raises(ValueError) as caught:
        check(table)
    message = str(caught.value)
    assert "must be unique" in message
    assert "toy/a-0, toy/a-1" in message
    assert "toy/b" not in message


@pytest.mark.parametrize("nobody", ["", None, np.nan])
def test_an_utterance_without_speaker_is_named(toy_table, nobody):
    table = toy_table("ab").astype({"speaker": object})
    table.loc[2, "speaker"] = nobody
    with pytest.raises(ValueError) as caught:
        check(table)
    assert "Every utterance needs a speaker" in str(caught.value)
    assert "toy/b-0. Name the column that holds the speaker, or a pattern" in str(
        caught.value
    )


def test_the_same_audio_of_one_speaker_is_reported(toy_table):
    table = toy_table("ab", emotions=("anger", "fear", "fear"))
    table.loc[2, "digest"] = table.digest[1]
    with pytest.warns(UserWarning) as caught:
        copies.warn_about_copies(table)
    assert [str(warning.message) for warning in caught] == [
        "Corpus `toy` holds the same audio under several names: toy/a-1 = toy/a-2. "
        "These utterances count more than once."
    ]


def test_the_same_audio_of_two_speakers_is_reported_apart(toy_table):
    table = toy_table("ab")
    table.loc[[1, 2], "digest"] = "one"
    with pytest.warns(UserWarning) as caught:
        copies.warn_about_copies(table)
    (message,) = (str(warning.message) for warning in caught)
    assert "holds the same audio under different speakers" in message
    assert "toy/a-1 = toy/b-0. A fold with these speakers on different" in message


@pytest.mark.filterwarnings("error")
def test_segments_of_one_file_are_not_copies(toy_table):
    table = toy_table("ab", digest="one").assign(start=range(4), end=range(1, 5))
    copies.warn_about_copies(table)
    assert not copies.find_copies(table)


def test_classes_are_sorted_and_without_unlabelled_speech(toy_table):
    table = toy_table("ab", emotions=("sadness", "", "anger"))
    assert classes(table) == ("anger", "sadness")
    assert classes(toy_table("ab", emotions=("",))) == ()


def test_all_labels_are_the_table_itself(toy_table):
    table = toy_table("ab")
    assert relabel(table, "all") is table


def test_a_label_set_merges_renames_and_counts_what_it_leaves_out(toy_table):
    emotions = ("anger", "excitement", "happiness", "fear", "boredom", "")
    table = toy_table("ab", emotions=emotions)
    with pytest.warns(UserWarning) as caught:
        view = relabel(table, "four")
    assert [str(w.message) for w in caught] == [
        "Label set 'four' has the classes anger, happiness (from excitement + "
        "happiness). It leaves out 6 of 12 utterances: unlabelled 2, boredom 2, fear 2."
    ]
    assert list(view.emotion) == ["anger", "happiness", "happiness"] * 2
    assert list(view.index) == list(range(6))
    assert list(table.emotion) == [*emotions, *emotions]


def test_a_label_set_that_renames_all_is_reported(toy_table):
    table = toy_table("ab", emotions=("anger", "fear", "surprise", "calm"))
    with pytest.warns(UserWarning) as caught:
        view = relabel(table, "three")
    assert [str(w.message) for w in caught] == [
        "Label set 'three' has the classes negative (from anger + fear), neutral (from "
        "calm), positive (from surprise)."
    ]
    assert list(view.emotion) == ["negative", "negative", "positive", "neutral"] * 2


@pytest.mark.filterwarnings("error")
def test_a_label_set_that_changes_nothing_says_nothing(toy_table):
    table = toy_table("ab", emotions=("anger", "sadness"))
    pd.testing.assert_frame_equal(relabel(table, "four"), table)


def test_a_mapping_is_a_label_set(toy_table):
    table = toy_table("ab")
    with pytest.warns(UserWarning, match="leaves out 2 of 4 utterances: sadness 2"):
        view = relabel(table, {"anger": "Ärger"})
    assert classes(view) == ("Ärger",)


@pytest.mark.filterwarnings("error")
def test_a_corpus_without_labels_keeps_its_rows_under_any_label_set(toy_table):
    table = toy_table("ab", emotions=("",))
    pd.testing.assert_frame_equal(relabel(table, "four"), table)


@pytest.mark.parametrize("labels", ["fuor", None, ["anger"], 4])
def test_an_unknown_label_set_is_rejected(toy_table, labels):
    with pytest.raises(ValueError) as caught:
        relabel(toy_table("ab"), labels)
    message = str(caught.value)
    assert f"`labels` must be 'all', one of {sorted(LABEL_SETS)} or a map" in message
    assert f"Received: {labels!r}." in message


@pytest.mark.parametrize("emotions", [("boredom",), ("boredom", "")])
def test_a_label_set_that_leaves_nothing_is_rejected(toy_table, emotions):
    with pytest.raises(ValueError) as caught:
        relabel(toy_table("ab", emotions=emotions), "four")
    assert "names no emotion of this corpus" in str(caught.value)
    assert "Received emotions: ['boredom']" in str(caught.value)


def test_relabelling_keeps_the_attributes_of_the_table(toy_table):
    table = toy_table("ab")
    table.attrs["release"] = "second"
    assert relabel(table, "four").attrs == {"release": "second"}


def test_label_sets_give_as_many_classes_as_their_names_say():
    assert len(set(LABEL_SETS["four"].values())) == 4
    assert set(LABEL_SETS["three"].values()) == {"negative", "neutral", "positive"}
    assert LABEL_SETS["four"]["excitement"] == "happiness"


def test_counts_that_deviate_are_named(toy_table):
    table = toy_table("abc", emotions=("anger", ""))
    with pytest.warns(UserWarning) as caught:
        tables.compare_counts(table, "toy", {"anger": 3, "fear": 1, "": 4})
    message = str(caught[0].message)
    assert "Corpus `toy` deviates from its published counts" in message
    assert "fear 0 (published 1), unlabelled 3 (published 4)." in message
    assert "anger" not in message


@pytest.mark.filterwarnings("error")
def test_counts_that_agree_say_nothing(toy_table):
    table = toy_table("abc", emotions=("anger", ""))
    tables.compare_counts(table, "toy", {"anger": 3, "": 3})


@pytest.mark.filterwarnings("error::FutureWarning")
def test_tables_of_two_corpora_concatenate(row, toy_table):
    both = pd.concat([tables.from_rows([row]), toy_table("ab").assign(valence=0.5)])
    assert check(both) is both
    assert both.valence.dtype == np.float64


def test_an_unknown_corpus_is_rejected_with_the_known_ones(tmp_path):
    with pytest.raises(ValueError) as caught:
        corpora.read("emodb2", tmp_path)
    assert "Corpus must be one of ['crema_d', " in str(caught.value)
    assert "Received: 'emodb2'." in str(caught.value)
