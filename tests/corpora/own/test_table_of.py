"""A user's own data: what is recognised, reported and rejected."""

import math

import pytest

from keras_ser import corpora
from keras_ser.corpora.own import csv_file, table_of
from keras_ser.corpora.table import UnreadableFiles

HEAD = "file,speaker,emotion\n"
ROWS = "a.wav,anna,anger\nb.wav,ben,sadness\nc.wav,anna,\n"
quiet = pytest.mark.filterwarnings("ignore:Corpus `calls`, read by")


def test_all_guesses_are_reported(listed):
    text = (
        "path;subject;Sex;label;age;lang\n"
        "a.wav;1;w;Wut;30;de\nb.wav;2;M;ANG;31;de\nc.wav;2;m;xxx;31;\n"
    )
    with pytest.warns(UserWarning) as caught:
        table = listed(text)
    assert [str(warning.message) for warning in caught] == [
        "Corpus `calls`, read by `csv`. Please check what was guessed. Columns: file "
        "from `path`, speaker from `subject`, gender from `Sex`, language from `lang`, "
        "emotion from `label`. Columns not used: `age`. Labels: anger from ANG + Wut, "
        "no emotion from xxx. Rows without an emotion: 1 of 3. To change a guess, give "
        "an option such as columns={'emotion': …}, emotions={'sad': …} or speaker=…. "
        "On the command line: keras-ser corpus (or train) --set "
        "\"columns={'emotion': …}\", or keras-ser run --set "
        "\"corpus_options.csv.columns={'emotion': …}\"."
    ]
    assert table[["speaker", "gender", "language", "emotion"]].values.tolist() == [
        ["calls/1", "female", "deu", "anger"],
        ["calls/2", "male", "deu", "anger"],
        ["calls/2", "male", "", ""],
    ]
    assert list(table.utterance) == ["calls/a", "calls/b", "calls/c"]
    assert table.duration.tolist() == pytest.approx([0.1] * 3)


@quiet
def test_segments_are_seconds_or_times(listed):
    text = (
        "file,start,end,speaker\na.wav,0,0.05,1\na.wav,0.05,,1\n"
        "b.wav,0 days 00:00:00.025000,0 days 00:00:00.075000,1\nc.wav,,NaT,1\n"
    )
    table = listed(text)
    nan = math.nan
    assert table.start.tolist() == pytest.approx([0, 0.05, 0.025, nan], nan_ok=True)
    assert table.end.tolist() == pytest.approx([0.05, nan, 0.075, nan], nan_ok=True)
    assert table.duration.tolist() == pytest.approx([0.05, 0.05, 0.05, 0.1])
    assert list(table.utterance) == [
        "calls/a@0-0.05",
        "calls/a@0.05-",
        "calls/b@0.025-0.075",
        "calls/c",
    ]


@quiet
@pytest.mark.parametrize("name", ["dominance", "Dom", "control", "EmoDom"])
def test_dominance_is_read(listed, name):
    table = listed(f"file,speaker,{name}\na.wav,1,2.5\nb.wav,2,\n")
    assert table.dominance[0] == 2.5 and math.isnan(table.dominance[1])


@quiet
def test_dimensions_and_sessions_are_read(listed):
    table = listed(
        "file,speaker,session,arousal,valence\na.wav,1,x,4.5,\nb.wav,2,x,1e0,nan\n"
    )
    assert table.activation.tolist() == [4.5, 1.0]
    assert table.valence.isna().all()
    assert list(table.session) == ["x", "x"]


def test_sessions_are_left_out_if_a_speaker_has_several(listed):
    with pytest.warns(UserWarning, match="Sessions are left out because"):
        table = listed("file,speaker,session\na.wav,1,x\nb.wav,1,y\n")
    assert set(table.session) == {""}


@quiet
@pytest.mark.parametrize(
    ("options", "speakers"),
    [
        ({"speaker": "subject"}, ["calls/s1", "calls/s2"]),
        ({"columns": {"speaker": "subject"}}, ["calls/s1", "calls/s2"]),
        ({"speaker": r"^(\w)"}, ["calls/a", "calls/b"]),
        ({"speaker": r"(\w)\.(\w)"}, ["calls/aw", "calls/bw"]),
    ],
)
def test_a_column_or_a_pattern_names_the_speaker(listed, options, speakers):
    text = "file,subject,speaker,emotion\na.wav,s1,x,anger\nb.wav,s2,x,fear\n"
    assert list(listed(text, **options).speaker) == speakers


