"""Names that no file can hold are rejected together with the name of their file."""

import pytest

from keras_ser.corpora import table as tables
from keras_ser.corpora.names import check_names


def row(**changes):
    about = {"utterance": "toy/a", "file": "a.wav", "corpus": "toy", "duration": 1.0}
    return {**about, "speaker": "toy/1", "digest": "one", **changes}


@pytest.mark.parametrize("name", ["a\rb", "a\nb", 'a"b', "a,b", "é", "\0", "NA"])
def test_names_of_any_characters_are_accepted(name):
    check_names([row(utterance=name)])
    assert tables.from_rows([row(utterance=name)]).utterance[0] == name


@pytest.mark.parametrize("column", ["utterance", "speaker", "file"])
def test_the_file_of_a_name_that_is_not_utf8_is_reported(column):
    name = b"caf\xe9".decode("utf-8", "surrogateescape")
    with pytest.raises(ValueError) as caught:
        tables.from_rows([row(), row(**{"file": "b.wav", column: name})])
    message = str(caught.value)
    assert f"Column `{column}` must hold text that UTF-8 can hold" in message
    assert "'caf\\udce9', of the file '" in message
    assert ("caf\\udce9" if column == "file" else "b.wav") in message
    message.encode()  # can be printed
