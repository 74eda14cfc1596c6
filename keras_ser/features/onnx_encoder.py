"""A pre-trained network in an ONNX file as a front-end."""

import dataclasses
import functools
from pathlib import Path
from typing import ClassVar

import numpy as np

from keras_ser import audio
from keras_ser.features.contract import LOCATION, BadFrontEnd
from keras_ser.features.lengths import check_length, lengthened
from keras_ser.features.onnx_folder import (
    DESCRIPTION,
    HOW_TO,
    MODEL,
    Description,
    content_hash,
    described,
    packages,
)
from keras_ser.features.weight_files import check_sha256

MAX_ABSENT = 5  # frames at the end of the speech
LENGTH_ADVICE = (
    f"Correct `hop_seconds` in {DESCRIPTION}. If the network pads speech to a fixed "
    "length, set `min_samples` to that length in samples, whose padding is left out, "
    "or export the network without padding."
)


@dataclasses.dataclass(frozen=True)
class Onnx:
    """The frames of a pre-trained network in an ONNX file.

    The folder has two files: `model.onnx`, and `front_end.json`, which describes it
    (`features.onnx_folder.Description`). The network takes a waveform, float32
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

    version: ClassVar[int] = 2  # 2: without the frames of padding up to `min_samples`
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
        found = content_hash(self._place)
        check_sha256("Onnx", self.sha256, found, self._place)
        object.__setattr__(self, "sha256", found)

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
    def _place(self) -> str:
        return str(Path(self.folder).expanduser())

    @property
    def _known(self) -> Description:
        return described(self._place, self.sha256)

    def frames(self, seconds: float) -> int:
        """The number of frames of a window of this length."""
        return max(1, round(seconds / self.hop_seconds))

    def __call__(self, wave: np.ndarray) -> np.ndarray:
        """Runs the network on a waveform.

        Networks without padding have no frame for the end of the speech. The last frame
        is repeated there, up to five times. The frames of the zeros that speech below
        `min_samples` is padded with are left out.

        Args:
            wave: Float array of shape `(samples,)` at 16 kHz.

        Returns:
            float32 array of shape `(frames, dimensions)`.

        Raises:
            BadFrontEnd: The network is not the one that this front-end was made with,
                or fails, or returns another shape or number of frames than described.
        """
        known, seconds = self._known, len(wave) / audio.RATE
        wave = np.asarray(wave, np.float32)
        if known.normalise_wave:
            wave = (wave - wave.mean()) / np.sqrt(wave.var() + 1e-7)
        padding = max(0, known.min_samples - len(wave))
        wave = np.pad(wave, (0, padding))
        outputs = _run(self._place, self.sha256, known, wave[None])
        found = _frames(outputs, known, self._place)
        given, hop = len(wave) / audio.RATE, known.hop_seconds
        check_length(len(found), hop, given, f"from {self._place}", LENGTH_ADVICE)
        if padding:
            found = found[: self.frames(seconds)]
        return lengthened(found, min(self.frames(seconds), len(found) + MAX_ABSENT))


def _frames(outputs: list[np.ndarray], known: Description, folder: str) -> np.ndarray:
    """The outputs of a network as `(frames, dimensions)`, layer after layer."""
    layers = list(outputs[0]) if len(outputs) == 1 < known.layers else outputs
    if len(outputs) == 1 and outputs[0].ndim == 3:
        layers = outputs  # whose layers are side by side already
    found = [each[0] for each in layers if each.ndim == 3 and len(each) == 1]
    width = sum(each.shape[1] for each in found)
    if len(found) not in (1, known.layers) or width != known.dimensions:
        raise BadFrontEnd(
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
        raise BadFrontEnd(
            f"`output` in {DESCRIPTION} must be among the outputs of the network, "
            f"{outputs!s:.200}. Received: {names!s:.200}."
        )
    source = session.get_inputs()[0].name
    try:
        return session.run(names, {source: wave})
    except Exception as error:  # onnxruntime has a class per kind of failure
        raise BadFrontEnd(
            f"Expected the network in {folder} to take a waveform of the shape "
            f"{wave.shape}. Received: {str(error)[:300]}. Export the network for "
            f"waveforms of any length, and set `min_samples` in {DESCRIPTION} to the "
            "fewest samples that it takes."
        ) from error


@functools.lru_cache(maxsize=2)
def _session(folder: str, sha256: str):
    """The network, which is verified and loaded once per process."""
    check_sha256("Onnx", sha256, content_hash(folder), folder)
    runtime, _ = packages()
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors only
    path = str(Path(folder) / MODEL)
    try:
        session = runtime.InferenceSession(
            path, options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:
        raise BadFrontEnd(
            f"Expected an ONNX network in {path}. Received: {str(error)[:300]}. "
            f"{HOW_TO}"
        ) from error
    if len(session.get_inputs()) != 1:
        raise BadFrontEnd(
            f"Expected a network with one input, the waveform. Received: {path} with "
            f"{[each.name for each in session.get_inputs()]!s:.200}. Export it with a "
            "constant in the place of the others."
        )
    return session
