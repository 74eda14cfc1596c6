"""Surveys: their figures, their text, and files that cannot be read."""

import dataclasses
import json

import numpy as np
import pytest

from keras_ser.corpora import measure, survey
from keras_ser.corpora import table as tables
from keras_ser.corpora.readers import emodb
from keras_ser.corpora.survey import Survey

KNOWN = tables.Corpus(
    read=None,
    title="Toy corpus",
    language="deu",
    licence="free",
    citation="Nobody: Nothing. 2000",
    obtain="made",
    counts={"anger": 18, "fear": 2, "sadness": 17},
    note="A note that is as long as it takes for a line to be full and broken in two.",
)


def measures(table, **columns):
    """Measurements of good files of one second, except for `columns`."""
    good = {
        "rate": 16_000.0,
        "channels": 1.0,
        "subtype": "PCM_16",
        "seconds": 1.0,
        "peak": 0.5,
        "level": -20.0,
        "lead": 0.1,
        "trail": 0.2,
        "clipped": False,
        "not_finite": 0,
        "error": "",
    }
    return table[["utterance"]].assign(**{**good, **columns})[list(measure.COLUMNS)]


@pytest.fixture
def table(toy_table):
    return toy_table({"a": "female", "b": "male"}, ("anger", "sadness", ""))


def test_a_survey_counts(table):
    found = survey.summarise(table, measures(table, seconds=[6.0] * 5 + [30.0]))
    assert (found.utterances, found.speakers, found.minutes) == (6, 2, 1.0)
    assert found.labelled == {"utterances": 4, "minutes": 0.4}
    assert list(found.emotions) == ["", "anger", "sadness"]
    assert found.emotions["anger"] == {
        "utterances": 2,
        "minutes": 0.2,
        "published": None,
    }
    assert found.seconds["min"] == found.seconds["median"] == 6.0
    assert found.seconds["max"] == 30.0
    assert [p["speaker"] for p in found.people] == ["toy/a", "toy/b"]
    assert [p["lacks"] for p in found.people] == [[], []]


def test_speakers_that_lack_a_class_are_named(table):
    found = survey.summarise(table.drop(index=1), measures(table).drop(index=1))
    assert [p["lacks"] for p in found.people] == [["sadness"], []]
    assert "missing class toy/a (sadness)" in found.text()


def test_faults_are_named(table):
    peaks = [0.5, 0.0099, 0.0009, 0.0, 0.01, 0.5]
    found = survey.summarise(
        table,
        measures(
            table,
            peak=peaks,
            level=[-20.0] * 3 + [-np.inf] + [-20.0] * 2,
            clipped=[True] + [False] * 5,
            not_finite=[0, 0, 0, 0, 0, 7],
        ),
    )
    assert found.clipped == ["toy/a-0"]
    assert found.quiet == ["toy/a-1"]
    assert found.silent == ["toy/a-2", "toy/b-0"]
    assert found.not_finite == ["toy/b-2"]
    assert found.level == {"5 %": -20.0, "median": -20.0, "95 %": -20.0}


def test_copies_and_formats_are_reported(table):
    table.loc[[0, 4], "digest"] = "one"
    rates = [8000.0] + [16_000.0] * 5
    found = survey.summarise(table, measures(table, rate=rates))
    assert found.copies == [["toy/a-0", "toy/b-1"]]
    assert [(f["rate"], f["utterances"]) for f in found.formats] == [
        (16_000, 5),
        (8000, 1),
    ]
    text = found.text()
    assert "toy/a-0 = toy/b-1" in text
    assert "16000 Hz, 1 channel, PCM_16: 5; 8000 Hz, 1 channel, PCM_16: 1" in text


def test_unreadable_files_are_listed_and_do_not_count(table):
    errors = ["broken 1", "", "", "", "broken 2", ""]
    found = survey.summarise(
        table, measures(table, error=errors), unreadable={"c.wav": "broken 0"}
    )
    assert found.utterances == 4
    assert list(found.unreadable) == ["c.wav", "toy/a-0.wav", "toy/b-1.wav"]
    for number in range(3):
        assert f"broken {number}" in found.text()


def test_no_readable_file_is_no_crash(table):
    nothing = dict.fromkeys(measure.NUMBERS, np.nan)
    found = survey.summarise(table, measures(table, error="broken", **nothing))
    assert found.utterances == 0
    assert found.seconds == dict.fromkeys(("min", "median", "95 %", "max"))
    assert json.loads(json.dumps(dataclasses.asdict(found), allow_nan=False))
    assert "0 utterances" in found.text()


