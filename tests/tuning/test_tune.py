"""Running a search: its trials and files, interruptions, and who is tested after it."""

import ast
import dataclasses
import math
import random

import numpy as np
import pandas as pd
import pytest

from keras_ser import tuning
from keras_ser.audio.unusable import Unusable, UnusableAudio
from keras_ser.callbacks.checkpoint import Checkpoint
from keras_ser.experiments import environment, experiment, extraction, runner
from keras_ser.experiments.config import Training
from keras_ser.experiments.config_file import load_config
from keras_ser.experiments.plan import check_tuned, plan_jobs
from keras_ser.features import FeatureStore
from keras_ser.protocols import PROTOCOLS
from keras_ser.tuning import Choice, Range, config_file, oracles, study, tune
from keras_ser.utils import files, locks

# KerasTuner asks for a thread's name in a deprecated way.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*:DeprecationWarning:keras_tuner"),
    pytest.mark.filterwarnings("ignore:Corpus `emodb` has"),
]

RATE = "training.learning_rate"
KERNELS = "arguments.kernels"


class Fake:
    """Replaces trainings: the further the rate is from 0.01, the more is wrong."""

    def __init__(self):
        self.jobs, self.prepared = [], []
        self.interrupt_at, self.diverge_above = 0, 1.0

    def train(self, job, cache, folder, title, monitor):
        self.jobs.append(job)
        if len(self.jobs) == self.interrupt_at:
            raise KeyboardInterrupt
        rate = job.config.training.learning_rate
        losses = [1.0, math.nan if rate > self.diverge_above else 0.5]
        files.write_text(folder / "history.csv", f"loss\n{losses[0]}\n{losses[1]}\n")
        if math.isnan(losses[1]):
            raise RuntimeError("The loss must stay finite.")
        (table,) = job.fold.tests.values()
        return self.predictions(table, abs(math.log10(rate) + 2)), {"epoch": 2}

    def predictions(self, table, error):
        draws = [random.Random(name).random() for name in table.utterance]
        wrong = np.array(draws) < 0.1 + 0.4 * error
        others = np.where(table.emotion == "anger", "sadness", "anger")
        frame = table[["corpus", "utterance", "speaker"]].reset_index(drop=True)
        frame.insert(1, "condition", "clean")
        right = table.emotion.to_numpy()
        predicted = np.where(wrong, others, right)
        frame = frame.assign(
            head="emotion", truth=right, prediction=predicted, test="test"
        )
        for name in ("anger", "sadness"):
            frame[f"p_{name}"] = (predicted == name).astype(float)
        return frame

    def prepare(self, planned, *arguments, **options):
        self.prepared += planned
        return 0


@pytest.fixture
def fake(monkeypatch):
    fake = Fake()
    monkeypatch.setattr(runner, "_train_and_test", fake.train)
    monkeypatch.setattr(experiment, "prepare", fake.prepare)
    monkeypatch.setattr(environment, "commit", lambda: "")  # calls git every time
    return fake


def run(search, count=4):
    return tune.run_trials(
        search, "cache", count, progress=False, command="the command"
    )


def rows(search) -> pd.DataFrame:
    return pd.read_csv(search.folder / "trials.csv", dtype=str, keep_default_na=False)


def results(search) -> list:
    """The files that do not depend on when and how often a search was interrupted."""
    (path,) = search.folder.glob("*.py")
    found = rows(search).drop(columns="seconds")
    return [path.read_text().replace(str(search.out), ""), found.to_dict("records")]


def test_the_folder_holds_search_trials_and_config(fake, plan, tmp_path):
    search = plan()
    path = run(search)
    assert search.folder == tmp_path / "toy_tune" / "baseline" / "3"
    names = {each.name for each in search.folder.iterdir()}
    assert names == {
        "oracle",
        "search.json",
        "toy_tuned_3.py",
        "trials",
        "trials.csv",
    }
    assert path == search.folder / "toy_tuned_3.py"
    numbers = {each.name for each in (search.folder / "trials").iterdir()}
    assert numbers == {"0", "1", "2", "3", "4"}
    assert not list(tmp_path.rglob("*.partial"))


