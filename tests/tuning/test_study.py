"""Searches: their trials, that they go on, and that nobody tested is heard."""

import ast
import dataclasses
import math
import random

import numpy as np
import pandas as pd
import pytest

from keras_ser.callbacks.checkpoint import Checkpoint
from keras_ser.experiments import config as configs
from keras_ser.experiments import experiment, run_folder, runner
from keras_ser.experiments.config import Experiment, Features, System, Training
from keras_ser.experiments.plan import plan_jobs
from keras_ser.features import FeatureStore
from keras_ser.models import BASELINE
from keras_ser.protocols import leaks
from keras_ser.tuning import Choice, Range, oracles, study, tune
from keras_ser.utils import files, locks

# KerasTuner asks for a thread's name in the old way.
pytestmark = pytest.mark.filterwarnings("ignore:.*:DeprecationWarning:keras_tuner")

GENDERS = {f"{number}": ("female", "male")[number % 2] for number in range(8)}
RATE = "training.learning_rate"
CONFIG = Experiment(
    name="toy",
    corpus="emodb",
    systems={
        "baseline": System(arguments=BASELINE, augment=()),
        "svm": System("OpenSmileSVM", augment=()),
    },
    features=Features(settings={"bands": 16}, seconds=1.0),
    training=Training(batch=4, epochs=2),
)
SPACE = {
    RATE: Range(1e-4, 1e-1, log=True),
    "arguments.kernels": Choice(((7, 5, 3), (3, 3, 3))),
    "arguments.filters": Choice(((8, 8, 8),)),
}


class Fake:
    """Stands for trainings: the further the rate from 0.01, the more is wrong."""

    def __init__(self):
        self.jobs, self.prepared, self.interrupt_at, self.diverge_above = [], [], 0, 1.0

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
        return frame.assign(
            head="emotion", truth=right, prediction=np.where(wrong, others, right)
        )

    def prepare(self, planned, *arguments, **options):
        self.prepared += planned
        return 0


@pytest.fixture
def fake(monkeypatch):
    fake = Fake()
    monkeypatch.setattr(runner, "_train_and_test", fake.train)
    monkeypatch.setattr(experiment, "prepare", fake.prepare)
    monkeypatch.setattr(run_folder, "_commit", lambda: "")  # asks git, every time
    return fake


@pytest.fixture(scope="module")
def table(toy_table):
    return toy_table(GENDERS, ("anger", "sadness") * 6)


@pytest.fixture
def plan(table, tmp_path):
    def plan(config=CONFIG, out=tmp_path, fold="3", divisions=2, **more):
        more = {"space": SPACE, "system": "baseline", **more}
        fold = "" if "speakers" in more else fold
        return study.plan(
            config, (table, None), out, fold=fold, divisions=divisions, **more
        )

    return plan


def run(search, count=4):
    return tune.run(search, "cache", count, progress=False, command="the command")


def rows(search) -> pd.DataFrame:
    return pd.read_csv(search.folder / "trials.csv", dtype=str, keep_default_na=False)


def lasting(search) -> list:
    """What does not depend on when and how often a search was interrupted."""
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


def test_trials_have_a_row_each_and_the_best_is_first(fake, plan):
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


def test_a_score_is_the_pooled_uar_of_all_heard_speakers(fake, plan, table):
    search = plan()
    run(search, 1)
    heard = table[table.speaker != "toy/3"]
    frame = fake.predictions(heard, 1.0)  # of the rate as it stands, 0.001
    right = (frame.truth == frame.prediction).groupby(frame.truth).mean().mean()
    (own,) = rows(search).query("trial == '0'").uar
    assert float(own) == pytest.approx(right, abs=1e-6)


def test_the_config_holds_the_best_values_and_whom_they_heard(fake, plan):
    search = plan()
    written = configs.load_config(run(search))
    best = rows(search).iloc[0]
    assert best.trial != "0"
    assert written.name == "toy_tuned_3"
    assert written.training.learning_rate == float(best[RATE])
    kernels = best["systems.baseline.arguments.kernels"]
    arguments = written.systems["baseline"].arguments
    assert arguments["kernels"] == ast.literal_eval(kernels)
    assert arguments["filters"] == (8, 8, 8)
    assert list(written.systems) == ["baseline"]
    assert written.tuned_on == tuple(f"toy/{n}" for n in GENDERS if n != "3")
    values = {name: ast.literal_eval(best[name]) for name in search.space}
    assert written == search.tuned(values)


def test_the_config_says_what_was_searched(fake, plan):
    search = plan()
    text = " ".join(run(search).read_text(encoding="utf-8").split())
    best = rows(search).iloc[0]
    for words in (
        "Command: the command",
        "training.learning_rate: 0.0001 to 0.1, log",
        "4 trials",
        "random oracle proposed with seed 0",
        f"Best: trial {best.trial}, UAR {float(best.uar):.1%}; the settings as they",
        "toy/0, toy/1, toy/2, toy/4",
        "--folds 3",
    ):
        assert words in text


