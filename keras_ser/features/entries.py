"""The files of the feature cache: one entry holds the features of one utterance.

An entry consists of little-endian words of 8 bytes:

- a preamble of four words: the magic text, then the version of the format, the type and
  the dimensions of the features, then the 16 bytes of the entry's identity, which is
  also its name;
- the number of frames, and the checksum of the features;
- for at most 1024 dimensions, the sum and the sum of squares of each dimension over the
  frames, float64;
- zeros, and a digest of all of this, up to a multiple of 64 bytes, so that the features
  are aligned in memory and need not be copied;
- the features, frame by frame, and zeros up to a whole word.

The digest protects the header, and the checksum in the header protects the features.
Neither TensorFlow nor librosa is needed to read an entry.
"""

import dataclasses
import functools
import hashlib
import os
import struct
from pathlib import Path
from typing import NamedTuple

import numpy as np

from keras_ser.features.checksum import checksum
from keras_ser.features.moments import Sums, sums
from keras_ser.utils import files

MAGIC = b"kserfeat"
VERSION = 1
FOLDER = f"v{VERSION}"  # entries of other formats lie elsewhere in the cache
DTYPES = ("<f2", "<f4")
WORD = 8  # bytes
IDENTITY_BYTES = 16
ALIGNMENT = 64  # bytes, as TensorFlow aligns
MAX_DIMENSIONS_WITH_SUMS = 1024  # of more, the sums would be larger than the features
_PREAMBLE = struct.Struct("<8sH2sI16s")  # magic, version, type, dimensions, identity
_COUNTS = struct.Struct("<Qq")  # frames, checksum


class DamagedEntry(ValueError):
    """A file of the cache is not the entry that was written under its name."""

    def __init__(self, path, received: str):
        super().__init__(
            f"Expected the features that were written to {path}. Received: {received}. "
            "Run `keras-ser features CONFIG --verify`, which extracts damaged features "
            "again, or delete the file and run again."
        )
        self.received = received


class Summary(NamedTuple):
    """What a header says of the features.

    Args:
        frames: The number of frames.
        checksum: The checksum of the features.
        size: The number of bytes of the entry.
    """

    frames: int
    checksum: int
    size: int


