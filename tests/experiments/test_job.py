"""The folder, the seed and the description of a job."""

import dataclasses
import json

import pytest

from keras_ser import conditions
from keras_ser.experiments import job as job_module
from keras_ser.experiments import plan
from keras_ser.experiments.config import Experiment, Features, System, Training
from keras_ser.experiments.job import ALWAYS, feature_store
from keras_ser.models import MTLAug
from keras_ser.models.base import SpeechModel

CONFIG = Experiment("toy", "emodb", {"one": System(), "two": System()}, repeats=2)


@pytest.fixture
def planned(toy_table):
    table = toy_table({name: "" for name in "1234"})
    return plan.plan_jobs(CONFIG, table, None, "runs")


def test_systems_are_paired_and_folds_are_not(planned):
    by_fold = {}
    for job in planned:
        by_fold.setdefault((job.fold.name, job.repeat), set()).add(job.seed)
    assert len(planned) == 4 * 2 * 2
    assert all(len(found) == 1 for found in by_fold.values())
    assert len(set.union(*by_fold.values())) == len(by_fold)
    assert all(0 <= job.seed < 2**31 for job in planned)


def test_another_seed_or_name_gives_another_seed(planned):
    job = planned[0]
    training = dataclasses.replace(CONFIG.training, seed=1)
    for change in ({"training": training}, {"name": "other"}):
        config = dataclasses.replace(CONFIG, **change)
        assert dataclasses.replace(job, config=config).seed != job.seed


def test_the_folder_is_experiment_system_fold_repeat(planned):
    assert planned[0].folder.as_posix() == "runs/toy/one/1-0"
    assert len({job.folder for job in planned}) == len(planned)


def test_the_description_is_json_of_one_system(planned):
    described = json.loads(json.dumps(planned[0].describe()))
    assert list(described["systems"]) == ["one"]
    assert described["fold"] == "1"
    assert set(described["data"]) == {"train", "dev", "test"}


def test_only_another_precision_is_described(planned):
    """Runs from before it could be chosen have float32."""
    job = planned[0]
    assert "precision" not in job.describe()["training"]
    training = dataclasses.replace(CONFIG.training, precision="mixed_bfloat16")
    half = dataclasses.replace(
        job, config=dataclasses.replace(CONFIG, training=training)
    )
    assert half.describe()["training"]["precision"] == "mixed_bfloat16"
    assert half.seed == job.seed


def test_unlabelled_speech_is_ignored_by_systems_that_do_not_train_on_it(toy_table):
    table, extra = (
        toy_table({name: "" for name in "1234"}),
        toy_table(["9"], corpus="x"),
    )
    systems = {**CONFIG.systems, "more": System(use_unlabelled=True)}
    with_extra = dataclasses.replace(
        CONFIG, systems=systems, unlabelled_corpus="librispeech", repeats=1
    )
    before = plan.plan_jobs(CONFIG, table, None, "runs")[0].describe()
    after = {
        job.system: job.describe()
        for job in plan.plan_jobs(with_extra, table, extra, "runs", folds=["1"])
    }
    assert after["one"] == before
    assert after["more"]["unlabelled_corpus"] == "librispeech"
    assert after["more"]["data"] != before["data"]


def test_only_other_training_conditions_are_described(planned, tmp_path):
    """Runs from before they could be chosen were trained on clean speech."""
    job = planned[0]
    soft = dataclasses.replace(job.config.systems["one"], train_conditions=("gain:-6",))
    other = dataclasses.replace(
        job, config=dataclasses.replace(job.config, systems={"one": soft})
    )
    assert "train_conditions" not in job.describe()["systems"]["one"]
    assert other.describe()["systems"]["one"]["train_conditions"] == ("gain:-6",)
    assert other.seed == job.seed
    store = feature_store(job.config, tmp_path)
    assert job.training_store(store).unaugmented == store.unaugmented
    assert other.training_store(store).unaugmented == conditions.parse("gain:-6")


def test_no_default_is_described_but_the_old_ones(planned):
    """Records stay valid when a field is added, whoever adds it."""
    described = planned[0].describe()
    parts = {
        Experiment: described,
        Features: described["features"],
        Training: described["training"],
        System: described["systems"]["one"],
    }
    added = {"fold", "repeat", "data"}
    for kind, part in parts.items():
        assert set(part) - added == set(ALWAYS[kind])
        assert set(ALWAYS[kind]) <= {field.name for field in dataclasses.fields(kind)}


