"""Time from a folder or a list on disk to a checked table, on toy files.

LibriSpeech's train-clean-100 has 28,539 utterances: as many files of 0.1 s in its
layout are walked, their headers read and their bytes hashed. A list of one's own has
100,000 rows, segments of 1,000 files, half with speakers by a column and half by a
pattern. Targets: 20 s and 5 s. Longer files add the time to hash them.

Command: python benchmarks/indexing.py [--files 28000] [--rows 100000] [--keep]
Cost: three minutes, and 0.2 GB in a temporary folder.
"""

import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import soundfile
import tables

from keras_ser import corpora

SECONDS = 0.1
RATE = 16_000
EMOTIONS = ("ang", "happy", "Trauer", "neutral", "xxx")


def main() -> None:
    parser = tables.parser(__doc__, rounds=3)
    parser.add_argument("--files", type=int, default=28_000)
    parser.add_argument("--rows", type=int, default=100_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        libri = librispeech(Path(folder, "LibriSpeech"), options.files)
        calls = csv(Path(folder, "calls"), options.rows)
        candidates = {
            f"LibriSpeech, {options.files} files": lambda: read("librispeech", libri),
            f"CSV, {options.rows} rows": lambda: read("csv", calls, speaker="who"),
            f"CSV, {options.rows} rows, speakers by a pattern": lambda: read(
                "csv", calls, speaker=r"(\d)\.wav"
            ),
        }
        times = tables.interleaved(candidates, options.rounds, clocks)
    rows = [
        (name, *(f"{seconds:.1f}" for seconds in np.median(both, axis=0)))
        for name, both in times.items()
    ]
    table = tables.markdown(["what is read", "seconds", "CPU seconds"], rows)
    tables.show("indexing", table, options, ["pandas", "soundfile"])


def clocks() -> np.ndarray:
    """Time that passes, and the processor's, which other processes leave alone."""
    return np.array([time.perf_counter(), time.process_time()])


def read(name, place, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return corpora.read(name, place, **options)


def write(path: Path, random) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = random.standard_normal(round(SECONDS * RATE)) / 10
    soundfile.write(path, noise, RATE)


def librispeech(root: Path, files: int) -> Path:
    """251 speakers of two chapters each, with the list of genders."""
    random = np.random.default_rng(0)
    for number in range(files):
        speaker, chapter = number % 251, number // 251 % 2
        name = f"{speaker}-{chapter}-{number:04d}.flac"
        write(root / f"train-clean-100/{speaker}/{chapter}/{name}", random)
    lines = [f"{s} | {'MF'[s % 2]} | train-clean-100 | 25 | N" for s in range(251)]
    (root / "SPEAKERS.TXT").write_text("\n".join(lines))
    return root


def csv(root: Path, rows: int) -> Path:
    """Segments of 1,000 files, in the words that people use."""
    random = np.random.default_rng(1)
    for number in range(1000):
        write(root / f"wav/{number}.wav", random)
    lines = ["path;begin;end;who;sex;label;age"]
    for row in range(rows):
        number, start = row % 1000, row // 1000 / 10_000
        lines.append(
            f"wav/{number}.wav;{start:.4f};{start + 0.0001:.4f};s{number % 10};"
            f"{'fm'[number % 2]};{EMOTIONS[row % 5]};40"
        )
    (root / "calls.csv").write_text("\n".join(lines))
    return root / "calls.csv"


if __name__ == "__main__":
    main()
