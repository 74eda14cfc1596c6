"""Training on some corpora, testing others as a whole."""

import pandas as pd
import pytest
from toy_folds import EMODB, RAVDESS, SESSIONS, assert_same

from keras_ser.protocols import held_out_corpora, leave_one_corpus_out
from keras_ser.protocols.unseen import IN_DOMAIN

EMOTIONS = ("anger", "sadness", "neutral")


@pytest.fixture
def three(toy_table):
    people = {"r": RAVDESS, "e": EMODB, "t": {"1": "female", "2": "female"}}
    parts = [toy_table(own, EMOTIONS, corpus=name) for name, own in people.items()]
    return pd.concat(parts, ignore_index=True)


def only_fold(table, *train, **more):
    (fold,) = held_out_corpora(table, train=train, **more).values()
    return fold


def test_one_training_is_tested_on_each_other_corpus_as_a_whole(three):
    fold = only_fold(three, "r")
    assert fold.name == "r-e+t"
    assert list(fold.tests) == ["e", "t"]
    for name, rows in fold.tests.items():
        assert set(rows.utterance) == set(three.utterance[three.corpus == name])
    assert set(fold.train.corpus) == set(fold.dev.corpus) == {"r"}
    assert fold.dev.speaker.nunique() == 5  # a fifth of 24
    assert set(fold.dev.gender) == {"female", "male"}
    assert not fold.test_speakers_select
    assert all(name in fold.selected_by for name in fold.speakers()["dev"])


def test_each_training_corpus_has_development_speakers_of_both_genders(three):
    fold = only_fold(three, "e", "r", share=0.1)
    assert fold.name == "e+r-t" and list(fold.tests) == ["t"]
    found = fold.dev.drop_duplicates("speaker").groupby("corpus").gender.agg(sorted)
    assert dict(found) == {"e": ["female", "male"], "r": ["female", "male"]}


def test_another_seed_draws_other_development_speakers(three):
    drawn = {frozenset(only_fold(three, "r", seed=n).dev.speaker) for n in range(8)}
    assert len(drawn) > 1


def test_the_order_of_the_names_does_not_matter(three):
    one, other = (
        held_out_corpora(three, train=names) for names in (("e", "r"), ["r", "e"])
    )
    assert_same(one, other)


def test_sessions_stay_whole(toy_table):
    told = toy_table(SESSIONS, EMOTIONS, corpus="s")
    table = pd.concat([told, toy_table("12", EMOTIONS, corpus="t")], ignore_index=True)
    fold = only_fold(table, "s")
    assert fold.dev.session.nunique() == 1
    assert not set(fold.dev.session) & set(fold.train.session)


@pytest.mark.parametrize("train", [(), "r", ("x",), ("r", "x"), ("r", "e", "t")])
def test_corpora_to_train_on_must_be_known_and_leave_one_to_test(three, train):
    with pytest.raises(ValueError, match=r"needs `train`.*\['e', 'r', 't'\].*Received"):
        held_out_corpora(three, train=train)


@pytest.mark.parametrize("share", [0.0, 1.0, 1, "all"])
def test_an_invalid_share_is_rejected(three, share):
    with pytest.raises(ValueError, match="`share` above 0 and below 1. Received: sh"):
        only_fold(three, "r", share=share)


@pytest.mark.parametrize(("train", "share"), [("t", 0.9), ("e", 0.9)])
def test_too_few_speakers_to_train_and_select_are_rejected(three, train, share):
    with pytest.raises(ValueError, match=f"needs speakers of {train} to train and"):
        only_fold(three, train, share=share)


def test_a_training_class_that_a_corpus_lacks_gives_a_warning(three):
    table = three[(three.corpus != "t") | (three.emotion != "neutral")]
    with pytest.warns(UserWarning, match="the test speech of t lacks neutral"):
        fold = only_fold(table, "r")
    assert fold.classes == ("anger", "neutral", "sadness")


def test_a_test_class_without_training_speech_gives_a_warning(three):
    table = three[(three.corpus != "r") | (three.emotion != "neutral")]
    with pytest.warns(UserWarning, match="Fold `r-e.t`: the training speech lacks neu"):
        assert only_fold(table, "r").classes == ("anger", "sadness")


