"""Functions that load a recogniser and ask it about audio files."""

from pathlib import Path
from typing import TYPE_CHECKING, Union

import pandas as pd

from keras_ser.inference import demonstration
from keras_ser.inference.inputs import Audio
from keras_ser.inference.onnx_file import SUFFIX, OnnxRecogniser

if TYPE_CHECKING:  # because of the time that it takes to import Keras
    from keras_ser.inference.recogniser import Recogniser


def load(
    path: str | Path | None = None, front_end: str | Path | None = None
) -> Union["Recogniser", OnnxRecogniser]:
    """Loads a `Recogniser` from a model file or a run folder.

    See `Recogniser.load`. A file `.onnx` that `export` wrote becomes an
    `OnnxRecogniser`, which predicts without Keras and TensorFlow.

    Args:
        path: Model file, run folder or ONNX file. The default is the demonstration
            model of the package, whose `about` says how little it learned from.
        front_end: Folder or file that the front-end needs, if it is elsewhere than when
            the model was trained.

    Returns:
        The recogniser.

    Raises:
        FileNotFoundError: If the file does not exist, or the run is that of a classical
            system, which saves no model.
        ValueError: If the file is not a model of this package, or is damaged, or if an
            ONNX file comes with a `front_end`.

    Example:

    >>> load("runs/emodb/mtl_aug/03-0").classes
    ('anger', 'happiness', 'neutral', 'sadness')
    """
    path = demonstration.PATH if path is None else Path(path)
    if path.suffix == SUFFIX and not path.is_dir():
        if front_end is not None:
            raise ValueError(
                "An exported file computes its features itself. Received: "
                f"front_end={str(front_end)!r} with {path}. Leave it out."
            )
        return OnnxRecogniser(path)
    from keras_ser.inference.recogniser import Recogniser

    return Recogniser.load(path, front_end)


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
    recogniser = load(model, front_end)
    if isinstance(recogniser, OnnxRecogniser):
        raise ValueError(
            "An exported file has probabilities, and no embedding. Received: "
            f"{model}. Give the model file or the run folder that it was made from."
        )
    return recogniser.embed(audio, window, hop, **options)
