"""Variants of an experiment."""

import dataclasses

import pytest

from keras_ser.experiments import smoke_runs, variants
from keras_ser.experiments.config import (
    PAPER_TRAINING,
    PRESETS,
    RECIPES,
    Experiment,
    Features,
    System,
    Training,
)
from keras_ser.experiments.experiment import load
from keras_ser.models import MODELS, SpeechModel

SYSTEMS = {"one": System(), "more": System(use_unlabelled=True)}
CROSS = Experiment(
    "across",
    ("iemocap", "msp_improv"),
    SYSTEMS,
    labels="four",
    protocol="label_fraction",
    protocol_arguments={
        "protocol": "cross_corpus",
        "arguments": {"train": "iemocap", "test": "msp_improv", "split": "utterance"},
    },
    unlabelled_corpus="librispeech",
    corpus_options={"iemocap": {"x": 1}, "librispeech": {"y": 2}},
)


@pytest.mark.parametrize(("names", "unlabelled"), [((), "librispeech"), (["one"], "")])
def test_some_systems_need_only_their_corpora(names, unlabelled):
    part = variants.restricted(CROSS, names)
    assert list(part.systems) == list(names or SYSTEMS)
    assert part.unlabelled_corpus == unlabelled


@pytest.mark.parametrize(("names", "primary"), [((), "one"), (["more"], "")])
def test_the_primary_system_leaves_with_its_system(names, primary):
    named = dataclasses.replace(CROSS, primary="one")
    assert variants.restricted(named, names).primary == primary


def test_unknown_systems_are_rejected():
    with pytest.raises(ValueError, match="Unknown systems.*'nobody'"):
        variants.restricted(CROSS, ["nobody"])


@pytest.mark.parametrize(
    "given", [(), ("iemocap",), ("msp_improv", "iemocap"), ("librispeech",)]
)
def test_known_corpora_change_nothing(given):
    assert variants.on_corpora(CROSS, given) is CROSS


def test_other_corpora_take_the_places_of_those_named():
    other = variants.on_corpora(CROSS, ("ravdess", "librispeech", "emodb"))
    assert other.name == "across_ravdess_emodb"
    assert other.corpora == ("ravdess", "emodb")
    assert other.unlabelled_corpus == "librispeech"
    assert other.corpus_options == {"librispeech": {"y": 2}}
    assert other.protocol_arguments == {
        "protocol": "cross_corpus",
        "arguments": {"train": "ravdess", "test": "emodb", "split": "utterance"},
    }


def test_a_corpus_may_stay_and_the_other_change():
    other = variants.on_corpora(CROSS, ("iemocap", "emodb"))
    assert other.corpus_options == CROSS.corpus_options
    assert other.protocol_arguments["arguments"]["train"] == "iemocap"
    assert other.protocol_arguments["arguments"]["test"] == "emodb"


def test_names_of_corpora_in_a_tuple_are_replaced_whatever_their_number():
    whole = dataclasses.replace(
        CROSS,
        protocol="held_out_corpora",
        protocol_arguments={"train": ("iemocap",), "share": 0.2},
        unlabelled_corpus="",
        systems={"one": System()},
        corpus_options={},
    )
    other = variants.on_corpora(whole, ("ravdess", "emodb", "tess"))
    assert other.corpora == ("ravdess", "emodb", "tess")
    assert other.protocol_arguments == {"train": ("ravdess",), "share": 0.2}


@pytest.mark.parametrize("given", [("emodb",), ("emodb", "ravdess", "savee")])
def test_as_many_corpora_are_needed_as_there_are(given):
    with pytest.raises(
        ValueError, match="or as many others in place of iemocap, msp_improv"
    ):
        variants.on_corpora(CROSS, given)


@pytest.mark.parametrize("given", [("emodb",), ("emodb", "ravdess", "savee")])
def test_each_corpus_by_itself_takes_any_number(given):
    within = Experiment(
        "w", ("a", "b"), SYSTEMS, "four", "each_corpus", unlabelled_corpus="c"
    )
    assert variants.on_corpora(within, given).corpora == given


def test_noise_takes_the_place_of_noise():
    noisy = dataclasses.replace(CROSS, noise="demand")
    same = variants.on_corpora(noisy, ("iemocap", "noise"))
    assert (same.noise, same.name, same.corpora) == ("noise", "across", CROSS.corpora)
    other = variants.on_corpora(noisy, ("ravdess", "noise", "emodb"))
    assert (other.noise, other.corpora) == ("noise", ("ravdess", "emodb"))
    with pytest.raises(ValueError, match="or as many others in place of iemocap"):
        variants.on_corpora(CROSS, ("iemocap", "msp_improv", "noise"))


LABELS = {"iemocap": "four", "msp_improv": {"anger": "negative"}}
BY_CORPUS = dataclasses.replace(CROSS, labels=LABELS)