def test_there_is_one_row_per_trial_and_the_best_is_first(fake, plan):
    search = plan()
    run(search)
    found = rows(search)
    scores = found.uar.astype(float)
    assert list(found)[:4] == ["trial", "uar", "epoch", "seconds"]
    assert set(found.columns[4:]) == set(search.space)
    assert scores.is_monotonic_decreasing and scores.nunique() > 1
    assert sorted(found.trial) == ["0", "1", "2", "3", "4"]
    assert set(found.epoch) == {"2 2"}
    own = found[found.trial == "0"].iloc[0]
    assert own[RATE] == "0.001"
    assert own["systems.baseline.arguments.kernels"] == ""


def test_a_score_is_the_pooled_uar_of_all_search_speakers(fake, plan, speakers_table):
    search = plan()
    run(search, 1)
    used = speakers_table[speakers_table.speaker != "toy/3"]
    frame = fake.predictions(used, 1.0)  # of the unchanged rate, 0.001
    uar = (frame.truth == frame.prediction).groupby(frame.truth).mean().mean()
    (unchanged,) = rows(search).query("trial == '0'").uar
    assert float(unchanged) == pytest.approx(uar, abs=1e-6)


def test_the_config_holds_the_best_values_and_the_search_speakers(fake, plan):
    search = plan()
    written = load_config(run(search))
    best = rows(search).iloc[0]
    assert best.trial != "0"
    assert written.name == "toy_tuned_3"
    assert written.training.learning_rate == float(best[RATE])
    kernels = best["systems.baseline.arguments.kernels"]
    arguments = written.systems["baseline"].arguments
    assert arguments["kernels"] == ast.literal_eval(kernels)
    assert arguments["filters"] == (8, 8, 8)
    assert list(written.systems) == ["baseline"]
    assert written.tuned_on == tuple(f"toy/{n}" for n in range(8) if n != 3)
    values = {name: ast.literal_eval(best[name]) for name in search.space}
    assert written == search.tuned_config(values)


def test_the_config_says_what_was_searched(fake, plan):
    search = plan()
    text = " ".join(run(search).read_text(encoding="utf-8").split())
    best = rows(search).iloc[0]
    for words in (
        "Command: the command",
        "training.learning_rate: 0.0001 to 0.1, log",
        "4 trials",
        "the random oracle of KerasTuner proposed with seed 0",
        f"Best: trial {best.trial}, UAR {float(best.uar):.1%}; the unchanged settings",
        "toy/0, toy/1, toy/2, toy/4",
        "--folds 3",
    ):
        assert words in text


def test_the_settings_stay_unchanged_if_nothing_is_better(fake, plan, config, space):
    training = dataclasses.replace(config.training, learning_rate=0.01)
    good = dataclasses.replace(config, training=training)
    search = plan(good, space={**space, RATE: Range(0.09, 0.1)})
    written = load_config(run(search, 2))
    assert rows(search).trial[0] == "0"
    assert written.training == good.training
    assert written.systems["baseline"] == good.systems["baseline"]
    assert len(written.tuned_on) == 7


def test_no_training_of_a_search_sees_a_test_speaker(fake, plan):
    search = plan()
    run(search)
    assert len(fake.jobs) == 5 * 2
    for job in [*fake.jobs, *fake.prepared]:
        assert "toy/3" not in sum(job.fold.speakers().values(), [])


def test_trials_share_their_seeds_and_differ_in_their_values(fake, plan):
    search = plan()
    run(search)
    first = [job for job in fake.jobs if job.fold.name == "1"]
    assert len({job.seed for job in first}) == 1
    assert len({job.config.training.learning_rate for job in first}) == 5
    assert {job.config.name for job in first} == {"toy_tune"}
    assert {job.config.conditions for job in first} == {("clean",)}


@pytest.mark.parametrize(
    ("oracle", "at"), [("random", 2), ("random", 5), ("bayesian", 6)]
)
def test_an_interrupted_search_ends_like_an_undisturbed_one(
    fake, plan, space, tmp_path, oracle, at
):
    """The Bayesian oracle's first two proposals are random, its others are not."""
    space = {**space, "arguments.kernels": Choice(((3, 3, 3),))}
    more = {"oracle": oracle, "space": space}
    whole, parts = (plan(out=tmp_path / name, **more) for name in ("whole", "parts"))
    run(whole, 3)
    fake.jobs, fake.interrupt_at = [], at
    with pytest.raises(KeyboardInterrupt):
        run(parts, 3)
    assert len(fake.jobs) == at
    fake.jobs, fake.interrupt_at = [], 0
    run(parts, 3)
    assert len(fake.jobs) == 8 - (at - 1)  # nothing twice
    assert results(parts) == results(whole)


