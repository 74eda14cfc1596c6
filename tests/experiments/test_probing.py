"""Probes of a run: what is checked before, what is written, and that it repeats."""

import dataclasses

import keras
import numpy as np
import pandas as pd
import pytest

import keras_ser as ser
from keras_ser import reports
from keras_ser.callbacks.checkpoint import Checkpoint
from keras_ser.experiments import checks, experiment, network, plan, probing
from keras_ser.experiments.config import Experiment, Features, System, Training
from keras_ser.experiments.job import feature_store
from keras_ser.experiments.probe_checks import check_embedding
from keras_ser.models import SpeechModel, heads
from keras_ser.utils import files

PROBES = ("speaker", "gender", "corpus")
FILES = ("probes.csv", "embeddings.csv")


@keras.saving.register_keras_serializable("toy")
class Normed(SpeechModel):
    """A linear embedding with batch normalisation, dropout and a running mean."""

    def __init__(self, classes, dimensions=16, **kwargs):
        features = keras.Input((None, dimensions), name="features")
        embed = heads.dense(8, name="embedding")
        norm = keras.layers.BatchNormalization(momentum=0.5, name="norm")
        embedding = norm(embed(ser.layers.MaskedMean()(features)))
        drop = keras.layers.Dropout(0.2)
        classify = heads.classifier(len(classes), name="emotion")
        super().__init__(
            inputs=features,
            outputs={"emotion": classify(drop(embedding))},
            tasks=(ser.tasks.Classification("emotion", classes),),
            embedding=embedding,
            **kwargs,
        )


CONFIG = Experiment(
    name="probed",
    corpus="toy",
    systems={
        "normed": System(Normed, augment=()),
        "length": System("LengthProbe", augment=()),
    },
    protocol="k_fold",
    protocol_arguments={"folds": 3},
    features=Features(settings={"n_mels": 16}, seconds=1.0),
    training=Training(batch=4, epochs=2, learning_rate=1e-2),
    probes=PROBES,
    heard_fraction=0.34,
)


def plan_first(table, out, config=CONFIG):
    return plan.plan_jobs(config, table, None, out / "runs", folds=["1"])


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def finished(spoken_table, cache, tmp_path_factory):
    """The folder of the network's run; that of the other system is next to it."""
    planned = plan_first(spoken_table, tmp_path_factory.mktemp("finished"))
    return experiment.run_jobs(planned, cache, progress=False)[0]


def test_a_run_has_a_row_per_column_and_network(finished):
    found = pd.read_csv(finished / "probes.csv", keep_default_na=False)
    pairs = [(name, kind) for name in PROBES for kind in ("trained", "untrained")]
    assert list(zip(found.column, found.network, strict=True)) == pairs
    by_column = found[found.network == "trained"].set_index("column")
    speaker = by_column.loc["speaker"]
    assert speaker.test == "heard" and speaker.test_utterances == 2 * speaker.classes
    assert float(speaker.chance) == pytest.approx(1 / speaker.classes)
    assert by_column.loc["gender", "test"] == "test"
    assert by_column.loc["gender", "classes"] == 2
    assert by_column.loc["corpus", "uar"] == ""
    assert "fewer than two classes (1)" in by_column.loc["corpus", "reason"]


def test_every_test_utterance_has_a_place(finished):
    found = pd.read_csv(finished / "embeddings.csv", keep_default_na=False)
    tested = pd.read_csv(finished / "predictions.csv")
    assert set(found.utterance) == set(tested.utterance[tested.test == "test"])
    assert list(found) == [*probing.ABOUT, "x", "y"]
    assert np.isfinite(found[["x", "y"]].to_numpy(float)).all()
    assert found[["x", "y"]].std().min() > 0


def test_classical_systems_have_no_probes(finished):
    names = {path.name for path in (finished.parents[1] / "length" / "1-0").iterdir()}
    assert "predictions.csv" in names and names.isdisjoint(FILES)


