"""Folds share no speaker and no recording, and test everything once."""

import dataclasses
import re

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_ser import protocols
from keras_ser.protocols import Fold, held_out_speakers, k_fold, leave_one_speaker_out

EMODB = {
    "03": "male",
    "08": "female",
    "09": "female",
    "10": "male",
    "11": "male",
    "12": "male",
    "13": "female",
    "14": "female",
    "15": "male",
    "16": "female",
}
SESSIONS = {
    "1F": ("female", "1"),
    "1M": ("male", "1"),
    "2F": ("female", "2"),
    "2M": ("male", "2"),
    "3F": ("female", "3"),
    "3M": ("male", "3"),
}


RAVDESS = {f"{n:02d}": "male" if n % 2 else "female" for n in range(1, 25)}

# Every protocol, and the arguments that it needs on the table of `table_for`.
ARGUMENTS = {
    "leave_one_speaker_out": {},
    "held_out_speakers": {"test": ("toy/03", "toy/08"), "dev": ("toy/09",)},
    "k_fold": {"folds": 5},
    "cross_corpus": {"train": "other", "test": "toy"},
    "cross_language": {},
    "each_corpus": {},
    "label_fraction": {"fraction": 0.5},
}
TESTS_ALL = ["leave_one_speaker_out", "k_fold", "each_corpus", "label_fraction"]
every_protocol = pytest.mark.parametrize("name", protocols.PROTOCOLS)
every_division = pytest.mark.parametrize("divide", [leave_one_speaker_out, k_fold])


def make_fold(train, dev, test, unlabelled=None) -> Fold:
    tests = {"test": test}
    return Fold("f", train, dev, tests, unlabelled, ("anger",), "dev")


def utterances(*tables) -> list[str]:
    return sorted(pd.concat(tables).utterance)


def assert_whole(folds, table):
    """No speaker on two sides, and every utterance is tested once."""
    for fold in folds.values():
        sides = [set(names) for names in fold.speakers().values()]
        assert sum(map(len, sides)) == len(set.union(*sides))
        assert all(sides)
    tested = [fold.tests["test"] for fold in folds.values()]
    assert utterances(*tested) == sorted(table.utterance)


def assert_same(one, two):
    assert list(one) == list(two)
    for first, second in zip(one.values(), two.values(), strict=True):
        assert first.classes == second.classes
        assert first.selected_by == second.selected_by
        for side, table in first.sides().items():
            assert utterances(table) == utterances(second.sides()[side])


def table_for(name, toy_table):
    """EMO-DB's speakers, beside some of another corpus where a protocol needs two."""
    emodb = toy_table(EMODB)
    if not name.startswith("cross_"):
        return emodb
    others = dict(list(RAVDESS.items())[:6])
    other = toy_table(others, corpus="other").assign(language="eng")
    return pd.concat([emodb, other], ignore_index=True)


def divide_emodb(name, table, **more):
    return protocols.PROTOCOLS[name](table, **ARGUMENTS[name], **more)


@every_protocol
def test_a_protocol_keeps_speakers_apart_and_tests_nothing_twice(toy_table, name):
    table = table_for(name, toy_table)
    folds = divide_emodb(name, table)
    tested = utterances(*(fold.tests["test"] for fold in folds.values()))
    assert len(tested) == len(set(tested))
    if name in TESTS_ALL:
        assert_whole(folds, table)
    for key, fold in folds.items():
        assert fold.name == key
        assert "/" not in key
        assert utterances(*fold.sides().values()) == sorted(table.utterance)


@every_protocol
def test_a_protocol_repeats_and_knows_no_row_order(toy_table, name):
    table = table_for(name, toy_table)
    before = table.copy()
    folds = divide_emodb(name, table)
    assert_same(folds, divide_emodb(name, table.sample(frac=1, random_state=1)))
    pd.testing.assert_frame_equal(table, before)


@every_protocol
def test_a_protocol_refuses_a_corpus_of_two_speakers(toy_table, name):
    with pytest.raises(ValueError, match="Protocol `.*` needs"):
        divide_emodb(name, toy_table("ab"))


@every_protocol
def test_a_protocol_drops_unlabelled_speech_of_held_speakers(toy_table, name):
    extra = toy_table([*EMODB, "99"], emotions=("",)).assign(source="")
    extra["digest"] = "extra " + extra.digest
    extra["utterance"] = "extra " + extra.utterance
    table = table_for(name, toy_table)
    for fold in divide_emodb(name, table, unlabelled=extra).values():
        held = {*fold.speakers()["dev"], *fold.speakers()["test"]}
        known = set(fold.unlabelled.speaker) - set(table.speaker[table.corpus != "toy"])
        assert known == set(extra.speaker) - held