def test_a_default_given_as_a_list_is_none_either(planned):
    job = planned[0]
    config = dataclasses.replace(job.config, conditions=["clean"], tuned_on=[])
    same = dataclasses.replace(job, config=config)
    assert same.describe() == job.describe()


def with_systems(job, **systems):
    config = dataclasses.replace(job.config, systems=systems)
    return {
        name: dataclasses.replace(job, config=config, system=name) for name in systems
    }


def few(job, fraction, **options):
    return with_systems(job, few=System(label_fraction=fraction, **options))["few"]


def names(job) -> set[str]:
    return set(job.data.train.utterance)


@pytest.fixture
def many(toy_table):
    """A job with 40 training utterances."""
    table = toy_table({f"{n:02d}": "" for n in range(13)}, ("anger", "sadness") * 2)
    table["valence"] = 0.5
    return plan.plan_jobs(CONFIG, table, None, "runs")[0]


def test_few_labels_are_drawn_for_each_repeat(many):
    repeats = [dataclasses.replace(many, repeat=number) for number in range(4)]
    drawn = [names(few(job, 0.5)) for job in repeats]
    assert len({frozenset(each) for each in drawn}) == 4
    assert {len(each) for each in drawn} == {20}
    for job, each in zip(repeats, drawn, strict=True):
        assert names(few(job, 0.2)) < names(few(job, 0.4)) < each < names(job)
        assert names(few(job, 0.5, use_unlabelled=True)) == each


def test_few_labels_depend_on_the_seed_and_not_on_the_system(many):
    half = System(label_fraction=0.5)
    jobs = with_systems(many, one=half, other=dataclasses.replace(half, augment=()))
    assert names(jobs["one"]) == names(jobs["other"])
    training = dataclasses.replace(CONFIG.training, seed=1)
    config = dataclasses.replace(jobs["one"].config, training=training)
    assert names(dataclasses.replace(jobs["one"], config=config)) != names(jobs["one"])


def test_what_lost_its_label_is_unlabelled_and_has_no_valence(many):
    data = few(many, 0.5, use_unlabelled=True).data
    assert len(data.unlabelled) == 20
    assert set(data.unlabelled.emotion) == {""} and data.unlabelled.valence.isna().all()
    assert few(many, 0.5).data.unlabelled is None


@pytest.mark.parametrize(("fraction", "updates"), [(1.0, None), (0.5, 5), (0.2, 5)])
def test_few_labels_train_as_many_updates_as_all(many, fraction, updates):
    """40 utterances give 80 rows, which are 5 batches of 16."""
    assert few(many, fraction).updates_per_epoch == updates


class Ages(SpeechModel):
    """Learns the speakers' languages, or another column."""

    @classmethod
    def columns(cls, column="language", **arguments):
        return (column,)


def test_a_class_is_recorded_by_its_name(planned):
    jobs = with_systems(planned[0], own=System(Ages), known=System(MTLAug))
    own, known = (jobs[name].describe() for name in ("own", "known"))
    assert own["systems"]["own"]["model"] == f"{__name__}.Ages"
    assert known["systems"]["known"]["model"] == "MTLAug"
    assert json.loads(json.dumps(own)) is not None


def test_the_columns_that_a_model_learns_belong_to_the_data(planned):
    job = with_systems(planned[0], own=System(Ages))["own"]
    train = job.fold.train.assign(language="eng")
    other = dataclasses.replace(job, fold=dataclasses.replace(job.fold, train=train))
    one, two = job.describe()["data"], other.describe()["data"]
    assert one["columns"] != two.pop("columns")
    assert {**two, "columns": one["columns"]} == one
    assert "columns" not in planned[0].describe()["data"]


def test_the_rule_of_the_noise_is_described(planned, toy_table):
    noise = toy_table(["rain"], ("",), corpus="noise").assign(session="rain")
    described = dataclasses.replace(planned[0], noise=noise).describe()
    assert described["data"]["noise_drawn_from"] == ["utterance", "kind"]
    assert "noise_drawn_from" not in planned[0].describe()["data"]


