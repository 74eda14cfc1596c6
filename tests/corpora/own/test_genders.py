"""Genders from the beginnings of speakers' names."""

import pytest

from keras_ser import corpora

quiet = pytest.mark.filterwarnings("ignore:Corpus `.*`, read by")
OPTIONS = {"speaker": "^([^/]+)/", "labelled": False}
TEXT = "file,speaker,gender\na.wav,fa,m\nb.wav,fab,\nc.wav,x,f\n"


def read(root, **options):
    return corpora.read("folder", root, **OPTIONS, **options)


@quiet
def test_folders_of_speakers_have_the_genders_of_their_first_letters(tree):
    """As in KOPLAIN: a folder per speaker, and no emotions."""
    root = tree("pfa/pfa1.flac", "pfb/pfb1.flac", "pmc/pmc1.flac", "x/x1.flac")
    table = read(root, genders={"pf": "female", "pm": "m"}, language="kor")
    genders = dict(zip(table.speaker, table.gender, strict=True))
    assert genders == {
        "corpus/pfa": "female",
        "corpus/pfb": "female",
        "corpus/pmc": "male",
        "corpus/x": "",
    }
    assert set(table.emotion) == {""} and set(table.language) == {"kor"}


def test_the_report_of_guesses_counts_the_speakers(tree):
    root = tree("pfa/1.wav", "x/2.wav")
    with pytest.warns(UserWarning, match="Genders by name, of 1 of 2 speakers"):
        read(root, genders={"pf": "female"})


@quiet
def test_the_longest_beginning_counts_before_a_column(listed):
    table = listed(TEXT, labelled=False, genders={"fab": "male", "f": "female"})
    assert list(table.gender) == ["female", "male", "female"]
    assert list(listed(TEXT, labelled=False).gender) == ["male", "", "female"]


@quiet
@pytest.mark.parametrize("genders", [{"q": "female"}, {"p": "unknown"}, {"p": ""}])
def test_a_beginning_of_nobody_and_another_word_are_rejected(tree, genders):
    with pytest.raises(ValueError) as caught:
        read(tree("pfa/1.wav", "pmb/2.wav"), genders=genders)
    message = str(caught.value)
    assert "`genders` to map beginnings of speakers' names to female or male" in message
    assert "and the speakers 'pfa', 'pmb'" in message


@quiet
@pytest.mark.parametrize("reader", ["emobox", "huggingface"])
def test_the_readers_of_lists_take_genders_too(tree, reader):
    texts = {
        "metadata.csv": "file_name,speaker\na.wav,pfa\n",
        "list.jsonl": '{"key": "a", "wav": "a.wav", "speaker": "pfa"}\n',
    }
    root = tree("a.wav", texts=texts)
    root = root / "list.jsonl" if reader == "emobox" else root
    options = {"labelled": False, "genders": {"p": "female"}}
    assert list(corpora.read(reader, root, **options).gender) == ["female"]
