"""Models by name or as a class, here and in other processes."""

import joblib
import pytest

from keras_ser import classical, experiments, models
from keras_ser.experiments import load_config, lookup
from keras_ser.models.base import SpeechModel

CONFIG = """
import keras

from keras_ser import Experiment, System, tasks
from keras_ser.models import heads
from keras_ser.models.base import SpeechModel

UNITS = 3


@keras.saving.register_keras_serializable("mine")
class Tiny(SpeechModel):
    def __init__(self, classes, dimensions=8, units=UNITS, **kwargs):
        features = keras.Input((None, dimensions), name="features")
        mean = keras.layers.GlobalAveragePooling1D()(features)
        embedding = heads.dense(units, "embedding")(mean)
        super().__init__(
            inputs=features,
            outputs={"emotion": heads.classifier(len(classes), "emotion")(embedding)},
            tasks=(tasks.Classification("emotion", classes),),
            embedding=embedding,
            **kwargs,
        )


config = Experiment("toy", "synthetic", {"tiny": System(Tiny, augment=())})
"""


class Own(SpeechModel):
    """A network that is in no registry."""


class Vote:
    """A classical system that is in no registry."""

    front_end = vectors = estimator = posteriors = None


@pytest.mark.parametrize("name", [*models.MODELS, *classical.CLASSICAL])
def test_a_name_and_its_class_are_one(name):
    kind = lookup.model_class(name)
    assert kind is {**models.MODELS, **classical.CLASSICAL}[name]
    assert lookup.model_class(kind) is kind
    assert lookup.model_name(kind) == lookup.model_name(name) == name
    assert lookup.is_classical(kind) == lookup.is_classical(name)
    assert lookup.is_classical(name) == (name in classical.CLASSICAL)


@pytest.mark.parametrize(("kind", "is_classical"), [(Own, False), (Vote, True)])
def test_a_class_need_not_be_registered(kind, is_classical):
    assert lookup.model_class(kind) is kind
    assert lookup.model_name(kind) == f"{__name__}.{kind.__name__}"
    assert lookup.is_classical(kind) == is_classical


@pytest.mark.parametrize("kind", [int, dict, type("Loose", (), {"vectors": None})])
def test_another_class_is_rejected(kind):
    with pytest.raises(ValueError) as caught:
        lookup.model_class(kind, "systems.a.model")
    message = str(caught.value)
    assert "`systems.a.model` must be a name, a class that derives from" in message
    assert f"Received: {lookup.model_name(kind)}. Derive this class" in message


def test_an_unknown_name_is_rejected():
    with pytest.raises(ValueError, match=r"`m` must be one of \['Attr.*Received: 'X'"):
        lookup.model_class("X", "m")


def describe(config) -> tuple:
    kind = config.systems["tiny"].model
    model = kind(("a", "b"))
    count = model.count_params()
    return lookup.model_name(kind), lookup.is_classical(kind), count


def test_a_class_of_a_config_file_reaches_other_processes(tmp_path):
    """Its name is the same there, or a run would not be recognised."""
    path = tmp_path / "config.py"
    path.write_text(CONFIG)
    config = load_config(path)
    experiments.checks.check(config)
    expected = ("__main__.Tiny", False, 8 * 3 + 3 + 3 * 2 + 2)
    assert describe(config) == expected
    pool = joblib.Parallel(n_jobs=2)
    assert pool(joblib.delayed(describe)(config) for _ in range(2)) == [expected] * 2