def test_files_that_kerastuner_wrote_in_part_do_not_matter(fake, plan, tmp_path):
    whole, parts = plan(out=tmp_path / "whole"), plan(out=tmp_path / "parts")
    run(whole)
    fake.jobs, fake.interrupt_at = [], 6
    with pytest.raises(KeyboardInterrupt):
        run(parts)
    for path in (parts.folder / "oracle").rglob("*.json"):
        path.write_text(path.read_text()[:40])
    fake.interrupt_at = 0
    run(parts)
    assert results(parts) == results(whole)


def test_a_search_can_be_extended(fake, plan, tmp_path):
    whole, parts = plan(out=tmp_path / "whole"), plan(out=tmp_path / "parts")
    run(whole, 4)
    run(parts, 2)
    fake.jobs = []
    run(parts, 4)
    assert len(fake.jobs) == 2 * 2
    assert results(parts) == results(whole)


def test_trials_that_were_started_keep_their_proposals(fake, plan, monkeypatch):
    """Another version of an oracle may propose other values."""
    search = plan()
    run(search, 3)
    before = rows(search)
    with monkeypatch.context() as patch:
        real = oracles.keras_tuner.oracles.RandomSearchOracle.populate_space

        def other(self, trial_id):
            found = real(self, trial_id)
            return {**found, "values": {**found["values"], RATE: 0.05}}

        patch.setattr(
            oracles.keras_tuner.oracles.RandomSearchOracle, "populate_space", other
        )
        run(search, 4)
    after = rows(search)
    assert after[after.trial != "4"].to_dict("records") == before.to_dict("records")
    assert after[RATE][after.trial == "4"].tolist() == ["0.05"]


def test_equal_seeds_give_equal_proposals_and_others_do_not(fake, plan, tmp_path):
    """KerasTuner treats the seed 0 as no seed, and draws one."""
    found = []
    for number, seed in enumerate([0, 0, 1]):
        search = plan(out=tmp_path / str(number), seed=seed)
        run(search, 2)
        found.append(sorted(rows(search)[RATE]))
    assert found[0] == found[1] != found[2]


def test_the_oracle_maximises_the_scores(fake, plan):
    search = plan()
    run(search, 3)
    expected = rows(search).set_index("trial").uar
    for path in (search.folder / "oracle").glob("trial_*/trial.json"):
        trial = files.read_object(path)
        number = str(int(trial["trial_id"]) + 1)
        assert f"{trial['score']:.6f}" == expected.pop(number)
        assert trial["metrics"]["metrics"]["uar"]["direction"] == "max"
    assert list(expected.index) == ["0"]


def test_a_trial_that_diverges_is_recorded_and_not_repeated(fake, plan):
    search = plan()
    fake.diverge_above = 0.002  # trial 0 has 0.001
    run(search, 5)
    found = rows(search)
    lost = found[found.uar == ""]
    assert 0 < len(lost) < len(found)
    assert found.index[found.uar == ""].min() > found.index[found.uar != ""].max()
    assert (lost[RATE].astype(float) > 0.002).all()
    assert (found[found.uar != ""][RATE].astype(float) <= 0.002).all()
    fake.jobs = []
    path = run(search, 5)
    assert fake.jobs == []
    assert f"{len(lost)} diverged" in path.read_text()
    assert load_config(path).training.learning_rate <= 0.002


def test_a_search_without_any_finite_loss_has_no_config(fake, plan):
    search = plan()
    fake.diverge_above = 0.0
    with pytest.raises(RuntimeError, match="needs a trial whose loss stays finite"):
        run(search, 2)
    assert not list(search.folder.glob("*.py"))


