"""File formats of a speech model: how each is written, read, and used elsewhere."""

import dataclasses
import importlib.util
import textwrap
import warnings
from collections.abc import Callable
from pathlib import Path

import keras

INPUT = "waveform"


@dataclasses.dataclass(frozen=True)
class Format:
    """What is particular to a file format.

    Args:
        name: of the file or folder, by default; every path must have its suffix.
        write: takes a speech model and a path.
        read: takes a path, returns a function from waves to the dictionary of
            probabilities, run by the format's own runtime.
        use: Python lines that load it elsewhere, `{path}` in place of its path.
        packages: that must be installed, as they are imported.
        transform: of `layers.LogMel`.
        recurrence: `implementation` of `layers.BLSTM`; empty leaves the model as it
            is, otherwise it is copied, with layers that converters understand.
    """

    name: str
    write: Callable
    read: Callable
    use: str
    packages: tuple[str, ...] = ()
    transform: str = "fft"
    recurrence: str = ""

    @property
    def suffix(self) -> str:
        return Path(self.name).suffix

    def example(self, path) -> str:
        """Lines that load the file at `path`, indented."""
        return textwrap.indent(self.use.format(path=str(path)), "    ")

    def missing(self) -> list[str]:
        """Packages that are not installed."""
        return [p for p in self.packages if importlib.util.find_spec(p) is None]


def _write_keras(model, path) -> None:
    model.save(path)


def _write_saved_model(model, path) -> None:
    model.export(path, format="tf_saved_model", verbose=False)


def _write_onnx(model, path) -> None:
    with warnings.catch_warnings():
        # Keras mends tf2onnx for NumPy 2 in a way that NumPy warns of.
        warnings.filterwarnings("ignore", "In the future `np", FutureWarning)
        model.export(path, format="onnx", verbose=False)


def _write_litert(model, path) -> None:
    # One wave at a time needs LiteRT's own operations only. Several need some of
    # TensorFlow's, which LiteRT's Python package does not run.
    wave = keras.InputSpec("float32", shape=(1, None), name=INPUT)
    model.export(path, format="litert", input_signature=[wave], verbose=False)


def _read_keras(path) -> Callable:
    return keras.models.load_model(path, compile=False, safe_mode=True)


def _read_saved_model(path) -> Callable:
    return keras.layers.TFSMLayer(path, call_endpoint="serve")


def _read_onnx(path) -> Callable:
    import onnxruntime

    cpu = ["CPUExecutionProvider"]
    session = onnxruntime.InferenceSession(path, providers=cpu)
    names = [output.name for output in session.get_outputs()]
    return lambda waves: dict(
        zip(names, session.run(names, {INPUT: waves}), strict=True)
    )


def _read_litert(path) -> Callable:
    from ai_edge_litert.interpreter import Interpreter

    runner = Interpreter(str(path)).get_signature_runner()
    return lambda waves: runner(**{INPUT: waves})


FORMATS = {
    "keras": Format(
        "speech.keras",
        _write_keras,
        _read_keras,
        "import keras\n"
        "from keras_ser.layers import *  # registers them with Keras\n"
        "model = keras.models.load_model({path!r}, safe_mode=True)\n"
        "probabilities = model(waves)",
    ),
    "saved_model": Format(
        "speech_saved_model",
        _write_saved_model,
        _read_saved_model,
        "import tensorflow as tf\n"
        "model = tf.saved_model.load({path!r})\n"
        "probabilities = model.serve(waves)",
        recurrence="fused",
    ),
    "onnx": Format(
        "speech.onnx",
        _write_onnx,
        _read_onnx,
        "import onnxruntime\n"
        "session = onnxruntime.InferenceSession({path!r})\n"
        "names = [output.name for output in session.get_outputs()]\n"
        "values = session.run(names, {{'waveform': waves}})\n"
        "probabilities = dict(zip(names, values))",
        packages=("onnx", "onnxruntime", "tf2onnx"),
        transform="matmul",
        recurrence="standard",
    ),
    "litert": Format(
        "speech.tflite",
        _write_litert,
        _read_litert,
        "from ai_edge_litert.interpreter import Interpreter\n"
        "runner = Interpreter({path!r}).get_signature_runner()\n"
        "probabilities = runner(waveform=waves)  # one wave at a time",
        packages=("ai_edge_litert",),
        transform="matmul",
        recurrence="standard",
    ),
}
