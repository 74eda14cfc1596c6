"""Each format is loaded by its own runtime and gives the model's probabilities."""

import ast
import dataclasses
import importlib.util
import inspect
import re

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy

from keras_ser import audio, inference, layers, models
from keras_ser.features import LogMel, Spectrogram
from keras_ser.features.preprocessing import Preprocessing
from keras_ser.inference import exporters, formats

CLASSES = ("anger", "very sad/bored", "Ärger")
BANDS = 16
SECONDS = 1.0
FORMATS = tuple(formats.FORMATS)
HERE = FORMATS if keras.backend.backend() == "tensorflow" else ("keras",)
FRONT_ENDS = {"LogMel": LogMel(n_mels=BANDS), "Spectrogram": Spectrogram(n_bins=BANDS)}
DIFFERENCE = 1e-3  # of a probability from the recogniser's, which rounds to float16


def make_recogniser(
    row=4,
    classes=CLASSES,
    normalise="train",
    seconds=SECONDS,
    front_end=FRONT_ENDS["LogMel"],
    **arguments,
):
    keras.utils.set_random_seed(1)
    preprocessing = Preprocessing(
        front_end,
        classes,
        seconds,
        normalise,
        np.linspace(-9.0, -6.0, BANDS),
        np.linspace(2.0, 4.0, BANDS),
    )
    if isinstance(front_end, Spectrogram):  # another family, with other layers
        model = models.DenseNetHighway(classes, dimensions=BANDS, **arguments)
        wide = ("emotion", "projection")
    else:
        arguments |= models.TABLE_7[row]
        model = models.MTLAug(classes, dimensions=BANDS, **arguments)
        wide = ("emotion", "embedding")
    return inference.Recogniser(spread(model, wide), preprocessing)


def spread(model, wide):
    """Makes weights so large that the probabilities depend on the input."""
    for layer in wide:
        kernel = model.get_layer(layer).kernel
        kernel.assign(2 * kernel)
    return model


@pytest.fixture(scope="module", params=FRONT_ENDS)
def recogniser(request):
    """A recogniser with each front-end that is also a layer, and two families."""
    return make_recogniser(front_end=FRONT_ENDS[request.param])


@pytest.fixture(scope="module")
def one_recogniser():
    """A recogniser for what does not depend on front-end and family."""
    return make_recogniser()


@pytest.fixture(scope="module")
def written(recogniser, tmp_path_factory):
    """A function from a format to its path. Each file is written on first use."""
    folder, paths = tmp_path_factory.mktemp("exported"), {}

    def path(name):
        if name not in paths:
            missing = formats.FORMATS[name].missing()
            if missing:
                pytest.skip(f"not installed: {', '.join(missing)}")
            target = folder / formats.FORMATS[name].name
            paths[name] = exporters.export_recogniser(recogniser, target, name)
        return paths[name]

    return path


def as_numbers(outputs):
    assert isinstance(outputs, dict)
    return {name: convert_to_numpy(value) for name, value in outputs.items()}


def run_keras(path, waves):
    return keras.models.load_model(path, safe_mode=True)(waves)


def run_saved_model(path, waves):
    import tensorflow as tf

    model = tf.saved_model.load(str(path))
    return model.serve(waves)


def run_onnx(path, waves):
    import onnxruntime

    session = onnxruntime.InferenceSession(path)
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {"waveform": waves}), strict=True))


def run_litert(path, waves):
    from ai_edge_litert.interpreter import Interpreter

    runner = Interpreter(str(path)).get_signature_runner()
    rows = [runner(waveform=wave[None]) for wave in waves]
    return {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}


RUNTIMES = {
    "keras": run_keras,
    "saved_model": run_saved_model,
    "onnx": run_onnx,
    "litert": run_litert,
}


def predicted(recogniser, paths):
    """Probabilities of `Recogniser.predict`, by class."""
    table = recogniser.predict(paths)
    return {name: table[f"p_{name}"].to_numpy() for name in recogniser.classes}


def largest_difference(one, other):
    assert set(one) == set(other)
    assert {one[name].shape for name in one} == {other[name].shape for name in other}
    return max(np.abs(one[name] - other[name]).max() for name in one)


def test_it_answers_as_the_recogniser(recogniser, write_audio, noise, tone):
    model = exporters.speech_model(recogniser)
    assert model.input.name == "waveform"
    seen = []
    for seconds in (0.31, 0.995):
        waves = [noise(seconds), 0.05 * noise(seconds, seed=1), tone(300, seconds)]
        files = [
            write_audio(f"{number}.wav", wave, subtype="FLOAT")
            for number, wave in enumerate(waves)
        ]
        found = as_numbers(model(np.stack(waves)))
        expected = predicted(recogniser, files)
        assert largest_difference(found, expected) < DIFFERENCE
        np.testing.assert_allclose(sum(found.values()), 1, rtol=1e-5)
        seen.append(found["anger"])
    assert np.ptp(seen) > 0.05  # otherwise the comparison means nothing


