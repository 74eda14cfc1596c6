"""Training on one corpus or language, testing on another."""

import pandas as pd
import pytest

from keras_ser.protocols import cross_corpus, cross_language

GERMAN = {f"{n:02d}": "male" if n % 2 else "female" for n in range(1, 11)}
ENGLISH = {f"{n:02d}": "male" if n % 2 else "female" for n in range(1, 7)}


@pytest.fixture
def both(toy_table):
    german = toy_table(GERMAN, ("anger", "sadness", "neutral"), corpus="g")
    english = toy_table(ENGLISH, ("anger", "sadness", "neutral"), corpus="e")
    return pd.concat([german, english.assign(language="eng")], ignore_index=True)


def across(table, **more):
    (fold,) = cross_corpus(table, train="e", test="g", **more).values()
    return fold


def genders(table) -> set[str]:
    return set(table.gender)


def test_one_corpus_trains_and_three_tenths_of_the_other_select(both):
    fold = across(both)
    assert fold.name == "e-g"
    assert set(fold.train.utterance) == set(both.utterance[both.corpus == "e"])
    assert fold.dev.speaker.nunique() == 3
    assert fold.tests["test"].speaker.nunique() == 7
    assert genders(fold.dev) == genders(fold.tests["test"]) == {"female", "male"}
    assert "9 of 30 utterances of g" in fold.selected_by
    assert not fold.test_speakers_select


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_both_genders_select_and_are_tested_whatever_the_share(both, share, seed):
    fold = across(both, share=share, seed=seed)
    assert genders(fold.dev) == genders(fold.tests["test"]) == {"female", "male"}
    assert fold.dev.speaker.nunique() == max(2, round(10 * share))


def test_another_seed_chooses_other_speakers(both):
    chosen = {frozenset(across(both, seed=seed).dev.speaker) for seed in range(8)}
    assert len(chosen) > 1


def test_sessions_stay_whole(toy_table):
    people = {f"{n}{g}": (g, str(n)) for n in range(6) for g in ("female", "male")}
    english = toy_table(["1", "2"], corpus="e")
    table = pd.concat([toy_table(people, corpus="g"), english], ignore_index=True)
    fold = across(table)
    assert fold.dev.session.nunique() == 2
    assert not set(fold.dev.session) & set(fold.tests["test"].session)


def test_the_split_of_the_paper_is_by_utterance_and_says_who_selects(both):
    fold = across(both, split="utterance", share=0.3)
    assert (len(fold.dev), len(fold.tests["test"])) == (9, 21)
    assert set(fold.dev.speaker) & set(fold.tests["test"].speaker)
    assert not set(fold.dev.utterance) & set(fold.tests["test"].utterance)
    assert fold.test_speakers_select
    assert "test speakers also select the epoch" in fold.selected_by


def test_a_copy_stays_with_its_source_when_utterances_are_drawn(both):
    copies = both[both.corpus == "g"].head(12).copy()
    copies["utterance"] = "copy " + copies.utterance
    copies["digest"] = "copy " + copies.digest
    table = pd.concat([both, copies], ignore_index=True)
    for seed in range(5):
        fold = across(table, split="utterance", seed=seed)
        assert not set(fold.dev.source) & set(fold.tests["test"].source)


def test_each_language_trains_and_every_other_is_tested(both, toy_table):
    emotions = ("anger", "sadness", "neutral")
    french = toy_table(ENGLISH, emotions, corpus="f").assign(language="fra")
    folds = cross_language(pd.concat([both, french], ignore_index=True), seed=1)
    tongue = {"g": "deu", "e": "eng", "f": "fra"}
    pairs = {"g-e", "g-f", "e-g", "e-f", "f-g", "f-e"}
    assert set(folds) == pairs
    for name, fold in folds.items():
        one, other = (tongue[corpus] for corpus in name.split("-"))
        assert set(fold.train.language) == {one}
        assert set(fold.dev.language) == set(fold.tests["test"].language) == {other}