def test_settings_as_they_stood_are_kept_where_nothing_is_better(fake, plan):
    standing = dataclasses.replace(
        CONFIG, training=dataclasses.replace(CONFIG.training, learning_rate=0.01)
    )
    search = plan(
        standing, space={RATE: Range(0.09, 0.1), **dict([*SPACE.items()][1:])}
    )
    written = configs.load_config(run(search, 2))
    assert rows(search).trial[0] == "0"
    assert written.training == standing.training
    assert written.systems["baseline"] == standing.systems["baseline"]
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
    fake, plan, tmp_path, oracle, at
):
    """The Bayesian oracle's first two proposals are random, its others are not."""
    space = {**SPACE, "arguments.kernels": Choice(((3, 3, 3),))}
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
    assert lasting(parts) == lasting(whole)


def test_what_kerastuner_left_half_written_does_not_matter(fake, plan, tmp_path):
    whole, parts = plan(out=tmp_path / "whole"), plan(out=tmp_path / "parts")
    run(whole)
    fake.jobs, fake.interrupt_at = [], 6
    with pytest.raises(KeyboardInterrupt):
        run(parts)
    for path in (parts.folder / "oracle").rglob("*.json"):
        path.write_text(path.read_text()[:40])
    fake.interrupt_at = 0
    run(parts)
    assert lasting(parts) == lasting(whole)


def test_a_search_can_be_extended(fake, plan, tmp_path):
    whole, parts = plan(out=tmp_path / "whole"), plan(out=tmp_path / "parts")
    run(whole, 4)
    run(parts, 2)
    fake.jobs = []
    run(parts, 4)
    assert len(fake.jobs) == 2 * 2
    assert lasting(parts) == lasting(whole)


def test_proposals_that_were_begun_stand(fake, plan, monkeypatch):
    """Another version of an oracle may propose otherwise."""
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


def test_seeds_give_other_proposals_and_repeat(fake, plan, tmp_path):
    """KerasTuner takes the seed 0 for none, and draws one."""
    found = []
    for number, seed in enumerate([0, 0, 1]):
        search = plan(out=tmp_path / str(number), seed=seed)
        run(search, 2)
        found.append(sorted(rows(search)[RATE]))
    assert found[0] == found[1] != found[2]


def test_the_oracle_hears_the_scores_as_what_shall_grow(fake, plan):
    search = plan()
    run(search, 3)
    expected = rows(search).set_index("trial").uar
    for path in (search.folder / "oracle").glob("trial_*/trial.json"):
        told = files.read_object(path)
        number = str(int(told["trial_id"]) + 1)
        assert f"{told['score']:.6f}" == expected.pop(number)
        assert told["metrics"]["metrics"]["uar"]["direction"] == "max"
    assert list(expected.index) == ["0"]


def test_a_trial_that_diverges_is_noted_and_not_repeated(fake, plan):
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
    assert configs.load_config(path).training.learning_rate <= 0.002


def test_a_search_without_any_finite_loss_has_no_config(fake, plan):
    search = plan()
    fake.diverge_above = 0.0
    with pytest.raises(RuntimeError, match="needs a trial whose loss stays finite"):
        run(search, 2)
    assert not list(search.folder.glob("*.py"))


@pytest.mark.parametrize("error", [ValueError("why"), OSError("why"), KeyError("why")])
def test_other_errors_end_the_search_as_they_are(fake, plan, monkeypatch, error):
    """KerasTuner would note them down and try other values."""
    search = plan()
    run(search, 1)

    def fail(job, *arguments):
        if job.fold.name == "1":  # one alone is told as it is
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
        (
            {"config": dataclasses.replace(CONFIG, training=Training(batch=5))},
            r"\['training'\]",
        ),
    ],
)
def test_a_folder_of_another_search_is_refused(fake, plan, change, words):
    run(plan(), 1)
    fake.jobs = []
    with pytest.raises(ValueError, match=f"another search|{words}.*another --out"):
        run(plan(**change), 1)
    assert fake.jobs == []


def test_what_changes_no_trial_makes_no_other_search(fake, plan):
    run(plan(), 1)
    fake.jobs = []
    more = dataclasses.replace(CONFIG, repeats=3, conditions=("clean", "fgsm:0.08"))
    run(plan(more), 1)
    assert fake.jobs == []


def test_two_processes_do_not_search_in_one_folder(fake, plan):
    search = plan()
    lock = search.folder.with_name("3.lock")
    with locks.held(lock, search.folder), pytest.raises(ValueError, match="in use"):
        run(search, 1)