BY_UTTERANCE = ("utterance", "utterance_std")
by_utterance = pytest.mark.parametrize("normalise", BY_UTTERANCE)


@by_utterance
def test_it_normalises_an_utterance_as_the_recogniser(normalise, write_audio, noise):
    """Without the digital silence at both ends, which would move the mean."""
    recogniser = make_recogniser(normalise=normalise)
    model = exporters.speech_model(recogniser)
    speech = noise(0.5)
    wave = np.pad(speech, 3000)
    found = as_numbers(model(wave[None]))
    expected = predicted(recogniser, [write_audio("a.wav", wave, subtype="FLOAT")])
    assert largest_difference(found, expected) < DIFFERENCE
    louder = as_numbers(model(4 * wave[None]))
    assert largest_difference(found, louder) < DIFFERENCE
    other = as_numbers(exporters.speech_model(make_recogniser())(wave[None]))
    assert largest_difference(found, other) > 10 * DIFFERENCE


@by_utterance
def test_it_normalises_by_the_whole_waveform(normalise, noise):
    """Speech longer than the window is not cut, and neither are its statistics."""
    short, long = (make_recogniser(normalise=normalise, seconds=s) for s in (1.0, 4.0))
    wave = np.concatenate([noise(1.2), 0.01 * noise(1.2, seed=1)])
    found = as_numbers(exporters.speech_model(short)(wave[None]))
    preprocessing = long.preprocessing
    features = preprocessing.normalised(preprocessing.front_end(wave))
    posterior = long.posteriors([features])
    expected = dict(zip(CLASSES, posterior.T, strict=True))
    assert largest_difference(found, expected) < DIFFERENCE


@pytest.mark.parametrize(
    "arguments",
    [
        {"normalise": "utterance"},
        # The default preset has group normalisation, and preset `paper` has this one.
        {"normalise": "utterance_std", "normalisation": "batch"},
    ],
)
@pytest.mark.parametrize("name", HERE)
def test_a_file_normalises_an_utterance_and_a_batch(name, arguments, tmp_path, noise):
    missing = formats.FORMATS[name].missing()
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    recogniser = make_recogniser(**arguments)
    path = tmp_path / formats.FORMATS[name].name
    exporters.export_recogniser(recogniser, path, name)
    wave = np.pad(noise(0.6), 2000)[None]
    found = as_numbers(RUNTIMES[name](path, wave))
    expected = as_numbers(exporters.speech_model(recogniser)(wave))
    assert largest_difference(found, expected) < exporters.MAX_DIFFERENCE


@pytest.mark.real_speech
def test_it_answers_as_the_recogniser_on_real_speech(corpora_root):
    files = sorted((corpora_root / "emodb").rglob("*.wav"))[:12]
    recogniser = make_recogniser()
    model = exporters.speech_model(recogniser)
    compared = 0
    for file in files:
        wave = audio.read(file)[: round(SECONDS * 16_000) - 1]
        features = recogniser.preprocessing.front_end(wave)
        posterior = recogniser.posteriors(
            [recogniser.preprocessing.normalised(features)]
        )
        expected = dict(zip(CLASSES, posterior.T, strict=True))
        found = as_numbers(model(wave[None]))
        assert largest_difference(found, expected) < DIFFERENCE
        compared += 1
    assert compared


def test_it_has_the_temperature_of_the_recogniser(recogniser, write_audio, noise):
    warm = inference.Recogniser(
        recogniser.model, recogniser.preprocessing, temperature=2.5
    )
    wave = noise(0.7)
    file = write_audio("a.wav", wave, subtype="FLOAT")
    found = as_numbers(exporters.speech_model(warm)(wave[None]))
    assert largest_difference(found, predicted(warm, [file])) < DIFFERENCE
    assert largest_difference(found, predicted(recogniser, [file])) > 2 * DIFFERENCE


@pytest.mark.parametrize("name", HERE)
@pytest.mark.parametrize("samples", [8_123, 40_000])
def test_a_file_answers_as_the_model_by_its_own_runtime(
    name, samples, written, recogniser, noise
):
    waves = np.stack([noise(samples / 16_000), 0.1 * noise(samples / 16_000, seed=1)])
    found = as_numbers(RUNTIMES[name](written(name), waves))
    expected = as_numbers(exporters.speech_model(recogniser)(waves))
    assert set(found) == set(CLASSES)
    assert largest_difference(found, expected) < exporters.MAX_DIFFERENCE


