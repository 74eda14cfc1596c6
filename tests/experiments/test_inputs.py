"""The folders and tables of an experiment."""

import dataclasses
import warnings

import pandas as pd
import pytest

from keras_ser import corpora
from keras_ser.corpora.table import Corpus
from keras_ser.experiments import inputs
from keras_ser.experiments.config import Experiment, System

ONE, MORE = {"one": System()}, {"more": System(use_unlabelled=True)}


@pytest.fixture
def register(monkeypatch, toy_table):
    """A function that registers a toy corpus with these speakers and emotions."""

    def add(name, emotions, speakers=("01", "02", "03", "04")):
        def read(root, prefix=""):
            table = toy_table(list(speakers), list(emotions)).reset_index(drop=True)
            for column in ("utterance", "source", "speaker"):
                table[column] = table[column].str.replace("toy/", f"{name}/{prefix}")
            table["digest"] = table.utterance
            return table.assign(corpus=name)

        entry = Corpus(read, name, "deu", "free", "none", "made", {})
        monkeypatch.setitem(corpora.CORPORA, name, entry)

    return add


def read(config, tmp_path, names):
    return inputs.read_tables(config, {name: "x" for name in names}, tmp_path)


def test_roots_come_from_the_argument_or_the_environment(monkeypatch, tmp_path):
    monkeypatch.delenv(inputs.CORPORA_VARIABLE, raising=False)
    with pytest.raises(ValueError, match="--corpus emodb=DIR"):
        inputs.find_root("emodb", {}, "cache")
    monkeypatch.setenv(inputs.CORPORA_VARIABLE, str(tmp_path))
    assert inputs.find_root("emodb", {}, "cache") == tmp_path / "emodb"
    assert str(inputs.find_root("emodb", {"emodb": "x"}, "cache")) == "x"
    assert str(inputs.find_root("synthetic", {}, "cache")) == "cache"


def test_several_corpora_are_one_table(register, tmp_path):
    for name in ("one", "two"):
        register(name, ("anger", "sadness"))
    table, unlabelled = read(
        Experiment("e", ("one", "two"), ONE), tmp_path, "one two".split()
    )
    assert list(dict.fromkeys(table.corpus)) == ["one", "two"]
    assert table.index.is_unique and table.utterance.is_unique
    assert unlabelled is None


def test_each_corpus_may_have_its_own_labels(register, tmp_path):
    for name in ("one", "two"):
        register(name, ("anger", "sadness", "fear"))
    labels = {"one": {"anger": "bad", "fear": "bad", "sadness": "sad"}, "two": "four"}
    config = Experiment("e", ("one", "two"), ONE, labels=labels)
    with pytest.warns(UserWarning, match="has the classes"):
        table, _ = read(config, tmp_path, ["one", "two"])
    found = table.groupby("corpus").emotion.unique().map(sorted).to_dict()
    assert found == {"one": ["bad", "sad"], "two": ["anger", "sadness"]}


def test_labels_per_corpus_leave_unlabelled_speech_alone(register, tmp_path):
    register("one", ("anger", "sadness"))
    register("more", ("boredom",), speakers=("11", "12"))
    config = Experiment(
        "e", "one", MORE, labels={"one": "four"}, unlabelled_corpus="more"
    )
    table, unlabelled = read(config, tmp_path, ["one", "more"])
    assert set(table.emotion) == {"anger", "sadness"}
    assert len(unlabelled) == 2 and set(unlabelled.emotion) == {""}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"labels": {"one": "four"}}, "one label set for each of the labelled corpora"),
        ({"corpus_options": {"tow": {}}}, r"Received: options of \['tow'\], which `e`"),
        ({"corpus_options": {"more": {"x": 1}}}, "Remove these options"),
    ],
)
def test_what_does_not_fit_the_corpora_is_rejected(tmp_path, change, words):
    """Before anything is read: there is no such corpus."""
    config = Experiment("e", ("one", "two"), ONE, **change)
    with pytest.raises(ValueError, match=words):
        read(config, tmp_path, ["one", "two"])
    with pytest.raises(ValueError, match=words):
        inputs.read_noise(config, {}, tmp_path)