def test_a_missing_speaker_is_rejected_with_the_next_step(listed):
    with pytest.raises(ValueError) as caught:
        listed("file,emotion,who\na.wav,anger,x\n")
    message = str(caught.value)
    assert "a speaker for each utterance; without one, no split can be shown" in message
    assert "the columns `file`, `emotion`, `who`" in message
    assert 'speaker="subject"' in message and 'speaker=r"' in message
    assert 'keras-ser corpus (or train) --set "speaker=subject"' in message
    assert 'keras-ser run --set "corpus_options.csv.speaker=subject"' in message


@quiet
def test_a_person_may_be_called_nan(listed):
    assert listed(HEAD + "a.wav,Nan,anger\n").speaker.tolist() == ["calls/Nan"]


@quiet
@pytest.mark.parametrize(
    "names",
    ["start_s,end_s", "Start Sec,End Sec", "Start (s),End [s]", "start,end,start_ms"],
)
def test_columns_of_seconds_are_recognised(listed, names):
    text = f"file,speaker,{names}\na.wav,1,0.01,0.05"
    text += ",10\n" if "ms" in names else "\n"
    assert listed(text)[["start", "end"]].values.tolist() == [[0.01, 0.05]]


@quiet
@pytest.mark.parametrize("name", ["duration", "Dur", "Duration (s)", "duration_sec"])
def test_durations_are_added_to_the_starts(listed, name):
    text = f"file,speaker,start,{name}\na.wav,1,0.01,0.04\nb.wav,1,,0.05\nc.wav,2,0,\n"
    found = listed(text)[["start", "end"]].fillna(-1).values.tolist()
    assert found == [[0.01, 0.05], [-1, 0.05], [0, -1]]


@quiet
@pytest.mark.parametrize(
    "names", ["duration", "length", "end,duration", "start,end,length", "start_date"]
)
def test_lengths_of_whole_files_are_no_segments(listed, names):
    values = ",".join("0.05" if name == "end" else "0" for name in names.split(","))
    found = listed(f"file,speaker,{names}\na.wav,1,{values}\n")
    assert found.start.fillna(0).tolist() == [0]
    assert found.end.fillna(-1).tolist() == [0.05 if "end" in names else -1]


@quiet
@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"speaker": "nobody"}, "with speaker='nobody' (no group)"),
        ({"speaker": "("}, "with speaker='(' (missing )"),
        ({"speaker": r"(\d+)"}, "with 'a.wav' in rows 2, 3, 4"),
        ({"speaker": "()"}, "with 'a.wav' in rows 2, 3, 4"),
        ({"columns": {"speaker": "who"}}, "expects the column 'who' for `speaker`"),
        ({"columns": {"talker": "speaker"}}, "`columns` to map names from"),
        ({"emotions": {"Anger": "fear"}}, "'Anger' in `emotions`, and the labels ''"),
        ({"language": "elvish"}, "with 'elvish' in rows 2, 3, 4"),
        ({"audio": "elsewhere"}, "a.wav, which is not in elsewhere. Give the folder"),
    ],
)
def test_impossible_options_are_rejected(listed, options, reason):
    with pytest.raises((ValueError, FileNotFoundError)) as caught:
        listed(HEAD + ROWS, **options)
    assert reason in str(caught.value)


