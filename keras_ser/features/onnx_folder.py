"""The folder of an ONNX network: its description, and which files belong to it."""

import dataclasses
import functools
from pathlib import Path

from keras_ser import audio
from keras_ser.features.contract import BadFrontEnd
from keras_ser.features.weight_files import check_sha256, sha256_of
from keras_ser.utils import files

MODEL, DESCRIPTION = "model.onnx", "front_end.json"
MAX_TEXT = 500  # characters
MAX_DIMENSIONS = 2**16
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
            raise BadFrontEnd(
                f"`{wrong[0]}` in {DESCRIPTION} is out of range. Received: "
                f"{getattr(self, wrong[0])!r:.80}. See `features.onnx_folder."
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
            raise BadFrontEnd(
                f"Expected {path} to have `hop_seconds`, `dimensions` and others of "
                f"{sorted(known)}. Received: {sorted(found)!s:.300}. {HOW_TO}"
            )
        return cls(**found)


def packages() -> tuple:
    """Returns the packages onnxruntime and onnx.

    Raises:
        BadFrontEnd: They are not installed.
    """
    try:
        import onnx
        import onnxruntime
    except ImportError as error:
        raise BadFrontEnd(
            "The front-end `Onnx` needs the packages onnx and onnxruntime. Received: "
            "an installation without them. Run: pip install 'keras_ser[onnx]'."
        ) from error
    return onnxruntime, onnx


@functools.lru_cache(maxsize=8)
def described(folder: str, sha256: str) -> Description:
    """The description of a network when it was first used, which is verified.

    Raises:
        FileNotFoundError: A file does not exist.
        BadFrontEnd: The files are no longer those with this hash.
    """
    check_sha256("Onnx", sha256, content_hash(folder), folder)
    return Description.load(Path(folder) / DESCRIPTION)


def content_hash(folder: str) -> str:
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
    _, onnx = packages()
    own = Path(folder).resolve()
    try:
        model = onnx.load(str(own / MODEL), load_external_data=False)
    except Exception as error:  # of protobuf
        raise BadFrontEnd(
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
            raise BadFrontEnd(
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