@pytest.mark.parametrize("seed", range(6))
def test_unequal_numbers_of_both_genders_are_on_both_sides(toy_table, seed):
    people = {"1": "female", "2": "male", "3": "female", "4": "male", "5": "female"}
    people |= {str(number): "female" for number in range(6, 9)}
    table = toy_table(people, EMOTIONS, corpus="a")
    other = toy_table({"1": "female", "2": "male"}, EMOTIONS, corpus="b")
    fold = only_fold(pd.concat([table, other], ignore_index=True), "a", seed=seed)
    for side in (fold.train, fold.dev):
        assert set(side.gender) == {"female", "male"}


@pytest.mark.parametrize("seed", range(6))
def test_a_gender_of_a_single_speaker_is_on_one_side(toy_table, seed):
    people = {"1": "female", "2": "female", "3": "female", "4": "male"}
    table = toy_table(people, EMOTIONS, corpus="a")
    other = toy_table({"1": "female"}, EMOTIONS, corpus="b")
    fold = only_fold(pd.concat([table, other], ignore_index=True), "a", seed=seed)
    for side in (fold.train, fold.dev):
        assert "female" in set(side.gender)


def test_a_smaller_share_is_proposed_only_if_it_helps(three):
    with pytest.raises(ValueError, match="or reduce `share`"):
        only_fold(three, "e", share=0.9)
    with pytest.raises(ValueError, match="more speakers\\.$"):
        only_fold(one_speaker(three), "t")


def one_speaker(table):
    return table[(table.corpus != "t") | (table.speaker == "t/1")]


# === Groups, which are tested in domain ===


@pytest.fixture
def two_and_one(toy_table):
    """Two training corpora, of 10 and of 6 speakers, and one that is held out."""
    few = {str(n): "male" if n % 2 else "female" for n in range(6)}
    people = {"e": EMODB, "o": few, "t": {"1": "female", "2": "female"}}
    parts = [toy_table(own, EMOTIONS, corpus=name) for name, own in people.items()]
    return pd.concat(parts, ignore_index=True)


def people_of(rows, corpus):
    return {*rows.speaker[rows.corpus == corpus]}


@pytest.mark.parametrize("groups", [3, 4, 10, 13])
def test_each_speaker_is_tested_once_in_domain(two_and_one, groups):
    folds = held_out_corpora(two_and_one, train=("e", "o"), groups=groups)
    assert list(folds) == [f"e+o-t-{n}" for n in range(1, groups + 1)]
    tested = [
        fold.tests[IN_DOMAIN] for fold in folds.values() if IN_DOMAIN in fold.tests
    ]
    found = sorted(pd.concat(tested).utterance)
    assert found == sorted(two_and_one.utterance[two_and_one.corpus != "t"])
    for fold in folds.values():
        assert list(fold.tests)[-1] == "t" and len(fold.tests["t"]) == 2 * 3
        for corpus in ("e", "o"):
            assert people_of(fold.dev, corpus) and people_of(fold.train, corpus)
        assert not people_of(fold.train, "t") | people_of(fold.dev, "t")
        sides = [set(names) for names in fold.speakers().values()]
        assert len(set.union(*sides)) == sum(map(len, sides)) == 10 + 6 + 2
        assert f"development speakers {min(fold.dev.speaker)}" in fold.selected_by


def test_with_ten_groups_each_speaker_of_a_corpus_selects_as_often(two_and_one):
    """EMO-DB has one speaker per group, and the next one selects the epoch."""
    folds = [*held_out_corpora(two_and_one, train=("e", "o"), groups=10).values()]
    dev = [people_of(fold.dev, "e") for fold in folds]
    test = [people_of(fold.tests[IN_DOMAIN], "e") for fold in folds]
    assert all(map(len, test))
    assert dev == test[1:] + test[:1]
    few = [people_of(fold.tests[IN_DOMAIN], "o") for fold in folds]
    assert [len(each) for each in few] == [1, 1, 0, 1, 0, 1, 1, 0, 1, 0]
    selects = [people_of(fold.dev, "o") for fold in folds]
    assert selects[1] == selects[2] == few[3]


def test_groups_alternate_genders(three):
    """Two of three neighbours differ, and each of three groups has both genders."""
    for fold in held_out_corpora(three, train=("e", "r"), groups=3).values():
        rows = fold.tests[IN_DOMAIN].drop_duplicates("speaker")
        for _, own in rows.groupby("corpus"):
            counts = own.gender.value_counts()
            assert abs(counts["female"] - counts["male"]) <= 1


