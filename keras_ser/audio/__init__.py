"""From audio files to waveforms: reading, transforms, noise and unusable files."""

from keras_ser.audio.reading import RATE, RATES, digest, duration, read, resample
from keras_ser.audio.streams import stream
from keras_ser.audio.transforms import Chain, Speed, speed

__all__ = [
    "RATE",
    "RATES",
    "Chain",
    "Speed",
    "digest",
    "duration",
    "read",
    "resample",
    "speed",
    "stream",
]
