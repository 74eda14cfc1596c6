"""Measurements of the samples of utterances: format, level, silence and clipping.

| column | content |
|---|---|
| rate, channels | sampling rate in Hz, number of channels |
| subtype | libsndfile's name of the encoding |
| seconds | duration of the decoded samples, which may differ from the header |
| peak | largest absolute sample, where 1 is full scale |
| level | mean power of the speech frames in dBFS |
| lead, trail | seconds before the first and after the last speech frame |
| clipped | whether the utterance clips |
| not_finite | number of samples that are NaN or infinite; they count as 0 elsewhere |
| error | why the file cannot be read, empty if it can |

An utterance clips if one of its channels has `MIN_CLIPPED_RUN` or more consecutive
samples whose absolute value is at least `FULL_SCALE`.

A speech frame is a frame of 20 ms whose power is within 40 dB of the loudest frame of
the utterance. Background noise that is louder than this limit therefore counts as
speech.
"""

from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import tqdm

from keras_ser.audio import content, sound

FRAME_SECONDS = 0.020
MIN_SPEECH_POWER = 1e-4  # relative to the loudest frame: -40 dB
BLOCK_FRAMES = 500  # frames in memory at a time
FULL_SCALE = 0.999  # absolute value from which a sample counts as clipped
MIN_CLIPPED_RUN = 3  # consecutive samples
NUMBERS = ("rate", "channels", "seconds", "peak", "level", "lead", "trail")
COLUMNS = (*NUMBERS, "subtype", "clipped", "not_finite", "error")


def measure(table: pd.DataFrame, workers: int = 1) -> pd.DataFrame:
    """Measures every utterance of a table. Each file is read once per utterance.

    Args:
        table: A table.
        workers: Number of threads.

    Returns:
        A DataFrame with one row per utterance and the columns `COLUMNS`, in the order
        and with the index of the table.
    """
    import soundfile  # noqa: F401  # threads that import it at once get half of it

    segments = list(zip(table.file, table.start, table.end, strict=True))
    # Threads suffice because decoding and numpy release the interpreter lock.
    pool = joblib.Parallel(n_jobs=workers, prefer="threads", return_as="generator")
    found = pool(joblib.delayed(measure_file)(*segment) for segment in segments)
    bar = tqdm.tqdm(found, "samples", len(segments), unit="file", delay=1)
    measured = pd.DataFrame(list(bar), columns=COLUMNS, index=table.index)
    return measured.astype(dict.fromkeys(NUMBERS, "float64"))


def measure_file(
    path: str | Path, start: float | None = None, end: float | None = None
) -> dict:
    """Measures one file or one segment of a file.

    Args:
        path: A file that libsndfile reads.
        start, end: The segment in seconds. None or NaN stand for the start and the
            end of the file.

    Returns:
        One row of `measure` as a dictionary. If the file cannot be read, it holds only
        `clipped`, `not_finite` and `error`.
    """
    try:
        with content.open_bytes(path) as stream, sound.open_sound(stream, path) as file:
            measured = _Samples(file.rate, file.channels)
            size = measured.frame * BLOCK_FRAMES
            for block in file.blocks(start, end, size):
                measured.add(block)
            if not measured.samples:
                raise ValueError("Expected samples. Received: none. Remove the file.")
            kind = {"channels": file.channels, "subtype": file.subtype}
            return {"rate": file.rate, **kind, **measured.summary(), "error": ""}
    except (ValueError, FileNotFoundError) as error:
        reason = f"{path}: {error}"
        return {"clipped": False, "not_finite": 0, "error": reason}


class _Samples:
    """Accumulates measurements over blocks of samples.

    Only the powers of frames and the end of the last block are kept in memory.

    Args:
        rate: Sampling rate in Hz.
        channels: Number of channels of the blocks.
    """

    def __init__(self, rate: int, channels: int):
        self.rate = rate
        self.frame = max(round(FRAME_SECONDS * rate), 1)
        self.samples = self.not_finite = 0
        self.peak, self.clipped = 0.0, False
        self.powers = []
        # Whether the last samples of the previous block are at full scale.
        self._before = np.zeros((MIN_CLIPPED_RUN - 1, channels), bool)

    def add(self, block: np.ndarray) -> None:
        """Adds a block of shape `(samples, channels)`.

        Every block except the last must hold a whole number of frames.
        """
        finite = np.isfinite(block)
        if not finite.all():
            self.not_finite += int((~finite).sum())
            block = np.where(finite, block, 0)
        self.samples += len(block)
        peak = max(float(block.max(initial=0)), -float(block.min(initial=0)))
        self.peak = max(self.peak, peak)
        self.clipped = self._has_clipping(block, peak) or self.clipped
        starts = np.arange(0, len(block), self.frame)
        sums = np.add.reduceat(block.mean(axis=1, dtype="float64") ** 2, starts)
        self.powers.append(sums / np.diff([*starts, len(block)]))

    def _has_clipping(self, block: np.ndarray, peak: float) -> bool:
        if peak < FULL_SCALE:
            self._before[:] = False
            return False
        full = np.concatenate([self._before, np.abs(block) >= FULL_SCALE])
        self._before = full[1 - MIN_CLIPPED_RUN :].copy()
        starts = len(full) - MIN_CLIPPED_RUN + 1
        shifted = [full[i : i + starts] for i in range(MIN_CLIPPED_RUN)]
        return bool(np.all(shifted, axis=0).any())

    def summary(self) -> dict:
        """Returns the measurements of all samples that were added."""
        powers = np.concatenate(self.powers)
        speech = np.flatnonzero(powers >= max(powers.max() * MIN_SPEECH_POWER, 1e-20))
        seconds, width = self.samples / self.rate, self.frame / self.rate
        silent = {"level": -np.inf, "lead": seconds, "trail": seconds}
        levels = (
            silent
            if len(speech) == 0
            else {
                "level": 10 * np.log10(powers[speech].mean()),
                "lead": speech[0] * width,
                "trail": max(seconds - (speech[-1] + 1) * width, 0.0),
            }
        )
        return {
            "seconds": seconds,
            "peak": self.peak,
            "clipped": self.clipped,
            "not_finite": self.not_finite,
            **levels,
        }
