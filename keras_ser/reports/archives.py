"""Finished runs in one file: a zip archive per experiment.

An archive holds `<system>/<fold>-<repeat>/` for each run, with what reports read: no
models and no logs. Wherever runs are read, such an archive may take the place of their
folder, and `<archive>/<system>` that of a folder in it.
"""

import stat
import uuid
import zipfile
from collections.abc import Iterable
from pathlib import Path

from keras_ser.reports.run_files import DAMAGED, RunPath, read_bytes
from keras_ser.utils import files

SUFFIX = ".zip"
MEMBERS = (
    *("config.json", "embeddings.csv", "environment.json", "history.csv"),
    *("metrics.json", "predictions.csv", "probes.csv", "skipped.csv"),
)
MAX_BYTES = 2**30  # of a member; a table of that size has millions of rows
# How much smaller a member may be in the archive. Tables are up to 50 times smaller.
MAX_RATIO = 200
MIN_BYTES = 2**20  # of a member whose ratio counts
EPOCH = (1980, 1, 1, 0, 0, 0)  # the date of every member, so that bytes repeat
MODE = stat.S_IFREG | 0o644


def locate(path: Path) -> RunPath | None:
    """The folder that a path names, on the disk or in an archive.

    Args:
        path: A folder, an archive, or an archive followed by a folder in it, such as
            `results/emodb.zip/mtl_aug`.

    Returns:
        The folder, or None if there is none.

    Raises:
        ValueError: If the archive cannot be read.
    """
    if path.is_dir():
        return path
    archive = find_archive(path)
    if archive is None:
        return None
    place = open_archive(archive)
    if path == archive:
        return place
    place = place / path.relative_to(archive).as_posix()
    return place if place.exists() and place.is_dir() else None


def find_archive(path: Path) -> Path | None:
    """The archive that a path names or leads into; None if it is not such a path."""
    for part in (path, *path.parents):
        if part.suffix == SUFFIX and part.is_file():
            return part
    return None


def default_folder(path: str | Path, name: str) -> Path:
    """The folder for what is made of runs: within their folder, or next to an archive.

    Args:
        path: The folder of runs, or an archive: `results/emodb.zip` has the folder
            `results/emodb/<name>`.
        name: The name of the folder.
    """
    archive = find_archive(Path(path))
    if archive is None:
        return Path(path, name)
    return archive.with_suffix("") / Path(path).relative_to(archive) / name


def open_archive(path: Path) -> zipfile.Path:
    """The top folder of an archive.

    Args:
        path: The archive.

    Raises:
        ValueError: If it is not a zip file, is damaged, or holds members that no
            archive of runs has: unsafe names, links, or absurd sizes.
    """
    try:
        archive = zipfile.ZipFile(path)
    except PermissionError:
        raise
    except DAMAGED as error:
        raise _invalid(path, "the undamaged content of a zip file", error) from error
    try:
        _check_members(path, archive.infolist())
    except ValueError:
        archive.close()
        raise
    return zipfile.Path(archive)


def _check_members(path: Path, members: list[zipfile.ZipInfo]) -> None:
    for member in members:
        _check_member(path, member)
    if len({member.filename for member in members}) < len(members):
        raise _invalid(path, "different names", "a name that occurs twice")


def _check_member(path: Path, member: zipfile.ZipInfo) -> None:
    """Rejects what cannot be a file of a run."""
    name, size = member.filename, member.file_size
    parts = name.removesuffix("/").split("/")
    if "\\" in name or not set(parts).isdisjoint({"", ".", ".."}):
        expected = "names of the form <system>/<fold>-<repeat>/<file>"
        raise _invalid(path, expected, files.short_repr(name))
    if stat.S_ISLNK(member.external_attr >> 16) or member.flag_bits & 1:
        expected = "plain files, neither links nor encrypted"
        raise _invalid(path, expected, files.short_repr(name))
    ratio = size / max(member.compress_size, 1)
    if size > MAX_BYTES or (size > MIN_BYTES and ratio > MAX_RATIO):
        expected = f"files of at most {MAX_BYTES} bytes, packed at most {MAX_RATIO}:1"
        received = f"{files.short_repr(name)} with {size} bytes, packed {ratio:.0f}:1"
        raise _invalid(path, expected, received)


def write_archive(
    path: Path, runs: Iterable[tuple[str, RunPath]], replace: bool
) -> None:
    """Writes the archive of one experiment, unless it is there already.

    The bytes depend on the files of the runs alone (and on the version of zlib).

    Args:
        path: The archive to write.
        runs: Name in the archive and folder of each run.
        replace: Whether an archive with other content is replaced.

    Raises:
        ValueError: If there is an archive with other content, and `replace` is off.
    """
    members = {
        f"{name}/{file}": read_bytes(folder / file)
        for name, folder in runs
        for file in MEMBERS
        if (folder / file).is_file()
    }
    if path.exists() and _content(path) == members:
        return
    if path.exists() and not replace:
        raise ValueError(
            f"`out` must hold no other archive of the same name. Received: {path} with "
            "other content. Choose another folder, or replace the archive "
            "(`--replace`; in Python: replace=True)."
        )
    _write(files.writable_folder(path.parent) / path.name, members)


def _content(path: Path) -> dict[str, bytes] | None:
    """The files in an archive by name; None if it is not an archive of runs."""
    try:
        with open_archive(path).root as archive:
            names = [name for name in archive.namelist() if not name.endswith("/")]
            return {name: archive.read(name) for name in names}
    except DAMAGED:
        return None


def _write(path: Path, members: dict[str, bytes]) -> None:
    temporary = path.with_name(f".{uuid.uuid4().hex}-{path.name}")
    try:
        with zipfile.ZipFile(temporary, "x") as archive:
            for name in sorted(members):
                member = zipfile.ZipInfo(name, EPOCH)
                member.create_system, member.external_attr = 3, MODE << 16  # Unix
                member.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(member, members[name], compresslevel=9)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _invalid(path: Path, expected: str, received) -> ValueError:
    return ValueError(
        f"An archive of runs must hold {expected}. Received: {received}, in {path}. "
        "Restore the archive, or pack its runs again."
    )
