"""Tables and predictions as audformat databases, read by this package and audformat."""

import math

import pandas as pd
import pytest

from keras_ser import corpora
from keras_ser.corpora import audformat as out
from keras_ser.corpora.table import RATINGS

SAME = ["digest", "speaker", "gender", "language", "emotion", *RATINGS]


@pytest.fixture
def table(tree):
    """Two speakers. One label is missing, and one utterance has an activation."""
    text = (
        "file,speaker,gender,language,emotion,arousal\n"
        "a.wav,03,f,deu,anger,4.5\nb.wav,08,m,,sadness,\nsub/c.wav,08,m,eng,,\n"
    )
    root = tree("a.wav", "b.wav", "sub/c.wav", texts={"toy.csv": text})
    with pytest.warns(UserWarning, match="Corpus `toy`, read by"):
        return corpora.read("csv", root / "toy.csv")


@pytest.fixture
def segments(table):
    rows = [
        table.iloc[[0]].assign(start=s, end=e) for s, e in ((0.0, 1 / 30), (0.05,) * 2)
    ]
    rows[1]["end"] = math.nan
    rows += [table.iloc[[1]]]
    return pd.concat(rows, ignore_index=True)


def again(path, **options):
    with pytest.warns(UserWarning, match="read by `csv`"):
        return corpora.read("csv", path, corpus="toy", **options)


def test_a_table_comes_back(table, tmp_path):
    path = out.write(table, tmp_path / "corpus")
    assert path.read_text() == (
        "file,speaker,gender,language,emotion,activation\n"
        "a.wav,03,female,deu,anger,4.5\nb.wav,08,male,,sadness,\n"
        "sub/c.wav,08,male,eng,,\n"
    )
    pd.testing.assert_frame_equal(again(tmp_path / "corpus"), table)


def test_ratings_come_back(table, tmp_path):
    rated = table.assign(valence=[1.5, math.nan, 2.0], dominance=[math.nan, 3.5, 4.0])
    path = out.write(rated, tmp_path / "corpus")
    assert path.read_text().splitlines()[:3] == [
        "file,speaker,gender,language,emotion,activation,valence,dominance",
        "a.wav,03,female,deu,anger,4.5,1.5,",
        "b.wav,08,male,,sadness,,,3.5",
    ]
    pd.testing.assert_frame_equal(again(tmp_path / "corpus"), rated)


def test_files_elsewhere_have_absolute_paths(table, tmp_path):
    out.write(table, tmp_path / "export")
    back = again(tmp_path / "export")
    assert list(back.file) == list(table.file)
    pd.testing.assert_frame_equal(back[SAME], table[SAME])


def test_segments_come_back(segments, tmp_path):
    path = out.write(segments, tmp_path / "corpus")
    assert path.read_text().splitlines()[:4] == [
        "file,start,end,speaker,gender,language,emotion,activation",
        "a.wav,0 days 00:00:00,0 days 00:00:00.033333333,03,female,deu,anger,4.5",
        "a.wav,0 days 00:00:00.050000,,03,female,deu,anger,4.5",
        "b.wav,0 days 00:00:00,,08,male,,sadness,",
    ]
    back = again(tmp_path / "corpus")
    assert back.start.tolist() == [0.0, 0.05, 0.0]
    assert back.end.tolist() == pytest.approx([1 / 30, math.nan, math.nan], nan_ok=True)


def test_speakers_of_two_corpora_keep_their_corpus(table, tmp_path):
    other = table.iloc[[1]].assign(corpus="other", speaker="other/08")
    path = out.write(pd.concat([table.iloc[[0]], other]), tmp_path / "corpus")
    speakers = pd.read_csv(path, dtype=str).speaker
    assert list(speakers) == ["toy/03", "other/08"]


def test_a_segment_of_audio_that_occurs_twice_is_rejected(table, tmp_path):
    twice = pd.concat([table, table.iloc[[0]]])
    with pytest.raises(ValueError, match="each segment of audio once.*: a.wav, 1 such"):
        out.write(twice, tmp_path / "corpus")


def test_a_database_loses_no_tables(table, tmp_path):
    out.write(table, tmp_path / "corpus")
    with pytest.raises(ValueError, match="with db.emotion.csv. Give another folder"):
        out.write_predictions(predictions(table), tmp_path / "corpus", table)


def test_a_database_of_others_is_not_overwritten(table, tmp_path):
    header = tmp_path / "corpus/db.yaml"
    header.write_text("name: theirs\n")
    with pytest.raises(ValueError, match="without another audformat .* db.yaml"):
        out.write(table, tmp_path / "corpus")
    assert header.read_text() == "name: theirs\n"
    header.unlink()
    first = out.write(table, tmp_path / "corpus").read_bytes()
    assert out.write(table, tmp_path / "corpus").read_bytes() == first


def predictions(table, **columns):
    return pd.DataFrame(
        {
            "experiment": "toy",
            "system": "baseline",
            "corpus": "toy",
            "fold": "03",
            "repeat": 0,
            "condition": "noise:rain:10",
            "utterance": table.utterance,
            "speaker": table.speaker,
            "head": "emotion",
            "truth": table.emotion,
            "prediction": "anger",
            "p_anger": 0.75,
            "p_sadness": 0.25,
            **columns,
        }
    )


