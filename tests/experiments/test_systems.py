"""The systems of the papers' tables: each of them is accepted as it is."""

import dataclasses

import pytest

from keras_ser.classical import CLASSICAL
from keras_ser.experiments import attribute_systems, checks, systems
from keras_ser.experiments.config import Experiment, Features
from keras_ser.models import MODELS, TABLE_7
from keras_ser.reports import load_published

NETWORKS = [
    systems.NETWORKS,
    systems.densenets(preset="paper"),
    systems.augmented_densenets(preset="small"),
    systems.comparison_models(preset="paper"),
    systems.ss_aae(preset="small"),
    systems.ss_aae_speakers(preset="paper"),
    attribute_systems.in_the_wild(preset="small"),
]
FRAMES = systems.frame_systems(preset="small")


@pytest.mark.parametrize("rows", [*NETWORKS, systems.CLASSICAL])
def test_every_row_is_accepted(rows):
    checks.check(Experiment("toy", "emodb", rows, unlabelled_corpus="librispeech"))


def test_systems_are_of_their_kind_and_share_no_name():
    for rows in NETWORKS:
        assert {row.model for row in rows.values()} <= set(MODELS)
        assert set(rows).isdisjoint(systems.CLASSICAL)
    rows = [*systems.CLASSICAL.values(), FRAMES["frame_svm"]]
    assert {row.model for row in rows} == set(CLASSICAL)


@pytest.mark.parametrize("speed", [True, False])
def test_systems_on_frames_train_on_equal_rows(speed):
    rows = systems.frame_systems(speed=speed, preset="small")
    features = Features(front_end="SpeakerEncoder", settings={"trained": False})
    checks.check(Experiment("toy", "emodb", rows, features=features))
    augmented = rows["baseline_augmented"]
    assert augmented.augment == rows["mtl_aug"].augment
    assert ("speed" in augmented.augment) == speed
    assert augmented.augment["specaugment"] == {"channels": True}
    usual = systems.networks(preset="small")
    for name in ("baseline", "baseline_augmented", "mtl_aug"):
        own = dataclasses.replace(rows[name], augment=())
        assert own == dataclasses.replace(usual[name], augment=())


def test_mtl_aug_differs_from_its_augmented_baseline_by_its_tasks_only():
    baseline, mtl = (systems.NETWORKS[n] for n in ("baseline_augmented", "mtl_aug"))
    assert baseline.augment == mtl.augment
    assert not any(baseline.arguments.values()) and not mtl.arguments


def test_densenets_are_five_models_without_augmentation():
    rows = systems.densenets(preset="paper")
    assert len(rows) == len({row.model for row in rows.values()}) == 5
    assert not any(row.augment for row in rows.values())
    assert {tuple(row.arguments.items()) for row in rows.values()} == {
        (("preset", "paper"),)
    }


def test_the_proposed_network_has_four_augmentation_settings():
    rows = systems.augmented_densenets(preset="small")
    proposed = systems.densenets(preset="small")["densenet_highway"]
    assert rows["densenet_highway"] == proposed
    found = {name: row.augment for name, row in rows.items()}
    assert sorted(found.values()) == [(), ("mixup",), ("speed",), ("speed", "mixup")]
    for name, row in rows.items():  # nothing but the augmentation differs
        assert dataclasses.replace(row, augment=()) == proposed
        kinds = [kind for kind in ("speed", "mixup") if name.endswith(kind)]
        assert row.augment == tuple(kinds) or name.endswith("_both")


def test_sizes_are_those_of_the_densenet_among_the_comparison_models():
    rows = systems.comparison_models(preset="paper")
    both = systems.augmented_densenets(preset="paper")["densenet_highway_both"]
    assert rows["densenet_highway_both"] == both
    assert not any(
        rows[name].arguments for name in set(rows) - {"densenet_highway_both"}
    )