@pytest.mark.parametrize("name", HERE)
def test_a_file_answers_as_the_recogniser(
    name, written, recogniser, write_audio, noise
):
    wave = noise(0.7)
    file = write_audio("a.wav", wave, subtype="FLOAT")
    found = as_numbers(RUNTIMES[name](written(name), wave[None]))
    assert largest_difference(found, predicted(recogniser, [file])) < DIFFERENCE


@pytest.mark.parametrize("name", HERE)
def test_the_printed_lines_load_the_file(name, written, recogniser, noise):
    waves = noise(0.4)[None]
    names = {"waves": waves}
    exec(formats.FORMATS[name].use.format(path=str(written(name))), names)
    expected = as_numbers(exporters.speech_model(recogniser)(waves))
    found = as_numbers(names["probabilities"])
    assert largest_difference(found, expected) < exporters.MAX_DIFFERENCE


@pytest.mark.skipif("litert" not in HERE, reason="needs TensorFlow")
def test_litert_needs_no_operation_of_tensorflow(written):
    assert b"Flex" not in written("litert").read_bytes()


def test_other_heads_are_left_out():
    alone, whole = (exporters.speech_model(make_recogniser(row)) for row in (4, 1))
    assert whole.count_params() == alone.count_params()


def test_a_written_file_is_no_model_of_a_recogniser(written):
    with pytest.raises(ValueError, match="`Recogniser.save` wrote"):
        inference.Recogniser.load(written("keras"))


def test_nothing_but_the_file_is_left(tmp_path, one_recogniser):
    exporters.export_recogniser(
        one_recogniser, tmp_path / "new" / "speech.keras", "keras"
    )
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["speech.keras"]


def test_a_file_that_answers_differently_is_not_kept(
    tmp_path, one_recogniser, monkeypatch
):
    def write_another(model, path):
        exporters.speech_model(make_recogniser(5)).save(path)

    wrong = formats.Format(
        "speech.keras", write_another, formats.FORMATS["keras"].read, ""
    )
    monkeypatch.setitem(formats.FORMATS, "keras", wrong)
    with pytest.raises(RuntimeError, match="give the probabilities.*differ by 0"):
        exporters.export_recogniser(one_recogniser, tmp_path / "speech.keras", "keras")
    assert list(tmp_path.iterdir()) == []


def test_lost_names_are_not_kept(tmp_path, one_recogniser, monkeypatch):
    def read(path):
        model = keras.models.load_model(path)
        return lambda waves: {"0": model(waves)["anger"]}

    wrong = formats.Format("speech.keras", formats.FORMATS["keras"].write, read, "")
    monkeypatch.setitem(formats.FORMATS, "keras", wrong)
    with pytest.raises(RuntimeError, match="keep the names.*anger.*Received: .'0'"):
        exporters.export_recogniser(one_recogniser, tmp_path / "speech.keras", "keras")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"normalise": "speaker"}, "training statistics.*normalise='speaker'"),
        ({"mask_padding": False}, "without padding.*mask_padding=False"),
        ({"classes": ("anger", "waveform")}, "input `waveform`.*class of that name"),
    ],
)
def test_a_recogniser_that_needs_more_than_a_wave_is_rejected(
    arguments, words, tmp_path
):
    with pytest.raises(ValueError, match=words):
        exporters.export_recogniser(
            make_recogniser(**arguments), tmp_path / "a.keras", "keras"
        )
    assert list(tmp_path.iterdir()) == []


def test_every_layer_of_a_front_end_is_tried():
    known = exporters.FRONT_END_LAYERS
    tried = {known[type(each)] for each in FRONT_ENDS.values()}
    assert tried == set(known.values())


@pytest.mark.parametrize("transform", ["fft", "matmul"])
def test_the_layer_of_a_front_end_computes_its_features(transform, noise):
    wave = noise(0.4)
    for kind, layer in exporters.FRONT_END_LAYERS.items():
        made = layer(**dataclasses.asdict(kind()), transform=transform)
        found = convert_to_numpy(made(wave[None]))[0]
        np.testing.assert_allclose(found, kind()(wave), rtol=2**-10, atol=2e-3)


def test_a_front_end_that_is_no_layer_is_rejected():
    """A subclass may compute anything."""
    own = type("Own", (LogMel,), {})(n_mels=BANDS)
    words = "also a layer: `LogMel`, `FilterBank`, `Spectrogram`. Received: `Own`"
    with pytest.raises(ValueError, match=words):
        exporters.speech_model(make_recogniser(front_end=own))


