"""What the samples of a table's utterances are like: format, level, silence, clipping.

| column | holds |
|---|---|
| rate, channels, subtype | Hz, count, libsndfile's name of the encoding |
| seconds | as decoded, not as the header says |
| peak | largest absolute sample, 1 = full scale |
| level | dBFS, mean power of the frames of speech |
| lead, trail | seconds before the first and after the last frame of speech |
| clipped | `RUN` or more samples in a row of one channel at `FULL` or above |
| not_finite | how many samples are NaN or infinite; the rest is measured without them |
| error | why the file cannot be read, else empty |

A frame of speech is one of 20 ms within 40 dB of the utterance's loudest. Silence that
is no more than that below it, such as a loud background, counts as speech.
"""

import joblib
import numpy as np
import pandas as pd
import tqdm

FRAME = 0.020  # seconds
RANGE = 1e-4  # 40 dB, as a ratio of powers
BLOCK = 500  # frames in memory at a time
FULL, RUN = 0.999, 3
NUMBERS = ("rate", "channels", "seconds", "peak", "level", "lead", "trail")
COLUMNS = (*NUMBERS, "subtype", "clipped", "not_finite", "error")


def measure(table: pd.DataFrame, workers: int = 1) -> pd.DataFrame:
    """Reads every utterance once.

    Args:
        table: a table.
        workers: threads.

    Returns:
        A row an utterance with `COLUMNS`, in the table's order and under its index.
    """
    segments = list(zip(table.file, table.start, table.end, strict=True))
    # Decoding and numpy let other threads run; processes take longer to start.
    pool = joblib.Parallel(n_jobs=workers, prefer="threads", return_as="generator")
    found = pool(joblib.delayed(measure_file)(*segment) for segment in segments)
    bar = tqdm.tqdm(found, "samples", len(segments), unit="file", delay=1)
    measured = pd.DataFrame(list(bar), columns=COLUMNS, index=table.index)
    return measured.astype(dict.fromkeys(NUMBERS, "float64"))


def measure_file(path, start=None, end=None) -> dict:
    """One row of `measure`; see there.

    Args:
        path: a file that libsndfile reads.
        start, end: seconds; None or NaN stand for the file's start and end.
    """
    import soundfile

    try:
        with soundfile.SoundFile(path) as file:
            first, last = _range(start, end, file.samplerate, file.frames)
            measured = _Samples(file.samplerate, file.channels)
            file.seek(first)
            _read(file, last - first, measured)
            kind = {"channels": file.channels, "subtype": file.subtype}
            return {"rate": file.samplerate, **kind, **measured.summary(), "error": ""}
    except (soundfile.LibsndfileError, TypeError, ValueError) as error:
        reason = getattr(error, "error_string", error)  # without the path
        return {"clipped": False, "not_finite": 0, "error": f"{path}: {reason}"}


def _range(start, end, rate: int, frames: int) -> tuple[int, int]:
    """First sample of a segment, and the one after its last."""
    missing = [seconds is None or np.isnan(seconds) for seconds in (start, end)]
    first = 0 if missing[0] else round(start * rate)
    last = frames if missing[1] else min(round(end * rate), frames)
    if not 0 <= first < last:
        raise ValueError(
            f"Expected samples between start={start} and end={end}. Received: "
            f"{frames / rate:.3f} s. Remove the file, or correct the table's segment."
        )
    return first, last


def _read(file, count: int, measured: "_Samples") -> None:
    step = measured.frame * BLOCK
    for done in range(0, count, step):
        wanted = min(step, count - done)
        block = file.read(wanted, dtype="float32", always_2d=True)
        measured.add(block)
        if len(block) < wanted:
            raise ValueError(
                f"Expected {count} samples, as the header says. "
                f"Received: {done + len(block)}. Copy the file again from its source."
            )


class _Samples:
    """Running measures over blocks; memory is that of a block and of frame powers.

    Args:
        rate: Hz.
        channels: of the blocks, which have the shape `(samples, channels)`.
    """

    def __init__(self, rate: int, channels: int):
        self.rate = rate
        self.frame = max(round(FRAME * rate), 1)
        self.samples = self.not_finite = 0
        self.peak, self.clipped = 0.0, False
        self.powers = []
        self._before = np.zeros((RUN - 1, channels), bool)  # of the last block

    def add(self, block: np.ndarray) -> None:
        """Takes the next samples; all blocks but the last hold whole frames."""
        finite = np.isfinite(block)
        if not finite.all():
            self.not_finite += int((~finite).sum())
            block = np.where(finite, block, 0)
        self.samples += len(block)
        peak = max(float(block.max(initial=0)), -float(block.min(initial=0)))
        self.peak = max(self.peak, peak)
        self.clipped = self._clips(block, peak) or self.clipped
        starts = np.arange(0, len(block), self.frame)
        sums = np.add.reduceat(block.mean(axis=1, dtype="float64") ** 2, starts)
        self.powers.append(sums / np.diff([*starts, len(block)]))

    def _clips(self, block: np.ndarray, peak: float) -> bool:
        if peak < FULL:
            self._before[:] = False
            return False
        full = np.concatenate([self._before, np.abs(block) >= FULL])
        self._before = full[1 - RUN :].copy()
        starts = len(full) - RUN + 1
        return bool(np.all([full[i : i + starts] for i in range(RUN)], axis=0).any())

    def summary(self) -> dict:
        powers = np.concatenate(self.powers)
        speech = np.flatnonzero(powers >= max(powers.max() * RANGE, 1e-20))
        seconds, width = self.samples / self.rate, self.frame / self.rate
        silent = {"level": -np.inf, "lead": seconds, "trail": seconds}
        heard = (
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
            **heard,
        }
