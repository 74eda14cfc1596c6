"""Lossless compression of features, to carry them from one machine to another."""

import json
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from keras_ser.features import prediction
from keras_ser.features.entries import DTYPES

MAX_BLOCK_VALUES = 2**24  # of float16; longer arrays have a block of their own
PREDICTED, PLANES = "predicted", "planes"  # how a block is coded
LEVEL = 6  # of zlib
_LENGTH = struct.Struct("<Q")


def blocks(frames: Sequence[int], dimensions: int) -> Iterator[slice]:
    """Divides arrays into blocks that can be compressed in little memory.

    Args:
        frames: The number of frames of each array.
        dimensions: The number of values per frame.

    Yields:
        The arrays of each block, in their order.
    """
    first = total = 0
    for number, count in enumerate(frames):
        if total and (total + count) * dimensions > MAX_BLOCK_VALUES:
            yield slice(first, number)
            first, total = number, 0
        total += count
    if first < len(frames):
        yield slice(first, len(frames))


def compress(
    arrays: Iterable[np.ndarray], references: Iterable[np.ndarray] | None = None
) -> bytes:
    """Compresses arrays of features without loss.

    Finite float16 arrays are predicted; see `features.prediction`. Log-mel features
    take about 60 % of their bytes. The planes of the bytes of all other arrays are
    compressed with zlib.

    Args:
        arrays: Arrays `(frames, dimensions)` that have the same type, float16 or
            float32, and the same number of dimensions.
        references: A float32 array for each of them, of the same shape, whose values
            are near to it. `decompress` gets the same. By default there are none.

    Returns:
        The content for `decompress`.

    Raises:
        ValueError: If the arrays differ in type or dimensions, or if there are none.

    Example:

    >>> content = compress([features, others])
    >>> features, others = decompress(content)
    """
    arrays = list(arrays)
    kinds = {(_little_endian(each), *each.shape[1:]) for each in arrays}
    kind = next(iter(kinds), ())
    if len(kinds) != 1 or len(kind) != 2 or kind[0] not in DTYPES:
        raise ValueError(
            "Expected arrays (frames, dimensions) of one type, float16 or float32, and "
            f"with equal dimensions. Received: {sorted(kinds, key=str)[:3]}. Compress "
            "them separately."
        )
    frames = np.concatenate(arrays).astype(kind[0], copy=False)
    code, parts = _encode(frames, _joined(references))
    about = {
        "code": code,
        "dtype": kind[0],
        "dimensions": kind[1],
        "frames": [len(each) for each in arrays],
    }
    parts = [json.dumps(about).encode(), *parts]
    return b"".join(_LENGTH.pack(len(part)) + part for part in parts)


def decompress(
    content: bytes, references: Iterable[np.ndarray] | None = None
) -> list[np.ndarray]:
    """Returns the arrays that were given to `compress`, to the last bit.

    Args:
        content: What `compress` returned.
        references: As for `compress`, to the last bit.

    Raises:
        ValueError: If the content is damaged, as far as this shows. It holds no
            checksum.
    """
    try:
        about, *parts = _split(memoryview(content))
        about = json.loads(bytes(about))
        shape = sum(about["frames"]), about["dimensions"]
        others = _joined(references)
        frames = _decode(about["code"], parts, np.dtype(about["dtype"]), shape, others)
        return np.split(frames, np.cumsum(about["frames"])[:-1])
    except (LookupError, TypeError, ValueError, zlib.error, struct.error) as error:
        raise ValueError(f"damaged compressed features ({error})") from error


def _little_endian(array: np.ndarray) -> str:
    return array.dtype.newbyteorder("<").str


def _split(content: memoryview) -> list[memoryview]:
    parts = []
    while content:
        (length,) = _LENGTH.unpack_from(content)
        end = _LENGTH.size + length
        if len(content) < end:
            raise ValueError("too short")
        parts.append(content[_LENGTH.size : end])
        content = content[end:]
    return parts


def _joined(references: Iterable[np.ndarray] | None) -> np.ndarray | None:
    return None if references is None else np.concatenate(list(references))


def _encode(frames: np.ndarray, references) -> tuple[str, list[bytes]]:
    is_predicted = frames.dtype == "<f2" and frames.size and np.isfinite(frames).all()
    if not is_predicted:
        return PLANES, [zlib.compress(each, LEVEL) for each in _planes(frames)]
    parts = prediction.encode(frames, references)
    return PREDICTED, [zlib.compress(each, LEVEL) for each in parts]


def _decode(code: str, parts: list, dtype, shape: tuple, references) -> np.ndarray:
    parts = [zlib.decompress(each) for each in parts]
    if code == PREDICTED:
        if references is not None and references.shape != shape:
            raise ValueError(f"references of the shape {references.shape}")
        return prediction.decode(parts, *shape, references)
    if code != PLANES or {len(each) for each in parts} != {shape[0] * shape[1]}:
        raise ValueError(f"the code {code!r}")
    planes = np.stack([np.frombuffer(each, np.uint8) for each in parts], axis=1)
    return planes.reshape(-1).view(dtype).reshape(shape)


def _planes(frames: np.ndarray) -> list[bytes]:
    """The bytes of all values by their place in the value."""
    planes = np.ascontiguousarray(frames).view(np.uint8).reshape(-1, frames.itemsize)
    return [planes[:, place].tobytes() for place in range(frames.itemsize)]
