"""File formats of a speech model: how each is written, read and used elsewhere."""

import dataclasses
import importlib.util
import textwrap
import warnings
from collections.abc import Callable
from pathlib import Path

import keras

from keras_ser.inference.onnx_file import INPUT as INPUT


@dataclasses.dataclass(frozen=True)
class Format:
    """One file format.

    Args:
        name: Default name of the file or folder. Every path must have its suffix.
        write: Function of a speech model and a path that writes the file.
        read: Function of a path. It returns a function from waveforms to the
            dictionary of probabilities, which the runtime of the format computes.
        use: Lines of Python that load the file elsewhere, with `{path}` for its path.
        packages: Import names of the packages that must be installed.
        transform: Argument `transform` of the front-end's layer, such as
            `layers.LogMel`.
        recurrence: Argument `implementation` of `layers.BLSTM` and `layers.LSTM`, for a
            copy of the model in layers that the converter supports. If it is empty, the
            model is written as it is.
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
        """The suffix of the default name, empty for a folder."""
        return Path(self.name).suffix

    def example(self, path: str | Path) -> str:
        """Returns the lines of Python that load the file at `path`, indented."""
        return textwrap.indent(self.use.format(path=str(path)), "    ")

    def missing(self) -> list[str]:
        """Returns the names of the packages that are not installed."""
        return [p for p in self.packages if importlib.util.find_spec(p) is None]


def _write_keras(model, path) -> None:
    model.save(path)


def _write_saved_model(model, path) -> None:
    model.export(path, format="tf_saved_model", verbose=False)


def _write_onnx(model, path) -> None:
    with warnings.catch_warnings():
        # Keras patches tf2onnx for NumPy 2, which causes this warning.
        warnings.filterwarnings("ignore", "In the future `np", FutureWarning)
        model.export(path, format="onnx", verbose=False)


def _write_litert(model, path) -> None:
    # One waveform at a time needs only LiteRT's own operations. Several at a time need
    # operations of TensorFlow, which LiteRT's Python package does not run.
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
