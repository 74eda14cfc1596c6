"""What the paths of well-known corpora say without a reader of their own."""

import itertools

import pytest

from keras_ser.corpora.own import guesses, patterns

WORDS = ("back", "bar", "base", "bath", "bean", "beg")
TESS = ("angry", "disgust", "fear", "happy", "neutral", "ps", "sad")


def paths(form, **parts):
    """Paths of all combinations."""
    combined = itertools.product(*parts.values())
    return [form.format(**dict(zip(parts, each, strict=True))) for each in combined]


TESS_NAMES = paths("{s}_{w}_{e}.wav", s=("OAF", "YAF"), w=WORDS, e=TESS)
TESS_FOLDERS = paths("{e}/{s}_{w}_{e}.wav", s=("OAF", "YAF"), w=WORDS, e=TESS)
ACTORS = paths(
    "Actor_{s}/03-01-{e}-{w}-{r}-{s}.wav",
    s=("01", "02", "03", "04"),
    e=("01", "02", "03"),
    w=("01", "02"),
    r=("01", "02"),
)
NUMBERED = paths(
    "{s}/{e}/{w}.wav",
    s=("anna", "ben", "cleo"),
    e=("01Neutral", "02Angry", "03Sad"),
    w=map(str, range(5)),
)
EMODB = paths("wav/{s}{w}{e}a.wav", s=("03", "08", "09"), w=("a01", "b02"), e="WLEAFTN")


@pytest.mark.parametrize(
    ("given", "pattern", "values"),
    [
        (TESS_NAMES, r"_([^/._]+)\.\w+$", TESS),
        (TESS_FOLDERS, r"^([^/]+)/", TESS),
        (NUMBERED, r"^[^/]+/([^/]+)/", ("01Neutral", "02Angry", "03Sad")),
        (EMODB, r"([A-Za-z])\w\.\w+$", tuple("AEFLNTW")),
    ],
    ids=["names", "folders", "numbered", "letters"],
)
def test_the_emotion_is_found(given, pattern, values):
    (first, *_) = guesses.guess_emotion(given)
    assert first.pattern == pattern
    assert tuple(first.counts) == values
    assert first.unknown == ()
    assert len(pattern) <= 20


@pytest.mark.parametrize(
    ("given", "first", "count"),
    [
        (TESS_NAMES, ["OAF", "YAF"], 2),
        (TESS_FOLDERS, ["OAF", "YAF"], 2),
        (ACTORS, ["Actor_01", "Actor_02", "Actor_03", "Actor_04"], None),
        (NUMBERED, ["anna", "ben", "cleo"], 2),
        (EMODB, ["03", "08", "09"], 2),
    ],
    ids=["names", "folders", "actors", "numbered", "letters"],
)
def test_speakers_come_first_and_sentences_are_not_hidden(given, first, count):
    found = guesses.guess_emotion(given)
    labels = guesses.find_labels(given, found[0]) if found else [""] * len(given)
    speakers = guesses.guess_speaker(given, labels)
    assert list(speakers[0].counts) == first
    assert count is None or len(speakers) == count
    assert all(len(each.pattern) <= 20 for each in speakers)


def test_a_title_goes_before_what_comes_first():
    given = paths(
        "{t}/speaker{s}_{e}_{w}.wav",
        t=("take1", "take2"),
        s="123",
        e=("sad", "happy"),
        w="12",
    )
    labels = guesses.find_labels(given, guesses.guess_emotion(given)[0])
    speakers = guesses.guess_speaker(given, labels)
    assert list(speakers[0].counts) == ["speaker1", "speaker2", "speaker3"]
    assert ["take1", "take2"] in [list(each.counts) for each in speakers]


def test_an_unknown_label_is_named_and_few_are_allowed():
    given = paths("{e}/{s}_{w}.wav", e=(*TESS, "wroth"), s="ab", w=WORDS)
    assert guesses.guess_emotion(given)[0].unknown == ("wroth",)
    given = paths("{e}/{s}_{w}.wav", e=("sad", "happy", "x1", "x2"), s="ab", w=WORDS)
    assert guesses.guess_emotion(given) == []


def test_a_speaker_of_one_emotion_is_none():
    given = [f"{name}/{k}.wav" for name in ("sad", "happy") for k in range(9)]
    labels = [path.partition("/")[0] for path in given]
    assert guesses.guess_speaker(given, labels) == []


def test_every_place_is_a_pattern_of_at_most_20_characters():
    for text in guesses.PLACES:
        assert patterns.compile_pattern(text)[1] == ""
        assert len(text) <= 20
