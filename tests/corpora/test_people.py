"""One person is one speaker."""

import unicodedata

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_ser import corpora, protocols
from keras_ser.corpora import people
from keras_ser.corpora import table as tables

quick = settings(max_examples=50, deadline=None)
ids = st.one_of(
    st.integers(0, 999).map(str),
    st.from_regex(r"[A-Za-zäöüÉ]{1,5}( [a-zö]{2,5})?", fullmatch=True),
    st.from_regex(r"[A-Za-z]{1,3}[1-9][0-9]{0,2}", fullmatch=True),
)


def padded(name):
    """The first number of a name with a zero before it."""
    digits = next((n for n, c in enumerate(name) if c.isdigit()), len(name))
    return f"{name[:digits]}0{name[digits:]}" if digits < len(name) else name


VARIANTS = {
    "upper": str.upper,
    "lower": str.lower,
    "blanks": lambda name: f"  {name.replace(' ', '   ')} ",
    "no-break space": lambda name: name.replace(" ", "\u00a0"),
    "invisible": lambda name: f"{name[:1]}\u200b{name[1:]}",
    "decomposed": lambda name: unicodedata.normalize("NFD", name),
    "zero": padded,
    "float": lambda name: f"{name}.0" if name.isdigit() else name,
}


@quick
@given(name=ids, changes=st.lists(st.sampled_from(sorted(VARIANTS)), max_size=3))
def test_spellings_of_a_name_are_one_person(name, changes):
    variant = name
    for change in sorted(changes):  # a float is made before zeros are added
        variant = VARIANTS[change](variant)
    assert people.spelling(variant) == people.spelling(name)


@quick
@given(
    numbers=st.sets(st.integers(0, 10_000), min_size=2, max_size=8),
    prefix=st.sampled_from(["", "S", "spk_", "session 1 ", "1."]),
    width=st.sampled_from([0, 5]),
)
def test_different_numbers_are_different_people(numbers, prefix, width):
    speakers = [f"toy/{prefix}{number:0{width}d}" for number in sorted(numbers)]
    assert people.find_spellings(speakers) == []


@pytest.mark.parametrize(
    "pair",
    [("1.1", "1.10"), ("1e2", "100"), ("1 1", "11"), ("Jorg", "Jörg"), ("0", "1")],
)
def test_names_that_mean_two_people_are_accepted(pair):
    assert people.find_spellings([f"toy/{name}" for name in pair]) == []


def test_people_of_two_corpora_are_different():
    assert people.find_spellings(["emodb/03", "ravdess/3"]) == []
    assert people.find_spellings(["emodb/03", "b/1", "emodb/3"]) == [
        ["emodb/03", "emodb/3"]
    ]
    assert people.find_spellings(["03", "3"]) == [["03", "3"]]


def test_a_table_with_two_spellings_is_rejected_and_the_remedy_works(toy_table):
    table = toy_table(["03", "3", "8"])
    with pytest.raises(ValueError, match="One person must be one speaker") as caught:
        corpora.check(table)
    message = str(caught.value)
    remedy = "table.replace({'speaker': {'toy/3': 'toy/03'}})"
    assert "'toy/03' and 'toy/3'" in message and remedy in message
    merged = table.replace({"speaker": {"toy/3": "toy/03"}})
    assert set(corpora.check(merged).speaker) == {"toy/03", "toy/8"}
    renamed = table.replace({"speaker": {"toy/3": "toy/other 3"}})
    assert corpora.check(renamed).speaker.nunique() == 3


def test_a_message_names_few_of_many_spellings(toy_table):
    names = [
        f"{case}{number}" for number in range(1, 20) for case in ("p" * 99, "P" * 99)
    ]
    with pytest.raises(ValueError) as caught:
        corpora.check(toy_table(names))
    assert "and 16 more" in str(caught.value) and len(str(caught.value)) < 1000


def test_tables_of_one_corpus_are_compared_when_they_are_joined(toy_table):
    parts = [toy_table(["Anna"]), toy_table(["anna"])]
    parts[1]["utterance"] = parts[1]["source"] = ["toy/x", "toy/y"]
    with pytest.raises(ValueError, match="'toy/Anna' and 'toy/anna'"):
        corpora.check(pd.concat(parts, ignore_index=True))


def test_a_fold_of_an_unchecked_table_is_rejected(toy_table):
    with pytest.raises(ValueError, match="'toy/3' and 'toy/03'"):
        protocols.leave_one_speaker_out(toy_table(["03", "3", "a", "b", "c"]))


def test_names_are_composed_and_paths_are_not(toy_table):
    name = unicodedata.normalize("NFD", "Jörg")
    table = toy_table([name, "a"]).assign(file=f"{name}.wav")
    checked = corpora.check(table)
    assert set(checked.speaker) == {"toy/Jörg", "toy/a"}
    assert set(checked.file) == {f"{name}.wav"}
    assert corpora.check(checked) is checked


def test_clips_of_noise_are_not_people(toy_table):
    table = toy_table(["rain 1", "Rain 01"], emotions=("",))
    table = table.assign(utterance=table.speaker, gender="", language="")
    assert corpora.check(table).speaker.nunique() == 2
    with pytest.raises(ValueError, match="One person"):
        corpora.check(table.assign(language="deu"))


def test_a_blank_speaker_is_no_speaker(toy_table):
    with pytest.raises(ValueError, match="needs a speaker"):
        corpora.check(toy_table(["a", "b"]).assign(speaker="  "))


def test_from_rows_checks_the_speakers(write_audio):
    rows = [
        {
            "utterance": f"toy/{name}",
            "file": str(write_audio(f"{n}.wav")),
            "corpus": "toy",
            "speaker": f"toy/{name}",
        }
        for n, name in enumerate(["1", "1.0"])
    ]
    with pytest.raises(ValueError, match="One person must be one speaker"):
        tables.from_rows([{**row, "language": "deu"} for row in rows])