def test_a_front_end_of_a_user_can_have_a_layer(monkeypatch, noise):
    own = type("Own", (LogMel,), {})(n_mels=BANDS)
    monkeypatch.setitem(exporters.FRONT_END_LAYERS, type(own), layers.LogMel)
    found, expected = (
        as_numbers(exporters.speech_model(each)(noise(0.4)[None]))
        for each in (make_recogniser(front_end=own), make_recogniser())
    )
    assert largest_difference(found, expected) == 0


@pytest.mark.parametrize(
    ("name", "path", "words"),
    [
        ("pickle", "a.pickle", "Format must be one of.*'pickle'"),
        ("keras", "a.onnx", "ends with `.keras`.*a.onnx"),
        ("keras", "there.keras", "does not exist yet.*there.keras. Remove it"),
    ],
)
def test_wrong_arguments_are_named(name, path, words, tmp_path, one_recogniser):
    (tmp_path / "there.keras").write_text("kept")
    with pytest.raises(ValueError, match=words):
        exporters.export_recogniser(one_recogniser, tmp_path / path, name)
    assert (tmp_path / "there.keras").read_text() == "kept"


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "keras"])
def test_other_backends_write_keras_only(name, tmp_path, one_recogniser, monkeypatch):
    if formats.FORMATS[name].missing():
        pytest.skip(f"not installed: {', '.join(formats.FORMATS[name].missing())}")
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(ValueError, match=f"`{name}` needs the Keras backend.*'jax'"):
        exporters.export_recogniser(
            one_recogniser, tmp_path / formats.FORMATS[name].name, name
        )


def test_a_missing_package_is_named(tmp_path, one_recogniser, monkeypatch):
    find = importlib.util.find_spec

    def without_tf2onnx(name):
        return None if name == "tf2onnx" else find(name)

    monkeypatch.setattr(importlib.util, "find_spec", without_tf2onnx)
    with pytest.raises(ValueError, match=r"packages .*tf2onnx\. .*keras_ser\[export\]"):
        exporters.export_recogniser(one_recogniser, tmp_path / "speech.onnx", "onnx")


def test_destinations_are_checked_before_anything_is_written(tmp_path):
    (tmp_path / "speech.keras").write_text("kept")
    with pytest.raises(ValueError, match="does not exist yet.*speech.keras"):
        exporters.destinations(tmp_path, ["keras"])
    paths = exporters.destinations(tmp_path / "new", ["keras"])
    assert paths == {"keras": tmp_path / "new" / "speech.keras"}
    assert not (tmp_path / "new").exists()


@pytest.fixture
def model_file(recogniser, tmp_path):
    return recogniser.save(tmp_path / "run" / "model.keras")


def test_export_writes_to_the_folder_of_the_model_or_to_another(
    model_file, recogniser, tmp_path, noise
):
    run, waves = model_file.parent, noise(0.4)[None]
    paths = inference.export(model_file, ["keras"])
    assert paths == {"keras": run / "speech.keras"}
    found = as_numbers(run_keras(paths["keras"], waves))
    expected = as_numbers(exporters.speech_model(recogniser)(waves))
    assert largest_difference(found, expected) < exporters.MAX_DIFFERENCE
    paths["keras"].unlink()
    assert inference.export(str(run), ["keras"]) == paths  # a run folder
    other = inference.export(run, "keras", tmp_path / "other")
    assert other == {"keras": tmp_path / "other" / "speech.keras"}
    assert other["keras"].is_file()


def test_export_checks_all_formats_before_it_writes(model_file, tmp_path):
    with pytest.raises(ValueError, match="Format must be one of.*'pickle'"):
        inference.export(model_file, ["keras", "pickle"], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_export_keeps_a_file_that_exists(model_file):
    path = model_file.with_name("speech.keras")
    path.write_text("kept")
    with pytest.raises(ValueError, match="does not exist yet.*speech.keras. Remove it"):
        inference.export(model_file, ["keras"])
    assert path.read_text() == "kept"


def test_export_names_a_model_that_does_not_exist(tmp_path):
    with pytest.raises(FileNotFoundError, match="run folder or a model.*absent"):
        inference.export(tmp_path / "absent", ["keras"], tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_no_module_needs_the_optional_packages_to_be_imported():
    optional = {name for each in formats.FORMATS.values() for name in each.packages}
    for module in (exporters, formats):
        tree = ast.parse(inspect.getsource(module))
        imports = [n for n in tree.body if isinstance(n, (ast.Import, ast.ImportFrom))]
        assert not optional & set(
            re.findall(r"\w+", " ".join(map(ast.unparse, imports)))
        )
