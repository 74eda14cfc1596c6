"""Pictures of predictions over time, one per file."""

import os
from pathlib import Path

import pandas as pd

from keras_ser import audio, figures
from keras_ser.utils import files


def draw_timelines(
    table: pd.DataFrame, out: str | Path, model: str | Path = ""
) -> list[Path]:
    """Draws the waveform of each file above the probabilities of its windows.

    Args:
        table: Predictions of files, as `Recogniser.predict` returns them.
        out: The folder of the pictures, which are called like the files.
        model: The model, for the titles.

    Returns:
        The written files. Two files of one name get pictures `a.png` and `a-2.png`.

    Raises:
        ValueError: If a file cannot be used.
    """
    out = files.writable_folder(out)
    written: list[Path] = []
    numbers, names = pd.factorize(table.file.to_numpy(object))
    for index, name in enumerate(names):
        rows = table[numbers == index]
        stem, number = _short(Path(str(name)).stem), 1
        while (path := out / f"{stem}{f'-{number}' * (number > 1)}.png") in written:
            number += 1
        wave = audio.read(name)
        title = f"{_short(Path(str(name)).name)}{f', {model}' if model else ''}"
        figures.timeline(wave, audio.RATE, rows, path, title)
        written.append(path)
    return written


def _short(name: str) -> str:
    """The start of a name, as text that can be a part of the name of a picture."""
    start = os.fsencode(name)[: files.MAX_NAME_BYTES]
    return start.decode(errors="ignore") or "file"