def test_another_seed_makes_other_groups(three):
    first = [
        frozenset(
            held_out_corpora(three, train=("r",), groups=10, seed=n)["r-e+t-1"]
            .tests[IN_DOMAIN]
            .speaker
        )
        for n in range(6)
    ]
    assert len(set(first)) > 1


def test_sessions_are_in_one_group(toy_table):
    told = toy_table(SESSIONS, EMOTIONS, corpus="s")
    table = pd.concat([told, toy_table("12", EMOTIONS, corpus="t")], ignore_index=True)
    for fold in held_out_corpora(table, train=("s",), groups=3).values():
        sides = (fold.train, fold.dev, fold.tests[IN_DOMAIN])
        assert [side.session.nunique() for side in sides] == [1, 1, 1]
        assert len({side.session.iloc[0] for side in sides}) == 3


def test_a_fold_without_a_speaker_in_its_group_is_tested_out_of_domain(three):
    table = three[three.corpus.isin(["e", "t"])]
    table = table[(table.corpus == "t") | table.speaker.isin(["e/03", "e/08", "e/09"])]
    folds = held_out_corpora(table, train=("e",), groups=5)
    named = [list(fold.tests) for fold in folds.values()]
    both, outside = [IN_DOMAIN, "t"], ["t"]
    assert named == [both, both, outside, both, outside]


def test_fewer_than_three_speakers_have_no_groups(three):
    words = "`r\\+t-e` needs at least 3 speakers.*t with \\['t/1', 't/2'\\].*groups=0"
    with pytest.raises(ValueError, match=words):
        held_out_corpora(three, train=("r", "t"), groups=3)


@pytest.mark.parametrize("groups", [1, 2, -3, 2.5, True, "10", None])
def test_an_impossible_number_of_groups_is_rejected(three, groups):
    for protocol, more in (
        (held_out_corpora, {"train": ("r",)}),
        (leave_one_corpus_out, {}),
    ):
        with pytest.raises(ValueError, match="`groups` of at least 3, or 0.*Received"):
            protocol(three, groups=groups, **more)


def test_groups_do_not_depend_on_the_order_of_rows_and_names(three):
    shuffled = three.sample(frac=1, random_state=3)
    one = held_out_corpora(three, train=("e", "r"), groups=10)
    assert_same(one, held_out_corpora(shuffled, train=("r", "e"), groups=10))


def test_unlabelled_speech_of_tested_groups_is_dropped(two_and_one, toy_table):
    extra = toy_table([*EMODB, "99"], ("",), corpus="e").assign(source="")
    extra["digest"] = "extra " + extra.digest
    extra["utterance"] = "extra " + extra.utterance
    folds = held_out_corpora(two_and_one, extra, train=("e", "o"), groups=10)
    for fold in folds.values():
        held_out = {*fold.speakers()["dev"], *fold.speakers()["test"]}
        assert len(held_out) > 2
        assert set(fold.unlabelled.speaker) == {*extra.speaker} - held_out


# === Each corpus in turn ===


def test_each_corpus_is_left_out_in_turn(three):
    folds = leave_one_corpus_out(three)
    assert list(folds) == ["r+t-e", "e+t-r", "e+r-t"]
    for name, fold in folds.items():
        left_out = name[-1]
        assert list(fold.tests) == [left_out]
        assert set(fold.train.corpus) == set(fold.dev.corpus) == {*"ert"} - {left_out}
        alone = held_out_corpora(three, train=tuple(name[:-2].split("+")))
        assert_same({name: fold}, alone)


def test_each_corpus_is_left_out_with_groups(three):
    table = three[three.corpus != "t"]
    folds = leave_one_corpus_out(table, groups=3)
    assert list(folds) == [f"{n}-{i}" for n in ("r-e", "e-r") for i in (1, 2, 3)]
    for name, fold in folds.items():
        assert list(fold.tests) == [IN_DOMAIN, name[2]]
        assert set(fold.tests[IN_DOMAIN].corpus) == {name[0]}


def test_a_single_corpus_cannot_be_left_out(three):
    with pytest.raises(ValueError, match="needs two or more corpora.*\\['e'\\]"):
        leave_one_corpus_out(three[three.corpus == "e"])
