"""audformat databases whose tables are parquet files."""

import sys

import pandas as pd
import pytest

from keras_ser import corpora
from keras_ser.corpora import audformat as export

parquet = pytest.importorskip("pyarrow.parquet")
quiet = pytest.mark.filterwarnings("ignore:Corpus `.*`, read by")


def write(path, columns):
    import pyarrow

    parquet.write_table(pyarrow.table(columns), path)


@pytest.fixture
def database(tree):
    """A database as audformat stores it by default."""
    root = tree("a.wav", "b.wav")
    times = (
        pd.to_timedelta([0.0, 0.05], unit="s"),
        pd.to_timedelta([0.05, None], unit="s"),
    )
    write(
        root / "db.emotion.parquet",
        {
            "file": ["a.wav", "b.wav"],
            "start": pd.Series(times[0]),
            "end": pd.Series(times[1]),
            "emotion": ["anger", None],
            "arousal": [0.5, None],
        },
    )
    write(root / "db.files.parquet", {"file": ["a.wav", "b.wav"], "speaker": [3, 8]})
    return root


@quiet
@pytest.mark.parametrize("place", ["", "db.emotion.parquet"])
def test_parquet_tables_are_read_and_joined(database, place):
    table = corpora.read("csv", database / place)
    assert list(table.speaker) == ["corpus/3", "corpus/8"]
    assert list(table.emotion) == ["anger", ""]
    assert table.start.tolist() == pytest.approx([0.0, 0.05])
    assert table.duration.tolist() == pytest.approx([0.05, 0.05])
    assert table.activation[0] == 0.5 and pd.isna(table.activation[1])


@quiet
def test_audformats_own_files_are_read(tree):
    audformat = pytest.importorskip("audformat")
    root = tree("a.wav", "b.wav")
    db = audformat.Database("toy")
    index = audformat.segmented_index(["a.wav", "b.wav"], [0, "50ms"], ["50ms", "90ms"])
    db["emotion"] = audformat.Table(index)
    for name, values in {"emotion": ["anger", "fear"], "speaker": ["m", "n"]}.items():
        db.schemes[name] = audformat.Scheme("str")
        db["emotion"][name] = audformat.Column(scheme_id=name)
        db["emotion"][name].set(values)
    db.save(str(root), storage_format="parquet")
    table = corpora.read("csv", root)
    assert list(table.emotion) == ["anger", "fear"]
    assert table.end.tolist() == pytest.approx([0.05, 0.09])


@quiet
def test_parquet_takes_precedence_over_csv_as_in_audformat(database):
    (database / "db.emotion.csv").write_text("file,emotion\na.wav,fear\n")
    assert list(corpora.read("csv", database).emotion) == ["anger", ""]


def test_a_file_that_is_not_parquet_is_rejected(tmp_path):
    path = tmp_path / "db.emotion.parquet"
    path.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    with pytest.raises(ValueError, match="expects a parquet file.*git lfs pull"):
        corpora.read("csv", path)


def test_without_pyarrow_the_message_says_what_to_install(database, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ValueError, match="expects pyarrow.*pip install pyarrow"):
        corpora.read("csv", database / "db.emotion.parquet")


@quiet
def test_an_export_does_not_leave_an_older_parquet_table(database, toy_table):
    with pytest.raises(ValueError, match="db.emotion.parquet"):
        export.write(toy_table("ab"), database)