def test_the_report_of_the_run_has_the_section(finished, tmp_path):
    root = finished.parents[1]
    reports.write(root, tmp_path / "a")
    text = (tmp_path / "a/report.md").read_text(encoding="utf-8")
    assert "## What the embeddings still say of an attribute" in text
    for column in PROBES:
        assert (tmp_path / f"a/embeddings_{column}.png").is_file()
        assert f"| normed | {column} |" in text
    (archive,) = reports.pack(root, tmp_path / "packed")
    reports.write(archive, tmp_path / "b")
    for path in (tmp_path / "a").iterdir():
        assert (tmp_path / "b" / path.name).read_bytes() == path.read_bytes()


def test_a_resumed_run_has_the_same_bytes(
    finished, spoken_table, cache, tmp_path, monkeypatch
):
    planned, real = plan_first(spoken_table, tmp_path)[:1], Checkpoint.on_epoch_end

    def interrupt(self, epoch, logs=None):
        real(self, epoch, logs)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Checkpoint, "on_epoch_end", interrupt)
        experiment.run_jobs(planned, cache, progress=False)
    (again,) = experiment.run_jobs(planned, cache, progress=False)
    assert files.read_object(again / "environment.json")["resumed"] == 1
    for name in FILES:
        assert (again / name).read_bytes() == (finished / name).read_bytes()


@pytest.fixture
def job(spoken_table, tmp_path):
    config = dataclasses.replace(CONFIG, systems={"normed": CONFIG.systems["normed"]})
    return plan_first(spoken_table, tmp_path, config)[0]


def test_the_untrained_network_is_that_of_the_start(job, tmp_path, monkeypatch):
    """Whatever the training did to its weights and to the random state."""
    seen = []
    monkeypatch.setattr(probing, "probe", lambda each, _: seen.append(each) or {})
    store = feature_store(job.config, tmp_path / "cache")
    keras.utils.set_random_seed(job.seed)
    data, model = network.prepare_data_and_model(job, store)
    start = [np.array(each) for each in model.weights]
    for each in model.weights:
        each.assign(each + 1)
    np.random.default_rng(0).normal()
    keras.random.normal((3,))
    recogniser = ser.Recogniser(model, data.preprocessing)
    probing.write(job, store, tmp_path, recogniser, network.make_model)
    trained, untrained = seen[:2]
    assert trained.recogniser is recogniser
    rebuilt = untrained.recogniser.model.weights
    assert len(rebuilt) == len(start) > 4
    for one, other in zip(rebuilt, start, strict=True):
        np.testing.assert_array_equal(np.array(one), other)


def test_without_probes_nothing_is_written_or_built(job, tmp_path):
    config = dataclasses.replace(job.config, probes=())
    probing.write(dataclasses.replace(job, config=config), None, tmp_path, None, None)
    assert not list(tmp_path.iterdir())


def test_only_probes_that_are_named_are_recorded(job):
    assert job.describe()["probes"] == PROBES
    config = dataclasses.replace(job.config, probes=())
    assert "probes" not in dataclasses.replace(job, config=config).describe()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"probes": ("accent",)},
            r"`probes` must name columns.*Received: \['accent'\]",
        ),
        ({"probes": ("valence",)}, r"that have classes.*Received: \['valence'\]"),
        ({"probes": ("utterance",)}, r"Received: \['utterance'\]"),
        ({"heard_fraction": 0.0}, "heard_fraction=0.0. Set `heard_fraction`"),
    ],
)
def test_probes_that_cannot_be_read_are_rejected_before_training(change, words):
    with pytest.raises(ValueError, match=words):
        checks.check(dataclasses.replace(CONFIG, **change))


def test_other_columns_need_no_held_out_utterances_and_may_be_the_user_s_own():
    config = dataclasses.replace(CONFIG, probes=("gender", "accent"), heard_fraction=0)
    checks.check(config, [*ser.corpora.COLUMNS, "accent"])


def test_a_network_without_an_embedding_is_rejected():
    class Bare:
        embedding_model = None

    with pytest.raises(ValueError, match="Received: Bare, whose `embedding` is None"):
        check_embedding(CONFIG, Bare())
    check_embedding(dataclasses.replace(CONFIG, probes=()), Bare())
