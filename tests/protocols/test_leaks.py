"""What two tables must not share; overlaps against a comparison of all pairs."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_ser.protocols import leaks


def segments(toy_table, speaker, rows):
    """A table of segments, given the digest, start and end of each."""
    table = toy_table([speaker], emotions=("",) * len(rows))
    digest, start, end = zip(*rows, strict=True) if rows else ((), (), ())
    return table.assign(digest=digest, start=start, end=end).astype(
        {"start": float, "end": float}
    )


def overlapping(one, other) -> set[str]:
    """Oracle: compare every pair of rows."""
    one, other = (table.fillna({"start": 0.0, "end": np.inf}) for table in (one, other))
    return {
        name
        for a in one.itertuples()
        for b in other.itertuples()
        if a.digest == b.digest
        and min(a.end, b.end) - max(a.start, b.start) > leaks.TOLERANCE
        for name in (a.utterance, b.utterance)
    }


segment = st.tuples(
    st.sampled_from("xy"),
    st.one_of(st.just(None), st.integers(0, 9)),
    st.one_of(st.just(None), st.integers(1, 4)),
).map(lambda row: (row[0], row[1], row[2] and (row[1] or 0) + row[2]))
several = st.lists(segment, max_size=6)


@given(one=several, other=several)
@settings(max_examples=60, deadline=None)
def test_audio_is_shared_if_any_two_segments_overlap(toy_table, one, other):
    a, b = segments(toy_table, "a", one), segments(toy_table, "b", other)
    expected = overlapping(a, b)
    found = leaks.shared_audio(a, b)
    assert bool(found) == bool(expected)
    assert set(found) <= expected
    assert set(leaks.shared_audio(b, a)) <= expected


@pytest.mark.parametrize(
    ("start", "shared"), [(1.0, False), (0.9995, False), (0.99, True), (0.0, True)]
)
def test_segments_may_touch_and_not_overlap(toy_table, start, shared):
    one = segments(toy_table, "a", [("x", 0.0, 1.0)])
    other = segments(toy_table, "b", [("x", start, 2.0)])
    assert leaks.shared_audio(one, other) == (["toy/a-0", "toy/b-0"] if shared else [])


def check(one, other):
    leaks.check_disjoint("f", {"train": one, "test": other})


def test_a_copy_of_a_copy_is_found(toy_table):
    one, other = toy_table("a", emotions=("", "")), toy_table("b", emotions=("", ""))
    one.loc[0, "source"] = "toy/a-1"
    one.loc[1, "source"] = "toy/b-0"
    other.loc[0, "source"] = "toy/b-1"
    with pytest.raises(ValueError, match="toy/a-0, toy/a-1, toy/b-0, toy/b-1"):
        check(one, other)


def test_two_copies_of_an_absent_utterance_are_found(toy_table):
    one, other = (toy_table(name, source=f"toy/{name}-0") for name in "ab")
    one.loc[1, "source"] = other.loc[1, "source"] = "gone"
    with pytest.raises(ValueError, match="copies of an utterance.*toy/a-1, toy/b-1"):
        check(one, other)


def test_sources_in_a_circle_end(toy_table):
    one, other = toy_table("a"), toy_table("b")
    one["source"] = ["toy/a-1", "toy/a-0"]
    check(one, other)
    assert leaks.shared_speakers(one, other) == []


@pytest.mark.parametrize(
    "sources",
    [
        ("toy/b-0", "toy/a-0", "toy/c-0"),  # each is a copy of the other
        ("toy/b-0", "toy/c-0", "toy/a-0"),
        ("toy/a-0", "toy/a-0", "toy/b-0"),
    ],
)
def test_copies_in_a_circle_are_found(toy_table, sources):
    tables = [toy_table(name) for name in "abc"]
    for table, source in zip(tables, sources, strict=True):
        table.loc[0, "source"] = source
    with pytest.raises(ValueError, match="share no copies of an utterance"):
        check(tables[0], tables[1])
    rows = pd.concat(tables, ignore_index=True)
    assert leaks.origins(rows)["toy/a-1"] == "toy/a-1"


def test_without_source_an_utterance_is_its_own(toy_table):
    check(toy_table("a", source=""), toy_table("b", source=""))
    with pytest.raises(ValueError, match="share no copies of an utterance"):
        check(toy_table("a", source=""), toy_table("b", source="toy/a-0"))


def test_the_same_sound_on_two_sides_is_named(toy_table):
    sides = {name: toy_table([name]) for name in ("train", "dev", "test")}
    names = {side: list(table.utterance) for side, table in sides.items()}
    sound = {name: name for side in names.values() for name in side}
    leaks.check_sound("03", sides, sound)
    leaks.check_sound("03", sides, {})
    sound[names["test"][1]] = names["dev"][0]
    with pytest.raises(ValueError, match="Fold `03`: dev and test must share no") as e:
        leaks.check_sound("03", sides, sound)
    assert f"{names['dev'][0]} = {names['test'][1]}" in str(e.value)


def test_the_same_sound_with_two_labels_is_named(toy_table):
    sides = {name: toy_table([name]) for name in ("train", "dev", "test")}
    sound = {"toy/test-0": "one", "toy/test-1": "one"}
    with pytest.raises(ValueError, match="must not have different labels") as caught:
        leaks.check_sound("03", sides, sound)
    assert "'toy/test-0' (anger) = 'toy/test-1' (sadness)" in str(caught.value)
    sides["test"]["emotion"] = ["anger", ""]  # an unlabelled copy agrees
    leaks.check_sound("03", sides, sound)
    rated = sides["test"].assign(emotion="anger", valence=[0.5, 0.7])
    with pytest.raises(ValueError, match="valence of 'toy/test-0'"):
        leaks.check_sound("03", {**sides, "test": rated}, sound)


@pytest.mark.parametrize(
    "exempt", [("dev", "test", "speaker"), ("test", "dev", "speakers")]
)
def test_an_exemption_that_matches_nothing_is_rejected(toy_table, exempt):
    sides = {name: toy_table([name]) for name in ("train", "dev", "test")}
    with pytest.raises(ValueError, match="`exempt` must name two sides"):
        leaks.check_disjoint("03", sides, {exempt})


@pytest.mark.parametrize("digest", ["", None])
def test_speech_without_digests_is_rejected(toy_table, digest):
    sides = {"train": toy_table("a"), "test": toy_table("b", digest=digest)}
    with pytest.raises(ValueError, match="needs the digest.*2 utterances without"):
        leaks.check_disjoint("03", sides)


@pytest.fixture
def tests(toy_table):
    """The test tables of three folds with the speakers 1, 2, and 3 and 4."""
    return {
        fold: toy_table(names) for fold, names in (("1", "1"), ("2", "2"), ("3", "34"))
    }


KNOWN = ("toy/1", "toy/2", "toy/3", "toy/4")


def test_folds_that_test_speakers_of_the_search_are_rejected(tests):
    with pytest.raises(ValueError) as caught:
        leaks.check_tuned(("toy/1", "toy/4"), tests, ["1", "2", "3"], KNOWN)
    message = str(caught.value)
    assert "Received: folds 1, 3, which test toy/1, toy/4." in message
    assert message.endswith("Choose among the other folds: 2.")


def test_folds_with_other_speakers_may_be_tested(tests):
    leaks.check_tuned(("toy/1", "toy/4"), tests, ["2"], KNOWN)
    leaks.check_tuned((), tests, list(tests), KNOWN)


def test_the_message_says_if_no_fold_is_left(tests):
    with pytest.raises(ValueError, match="Every fold of this protocol tests some"):
        leaks.check_tuned(("toy/1", "toy/2", "toy/3"), tests, ["1"], KNOWN)


def test_a_misspelt_speaker_of_a_search_is_rejected(tests):
    with pytest.raises(ValueError, match="`tuned_on` must name.*Received: toy/O, "):
        leaks.check_tuned(("toy/O", "toy/4"), tests, ["2"], KNOWN)


def test_audio_of_the_search_is_found_under_another_name(tests, toy_table):
    heard = leaks.audio_keys(toy_table("1"))
    renamed = {
        fold: table.assign(speaker="other/" + table.speaker)
        for fold, table in tests.items()
    }
    known = [f"other/{name}" for name in KNOWN]
    options = {"known": known, "audio": heard}
    with pytest.raises(ValueError, match="folds 1, which test other/toy/1"):
        leaks.check_tuned(("toy/1",), renamed, ["1"], **options)
    other = {"1": renamed["1"].assign(digest="x")}
    leaks.check_tuned(("toy/1",), other, ["1"], **options)