def test_unlabelled_speech_has_no_ratings(register, tmp_path, monkeypatch):
    register("one", ("anger", "sadness"))
    register("more", ("boredom",), speakers=("11", "12"))
    plain = corpora.CORPORA["more"].read
    rated = dataclasses.replace(
        corpora.CORPORA["more"], read=lambda root: plain(root).assign(valence=0.5)
    )
    monkeypatch.setitem(corpora.CORPORA, "more", rated)
    config = Experiment("e", "one", MORE, unlabelled_corpus="more")
    _, unlabelled = read(config, tmp_path, ["one", "more"])
    assert unlabelled.valence.isna().all()


def test_options_reach_a_corpus_reader(register, tmp_path):
    register("one", ("anger", "sadness"))
    config = Experiment("e", "one", ONE, corpus_options={"one": {"prefix": "p"}})
    table, _ = read(config, tmp_path, ["one"])
    assert all(table.speaker.str.startswith("one/p"))
    wrong = Experiment("e", "one", ONE, corpus_options={"one": {"suffix": "p"}})
    with pytest.raises(ValueError, match="takes the options .*prefix.*suffix"):
        read(wrong, tmp_path, ["one"])


def test_speech_without_emotion_is_left_out_with_a_warning(register, tmp_path):
    register("one", ("anger", ""))
    with pytest.warns(UserWarning, match="4 of 8 utterances.*are left out"):
        table, unlabelled = read(Experiment("e", "one", ONE), tmp_path, ["one"])
    assert set(table.emotion) == {"anger"} and list(table.index) == list(range(4))
    assert unlabelled is None


@pytest.mark.parametrize("extra", ["", "more"])
def test_speech_without_emotion_joins_the_unlabelled(register, tmp_path, extra):
    register("one", ("anger", ""))
    register("more", ("",), speakers=("11", "12"))
    systems = (
        {"few": System(use_unlabelled=True, label_fraction=0.5)} if not extra else MORE
    )
    config = Experiment("e", "one", systems, unlabelled_corpus=extra)
    with pytest.warns(UserWarning, match="join the unlabelled speech"):
        table, unlabelled = read(config, tmp_path, ["one", "more"])
    assert set(table.emotion) == {"anger"}
    assert set(unlabelled.emotion) == {""}
    assert len(unlabelled) == 4 + 2 * bool(extra)


def test_there_is_no_warning_if_all_speech_is_labelled(register, tmp_path):
    register("one", ("anger", "sadness"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read(Experiment("e", "one", ONE), tmp_path, ["one"])


def test_a_corpus_without_emotions_is_rejected(register, tmp_path):
    register("one", ("",))
    with pytest.raises(ValueError, match="needs labelled speech.*`unlabelled_corpus`"):
        read(Experiment("e", "one", ONE), tmp_path, ["one"])


def test_noise_is_read_if_the_config_names_it(tmp_path):
    assert inputs.read_noise(Experiment("e", "emodb", ONE), {}, tmp_path) is None
    named = Experiment("e", "emodb", ONE, noise="synthetic_noise")
    found = inputs.read_noise(named, {}, tmp_path)
    assert isinstance(found, pd.DataFrame) and len(found) == 6


def test_unlabelled_speech_of_several_corpora_is_read_in_their_order(
    register, tmp_path
):
    register("one", ("anger", "sadness"))
    register("more", ("",), speakers=("11", "12"))
    register("rest", ("",), speakers=("21", "22"))
    config = Experiment("e", "one", MORE, unlabelled_corpus=("rest", "more"))
    _, unlabelled = read(config, tmp_path, ["one", "more", "rest"])
    assert list(unlabelled.corpus) == ["rest"] * 2 + ["more"] * 2
    assert list(unlabelled.index) == list(range(4))