@pytest.mark.parametrize("error", [ValueError("why"), OSError("why"), KeyError("why")])
def test_other_errors_end_the_search_as_they_are(fake, plan, monkeypatch, error):
    """KerasTuner would record them and try other values."""
    search = plan()
    run(search, 1)

    def fail(job, *arguments):
        if job.fold.name == "1":  # a single error is raised as it is
            raise error
        return fake.train(job, *arguments)

    monkeypatch.setattr(runner, "_train_and_test", fail)
    with pytest.raises(type(error), match="why"):
        run(search, 3)
    assert len(rows(search)) == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seed": 1}, r"\['seed_of_proposals'\]"),
        ({"oracle": "bayesian"}, r"\['oracle'\]"),
        ({"space": {}}, r"\['space'\]"),
        ({"divisions": 3}, r"\['data'\]"),
        ({"training": Training(batch=5)}, r"\['training'\]"),
    ],
)
def test_a_folder_of_another_search_is_rejected(fake, plan, config, change, words):
    run(plan(), 1)
    fake.jobs = []
    if "training" in change:
        change = {"config": dataclasses.replace(config, **change)}
    with pytest.raises(ValueError, match=rf"differs in {words}.*another `out`"):
        run(plan(**change), 1)
    assert fake.jobs == []


def test_settings_that_change_no_trial_may_differ(fake, plan, config):
    run(plan(), 1)
    fake.jobs = []
    more = dataclasses.replace(config, repeats=3, conditions=("clean", "fgsm:0.08"))
    run(plan(more), 1)
    assert fake.jobs == []


def test_two_processes_do_not_search_in_one_folder(fake, plan):
    search = plan()
    lock = search.folder.with_name("3.lock")
    with locks.held(lock, search.folder), pytest.raises(ValueError, match="in use"):
        run(search, 1)


def test_searches_of_several_folds_have_different_folders(fake, plan):
    run(plan(), 1)
    run(plan(fold="4"), 1)
    run(plan(speakers=[f"toy/{n}" for n in range(6)]), 1)
    folder = plan().folder.parent
    assert {path.name for path in folder.iterdir()} == {"3", "4", "speakers"}


def check(config, table, chosen) -> None:
    folds = PROTOCOLS[config.protocol](table, **config.protocol_arguments)
    check_tuned(config, folds, chosen, [table, None])


def test_a_config_from_a_fold_is_for_that_fold_only(fake, plan, speakers_table):
    written = load_config(run(plan(), 1))
    check(written, speakers_table, ["3"])
    for fold in "0124567":
        with pytest.raises(ValueError, match=f"folds {fold}, .* other folds: 3.$"):
            check(written, speakers_table, [fold])


def test_a_config_from_speakers_is_for_other_folds(fake, plan, speakers_table):
    search = plan(speakers=[f"toy/{n}" for n in range(6)])
    path = run(search, 1)
    written = load_config(path)
    assert written.name == "toy_tuned"
    check(written, speakers_table, ["6", "7"])
    with pytest.raises(ValueError, match="folds 0, .*test toy/0.* other folds: 6, 7"):
        check(written, speakers_table, ["0", "6"])
    assert "--folds 6,7" in path.read_text()


def test_a_second_search_adds_its_speakers_to_those_of_the_first(fake, plan, config):
    first = dataclasses.replace(config, tuned_on=("toy/7",))
    search = plan(first, speakers=[f"toy/{n}" for n in range(6)])
    written = load_config(run(search, 1))
    assert written.tuned_on == tuple(f"toy/{n}" for n in (0, 1, 2, 3, 4, 5, 7))
    assert search.search_speakers.testable == ("6",)


def test_bad_utterances_are_listed_in_run_folders(fake, plan):
    bad = Unusable("toy/4-0", "toy/4-0.wav", "is empty")
    with pytest.warns(UserWarning, match="Skipped 1 of"):
        search = plan(bad=[bad])
    run(search, 1)
    for job in fake.jobs:
        assert "toy/4-0" not in set(pd.concat(job.fold.sides().values()).utterance)
        text = (job.folder / "skipped.csv").read_text()
        assert "toy/4-0" in text


@pytest.fixture
def emodb(write_audio, noise):
    """Seven speakers of EMO-DB with two utterances of noise each, anger and sadness."""
    for seed, name in enumerate(("03", "08", "09", "10", "11", "12", "13")):
        for letter in "WT":
            wave = noise(0.3, seed=2 * seed + (letter == "W"))
            path = write_audio(f"emodb/wav/{name}a01{letter}a.wav", wave)
    return path.parent.parent


