"""Functions that load a recogniser and ask it about audio files."""

from pathlib import Path

import pandas as pd

from keras_ser.inference import demonstration
from keras_ser.inference.inputs import Audio
from keras_ser.inference.recogniser import Recogniser


def load(
    path: str | Path | None = None, front_end: str | Path | None = None
) -> Recogniser:
    """Loads a `Recogniser` from a model file or a run folder.

    See `Recogniser.load`.

    Args:
        path: Model file or run folder. The default is the demonstration model of the
            package; its `about` says what it learned from, and how little that is.
        front_end: Folder or file that the front-end needs, if it is elsewhere than when
            the model was trained.

    Returns:
        The recogniser.

    Raises:
        FileNotFoundError: If the file does not exist, or the run is that of a classical
            system, which saves no model.
        ValueError: If the file is not a model of this package, or is damaged.

    Example:

    >>> load("runs/emodb/mtl_aug/03-0").classes
    ('anger', 'happiness', 'neutral', 'sadness')
    """
    return Recogniser.load(demonstration.PATH if path is None else path, front_end)


def predict(
    model: str | Path | None,
    audio: Audio,
    window: float | None = None,
    hop: float | None = None,
    front_end: str | Path | None = None,
    **options,
) -> pd.DataFrame:
    """Predicts the emotion of audio files, as `keras-ser predict` does.

    Args:
        model: Run folder or model file, or None for the demonstration model.
        audio: Audio file, folder, several of them, or an array of samples; see
            `Recogniser.predict`.
        window: Length of a window in seconds. Without it, each file is one row.
        hop: Seconds from the start of one window to the start of the next. The default
            is `window`.
        front_end: As for `load`.
        **options: `rate`, `labels` and `skip_bad`; see `Recogniser.predict`.

    Returns:
        Table with one row per file or window. See `Recogniser.predict`.

    Raises:
        FileNotFoundError: If the model does not exist.
        ValueError: If the model file is damaged, an audio file does not exist or cannot
            be used, or `window` or `hop` is not a number of seconds that holds at least
            one frame.

    Example:

    >>> predict("runs/emodb/mtl_aug/03-0", ["speech.mp3"], window=3.0, hop=1.0)
    """
    return load(model, front_end).predict(audio, window, hop, **options)


def embed(
    model: str | Path | None,
    audio: Audio,
    window: float | None = None,
    hop: float | None = None,
    front_end: str | Path | None = None,
    **options,
) -> pd.DataFrame:
    """Computes the embeddings of audio files, as `keras-ser embed` does.

    Args:
        model, audio, window, hop, front_end: As for `predict`.
        **options: `rate` and `skip_bad`; see `Recogniser.embed`.

    Returns:
        Table with one row per file or window. See `Recogniser.embed`.

    Raises:
        FileNotFoundError: If the model does not exist.
        ValueError: As `predict`, or if the model has no embedding.
    """
    return load(model, front_end).embed(audio, window, hop, **options)