def job_of(table, extra, system=None, **changes):
    """The first job of an experiment with these settings."""
    system = system or System(use_unlabelled=True)
    changes = {"unlabelled_corpus": "librispeech", **changes}
    config = dataclasses.replace(CONFIG, systems={"one": system}, **changes)
    return plan.plan_jobs(config, table, extra, "runs")[0]


@pytest.fixture
def speech(toy_table):
    table = toy_table({name: "" for name in "1234"}, ("anger", "sadness") * 6)
    return table, toy_table("uvwx", ("",) * 3, corpus="x")


def test_a_single_unlabelled_corpus_is_described_as_text(speech):
    one = job_of(*speech).describe()
    assert one["unlabelled_corpus"] == "librispeech"
    listed = job_of(*speech, unlabelled_corpus=("librispeech",))
    assert listed.describe() == one and listed.seed == job_of(*speech).seed
    both = job_of(*speech, unlabelled_corpus=("librispeech", "ravdess")).describe()
    assert both["unlabelled_corpus"] == ["librispeech", "ravdess"]
    assert {**both, "unlabelled_corpus": "librispeech"} == one


def test_limited_unlabelled_speakers_are_nested_and_described(speech):
    drawn = {}
    for count in (0, 1, 3):
        job = job_of(*speech, System(use_unlabelled=True, unlabelled_speakers=count))
        own = job.describe()["systems"]["one"]
        assert own["unlabelled_speakers"] == count
        table = job.data.unlabelled
        drawn[count] = set() if table is None else set(table.speaker)
    assert [len(each) for each in drawn.values()] == [0, 1, 3]
    assert drawn[1] < drawn[3]
    assert "unlabelled_speakers" not in job_of(*speech).describe()["systems"]["one"]


def test_more_unlabelled_speakers_than_there_are_stop_the_planning(speech):
    many = System(use_unlabelled=True, unlabelled_speakers=5)
    with pytest.raises(ValueError, match="needs 5 speakers.*Received: 4") as caught:
        job_of(*speech, many)
    assert caught.value.__notes__ == ["This concerns system `one` in fold `1`."]


def test_all_systems_of_a_repeat_hold_the_same_utterances_out(speech):
    systems = {
        "one": System(),
        "few": System(label_fraction=0.5),
        "more": System(use_unlabelled=True),
    }
    config = dataclasses.replace(
        CONFIG, systems=systems, unlabelled_corpus="librispeech", heard_fraction=1 / 3
    )
    planned = plan.plan_jobs(config, *speech, "runs", folds=["1"])
    held = {(job.system, job.repeat): set(job.data.heard.utterance) for job in planned}
    labelled = {name for name in held["more", 0] if name.startswith("toy/")}
    assert held["one", 0] == held["few", 0] == labelled < held["more", 0]
    assert held["one", 1] != held["one", 0]
    data = planned[2].data
    assert data.heard.speaker.isin(data.sides()["train"].speaker).all()
    assert {job.updates_per_epoch for job in planned if job.system == "few"} == {
        (len(data.train)) * config.training.rows_per_utterance // config.training.batch
    }


def test_only_held_out_utterances_are_described(speech):
    before, after = (
        job_of(*speech, heard_fraction=each).describe() for each in (0, 1 / 3)
    )
    assert "heard_fraction" not in before and "heard" not in before["data"]
    assert after["heard_fraction"] == 1 / 3 and after["data"]["heard"]
    assert after["data"]["test"] == before["data"]["test"]
    assert after["data"]["train"] != before["data"]["train"]


def test_the_draws_of_a_fold_are_made_once(speech, monkeypatch):
    config = dataclasses.replace(
        CONFIG,
        systems={"one": System(), "few": System(label_fraction=0.5)},
        unlabelled_corpus="librispeech",
        heard_fraction=1 / 3,
    )
    drawn, real = [], job_module.with_heard
    monkeypatch.setattr(
        job_module,
        "with_heard",
        lambda *arguments: drawn.append(arguments) or real(*arguments),
    )
    planned = plan.plan_jobs(config, *speech, "runs", folds=["1"])
    for job in planned:
        assert job.data is job.data
        assert job.updates_per_epoch is None or job.updates_per_epoch > 0
    assert len(drawn) == config.repeats