@pytest.fixture
def search_emodb(fake, config, emodb, tmp_path):
    """A function that searches the toy experiment with `tuning.search`."""

    def search(config=config, **options):
        given = {"system": "baseline", "fold": "03", "divisions": 2, "trials": 2}
        given["space"] = [f"{RATE}=1e-4:1e-1:log", "arguments.filters=(8, 8, 8)"]
        given |= {"out": tmp_path / "runs", "cache": tmp_path / "cache", **options}
        corpora = {"emodb": emodb, **given.pop("more_corpora", {})}
        return tuning.search(config, corpora=corpora, **given)

    return search


OTHERS = tuple(f"emodb/{name}" for name in ("08", "09", "10", "11", "12", "13"))


def test_search_writes_the_best_settings_as_a_config(
    search_emodb, fake, tmp_path, capsys
):
    path = search_emodb(overrides=["training.batch=3"], command="the command")
    folder = tmp_path / "runs" / "toy_tune" / "baseline" / "03"
    assert path == folder / "toy_tuned_03.py"
    written = load_config(path)
    best = pd.read_csv(folder / "trials.csv").iloc[0]
    assert written.training.learning_rate == best[RATE]
    assert written.training.batch == 3
    assert written.systems["baseline"].arguments["filters"] == (8, 8, 8)
    assert written.tuned_on == OTHERS
    assert "Command: the command" in path.read_text()
    assert len(fake.jobs) == 3 * 2  # trials and divisions
    assert {job.config.training.batch for job in fake.jobs} == {3}
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        f"trial {number} of 2" for number in range(3)
    ]
    assert lines[0].endswith("%; the unchanged settings")


def test_search_continues_with_more_trials(search_emodb, fake, capsys):
    search_emodb(progress=False)
    fake.jobs = []
    path = search_emodb(trials=3, progress=False)
    assert len(fake.jobs) == 2
    assert len(pd.read_csv(path.with_name("trials.csv"))) == 1 + 3
    assert capsys.readouterr().out == ""


def test_search_takes_the_path_of_a_config(search_emodb, config, tmp_path):
    source = config_file.write(tmp_path / "toy.py", config, "A toy.")
    text = search_emodb(source, trials=1).read_text()
    assert f"Source: {source}" in text
    other = search_emodb(trials=1, out=tmp_path / "other").read_text()
    assert "Source: " not in other


def test_search_takes_speakers_and_a_mapping_as_space(search_emodb, fake):
    space = {RATE: Choice((0.01, 0.02))}
    path = search_emodb(fold="", speakers=iter(OTHERS), space=space)
    assert path.name == "toy_tuned.py"
    assert load_config(path).tuned_on == OTHERS
    assert {job.config.training.learning_rate for job in fake.jobs[2:]} <= {0.01, 0.02}
    assert "--folds 03" in path.read_text()


def test_search_rejects_bad_audio_or_leaves_it_out(
    search_emodb, fake, emodb, monkeypatch
):
    (emodb / "wav" / "08a01Wb.wav").write_bytes(b"no audio")
    monkeypatch.setattr(experiment, "prepare", extraction.prepare)
    with pytest.raises(UnusableAudio, match="08a01Wb"):
        search_emodb()
    assert fake.jobs == []
    with pytest.warns(UserWarning, match="Skipped 1 of"):
        search_emodb(skip_bad=True)
    assert len(fake.jobs) == 3 * 2
    for job in fake.jobs:
        assert [bad.utterance for bad in job.skipped] == ["emodb/08a01Wb"]
        used = pd.concat(job.fold.sides().values()).utterance
        assert "emodb/08a01Wb" not in set(used)


@pytest.fixture
def spoken_across(spoken_table):
    """Two corpora, so that a trial is one training."""
    away = spoken_table.speaker.isin(["toy/5", "toy/6"])
    names = spoken_table.speaker.where(~away, "far/" + spoken_table.speaker.str[-1])
    corpus = spoken_table.corpus.where(~away, "far")
    return spoken_table.assign(corpus=corpus, speaker=names, gender="")