@pytest.mark.parametrize("speakers", [EMODB, SESSIONS])
def test_no_speaker_on_two_sides_and_each_utterance_tested_once(toy_table, speakers):
    table = toy_table(speakers)
    folds = leave_one_speaker_out(table)
    assert list(folds) == sorted(speakers)
    assert_whole(folds, table)
    for name, fold in folds.items():
        assert fold.name == name
        assert fold.speakers()["test"] == [f"toy/{name}"]


speakers = st.dictionaries(
    st.text("abc123", min_size=1, max_size=3),
    st.tuples(st.sampled_from(["female", "male", ""]), st.sampled_from(["", "1", "2"])),
    min_size=4,
    max_size=8,
)


@every_division
@given(speakers=speakers, seed=st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_folds_of_any_corpus_are_whole_or_refused_and_know_no_row_order(
    toy_table, divide, speakers, seed
):
    table = toy_table(speakers)
    shuffled = table.sample(frac=1, random_state=seed)
    try:
        folds = divide(table)
    except ValueError as error:
        reasons = "no speaker left to train on|`folds` of at least 2 and at most"
        assert re.search(reasons, str(error))  # few sessions have all
        with pytest.raises(ValueError, match=reasons):
            divide(shuffled)
    else:
        assert_whole(folds, table)
        assert_same(folds, divide(shuffled))


def test_folds_repeat_and_leave_the_table_as_it_was(toy_table):
    table = toy_table(EMODB)
    before = table.copy()
    assert_same(leave_one_speaker_out(table), leave_one_speaker_out(table))
    pd.testing.assert_frame_equal(table, before)


def test_without_sessions_everybody_trains_or_selects_or_tests(toy_table):
    table = toy_table(EMODB)
    for fold in leave_one_speaker_out(table).values():
        assert utterances(*fold.sides().values()) == sorted(table.utterance)


@pytest.mark.parametrize(
    ("test", "dev"),
    [
        ("03", ["08", "10"]),
        ("08", ["09", "10"]),
        ("10", ["11", "13"]),
        ("12", ["13", "15"]),
        ("15", ["03", "16"]),  # round the end: next male is 03, next female 16
        ("16", ["03", "08"]),
    ],
)
def test_next_of_the_same_and_next_of_the_other_gender_develop(toy_table, test, dev):
    fold = leave_one_speaker_out(toy_table(EMODB))[test]
    assert fold.speakers()["dev"] == [f"toy/{name}" for name in dev]
    assert fold.selected_by == f"development speakers toy/{dev[0]}, toy/{dev[1]}"


@pytest.mark.parametrize(
    "genders",
    [
        dict.fromkeys("abcde", ""),
        dict.fromkeys("abcde", "female"),
        {"a": "male", **dict.fromkeys("bcde", "female")},
    ],
)
def test_two_develop_where_a_gender_is_absent(toy_table, genders):
    for fold in leave_one_speaker_out(toy_table(genders)).values():
        assert len(fold.speakers()["dev"]) == 2


def test_the_partner_develops_and_nobody_of_that_session_trains(toy_table):
    for name, fold in leave_one_speaker_out(toy_table(SESSIONS)).items():
        partner = name[0] + ("F" if name[1] == "M" else "M")
        assert fold.speakers()["dev"] == [f"toy/{partner}"]
        assert name[0] not in set(fold.train.session)
        assert len(fold.speakers()["train"]) == 4


def test_all_partners_of_a_larger_session_develop(toy_table):
    table = toy_table({**SESSIONS, "1X": ("female", "1")})
    fold = leave_one_speaker_out(table)["1F"]
    assert fold.speakers()["dev"] == ["toy/1M", "toy/1X"]


def test_a_speaker_alone_in_a_session_falls_back_to_two(toy_table):
    table = toy_table({**SESSIONS, "4F": ("female", "4")})
    fold = leave_one_speaker_out(table)["4F"]
    assert fold.speakers()["dev"] == ["toy/1F", "toy/1M"]


def test_sessions_of_two_corpora_are_not_one_session(toy_table):
    one, two = toy_table(SESSIONS), toy_table(SESSIONS, corpus="other")
    fold = leave_one_speaker_out(pd.concat([one, two]))["toy-1F"]
    assert fold.speakers()["dev"] == ["toy/1M"]
    assert "other/1F" in fold.speakers()["train"]


def test_speakers_of_two_corpora_with_one_name_are_two_folds(toy_table):
    table = pd.concat([toy_table(EMODB), toy_table(EMODB, corpus="other")])
    folds = leave_one_speaker_out(table)
    assert len(folds) == 20
    assert all("/" not in name for name in folds)
    assert_whole(folds, table)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_too_few_speakers_are_refused_with_their_names(toy_table, count):
    names = ["OAF", "YAF", "ZAF"][:count]
    with pytest.raises(ValueError) as caught:
        leave_one_speaker_out(toy_table(names, corpus="tess"))
    message = str(caught.value)
    assert "`leave_one_speaker_out` needs at least 4 speakers" in message
    assert f"corpus=tess with speakers={[f'tess/{n}' for n in names]}" in message
    assert "Use `held_out_speakers`" in message


def test_one_session_of_everybody_leaves_nobody_to_train(toy_table):
    table = toy_table({name: ("female", "1") for name in "abcd"})
    with pytest.raises(ValueError, match="Fold `a` has no speaker left to train on"):
        leave_one_speaker_out(table)


def test_classes_are_those_of_the_table_sorted(toy_table):
    table = toy_table(EMODB, emotions=("sadness", "anger"))
    assert leave_one_speaker_out(table)["03"].classes == ("anger", "sadness")


def test_unlabelled_speech_of_held_speakers_is_dropped(toy_table):
    extra = toy_table([*EMODB, "99"], emotions=("",)).assign(source="")
    extra["digest"] = "extra " + extra.digest
    fold = leave_one_speaker_out(toy_table(EMODB), extra)["03"]
    dropped = {"toy/03", "toy/08", "toy/10"}
    assert set(fold.unlabelled.speaker) == set(extra.speaker) - dropped
    assert "toy/99" in fold.speakers()["train"]
    assert list(fold.unlabelled.index) == list(range(8))


@pytest.mark.filterwarnings("error")
def test_unlabelled_speech_may_vanish_altogether(toy_table):
    extra = toy_table(["03"], emotions=("",), digest="another")
    folds = leave_one_speaker_out(toy_table(EMODB), extra)
    assert len(folds["03"].unlabelled) == 0
    assert len(folds["15"].unlabelled) == 0  # 03 develops there
    assert len(folds["11"].unlabelled) == 1


def test_unlabelled_speech_of_the_test_session_is_dropped(toy_table):
    extra = toy_table({**SESSIONS, "1X": ("male", "1")}, emotions=("",))
    extra["digest"] = "extra " + extra.digest
    fold = leave_one_speaker_out(toy_table(SESSIONS), extra)["1F"]
    assert set(fold.unlabelled.session) == {"2", "3"}
    held = held_out_speakers(
        toy_table(SESSIONS), extra, test=("toy/1F",), dev=("toy/2F",)
    )["held-out"]
    assert "toy/1M" not in held.speakers()["train"]
    assert "toy/1X" not in held.speakers()["train"]


def test_unlabelled_speech_without_session_stays(toy_table):
    extra = toy_table(["x"], emotions=("",), corpus="other")
    fold = leave_one_speaker_out(toy_table(SESSIONS), extra)["1F"]
    assert list(fold.unlabelled.speaker) == ["other/x"]


def test_six_folds_of_ravdess_are_groups_of_four_neighbours(toy_table):
    folds = k_fold(toy_table(RAVDESS), folds=6)
    assert list(folds) == list("123456")
    for number, fold in enumerate(folds.values()):
        first = 4 * number + 1
        own = [f"toy/{n:02d}" for n in range(first, first + 4)]
        assert fold.speakers()["test"] == own
        dev = [n % 24 + 1 for n in (first + 3, first + 4)]
        assert fold.speakers()["dev"] == [f"toy/{n:02d}" for n in dev]
        assert len(fold.speakers()["train"]) == 18


@pytest.mark.parametrize("folds", [2, 3, 4, 5])
@pytest.mark.parametrize("corpus", [EMODB, RAVDESS])
def test_groups_are_of_like_size_and_hold_both_genders(toy_table, corpus, folds):
    made = k_fold(toy_table(corpus), folds=folds).values()
    tested = [fold.tests["test"] for fold in made]
    sizes = [table.speaker.nunique() for table in tested]
    assert max(sizes) - min(sizes) <= 1
    for table, fold in zip(tested, made, strict=True):
        assert set(table.gender) == {"female", "male"}
        assert set(fold.dev.gender) == {"female", "male"}
        assert fold.dev.speaker.nunique() == 2


def test_every_group_has_one_of_a_rare_gender(toy_table):
    genders = {name: "female" for name in "abcdefghi"} | dict.fromkeys("xyz", "male")
    for fold in k_fold(toy_table(genders), folds=3).values():
        assert len({"toy/x", "toy/y", "toy/z"} & set(fold.speakers()["test"])) == 1


def test_ten_folds_and_more_sort_as_their_numbers_do(toy_table):
    folds = k_fold(toy_table(RAVDESS), folds=12)
    assert list(folds) == sorted(folds) == [f"{n:02d}" for n in range(1, 13)]


def test_as_many_folds_as_speakers_leave_one_out(toy_table):
    folds = k_fold(toy_table(EMODB), folds=10)
    assert all(len(fold.speakers()["test"]) == 1 for fold in folds.values())


def test_sessions_stay_on_one_side(toy_table):
    table = toy_table(SESSIONS | {"4F": ("female", "4"), "4M": ("male", "4")})
    for number, fold in k_fold(table, folds=4).items():
        after = str(int(number) % 4 + 1)
        assert fold.speakers()["test"] == [f"toy/{number}F", f"toy/{number}M"]
        assert fold.speakers()["dev"] == [f"toy/{after}F", f"toy/{after}M"]
        assert set(fold.train.session).isdisjoint({number, after})


def test_unlabelled_speech_of_held_sessions_is_dropped(toy_table):
    extra = toy_table({"1X": ("", "1"), "2X": ("", "2"), "3X": ("", "3")}, ("",))
    fold = k_fold(toy_table(SESSIONS), extra, folds=3)["1"]
    assert list(fold.unlabelled.session) == ["3"]


def test_groups_of_two_corpora_hold_both(toy_table):
    table = pd.concat([toy_table(EMODB), toy_table(EMODB, corpus="other")])
    folds = k_fold(table, folds=5)
    assert_whole(folds, table)
    for fold in folds.values():
        assert fold.tests["test"].corpus.nunique() == 2


@pytest.mark.parametrize("folds", [1, 0, -1, 7, 2.0, "6", True, None])
def test_impossible_numbers_of_folds_are_refused_with_the_names(toy_table, folds):
    with pytest.raises(ValueError) as caught:
        k_fold(toy_table("abcdef"), folds=folds)
    message = str(caught.value)
    assert "Protocol `k_fold` needs `folds` of at least 2 and at most" in message
    assert f"Received: folds={folds!r}, corpus=toy with speakers=['toy/a'," in message


def test_folds_that_leave_nobody_to_train_are_refused(toy_table):
    with pytest.raises(ValueError, match="Fold `1` has no speaker left to train on"):
        k_fold(toy_table("abcd"), folds=2)


def test_held_out_speakers_are_the_named_ones(toy_table):
    table = toy_table(EMODB)
    folds = held_out_speakers(table, test=("toy/03", "toy/08"), dev=("toy/09",))
    fold = folds["held-out"]
    assert list(folds) == ["held-out"]
    assert fold.speakers()["test"] == ["toy/03", "toy/08"]
    assert fold.speakers()["dev"] == ["toy/09"]
    assert len(fold.speakers()["train"]) == 7
    assert utterances(*fold.sides().values()) == sorted(table.utterance)


@pytest.mark.parametrize(
    ("test", "dev"),
    [((), ()), (("toy/03",), ()), ((), ("toy/03",)), (("toy/03",), ("08",))],
)
def test_held_out_speakers_must_be_named_and_known(toy_table, test, dev):
    with pytest.raises(ValueError) as caught:
        held_out_speakers(toy_table(EMODB), test=test, dev=dev)
    message = str(caught.value)
    assert "needs `test` and `dev` speakers among ['toy/03'," in message
    assert f"Received: test={list(test)}, dev={list(dev)}" in message


def test_a_speaker_cannot_both_test_and_develop(toy_table):
    with pytest.raises(ValueError, match="dev and test must share no speakers"):
        held_out_speakers(toy_table(EMODB), test=("toy/03",), dev=("toy/03",))


def test_held_out_speakers_must_leave_one_to_train(toy_table):
    with pytest.raises(ValueError, match="no speaker left to train on"):
        held_out_speakers(toy_table("ab"), test=("toy/a",), dev=("toy/b",))


@pytest.mark.parametrize(
    ("train", "dev", "test", "sides"),
    [
        ("ab", "bc", "d", "train and dev"),
        ("ab", "c", "bd", "train and test"),
        ("a", "bc", "cd", "dev and test"),
    ],
)
def test_a_shared_speaker_is_refused_by_name(toy_table, train, dev, test, sides):
    tables = [toy_table(names) for names in (train, dev, test)]
    for number, table in enumerate(tables):
        table["digest"] += str(number)
    shared = ({*train} & {*dev} | {*train} & {*test} | {*dev} & {*test}).pop()
    with pytest.raises(ValueError) as caught:
        make_fold(*tables)
    message = str(caught.value)
    assert f"Fold `f`: {sides} must share no speakers" in message
    assert f"Received in both: toy/{shared}." in message
    assert "Correct the table's speaker column, or remove the copies" in message


def test_a_shared_recording_is_refused_with_the_names_of_both(toy_table):
    train, dev, test = toy_table("a"), toy_table("b"), toy_table("c")
    test.loc[0, "digest"] = train.digest[1]
    with pytest.raises(ValueError) as caught:
        make_fold(train, dev, test)
    message = str(caught.value)
    assert "Fold `f`: train and test must share no recordings" in message
    assert "Received in both: toy/a-1, toy/c-0." in message


@pytest.mark.parametrize("column", ["speaker", "digest"])
def test_unlabelled_speech_counts_as_training(toy_table, column):
    extra, test = toy_table("x", emotions=("",)), toy_table("c")
    extra[column] = test[column][0]
    with pytest.raises(ValueError, match="train and test must share no"):
        make_fold(toy_table("a"), toy_table("b"), test, extra)


def test_a_speaker_may_have_labelled_and_unlabelled_speech(toy_table):
    extra = toy_table("a", emotions=("",), digest="another")
    fold = make_fold(toy_table("a"), toy_table("b"), toy_table("c"), extra)
    assert fold.speakers() == {"train": ["toy/a"], "dev": ["toy/b"], "test": ["toy/c"]}


def test_every_test_table_is_checked(toy_table):
    tests = {"own": toy_table("c"), "other": toy_table("a", digest="another")}
    with pytest.raises(ValueError, match="train and test must share no speakers"):
        Fold("f", toy_table("a"), toy_table("b"), tests, None, ("anger",), "dev")


def test_an_augmented_copy_on_another_side_is_refused_by_name(toy_table):
    train, test = toy_table("a"), toy_table("c")
    train.loc[1, "source"] = "toy/c-0"
    with pytest.raises(ValueError) as caught:
        make_fold(train, toy_table("b"), test)
    message = str(caught.value)
    assert "Fold `f`: train and test must share no copies of an utterance" in message
    assert "Received in both: toy/a-1, toy/c-0." in message


def test_two_segments_of_a_file_may_stand_on_two_sides(toy_table):
    parts = [
        toy_table(name, digest="dialogue").assign(start=[n, n + 3], end=[n + 1, n + 4])
        for n, name in enumerate("abc")
    ]
    fold = make_fold(*parts)
    assert fold.speakers()["test"] == ["toy/c"]
    with pytest.raises(ValueError, match="share no recordings. .*toy/a-1, toy/c-1"):
        make_fold(parts[0], parts[1], parts[2].assign(start=[2.0, 3.9]))


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(Fold)])
def test_a_fold_cannot_be_changed(toy_table, field):
    fold = make_fold(toy_table("a"), toy_table("b"), toy_table("c"))
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(fold, field, None)


