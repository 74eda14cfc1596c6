"""The functionals and the low-level descriptors of openSMILE as front-ends."""

import dataclasses
import functools
import importlib.metadata
import reprlib
import sys
import warnings
from typing import ClassVar

import numpy as np

from keras_ser import audio
from keras_ser.features.contract import BadFrontEnd

FEATURE_SETS = {"eGeMAPSv02": 88, "ComParE_2016": 6373}  # number of functionals
# The levels of each set that make up its low-level descriptors, and their number.
DESCRIPTORS = {
    "eGeMAPSv02": (("LowLevelDescriptors",), 25),
    "ComParE_2016": (("LowLevelDescriptors", "LowLevelDescriptors_Deltas"), 130),
}
DESCRIPTOR_HOP = 0.01  # seconds
MAX_VERSION_CHARACTERS = 50
SHORTEST = audio.RATE * 6 // 100  # samples: the longest window


def installed_opensmile() -> str:
    """Returns the version of the installed package opensmile.

    Raises:
        BadFrontEnd: The package is not installed.
    """
    try:
        return importlib.metadata.version("opensmile")
    except importlib.metadata.PackageNotFoundError as error:
        raise BadFrontEnd(
            "openSMILE's features need the package opensmile. Received: an "
            "installation without it. Run: pip install 'keras_ser[opensmile]' (its "
            "licence excludes commercial use: docs/dependencies.md)."
        ) from error


@dataclasses.dataclass(frozen=True)
class OpenSmile:
    """The functionals of openSMILE, as a front-end that gives one frame per utterance.

    They are functionals of the whole utterance, so the waveform is not processed in
    blocks, and the memory grows with its length.

    openSMILE 2.6 crashes in a process that has already loaded TensorFlow (observed on
    Linux). In such a process, the functionals are computed in a separate process.

    Args:
        features: A key of `FEATURE_SETS`.
        version: The version of the package opensmile, by default the installed one. It
            is part of the settings by which the cache finds features, so another
            version extracts them again. Features in a cache need no package; to compute
            some, exactly this version must be installed.

    Raises:
        ValueError: `features` is unknown, or `version` is not the text of a version.

    Reference: Eyben et al., "openSMILE", ACM Multimedia 2010; eGeMAPS: Eyben et al.
    2016; ComParE: Schuller et al. 2016.
    """

    dtype: ClassVar[str] = "<f4"  # of the entries in the cache
    ordered: ClassVar[bool] = False
    features: str = "eGeMAPSv02"
    version: str = dataclasses.field(default_factory=installed_opensmile)

    def __post_init__(self):
        _check_settings(self.features, self.version)

    @property
    def dimensions(self) -> int:
        """The number of functionals."""
        return FEATURE_SETS[self.features]

    def __call__(self, wave: np.ndarray) -> np.ndarray:
        """Computes the functionals of a waveform.

        Args:
            wave: Float array of shape `(samples,)` at 16 kHz.

        Returns:
            float32 array of shape `(1, dimensions)`.

        Raises:
            BadFrontEnd: Another version of opensmile is installed, or none.
            ValueError: A functional is not finite, because the speech is too short.
        """
        _check_installed(self.version)
        values = _compute(self.features, "Functionals", wave)
        _check_finite(values, self.features, wave)
        return values


