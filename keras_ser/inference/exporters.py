"""Export of a recogniser to one file for other programs.

The exported model takes a waveform and returns the probability of each class by name.

| format | file | loaded by |
|---|---|---|
| `keras` | `speech.keras` | `keras.models.load_model`, with this package |
| `saved_model` | folder `speech_saved_model` | `tf.saved_model.load`, then `serve` |
| `onnx` | `speech.onnx` | `onnxruntime.InferenceSession` |
| `litert` | `speech.tflite` | `ai_edge_litert.interpreter.Interpreter` |

The field `use` of `formats.FORMATS` holds the complete code that loads each format.
All formats except `keras` run without this package and without Keras.
"""

import contextlib
import dataclasses
import logging
import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import keras
import numpy as np
from keras import ops

from keras_ser import layers
from keras_ser.features import FilterBank, LogMel, Spectrogram
from keras_ser.features.preprocessing import Preprocessing
from keras_ser.features.speech import BY_UTTERANCE
from keras_ser.inference import onnx_file
from keras_ser.inference.formats import FORMATS, INPUT, Format
from keras_ser.inference.recogniser import Recogniser
from keras_ser.utils import files
from keras_ser.utils.lists import as_list

# The layer that computes what a front-end does, by the type of the front-end. Its
# arguments are the front-end's settings and `transform`.
FRONT_END_LAYERS = {
    LogMel: layers.LogMel,
    FilterBank: layers.LogMel,
    Spectrogram: layers.Spectrogram,
}
MAX_DIFFERENCE = 1e-4  # between the probabilities of a file and of its model
CHECK_SAMPLES = (8_000, 20_805)  # lengths of the check: 51 and 131 frames of 10 ms


def speech_model(recogniser: Recogniser) -> keras.Model:
    """Builds a model from a waveform to the probability of each class, by name.

    For a file that is no longer than the training window, the model computes what
    `Recogniser.predict` computes: the features, by the layer of the front-end in
    `FRONT_END_LAYERS`, the normalisation by the training statistics or by utterance,
    and the emotion probabilities at the recogniser's temperature. The only difference
    is that `predict` rounds the features to float16. On 337 EMO-DB utterances, the
    probabilities differ from those of `predict` by at most 0.0003 (measured with three
    trained models that take log-mel features and normalise by the training statistics,
    at a temperature of 1). By utterance, rounding may also decide whether a frame
    counts as speech, which moved the probabilities by up to 0.01 (113 EMO-DB
    utterances, random weights).

    All samples count: the waveforms of a batch have the same length, and nothing is
    padded. For speech longer than the training window, `predict` returns the mean over
    windows, whereas this model processes the whole waveform at once.

    Args:
        recogniser: Recogniser with a front-end of `FRONT_END_LAYERS`, such as `LogMel`,
            whose features are not normalised by speaker.

    Returns:
        Functional model from `waveform`, float32 `(batch, samples)` at 16 kHz in
        [-1, 1], to a dictionary from the name of each class to its probability,
        float32 `(batch,)`. The model shares its weights with the recogniser.

    Raises:
        ValueError: If the recogniser has a different front-end, needs several
            utterances of a speaker, or sees the padding; or if a class is called
            `waveform`.

    Example:

    >>> model = speech_model(Recogniser.load("runs/emodb/mtl_aug/03-0"))
    >>> model(np.zeros((1, 16000), "float32"))
    {'anger': [0.1], 'happiness': [0.2], 'neutral': [0.6], 'sadness': [0.1]}
    """
    return _assemble(recogniser, recogniser.model.emotion_model, "fft")


def export(
    model: str | Path, formats: str | Iterable[str], out: str | Path | None = None
) -> dict[str, Path]:
    """Exports a model for other programs, as `keras-ser export` does.

    Args:
        model: Run folder or model file.
        formats: Name of a format in `FORMATS`, or several.
        out: Folder of the exported files. The default is the folder of the model.

    Returns:
        Dictionary from each format to the path of its file.

    Raises:
        FileNotFoundError: If the model does not exist.
        ValueError: If an argument does not meet the requirements of
            `export_recogniser`. Formats, paths and packages are checked before
            anything is written.
        RuntimeError: If a file does not give the probabilities of the model.

    Example:

    >>> export("runs/emodb/mtl_aug/03-0", ["keras", "onnx"])["onnx"]
    PosixPath('runs/emodb/mtl_aug/03-0/speech.onnx')
    """
    source = Path(model)
    out = out or (source if source.is_dir() else source.parent)
    paths = destinations(out, as_list(formats))
    recogniser = Recogniser.load(source)
    for name, path in paths.items():
        export_recogniser(recogniser, path, name)
    return paths


