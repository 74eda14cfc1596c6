"""What every corpus of `CORPORA` promises; a new one is picked up from there."""

import warnings

import numpy as np
import pytest

from keras_ser import corpora
from keras_ser.corpora import CORPORA, emodb, librispeech, ravdess, synthetic
from keras_ser.corpora.table import COLUMNS, LABEL_SETS, Corpus

EMOTIONS = {
    *(emotion for labels in LABEL_SETS.values() for emotion in labels),
    "frustration",
    "",
}
TINY = {"speakers": 2, "sentences": 1, "progress": False}


def emodb_tree(root, write):
    for name in ["03a01Fa", "08a01Wa", "08b10Nc"]:
        write(root / "wav" / f"{name}.wav")
    return emodb.read(root)


def librispeech_tree(root, write):
    for name in ["103/1240/103-1240-0000", "26/495/26-495-0003"]:
        write(root / "train-clean-100" / f"{name}.flac")
    return librispeech.read(root)


def ravdess_tree(root, write):
    for name in ["01/03-01-01-01-01-01-01", "01/03-01-05-02-02-01-01"]:
        write(root / f"Actor_{name}.wav")
    write(root / "Actor_24/03-01-02-01-01-02-24.flac")
    return ravdess.read(root)


# Writes a small tree in the corpus's true layout and reads it.
TOYS = {
    "emodb": emodb_tree,
    "librispeech": librispeech_tree,
    "ravdess": ravdess_tree,
    "synthetic": lambda root, write: synthetic.read(root, **TINY),
    "synthetic_unlabelled": lambda root, write: synthetic.read_unlabelled(root, **TINY),
}
GENERATED = {"synthetic", "synthetic_unlabelled"}

every_corpus = pytest.mark.parametrize("name", CORPORA)


@pytest.fixture(scope="module")
def toy(tmp_path_factory, noise):
    """A function from a corpus's name to its toy table."""
    import soundfile

    made = {}

    def write(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, noise(0.1, seed=len(list(path.parent.iterdir()))), 16_000)

    def read(name):
        if name not in made:
            root = tmp_path_factory.mktemp(name)
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "Corpus", UserWarning)  # its counts
                made[name] = TOYS[name](root, write)
        return made[name]

    return read


@every_corpus
def test_a_corpus_has_a_toy_tree(name):
    assert name in TOYS, f"write a small tree in the layout of `{name}`"


@every_corpus
def test_a_table_has_the_columns_and_their_types(toy, name):
    table = toy(name)
    assert tuple(table.columns) == COLUMNS
    assert corpora.check(table) is table
    numbers = ["start", "end", "duration", "activation", "valence"]
    assert (table[numbers].dtypes == np.float64).all()
    texts = table.drop(columns=numbers)
    assert texts.map(lambda value: isinstance(value, str)).to_numpy().all()
    assert list(table.index) == list(range(len(table)))


@every_corpus
def test_names_are_unique_and_belong_to_the_corpus(toy, name):
    table = toy(name)
    assert table.utterance.is_unique
    assert table.corpus.nunique() == 1
    prefix = table.corpus + "/"
    for column in ("utterance", "speaker"):
        assert all(map(str.startswith, table[column], prefix))
    assert (table.speaker != prefix).all()


@every_corpus
def test_every_file_exists_and_lasts(toy, name):
    table = toy(name)
    assert (table.duration > 0).all()
    for file, duration in zip(table.file, table.duration, strict=True):
        wave = corpora.table.audio.read(file)
        assert len(wave) == pytest.approx(duration * 16_000, abs=1)


@every_corpus
def test_words_are_of_the_vocabulary(toy, name):
    table = toy(name)
    assert set(table.emotion) <= EMOTIONS
    assert set(table.gender) <= {"female", "male", ""}
    assert set(table.language) == {CORPORA[name].language}


@every_corpus
def test_speakers_have_one_gender_and_one_session(toy, name):
    known = toy(name).groupby("speaker")[["gender", "session"]].nunique()
    assert (known.to_numpy() == 1).all()


@every_corpus
def test_an_entry_tells_what_a_user_must_know(name):
    corpus = CORPORA[name]
    assert isinstance(corpus, Corpus)
    for field in ("title", "language", "licence", "citation", "obtain"):
        assert getattr(corpus, field)
    assert set(corpus.counts) <= EMOTIONS
    assert all(count > 0 for count in corpus.counts.values())


@every_corpus
def test_emotions_are_those_that_are_counted(toy, name):
    counts = CORPORA[name].counts
    assert not counts or set(toy(name).emotion) <= set(counts)


@every_corpus
def test_a_file_is_no_root(tmp_path, name):
    file = tmp_path / "file"
    file.write_text("no folder")
    with pytest.raises((FileNotFoundError, ValueError, NotADirectoryError)) as caught:
        corpora.read(name, file)
    assert str(file) in str(caught.value)


@pytest.mark.parametrize("name", sorted(set(CORPORA) - GENERATED))
@pytest.mark.parametrize("inside", ["", "gone", "other"])
def test_a_wrong_root_is_a_clear_error(tmp_path, name, inside):
    (tmp_path / "other" / "files").mkdir(parents=True)
    (tmp_path / "other" / "files" / "notes.txt").write_text("hello")
    with pytest.raises(FileNotFoundError) as caught:
        corpora.read(name, tmp_path / inside)
    message = str(caught.value)
    assert f"Corpus `{name}` expects" in message
    assert f"Received: {tmp_path / inside}" in message