@dataclasses.dataclass(frozen=True)
class OpenSmileLLD:
    """The low-level descriptors of openSMILE, one frame every 10 ms.

    The low-level descriptors are what the functionals summarise: pitch, loudness,
    jitter, formants, cepstral coefficients and others. eGeMAPS has 25 of them, and
    ComParE has 65 and their deltas. Windows have 20 or 60 ms. The dimensions are in no
    order.

    Speech that is too short for a single window is padded with zeros to 60 ms. As for
    `OpenSmile`, the waveform is processed as a whole.

    Args:
        features: A key of `DESCRIPTORS`.
        version: As for `OpenSmile`.

    Raises:
        ValueError: As for `OpenSmile`.

    Reference: As for `OpenSmile`.
    """

    dtype: ClassVar[str] = "<f4"
    ordered: ClassVar[bool] = False
    hop_seconds: ClassVar[float] = DESCRIPTOR_HOP
    features: str = "eGeMAPSv02"
    version: str = dataclasses.field(default_factory=installed_opensmile)

    def __post_init__(self):
        _check_settings(self.features, self.version)

    @property
    def dimensions(self) -> int:
        """The number of descriptors."""
        return DESCRIPTORS[self.features][1]

    def frames(self, seconds: float) -> int:
        """The number of frames of a window of this length."""
        return max(1, round(seconds / self.hop_seconds))

    def __call__(self, wave: np.ndarray) -> np.ndarray:
        """Computes the descriptors of a waveform.

        openSMILE leaves out frames at both ends in which its windows are incomplete.
        The first and the last frame are repeated there, so that there is a frame for
        each 10 ms of speech.

        Args:
            wave: Float array of shape `(samples,)` at 16 kHz.

        Returns:
            float32 array of shape `(frames, dimensions)`.

        Raises:
            BadFrontEnd: As for `OpenSmile`.
            ValueError: A descriptor is not finite.
        """
        _check_installed(self.version)
        padded = np.pad(wave, (0, max(0, SHORTEST - len(wave))))
        levels, _ = DESCRIPTORS[self.features]
        found = [_compute(self.features, level, padded) for level in levels]
        count = min(map(len, found))
        values = np.concatenate([each[:count] for each in found], axis=1)
        _check_finite(values, self.features, wave)
        absent = self.frames(len(wave) / audio.RATE) - len(values)
        before = max(0, absent) // 2
        return np.pad(values, [(before, max(0, absent) - before), (0, 0)], mode="edge")


def _check_settings(features, version) -> None:
    """Raises ValueError unless there are such a set and such a version."""
    if not (isinstance(features, str) and features in FEATURE_SETS):
        raise ValueError(
            f"`features` must be one of {sorted(FEATURE_SETS)}. Received: "
            f"{reprlib.repr(features)}."
        )
    is_text = isinstance(version, str)
    if not (is_text and 0 < len(version) <= MAX_VERSION_CHARACTERS):
        raise ValueError(
            f"`version` must be a text of up to {MAX_VERSION_CHARACTERS} characters, "
            f"such as '2.6.0'. Received: {reprlib.repr(version)}."
        )


def _check_installed(version: str) -> None:
    """Raises BadFrontEnd unless this is the installed version, which computes."""
    found = installed_opensmile()
    if found != version:
        raise BadFrontEnd(
            f"Expected opensmile {version}, whose features were asked for or are those "
            f"that the model was trained on. Received: opensmile {found}. Run: pip "
            f"install opensmile=={version}; or use version={found!r} and train again."
        )


def _check_finite(values: np.ndarray, features: str, wave: np.ndarray) -> None:
    if not np.isfinite(values).all():
        raise ValueError(
            f"Expected finite values of openSMILE's {features}. Received: "
            f"{np.sum(~np.isfinite(values))} of {values.size} values that are not "
            f"finite, from {len(wave) / audio.RATE:.3f} s of audio. Leave out "
            "utterances that are shorter than 0.06 s."
        )


def _compute(features: str, level: str, wave: np.ndarray) -> np.ndarray:
    """The values of a level, float32; in another process if TensorFlow is loaded."""
    if "tensorflow" in sys.modules:
        return _process().call(compute_level, features, level, wave)
    return compute_level(features, level, wave)


def compute_level(features: str, level: str, wave: np.ndarray) -> np.ndarray:
    """Runs openSMILE in this process.

    Args:
        features: A key of `FEATURE_SETS`.
        level: The name of a level of openSMILE, such as `"Functionals"`.
        wave: Float array of shape `(samples,)` at 16 kHz.

    Returns:
        float32 array of shape `(frames, values)`, with NaN if the speech is too short.
        Functionals have one frame.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Segment too short")
        frame = _extractor(features, level).process_signal(wave, audio.RATE)
    return frame.to_numpy(dtype=np.float32)


@functools.cache
def _process():
    """One separate process that never loads TensorFlow."""
    from keras_ser.utils.processes import Process

    return Process()


@functools.cache
def _extractor(features: str, level: str):
    """The openSMILE extractor of a level, created once per process."""
    import opensmile

    return opensmile.Smile(
        feature_set=opensmile.FeatureSet[features],
        feature_level=opensmile.FeatureLevel[level],
    )
