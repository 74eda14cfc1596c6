"""What each row of a training stream contains, as arrays.

A plan holds some numbers per row: the utterance, its variant, the start of its crop,
its partner, and what the batch augmentations drew. It is computed by the code that
tf.data runs (`data.planning`), so that another reader of the plan sees the same stream.
`data.assembly` is such a reader. It needs no TensorFlow.
"""

import dataclasses
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np

from keras_ser.utils import files

FOLDER = "plans-v1"  # in the folder of the feature store
SEPARATOR = ":"  # in the names of arrays in a file
FIELDS = ("utterance", "variant", "start", "partner", "partner_start")


@dataclasses.dataclass(frozen=True)
class Plan:
    """The rows of a stream, in arrays of any equal shape `(…)`.

    Args:
        utterance: The number of the utterance, int32. Unlabelled ones follow the
            labelled ones.
        variant: The number of its variant, from `list_variants`, int32.
        start: The first frame of its crop, int32.
        partner: The number of the utterance that is mixed in, int32; 0 in rows that
            need none.
        partner_start: The first frame of the partner's crop, int32.
        drawn: The numbers that each batch augmentation drew, by the name of the
            augmentation and of the number, int32 or float32. They are 0 in rows of
            other types.
    """

    utterance: np.ndarray
    variant: np.ndarray
    start: np.ndarray
    partner: np.ndarray
    partner_start: np.ndarray
    drawn: dict[str, dict[str, np.ndarray]]

    def __getitem__(self, place) -> "Plan":
        """The same for a part of the rows, as for NumPy arrays."""
        arrays = {name: array[place] for name, array in self.arrays().items()}
        return Plan.from_arrays(arrays)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of all arrays."""
        return self.utterance.shape

    def reshaped(self, *shape: int) -> "Plan":
        """The same rows in arrays of another shape."""
        arrays = {n: array.reshape(shape) for n, array in self.arrays().items()}
        return Plan.from_arrays(arrays)

    def arrays(self) -> dict[str, np.ndarray]:
        """All arrays by name, those of an augmentation as `name:number`."""
        drawn = {
            f"{name}{SEPARATOR}{key}": values
            for name, found in self.drawn.items()
            for key, values in found.items()
        }
        return {**{name: getattr(self, name) for name in FIELDS}, **drawn}

    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray]) -> "Plan":
        """The inverse of `arrays`."""
        drawn: dict = {}
        for name, values in arrays.items():
            if name not in FIELDS:
                augmentation, _, key = name.rpartition(SEPARATOR)
                drawn.setdefault(augmentation, {})[key] = values
        return cls(**{name: arrays[name] for name in FIELDS}, drawn=drawn)

    def to_bytes(self) -> bytes:
        """The plan as a compressed file, with integers as small as they can be."""
        content = io.BytesIO()
        np.savez_compressed(
            content, **{name: _smallest(array) for name, array in self.arrays().items()}
        )
        return content.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> "Plan":
        """The inverse of `to_bytes`.

        Raises:
            ValueError: If the content does not come from `to_bytes`.
        """
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as archive:
                arrays = {name: _widened(archive[name]) for name in archive.files}
            return cls.from_arrays(arrays)
        except Exception as error:  # zip, NumPy and zlib raise many kinds
            raise ValueError("the file is damaged or not a plan") from error


def read(folder: str | Path, key: str, epochs: int) -> Plan | None:
    """Reads a plan from a feature store.

    Args:
        folder: The folder of the feature store.
        key: The key of the plan.
        epochs: The number of epochs that are needed.

    Returns:
        The plan, `(epochs, steps, rows)`; None if there is none of that many epochs.
        A damaged file counts as absent.
    """
    path = _path(folder, key)
    if not path.exists():
        return None
    try:
        found = Plan.from_bytes(path.read_bytes())
    except ValueError:
        return None
    return found[:epochs] if found.shape[0] >= epochs else None


def read_or_make(
    folder: str | Path, key: str, epochs: int, make: Callable[[], Plan]
) -> Plan:
    """Reads a plan, or makes it and keeps it.

    Args:
        folder, key, epochs: As for `read`.
        make: Returns the plan.
    """
    found = read(folder, key, epochs)
    if found is None:
        found = make()
        write(folder, key, found.to_bytes())
    return found


def write(folder: str | Path, key: str, content: bytes) -> None:
    """Keeps a plan in a feature store; see `read`.

    Args:
        folder: The folder of the feature store.
        key: The key of the plan.
        content: From `Plan.to_bytes`.
    """
    path = _path(folder, key)
    path.parent.mkdir(parents=True, exist_ok=True)
    with files.replacing(path) as temporary:
        temporary.write_bytes(content)


def _path(folder: str | Path, key: str) -> Path:
    return Path(folder) / FOLDER / f"{key}.npz"


def _smallest(array: np.ndarray) -> np.ndarray:
    if array.dtype.kind == "f":
        return array
    return array.astype(np.min_scalar_type(array.max(initial=0)))


def _widened(array: np.ndarray) -> np.ndarray:
    return array if array.dtype.kind == "f" else array.astype(np.int32)
