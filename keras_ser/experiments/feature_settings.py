"""The features of an experiment, as data."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from keras_ser.experiments.values import (
    ARGUMENTS,
    are_arguments,
    check,
    is_positive,
    is_text,
)
from keras_ser.features import NORMALISATIONS
from keras_ser.utils.choices import check_choice


@dataclasses.dataclass(frozen=True)
class Features:
    """The features that the systems of an experiment get, and how they are normalised.

    Args:
        front_end: The front-end that turns a waveform into features, a key of
            `features.FRONT_ENDS`. The default is the log-mel spectrogram.
        settings: The arguments of the front-end. The default is empty, which leaves
            the front-end at its own defaults; those of `features.LogMel` are 128 mel
            bands from windows of 40 ms every 10 ms.
        seconds: The length of a network's input window in seconds. Longer training
            speech is cropped to it at random. Longer test speech is cut into windows,
            whose posteriors are averaged. Shorter speech is padded.
        normalise: Whose mean and standard deviation normalise the features. With
            `"train"` they are those of the training speech. With `"speaker"` each
            speaker is normalised by their own utterances. That includes the test
            speakers, whose unlabelled utterances are used together (transductive).
            With `"utterance"` each utterance subtracts its own mean, and the standard
            deviation is that of the training speech. With `"utterance_std"` each
            utterance has its own standard deviation, too. Both remove the level and
            the channel of a recording, which differ between corpora. Classical systems
            take `"train"` and `"speaker"` only; see `features.Preprocessing`.
        speech_db: The frames that count in the mean and the standard deviation: those
            at most this many dB below the loudest frame of their utterance. With None,
            the default, normalisation by utterance takes 60 dB, and the other choices
            take all frames. A number needs a front-end with levels, such as `LogMel`.
            Classical systems ignore it.

    Example:

    >>> Features(settings={"n_mels": 64}, seconds=4.0, normalise="speaker")
    """

    front_end: str = "LogMel"
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    seconds: float = 7.5
    normalise: str = "train"
    speech_db: float | None = None

    def __post_init__(self):
        check("features.front_end", self.front_end, "text", is_text)
        check("features.seconds", self.seconds, "seconds above 0", is_positive)
        check("features.settings", self.settings, ARGUMENTS, are_arguments)
        check_choice("features.normalise", self.normalise, NORMALISATIONS)
        if self.speech_db is not None:
            expected = "None, or a number of dB above 0"
            check("features.speech_db", self.speech_db, expected, is_positive)
