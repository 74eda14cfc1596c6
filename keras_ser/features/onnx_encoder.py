"""A pre-trained network in an ONNX file as a front-end."""

import dataclasses
import functools
from pathlib import Path
from typing import ClassVar

import numpy as np

from keras_ser import audio
from keras_ser.features.contract import LOCATION, lengthened
from keras_ser.features.weight_files import check_sha256, sha256_of
from keras_ser.utils import files

MODEL, DESCRIPTION = "model.onnx", "front_end.json"
MAX_TEXT = 500  # characters
MAX_DIMENSIONS = 2**16
MAX_ABSENT = 5  # frames at the end of the speech
HOW_TO = "docs/pretrained.md says how to make such a folder."


@dataclasses.dataclass(frozen=True)
class Description:
    """What `front_end.json` says of a network.

    Args:
        hop_seconds: The distance between frames in seconds.
        dimensions: The number of values per frame of all layers together.
        layers: The number of layers that the network returns.
        rate: The sampling rate in Hz, which must be 16000.
        output: The name of the output, or a list of names with one output per layer.
            The default is the first output.
        normalise_wave: Whether the waveform is scaled to mean 0 and variance 1 before
            the network, as wav2vec 2.0 and its relatives expect it.
        min_samples: The fewest samples that the network can take. Shorter speech is
            padded with zeros.
        source, licence: Where the network comes from, and its licence.
        sha256: The SHA-256 of the network's file. If it is given, it is verified.
    """

    hop_seconds: float
    dimensions: int
    layers: int = 1
    rate: int = audio.RATE
    output: str | tuple[str, ...] = ""
    normalise_wave: bool = False
    min_samples: int = 400
    source: str = ""
    licence: str = ""
    sha256: str = ""

    def __post_init__(self):
        if isinstance(self.output, list):
            object.__setattr__(self, "output", tuple(self.output))
        outputs = (self.output,) if isinstance(self.output, str) else self.output
        rules = {
            "hop_seconds": _is_between(self.hop_seconds, 1e-4, 3600),
            "dimensions": _is_count(self.dimensions, MAX_DIMENSIONS),
            "layers": _is_count(self.layers, 1000),
            "rate": self.rate == audio.RATE,
            "output": isinstance(outputs, tuple) and all(map(_is_text, outputs)),
            "normalise_wave": isinstance(self.normalise_wave, bool),
            "min_samples": _is_count(self.min_samples, 60 * audio.RATE),
            "source": _is_text(self.source),
            "licence": _is_text(self.licence),
            "sha256": _is_text(self.sha256),
        }
        wrong = [name for name, is_right in rules.items() if not is_right]
        if not wrong and self.dimensions % self.layers:
            wrong = ["layers"]
        if wrong:
            raise ValueError(
                f"`{wrong[0]}` in {DESCRIPTION} is out of range. Received: "
                f"{getattr(self, wrong[0])!r:.80}. See `features.onnx_encoder."
                "Description`."
            )

    @classmethod
    def load(cls, path: str | Path) -> "Description":
        """Reads `front_end.json`.

        Raises:
            FileNotFoundError: There is no such file.
            ValueError: It is not JSON, or a value is out of range.
        """
        found = files.read_object(path)
        known = {field.name for field in dataclasses.fields(cls)}
        if not {"hop_seconds", "dimensions"} <= set(found) <= known:
            raise ValueError(
                f"Expected {path} to have `hop_seconds`, `dimensions` and others of "
                f"{sorted(known)}. Received: {sorted(found)!s:.300}. {HOW_TO}"
            )
        return cls(**found)


