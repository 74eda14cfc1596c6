"""openSMILE's functionals as a front-end."""

import dataclasses
import functools
import importlib.metadata
import sys
import warnings
from typing import ClassVar

import numpy as np

from keras_ser import audio

FEATURE_SETS = {"eGeMAPSv02": 88, "ComParE_2016": 6373}


def installed_opensmile() -> str:
    """The version of the package opensmile.

    Raises:
        ValueError: it is not installed.
    """
    try:
        return importlib.metadata.version("opensmile")
    except importlib.metadata.PackageNotFoundError as error:
        raise ValueError(
            "`OpenSmileSVM` needs the package opensmile. Received: an installation "
            "without it. Run: pip install 'keras_ser[opensmile]' (its licence "
            "excludes commercial use: docs/dependencies.md)."
        ) from error


@dataclasses.dataclass(frozen=True)
class OpenSmile:
    """openSMILE's functionals of an utterance: a front-end that gives one frame.

    openSMILE 2.6 crashes in a process that loaded TensorFlow before it (measured,
    Linux); there, a process of its own computes the functionals.

    Args:
        features: key of `FEATURE_SETS`.
        version: of the package opensmile, so that a cache knows who wrote it.

    Reference: Eyben et al., "openSMILE", ACM Multimedia 2010; eGeMAPS: Eyben et al.
    2016; ComParE: Schuller et al. 2016.
    """

    dtype: ClassVar[str] = "<f4"  # of a cache's entries
    features: str = "eGeMAPSv02"
    version: str = dataclasses.field(default_factory=installed_opensmile)

    @property
    def bands(self) -> int:
        """The number of functionals."""
        return FEATURE_SETS[self.features]

    def __call__(self, wave: np.ndarray) -> np.ndarray:
        """Functionals of a waveform at 16 kHz, float32 `(1, bands)`."""
        if "tensorflow" in sys.modules:
            values = _other_process().submit(functionals, self.features, wave).result()
        else:
            values = functionals(self.features, wave)
        if not np.isfinite(values).all():
            raise ValueError(
                f"openSMILE's {self.features} must be finite for every utterance. "
                f"Received: {np.sum(~np.isfinite(values))} of {self.bands} that are "
                f"not, of {len(wave) / audio.RATE:.3f} s of audio. Leave out what is "
                "shorter than 0.06 s."
            )
        return values


def functionals(features: str, wave: np.ndarray) -> np.ndarray:
    """openSMILE's values in this process, float32 `(1, bands)`; NaN if too short."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Segment too short")
        frame = _extractor(features).process_signal(wave, audio.RATE)
    return frame.to_numpy(dtype=np.float32)


@functools.cache
def _other_process():
    from joblib.externals import loky

    return loky.ProcessPoolExecutor(max_workers=1)


@functools.cache
def _extractor(features: str):
    """openSMILE, set up once a process."""
    import opensmile

    return opensmile.Smile(
        feature_set=opensmile.FeatureSet[features],
        feature_level=opensmile.FeatureLevel.Functionals,
    )
