"""Conditions of the waveform: noise, gain, band limit and lossy coding."""

import dataclasses
import io
import math

import numpy as np
import pandas as pd

from keras_ser import audio
from keras_ser.audio.noise import Mixing, clips
from keras_ser.conditions.condition import Condition, check_range, value_error

MAX_SNR_DB = 100.0
MAX_GAIN_DB = 100.0
MIN_BAND_HZ = 100.0
MAX_COMPRESSION = 0.9999  # libsndfile 1.2.2 does not accept 1 for mp3
CODECS = {  # container and subtype in libsndfile
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
    """Noise mixed into speech; see `audio.noise` for the equations.

    Args:
        kind: Kind of noise; with `all`, one is drawn for each utterance.
        snr: Signal-to-noise ratio in dB.
    """

    name, form, axis = "noise", "noise:KIND:SNR", "SNR (dB)"
    clean_at, mixes_noise = math.inf, True
    kind: str
    snr: float

    def __post_init__(self):
        expected = "an SNR from -100 to 100 dB"
        check_range(self, expected, -MAX_SNR_DB, MAX_SNR_DB, self.snr)
        if not self.kind:
            raise value_error(self, "a kind of noise, or `all`")

    @property
    def family(self) -> str:
        return f"noise: {self.kind}"

    @property
    def level(self) -> float:
        return self.snr

    def transform(self, noise: pd.DataFrame | None) -> Mixing:
        if noise is None:
            raise ValueError(
                f"Condition `{self.text}` needs noise to mix in. Received: noise=None. "
                "Pass the table of a noise corpus, such as `demand` or `noise`."
            )
        return Mixing(clips(noise, self.kind), self.kind, self.snr)


class Transformed(Condition):
    """A condition that is its own waveform transform, equal for all utterances."""

    @property
    def key(self) -> str:
        """Identifies the transform in caches."""
        return self.text

    def transform(self, noise: pd.DataFrame | None) -> "Transformed":
        return self


@dataclasses.dataclass(frozen=True)
class Gain(Transformed):
    """A different level: every sample times 10^(decibels / 20), without clipping.

    Args:
        decibels: Gain in dB; negative values make the speech softer.
    """

    name, form, axis = "gain", "gain:DECIBELS", "gain (dB)"
    decibels: float

    def __post_init__(self):
        expected = "a gain from -100 to 100 dB"
        check_range(self, expected, -MAX_GAIN_DB, MAX_GAIN_DB, self.decibels)

    @property
    def level(self) -> float:
        return self.decibels

    def __call__(self, wave: np.ndarray) -> np.ndarray:
        return (wave * 10 ** (self.decibels / 20)).astype(np.float32)


@dataclasses.dataclass(frozen=True)
class Band(Transformed):
    """A band limit: speech as if it were recorded at a rate of 2 · `hertz`.

    It is resampled to that rate and back.

    Args:
        hertz: Upper limit of the band in Hz, at most 8000.
    """

    name, form, axis = "band", "band:HERTZ", "upper band limit (Hz)"
    clean_at = math.inf
    hertz: float

    def __post_init__(self):
        expected = "a limit from 100 to 8000 Hz"
        check_range(self, expected, MIN_BAND_HZ, audio.RATE / 2, self.hertz)

    @property
    def level(self) -> float:
        return self.hertz

    def __call__(self, wave: np.ndarray) -> np.ndarray:
        narrow = audio.resample(wave, audio.RATE, 2 * self.hertz)
        return _match_length(audio.resample(narrow, 2 * self.hertz, audio.RATE), wave)


@dataclasses.dataclass(frozen=True)
class Codec(Transformed):
    """Lossy coding and decoding by libsndfile.

    Speech that goes beyond ±1 is scaled to ±1 before coding and back afterwards, so
    that nothing is clipped. The bit rates of 16 kHz speech (the file 03a01Fa of
    EMO-DB, libsndfile 1.2.2) are:

    | codec | default | compression 1 |
    |---|---|---|
    | `mp3` | 49 kbit/s | 25 kbit/s |
    | `ogg` | 60 kbit/s | 43 kbit/s |
    | `opus` | 32 kbit/s | 10 kbit/s |

    Args:
        codec: Key of `CODECS`.
        compression: From 0 (least) to 1 (most), or None for the default of
            libsndfile.
    """

    name, form, axis = "codec", "codec:NAME[:COMPRESSION]", "lossy coding"
    clean_at, steps = -math.inf, False
    codec: str
    compression: float | None = None

    def __post_init__(self):
        if self.codec not in CODECS:
            raise value_error(self, f"one of {sorted(CODECS)}")
        check_range(self, "a compression from 0 to 1", 0, 1, self.compression or 0.0)
        if not can_write(self.codec):
            raise ValueError(
                f"Condition `{self.text}` needs a libsndfile that can write "
                f"{self.codec}. Received: one that cannot. Install the wheel of "
                "soundfile, which contains libsndfile, or remove the condition."
            )

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
        return _match_length(scale * audio.resample(decoded, rate, audio.RATE), wave)

    def _decoded(self, wave: np.ndarray) -> tuple[np.ndarray, int]:
        import soundfile

        container, subtype = CODECS[self.codec]
        options = {"format": container, "subtype": subtype}
        if self.compression is not None:
            options["compression_level"] = min(self.compression, MAX_COMPRESSION)
        stream = io.BytesIO()
        soundfile.write(stream, wave, audio.RATE, **options)
        stream.seek(0)
        return soundfile.read(stream, dtype="float32")


def can_write(codec: str) -> bool:
    """Whether the installed libsndfile can write a codec, a key of `CODECS`."""
    import soundfile

    return soundfile.check_format(*CODECS[codec])


def _match_length(wave: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Cuts a waveform, or pads it with silence, to the length of another one."""
    wave = wave[: len(other)]
    return np.pad(wave, (0, len(other) - len(wave))).astype(np.float32)
