"""The functionals of openSMILE as a front-end."""

import dataclasses
import functools
import importlib.metadata
import reprlib
import sys
import warnings
from typing import ClassVar

import numpy as np

from keras_ser import audio

FEATURE_SETS = {"eGeMAPSv02": 88, "ComParE_2016": 6373}  # number of functionals
MAX_VERSION_CHARACTERS = 50


def installed_opensmile() -> str:
    """Returns the version of the installed package opensmile.

    Raises:
        ValueError: The package is not installed.
    """
    try:
        return importlib.metadata.version("opensmile")
    except importlib.metadata.PackageNotFoundError as error:
        raise ValueError(
            "openSMILE's functionals need the package opensmile. Received: an "
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
        version: The version of the package opensmile. It is part of the settings by
            which the cache finds features, so another version extracts them again.

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
        if not (isinstance(self.features, str) and self.features in FEATURE_SETS):
            raise ValueError(
                f"`features` must be one of {sorted(FEATURE_SETS)}. Received: "
                f"{reprlib.repr(self.features)}."
            )
        is_text = isinstance(self.version, str)
        if not (is_text and 0 < len(self.version) <= MAX_VERSION_CHARACTERS):
            raise ValueError(
                f"`version` must be a text of up to {MAX_VERSION_CHARACTERS} "
                f"characters, such as '2.6.0'. Received: {reprlib.repr(self.version)}."
            )

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
            ValueError: A functional is not finite, because the speech is too short.
        """
        if "tensorflow" in sys.modules:
            values = _process().call(compute_functionals, self.features, wave)
        else:
            values = compute_functionals(self.features, wave)
        if not np.isfinite(values).all():
            raise ValueError(
                f"Expected finite values of openSMILE's {self.features}. Received: "
                f"{np.sum(~np.isfinite(values))} of {self.dimensions} values that are "
                f"not finite, from {len(wave) / audio.RATE:.3f} s of audio. Leave out "
                "utterances that are shorter than 0.06 s."
            )
        return values


def compute_functionals(features: str, wave: np.ndarray) -> np.ndarray:
    """Runs openSMILE in this process.

    Args:
        features: A key of `FEATURE_SETS`.
        wave: Float array of shape `(samples,)` at 16 kHz.

    Returns:
        float32 array of shape `(1, dimensions)`, with NaN if the speech is too short.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Segment too short")
        frame = _extractor(features).process_signal(wave, audio.RATE)
    return frame.to_numpy(dtype=np.float32)


@functools.cache
def _process():
    """One separate process that never loads TensorFlow."""
    from keras_ser.utils.processes import Process

    return Process()


@functools.cache
def _extractor(features: str):
    """The openSMILE extractor, created once per process."""
    import opensmile

    return opensmile.Smile(
        feature_set=opensmile.FeatureSet[features],
        feature_level=opensmile.FeatureLevel.Functionals,
    )