def test_one_language_is_rejected(toy_table):
    with pytest.raises(ValueError, match="needs corpora in two or more languages"):
        cross_language(toy_table(GERMAN))


@pytest.mark.parametrize(
    "arguments",
    [{}, {"train": "e"}, {"train": "e", "test": "e"}, {"train": "e", "test": "x"}],
)
def test_unknown_corpora_are_rejected(both, arguments):
    with pytest.raises(ValueError, match="needs `train` and `test`, two of"):
        cross_corpus(both, **arguments)


@pytest.mark.parametrize(
    "arguments", [{"share": 0.0}, {"share": 1.0}, {"share": "all"}, {"split": "word"}]
)
def test_an_invalid_share_or_split_is_rejected(both, arguments):
    with pytest.raises(ValueError, match="expected a `share` above 0 and below 1"):
        across(both, **arguments)


def test_a_test_class_without_training_speech_gives_a_warning(both):
    table = both[(both.corpus == "g") | (both.emotion != "neutral")]
    with pytest.warns(UserWarning, match="Fold `e-g`: the training speech lacks neu"):
        fold = across(table)
    assert fold.classes == ("anger", "sadness")
    for side in ("dev", "test"):
        assert "neutral" in set(fold.sides()[side].emotion)


@pytest.mark.filterwarnings("ignore:Fold `e-g`. the test speech lacks")
def test_corpora_without_a_common_class_are_rejected(both):
    german = both.corpus == "g"
    table = both.assign(emotion=both.emotion.where(~german, "G " + both.emotion))
    with pytest.raises(ValueError) as caught:
        across(table)
    message = str(caught.value)
    assert "Fold `e-g` needs development utterances of the classes" in message
    assert "Received: ['G anger', 'G neutral', 'G sadness']. Choose other" in message


def test_a_training_class_that_is_never_tested_gives_a_warning(both):
    table = both[(both.corpus == "e") | (both.emotion != "neutral")]
    with pytest.warns(UserWarning, match="the test speech lacks neutral"):
        fold = across(table)
    assert fold.classes == ("anger", "neutral", "sadness")


def test_too_few_speakers_to_select_and_test_are_rejected(both):
    two = both[(both.corpus == "e") | both.speaker.isin(["g/01", "g/02"])]
    with pytest.raises(ValueError, match="needs speakers to select the epoch"):
        across(two)
    assert across(two, split="utterance").test_speakers_select


@pytest.mark.parametrize(("share", "sessions"), [(0.1, 1), (0.2, 1), (0.5, 3)])
def test_a_session_of_both_genders_is_enough_to_select(toy_table, share, sessions):
    people = {f"{n}{g}": (g, str(n)) for n in range(6) for g in ("female", "male")}
    english = toy_table(["1", "2"], corpus="e")
    table = pd.concat([toy_table(people, corpus="g"), english], ignore_index=True)
    fold = across(table, share=share)
    assert fold.dev.session.nunique() == sessions
    assert genders(fold.dev) == {"female", "male"}


@pytest.mark.parametrize("seed", range(12))
def test_what_shares_audio_is_drawn_together(both, seed):
    """Copies of copies, and segments of one recording that overlap."""
    german = both[both.corpus == "g"].reset_index(drop=True)
    copies = german.assign(source=german.utterance, digest="c" + german.digest)
    copies["utterance"] = "copy " + copies.utterance
    further = copies.assign(source=copies.utterance, digest="f" + copies.digest)
    further["utterance"] = "further " + further.utterance
    late = german.assign(start=0.5, end=2.0, utterance="late " + german.utterance)
    early = german.assign(start=0.0, end=1.0)
    parts = [both[both.corpus == "e"], early, late, copies, further]
    table = pd.concat(parts, ignore_index=True)
    fold = across(table, split="utterance", seed=seed)
    names = [set(side.utterance.str.split().str[-1]) for side in fold.sides().values()]
    assert not names[1] & names[2]
    assert len(fold.dev) == 4 * len(names[1]) == 4 * 9
