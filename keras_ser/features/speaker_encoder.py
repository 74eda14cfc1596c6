"""The states of a speaker encoder as a front-end."""

import dataclasses
import functools
import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import numpy as np

from keras_ser import audio
from keras_ser.features.contract import LOCATION, BadFrontEnd
from keras_ser.features.torch_file import read_tensors
from keras_ser.features.weight_files import check_sha256, sha256_of

PACKAGE, FILE = "resemblyzer", "pretrained.pt"
WINDOW, HOP = 400, 160  # samples: 25 ms and 10 ms at 16 kHz
LEVEL_DB = -30.0  # of quieter speech, relative to full scale
LAYERS, UNITS, BANDS = 3, 256, 40
MAX_EVERY = 100
UNTRAINED_SEED = 0


@dataclasses.dataclass(frozen=True)
class SpeakerEncoder:
    """The states of the recurrent layers of a GE2E speaker encoder.

    The network was trained to tell speakers apart (Wan et al. 2018): three LSTMs of 256
    units on the power of 40 mel bands, in windows of 25 ms every 10 ms. The states of
    all three are returned, every `every`-th frame. An LSTM sees what came before a
    frame, so that these frames are about all the speech up to them.

    Speech whose root mean square is below −30 dB of full scale is amplified to that
    level, as in the training of the network. Silence is not cut out.

    The weights are not part of this package. They are read from the installed package
    `resemblyzer` (Apache-2.0, 0.1.4), or from a copy of its file. Its code is not run,
    and PyTorch is not needed: `pip install --no-deps resemblyzer` is enough.

    Args:
        path: The file of the weights. The default is that of the installed package.
        trained: Whether to use these weights. `False` draws weights as PyTorch does for
            a new LSTM, uniformly from −1/16 to 1/16. This untrained network is what a
            trained one must beat.
        every: Of how many frames one is kept. With 4, frames are 40 ms apart.
        sha256: The SHA-256 of the file, which is filled in. If it is given, another
            file is an error, and no file is needed until something is computed.

    Raises:
        ValueError: There are no weights, or the file does not hold those of such a
            network, or a setting is out of range.

    Reference: Wan et al., "Generalized end-to-end loss for speaker verification",
    ICASSP 2018.
    """

    dtype: ClassVar[str] = "<f2"
    ordered: ClassVar[bool] = False
    layers: ClassVar[int] = LAYERS
    dimensions: ClassVar[int] = LAYERS * UNITS

    path: str = dataclasses.field(default="", metadata=LOCATION)
    trained: bool = True
    every: int = 4
    sha256: str = ""

    def __post_init__(self):
        if type(self.every) is not int or not 0 < self.every <= MAX_EVERY:
            raise ValueError(
                f"`every` must be a whole number from 1 to {MAX_EVERY}. Received: "
                f"{self.every!r:.80}."
            )
        if not isinstance(self.trained, bool) or not isinstance(self.path, str):
            raise ValueError(
                "`trained` must be True or False, and `path` a text. Received: "
                f"trained={self.trained!r:.80}, path={self.path!r:.80}."
            )
        if not self.trained:
            if self.path or self.sha256:
                raise ValueError(
                    "An untrained speaker encoder has no file of weights. Received: "
                    f"path={self.path!r}, sha256={self.sha256!r:.80}. Leave both out."
                )
            return
        if self.sha256 and not self.path and _installed() is None:
            check_sha256("SpeakerEncoder", self.sha256, self.sha256, "")
            return  # features from a cache or an archive need no weights
        object.__setattr__(self, "sha256", self._verified_sha256())

    def _verified_sha256(self) -> str:
        path = self.weights_path
        found = sha256_of([path])
        check_sha256("SpeakerEncoder", self.sha256, found, path)
        return found

    @property
    def weights_path(self) -> Path:
        """The file of the weights.

        Raises:
            BadFrontEnd: There is none.
        """
        path = Path(self.path).expanduser() if self.path else _installed()
        if path is None or not path.is_file():
            raise BadFrontEnd(
                "`SpeakerEncoder` needs the weights of the package resemblyzer. "
                f"Received: {path or 'an installation without it'}. Run: pip install "
                "--no-deps resemblyzer, or give `path` (features.settings.path in a "
                f"config), the place of its file {FILE}."
            )
        return path.absolute()

    @property
    def hop_seconds(self) -> float:
        """The distance between frames in seconds."""
        return self.every * HOP / audio.RATE

    def frames(self, seconds: float) -> int:
        """The number of frames of a window of this length."""
        return max(1, round(seconds / self.hop_seconds))

    def __call__(self, wave: np.ndarray) -> np.ndarray:
        """Computes the states for a waveform.

        Args:
            wave: Float array of shape `(samples,)` at 16 kHz.

        Returns:
            float32 array of shape `(frames, 768)`, with one frame per `every` · 10 ms.
            Its values are rounded to float16, as they are stored.

        Raises:
            BadFrontEnd: There are no weights, or not those of this front-end.
        """
        weights, layers = _weights(self), [mel_power(at_level(wave))]
        for number in range(self.layers):
            layers.append(lstm(layers[-1], weights, number))
        kept = np.concatenate(layers[1:], axis=1)[:: self.every]
        return kept.astype(self.dtype).astype(np.float32)