@quiet
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (HEAD, "at least one row"),
        ("speaker,emotion\n1,anger\n", "a column with the paths of audio files"),
        (HEAD + "a.wav,,anger\n", "a speaker in each row. Received"),
        (HEAD + "a.wav,1,anger\nb.wav,nan,anger\n", "with 'nan' in row 3. Fill in"),
        (HEAD + "a.wav,<NA>,anger\n", "a speaker in each row. Received"),
        (HEAD + ",1,anger\n", "a file in each row"),
        ("file,speaker,start_ms,end_ms\na.wav,1,0,90\n", "Convert them to seconds"),
        ("file,speaker,End Sample\na.wav,1,90\n", "with `End Sample`. Convert"),
        ("file,speaker,start,end_ms\na.wav,1,0.01,90\n", "with `end_ms`. Convert"),
        ("file,speaker,start_ms,end\na.wav,1,10,0.09\n", "with `start_ms`. Convert"),
        ("file,speaker,onset,offset\na.wav,1,0,0.09\n", "with `offset`. Convert"),
        ("file,speaker,offset,duration\na.wav,1,0,1\n", "with `offset`. Convert"),
        ("file,speaker,Start (ms)\na.wav,1,0\n", "with `Start (ms)`. Convert"),
        ("file,speaker,xmin,xmax\na.wav,1,0,1\n", "with `xmin` and `xmax`. Convert"),
        ("file,speaker,start,to\na.wav,1,0,1\n", "with `to`. Convert"),
        ("file,speaker,seg_start,seg_end\na.wav,1,0,1\n", "`seg_start` and `seg_end`"),
        ("file,speaker,start,length\na.wav,1,0,1\n", "or `start` and `duration`"),
        ("file,speaker,start,dur_ms\na.wav,1,0,9\n", "with `dur_ms`. Convert"),
        ("file,speaker,start,duration\na.wav,1,0,0\n", "expects 0 <= start < end"),
        (
            "file,speaker,start,duration\na.wav,1,0,soon\n",
            "in column `duration`",
        ),
        (
            HEAD + "a.wav,1,wroth\nb.wav,1,0\n",
            "unknown labels: '0' (1 row), 'wroth' (1 row)",
        ),
        (
            HEAD + "a.wav,1,anger\na.wav,1,fear\n",
            "calls/a in rows 2, 3; surplus rows: 1",
        ),
        (
            HEAD + "a.wav,1,anger\na.flac,2,fear\n",
            "differ in more than their format. Received",
        ),
        ("file,path,speaker\na.wav,a.wav,1\n", None),
        ("wav,path,speaker\na.wav,a.wav,1\n", "one column for `file`"),
        (
            "file,speaker,start\na.wav,1,soon\n",
            "with 'soon' in row 2. Correct the cell",
        ),
        ("file,speaker,start\na.wav,1,-1\n", "expects 0 <= start < end"),
        ("file,speaker,start,end\na.wav,1,2,2\n", "expects 0 <= start < end"),
        (
            "file,speaker,end\na.wav,1,inf\n",
            "times (00:01.5, 00:00:01,500, 0 days 00:00:01.5) in column `end`",
        ),
        ("file,speaker,valence\na.wav,1,high\n", "numbers in column `valence`"),
        ("file,speaker,sex\na.wav,1,f\nb.wav,1,m\n", "several genders for speaker 1"),
    ],
)
def test_rows_that_cannot_be_interpreted_are_rejected(listed, text, reason):
    if reason is None:  # a column called like the table's column takes precedence
        assert len(listed(text)) == 1
        return
    with pytest.raises(ValueError) as caught:
        listed(text)
    assert reason in str(caught.value)
    assert "calls.csv" in str(caught.value)


@quiet
def test_the_user_says_what_labels_are(listed):
    text = HEAD + "a.wav,1,wroth\nb.wav,1,0\nc.wav,1,sad\n"
    table = listed(text, emotions={"wroth": "anger", "0": ""})
    assert list(table.emotion) == ["anger", "", "sadness"]


@quiet
def test_labels_need_not_be_known_if_they_are_not_needed(listed):
    table = listed(HEAD + "a.wav,1,wroth\n", labelled=False, emotions={"x": "anger"})
    assert list(table.emotion) == [""]


@quiet
def test_other_genders_are_left_empty(listed):
    with pytest.warns(
        UserWarning, match="gender other than female and male, left empty: 1"
    ):
        table = listed("file,speaker,gender\na.wav,1,diverse\nb.wav,2,f\n")
    assert list(table.gender) == ["", "female"]


@quiet
def test_all_missing_files_are_reported(listed):
    with pytest.raises(UnreadableFiles) as caught:
        listed(HEAD + "a.wav,1,fear\nx.wav,1,fear\ny.wav,2,fear\n")
    assert [name[-5:] for name in caught.value.errors] == ["x.wav", "y.wav"]


@quiet
def test_missing_files_can_be_kept_to_be_listed(tree):
    text = "file,speaker,start,emotion\na.wav,1,0.05,fear\nx.wav,1,,sad\n"
    root = tree("a.wav", texts={"calls.csv": text})
    table = corpora.read("csv", root / "calls.csv", keep_unreadable=True)
    assert table.duration.tolist() == pytest.approx([0.05, math.nan], nan_ok=True)
    assert list(table.emotion) == ["fear", "sadness"]
    assert table.digest[1] == "unread calls/x"


def test_files_are_searched_above_their_list(tree):
    root = tree(
        "downloads/x/a.wav",
        texts={"data/x/list.csv": "file,speaker\ndownloads/x/a.wav,1\n"},
    )
    with pytest.warns(UserWarning, match=f"Audio files were found below {root}"):
        table = csv_file.read(root / "data/x/list.csv")
    assert table.file[0] == str(root / "downloads/x/a.wav")


@pytest.mark.parametrize(
    ("name", "corpus"),
    [
        ("data/calls.csv", "calls"),
        ("calls/db.emotion.csv", "calls"),
        ("calls/metadata.csv", "calls"),
        ("calls", "calls"),
    ],
)
def test_a_corpus_is_named_after_its_file_or_folder(tmp_path, name, corpus):
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix:
        path.touch()
    assert table_of.name_of(path) == corpus
