"""A recogniser as one file for other programs: waveform in, named probabilities out.

How each format is loaded elsewhere, `use` of `formats.FORMATS` says in full:

| format | written | loaded by |
|---|---|---|
| `keras` | `speech.keras` | `keras.models.load_model`, with this package |
| `saved_model` | folder `speech_saved_model` | `tf.saved_model.load`, its `serve` |
| `onnx` | `speech.onnx` | `onnxruntime.InferenceSession` |
| `litert` | `speech.tflite` | `ai_edge_litert.interpreter.Interpreter` |

All but `keras` run without this package, and without Keras.
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
from keras_ser.inference.formats import FORMATS, INPUT, Format
from keras_ser.inference.recogniser import Recogniser
from keras_ser.utils import files

TOLERANCE = 1e-4  # of a probability, between a file and the model it was made of
LENGTHS = (8_000, 20_805)  # samples of the check: 51 and 131 frames of 10 ms


def speech_model(recogniser: Recogniser) -> keras.Model:
    """A model from a waveform to the probability of each class, under its name.

    It is what `Recogniser.predict` computes of a file that is no longer than the
    training window, but for the rounding of features to float16: log-mel
    (`layers.LogMel`), normalisation by the training statistics, emotion.
    Probabilities of 337 EMO-DB utterances differ from those of `predict` by at most
    0.0003 (measured with three trained models).

    All samples count: the waves of a batch are of equal length, and nothing is padded.
    Of speech longer than the training window, `predict` takes the mean over windows;
    this model sees it whole.

    Args:
        recogniser: a recogniser normalised by its training statistics.

    Returns:
        Functional model from `waveform`, float32 `(batch, samples)` at 16 kHz in
        [-1, 1], to a dictionary: name of each class → float32 `(batch,)`. It shares
        its weights with the recogniser.

    Raises:
        ValueError: a recogniser that needs more than one wave to answer.

    Example:

    >>> model = speech_model(Recogniser.load("runs/emodb/mtl_aug/03-0"))
    >>> model(np.zeros((1, 16000), "float32"))
    {'anger': [0.1], 'happiness': [0.2], 'neutral': [0.6], 'sadness': [0.1]}
    """
    return _assembled(recogniser, recogniser.model.emotion_model, "fft")


def export(
    model: str | Path, formats: Iterable[str], out: str | Path | None = None
) -> dict[str, Path]:
    """Writes a model for other programs; this is `keras-ser export`.

    Args:
        model: a run's folder or a model file.
        formats: names of `FORMATS`.
        out: folder; default, that of the model.

    Returns:
        The path of each format, by its name.

    Raises:
        FileNotFoundError: there is no such model.
        ValueError, RuntimeError: as `export_recogniser`; a path that exists or a
            package that is missing is found before anything is written.
    """
    source = Path(model)
    paths = destinations(out or (source if source.is_dir() else source.parent), formats)
    recogniser = Recogniser.load(source)
    for name, path in paths.items():
        export_recogniser(recogniser, path, name)
    return paths


def export_recogniser(recogniser: Recogniser, path, format: str) -> Path:
    """Writes the speech model in a format of `FORMATS`, and loads it for a check.

    A converter may write a file that answers otherwise than its model, and say
    nothing. The file is therefore loaded by the format's own runtime and compared
    with `speech_model` on noise of two lengths before it gets its name.

    The file keeps the names: input `waveform`, one output a class. Any number of
    samples is taken, and any number of waves, but one at a time by `litert`.

    Args:
        recogniser: see `speech_model`.
        path: file, or folder for `saved_model`, that does not exist yet.
        format: of `FORMATS`.

    Returns:
        The path.

    Raises:
        ValueError: an unknown format, a path that exists or has another suffix, a
            package that is not installed, a backend that cannot write the format, or
            a recogniser that `speech_model` refuses.
        RuntimeError: the file answers otherwise than the model.
    """
    path = Path(path)
    _check_environment(format)
    _check_path(path, FORMATS[format])
    expected = speech_model(recogniser)
    model = _for_format(recogniser, FORMATS[format]) or expected
    folder = files.writable_folder(path.parent)
    # Beside the path, so that the last step is a renaming: whole or absent.
    with tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=folder) as scratch:
        temporary = Path(scratch) / path.name
        with _quiet():
            FORMATS[format].write(model, temporary)
        _check_answers(expected, FORMATS[format].read(temporary), format)
        os.replace(temporary, path)
    return path


def destinations(folder, formats: Iterable[str]) -> dict[str, Path]:
    """Where each format goes in a folder, under its own name.

    Raises:
        ValueError: as `export`, before any is written.
    """
    paths = {}
    for name in formats:
        _check_environment(name)
        paths[name] = Path(folder) / FORMATS[name].name
        _check_path(paths[name], FORMATS[name])
    return paths


def _for_format(recogniser, chosen: Format) -> keras.Model | None:
    """The speech model of layers that a converter understands; None for the plain."""
    if not chosen.recurrence:
        return None
    network = _convertible(recogniser.model.emotion_model, chosen.recurrence)
    return _assembled(recogniser, network, chosen.transform)


def _assembled(recogniser, emotion_model, transform: str) -> keras.Model:
    _refuse(recogniser)
    preprocessing = recogniser.preprocessing
    wave = keras.Input((None,), name=INPUT)
    settings = dataclasses.asdict(preprocessing.front_end)
    features = layers.LogMel(**settings, transform=transform, name="log_mel")(wave)
    scale = 1 / np.asarray(preprocessing.deviation, float)
    offset = -scale * preprocessing.mean
    # Not `Normalization`, whose statistics tf2onnx makes inputs of the graph.
    normalised = keras.layers.Rescaling(
        scale.tolist(), offset.tolist(), dtype="float32", name="normalised"
    )(features)
    posterior = emotion_model(normalised)
    outputs = {name: posterior[:, k] for k, name in enumerate(recogniser.classes)}
    model = keras.Model(wave, outputs, name="speech")
    model(np.zeros((1, LENGTHS[0]), "float32"))  # Keras exports what was called only
    return model


def _refuse(recogniser) -> None:
    """Refuses what a wave alone does not suffice for, or no file can hold."""
    preprocessing = recogniser.preprocessing
    front_end = type(preprocessing.front_end).__name__
    if front_end != "LogMel":
        raise _refused("computes the front-end `LogMel`", f"`{front_end}`")
    if preprocessing.normalise != "train":
        raise _refused(
            "normalises by its training statistics",
            f"normalise={preprocessing.normalise!r}, for which a speaker's utterances "
            "are needed",
        )
    if not getattr(recogniser.model, "mask_padding", True):
        raise _refused(
            "pads nothing",
            "a network of mask_padding=False, to which the padding up to its training "
            "window is input",
        )
    if INPUT in recogniser.classes:
        raise _refused(f"calls its input `{INPUT}`", "a class of that name")


def _refused(does: str, received: str) -> ValueError:
    return ValueError(
        f"A speech model {does}. Received: {received}. Train a model without it, or "
        "give the audio to `Recogniser`."
    )


def _convertible(emotion_model, recurrence: str) -> keras.Model:
    """A copy of the network whose layers any converter and any device understands."""

    def copy(layer):
        settings = layer.get_config()
        if not isinstance(layer, layers.BLSTM):
            return type(layer).from_config(settings)
        blstm = layers.BLSTM.from_config({**settings, "implementation": recurrence})
        for direction in (blstm.forward_layer, blstm.backward_layer):
            direction.use_cudnn = False  # a file is not for one device
        return blstm

    copied = keras.models.clone_model(emotion_model, clone_function=copy)
    copied.set_weights(emotion_model.get_weights())
    return copied


@contextlib.contextmanager
def _quiet():
    """Without the log of all that converters do."""
    before = logging.root.manager.disable
    logging.disable(logging.INFO)
    try:
        yield
    finally:
        logging.disable(before)


def _check_environment(format: str) -> None:
    """Refuses a format that is unknown, or whose packages or backend are absent."""
    if format not in FORMATS:
        raise ValueError(
            f"Format must be one of {sorted(FORMATS)}. Received: {format!r}."
        )
    absent = FORMATS[format].missing()
    if absent:
        raise ValueError(
            f"Format `{format}` needs the packages {', '.join(absent)}. Received: an "
            "installation without them. Run: pip install 'keras_ser[export]'."
        )
    backend = keras.backend.backend()
    if format != "keras" and backend != "tensorflow":
        raise ValueError(
            f"Format `{format}` needs the Keras backend `tensorflow`. Received: "
            f"{backend!r}. Set KERAS_BACKEND=tensorflow: a model file of any backend "
            "loads in it."
        )


def _check_path(path: Path, chosen: Format) -> None:
    if not path.name.endswith(chosen.suffix):
        raise ValueError(
            f"Expected a path that ends with `{chosen.suffix}`. Received: {path}. "
            "Rename it."
        )
    if path.exists():
        raise ValueError(
            f"Expected a path that does not exist yet. Received: {path}. Remove what "
            "lies there, or choose another path."
        )


def _check_answers(expected, found: Callable, format: str) -> None:
    """Compares two models on noise, so that a wrong conversion is never kept."""
    rng = np.random.default_rng(0)
    for samples in LENGTHS:
        wave = rng.normal(scale=0.1, size=(1, samples)).astype("float32")
        with keras.device("cpu"):  # a GPU rounds otherwise
            wanted, got = _numbers(expected(wave)), _numbers(found(wave))
        if set(got) != set(wanted):
            raise RuntimeError(
                f"Expected {format} to keep the names {sorted(wanted)}. Received: "
                f"{sorted(got)}. Give the classes other names."
            )
        worst = max(np.abs(got[name] - wanted[name]).max() for name in wanted)
        if not worst <= TOLERANCE:
            raise RuntimeError(
                f"Expected {format} to answer as the model does. Received: "
                f"probabilities that differ by {worst:.2g} on noise of {samples} "
                "samples. The converter does not carry this model: choose another "
                "format."
            )


def _numbers(outputs) -> dict[str, np.ndarray]:
    return {name: ops.convert_to_numpy(value) for name, value in outputs.items()}