@dataclasses.dataclass(frozen=True)
class Onnx:
    """The frames of a pre-trained network in an ONNX file.

    The folder has two files: `model.onnx`, and `front_end.json`, which describes it
    (`features.onnx_encoder.Description`). The network takes a waveform, float32
    `(1, samples)` at 16 kHz, and returns frames `(1, frames, dimensions)`, or one such
    output per layer, or `(layers, 1, frames, dimensions / layers)`. These can be
    wav2vec 2.0, HuBERT, WavLM, emotion2vec or the encoder of Whisper, whoever exported
    them.

    One utterance is computed at a time on one thread, so that its features depend on
    nothing else. More speech at a time is a matter of more processes. No file outside
    of the folder is opened.

    Args:
        folder: The folder.
        sha256: The SHA-256 of the network, which is filled in. If it is given, another
            network is an error.

    Raises:
        FileNotFoundError: A file does not exist.
        ValueError: The network or its description cannot be used, or the package
            onnxruntime is not installed.

    Example:

    >>> Onnx("networks/wavlm_base_plus")
    """

    dtype: ClassVar[str] = "<f4"
    ordered: ClassVar[bool] = False

    folder: str = dataclasses.field(default="", metadata=LOCATION)
    sha256: str = ""

    def __post_init__(self):
        if not (isinstance(self.folder, str) and self.folder):
            raise ValueError(
                "`Onnx` needs `folder`, the folder with model.onnx and front_end.json "
                "(in a config, features.settings.folder). Received: "
                f"{self.folder!r:.80}. {HOW_TO}"
            )
        found = _content_hash(self.folder)
        check_sha256("Onnx", self.sha256, found, self.folder)
        object.__setattr__(self, "sha256", found)

    @property
    def description(self) -> Description:
        """What `front_end.json` says."""
        return Description.load(Path(self.folder) / DESCRIPTION)

    @property
    def dimensions(self) -> int:
        """The number of values per frame."""
        return self._known.dimensions

    @property
    def layers(self) -> int:
        """The number of layers that each frame holds."""
        return self._known.layers

    @property
    def hop_seconds(self) -> float:
        """The distance between frames in seconds."""
        return self._known.hop_seconds

    @property
    def _known(self) -> Description:
        return _described(self.folder, self.sha256)

    def frames(self, seconds: float) -> int:
        """The number of frames of a window of this length."""
        return max(1, round(seconds / self.hop_seconds))

    def __call__(self, wave: np.ndarray) -> np.ndarray:
        """Runs the network on a waveform.

        Networks without padding have no frame for the end of the speech. The last frame
        is repeated there, up to five times.

        Args:
            wave: Float array of shape `(samples,)` at 16 kHz.

        Returns:
            float32 array of shape `(frames, dimensions)`.

        Raises:
            ValueError: The network fails, or returns another shape than described.
        """
        known, seconds = self._known, len(wave) / audio.RATE
        wave = np.asarray(wave, np.float32)
        if known.normalise_wave:
            wave = (wave - wave.mean()) / np.sqrt(wave.var() + 1e-7)
        wave = np.pad(wave, (0, max(0, known.min_samples - len(wave))))
        outputs = _run(self.folder, self.sha256, known, wave[None])
        found = _frames(outputs, known, self.folder)
        return lengthened(found, min(self.frames(seconds), len(found) + MAX_ABSENT))


def _frames(outputs: list[np.ndarray], known: Description, folder: str) -> np.ndarray:
    """The outputs of a network as `(frames, dimensions)`, layer after layer."""
    layers = list(outputs[0]) if len(outputs) == 1 < known.layers else outputs
    if len(outputs) == 1 and outputs[0].ndim == 3:
        layers = outputs  # whose layers are side by side already
    found = [each[0] for each in layers if each.ndim == 3 and len(each) == 1]
    width = sum(each.shape[1] for each in found)
    if len(found) not in (1, known.layers) or width != known.dimensions:
        raise ValueError(
            f"Expected frames of {known.dimensions} values and {known.layers} layers, "
            f"as {DESCRIPTION} in {folder} says. Received: outputs of the shapes "
            f"{[each.shape for each in outputs]}. Correct the description."
        )
    return np.concatenate(found, axis=1).astype(np.float32)


def _run(folder: str, sha256: str, known: Description, wave: np.ndarray) -> list:
    session, names = _session(folder, sha256), known.output
    names = [names] if isinstance(names, str) else list(names)
    outputs = [each.name for each in session.get_outputs()]
    names = names if names != [""] else outputs[:1]
    if not set(names) <= set(outputs):
        raise ValueError(
            f"`output` in {DESCRIPTION} must be among the outputs of the network, "
            f"{outputs!s:.200}. Received: {names!s:.200}."
        )
    source = session.get_inputs()[0].name
    try:
        return session.run(names, {source: wave})
    except Exception as error:  # onnxruntime has a class per kind of failure
        raise ValueError(
            f"Expected the network in {folder} to take a waveform of the shape "
            f"{wave.shape}. Received: {str(error)[:300]}."
        ) from error


