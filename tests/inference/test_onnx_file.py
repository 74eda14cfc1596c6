"""Exported ONNX files predict like the recogniser, without Keras and TensorFlow."""

import json
import subprocess
import sys

import numpy as np
import pytest

from keras_ser import audio, inference, scores
from keras_ser.audio.unusable import UnusableAudio
from keras_ser.cli import main as cli
from keras_ser.inference import exporters

for package in ("onnx", "onnxruntime", "tf2onnx"):
    pytest.importorskip(package)

TOLERANCE = 0.001  # features of float16


@pytest.fixture(scope="module")
def recogniser(new_recogniser):
    made = new_recogniser(filters=(8, 8, 8))
    network = made.model
    network.set_weights([2 * each for each in network.get_weights()])
    return inference.Recogniser(
        network, made.preprocessing, temperature=2.0, about="Noise."
    )


@pytest.fixture(scope="module")
def exported(recogniser, tmp_path_factory):
    path = tmp_path_factory.mktemp("exported") / "speech.onnx"
    return exporters.export_recogniser(recogniser, path, "onnx")


@pytest.fixture
def files(write_audio, noise):
    return [
        str(write_audio(f"{number}.wav", scale * noise(seconds, seed=number)))
        for number, (seconds, scale) in enumerate([(0.4, 1), (0.9, 0.1), (2.3, 0.5)])
    ]


@pytest.mark.parametrize("labels", [(), ("anger", "sadness")])
def test_probabilities_are_those_of_the_recogniser(recogniser, exported, files, labels):
    loaded = inference.load(exported)
    assert loaded.classes == recogniser.classes and "anger" in repr(loaded)
    expected, found = (
        each.predict(files[:2], labels=labels) for each in (recogniser, loaded)
    )
    assert list(found) == list(expected)
    assert found[["file", "prediction"]].equals(expected[["file", "prediction"]])
    np.testing.assert_allclose(shares(found), shares(expected), atol=TOLERANCE)
    np.testing.assert_allclose(found[["start", "end"]], expected[["start", "end"]])
    assert found.attrs["about"] == "Noise."


@pytest.mark.parametrize("hop", [None, 0.3])
def test_a_window_is_a_piece_of_the_waveform(recogniser, exported, files, hop):
    """Its first and last frames are therefore those of a file of that length."""
    found = inference.load(exported).predict(files, window=0.5, hop=hop)
    expected = recogniser.predict(files, window=0.5, hop=hop)
    np.testing.assert_allclose(found[["start", "end"]], expected[["start", "end"]])
    for row in found.itertuples():
        wave = audio.read(row.file)[round(16_000 * row.start) : round(16_000 * row.end)]
        alone = recogniser.predict(wave, rate=16_000)
        ours = found.loc[[row.Index]]
        np.testing.assert_allclose(shares(ours), shares(alone), atol=TOLERANCE)


def test_long_speech_is_the_mean_over_training_windows(exported, files):
    """The mean has the temperature, as that of the recogniser; not the windows."""
    loaded = inference.load(exported)
    whole = audio.read(files[2])  # 2.3 s, covered by three windows of 1 s
    whole[16_000:] *= 0.005
    starts = [0, (len(whole) - 16_000) / 2, len(whole) - 16_000]
    parts = [whole[round(start) : round(start) + 16_000] for start in starts]
    parts = np.concatenate([shares(loaded.predict(x, rate=16_000)) for x in parts])
    mean = scores.scaled(parts, 1 / 2.0).mean(axis=0, keepdims=True)
    found = shares(loaded.predict(whole, rate=16_000))
    expected = scores.scaled(mean, 2.0)
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert np.abs(found - parts.mean(axis=0)).max() > 1e-3


def shares(table):
    return table[[name for name in table if name.startswith("p_")]].to_numpy(float)