def test_ss_aae_has_eight_systems_that_differ_by_their_parts():
    rows = systems.ss_aae(preset="paper")
    kinds = [tuple(sorted(row.arguments.items())) for row in rows.values()]
    assert len(rows) == len(set(kinds)) == 8
    assert {row.model for row in rows.values()} == {"SSAAE"}
    assert not any(row.augment or row.objective for row in rows.values())
    assert {name for name, row in rows.items() if not row.use_unlabelled} == {
        "cnn_single"
    }
    for name, row in rows.items():
        own = row.arguments
        assert own["preset"] == "paper" and own["moments"] == "labelled"
        assert (own.get("stages") == 2) == name.startswith("cnn")
        assert own.get("reconstruction", True) != name.startswith("cnn")
        assert own.get("adversarial", True) == ("aae" in name)
        is_both = name.endswith("_multi") or name == "ss_aae"
        assert own.get("speaker", False) == (is_both or name == "aae_speaker")
        assert own.get("gender", False) == (is_both or name == "aae_gender")


def test_arguments_of_all_networks_replace_those_of_ss_aae():
    rows = systems.ss_aae(phases="joint", moments="all")
    assert {row.arguments["phases"] for row in rows.values()} == {"joint"}
    assert {row.arguments["moments"] for row in rows.values()} == {"all"}


def test_auxiliary_speakers_are_all_that_differs_in_their_figure():
    rows = systems.ss_aae_speakers((0, 3), preset="small")
    proposed = systems.ss_aae(preset="small")["ss_aae"]
    found = {name: row.unlabelled_speakers for name, row in rows.items()}
    assert found == {"ss_aae_0": 0, "ss_aae_3": 3}
    for row in rows.values():
        assert dataclasses.replace(row, unlabelled_speakers=None) == proposed


def test_our_names_are_those_of_the_published_figures():
    for table in "23456":
        assert set(systems.NETWORKS) <= set(load_published("mtl_aug", table).row)
    for table in "56":
        compared = set(systems.comparison_models())
        assert compared <= set(load_published("mtl_aug", table).row)
    densenets = set(systems.densenets())
    assert densenets < set(load_published("robust_densenet", "1").row)
    found = systems.ss_aae()
    for table, names in {
        "2": {"cnn_multi", "ae_multi", "ss_aae"},
        "2 (five folds)": {"ss_aae"},
        "3": {"aae_gender", "aae_speaker", "ss_aae"},
        "4 (activation)": {"aae_gender", "aae_speaker", "ss_aae"},
    }.items():
        assert set(load_published("ss_aae", table).row) & set(found) == names
    for table in "23":
        assert "ss_aae" in set(load_published("mtl_aug", table).row)
    models = {f"model_{number}" for number in TABLE_7}
    assert set(load_published("mtl_aug", "7").row) == models


def test_all_46_models_of_the_attributes_paper_are_one_experiment():
    rows = attribute_systems.in_the_wild(preset="small")
    assert len(rows) == 46 and next(iter(rows)) == "baseline"
    learned = {
        (row.arguments["approach"], frozenset(row.arguments["attributes"]))
        for name, row in rows.items()
        if name != "baseline"
    }
    assert len(learned) == 45
    printed = load_published("in_the_wild")
    assert set(printed.row) <= set(rows)
    augment = {"specaugment": {"time": 30, "frequency": 3, "least": 0}}
    assert all(row.augment == augment for row in rows.values())


def test_attributes_are_also_learned_from_unlabelled_speech_if_that_is_asked_for():
    rows = attribute_systems.in_the_wild([["gender"]], use_unlabelled=True)
    assert [name for name, row in rows.items() if row.use_unlabelled] == [
        *("mtl_gender", "gr_gender", "ad_gender")
    ]
    assert not any(
        row.use_unlabelled for row in attribute_systems.in_the_wild().values()
    )


def test_attributes_are_named_in_one_order():
    one, other = (
        attribute_systems.in_the_wild([names])
        for names in (["gender", "speaker"], ("speaker", "gender"))
    )
    assert one == other and "gr_speaker_gender" in one


@pytest.mark.parametrize("wrong", [[[]], [["age"]], ["gender_language"], [["a", 1]]])
def test_other_attributes_are_rejected(wrong):
    with pytest.raises(ValueError, match="`subsets` must hold sets of"):
        attribute_systems.in_the_wild(wrong)
