"""The model of a job fits the fold and the settings, or the error says where not."""

import dataclasses

import numpy as np
import pytest
from toy_models import Attributes

from keras_ser.experiments import network, plan
from keras_ser.experiments.config import System, Training
from keras_ser.experiments.job import feature_store

TRAINING = Training(batch=4)
WHERE = ["This concerns system `a` in fold `1`."]


@pytest.fixture
def prepare(toy, tables, tmp_path):
    """A function that plans a job and prepares its pipeline and its model."""

    def run(valence, training=TRAINING, **settings):
        system = System(Attributes, augment=(), **settings)
        changes = {"systems": {"a": system}, "training": training}
        config = dataclasses.replace(toy, unlabelled_corpus="", **changes)
        genders = ["female", "male"] * (len(tables[0]) // 2)
        table = tables[0].assign(valence=valence, gender=genders)
        job, *_ = plan.plan_jobs(config, table, None, tmp_path / "runs", folds=["1"])
        store = feature_store(config, tmp_path / "cache")
        return network.prepare_data_and_model(job, store)

    return run


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"valence": np.nan}, "`valence` needs two or more different numbers"),
        (
            {"objective": {"language": 1}},
            r"`objective` must name heads.*\['language'\]",
        ),
        ({"training": Training(monitor="ccc")}, "`training.monitor` must be one of"),
    ],
)
def test_what_does_not_fit_is_rejected_before_features_are_read(
    prepare, tables, tmp_path, settings, words
):
    rated = np.arange(len(tables[0])) / 10
    with pytest.raises(ValueError, match=words) as caught:
        prepare(**{"valence": rated, **settings})
    assert caught.value.__notes__ == WHERE
    assert not (tmp_path / "cache").exists()
    assert not (tmp_path / "runs").exists()


def test_a_model_that_fits_has_its_vocabularies(prepare, tables):
    data, model = prepare(np.arange(len(tables[0])) / 10)
    assert model.vocabularies == {"gender": ("female", "male")}
    assert data.tasks == model.tasks


@pytest.mark.parametrize("fraction", [1.0, 0.5])
def test_segments_of_all_labels_are_an_epoch(prepare, tables, fraction):
    """Systems with few labels do as many updates as those with all of them."""
    rated = np.arange(len(tables[0])) / 10
    training = dataclasses.replace(TRAINING, segments="all", segment_weight="segment")
    whole, _ = prepare(rated, training)
    total = whole.window_counts.sum()
    assert total > len(whole.fold.train)  # some utterances are longer than a window
    data, _ = prepare(rated, training, label_fraction=fraction)
    assert data.steps == whole.steps == 2 * total // 4
    assert (data.segments, data.segment_weight) == ("all", "segment")
    assert (data.stream.given_steps is None) == (fraction == 1)
    by_utterance, _ = prepare(rated, label_fraction=fraction)
    assert by_utterance.steps == 2 * len(whole.fold.train) // 4
