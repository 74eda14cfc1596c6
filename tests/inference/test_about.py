"""What is said about a model: its speech, in one line that a terminal can print."""

import pytest

from keras_ser import inference
from keras_ser.inference import about


def test_corpora_speakers_and_languages_are_counted(toy_table):
    genders = {name: "female" for name in "12"}
    labelled = toy_table(genders, ("anger", "sadness"), corpus="emodb")
    one = toy_table({"3": "male"}, ("",), corpus="own").assign(language="")
    table = labelled.assign(language="deu")
    assert about.describe(table) == (
        "It learned from 4 utterances of 2 speakers of emodb (German)."
    )
    assert about.describe(table, one) == (
        "It learned from 4 utterances of 2 speakers of emodb (German), and from 1 "
        "utterance of 1 speaker of own without labels."
    )
    assert about.describe(table, one[:0]) == about.describe(table)


@pytest.mark.parametrize(
    "corpus",
    ["two\nlines", "\x1b[31mred", "a\u200cb", "a\u00a0b", "\u3000", "a" * 3000],
)
def test_corpora_of_any_name_can_be_described(corpus, toy_table):
    """A folder may be called like that, and its models must be loaded again."""
    table = toy_table({"1": "female"}, ("anger",), corpus="own").assign(language="")
    text = about.describe(table.assign(corpus=corpus))
    about.check(text)
    assert text.startswith("It learned from 1 utterance of 1 speaker of ")


@pytest.mark.parametrize(
    ("code", "name"),
    [("deu", "German"), ("eng", "English"), ("urd", "Urdu"), ("xyz", "xyz")],
)
def test_languages_have_english_names(code, name):
    assert about.language_name(code) == name


@pytest.mark.parametrize("text", [None, 3, "two\nlines", "\x1b[31mred", "a" * 2001])
def test_other_texts_are_rejected(new_recogniser, text):
    """An escape of a terminal could hide what a program prints."""
    with pytest.raises(ValueError, match="one line of at most 2000"):
        about.check(text)
    made = new_recogniser()
    with pytest.raises(ValueError, match="one line"):
        inference.Recogniser(made.model, made.preprocessing, about=text)


@pytest.mark.parametrize(("name", "value"), [("about", "a\nb"), ("temperature", -1)])
def test_no_file_is_written_that_could_not_be_read(
    new_recogniser, tmp_path, name, value
):
    made = new_recogniser()
    setattr(made, name, value)
    with pytest.raises(ValueError, match="Received: "):
        made.save(tmp_path / "model.keras")
    assert not [*tmp_path.iterdir()]


def test_it_is_saved_and_given_with_predictions(
    new_recogniser, write_audio, noise, tmp_path
):
    made = new_recogniser()
    text = "It learned from 4 utterances of 2 speakers of ñandú (Guaraní)."
    own = inference.Recogniser(made.model, made.preprocessing, about=text)
    loaded = inference.load(own.save(tmp_path / "model.keras"))
    assert loaded.about == text
    file = write_audio("one.wav", noise(0.5))
    assert loaded.predict(file).attrs["about"] == text
    assert made.predict(file).attrs["about"] == ""
