"""Front-ends, which turn a waveform into features `(frames, dimensions)`.

`features.contract.FrontEnd` says what a front-end promises: `dimensions`, `hop_seconds`
and `frames(seconds)`, and optionally `dtype`, `version`, `ordered`, `db_per_unit` and
`blocks`. It also gives the defaults of those that a front-end lacks. To add one, write
a dataclass and add it to `FRONT_ENDS` under its class name.

The name of this module and the names and the order of the settings are parts of the
names of cache entries. A change of numbers needs a new `version`.
"""

import dataclasses
import functools
from typing import ClassVar

import numpy as np

from keras_ser import audio
from keras_ser.features.onnx_encoder import Onnx
from keras_ser.features.opensmile import OpenSmileLLD
from keras_ser.features.short_time import DB_PER_LOG, ShortTimePower
from keras_ser.features.speaker_encoder import SpeakerEncoder
from keras_ser.features.stored import Stored


@dataclasses.dataclass(frozen=True)
class LogMel(ShortTimePower):
    """Log-mel spectrogram of a waveform.

    With the Hamming-windowed short-time spectrum S of shape (n_fft / 2 + 1, frames)
    and the Slaney mel filterbank W of shape (n_mels, n_fft / 2 + 1),

        X = ln(max(W |S|², 1e-10)),

    where frames are centred on multiples of `hop_seconds`, so that n samples give
    1 + n // hop frames, with the hop in samples. The floor is absolute, so the
    features of an utterance depend on that utterance alone.

    The defaults are the front-end of Latif et al. 2022, section 4.2 (40 ms, 10 ms,
    128 bands), except for `fmax`, which is 8000 Hz there. The resampler behind the
    speed perturbation leaves a trace at the top of the band. The augmentation head
    could recognise the speed from this trace without attending to the speech.

    Args:
        window_seconds: The length of a window in seconds.
        hop_seconds: The distance from one window to the next in seconds.
        n_mels: The number of mel bands.
        n_fft: The length of the Fourier transform in samples. The window is padded
            with zeros to this length.
        fmin, fmax: The lowest and the highest edge of the filterbank in Hz.

    Raises:
        ValueError: A setting is not a finite number, or is outside its range. Ranges
            also bound the memory that settings from an untrusted file can ask for.

    Example:

    >>> LogMel(n_mels=40)(np.zeros(16000, "float32")).shape
    (101, 40)
    """

    db_per_unit: ClassVar[float] = DB_PER_LOG
    bands_field: ClassVar[str] = "n_mels"

    window_seconds: float = 0.040
    hop_seconds: float = 0.010
    n_mels: int = 128
    n_fft: int = 1024
    fmin: float = 0.0
    fmax: float = 6800.0

    def __post_init__(self):
        super().__post_init__()
        if not 0 <= self.fmin < self.fmax <= audio.RATE / 2:
            raise ValueError(
                f"Expected 0 <= fmin < fmax <= {audio.RATE // 2} Hz. "
                f"Received: fmin={self.fmin}, fmax={self.fmax}."
            )

    @property
    def frequencies(self) -> np.ndarray:
        """The centre of each band in Hz, shape `(n_mels,)`."""
        import librosa

        edges = librosa.mel_frequencies(self.n_mels + 2, fmin=self.fmin, fmax=self.fmax)
        return edges[1:-1]

    def _bands(self, power: np.ndarray) -> np.ndarray:
        weights = _mel_weights(self.n_mels, self.n_fft, self.fmin, self.fmax)
        return (weights @ power.T).T


@functools.lru_cache(8)
def _mel_weights(n_mels: int, n_fft: int, fmin: float, fmax: float):
    """The Slaney mel filterbank, sparse `(n_mels, n_fft / 2 + 1)`: most of it is 0."""
    import librosa
    from scipy import sparse

    options = {"n_mels": n_mels, "fmin": fmin, "fmax": fmax, "dtype": np.float32}
    return sparse.csr_array(librosa.filters.mel(sr=audio.RATE, n_fft=n_fft, **options))