def test_real_trainings_resume_and_read_no_test_speech(
    config, space, spoken_across, tmp_path, monkeypatch
):
    config = dataclasses.replace(
        config,
        corpus=("toy", "far"),
        protocol="cross_corpus",
        protocol_arguments={"train": "toy", "test": "far", "share": 0.5},
    )
    planned = plan_jobs(config, spoken_across, None, tmp_path)
    tested = planned[0].fold.tests["test"]
    assert tested.speaker.nunique() == 1
    gone = spoken_across.utterance.isin(tested.utterance)
    table = spoken_across.assign(
        file=spoken_across.file.mask(gone, str(tmp_path / "must not be read.wav"))
    )
    asked, real = set(), FeatureStore.paths

    def paths(self, table, *arguments):
        asked.update(table.utterance)
        return real(self, table, *arguments)

    monkeypatch.setattr(FeatureStore, "paths", paths)
    space = {**space, RATE: Choice((3e-3,)), "arguments.kernels": Choice(((3, 3, 3),))}

    def search(out):
        return study.plan_search(
            config, (table, None), tmp_path / out, "baseline", "toy-far", space=space
        )

    def run_one(search):
        return tune.run_trials(search, tmp_path / "cache", 1, progress=False)

    run_one(search("whole"))
    assert len(asked) == len(table) - len(tested)
    assert asked.isdisjoint(tested.utterance)

    interrupted = []

    def interrupt(self, epoch, logs=None):
        on_epoch_end(self, epoch, logs)
        interrupted.append(epoch)
        if len(interrupted) == 3:  # trial 1, after its first epoch
            raise KeyboardInterrupt

    on_epoch_end = Checkpoint.on_epoch_end
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Checkpoint, "on_epoch_end", interrupt)
        run_one(search("parts"))
    run_one(search("parts"))
    assert results(search("parts")) == results(search("whole"))
    (environment,) = (search("parts").folder / "trials" / "1").rglob("environment.json")
    assert files.read_object(environment)["resumed"] == 1


@pytest.mark.parametrize(("oracle", "trials"), [("random", 2), ("bayesian", 6)])
def test_settings_that_were_tried_are_not_trained_again(
    fake, plan, space, oracle, trials
):
    """The random oracle proposes nothing else once it has proposed everything."""
    few = {**space, RATE: Choice((0.01, 0.02)), KERNELS: Choice(((3, 3, 3),))}
    search = plan(oracle=oracle, space=few)
    text = run(search, 6).read_text(encoding="utf-8")
    rates = [job.config.training.learning_rate for job in fake.jobs]
    assert len(rates) == 2 * len(set(rates)) <= 2 * 3  # divisions
    found = rows(search)
    assert len(found) == 1 + trials
    assert (found[found.trial != "0"].groupby(RATE).uar.nunique() == 1).all()
    again = trials - (len(set(rates)) - 1)
    words = f"; {again} had the settings of an earlier one"
    assert (words in " ".join(text.split())) == (again > 0) == (oracle == "bayesian")
    fake.jobs = []
    run(search, 6)
    assert fake.jobs == []
    pd.testing.assert_frame_equal(rows(search), found)


@pytest.mark.parametrize("name", ["trials", "divisions"])
@pytest.mark.parametrize("value", [0, -1, 2.5, True])
def test_numbers_of_trials_and_divisions_are_positive_integers(
    search_emodb, fake, name, value
):
    with pytest.raises(ValueError, match=f"`{name}` must be a positive integer"):
        search_emodb(**{name: value})
    assert fake.jobs == []


def test_a_system_that_trains_under_noise_is_searched_for(
    search_emodb, fake, config, tmp_path, write_audio, noise
):
    clip = write_audio("noise/rain/a.wav", noise(1.0, seed=99))
    systems = {"baseline": dataclasses.replace(config.systems["baseline"])}
    conditions = ("clean", "noise:all:10")
    noisy = dataclasses.replace(systems["baseline"], train_conditions=conditions)
    config = dataclasses.replace(config, systems={"baseline": noisy}, noise="noise")
    roots = {"noise": clip.parent.parent}
    path = search_emodb(config, trials=1, more_corpora=roots)
    assert all(job.noise is not None for job in fake.jobs)
    assert {job.config.noise for job in fake.jobs} == {"noise"}
    assert load_config(path).noise == "noise"
    write_audio("noise/rain/a.wav", noise(1.0, seed=5))
    with pytest.raises(ValueError, match="whose search differs in .*noise"):
        search_emodb(config, trials=1, more_corpora=roots)