def test_writing_into_a_fold_does_not_reach_the_corpus(toy_table):
    table = toy_table(EMODB)
    fold = leave_one_speaker_out(table)["03"]
    for part in (fold.train, fold.dev, fold.tests["test"]):
        part["emotion"] = "changed"
    assert "changed" not in set(table.emotion)


def test_a_fold_of_a_replaced_side_is_checked_again(toy_table):
    fold = make_fold(toy_table("a"), toy_table("b"), toy_table("c"))
    with pytest.raises(ValueError, match="dev and test must share no speakers"):
        dataclasses.replace(fold, dev=toy_table("c"))


def test_protocols_stand_under_their_names():
    assert set(ARGUMENTS) == set(protocols.PROTOCOLS), "give the new one's arguments"
    for name, function in protocols.PROTOCOLS.items():
        assert function.__name__ == name


def test_a_fingerprint_names_the_data_and_not_its_order(toy_table):
    table = toy_table({name: "" for name in "1234"})
    shuffled = table.sample(frac=1, random_state=0)
    changed = table.copy()
    changed.loc[0, "emotion"] = "fear"
    one, other, third = (
        protocols.leave_one_speaker_out(each)["1"].fingerprints()
        for each in (table, shuffled, changed)
    )
    assert one == other
    assert one["test"] != third["test"]
    assert one["train"] == third["train"]