def test_predictions_are_not_labels(table, tmp_path):
    run = tmp_path / "predictions.csv"
    other = predictions(table, head="center")
    pd.concat([predictions(table), other]).to_csv(run, index=False)
    (path,) = out.write_predictions(run, tmp_path / "corpus", table)
    assert path.name == "db.predictions.baseline.noise-rain-10.0.csv"
    assert path.read_text().splitlines()[:2] == [
        "file,speaker,gender,language,emotion,prediction,p_anger,p_sadness",
        "a.wav,03,female,deu,anger,anger,0.75,0.25",
    ]
    assert list(again(path).emotion) == list(table.emotion)


def test_each_system_and_condition_has_its_table(table, tmp_path):
    frames = [
        predictions(table, system=system, condition=condition)
        for system in "ab"
        for condition in ("clean", "noise:rain:0")
    ]
    paths = out.write_predictions(pd.concat(frames), tmp_path / "corpus", table)
    assert [path.name for path in paths] == [
        f"db.predictions.{system}.{condition}.0.csv"
        for system in "ab"
        for condition in ("clean", "noise-rain-0")
    ]


def test_names_that_become_one_are_rejected(table, tmp_path):
    frames = [predictions(table, condition=name) for name in ("a:b", "a-b")]
    with pytest.raises(
        ValueError, match="several that become predictions.baseline.a-b.0"
    ):
        out.write_predictions(pd.concat(frames), tmp_path / "corpus", table)


def test_the_result_of_a_recogniser_needs_no_table(table, tmp_path):
    frame = pd.DataFrame(
        {"file": table.file[:2], "start": 0.0, "end": [0.1, 0.05], "prediction": "x"}
    )
    (path,) = out.write_predictions(frame, tmp_path / "corpus")
    assert path.read_text().splitlines()[0] == "file,start,end,prediction"
    assert path.name == "db.predictions.csv"


def test_predictions_of_unknown_utterances_are_rejected(table, tmp_path):
    with pytest.raises(ValueError, match="no file for toy/sub/c, 1 such rows"):
        out.write_predictions(predictions(table), tmp_path / "x", table.iloc[:2])
    with pytest.raises(ValueError, match="no file for toy/a, 3 such rows"):
        out.write_predictions(predictions(table), tmp_path / "x")
    with pytest.raises(FileNotFoundError, match="Expected a run's predictions.csv"):
        out.write_predictions(tmp_path / "gone.csv", tmp_path / "x", table)


def test_audformat_reads_the_written_database(table, segments, tmp_path):
    audformat = pytest.importorskip("audformat")
    out.write(table, tmp_path / "files")
    frame = audformat.Database.load(str(tmp_path / "files"))["emotion"].get()
    assert audformat.index_type(frame) == "filewise"
    assert frame.speaker.tolist() == ["03", "08", "08"]
    assert frame.emotion.tolist()[:2] == ["anger", "sadness"]
    assert frame.emotion.isna().tolist() == [False, False, True]
    assert frame.activation.tolist() == pytest.approx(
        [4.5, math.nan, math.nan], nan_ok=True
    )

    out.write(segments, tmp_path / "segments")
    database = audformat.Database.load(str(tmp_path / "segments"))
    frame = database["emotion"].get(map={"speaker": ["speaker", "gender"]})
    assert audformat.index_type(frame) == "segmented"
    ends = frame.index.get_level_values("end")
    assert ends[0] == pd.Timedelta("33333333ns") and ends[1:].isna().all()
    assert frame.gender.tolist() == ["female", "female", "male"]


def test_audformat_reads_tables_of_several_columns(table, tmp_path):
    audformat = pytest.importorskip("audformat")
    first = predictions(table).iloc[:2].assign(p_fear=0.5)
    second = predictions(table, system="late").assign(truth="", p_anger=math.nan)
    frames = pd.concat([first, second])
    out.write_predictions(frames, tmp_path / "x", table)
    database = audformat.Database.load(str(tmp_path / "x"))
    one, two = (database[name].get() for name in sorted(database.tables))
    assert one.p_fear.tolist() == [0.5, 0.5] and one.p_sadness.tolist() == [0.25] * 2
    assert list(two.columns) == [
        "speaker",
        "gender",
        "language",
        "prediction",
        "p_sadness",
    ]
    assert two.prediction.tolist() == ["anger"] * 3


def test_databases_of_audformat_are_read(tree):
    audformat = pytest.importorskip("audformat")
    root = tree("a.wav", "b.wav")
    database = audformat.Database("x")
    database.schemes["emotion"] = audformat.Scheme(labels=["anger", "happiness"])
    database.schemes["who"] = audformat.Scheme("int")
    index = audformat.segmented_index(
        ["a.wav", "a.wav", "b.wav"], ["0s", "0.05s", "0s"], ["0.05s", "0.1s", pd.NaT]
    )
    database["emotion"] = audformat.Table(index)
    database["emotion"]["emotion"] = audformat.Column(scheme_id="emotion")
    database["emotion"]["emotion"].set(["anger", "happiness", None])
    database["files"] = audformat.Table(audformat.filewise_index(["a.wav", "b.wav"]))
    database["files"]["speaker"] = audformat.Column(scheme_id="who")
    database["files"]["speaker"].set([3, 4])
    database.save(str(root), storage_format="csv")
    back = again(root)
    assert list(back.emotion) == ["anger", "happiness", ""]
    assert list(back.speaker) == ["toy/3", "toy/3", "toy/4"]
    assert back.duration.tolist() == pytest.approx([0.05, 0.05, 0.1])
