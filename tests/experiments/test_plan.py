"""The jobs of an experiment: planned, counted and removed."""

import dataclasses
import re

import pytest

from keras_ser import protocols
from keras_ser.experiments import plan, run_folder
from keras_ser.experiments.config import Features, System
from keras_ser.protocols import leaks
from keras_ser.utils import files, locks


def test_all_systems_of_a_fold_come_together(toy, tables):
    twice = dataclasses.replace(toy, repeats=2)
    planned = plan.plan_jobs(twice, *tables, "runs")
    found = [(job.repeat, job.fold.name, job.system) for job in planned]
    assert found == [
        (repeat, fold, system)
        for repeat in (0, 1)
        for fold in "1234"
        for system in toy.systems
    ]


def test_some_systems_and_folds_are_planned_in_their_order(toy, tables):
    options = {"systems": ["more", "baseline"], "folds": ["3", "1", "3"]}
    planned = plan.plan_jobs(toy, *tables, "runs", **options)
    found = [(job.fold.name, job.system) for job in planned]
    assert found == [(f, s) for f in ("3", "1") for s in ("more", "baseline")]


def test_only_the_first_fold_is_planned_if_asked(toy, tables):
    planned = plan.plan_jobs(toy, *tables, "runs", first_fold_only=True)
    assert [job.fold.name for job in planned] == ["1"] * len(toy.systems)


@pytest.mark.parametrize("what", ["systems", "folds"])
def test_unknown_names_are_rejected(toy, tables, what):
    with pytest.raises(ValueError, match=f"Unknown {what}.*'nobody'"):
        plan.plan_jobs(toy, *tables, "runs", **{what: ["nobody"]})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"protocol": "random"}, "`protocol` must be.*leave_one.*'random'"),
        ({"protocol_arguments": {"seed": 1}}, "`protocol_arguments` takes.*'seed'"),
        ({"features": Features("Wave")}, "`front_end` must be.*LogMel.*'Wave'"),
        ({"features": Features(settings={"mels": 3})}, "settings` takes.*'mels'"),
        ({"systems": {"a": System("Net")}}, "`systems.a.model` must be.*'Net'"),
        ({"systems": {"a": System(arguments={"depth": 2})}}, "arguments` takes.*depth"),
        ({"systems": {"a": System(objective={"speed": 2})}}, "objective` takes.*speed"),
        ({"systems": {"a": System(augment=("echo",))}}, "systems.a.augment.*'echo'"),
    ],
)
def test_a_config_is_checked_before_anything_trains(toy, tables, change, words):
    with pytest.raises(ValueError, match=words):
        plan.plan_jobs(dataclasses.replace(toy, **change), *tables, "runs")


def test_protocol_arguments_reach_the_protocol(toy, tables):
    held = dataclasses.replace(
        toy,
        protocol="held_out_speakers",
        protocol_arguments={"test": ("toy/4",), "dev": ("toy/3",)},
    )
    (job,) = plan.plan_jobs(held, *tables, "runs", systems=["baseline"])
    assert isinstance(job.fold, protocols.Fold)
    assert set(job.fold.tests["test"].speaker) == {"toy/4"}


def test_misspelt_speakers_of_a_search_are_rejected(toy, tables):
    tuned = dataclasses.replace(toy, tuned_on=("toy/l",))
    with pytest.raises(ValueError, match="`tuned_on` must name speakers.*toy/l"):
        plan.plan_jobs(tuned, *tables, "runs", folds=["2"])


def test_audio_of_a_search_is_found_under_another_name(toy, tables):
    heard = leaks.audio_keys(tables[0][tables[0].speaker == "toy/1"])
    tuned = dataclasses.replace(toy, tuned_on=("first/a",), tuned_audio=heard)
    with pytest.raises(ValueError, match="folds 1, which test toy/1"):
        plan.plan_jobs(tuned, *tables, "runs")


@pytest.mark.parametrize("names", [("A", "a"), ("\u00e9", "e\u0301")])
def test_names_of_one_folder_are_rejected(toy, tables, names):
    systems = dict.fromkeys(names, toy.systems["baseline"])
    alike = dataclasses.replace(toy, systems=systems, unlabelled_corpus="")
    with pytest.raises(ValueError, match="names of systems must differ in more than"):
        plan.plan_jobs(alike, *tables, "runs")
    with pytest.raises(ValueError, match=f"Received: {names[0]!r} and {names[1]!r}"):
        plan._check_folders("folds", ["x", *names])
    plan._check_folders("folds", ["x", "a", "b"])


def test_a_protocol_whose_keys_are_other_names_is_rejected(toy, tables, monkeypatch):
    def own(table, unlabelled=None):
        folds = protocols.leave_one_speaker_out(table)
        return {f"speaker {name}": fold for name, fold in folds.items()}

    monkeypatch.setitem(protocols.PROTOCOLS, "own", own)
    with pytest.raises(ValueError, match="key 'speaker 1' of the fold '1'"):
        plan.plan_jobs(dataclasses.replace(toy, protocol="own"), *tables, "runs")


def test_folds_that_test_speakers_of_a_search_are_rejected(toy, tables):
    tuned = dataclasses.replace(toy, tuned_on=("toy/1", "toy/3"))
    with pytest.raises(ValueError, match="other folds: 2, 4"):
        plan.plan_jobs(tuned, *tables, "runs")
    planned = plan.plan_jobs(tuned, *tables, "runs", folds=["2", "4"])
    assert {job.fold.name for job in planned} == {"2", "4"}


def test_jobs_are_counted_by_their_state(toy, tables, tmp_path):
    planned = plan.plan_jobs(toy, *tables, tmp_path, systems=["baseline"])
    assert plan.status(planned) == "0 done, 0 to resume, 4 to start"
    planned[0].folder.mkdir(parents=True)
    files.write_json(run_folder.unfinished(planned[1]) / "config.json", {})
    run_folder.unfinished(planned[2]).mkdir()  # killed before its description
    assert plan.status(planned) == "1 done, 1 to resume, 2 to start"


def test_the_folder_of_an_experiment_is_removed_unless_it_is_in_use(
    toy, tables, tmp_path
):
    job, *_ = plan.plan_jobs(toy, *tables, tmp_path, folds=["1"])
    files.write_json(job.folder / "config.json", job.describe())
    folder = tmp_path / toy.name
    with locks.held(run_folder.lock(job), job.folder):
        name = re.escape(str(run_folder.unfinished(job)))
        with pytest.raises(ValueError, match=f"{name} is in use by process"):
            plan.clear(folder, toy.corpora)
        assert (job.folder / "config.json").exists()
    with pytest.raises(ValueError, match="nothing but an earlier smoke run"):
        plan.clear(folder)
    plan.clear(folder, toy.corpora)
    assert not folder.exists()
    plan.clear(folder)
