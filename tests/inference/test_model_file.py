"""Model files: what is saved can be loaded, and nothing else can."""

import dataclasses
import json
import zipfile

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy
from toy_models import Attributes, Gender, Valence

import keras_ser
from keras_ser import inference, models, scores
from keras_ser.features import Preprocessing, Spectrogram
from keras_ser.inference import model_file


@pytest.fixture(scope="module")
def recogniser(new_recogniser):
    return new_recogniser()


def test_a_saved_recogniser_answers_alike(recogniser, write_audio, noise, tmp_path):
    file = write_audio("one.wav", noise(1.4))
    path = recogniser.save(tmp_path / "run" / "model.keras")
    expected = recogniser.predict([file])
    for source in (path, path.parent):
        assert inference.load(source).predict([file]).equals(expected)
    assert isinstance(keras.models.load_model(path), models.MTLAug)


def test_a_temperature_is_saved_and_scales_what_is_predicted(
    recogniser, write_audio, noise, tmp_path
):
    files = [write_audio(f"{seed}.wav", noise(0.5, seed=seed)) for seed in range(3)]
    warm = inference.Recogniser(
        recogniser.model, recogniser.preprocessing, temperature=3.0
    )
    path = warm.save(tmp_path / "model.keras")
    loaded = inference.load(path)
    assert loaded.temperature == 3.0
    columns = [f"p_{name}" for name in recogniser.classes]
    before, found = (each.predict(files) for each in (recogniser, loaded))
    np.testing.assert_allclose(found[columns], scores.scaled(before[columns], 3.0))
    assert found.prediction.equals(before.prediction)
    speech = [recogniser.preprocessing.normalised(recogniser.features(files[0]))]
    same = recogniser.posteriors(speech)
    np.testing.assert_array_equal(loaded.posteriors(speech), same)
    assert recogniser.temperature == 1


DAMAGED = [("temperature", each) for each in (0, -1, "2", None, True, float("nan"))]
DAMAGED += [("familiar", each) for each in ({}, [], 3, {"mean": 1, "std": 1})]


@pytest.mark.parametrize(("key", "value"), DAMAGED)
def test_damaged_settings_are_rejected(recogniser, tmp_path, key, value):
    path = recogniser.save(tmp_path / "model.keras")
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    settings = json.loads(members["preprocessing.json"]) | {key: value}
    members["preprocessing.json"] = json.dumps(settings).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(ValueError, match="`Recogniser.save` wrote"):
        inference.load(path)


def test_settings_of_the_widest_front_end_fit_into_a_file(rng):
    """`Onnx` has up to 2^16 dimensions, each with a mean and a deviation."""
    numbers = -1e-9 * rng.random(size=(2, 2**16))
    written = json.dumps(numbers.tolist()).encode()
    assert len(written) < model_file.MAX_MEMBER_BYTES[model_file.PREPROCESSING]


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ('{"systems": {"a": {"model": "LengthProbe"}}}', "`LengthProbe`: classical"),
        ('{"systems": {"a": {"model": "MTLAug"}}}', "model.keras, which does not"),
        ('{"systems": 5}', "model.keras, which does not exist"),
    ],
)
def test_a_run_without_a_model_is_named(tmp_path, record, words):
    (tmp_path / "config.json").write_text(record)
    with pytest.raises(FileNotFoundError, match=words):
        inference.Recogniser.load(tmp_path)


def test_the_front_end_of_a_file_is_found_by_name(
    recogniser, write_audio, noise, tmp_path
):
    """In safe mode, as all files are loaded."""
    front_end, file = Spectrogram(n_bins=16), write_audio("one.wav", noise(1.4))
    preprocessing = dataclasses.replace(recogniser.preprocessing, front_end=front_end)
    other = inference.Recogniser(recogniser.model, preprocessing)
    path = other.save(tmp_path / "model.keras")
    loaded = inference.load(path)
    assert loaded.preprocessing.front_end == front_end
    found = loaded.predict([file])
    assert found.equals(other.predict([file]))
    assert not found.equals(recogniser.predict([file]))
    windows = loaded.predict([file], window=0.5)
    assert len(windows) == 3
    with pytest.raises(ValueError, match="`front_end` among.*LogMel.*Spectrogram"):
        Preprocessing.from_json({**preprocessing.to_json(), "front_end": "os.system"})


