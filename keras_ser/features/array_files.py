"""Named arrays in a folder of `.npy` files, or in an `.npz` or `.h5` file."""

import abc
import hashlib
import math
import os
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePath

import numpy as np

from keras_ser.features.weight_files import sha256_of
from keras_ser.utils.walk import visible_files

SUFFIXES = (".npz", ".h5", ".hdf5")
VARIANT = "speed="  # the start of the names of folders of variants
BAD_ZIP = zipfile.BadZipFile
MAX_OPEN = 8  # folders and files whose names are kept


class Arrays(abc.ABC):
    """Arrays by their names; see `open_arrays`.

    Args:
        path: The folder or file.

    Attributes:
        names: The names of all arrays.
    """

    def __init__(self, path: Path):
        self.path = path
        self.names = frozenset(self._list())
        self._checksums: dict[str, str] = {}
        self._depths = sorted({name.count("/") + 1 for name in self.names})

    @staticmethod
    def key(file: str, start: float, end: float) -> str:
        """The longest name that the features of an utterance can have.

        Args:
            file: The path of the audio.
            start, end: The segment in seconds; NaN or None for the whole file.
        """
        name = PurePath(file).with_suffix("").as_posix().lstrip("/")
        is_whole = all(each is None or math.isnan(each) for each in (start, end))
        return name if is_whole else f"{name}@{start:.3f}-{end:.3f}"

    def find(self, file: str, start: float, end: float, variant: str) -> str | None:
        """The name of the features of an utterance, the longest if there are several.

        Args:
            file, start, end: As for `key`.
            variant: The key of the waveform transform.
        """
        parts = self.key(file, start, end).split("/")
        folder = "" if variant == f"{VARIANT}1" else f"{variant}/"
        extra = folder.count("/")
        for depth in reversed(self._depths):
            if not extra < depth <= len(parts) + extra:
                continue
            name = folder + "/".join(parts[len(parts) + extra - depth :])
            if name in self.names:
                return name
        return None

    def has_variant(self, variant: str) -> bool:
        """Whether there is any array of this variant."""
        return any(name.startswith(f"{variant}/") for name in self.names)

    def read(self, name: str) -> np.ndarray:
        """Reads an array.

        Raises:
            ValueError: It is not an array of real numbers.
        """
        try:
            found = self._read(name)
        except (ValueError, OSError, KeyError, EOFError, BAD_ZIP) as error:
            raise ValueError(
                f"Expected an array of numbers {name!r} in {self.path}. Received: "
                f"{str(error)[:200]}. Write it again with numpy.save."
            ) from error
        if found.dtype.kind not in "fiu":
            raise ValueError(
                f"Expected an array of numbers {name!r} in {self.path}. Received: the "
                f"type {found.dtype}."
            )
        return found.astype(np.float32)

    def checksum(self, name: str) -> str:
        """A text that changes if an array does, which is computed once."""
        if name not in self._checksums:
            found = self.read(name)
            content = repr(found.shape).encode() + np.ascontiguousarray(found).tobytes()
            digest = hashlib.blake2b(content, digest_size=16)
            self._checksums[name] = digest.hexdigest()
        return self._checksums[name]

    @abc.abstractmethod
    def _list(self) -> Iterable[str]:
        """The names of all arrays."""

    @abc.abstractmethod
    def _read(self, name: str) -> np.ndarray:
        """Reads an array of any type."""


class _Folder(Arrays):
    """The `.npy` files in a folder and in those below it."""

    def _list(self):
        for path in visible_files(self.path):
            if path.suffix == ".npy":
                yield path.relative_to(self.path).with_suffix("").as_posix()

    def _file(self, name: str) -> Path:
        return self.path / f"{name}.npy"

    def _read(self, name):
        return np.load(self._file(name), allow_pickle=False)

    def checksum(self, name):
        return sha256_of([self._file(name)])  # the folder is as it is if a file changes


class _Npz(Arrays):
    """The arrays of an `.npz` file, which stays open: opening it reads all names."""

    def _list(self):
        self._file = np.load(self.path, allow_pickle=False)
        return list(self._file.files)

    def _read(self, name):
        return self._file[name]


class _Hdf5(Arrays):
    """The datasets of an HDF5 file."""

    def _list(self):
        import h5py

        names = []
        with h5py.File(self.path) as file:
            file.visititems(
                lambda name, item: (
                    names.append(name) if isinstance(item, h5py.Dataset) else None
                )
            )
        return names

    def _read(self, name):
        import h5py

        with h5py.File(self.path) as file:
            return np.asarray(file[name])


def open_arrays(path: str | Path, fresh: bool = False) -> Arrays:
    """Opens a folder of `.npy` files, or an `.npz`, `.h5` or `.hdf5` file.

    Args:
        path: The folder or the file.
        fresh: Whether to list the names in a folder again. Otherwise they are kept
            while the folder itself, without those below it, stays as it is. A file is
            opened once per process, and again if its size or time of change differs.

    Raises:
        FileNotFoundError: There is no such folder or file.
        ValueError: It is a file of another kind, or holds no array.
    """
    path = Path(path).expanduser()
    if not path.exists():
        raise FileNotFoundError(
            f"Expected features in {path}. Received: no such folder or file. Give the "
            "folder of .npy files, or the .npz or .h5 file."
        )
    found = _opened(path.absolute(), fresh and path.is_dir())
    if not found.names:
        raise ValueError(
            f"Expected features in {path}. Received: no array. Give a folder of .npy "
            "files, or an .npz or .h5 file with arrays."
        )
    return found


_known: dict[Path, tuple[tuple[int, ...], Arrays]] = {}


def _opened(path: Path, fresh: bool) -> Arrays:
    stat = os.stat(path)
    # A forked process would move the position in a file that its parent reads.
    state = (os.getpid(), stat.st_size, stat.st_mtime_ns)
    before, found = _known.get(path, (None, None))
    if fresh or before != state:
        found = _open(path)
        _known[path] = state, found
        while len(_known) > MAX_OPEN:
            del _known[next(iter(_known))]
    return found


def _open(path: Path) -> Arrays:
    if path.is_dir():
        return _Folder(path)
    if path.suffix not in SUFFIXES:
        raise ValueError(
            f"Expected a folder, or a file with the suffix {', '.join(SUFFIXES)}. "
            f"Received: {path}."
        )
    try:
        return _Npz(path) if path.suffix == ".npz" else _Hdf5(path)
    except (OSError, ValueError, BAD_ZIP) as error:
        raise ValueError(
            f"Expected arrays in {path}. Received: {str(error)[:200]}. Write the file "
            "again with numpy.savez or h5py."
        ) from error