@pytest.mark.parametrize(
    ("given", "labels"),
    [
        (("msp_improv", "iemocap"), LABELS),
        (("ravdess", "emodb"), {"ravdess": "four", "emodb": {"anger": "negative"}}),
        (("iemocap", "emodb"), {"iemocap": "four", "emodb": {"anger": "negative"}}),
    ],
)
def test_label_sets_per_corpus_follow_by_position(given, labels):
    other = variants.on_corpora(BY_CORPUS, (*given, "librispeech"))
    assert other.labels_by_corpus == labels
    assert smoke_runs.smoke(other).labels_by_corpus == {
        "synthetic": "four",
        "synthetic_b": {"anger": "negative"},
    }


def test_label_sets_for_the_given_corpora_stay():
    """As from `--set labels={…} --corpus ravdess=… --corpus emodb=…`."""
    labels = {"ravdess": "three", "emodb": "four"}
    changed = dataclasses.replace(CROSS, labels=labels)
    other = variants.on_corpora(changed, ("ravdess", "emodb"))
    assert other.labels_by_corpus == labels
    mapping = {"anger": "negative"}
    plain = dataclasses.replace(CROSS, labels=mapping)
    assert variants.on_corpora(plain, ("ravdess", "emodb")).labels == mapping


def test_more_corpora_than_label_sets_are_rejected():
    within = Experiment(
        "w", ("a", "b"), {"one": System()}, {"a": "four", "b": "all"}, "each_corpus"
    )
    assert variants.on_corpora(within, ["emodb"]).labels == {"emodb": "four"}
    with pytest.raises(ValueError) as caught:
        variants.on_corpora(within, ("emodb", "ravdess", "savee"))
    message = str(caught.value)
    assert "has one label set for each of ['a', 'b']" in message
    assert "Received: ['emodb', 'ravdess', 'savee']. Give at most 2" in message


@pytest.mark.parametrize("labels", [{"iemocap": "four"}, {"iemocap": {"a": "b"}}])
def test_label_sets_for_some_corpora_are_rejected_before_these_are_replaced(labels):
    some = dataclasses.replace(CROSS, labels=labels)
    words = r"labelled corpora \['iemocap', 'msp_improv'\]\. Received: .*\['iemocap'\]"
    for change in (
        lambda: variants.on_corpora(some, ("ravdess", "emodb")),
        lambda: smoke_runs.smoke(some),
    ):
        with pytest.raises(ValueError, match=words):
            change()


def test_label_sets_that_are_mappings_may_be_given_for_the_new_corpora():
    labels = {"ravdess": {"calm": "neutral"}, "emodb": "four"}
    changed = dataclasses.replace(CROSS, labels=labels)
    assert variants.on_corpora(changed, ("ravdess", "emodb")).labels == labels


def test_options_leave_with_their_corpus():
    options = {"iemocap": {"x": 1}, "librispeech": {"y": 2}, "demand": {"z": 3}}
    config = dataclasses.replace(CROSS, noise="demand", corpus_options=options)
    few = variants.restricted(config, ["one"])
    assert set(few.corpus_options) == {"iemocap", "demand"}
    other = variants.on_corpora(config, ("noise",))
    assert set(other.corpus_options) == {"iemocap", "librispeech"}
    wrong = dataclasses.replace(config, corpus_options={**options, "emodbb": {}})
    for variant in (
        variants.restricted(wrong, ["one"]),
        variants.on_corpora(wrong, ("ravdess", "emodb")),
        smoke_runs.smoke(wrong),
    ):
        assert "emodbb" in variant.corpus_options  # which is an error later


def test_one_name_stays_a_name():
    single = Experiment("single", "emodb", {"one": System()})
    assert variants.on_corpora(single, ("ravdess",)).corpus == "ravdess"
    with pytest.raises(ValueError, match="or as many others in place of emodb"):
        variants.on_corpora(single, ("emodb", "ravdess"))


@pytest.mark.parametrize(
    ("before", "after", "name"),
    [
        ("train", {"features": Features(normalise="speaker")}, "toy_speaker"),
        ("train", {"features": Features(seconds=2.0)}, "toy"),
        ("train", {"features": Features(normalise="speaker"), "name": "mine"}, "mine"),
        ("speaker", {"features": Features(normalise="speaker", seconds=2.0)}, "toy"),
        ("speaker", {"features": Features()}, "toy"),
    ],
)
def test_normalisation_by_speaker_gives_another_name(before, after, name):
    features = Features(normalise=before)
    config = Experiment("toy", "a", SYSTEMS, unlabelled_corpus="c", features=features)
    changed = dataclasses.replace(config, **after)
    assert variants.name_by_normalisation(changed, config).name == name


def test_a_preset_changes_networks_and_schedule_together():
    systems = {"net": System(arguments={"preset": "paper"}), "other": System("Other")}
    training = dataclasses.replace(PAPER_TRAINING, seed=7)
    config = Experiment("net", "emodb", systems, training=training)
    small = variants.at_preset(config, "small")
    assert small.name == "net_small"
    assert small.systems["net"].arguments == {"preset": "small"}
    assert small.systems["other"] is systems["other"]
    assert small.training == Training(seed=7)
    other = dataclasses.replace(training, optimizer="sgd", clip_norm=1.0)
    kept = variants.at_preset(dataclasses.replace(config, training=other), "small")
    assert kept.training == Training(seed=7, optimizer="sgd", clip_norm=1.0)
    back = variants.at_preset(small, "paper")
    assert (back.systems, back.training) == (config.systems, config.training)


