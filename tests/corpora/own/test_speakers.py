"""Speakers of a user's own data: two spellings of one person are rejected."""

import unicodedata

import pytest

from keras_ser import corpora

quiet = pytest.mark.filterwarnings("ignore:Corpus `.*`, read by")
TEXT = "file,speaker,emotion\na.wav,03,anger\nb.wav,3,fear\nc.wav,8,\n"


def test_two_spellings_are_rejected_with_both_remedies(listed):
    with pytest.raises(ValueError) as caught:
        listed(TEXT)
    message = str(caught.value)
    assert "speakers that differ only in case, blanks, zeros or form" in message
    assert "'03' and '3'" in message and "calls.csv" in message
    assert "If they are one person, say so, speakers={'3': '03'}" in message
    assert "If they are two, give one of them another name, speakers=" in message
    assert "speakers={'3': 'other 3'}" in message


@quiet
def test_the_option_speakers_joins_one_person_and_separates_two(listed):
    one = listed(TEXT, speakers={"3": "03"})
    assert list(one.speaker) == ["calls/03", "calls/03", "calls/8"]
    two = listed(TEXT, speakers={"3": "other 3"})
    assert list(two.speaker) == ["calls/03", "calls/other 3", "calls/8"]


@pytest.mark.parametrize("speakers", [{"9": "3"}, {"3": " "}])
def test_a_wrong_mapping_of_speakers_is_rejected(listed, speakers):
    with pytest.raises(ValueError, match="`speakers` to map speakers of the data"):
        listed(TEXT, speakers=speakers)


@quiet
def test_unicode_forms_are_one_speaker_one_label_and_one_option(listed):
    mac = unicodedata.normalize("NFD", "Jörg")
    text = f"file,speaker,emotion\na.wav,{mac},grün\nb.wav,Jörg,gru\u0308n\n"
    table = listed(text, emotions={unicodedata.normalize("NFD", "grün"): "calm"})
    assert set(table.speaker) == {"calls/Jörg"}
    assert set(table.emotion) == {"calm"}


@quiet
def test_folders_and_patterns_accept_both_unicode_forms(tree):
    mac = unicodedata.normalize("NFD", "glücklich/jörg_1.wav")
    table = corpora.read("folder", tree(mac, "wütend/anna_1.wav"), speaker=r"(\w+)_")
    assert set(table.speaker) == {"corpus/jörg", "corpus/anna"}
    assert set(table.emotion) == {"happiness", "anger"}


@quiet
@pytest.mark.parametrize("disk", ["NFC", "NFD"])
@pytest.mark.parametrize("written", ["NFC", "NFD"])
def test_a_file_is_found_in_the_other_unicode_form(tree, disk, written):
    name = unicodedata.normalize(disk, "über/ä.wav")
    listed = unicodedata.normalize(written, "über/ä.wav")
    text = f"file,speaker,emotion\n{listed},m,anger\n"
    root = tree(name, texts={"calls.csv": text})
    table = corpora.read("csv", root / "calls.csv")
    assert table.file[0] == str(root / name)  # as it is called on disk
    assert table.utterance[0] == "calls/über/ä"
    metadata = f"file_name,speaker,label\n{listed},m,anger\n"
    other = tree(name, texts={"metadata.csv": metadata}, root="other")
    assert corpora.read("huggingface", other).file[0] == str(other / name)