@dataclasses.dataclass(frozen=True)
class FilterBank(LogMel):
    """Log-mel filterbank of 40 bands, with the equation and the frames of `LogMel`.

    The defaults are the front-end of Parry et al. 2022: 40 mel bands from windows of
    25 ms every 10 ms. Neither the window function, the range of frequencies, the
    length of the transform, nor the logarithm is given there. They are a Hamming
    window, all frequencies from 0 to 8000 Hz, 512 samples, and the natural logarithm of
    the power with the absolute floor of 1e-10. As in `Spectrogram`, the trace of the
    resampler at the top of the band is within this range.

    Args:
        window_seconds: The length of a window in seconds.
        hop_seconds: The distance from one window to the next in seconds.
        n_mels: The number of mel bands.
        n_fft: The length of the Fourier transform in samples. The window is padded
            with zeros to this length.
        fmin, fmax: The lowest and the highest edge of the filterbank in Hz.

    Raises:
        ValueError: As for `LogMel`.

    Reference: Parry et al., "Speech emotion recognition in the wild using multi-task
    and adversarial learning", Interspeech 2022.

    Example:

    >>> FilterBank()(np.zeros(16000, "float32")).shape
    (101, 40)
    """

    window_seconds: float = 0.025
    hop_seconds: float = 0.010
    n_mels: int = 40
    n_fft: int = 512
    fmin: float = 0.0
    fmax: float = 8000.0


@dataclasses.dataclass(frozen=True)
class Spectrogram(ShortTimePower):
    """Log power spectrogram of a waveform, in bands of equal width.

    With the Hamming-windowed short-time spectrum S of shape (n_fft / 2 + 1, frames),
    band b is the mean power of g = n_fft / (2 n_bins) neighbouring bins,

        X[b] = ln(max(1/g Σ_k |S[k]|², 1e-10)),   k = g b … g b + g − 1,

    with frames and the absolute floor as in `LogMel`. The bands cover the frequencies
    from 0 Hz up to, but without, 8 kHz: the bin at 8 kHz, the Nyquist frequency, is
    left out. By default, 256 of 257 bins remain, and pairs of them become 128 bands of
    62.5 Hz.

    The defaults are the front-end of Latif et al. 2020, section 4.2: a window of 25 ms,
    a hop of 10 ms, and a height of 128. The length of the transform, the mean over
    pairs and the logarithm are not given there. Unlike the default `LogMel`, it also
    covers the top of the band, where the resampler behind the speed perturbation leaves
    a trace from which a network can tell the speed.

    Args:
        window_seconds: The length of a window in seconds.
        hop_seconds: The distance from one window to the next in seconds.
        n_bins: The number of bands, which divides n_fft / 2.
        n_fft: The length of the Fourier transform in samples. The window is padded
            with zeros to this length.

    Raises:
        ValueError: A setting is not a finite number, or is outside its range, or
            `n_bins` does not divide n_fft / 2.

    Reference: Latif et al., "Deep architecture enhancing robustness to noise,
    adversarial attacks, and cross-corpus setting for speech emotion recognition",
    Interspeech 2020.

    Example:

    >>> Spectrogram()(np.zeros(16000, "float32")).shape
    (101, 128)
    """

    db_per_unit: ClassVar[float] = DB_PER_LOG
    bands_field: ClassVar[str] = "n_bins"

    window_seconds: float = 0.025
    hop_seconds: float = 0.010
    n_bins: int = 128
    n_fft: int = 512

    def __post_init__(self):
        super().__post_init__()
        if self.n_fft % (2 * self.n_bins):
            raise ValueError(
                "`n_bins` must divide half of `n_fft`, so that each band has as many "
                f"bins. Received: n_bins={self.n_bins}, n_fft={self.n_fft}. Use powers "
                "of 2, such as n_bins=128 and n_fft=512."
            )

    @property
    def frequencies(self) -> np.ndarray:
        """The centre of each band in Hz, shape `(n_bins,)`."""
        return (np.arange(self.n_bins) + 0.5) * audio.RATE / 2 / self.n_bins

    def _bands(self, power: np.ndarray) -> np.ndarray:
        kept = power[:, :-1]  # without Nyquist
        return kept.reshape(len(kept), self.n_bins, -1).mean(axis=2)


FRONT_ENDS = {
    "LogMel": LogMel,
    "FilterBank": FilterBank,
    "Spectrogram": Spectrogram,
    "OpenSmileLLD": OpenSmileLLD,
    "SpeakerEncoder": SpeakerEncoder,
    "Onnx": Onnx,
    "Stored": Stored,
}