def test_load_restores_weights_and_preprocessing(recogniser, tmp_path):
    path = recogniser.save(tmp_path / "model.keras")
    loaded = inference.load(str(path))
    assert loaded.classes == recogniser.classes
    assert loaded.preprocessing.to_json() == recogniser.preprocessing.to_json()
    pairs = zip(recogniser.model.weights, loaded.model.weights, strict=True)
    for one, other in pairs:
        np.testing.assert_array_equal(convert_to_numpy(one), convert_to_numpy(other))
    assert keras_ser.load is inference.load


@pytest.fixture
def own_model(recogniser, tmp_path):
    """A file with a model that is not in the registry."""
    genders = {"gender": ("female", "male")}
    model = Attributes(recogniser.classes, genders, dimensions=16)
    made = inference.Recogniser(model, recogniser.preprocessing)
    return made, made.save(tmp_path / "own.keras")


def test_a_registered_model_of_the_user_is_loaded(own_model, write_audio, noise):
    recogniser, path = own_model
    file = write_audio("one.wav", noise(1.4))
    loaded = inference.load(path)
    assert type(loaded.model) is Attributes
    assert loaded.model.tasks == recogniser.model.tasks
    assert loaded.predict([file]).equals(recogniser.predict([file]))


def test_an_unregistered_model_is_not_loaded(own_model, monkeypatch):
    name = keras.saving.get_registered_name(Attributes)
    registered = keras.saving.get_custom_objects()
    monkeypatch.delitem(registered, name)
    words = "'toy>Attributes'.*import the module that defines it first.$"
    with pytest.raises(ValueError, match=words):
        inference.load(own_model[1])
    # Neither is a registered class that is no model of this package.
    monkeypatch.setitem(registered, name, keras.layers.Dense)
    with pytest.raises(ValueError, match=words):
        inference.load(own_model[1])


def test_a_model_with_sizes_of_its_own_is_loaded(new_recogniser, tmp_path):
    made = new_recogniser(filters=(8, 8, 8), kernels=(3, 3, 3), normalisation="group")
    path = made.save(tmp_path / "model.keras")
    assert inference.load(path).model.get_config() == made.model.get_config()


LOADERS = (inference.load, inference.Recogniser.load)


@pytest.mark.parametrize("load", LOADERS)
def test_a_path_without_a_model_is_named(load, tmp_path):
    for path in (tmp_path / "absent.keras", tmp_path):  # no file, an empty folder
        with pytest.raises(FileNotFoundError, match="run folder or a model.*keras"):
            load(path)


@pytest.mark.parametrize("load", LOADERS)
def test_a_file_that_is_no_model_file_is_named(load, tmp_path):
    other = tmp_path / "other.keras"
    other.write_text("no archive")
    with pytest.raises(ValueError, match="`Recogniser.save` wrote.*other.keras"):
        load(other)
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("config.json", "{}")
    with pytest.raises(ValueError, match="`Recogniser.save` wrote.*other.keras"):
        load(other)


def test_a_model_without_preprocessing_is_rejected(recogniser, tmp_path):
    recogniser.model.save(tmp_path / "bare.keras")
    with pytest.raises(ValueError, match="members .*instead of.*preprocessing.json"):
        inference.load(tmp_path / "bare.keras")


@pytest.mark.parametrize("positional", [True, False])
@pytest.mark.parametrize(
    ("kind", "more"),
    [(Valence, {}), (Gender, {"vocabularies": {"gender": ("female", "male")}})],
)
def test_a_model_whose_main_task_is_not_the_emotion_is_loaded(
    recogniser, kind, more, positional, write_audio, noise, tmp_path
):
    preprocessing = recogniser.preprocessing
    dimensions = preprocessing.front_end.dimensions
    classes = preprocessing.classes
    given = ((classes,), {}) if positional else ((), {"classes": classes})
    model = kind(*given[0], **given[1], **more, dimensions=dimensions)
    models.check_saveable(model)
    made = inference.Recogniser(model, preprocessing)
    made.save(tmp_path / "model.keras")
    file = write_audio("one.wav", noise(0.5))
    loaded = inference.load(tmp_path / "model.keras")
    assert loaded.predict([file]).equals(made.predict([file]))
    assert loaded.model.get_config() == model.get_config()
    assert model.get_config()["classes"] == list(classes)
