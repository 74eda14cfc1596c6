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
        (EMODB, ["03", "08", "09"], None),
    ],
    ids=["names", "folders", "actors", "numbered", "letters"],
)
def test_speakers_come_first_and_sentences_are_not_hidden(given, first, count):
    found = guesses.guess_emotion(given)
    labels = guesses.find_labels(given, found[0]) if found else [""] * len(given)
    speakers = guesses.guess_speaker(given, labels)
    assert list(speakers[0].counts) == first
    likely = [each for each in speakers if not each.crossed < guesses.MIN_CROSSED]
    assert count is None or len(likely) == count
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


@pytest.mark.parametrize(
    ("given", "speakers"),
    [
        # Two files of each of many speakers.
        (
            paths("p{s:03}/{e}_0{w}.wav", s=range(50), e=("sad",), w="12")
            + paths("p{s:03}/{e}_0{w}.wav", s=range(50), e=("happy",), w="3"),
            50,
        ),
        # One emotion of each speaker.
        (
            [
                f"{e}/s{n:02}_{w}.wav"
                for n in range(20)
                for w in "1234"
                for e in [("sad", "happy")[n % 2]]
            ],
            20,
        ),
    ],
    ids=["few files", "one emotion"],
)
def test_true_speakers_are_never_hidden(given, speakers):
    labels = guesses.find_labels(given, guesses.guess_emotion(given)[0])
    found = guesses.guess_speaker(given, labels)
    assert speakers in [len(each.counts) for each in found]


def test_a_doubtful_place_comes_last():
    given = [
        f"{e}/s{n:02}_{w}.wav"
        for n in range(20)
        for w in "1234"
        for e in [("sad", "happy")[n % 2]]
    ]
    labels = [path.partition("/")[0] for path in given]
    found = guesses.guess_speaker(given, labels)
    assert [len(each.counts) for each in found] == [4, 20]
    assert found[0].crossed == 1 and found[1].crossed == 0


@pytest.mark.parametrize("parts", [("train", "test"), ("Train", "Dev", "Test")])
def test_parts_of_a_split_are_no_speakers(parts):
    given = paths("{t}/{e}_{w}.wav", t=parts, e=("sad", "happy"), w=("aa", "bb", "cc"))
    found = guesses.guess_speaker(given, ["sad", "happy"] * (len(given) // 2))
    assert sorted(parts) not in [sorted(each.counts) for each in found]


def test_the_kind_of_file_is_no_speaker():
    given = [f"{n:03}.{'wav' if n % 2 else 'mp3'}" for n in range(40)]
    assert guesses.guess_speaker(given, [""] * 40) == []


def test_a_stray_file_hides_nothing():
    given = [*NUMBERED, "readme.wav"]
    (emotion, *_) = guesses.guess_emotion(given)
    assert emotion.absent == 1 and len(emotion.counts) == 3
    labels = guesses.find_labels(given, emotion)
    speakers = guesses.guess_speaker(given, labels)
    assert ["anna", "ben", "cleo"] in [list(each.counts) for each in speakers]


def test_own_labels_are_known():
    given = paths("{e}/{w}.wav", e=("boos", "blij"), w=map(str, range(9)))
    assert guesses.guess_emotion(given) == []
    own = {"boos": "anger", "blij": "happiness"}
    (guess, *_) = guesses.guess_emotion(given, own)
    assert list(guess.counts) == ["blij", "boos"] and guess.unknown == ()


def test_every_place_is_a_pattern_of_at_most_20_characters():
    for text in guesses.PLACES:
        assert patterns.compile_pattern(text)[1] == ""
        assert len(text) <= 20