def export_recogniser(recogniser: Recogniser, path: str | Path, format: str) -> Path:
    """Writes the speech model in a format of `FORMATS`, then loads and checks the file.

    A converter may write a file that gives different probabilities than its model,
    without an error. The file is therefore loaded by the runtime of its format and
    compared with `speech_model` on noise of two lengths. It gets its name only if the
    probabilities differ by at most 0.0001.

    The file keeps the names: its input is `waveform`, and it has one output per class.
    It takes any number of samples. It also takes any number of waveforms, except in
    the format `litert`, which takes one at a time.

    Args:
        recogniser: Recogniser that meets the requirements of `speech_model`.
        path: File that does not exist yet, or folder for `saved_model`.
        format: Name of a format in `FORMATS`.

    Returns:
        The path.

    Raises:
        ValueError: If the format is unknown, the path exists or has a different
            suffix, a package is not installed, the backend cannot write the format, or
            `speech_model` rejects the recogniser.
        RuntimeError: If the file does not give the probabilities of the model.
    """
    path = Path(path)
    _check_environment(format)
    _check_path(path, FORMATS[format])
    expected = speech_model(recogniser)
    model = _convertible_model(recogniser, FORMATS[format]) or expected
    folder = files.writable_folder(path.parent)
    # In the same folder, so that a renaming makes the file appear complete.
    with tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=folder) as scratch:
        temporary = Path(scratch) / path.name
        with _quiet_logging():
            FORMATS[format].write(model, temporary)
        _check_probabilities(expected, FORMATS[format].read(temporary), format)
        if format == "onnx":
            onnx_file.describe(temporary, recogniser)
        os.replace(temporary, path)
    return path


def destinations(folder: str | Path, formats: Iterable[str]) -> dict[str, Path]:
    """Returns the path of each format in a folder, under its default name.

    Raises:
        ValueError: If a format is unknown, a package is not installed, the backend
            cannot write a format, or a path exists.
    """
    paths = {}
    for name in formats:
        _check_environment(name)
        paths[name] = Path(folder) / FORMATS[name].name
        _check_path(paths[name], FORMATS[name])
    return paths


def _convertible_model(recogniser, file_format: Format) -> keras.Model | None:
    """A copy in layers that the converter supports; None if no copy is needed."""
    if not file_format.recurrence:
        return None
    network = _copy_convertible(recogniser.model.emotion_model, file_format.recurrence)
    return _assemble(recogniser, network, file_format.transform)


def _assemble(recogniser, emotion_model, transform: str) -> keras.Model:
    """Puts front-end and normalisation in front of an emotion model."""
    _check_recogniser(recogniser)
    preprocessing = recogniser.preprocessing
    wave = keras.Input((None,), name=INPUT)
    features = _front_end_layer(preprocessing.front_end, transform)(wave)
    posterior = emotion_model(_normalisation(preprocessing)(features))
    if recogniser.temperature != 1:
        rescale = layers.Temperature(recogniser.temperature, name="temperature")
        posterior = rescale(posterior)
    outputs = {name: posterior[:, k] for k, name in enumerate(recogniser.classes)}
    model = keras.Model(wave, outputs, name="speech")
    # Keras exports only models that have been called.
    model(np.zeros((1, CHECK_SAMPLES[0]), "float32"))
    return model


def _front_end_layer(front_end, transform: str) -> keras.layers.Layer:
    settings = {**dataclasses.asdict(front_end), "transform": transform}
    return FRONT_END_LAYERS[type(front_end)](**settings, name="front_end")


def _normalisation(preprocessing: Preprocessing) -> keras.layers.Layer:
    """The layer `normalised`, from the features of whole utterances."""
    std = np.asarray(preprocessing.std, float)
    if preprocessing.normalise in BY_UTTERANCE:
        return layers.UtteranceNormalisation(
            preprocessing.front_end.db_per_unit,
            preprocessing.speech_db,
            std.tolist() if preprocessing.normalise == "utterance" else None,
            name="normalised",
        )
    scale = 1 / std
    offset = -scale * preprocessing.mean
    # Not `Normalization`: tf2onnx turns its statistics into inputs of the graph.
    return keras.layers.Rescaling(
        scale.tolist(), offset.tolist(), dtype="float32", name="normalised"
    )