def test_deviations_from_the_published_counts_are_marked(table):
    found = survey.summarise(table, measures(table), KNOWN)
    assert found.emotions["fear"] == {"utterances": 0, "minutes": 0.0, "published": 2}
    lines = found.text().splitlines()
    assert any(
        line.split() == ["fear", "0", "0.0", "2", "(deviates)"] for line in lines
    )
    same = survey.summarise(
        table, measures(table), dataclasses.replace(KNOWN, counts={"anger": 2})
    )
    assert [r["published"] for r in same.emotions.values()] == [0, 2, 0]
    assert "2 (deviates)" not in same.text()


@pytest.mark.parametrize("speakers", [2, 31])
def test_the_text_fits_in_80_columns(toy_table, speakers):
    genders = {f"{n:02d}": ("male", "female", "")[n % 3] for n in range(speakers)}
    table = toy_table(genders, ("anger", "sadness"), digest="one", start=0.0, end=1.0)
    found = survey.summarise(table, measures(table, peak=0.001, clipped=True), KNOWN)
    text = found.text()
    assert max(map(len, text.splitlines())) <= 80
    assert ("toy/01" in text.split("missing class")[0]) is (speakers == 2)
    assert ("and 50 more (--json lists all)" in text) is (speakers == 31)
    for part in ("Toy corpus", "licence       free", "Nobody: Nothing. 2000"):
        assert part in text


def test_the_text_of_a_small_survey(table):
    table = table[table.emotion != ""]
    text = survey.summarise(table, measures(table, clipped=[True] + [False] * 3)).text()
    assert text.splitlines() == [
        "toy",
        "",
        "4 utterances of 2 speakers, 0.1 minutes; labelled: all",
        "  emotion  utterances  minutes  published",
        "  anger             2      0.0          -",
        "  sadness           2      0.0          -",
        "",
        "2 speakers (1 female, 1 male), 2 utterances each",
        "  speaker  gender  utterances  minutes",
        "  toy/a    female           2      0.0",
        "  toy/b    male             2      0.0",
        "  missing class none",
        "",
        "  format        16000 Hz, 1 channel, PCM_16: 4",
        "  seconds       min 1.00, median 1.00, 95 % 1.00, max 1.00",
        "  speech, dBFS  5 % -20.0, median -20.0, 95 % -20.0",
        "  silence       0.10 s before speech, 0.20 s after (medians)",
        "",
        "  clipped       1 (25.0 %), 3 or more consecutive samples at 0.999 of full",
        "                scale: toy/a-0",
        "  quiet         none",
        "  silent        none",
        "  not finite    none",
        "  same audio    none",
        "  unreadable    none",
    ]


@pytest.fixture
def root(write_audio, noise):
    for number, name in enumerate(["03a01Fa", "08a01Wa", "08b10Nc"]):
        file = write_audio(f"emodb/wav/{name}.wav", noise(0.1, seed=number))
    return file.parent.parent


@pytest.mark.filterwarnings("ignore:Corpus `emodb` has")
def test_a_corpus_with_bad_files_is_surveyed_without_them(root):
    names = ["03a01Wa.wav", "16a01Wa.wav"]
    for name in names:
        (root / "wav" / name).write_text("<html>")
    found = survey.survey_corpus("emodb", root)
    assert isinstance(found, Survey)
    assert found.utterances == 3
    assert [path.rsplit("/", 1)[1] for path in found.unreadable] == names
    assert found.corpus["title"] == emodb.CORPUS.title
    assert found.emotions["anger"]["published"] == 127


def test_a_corpus_of_bad_files_alone_is_rejected(tmp_path):
    (tmp_path / "03a01Fa.wav").write_text("<html>")
    with pytest.raises(ValueError, match="03a01Fa.wav"):
        survey.survey_corpus("emodb", tmp_path)


@pytest.mark.real_speech
@pytest.mark.filterwarnings("ignore:Corpus `ravdess`")
def test_ravdess_shows_its_quiet_files_and_its_duplicate(corpora_root):
    found = survey.survey_corpus("ravdess", corpora_root / "ravdess", workers=2)
    assert found.utterances == 1440
    assert found.copies == [
        ["ravdess/03-01-03-01-02-01-07", "ravdess/03-01-03-01-02-02-07"]
    ]
    assert len(found.quiet) == 13
    assert {name[-2:] for name in found.quiet} == {"06", "09", "20"}
    assert found.clipped == found.silent == found.not_finite == []
    assert found.unreadable == {}
