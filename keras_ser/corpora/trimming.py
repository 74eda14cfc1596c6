"""Utterances without the silence at their start and end."""

import os

import pandas as pd

from keras_ser.corpora import measure


def trimmed(rows: list[dict], workers: int | None = None) -> list[dict]:
    """The rows of whole files, with the times of their speech.

    `start` is where the first speech frame starts and `end` where the last one ends. A
    speech frame is one of 20 ms within 40 dB of the loudest; see `corpora.measure`.
    Every file is decoded once. Files that cannot be read, or that hold no sound, keep
    all of their samples.

    Args:
        rows: One dictionary per file, with `file`.
        workers: The number of threads; by default, one per processor.

    Example:

    >>> trimmed([{"file": "103-1240-0000.flac"}])
    [{'file': '103-1240-0000.flac', 'start': 0.46, 'end': 13.74}]
    """
    table = pd.DataFrame(rows, columns=["file"]).assign(start=None, end=None)
    found = measure.measure(table, workers or os.cpu_count() or 1)
    is_known = (found.error == "") & found[["lead", "trail"]].notna().all(axis=1)
    ends = found.seconds - found.trail
    times = zip(rows, is_known, found.lead, ends, strict=True)
    return [
        {**row, "start": start, "end": end} if known else row
        for row, known, start, end in times
    ]