def at_level(wave: np.ndarray) -> np.ndarray:
    """Speech at −30 dB of full scale or louder, by its root mean square."""
    level = np.sqrt(np.mean(np.square(wave, dtype=np.float64)))
    target = 10 ** (LEVEL_DB / 20)
    return wave if level >= target or level == 0 else wave * (target / level)


def mel_power(wave: np.ndarray) -> np.ndarray:
    """The power of 40 mel bands, float32 `(frames, 40)`, without a logarithm.

    Args:
        wave: Float array of shape `(samples,)` at 16 kHz.
    """
    import librosa

    padded = np.pad(wave, (0, max(0, WINDOW - len(wave))))  # librosa warns otherwise
    power = librosa.feature.melspectrogram(
        y=np.asarray(padded, np.float32),
        sr=audio.RATE,
        n_fft=WINDOW,
        hop_length=HOP,
        n_mels=BANDS,
        pad_mode="constant",
    )
    return np.ascontiguousarray(power[:, : 1 + len(wave) // HOP].T)


def lstm(
    inputs: np.ndarray, weights: Mapping[str, np.ndarray], number: int
) -> np.ndarray:
    """The states of one layer, an LSTM of PyTorch.

        i, f, o = σ(W x + U h + b),   g = tanh(W x + U h + b)
        c ← f · c + i · g,            h = o · tanh(c)

    Keras would need a backend, whose threads an experiment sets later. At one utterance
    at a time, NumPy is not slower.

    Args:
        inputs: float32 `(frames, features)`.
        weights: The tensors of all layers, as PyTorch names them.
        number: The number of the layer, from 0.

    Returns:
        float32 `(frames, units)`.
    """
    kernel, recurrent, *biases = (weights[name] for name in names_of(number))
    units = recurrent.shape[1]
    from_inputs = inputs @ kernel.T + (biases[0] + biases[1])
    from scipy.special import expit  # whose import takes a tenth of a second

    recurrent = np.ascontiguousarray(recurrent.T)
    hidden = cell = np.zeros(units, np.float32)
    states = np.empty((len(inputs), units), np.float32)
    for state, own in zip(states, from_inputs, strict=True):
        gates = own + hidden @ recurrent
        gates[: 2 * units] = expit(gates[: 2 * units])
        gates[3 * units :] = expit(gates[3 * units :])
        let_in, forget, new, let_out = np.split(gates, 4)
        cell = forget * cell + let_in * np.tanh(new)
        state[:] = hidden = let_out * np.tanh(cell)
    return states


def names_of(number: int) -> list[str]:
    """The names in PyTorch of the tensors of one layer."""
    parts = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    return [f"lstm.{part}_l{number}" for part in parts]


def weight_shapes() -> dict[str, tuple[int, ...]]:
    """The tensors of all layers, with their shapes."""
    found = {}
    for number in range(LAYERS):
        inputs = UNITS if number else BANDS
        shapes = [(4 * UNITS, inputs), (4 * UNITS, UNITS), *[(4 * UNITS,)] * 2]
        found |= dict(zip(names_of(number), shapes, strict=True))
    return found


def _installed() -> Path | None:
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.origin:
        return None
    return Path(found.origin).with_name(FILE)


@functools.lru_cache(maxsize=2)
def _weights(front_end: SpeakerEncoder) -> dict[str, np.ndarray]:
    return weights_of(front_end)


def weights_of(front_end: SpeakerEncoder) -> dict[str, np.ndarray]:
    """The tensors of the recurrent layers, as PyTorch names them.

    Raises:
        BadFrontEnd: The file does not hold those of such a network.
    """
    shapes = weight_shapes()
    if not front_end.trained:
        draw = np.random.default_rng(UNTRAINED_SEED).uniform
        return {
            name: draw(-1 / 16, 1 / 16, shape).astype(np.float32)
            for name, shape in shapes.items()
        }
    front_end._verified_sha256()
    try:
        found = read_tensors(front_end.weights_path)
    except ValueError as error:
        raise BadFrontEnd(str(error)) from error
    tensors = found.get("model_state", found) if isinstance(found, dict) else {}
    tensors = tensors if isinstance(tensors, dict) else {}
    wrong = [
        name for name, shape in shapes.items() if np.shape(tensors.get(name)) != shape
    ]
    if wrong:
        raise BadFrontEnd(
            "`SpeakerEncoder` needs a file with three LSTMs of 256 units on 40 mel "
            f"bands. Received: {front_end.weights_path}, without {wrong[0]!r} of the "
            f"shape {shapes[wrong[0]]}. Give the file {FILE} of resemblyzer 0.1.4."
        )
    return {name: tensors[name] for name in shapes}
