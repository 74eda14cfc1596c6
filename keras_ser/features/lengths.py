"""Whether features have as many frames as their speech, and what is done about it."""

import numpy as np

from keras_ser.features.contract import BadFrontEnd

MAX_FRAMES_OFF = 5  # frames by which features may be longer or shorter than the speech
MAX_SHARE_OFF = 0.1


def lengthened(features: np.ndarray, frames: int) -> np.ndarray:
    """Repeats the last frame until there are this many.

    A network without padding has no frame for the end of the speech.

    Args:
        features: `(any, dimensions)`.
        frames: The number of frames that there are in the end, if not more.
    """
    absent = max(0, frames - len(features))
    return np.pad(features, [(0, absent), (0, 0)], mode="edge") if absent else features


def check_length(
    count: int, hop_seconds: float, seconds: float, where: str, advice: str
) -> None:
    """Raises unless there are about as many frames as the speech has hops.

    Args:
        count: The number of frames.
        hop_seconds: The distance between frames in seconds.
        seconds: The length of the speech.
        where: What gave the frames, for the message.
        advice: The next step for the user, a full sentence, for the message.

    Raises:
        BadFrontEnd: The frames are at another distance.
    """
    expected = seconds / hop_seconds
    if abs(count - expected) > MAX_FRAMES_OFF + MAX_SHARE_OFF * expected:
        raise BadFrontEnd(
            f"Expected about {expected:.0f} frames of {hop_seconds:g} s for "
            f"{seconds:.2f} s of speech. Received: {count} {where}. {advice}"
        )