@pytest.mark.parametrize(
    ("config", "preset", "words"),
    [
        (CROSS, "small", "must name a preset"),
        (CROSS, "huge", "`preset` must be one of"),
    ],
)
def test_a_preset_that_changes_nothing_is_rejected(config, preset, words):
    with pytest.raises(ValueError, match=words):
        variants.at_preset(config, preset)


class Robust(SpeechModel):
    recipe = "robust_densenet"


class Mistyped(SpeechModel):
    recipe = "robust_densnet"


def with_presets(*models, training=None, **settings):
    """An experiment whose systems are called by their numbers and name presets."""
    arguments = {"preset": "small"}
    systems = {str(n): System(kind, arguments) for n, kind in enumerate(models)}
    return Experiment(
        "net", "emodb", systems, training=training or Training(), **settings
    )


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize(
    ("models", "primary", "recipe"),
    [
        (["MTLAug", Robust], "", "mtl_aug"),
        ([Robust, "MTLAug"], "", "robust_densenet"),
        (["MTLAug", Robust], "1", "robust_densenet"),
        ([Robust, "MTLAug"], "1", "mtl_aug"),
        ([SpeechModel], "", "mtl_aug"),
    ],
)
def test_a_preset_has_the_schedule_of_the_recipe(preset, models, primary, recipe):
    config = with_presets(*models, primary=primary, training=Training(seed=7))
    changed = variants.at_preset(config, preset)
    assert changed.training == dataclasses.replace(RECIPES[recipe][preset], seed=7)
    assert {system.arguments["preset"] for system in changed.systems.values()} == {
        preset
    }


def test_a_primary_system_without_a_preset_decides_no_recipe():
    config = with_presets(Robust)
    systems = {"plain": System(), **config.systems}
    config = dataclasses.replace(config, systems=systems, primary="plain")
    small = variants.at_preset(config, "small")
    assert small.training == RECIPES["robust_densenet"]["small"]


@pytest.mark.parametrize("recipe", ["mtl_aug", "robust_densenet"])
@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_keeps_what_all_presets_of_a_recipe_share(recipe, preset):
    own = {"stop": 7, "patience": 2, "unlabelled_ratio": 3}
    if recipe == "mtl_aug":
        own |= {"dev_windows": "all", "segments": "all", "segment_weight": "segment"}
    model = Robust if recipe == "robust_densenet" else "MTLAug"
    config = with_presets(model, training=Training(**own))
    expected = dataclasses.replace(RECIPES[recipe][preset], **own)
    assert variants.at_preset(config, preset).training == expected


def test_a_preset_goes_back_and_forth():
    paper = RECIPES["robust_densenet"]["paper"]
    config = with_presets(Robust, training=paper)
    small = variants.at_preset(config, "small")
    assert small.training == RECIPES["robust_densenet"]["small"]
    assert variants.at_preset(small, "paper").training == paper


def test_an_unknown_recipe_is_rejected():
    words = (
        r"`recipe` of .*Mistyped, the model of system `0`, must be one of "
        r"\['in_the_wild', 'mtl_aug', 'robust_densenet', 'ss_aae'\]. Received: "
        "'robust_densnet'. "
        "Correct it"
    )
    with pytest.raises(ValueError, match=words):
        variants.at_preset(with_presets(Mistyped), "small")


@pytest.mark.parametrize("name", MODELS)
def test_every_model_has_a_recipe(name):
    assert MODELS[name].recipe in RECIPES


def test_several_unlabelled_corpora_stay_on_another_corpus():
    config = Experiment("toy", "a", SYSTEMS, unlabelled_corpus=("c", "d"))
    other = variants.on_corpora(config, ("d", "b", "c"))
    assert other.corpora == ("b",) and other.unlabelled_corpora == ("c", "d")


def test_what_the_user_says_is_above_the_preset():
    texts = ["training.epochs=3", "training.select=best", "labels=three"]
    texts += ["systems.0.arguments.preset=paper"]
    found = load(with_presets("MTLAug", "MTLAug"), {}, texts, "small")
    assert found.name == "net_small" and found.labels == "three"
    assert found.training.epochs == 3 and found.training.select == "best"
    assert found.training.average == RECIPES["mtl_aug"]["small"].average
    presets = [each.arguments["preset"] for each in found.systems.values()]
    assert presets == ["paper", "small"]


def test_the_reference_is_a_system():
    config = with_presets("MTLAug")
    wrong = dataclasses.replace(config, reference="nobody")
    for given, texts in ((wrong, ()), (config, ["reference=nobody"])):
        with pytest.raises(ValueError, match="`reference` must be one.*'nobody'"):
            load(given, {}, texts, "")
