"""Tensors from a file of `torch.save`, without PyTorch and without running its code.

Such a file is a pickle, and a pickle may call any function. The reader here admits
those of tensors and of ordered dictionaries, and nothing else.
"""

import collections
import dataclasses
import io
import math
import pickle
import struct
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

STORAGES = {
    "DoubleStorage": "<f8",
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
}
LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
LEGACY_VERSION = 1001
MAX_VALUES = 2**31  # of one tensor
REMEDY = (
    "Save the weights in PyTorch with torch.save(model.state_dict(), PATH), or give "
    "the file as it was published."
)


def read_tensors(path: str | Path) -> Any:
    """Reads a file that `torch.save` wrote.

    Both formats are known: the archive of today's PyTorch, and the sequence of pickles
    of versions before 1.6.

    Args:
        path: The file.

    Returns:
        The saved object, made of dictionaries, lists, texts and numbers, with a NumPy
        array in the place of each tensor. Tuples become lists.

    Raises:
        OSError: The file is absent or cannot be read.
        ValueError: The file is not one of PyTorch, is damaged, or holds anything else
            than tensors in such objects.
    """
    file = io.BytesIO(Path(path).read_bytes())  # a place outside it is no OSError
    try:
        if zipfile.is_zipfile(file):
            return _read_archive(file)
        file.seek(0)
        return _read_legacy(file)
    except Exception as error:  # whatever damage makes zipfile or the unpickler raise
        reason = str(error) or type(error).__name__
        raise ValueError(
            f"Expected tensors that torch.save wrote to {path}. Received: a file that "
            f"cannot be read as such: {reason[:200]}. {REMEDY}"
        ) from error


class _Storage(NamedTuple):
    """The values of one or several tensors, as a pickle names them."""

    key: str
    dtype: str


@dataclasses.dataclass(frozen=True)
class _Tensor:
    """A tensor whose values have not been read yet."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def values(self, storages: dict[str, np.ndarray]) -> np.ndarray:
        """The tensor as an array of its own."""
        source = storages[self.storage.key]
        counts = [self.offset, *self.shape, *self.strides]
        if not all(type(each) is int and each >= 0 for each in counts):
            raise ValueError("a tensor with a size that is not a number from 0 up")
        if len(self.shape) != len(self.strides) or math.prod(self.shape) > MAX_VALUES:
            raise ValueError("a tensor with an impossible shape")
        last = self.offset + sum(
            (size - 1) * stride
            for size, stride in zip(self.shape, self.strides, strict=True)
        )
        if 0 not in self.shape and last >= len(source):
            raise ValueError("a tensor that is larger than its values")
        strides = [each * source.itemsize for each in self.strides]
        view = np.lib.stride_tricks.as_strided(
            source[self.offset :], self.shape, strides, writeable=False
        )
        return view.copy()


def _rebuild_tensor(storage, offset, shape, strides, *ignored) -> _Tensor:
    if not isinstance(storage, _Storage):
        raise ValueError("a tensor without values")
    return _Tensor(storage, offset, tuple(shape), tuple(strides))


def _rebuild_parameter(tensor, *ignored) -> _Tensor:
    return tensor


ADMITTED = {
    ("collections", "OrderedDict"): collections.OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    ("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
}


class _Unpickler(pickle.Unpickler):
    """An unpickler that admits tensors and ordered dictionaries."""

    def find_class(self, module, name):
        if module == "torch" and name in STORAGES:
            return STORAGES[name]  # only as the type in `persistent_load`
        if (module, name) not in ADMITTED:
            raise ValueError(f"the pickle asks for `{module}.{name}`")
        return ADMITTED[module, name]

    def persistent_load(self, identity):
        kind, dtype, key = identity[:3]
        if kind != "storage" or dtype not in STORAGES.values():
            raise ValueError(f"the pickle asks for an object of the kind {kind!r}")
        return _Storage(str(key), dtype)


def _read_archive(file: io.BytesIO):
    with zipfile.ZipFile(file) as archive:
        names = [name for name in archive.namelist() if name.endswith("/data.pkl")]
        if len(names) != 1:
            raise ValueError("an archive without one data.pkl")
        folder = names[0].removesuffix("data.pkl")
        order = folder + "byteorder"
        if order in archive.namelist() and archive.read(order) != b"little":
            raise ValueError("big-endian values")
        found = _Unpickler(io.BytesIO(archive.read(names[0]))).load()
        storages = {
            each.key: np.frombuffer(
                archive.read(f"{folder}data/{each.key}"), each.dtype
            )
            for each in _storages(found)
        }
    return _with_values(found, storages)


def _read_legacy(file: io.BytesIO):
    numbers = [_Unpickler(file).load() for _ in range(2)]
    if numbers != [LEGACY_MAGIC, LEGACY_VERSION]:
        raise ValueError("another format")
    system = _Unpickler(file).load()
    if not system.get("little_endian", True):
        raise ValueError("big-endian values")
    found = _Unpickler(file).load()
    dtypes = {key: np.dtype(dtype) for key, dtype in _storages(found)}
    storages = {}
    for key in _Unpickler(file).load():
        (count,) = struct.unpack("<q", file.read(8))
        content = file.read(max(0, count) * dtypes[key].itemsize)
        storages[key] = np.frombuffer(content, dtypes[key])
        if len(storages[key]) != count:
            raise ValueError("fewer values than announced")
    return _with_values(found, storages)


def _storages(value) -> set[_Storage]:
    """The storages of all tensors in an object."""
    if isinstance(value, _Tensor):
        return {value.storage}
    return set().union(*map(_storages, _parts(value)))


def _with_values(value, storages: dict[str, np.ndarray]):
    """The object with arrays in the place of its tensors."""
    if isinstance(value, _Tensor):
        return value.values(storages)
    if isinstance(value, dict):
        return {key: _with_values(each, storages) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_with_values(each, storages) for each in value]
    return value


def _parts(value) -> list:
    if isinstance(value, dict):
        return list(value.values())
    return list(value) if isinstance(value, list | tuple) else []