@dataclasses.dataclass(frozen=True)
class Format:
    """The type and the dimensions of the features in a set of entries.

    Args:
        dtype: The type of a value, `"<f2"` or `"<f4"`.
        dimensions: The number of values per frame.

    Raises:
        ValueError: The type is another one, or there are no dimensions.
    """

    dtype: str
    dimensions: int

    def __post_init__(self):
        is_count = isinstance(self.dimensions, int | np.integer)
        if self.dtype not in DTYPES or not (is_count and 0 < self.dimensions < 2**32):
            raise ValueError(
                f"A front-end needs the `dtype` {' or '.join(DTYPES)}, and at least "
                f"one value per frame. Received: {files.short_repr(self.dtype)} and "
                f"{self.dimensions!r}. Correct the front-end."
            )

    @property
    def suffix(self) -> str:
        """The suffix of the files, `.f16` or `.f32`."""
        return f".f{8 * np.dtype(self.dtype).itemsize}"

    @property
    def has_sums(self) -> bool:
        """Whether headers hold the sums over frames."""
        return self.dimensions <= MAX_DIMENSIONS_WITH_SUMS

    @functools.cached_property
    def header_bytes(self) -> int:
        """The bytes before the features, a multiple of 64."""
        needed = self._sums.stop + WORD
        return -(-needed // ALIGNMENT) * ALIGNMENT

    @property
    def _sums(self) -> slice:
        """Where the sums are in a header."""
        first = _PREAMBLE.size + _COUNTS.size
        return slice(first, first + self.has_sums * 2 * WORD * self.dimensions)

    def size(self, frames: int) -> int:
        """The bytes of an entry with this number of frames."""
        values = frames * self.dimensions * np.dtype(self.dtype).itemsize
        return self.header_bytes + -(-values // WORD) * WORD

    def encode(self, path: str | Path, features: np.ndarray) -> bytes:
        """Returns the content of an entry.

        Args:
            path: The file for which it is meant, whose name is its identity.
            features: Float array `(frames, dimensions)`.

        Raises:
            ValueError: The features have another shape, or are not finite in the
                type of the entries.
        """
        values = self._converted(features)
        payload = values.tobytes()
        payload += bytes(-len(payload) % WORD)
        header = self._preamble(path)
        header += _COUNTS.pack(len(values), checksum(np.frombuffer(payload, "<u8")))
        if self.has_sums:
            _, *totals = sums(values)
            header += np.concatenate(totals).astype("<f8").tobytes()
        header += bytes(self.header_bytes - WORD - len(header))
        return header + _digest(header) + payload

    def summary(self, path: str | Path) -> Summary:
        """Reads the header of an entry, and keeps it while the file is unchanged.

        Raises:
            FileNotFoundError: There is no such file.
            DamagedEntry: The header is damaged, belongs to another entry or another
                format, or the file has another size.
        """
        key, state = (str(path), self), os.stat(path)
        known = _summaries.get(key)
        if known is None or known[0] != _version(state):
            with open(path, "rb") as file:
                state = os.fstat(file.fileno())
                found = self._parse(path, file.read(self.header_bytes))
            self._check_size(path, found, state.st_size)
            known = _summaries[key] = _version(state), found
        return known[1]

    def sums(self, path: str | Path) -> Sums:
        """Returns the sums over the frames of an entry.

        They are read from the header, if it holds them.

        Raises:
            FileNotFoundError: There is no such file.
            DamagedEntry: As for `summary`, or as for `read`.
        """
        if not self.has_sums:
            return sums(self.read(path))
        with open(path, "rb") as file:
            header = file.read(self.header_bytes)
        found = self._parse(path, header)
        totals = np.frombuffer(header[self._sums], "<f8").reshape(2, -1)
        return Sums(found.frames, *totals)

    def read(self, path: str | Path) -> np.ndarray:
        """Reads and verifies an entry.

        Returns:
            Array of shape `(frames, dimensions)` in the type of the entries.

        Raises:
            FileNotFoundError: There is no such file.
            DamagedEntry: Anything in the file differs from what was written.
        """
        with open(path, "rb") as file:
            content = file.read()
        found = self._parse(path, content[: self.header_bytes])
        self._check_size(path, found, len(content))
        payload = memoryview(content)[self.header_bytes :]
        if checksum(np.frombuffer(payload, "<u8")) != found.checksum:
            raise DamagedEntry(path, "features with another checksum")
        count = found.frames * self.dimensions
        values = np.frombuffer(payload, self.dtype, count)
        return values.reshape(-1, self.dimensions)

    def _parse(self, path, header: bytes) -> Summary:
        """Verifies a header and returns what it says."""
        if len(header) != self.header_bytes:
            raise DamagedEntry(path, f"{len(header)} bytes, too few for a header")
        if header[: _PREAMBLE.size] != self._preamble(path):
            raise DamagedEntry(path, self._difference(path, header))
        if header[-WORD:] != _digest(header[:-WORD]):
            raise DamagedEntry(path, "a header with another digest")
        frames, found = _COUNTS.unpack_from(header, _PREAMBLE.size)
        return Summary(frames, found, self.size(frames))

    def _check_size(self, path, found: Summary, size: int) -> None:
        if size != found.size:
            raise DamagedEntry(path, f"{size} bytes, not {found.size}")

    def _preamble(self, path) -> bytes:
        kind = self.dtype[1:].encode()
        return _PREAMBLE.pack(MAGIC, VERSION, kind, self.dimensions, _identity(path))

    def _difference(self, path, header: bytes) -> str:
        magic, version, kind, dimensions, identity = _PREAMBLE.unpack_from(header)
        if (magic, version) != (MAGIC, VERSION):
            return "a file of another format"
        if identity != _identity(path):
            return "the entry of another utterance or another setting"
        return (
            f"values of the type {kind.decode('latin-1')!r} with {dimensions} "
            f"dimensions, not {self.dtype[1:]!r} with {self.dimensions}"
        )

    def _converted(self, features: np.ndarray) -> np.ndarray:
        shape = np.shape(features)
        if len(shape) != 2 or shape[1] != self.dimensions or not shape[0]:
            raise ValueError(
                "A front-end must return one or more frames of `dimensions` values, "
                f"here {self.dimensions}. Received: the shape {shape}. Correct the "
                "front-end."
            )
        with np.errstate(over="ignore"):  # rejected below
            values = np.ascontiguousarray(features, self.dtype)
        if not np.isfinite(values).all():
            raise ValueError(
                f"Expected features that are finite in the type {self.dtype!r}. "
                f"Received: values up to {np.abs(features).max():g}, with a limit of "
                f"{np.finfo(self.dtype).max:g}. Give the front-end the attribute "
                "`dtype = '<f4'`, or scale its values."
            )
        return values


# The version of each file whose header has been read, and what the header says.
_summaries: dict[tuple, tuple[int, Summary]] = {}


def write(path: str | Path, features: np.ndarray, form: Format) -> None:
    """Writes an entry, which is then complete or absent, whatever happens.

    The folder is not flushed to the disk; see `files.flush_names`.

    Args:
        path: The file, whose name is its identity.
        features: Float array `(frames, dimensions)`.
        form: The format.

    Raises:
        ValueError: As for `Format.encode`.
    """
    content = form.encode(path, features)
    with files.replacing(path, flush_name=False) as temporary:
        temporary.write_bytes(content)


def _identity(path) -> bytes:
    """The identity of an entry from its name, 16 bytes in hexadecimal."""
    name = Path(path).stem
    if len(name) != 2 * IDENTITY_BYTES:
        raise ValueError(
            f"The name of an entry has {2 * IDENTITY_BYTES} hexadecimal digits. "
            f"Received: {path}. Take the paths from `FeatureStore.paths`."
        )
    return bytes.fromhex(name)


def _version(state: os.stat_result) -> int:
    """A number that changes when the file does."""
    times = state.st_mtime_ns, state.st_ctime_ns
    return hash((state.st_dev, state.st_ino, state.st_size, *times))


def _digest(header: bytes) -> bytes:
    return hashlib.blake2b(header, digest_size=WORD).digest()
