"""Predictions of an exported ONNX file, without Keras and TensorFlow.

Importing TensorFlow takes longer than recognising a file. An ONNX file of `export`
needs neither.
"""

import importlib.util
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from keras_ser import audio as audio_files
from keras_ser import scores
from keras_ser.audio.unusable import Unusable, UnusableAudio
from keras_ser.features import windows
from keras_ser.inference import about as abouts
from keras_ser.inference import inputs, speech
from keras_ser.inference.inputs import Audio

if TYPE_CHECKING:
    from keras_ser.inference.recogniser import Recogniser

SUFFIX = ".onnx"
INPUT = "waveform"  # the name of the input
KEY = "keras_ser"  # of what this package writes into the metadata of a file
MIN_WINDOW_SECONDS = 0.05


def describe(path: str | Path, recogniser: "Recogniser") -> None:
    """Writes into an ONNX file what its probabilities need besides the network.

    Args:
        path: The file.
        recogniser: The recogniser that it was exported from.
    """
    import onnx

    model = onnx.load(path)
    value = {
        "classes": list(recogniser.classes),
        "seconds": recogniser.preprocessing.seconds,
        "normalise": recogniser.preprocessing.normalise,
        "about": recogniser.about,
        "temperature": recogniser.temperature,
    }
    onnx.helper.set_model_props(model, {KEY: json.dumps(value)})
    onnx.save(model, path)


class OnnxRecogniser:
    """Recognises emotion in audio files by an ONNX file that `export` wrote.

    The probabilities are those of `Recogniser.predict`, but for rounding. Windows are
    cut from the waveform rather than from the features, so that the first and last
    frames of a window differ a little.

    Args:
        path: The file.

    Raises:
        FileNotFoundError: If it does not exist.
        ValueError: If `export` did not write it, or onnxruntime is not installed.

    Example:

    >>> OnnxRecogniser("speech.onnx").predict("interview.mp3", window=3.0, hop=1.0)
    """

    def __init__(self, path: str | Path):
        path = Path(path)
        if not path.is_file():
            raise FileNotFoundError(
                f"Expected an exported model. Received: {path}, which does not exist. "
                "Check the path."
            )
        if importlib.util.find_spec("onnxruntime") is None:
            raise ValueError(
                "A file `.onnx` needs the package onnxruntime. Received: an "
                "installation without it. Run: pip install 'keras_ser[onnx]'."
            )
        self._session = _open(path)
        settings = _read_settings(path, self._session)
        self.classes: tuple[str, ...] = tuple(settings["classes"])
        self.seconds: float = settings["seconds"]
        self.normalise: str = settings["normalise"]
        self.about: str = settings["about"]
        # Of the file's probabilities; 1 if its version does not say it.
        self._temperature: float = settings.get("temperature", 1.0)
        self.path = path

    def __repr__(self):
        return f"<OnnxRecogniser {self.path}: {', '.join(self.classes)}>"

    def predict(
        self,
        audio: Audio,
        window: float | None = None,
        hop: float | None = None,
        *,
        rate: float | None = None,
        labels: Iterable[str] = (),
        skip_bad: bool = False,
    ) -> pd.DataFrame:
        """Predicts the emotion of files, or of windows that move over them.

        Args:
            audio, window, hop, rate, labels, skip_bad: As for `Recogniser.predict`.

        Returns:
            A table as from `Recogniser.predict`. `table.attrs["unfamiliar"]` is empty.

        Raises:
            UnusableAudio, ValueError: As `Recogniser.predict`; and for windows, or
                speech longer than the training window, if the features are normalised
                by utterance: those of a window would be normalised by the window.
        """
        speech.check_windows(window, hop, MIN_WINDOW_SECONDS)
        if window is not None and self.normalise != "train":
            raise ValueError(
                "`window` needs a file that normalises by its training speech. "
                f"Received: window={window:g} with {self.path}, which normalises by "
                "utterance. Leave it out, or give the run folder or the model file."
            )
        chosen = inputs.choose(labels, self.classes)
        rows: list[tuple] = []
        bad: list[Unusable] = []
        with inputs.files_of(audio, rate) as paths:
            speech.check_any(paths)
            for path in paths:
                try:
                    rows += self._rows_of(path, window, hop)
                except (ValueError, FileNotFoundError) as error:
                    bad.append(Unusable(path, path, str(error)))
            if bad and not skip_bad:
                raise UnusableAudio(bad)
        names = [f"p_{each}" for each in self.classes]
        table = inputs.as_table(rows, ["file", "start", "end", *names])
        best = table[names].to_numpy(float).argmax(axis=1)
        table.insert(3, "prediction", np.array(self.classes, object)[best])
        skipped = {each.file: each.reason for each in bad}
        if inputs.is_array(audio):
            table["file"], skipped = inputs.ARRAY, inputs.named_array(skipped)
        table.attrs = {
            "about": self.about,
            "skipped": skipped,
            "unfamiliar": {},
        }
        return inputs.restricted(table, chosen)

    def _rows_of(self, path: str, window: float | None, hop: float | None) -> list:
        """The file, start, end and probabilities of the windows of a file."""
        wave = audio_files.read(path)
        seconds = speech.exact_seconds(path, len(wave) / audio_files.RATE)
        if self.normalise != "train" and seconds > self.seconds:
            raise ValueError(
                f"A file that normalises by utterance takes speech of up to "
                f"{self.seconds:g} s at once. Received: {seconds:.1f} s. Predict it "
                "with the run folder or the model file instead."
            )
        rows = []
        for start, end in windows.time_spans(seconds, window, hop):
            first, last = (round(each * audio_files.RATE) for each in (start, end))
            times = map(speech.in_microseconds, (start, end))
            rows.append((path, *times, *self._probabilities(wave[first:last])))
        return rows

    def _probabilities(self, wave: np.ndarray) -> np.ndarray:
        """The mean over the training windows that cover a sound, `(classes,)`.

        As `Recogniser.predict`, it is the mean that has the temperature, not the parts.
        """
        size = round(self.seconds * audio_files.RATE)
        parts = [
            np.ravel(self._session.run(list(self.classes), {INPUT: part[None]}))
            for part in windows.cover_with_windows(wave, size)
        ]
        if len(parts) == 1 or self._temperature == 1:
            return np.mean(parts, axis=0)
        unscaled = scores.scaled(parts, 1 / self._temperature)
        return scores.scaled(unscaled.mean(axis=0), self._temperature)


def _open(path: Path):
    """The session of onnxruntime."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(
            path, options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # onnxruntime has a class of its own for each fault
        text = " ".join(str(error).split())[:300]
        raise ValueError(
            f"Expected an ONNX file. Received: {path} ({text}). Export the model again."
        ) from error


def _read_settings(path: Path, session) -> dict:
    """What `describe` wrote, after checks."""
    text = session.get_modelmeta().custom_metadata_map.get(KEY, "")
    outputs = [each.name for each in session.get_outputs()]
    try:
        found = json.loads(text)
        fits = (
            set(found["classes"]) == set(outputs)
            and isinstance(found["seconds"], float | int)
            and found["seconds"] > 0
            and isinstance(found["normalise"], str)
        )
        abouts.check(found["about"])
        scores.check_temperature(found.get("temperature", 1.0))
    except (ValueError, TypeError, KeyError):
        fits = False
    if not fits:
        raise ValueError(
            f"Expected an ONNX file that `keras-ser export` wrote. Received: {path}, "
            f"with the outputs {outputs[:6]}. Export the model again."
        )
    return found
