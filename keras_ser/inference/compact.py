"""Small model files, to publish or to send."""

import os
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from keras_ser.inference import model_file
from keras_ser.inference.recogniser import Recogniser
from keras_ser.utils import files


def compact(
    model: str | Path,
    out: str | Path,
    about: str = "",
    arguments: Mapping[str, object] | None = None,
) -> Path:
    """Writes a small copy of a model file, for sending and publishing.

    Weights are rounded to the nearest number of float16, which has 11 significant bits,
    so probabilities differ in about the third decimal. The optimizer is left out, and
    the rest compressed. The copy is loaded like any other model file, with weights of
    float32.

    Args:
        model: Run folder or model file.
        out: The file to write, with the suffix `.keras`.
        about: What users of the model should know, instead of what the model says.
        arguments: Arguments of the model's class that differ, such as
            `models.BASELINE`, which leaves out the auxiliary heads of MTL-AUG. The
            layers that remain keep their weights.

    Returns:
        The path.

    Raises:
        FileNotFoundError, ValueError: As `Recogniser.load`; and if `out` is a folder or
            has another suffix, a weight is too large for float16, `about` is not one
            line of printable text, or a model with these arguments has layers that the
            model lacks.

    Example:

    >>> compact("runs/emodb/mtl_aug/03-0", "emodb.keras")
    PosixPath('emodb.keras')
    """
    if Path(out).suffix != ".keras" or Path(out).is_dir():
        raise ValueError(
            f"`out` must be the path of a file that ends in .keras. Received: {out}. "
            "Give another path."
        )
    recogniser = Recogniser.load(model)
    network = recogniser.model
    if arguments:
        network = _rebuilt(network, arguments)
    network.set_weights([_rounded(each) for each in network.get_weights()])
    copy = Recogniser(
        network,
        recogniser.preprocessing,
        temperature=recogniser.temperature,
        familiar=recogniser.familiar,
        about=about or recogniser.about,
    )
    with tempfile.TemporaryDirectory() as folder:
        source = copy.save(Path(folder, "model.keras"))
        with files.replacing(out) as temporary:
            _compress(source, temporary)
    return Path(out)


def _rebuilt(network, arguments: Mapping[str, object]):
    """The network with other arguments, and the weights of the layers of one name."""
    made = type(network).from_config({**network.get_config(), **arguments})
    known = {layer.name: layer for layer in network.layers}
    for layer in made.layers:
        if not layer.weights:
            continue
        own = known.get(layer.name)
        shapes = [weight.shape for weight in layer.weights]
        if own is None or shapes != [weight.shape for weight in own.weights]:
            raise ValueError(
                f"`arguments` must leave out parts of the model. Received: "
                f"{dict(arguments)}, with which the layer `{layer.name}` is new. Leave "
                "out the arguments that add it."
            )
        layer.set_weights(own.get_weights())
    return made


def _rounded(weights: np.ndarray) -> np.ndarray:
    if weights.dtype != np.float32:
        return weights  # states of random numbers
    with np.errstate(over="ignore"):
        rounded = weights.astype(np.float16).astype(np.float32)
    if np.isinf(rounded).any():
        largest = np.abs(weights).max()
        raise ValueError(
            f"Weights must be at most {np.finfo(np.float16).max} to fit into float16. "
            f"Received: {largest:.3g}. Publish the file of the run instead."
        )
    return rounded


def _compress(source: Path, target: str | os.PathLike) -> None:
    """Copies an archive with its members compressed, and without their dates.

    Where most weights are 0, the file would become so small that it could not be told
    from one that was made to fill the memory. Members are not compressed then.
    """
    _copy(source, target, zipfile.ZIP_DEFLATED)
    with zipfile.ZipFile(target) as archive:
        largest = max(info.file_size for info in archive.infolist())
    if largest > model_file.MAX_RATIO * os.stat(target).st_size:
        _copy(source, target, zipfile.ZIP_STORED)


def _copy(source: Path, target: str | os.PathLike, compression: int) -> None:
    with (
        zipfile.ZipFile(source) as archive,
        zipfile.ZipFile(target, "w", compression, compresslevel=9) as copy,
    ):
        for name in archive.namelist():
            member = zipfile.ZipInfo(name)
            member.compress_type = compression
            copy.writestr(member, archive.read(name))