def test_searches_of_several_folds_lie_side_by_side(fake, plan):
    run(plan(), 1)
    run(plan(fold="4"), 1)
    run(plan(speakers=[f"toy/{n}" for n in range(6)]), 1)
    folder = plan().folder.parent
    assert {path.name for path in folder.iterdir()} == {"3", "4", "speakers"}


def who_is_tested(config, table) -> dict:
    from keras_ser.protocols import PROTOCOLS

    folds = PROTOCOLS[config.protocol](table, **config.protocol_arguments)
    return {name: fold.speakers()["test"] for name, fold in folds.items()}


def test_a_config_from_inside_a_fold_is_for_that_fold_only(fake, plan, table):
    written = configs.load_config(run(plan(), 1))
    tests = who_is_tested(written, table)
    leaks.refuse_tuned(written.tuned_on, tests, ["3"])
    for fold in tests:
        if fold != "3":
            with pytest.raises(ValueError, match=f"folds {fold}, .* --folds 3.$"):
                leaks.refuse_tuned(written.tuned_on, tests, [fold])


def test_a_config_from_speakers_is_for_the_folds_of_others(fake, plan, table):
    search = plan(speakers=[f"toy/{n}" for n in range(6)])
    path = run(search, 1)
    written = configs.load_config(path)
    assert written.name == "toy_tuned"
    tests = who_is_tested(written, table)
    leaks.refuse_tuned(written.tuned_on, tests, ["6", "7"])
    with pytest.raises(ValueError, match="folds 0, .*test toy/0.* --folds 6,7"):
        leaks.refuse_tuned(written.tuned_on, tests, ["0", "6"])
    assert "--folds 6,7" in path.read_text()


def test_a_second_search_adds_to_whom_the_first_heard(fake, plan):
    first = dataclasses.replace(CONFIG, tuned_on=("toy/7",))
    search = plan(first, speakers=[f"toy/{n}" for n in range(6)])
    written = configs.load_config(run(search, 1))
    assert written.tuned_on == tuple(f"toy/{n}" for n in (0, 1, 2, 3, 4, 5, 7))
    assert search.heard.testable == ("6",)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"fold": ""}, "inside a fold, or among speakers.*Give one"),
        ({"fold": "x"}, "Unknown fold"),
        ({"system": "nothing"}, "one of \\['baseline'\\]"),
        ({"system": "svm"}, "one of \\['baseline'\\]"),
        ({"oracle": "grid"}, "Oracle must be one of"),
        ({"seed": -1}, "`seed` must be"),
        ({"divisions": 1}, "`folds` of at least 2"),
        ({"space": {"training.seed": Choice((1, 2))}}, "changes"),
    ],
)
def test_impossible_searches_are_refused(plan, change, words):
    with pytest.raises(ValueError, match=words):
        plan(**change)


def test_fold_and_speakers_are_not_both_given(table, tmp_path):
    with pytest.raises(ValueError, match="Give one"):
        study.plan(
            CONFIG, (table, None), tmp_path, "baseline", fold="3", speakers=["toy/1"]
        )


def test_one_network_needs_no_name(plan):
    assert plan(system="").system == "baseline"


def test_a_search_goes_without_bad_utterances(fake, plan, table):
    from keras_ser.audio.unusable import Unusable

    bad = Unusable("toy/4-0", "toy/4-0.wav", "is empty")
    with pytest.warns(UserWarning, match="Skipped 1 of"):
        search = plan(bad=[bad])
    run(search, 1)
    for job in fake.jobs:
        assert "toy/4-0" not in set(pd.concat(job.fold.sides().values()).utterance)
        text = (job.folder / "skipped.csv").read_text()
        assert "toy/4-0" in text


@pytest.fixture
def spoken_across(spoken_table):
    """Two corpora, so that a trial is one training; nobody's test speech exists."""
    away = spoken_table.speaker.isin(["toy/5", "toy/6"])
    names = spoken_table.speaker.where(~away, "far/" + spoken_table.speaker.str[-1])
    corpus = spoken_table.corpus.where(~away, "far")
    return spoken_table.assign(corpus=corpus, speaker=names, gender="")


def test_real_trainings_go_on_and_read_no_test_speech(
    spoken_across, tmp_path, monkeypatch
):
    config = dataclasses.replace(
        CONFIG,
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
    space = {**SPACE, RATE: Choice((3e-3,)), "arguments.kernels": Choice(((3, 3, 3),))}

    def search(out):
        return study.plan(
            config, (table, None), tmp_path / out, "baseline", "toy-far", space=space
        )

    def go(search):
        return tune.run(search, tmp_path / "cache", 1, progress=False)

    go(search("whole"))
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
        go(search("parts"))
    go(search("parts"))
    assert lasting(search("parts")) == lasting(search("whole"))
    (environment,) = (search("parts").folder / "trials" / "1").rglob("environment.json")
    assert files.read_object(environment)["resumed"] == 1
