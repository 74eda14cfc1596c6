"""Conditions of the waveform: noise, level, band limit, lossy coding."""

import dataclasses
import io
import math

import numpy as np

from keras_ser import audio
from keras_ser.audio.noise import Mixing, clips
from keras_ser.conditions.condition import Condition, expected, within

LARGEST = 100.0  # dB
LOWEST = 100.0  # Hz
MOST = 0.9999  # libsndfile 1.2.2 refuses 1 for mp3
CODECS = {
    "mp3": ("MP3", "MPEG_LAYER_III"),
    "ogg": ("OGG", "VORBIS"),
    "opus": ("OGG", "OPUS"),
}


@dataclasses.dataclass(frozen=True)
class Clean(Condition):
    """Speech as it is."""

    name, form = "clean", "clean"


@dataclasses.dataclass(frozen=True)
class Noise(Condition):
    """Noise mixed in; see `noises.mixed`.

    Args:
        kind: of the noise; `all` draws one an utterance.
        snr: signal-to-noise ratio in dB.
    """

    name, form, axis = "noise", "noise:KIND:SNR", "SNR (dB)"
    clean_at, mixes = math.inf, True
    kind: str
    snr: float

    def __post_init__(self):
        within(self, "an SNR of -100 to 100 dB", -LARGEST, LARGEST, self.snr)
        if not self.kind:
            raise expected(self, "a kind of noise, or `all`")

    @property
    def family(self) -> str:
        return f"noise: {self.kind}"

    @property
    def level(self) -> float:
        return self.snr

    def transform(self, noise):
        if noise is None:
            raise ValueError(
                f"Condition `{self.text}` needs noise to mix in. Received none: name "
                "a corpus of noise."
            )
        return Mixing(clips(noise, self.kind), self.kind, self.snr)


class Transformed(Condition):
    """A condition that is its own waveform transform, the same for all utterances."""

    @property
    def key(self) -> str:
        return self.text

    def transform(self, noise):
        return self


@dataclasses.dataclass(frozen=True)
class Gain(Transformed):
    """Another level: every sample times 10^(decibels / 20). Nothing is clipped."""

    name, form, axis = "gain", "gain:DECIBELS", "gain (dB)"
    decibels: float

    def __post_init__(self):
        within(self, "a gain of -100 to 100 dB", -LARGEST, LARGEST, self.decibels)

    @property
    def level(self) -> float:
        return self.decibels

    def __call__(self, wave: np.ndarray) -> np.ndarray:
        return (wave * 10 ** (self.decibels / 20)).astype(np.float32)


@dataclasses.dataclass(frozen=True)
class Band(Transformed):
    """Speech as recorded at the rate 2 · `hertz`: resampled to that, and back."""

    name, form, axis = "band", "band:HERTZ", "upper band limit (Hz)"
    clean_at = math.inf
    hertz: float

    def __post_init__(self):
        within(self, "a limit of 100 to 8000 Hz", LOWEST, audio.RATE / 2, self.hertz)

    @property
    def level(self) -> float:
        return self.hertz

    def __call__(self, wave: np.ndarray) -> np.ndarray:
        narrow = audio.resample(wave, audio.RATE, 2 * self.hertz)
        return _as_long(audio.resample(narrow, 2 * self.hertz, audio.RATE), wave)


@dataclasses.dataclass(frozen=True)
class Codec(Transformed):
    """Lossy coding and decoding, as libsndfile does them.

    Speech beyond ±1 is coded at the level at which it reaches that, so that nothing
    is clipped, and gets its level back. Of 16 kHz speech (EMO-DB's 03a01Fa,
    libsndfile 1.2.2), kbit/s by its own choice and at compression 1: mp3 49 and 25,
    ogg 60 and 43, opus 32 and 10.

    Args:
        codec: key of `CODECS`.
        compression: 0 (least) to 1 (most); None for libsndfile's own choice.
    """

    name, form, axis = "codec", "codec:NAME[:COMPRESSION]", "lossy coding"
    clean_at, steps = -math.inf, False
    codec: str
    compression: float | None = None

    def __post_init__(self):
        if self.codec not in CODECS:
            raise expected(self, f"one of {sorted(CODECS)}")
        within(self, "a compression of 0 to 1", 0.0, 1.0, self.compression or 0.0)
        if not self.written:
            raise ValueError(
                f"Condition `{self.text}` needs a libsndfile that writes "
                f"{self.codec}. Received: one that does not. Install soundfile from "
                "its wheel, or leave the condition out."
            )

    @property
    def written(self) -> bool:
        """Whether this libsndfile writes the codec."""
        import soundfile

        return soundfile.check_format(*CODECS[self.codec])

    @property
    def level(self) -> float:
        return list(CODECS).index(self.codec) + (self.compression or 0.0) / 2

    @property
    def tick(self) -> str:
        return self.text.partition(":")[2]

    @property
    def key(self) -> str:
        import soundfile

        return f"{self.text} {soundfile.__libsndfile_version__}"

    def __call__(self, wave: np.ndarray) -> np.ndarray:
        scale = max(1.0, float(np.abs(wave).max()))
        decoded, rate = self._decoded(wave / scale)
        return _as_long(scale * audio.resample(decoded, rate, audio.RATE), wave)

    def _decoded(self, wave: np.ndarray) -> tuple[np.ndarray, int]:
        import soundfile

        container, subtype = CODECS[self.codec]
        options = {"format": container, "subtype": subtype}
        if self.compression is not None:
            options["compression_level"] = min(self.compression, MOST)
        stream = io.BytesIO()
        soundfile.write(stream, wave, audio.RATE, **options)
        stream.seek(0)
        return soundfile.read(stream, dtype="float32")


def _as_long(wave: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Cut, or padded with silence, to the length of another one."""
    wave = wave[: len(other)]
    return np.pad(wave, (0, len(other) - len(wave))).astype(np.float32)