def test_no_window_ends_after_its_file(recogniser, exported, write_audio, noise):
    """Resampling rounds the number of samples up."""
    file = write_audio("odd.wav", noise(0.70003, rate=44_100), 44_100)
    found, expected = (
        each.predict(file, window=0.3)
        for each in (inference.load(exported), recogniser)
    )
    assert found[["start", "end"]].equals(expected[["start", "end"]])
    assert found.end.max() <= audio.duration(file)


def test_samples_and_bad_files_are_handled_alike(recogniser, exported, files, noise):
    loaded = inference.load(exported)
    (row,) = loaded.predict(noise(0.5), rate=16_000).to_dict("records")
    assert row["file"] == "array" and row["end"] == 0.5
    with pytest.raises(UnusableAudio, match="gone.wav"):
        loaded.predict([files[0], "gone.wav"])
    for each in (loaded, recogniser):  # silence is rejected
        table = each.predict(np.zeros(8000, "float32"), rate=16_000, skip_bad=True)
        ((name, reason),) = table.attrs["skipped"].items()
        assert name == "array" and "/array" not in reason
        with pytest.raises(UnusableAudio) as caught:
            each.predict(np.zeros(8000, "float32"), rate=16_000)
        assert "Received: array with 8000 samples" in str(caught.value)
    table = loaded.predict([files[0], "gone.wav"], skip_bad=True)
    assert len(table) == 1 and list(table.attrs["skipped"]) == ["gone.wav"]
    with pytest.raises(ValueError, match="at least one audio file"):
        loaded.predict([])


def test_normalised_by_utterance_it_takes_short_speech(new_recogniser, files, tmp_path):
    made = new_recogniser(normalise="utterance", filters=(8, 8, 8))
    path = exporters.export_recogniser(made, tmp_path / "speech.onnx", "onnx")
    loaded = inference.load(path)
    expected, found = (each.predict(files[:2]) for each in (made, loaded))
    np.testing.assert_allclose(shares(found), shares(expected), atol=TOLERANCE)
    with pytest.raises(UnusableAudio, match="up to 1 s at once"):
        loaded.predict(files[2])
    with pytest.raises(
        ValueError, match="`window` needs a file that normalises by its"
    ):
        loaded.predict(files[0], window=0.2, skip_bad=True)
    with pytest.raises(ValueError, match="computes its features itself"):
        inference.load(path, front_end="folder")


def test_the_command_imports_neither_keras_nor_tensorflow(exported, files, tmp_path):
    code = (
        "import sys\n"
        "from keras_ser.cli import main\n"
        "words = main.parser().parse_args(sys.argv[1:])\n"
        "assert main.main(words) == 0\n"
        "found = {'keras', 'tensorflow', 'librosa', 'sklearn'} & set(sys.modules)\n"
        "sys.exit(', '.join(found) or 0)\n"
    )
    words = ["predict", str(exported), *files, "--out", str(tmp_path / "p.csv")]
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "p.csv").read_text().count("\n") == 4
    assert "about the model: Noise." in done.stderr


def test_other_files_are_rejected(exported, tmp_path, capsys):
    import onnx

    with pytest.raises(FileNotFoundError, match="does not exist"):
        inference.load(tmp_path / "gone.onnx")
    bad = tmp_path / "bad.onnx"
    bad.write_bytes(exported.read_bytes()[:500])
    with pytest.raises(ValueError, match="Expected an ONNX file"):
        inference.load(bad)
    model = onnx.load(exported)
    settings = json.loads(model.metadata_props[0].value)
    cold = json.dumps(settings | {"temperature": 0})
    for text in ("", "{}", '{"classes": ["a"]}', "[]", cold):
        onnx.helper.set_model_props(model, {"keras_ser": text})
        onnx.save(model, bad)
        with pytest.raises(ValueError, match="that `keras-ser export` wrote"):
            inference.load(bad)
    with pytest.raises(ValueError, match="no embedding"):
        inference.embed(exported, "a.wav")
    words = ["predict", str(tmp_path / "gone.onnx"), "a.wav"]
    assert cli.main(cli.parser().parse_args(words)) == 2
    assert "exported model" in capsys.readouterr().err
