"""Removes what the package has written, and nothing else."""

import re
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path

from keras_ser.audio.unusable import SKIPPED_FILE
from keras_ser.utils import files

RUN_FILES = {
    "checkpoint.npz",
    "config.json",
    "embeddings.csv",
    "environment.json",
    "history.csv",
    "metrics.json",
    "model.keras",
    "predictions.csv",
    "preprocessing.json",
    "probes.csv",
    SKIPPED_FILE,
}
LOGS = "logs"
LOG_FILES = re.compile(
    r"events\.out\.tfevents\..+|tensors\.tsv|metadata\.tsv|sprites\.png"
    r"|projector_config\.pbtxt"
)
RUN_NAME = re.compile(r".+-\d+(\.partial)?")
NEXT_TO_RUNS = re.compile(r".+-\d+\.(lock(\.held(\.removal)?)?|log)")
REPORT, REPORT_TEXTS = "report", ("report.md", "report.tex")
TEMPORARY = re.compile(r"\.\w+-(.+)")  # of a process that was killed while it wrote
# Written by file managers, by macOS on other disks, and by NFS for a file in use.
OF_SYSTEM = re.compile(r"\.DS_Store|Thumbs\.db|desktop\.ini|\._.+|\.nfs[0-9a-f]+")


def check_only_runs(folder: Path, corpora: Collection[str]) -> None:
    """Checks that a folder of an experiment holds its runs and its report only.

    Args:
        folder: The folder.
        corpora: The only corpora of the runs.

    Raises:
        ValueError: If there is anything else in it.
    """
    found = list(_foreign(folder, corpora))
    if found:
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        raise ValueError(
            f"A smoke run replaces {folder}. Expected a folder that holds nothing but "
            f"an earlier smoke run. Received: {found[0]}{more}. Move or delete the "
            "folder, or give another --out (in Python: out=…)."
        )


def remove_run_files(folder: Path, keep: Collection[str] = ()) -> None:
    """Removes what a run has written into its folder. Other files stay.

    Args:
        folder: The folder of an unfinished run.
        keep: Names that stay too.
    """
    for path in list(folder.iterdir()):
        if path.name in keep:
            continue
        if path.name == LOGS and path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif _named(path) in RUN_FILES and path.is_file():
            path.unlink()


def _foreign(folder: Path, corpora: Collection[str]) -> Iterator[Path]:
    """Yields what is not of an experiment on these corpora."""
    if folder.is_symlink() or not folder.is_dir():
        yield folder
        return
    for path in _entries(folder):
        if path.is_symlink() or not path.is_dir():
            yield path
        elif path.name == REPORT:
            yield from _foreign_in_report(path)
        else:
            yield from _foreign_in_system(path, folder.name, corpora)


def _foreign_in_system(folder: Path, experiment: str, corpora) -> Iterator[Path]:
    for path in _entries(folder):
        if path.is_symlink():
            yield path
        elif path.is_dir() and RUN_NAME.fullmatch(path.name):
            yield from _foreign_in_run(path, experiment, corpora)
        elif path.is_dir() or not NEXT_TO_RUNS.fullmatch(path.name):
            yield path


def _foreign_in_run(folder: Path, experiment: str, corpora) -> Iterator[Path]:
    entries = _entries(folder)
    for path in entries:
        if path.name == LOGS and path.is_dir() and not path.is_symlink():
            yield from _foreign_in_logs(path)
        elif _named(path) not in RUN_FILES or path.is_symlink() or path.is_dir():
            yield path
    if entries and not _is_run_of(folder, experiment, corpora):
        yield folder


def _is_run_of(folder: Path, experiment: str, corpora: Collection[str]) -> bool:
    """Returns whether the records in a folder are of a run on these corpora.

    An unfinished run may have been killed before they were written.
    """
    path = folder / "config.json"
    if not path.exists():
        return set(map(_named, _entries(folder))) <= {"environment.json", path.name}
    try:
        config = files.read_object(path)
    except ValueError:
        return False
    given = config.get("corpus")
    names = given if isinstance(given, list) else [given]
    known = list(corpora)  # a list, because names in a foreign file may be anything
    return config.get("name") == experiment and all(name in known for name in names)


def _foreign_in_logs(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        is_log = LOG_FILES.fullmatch(_named(path)) or OF_SYSTEM.fullmatch(path.name)
        is_log = is_log and not path.is_symlink()
        if not is_log and (path.is_symlink() or not path.is_dir()):
            yield path


def _foreign_in_report(folder: Path) -> Iterator[Path]:
    """Yields what is not a text of a report, nor a figure that its text shows."""
    text = folder / REPORT_TEXTS[0]
    shown = text.read_text(encoding="utf-8") if text.is_file() else ""
    for path in _entries(folder):
        is_figure = f"]({path.name})" in shown
        if path.is_symlink() or path.is_dir():
            yield path
        elif not is_figure and _named(path) not in REPORT_TEXTS:
            yield path


def _entries(folder: Path) -> list[Path]:
    return sorted(
        path for path in folder.iterdir() if not OF_SYSTEM.fullmatch(path.name)
    )


def _named(path: Path) -> str:
    """Returns the name of a file, also of one that was not written completely."""
    found = TEMPORARY.fullmatch(path.name)
    return found[1] if found else path.name
