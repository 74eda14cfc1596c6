"""Models whose front-end needs files: where they are, and when they are others."""

import shutil

import numpy as np
import pytest
import toy_networks

from keras_ser import inference
from keras_ser.features import LogMel, Onnx, Preprocessing, Stored
from keras_ser.models import BASELINE, MTLAug

CLASSES = ("anger", "neutral")


def make_recogniser(front_end):
    model = MTLAug(
        CLASSES,
        dimensions=front_end.dimensions,
        **BASELINE,
        **({} if front_end.ordered else {"encoder_type": "frames", "filters": (8, 8)}),
        input_layers=getattr(front_end, "layers", 1),
    )
    zeros = np.zeros(front_end.dimensions)
    given = Preprocessing(front_end, CLASSES, 1.0, "train", zeros, zeros + 1)
    return inference.Recogniser(model, given)


@pytest.fixture
def network(tmp_path):
    return toy_networks.write_onnx(tmp_path / "network", layers=2)


@pytest.fixture
def speech(write_audio, noise):
    return write_audio("a.wav", noise(1.3))


def probabilities(table):
    return table.filter(like="p_").to_numpy()


def test_a_model_of_frames_predicts_after_loading(network, speech, tmp_path):
    recogniser = make_recogniser(Onnx(str(network)))
    path = recogniser.save(tmp_path / "model.keras")
    expected = probabilities(recogniser.predict(speech))
    np.testing.assert_allclose(
        probabilities(inference.predict(path, speech)), expected, atol=1e-6
    )


def test_files_may_have_moved(network, speech, tmp_path):
    recogniser = make_recogniser(Onnx(str(network)))
    path = recogniser.save(tmp_path / "model.keras")
    moved = shutil.move(network, tmp_path / "elsewhere")
    with pytest.raises(ValueError) as caught:
        inference.load(path)
    for part in ("Expected model.onnx in", "front-end `Onnx`", "--front-end"):
        assert part in str(caught.value)
    assert "damaged" not in str(caught.value)
    found = inference.predict(path, speech, front_end=moved)
    expected = probabilities(inference.Recogniser.load(path, moved).predict(speech))
    np.testing.assert_allclose(probabilities(found), expected, atol=1e-6)
    assert inference.load(path, moved).preprocessing.front_end.folder == str(moved)


def test_other_weights_are_rejected(network, tmp_path):
    path = make_recogniser(Onnx(str(network))).save(tmp_path / "model.keras")
    other = toy_networks.write_onnx(tmp_path / "other", layers=2, seed=1)
    for place in (other, None):
        if place is None:
            shutil.rmtree(network)
            shutil.move(other, network)
        with pytest.raises(
            ValueError, match="needs the weights with the SHA-256.*Give"
        ):
            inference.load(path, place)


def test_a_front_end_without_files_has_no_place(tmp_path):
    path = make_recogniser(LogMel(n_mels=16)).save(tmp_path / "model.keras")
    with pytest.raises(
        ValueError, match="`LogMel` of this model needs no files.*Leave"
    ):
        inference.load(path, tmp_path)


def test_preprocessing_says_what_is_absent(network, tmp_path):
    own = make_recogniser(Onnx(str(network))).preprocessing
    path = own.save(tmp_path / "p.json")
    shutil.rmtree(network)
    with pytest.raises(ValueError, match="Expected model.onnx in.*front-end `Onnx`"):
        Preprocessing.load(path)


def test_stored_features_of_a_file_are_enough_for_a_prediction(
    speech, write_audio, noise, tmp_path
):
    (tmp_path / "frames").mkdir()
    rng = np.random.default_rng(0)
    np.save(tmp_path / "frames" / "a.npy", rng.normal(size=(65, 6)))
    recogniser = make_recogniser(Stored(str(tmp_path / "frames")))
    path = recogniser.save(tmp_path / "model.keras")
    found = inference.predict(path, speech, window=0.5)
    assert len(found) == 3 and found.end.max() == pytest.approx(1.3, abs=0.01)
    other = write_audio("b.wav", noise(1.0))
    with pytest.raises(ValueError, match="Expected features of '.*b'"):
        inference.predict(path, other)


def test_a_pre_trained_network_is_not_exported(network, tmp_path):
    recogniser = make_recogniser(Onnx(str(network)))
    with pytest.raises(ValueError, match="front-end that is also a layer.*`Onnx`"):
        inference.export(recogniser.save(tmp_path / "model.keras"), ["keras"])
