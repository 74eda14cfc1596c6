"""What could be trained but not loaded is found when the model is made."""

import random

import keras
import pytest
from toy_models import Attributes, Critic

from keras_ser import layers, models, tasks
from keras_ser.models import SpeechModel, check_saveable, heads

CLASSES = ("anger", "neutral", "sadness")
GENDERS = {"gender": ("female", "male")}


@pytest.mark.parametrize("name", models.MODELS)
def test_every_model_can_be_saved(name):
    check_saveable(models.MODELS[name](CLASSES, dimensions=16))


@pytest.mark.parametrize("kind", [Attributes, Critic])
def test_a_registered_model_of_a_user_can_be_saved(kind):
    check_saveable(kind(CLASSES, GENDERS, dimensions=16))


def test_the_check_draws_no_random_numbers():
    model = models.MTLAug(CLASSES, dimensions=16)
    before = random.getstate()
    check_saveable(model)
    assert random.getstate() == before
    names = [each.name for each in model.layers]
    check_saveable(model)
    assert [each.name for each in model.layers] == names


class Mean(SpeechModel):
    """A model with an argument, which subclasses forget in one way or another."""

    def __init__(self, classes, dimensions=16, units=4, **kwargs):
        features = keras.Input((None, dimensions), name="features")
        mean = layers.MaskedMean()(features)
        embedding = heads.dense(units, "embedding")(mean)
        super().__init__(
            inputs=features,
            outputs={"emotion": heads.classifier(len(classes), "emotion")(embedding)},
            tasks=(tasks.Classification("emotion", classes),),
            embedding=embedding,
            **kwargs,
        )


def register(kind, package="my_models", name=None):
    """Registers a class until the end of a test."""
    return keras.saving.register_keras_serializable(package, name)(kind)


@pytest.fixture(autouse=True)
def registry():
    before = dict(keras.saving.get_custom_objects())
    yield
    found = keras.saving.get_custom_objects()
    for name in set(found) - set(before):
        if not name.startswith("keras_ser>"):  # of a module imported meanwhile
            del found[name]
    found.update(before)


def test_an_unregistered_class_is_rejected():
    with pytest.raises(ValueError, match="`Mean` must be registered.*Received: None"):
        check_saveable(Mean(CLASSES))


def test_a_class_whose_parent_is_registered_is_rejected():
    class Other(Attributes):
        pass

    with pytest.raises(ValueError, match="`Other` must be registered"):
        check_saveable(Other(CLASSES, GENDERS))


def test_a_class_whose_name_another_one_took_is_rejected():
    kind = register(type("First", (Mean,), {"__module__": __name__}))
    model = kind(CLASSES)
    check_saveable(model)
    register(type("Second", (Mean,), {"__module__": __name__}), name="First")
    with pytest.raises(ValueError, match="`First` must be.*Second.* as 'my_models>Fir"):
        check_saveable(model)


def test_the_name_of_this_package_is_not_that_of_a_user():
    kind = register(type("Theirs", (Mean,), {}), package="keras_ser")
    with pytest.raises(ValueError, match="of its own.*'keras_ser>Theirs'"):
        check_saveable(kind(CLASSES))


def test_a_class_that_is_defined_again_can_be_saved():
    """As in a config file that is run twice."""
    first, second = (
        register(type("Again", (Mean,), {"__module__": __name__})) for _ in range(2)
    )
    assert first is not second
    check_saveable(first(CLASSES))


def test_an_argument_that_the_config_lacks_is_noticed_by_the_weights():
    kind = register(type("Forgetful", (Mean,), {}))
    check_saveable(kind(CLASSES))
    with pytest.raises(ValueError, match=r"weights: \(16, 8\) became \(16, 4\).*as `"):
        check_saveable(kind(CLASSES, units=8))


def test_a_required_argument_that_the_config_lacks_is_named():
    class Needy(Mean):
        def __init__(self, classes, vocabularies, dimensions=16, **kwargs):
            super().__init__(classes, dimensions, **kwargs)

    kind = register(Needy)
    with pytest.raises(ValueError, match="TypeError: .*'vocabularies'.* as `arg"):
        check_saveable(kind(CLASSES, GENDERS))


def test_a_config_that_changes_is_rejected():
    class Growing(Mean):
        def get_config(self):
            return {**super().get_config(), "units": self.units}

        def __init__(self, classes, dimensions=16, units=4, **kwargs):
            super().__init__(classes, dimensions, **kwargs)
            self.units = units + 1

    kind = register(Growing)
    with pytest.raises(ValueError, match=r"other config: \('units', 5\) became .*6"):
        check_saveable(kind(CLASSES))


def test_a_config_that_is_no_json_is_rejected():
    class Opaque(Mean):
        def get_config(self):
            return {**super().get_config(), "units": keras.ops.ones(1)}

    kind = register(Opaque)
    with pytest.raises(ValueError, match="TypeError.*not JSON serializable"):
        check_saveable(kind(CLASSES))