def _check_recogniser(recogniser) -> None:
    """Raises if one waveform is not all that a prediction needs, or names clash."""
    preprocessing = recogniser.preprocessing
    front_end = type(preprocessing.front_end)
    if front_end not in FRONT_END_LAYERS:
        known = ", ".join(f"`{each.__name__}`" for each in FRONT_END_LAYERS)
        raise _unsuitable(
            f"use a front-end that is also a layer: {known}", f"`{front_end.__name__}`"
        )
    if preprocessing.normalise == "speaker":
        raise _unsuitable(
            "normalise by its training statistics or by utterance",
            f"normalise={preprocessing.normalise!r}, which needs the utterances of a "
            "speaker",
        )
    if not recogniser.classes:
        raise _unsuitable(
            "have classes", f"the main task `{recogniser.task.name}`, which has none"
        )
    if not getattr(recogniser.model, "mask_padding", True):
        raise _unsuitable(
            "work without padding",
            "a network with mask_padding=False, which sees the padding up to its "
            "training window",
        )
    if INPUT in recogniser.classes:
        raise _unsuitable(f"call its input `{INPUT}`", "a class of that name")


def _unsuitable(requirement: str, received: str) -> ValueError:
    return ValueError(
        f"A speech model must {requirement}. Received: {received}. Train a model that "
        "meets this requirement, or pass the audio files to `Recogniser.predict`."
    )


def _copy_convertible(emotion_model, recurrence: str) -> keras.Model:
    """A copy of the network whose layers every converter and device supports."""

    def copy(layer):
        settings = layer.get_config()
        if not isinstance(layer, layers.BLSTM | layers.LSTM):
            return type(layer).from_config(settings)
        made = type(layer).from_config({**settings, "implementation": recurrence})
        for direction in made.directions:
            direction.use_cudnn = False  # a file must run on any device
        return made

    copied = keras.models.clone_model(emotion_model, clone_function=copy)
    copied.set_weights(emotion_model.get_weights())
    return copied


@contextlib.contextmanager
def _quiet_logging():
    """Hides what the converters log about each of their steps."""
    before = logging.root.manager.disable
    logging.disable(logging.INFO)
    try:
        yield
    finally:
        logging.disable(before)


def _check_environment(format: str) -> None:
    """Raises if a format is unknown, or its packages or its backend are missing."""
    if format not in FORMATS:
        raise ValueError(
            f"Format must be one of {sorted(FORMATS)}. Received: {format!r}. Choose "
            "one of these."
        )
    missing = FORMATS[format].missing()
    if missing:
        raise ValueError(
            f"Format `{format}` needs the packages {', '.join(missing)}. Received: an "
            "installation without them. Run: pip install 'keras_ser[export]'."
        )
    backend = keras.backend.backend()
    if format != "keras" and backend != "tensorflow":
        raise ValueError(
            f"Format `{format}` needs the Keras backend `tensorflow`. Received: "
            f"{backend!r}. Set KERAS_BACKEND=tensorflow, which loads model files of "
            "any backend."
        )


def _check_path(path: Path, file_format: Format) -> None:
    if not path.name.endswith(file_format.suffix):
        raise ValueError(
            f"Expected a path that ends with `{file_format.suffix}`. Received: {path}. "
            "Choose a path with this suffix."
        )
    if path.exists():
        raise ValueError(
            f"Expected a path that does not exist yet. Received: {path}. Remove it, or "
            "choose another path."
        )


def _check_probabilities(model: keras.Model, exported: Callable, format: str) -> None:
    """Compares two models on noise, so that a wrong conversion is never kept."""
    rng = np.random.default_rng(0)
    for samples in CHECK_SAMPLES:
        wave = rng.normal(scale=0.1, size=(1, samples)).astype("float32")
        with keras.device("cpu"):  # a GPU rounds differently
            expected, found = _to_numpy(model(wave)), _to_numpy(exported(wave))
        if set(found) != set(expected):
            raise RuntimeError(
                f"Expected `{format}` to keep the names {sorted(expected)}. Received: "
                f"{sorted(found)}. Give the classes different names."
            )
        worst = max(np.abs(found[name] - expected[name]).max() for name in expected)
        if not worst <= MAX_DIFFERENCE:
            raise RuntimeError(
                f"Expected `{format}` to give the probabilities of the model. "
                f"Received: probabilities that differ by {worst:.2g} on noise of "
                f"{samples} samples. The converter does not support this model. Choose "
                "another format."
            )


def _to_numpy(outputs) -> dict[str, np.ndarray]:
    return {name: ops.convert_to_numpy(value) for name, value in outputs.items()}
