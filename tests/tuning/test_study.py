"""Searches as they are planned: what decides them, and which are impossible."""

import dataclasses

import pandas as pd
import pytest

from keras_ser.audio.unusable import Unusable
from keras_ser.models import MTLAug
from keras_ser.tuning import Choice, study


def test_the_folder_names_experiment_system_and_fold(plan, tmp_path):
    assert plan().folder == tmp_path / "toy_tune" / "baseline" / "3"
    among = plan(speakers=[f"toy/{number}" for number in range(6)])
    assert among.folder == tmp_path / "toy_tune" / "baseline" / "speakers"


def test_a_trial_is_one_training_per_division(plan):
    values = {"training.learning_rate": 0.01}
    jobs = plan(divisions=3).jobs(2, values)
    assert [job.fold.name for job in jobs] == ["1", "2", "3"]
    assert {job.config.training.learning_rate for job in jobs} == {0.01}
    assert {job.config.conditions for job in jobs} == {("clean",)}
    assert len({job.folder for job in jobs}) == 3


def test_the_description_holds_what_decides_the_trials(plan, config):
    changes = {"repeats": 3, "conditions": ("clean", "fgsm:0.08")}
    changes |= {"primary": "svm", "probes": ("gender",)}
    more = dataclasses.replace(config, **changes)
    described = plan().describe()
    assert plan(more).describe() == described
    assert {job.config.primary for job in plan(more).jobs(0, {})} == {""}
    assert {job.config.probes for job in plan(more).jobs(0, {})} == {()}
    assert described["search_speakers"] == [f"toy/{n}" for n in (0, 1, 2, 4, 5, 6, 7)]
    assert plan(seed=1).describe() == {**described, "seed_of_proposals": 1}
    assert plan(fold="4").describe() != described


def test_the_new_config_names_whom_it_must_not_test(plan, config):
    earlier = dataclasses.replace(config, tuned_on=("toy/7",))
    search = plan(earlier, speakers=[f"toy/{number}" for number in range(6)])
    made = search.tuned_config({"training.learning_rate": 0.01})
    assert made.name == "toy_tuned"
    assert made.training.learning_rate == 0.01
    assert made.tuned_on == tuple(f"toy/{n}" for n in (0, 1, 2, 3, 4, 5, 7))
    assert plan(earlier).tuned_config({}).name == "toy_tuned_3"


def test_a_model_may_be_a_class_of_a_module(plan, config):
    systems = {"baseline": dataclasses.replace(config.systems["baseline"])}
    named = dataclasses.replace(config, systems=systems)
    system = dataclasses.replace(systems["baseline"], model=MTLAug)
    given = dataclasses.replace(config, systems={"baseline": system})
    assert plan(given).describe() == plan(named).describe()


def test_a_class_of_a_script_cannot_be_written_into_a_config(plan, config, monkeypatch):
    class Own(MTLAug):
        pass

    monkeypatch.setattr(Own, "__module__", "__main__")
    system = dataclasses.replace(config.systems["baseline"], model=Own)
    with pytest.raises(ValueError, match="`.*Own`, a class in a script.*Move the cl"):
        plan(dataclasses.replace(config, systems={"baseline": system}))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"fold": ""}, "inside a fold or among speakers.*Give either"),
        ({"fold": "x"}, "Unknown fold"),
        ({"system": "nothing"}, "one of \\['baseline'\\]"),
        ({"system": "svm"}, "one of \\['baseline'\\]"),
        ({"oracle": "grid"}, "`oracle` must be one of"),
        ({"seed": -1}, "`seed` must be"),
        ({"divisions": 1}, "`folds` of at least 2"),
        ({"space": {"training.seed": Choice((1, 2))}}, "can change"),
    ],
)
def test_impossible_searches_are_rejected(plan, change, words):
    with pytest.raises(ValueError, match=words):
        plan(**change)


def test_fold_and_speakers_are_not_both_given(config, speakers_table, tmp_path):
    tables, both = (speakers_table, None), {"fold": "3", "speakers": ["toy/1"]}
    with pytest.raises(ValueError, match="fold='3' and 1 speakers. Give either"):
        study.plan_search(config, tables, tmp_path, "baseline", **both)


def test_one_network_needs_no_name(plan):
    assert plan(system="").system == "baseline"


def test_bad_utterances_are_left_out(plan):
    bad = Unusable("toy/4-0", "toy/4-0.wav", "is empty")
    with pytest.warns(UserWarning, match="Skipped 1 of"):
        search = plan(bad=[bad])
    for job in search.jobs(0, {}):
        assert job.skipped == (bad,)
        assert "toy/4-0" not in set(pd.concat(job.fold.sides().values()).utterance)
