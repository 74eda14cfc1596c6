"""Packs finished runs into one archive per experiment, and unpacks them again.

python benchmarks/gpu_archives.py pack OUT RUNS
python benchmarks/gpu_archives.py unpack OUT RUNS
"""

import sys
import zipfile
from pathlib import Path

from keras_ser import reports
from keras_ser.reports import archives

MOST = 16 * 2**20  # bytes of an archive


def pack(out: Path, runs: Path) -> None:
    """Writes `OUT/<experiment>.zip` of the finished runs of each experiment."""
    for folder in sorted(runs.iterdir()) if runs.is_dir() else []:
        finished = [
            path.parent
            for path in folder.glob("*/*/metrics.json")
            if not path.parent.name.endswith(".partial")
        ]
        if not finished:
            continue
        for path in reports.pack(finished, out, replace=True):
            size = path.stat().st_size
            told = "" if size <= MOST else ", which is too large to be copied"
            print(f"{path.name}: {len(finished)} runs, {size / 2**20:.1f} MiB{told}")


def unpack(out: Path, runs: Path) -> None:
    """Puts back the runs of the archives that the folder of runs lacks."""
    for path in sorted(out.glob("*.zip")):
        archives.open_archive(path).root.close()  # checks its names
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if not name.endswith("/")]
            lacking = [
                name
                for name in names
                if not (runs / path.stem / Path(name).parent).is_dir()
            ]
            archive.extractall(runs / path.stem, lacking)
        print(f"{path.name}: {len(lacking)} files unpacked")


if __name__ == "__main__":
    command, *folders = sys.argv[1:]
    {"pack": pack, "unpack": unpack}[command](*map(Path, folders))
