"""Time to read a folder or a list file into a checked table, with toy files.

LibriSpeech's train-clean-100 has 28,539 utterances. A similar number of files of 0.1 s
in its layout is found, their headers are read and their bytes are hashed. A user's own
CSV file has 100,000 rows, which are segments of 1,000 files; it is read once with
speakers from a column and once with speakers from a pattern. Targets: 20 s for the
folder and 5 s for each list. Longer files add the time to hash them.

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
    parser = tables.make_parser(__doc__, rounds=3)
    parser.add_argument("--files", type=int, default=28_000, help="audio files")
    parser.add_argument("--rows", type=int, default=100_000, help="rows of the list")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        libri = write_librispeech(Path(folder, "LibriSpeech"), options.files)
        calls = write_csv(Path(folder, "calls"), options.rows)
        candidates = {
            f"LibriSpeech, {options.files} files": lambda: read("librispeech", libri),
            f"CSV, {options.rows} rows": lambda: read("csv", calls, speaker="who"),
            f"CSV, {options.rows} rows, speakers by a pattern": lambda: read(
                "csv", calls, speaker=r"(\d)\.wav"
            ),
        }
        times = tables.time_interleaved(candidates, options.rounds, read_clocks)
    rows = [
        (name, *(f"{seconds:.1f}" for seconds in np.median(both, axis=0)))
        for name, both in times.items()
    ]
    table = tables.format_table(["what is read", "seconds", "CPU seconds"], rows)
    tables.show("indexing", table, options, ["pandas", "soundfile"])


def read_clocks() -> np.ndarray:
    """Wall-clock time, and CPU time, which other processes do not affect."""
    return np.array([time.perf_counter(), time.process_time()])


def read(name, place, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return corpora.read(name, place, **options)


def write_noise(path: Path, random) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = random.standard_normal(round(SECONDS * RATE)) / 10
    soundfile.write(path, noise, RATE)


def write_librispeech(root: Path, files: int) -> Path:
    """Write 251 speakers with two chapters each, and the list of genders."""
    random = np.random.default_rng(0)
    for number in range(files):
        speaker, chapter = number % 251, number // 251 % 2
        name = f"{speaker}-{chapter}-{number:04d}.flac"
        write_noise(root / f"train-clean-100/{speaker}/{chapter}/{name}", random)
    lines = [f"{s} | {'MF'[s % 2]} | train-clean-100 | 25 | N" for s in range(251)]
    (root / "SPEAKERS.TXT").write_text("\n".join(lines))
    return root


def write_csv(root: Path, rows: int) -> Path:
    """Write a list of segments of 1,000 files, with words that users may choose."""
    random = np.random.default_rng(1)
    for number in range(1000):
        write_noise(root / f"wav/{number}.wav", random)
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
