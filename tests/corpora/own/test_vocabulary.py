"""The words for emotions, genders, languages and columns."""

import pytest

from keras_ser.corpora.labels import LABEL_SETS
from keras_ser.corpora.own import vocabulary as names
from keras_ser.corpora.readers import emodb


@pytest.mark.parametrize(
    ("label", "emotion"),
    [
        ("anger", "anger"),
        ("ANG", "anger"),
        (" Angry ", "anger"),
        ("Wut", "anger"),
        ("hot anger", "anger"),
        ("cold_anger", "cold anger"),
        ("Pleasant-Surprise", "surprise"),
        ("exc", "excitement"),
        ("xxx", ""),
        ("No Agreement", ""),
        ("nan", ""),
        ("", ""),
        ("-", ""),
        ("wroth", None),
        ("0", None),
    ],
)
def test_a_word_means_an_emotion_or_is_unknown(label, emotion):
    assert names.find_emotion(label) == emotion
    found, unknown = names.map_labels([label])
    assert (found[label], unknown) == (emotion, [label] if emotion is None else [])


def test_no_word_means_two_names():
    for table in (
        names.EMOTIONS,
        names.GENDERS,
        names.LANGUAGES,
        names.COLUMNS,
    ):
        words = [
            names.normalise(word)
            for name, others in table.items()
            for word in {name, *others.split()}
        ]
        assert len(words) == len(set(words))


def test_label_sets_use_the_vocabulary():
    mappings = [each for each in LABEL_SETS.values() if isinstance(each, dict)]
    assert len(mappings) >= 4
    for labels in mappings:
        assert set(labels) <= set(names.EMOTIONS)


@pytest.mark.parametrize(
    ("letters", "expected"),
    [
        ("WAN", ["anger", "fear", "neutral"]),
        ("AHSN", ["anger", "happiness", "sadness", "neutral"]),
        ("ahX", ["anger", "happiness", ""]),
        (["W", "sad"], ["anger", "sadness"]),
    ],
)
def test_letters_are_mapped_by_the_corpus_that_has_them_all(letters, expected):
    found, unknown = names.map_labels(letters)
    assert [found[letter] for letter in letters] == expected
    assert unknown == []


@pytest.mark.parametrize("letters", ["AFN", "WH", "A", "AZ"])
def test_letters_of_two_corpora_or_of_none_are_unknown(letters):
    assert names.map_labels(letters)[1] == sorted(letters)


def test_the_users_mapping_takes_precedence():
    found, unknown = names.map_labels(["sad", "wroth"], {"sad": "", "wroth": "anger"})
    assert (found, unknown) == ({"sad": "", "wroth": "anger"}, [])


def test_the_letters_of_emo_db_are_its_readers():
    assert names.LETTERS["EMO-DB"] == emodb.EMOTIONS


def test_genders_and_languages():
    assert [
        names.find_gender(word) for word in ("F", "weiblich", "Male", "diverse")
    ] == [
        "female",
        "female",
        "male",
        "",
    ]
    words = ("en-US", "German", "ita", "zh_CN", "elvish")
    assert [names.find_language(word) for word in words] == [
        "eng",
        "deu",
        "ita",
        "cmn",
        "",
    ]


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("file", "file"),
        ("File_Name", "file"),
        ("Speaker ID", "speaker"),
        ("arousal", "activation"),
        ("emo", "emotion"),
        ("age", ""),
    ],
)
def test_headers_mean_columns(header, column):
    assert names.find_column(header) == column


NOUNS_AND_ADJECTIVES = {
    "anger": "Wut Zorn Ärger | enojo enojada ira | colère fâché | rabbia arrabbiato",
    "boredom": "Langeweile gelangweilt | aburrimiento | ennui | noia annoiata",
    "disgust": "Ekel angeekelt | asco | dégoût dégoûté | disgusto disgustato",
    "fear": "Angst ängstlich | miedo asustado | peur effrayée | paura spaventato",
    "happiness": "Freude glücklich | alegría feliz | joie heureux | gioia felice",
    "neutral": "neutral | neutro | neutre | neutrale",
    "sadness": "Trauer traurig | tristeza triste | tristesse | tristezza",
    "surprise": "Überraschung überrascht | sorpresa sorprendido | surprise | sorpreso",
}


@pytest.mark.parametrize("emotion", NOUNS_AND_ADJECTIVES)
def test_four_more_languages_with_and_without_accents(emotion):
    words = NOUNS_AND_ADJECTIVES[emotion].replace("|", " ").split()
    for word in words:
        for written in (word, word.upper(), names.without_accents(word.casefold())):
            assert names.find_emotion(written) == emotion, written


@pytest.mark.parametrize(
    ("word", "plain"),
    [("wütend", "wuetend"), ("colère", "colere"), ("género", "genero"), ("ñ", "n")],
)
def test_accents_may_be_left_out(word, plain):
    assert names.without_accents(word) == plain


@pytest.mark.parametrize(
    ("headers", "column"),
    [
        ("Datei archivo fichier percorso file_id", "file"),
        ("Sprecher hablante locuteur parlante", "speaker"),
        ("Geschlecht género genero sexe genere", "gender"),
        ("Gefühl Gefuehl emoción émotion emozione etiqueta", "emotion"),
        ("Sprache idioma langue lingua", "language"),
        ("Anfang inicio début debut inizio", "start"),
        ("Ende fin fine", "end"),
        ("Erregung activación attivazione", "activation"),
        ("Valenz valencia valenza", "valence"),
    ],
)
def test_headers_of_four_more_languages(headers, column):
    for header in headers.split():
        assert names.find_column(header) == column, header


def test_genders_of_four_more_languages():
    for word in "weiblich Frau mujer femenino femme féminin donna".split():
        assert names.find_gender(word) == "female", word
    for word in "männlich maennlich Mann hombre homme masculin uomo".split():
        assert names.find_gender(word) == "male", word