@functools.lru_cache(maxsize=2)
def _session(folder: str, sha256: str):
    """The network, which is loaded once per process."""
    runtime, _ = _packages()
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors only
    path = str(Path(folder) / MODEL)
    try:
        session = runtime.InferenceSession(
            path, options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:
        raise ValueError(
            f"Expected an ONNX network in {path}. Received: {str(error)[:300]}. "
            f"{HOW_TO}"
        ) from error
    if len(session.get_inputs()) != 1:
        raise ValueError(
            f"Expected a network with one input, the waveform. Received: {path} with "
            f"{[each.name for each in session.get_inputs()]!s:.200}. Export it with a "
            "constant in the place of the others."
        )
    return session


def _packages():
    try:
        import onnx
        import onnxruntime
    except ImportError as error:
        raise ValueError(
            "The front-end `Onnx` needs the packages onnx and onnxruntime. Received: "
            "an installation without them. Run: pip install 'keras_ser[onnx]'."
        ) from error
    return onnxruntime, onnx


@functools.lru_cache(maxsize=8)
def _described(folder: str, sha256: str) -> Description:
    """The description at the time when a network was first used."""
    return Description.load(Path(folder) / DESCRIPTION)


def _content_hash(folder: str) -> str:
    """The SHA-256 of the network and its description, which is verified.

    Raises:
        FileNotFoundError, ValueError: As for `Onnx`.
    """
    own = Path(folder)
    for name in (MODEL, DESCRIPTION):
        if not (own / name).is_file():
            raise FileNotFoundError(
                f"Expected {name} in {folder}. Received: no such file. {HOW_TO}"
            )
    parts = [own / MODEL, *_external_files(folder, _stamp(own / MODEL))]
    known = Description.load(own / DESCRIPTION)
    found = sha256_of([own / MODEL])
    check_sha256(f"{folder}/{DESCRIPTION}", known.sha256, found, own / MODEL)
    return sha256_of([*parts, own / DESCRIPTION])


def _stamp(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns


@functools.lru_cache(maxsize=8)
def _external_files(folder: str, stamp: tuple[int, int]) -> tuple[Path, ...]:
    """The files with weights that a network names, all of them in its folder.

    Raises:
        ValueError: A file is somewhere else or does not exist, or the network cannot
            be parsed.
    """
    _, onnx = _packages()
    own = Path(folder).resolve()
    try:
        model = onnx.load(str(own / MODEL), load_external_data=False)
    except Exception as error:  # of protobuf
        raise ValueError(
            f"Expected an ONNX network in {own / MODEL}. Received: "
            f"{str(error)[:200] or type(error).__name__}. {HOW_TO}"
        ) from error
    names = {
        entry.value
        for tensor in _tensors(model)
        for entry in tensor.external_data
        if entry.key == "location"
    }
    found = []
    for name in sorted(names):
        path = (own / name).resolve()
        if not path.is_relative_to(own) or not path.is_file():
            raise ValueError(
                f"Expected all weights of a network in its folder {folder}. Received: "
                f"{name!r:.200}, which is elsewhere or absent. Export the network "
                "again, with its weights in the same folder."
            )
        found.append(path)
    return tuple(found)


def _tensors(model):
    """All tensors of a network, with those of functions and of inner graphs."""
    graphs = [model.graph, *model.functions]
    while graphs:
        graph = graphs.pop()
        yield from getattr(graph, "initializer", ())
        for sparse in getattr(graph, "sparse_initializer", ()):
            yield from (sparse.values, sparse.indices)
        for node in graph.node:
            for attribute in node.attribute:
                yield attribute.t
                yield from attribute.tensors
                if attribute.HasField("g"):
                    graphs.append(attribute.g)
                graphs += attribute.graphs


def _is_count(value, most: int) -> bool:
    return type(value) is int and 0 < value <= most


def _is_between(value, least: float, most: float) -> bool:
    return type(value) in (int, float) and least <= value <= most


def _is_text(value) -> bool:
    return isinstance(value, str) and len(value) <= MAX_TEXT
