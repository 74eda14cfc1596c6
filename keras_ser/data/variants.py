"""The variants in which an utterance enters training, and how often each occurs."""

import dataclasses
from collections.abc import Callable, Iterable

import numpy as np

from keras_ser.features import IDENTITY


@dataclasses.dataclass(frozen=True)
class Variant:
    """One way in which an utterance enters training.

    Args:
        type: The number of its type of augmentation; 0 is unaugmented.
        transform: The waveform transform whose features are read.
        needs_partner: Whether the augmentation mixes in a second utterance.
    """

    type: int
    transform: Callable
    needs_partner: bool


def list_variants(augment: Iterable) -> list[Variant]:
    """Lists the unaugmented variant, then every variant of every augmentation."""
    variants = [Variant(0, IDENTITY, False)]
    for number, augmentation in enumerate(augment, 1):
        if augmentation.kind == "waveform":
            variants += [Variant(number, t, False) for t in augmentation.transforms]
        else:
            variants.append(Variant(number, IDENTITY, augmentation.needs_partner))
    return variants


def variant_ranges(variants: list[Variant]) -> tuple[np.ndarray, np.ndarray]:
    """The index of the first variant of each type, and the number of its variants.

    Returns:
        Two int32 arrays of shape `(types,)`.
    """
    types = [variant.type for variant in variants]
    _, first, count = np.unique(types, return_index=True, return_counts=True)
    return first.astype(np.int32), count.astype(np.int32)


def variant_places(variants: list[Variant], number: int, rows: int) -> np.ndarray:
    """The places of all variants of a type, for `stream.variant_row`.

    Args:
        variants: From `list_variants`.
        number: The number of the type.
        rows: The number of utterances.

    Returns:
        int64 `(utterances · variants of the type,)`.
    """
    first, count = (each[number] for each in variant_ranges(variants))
    starts = np.arange(rows)[:, None] * len(variants)
    return (starts + first + np.arange(count)).ravel()


def type_shares(variants: list[Variant], rows: int) -> np.ndarray:
    """The share of each type in the training rows, `(types,)`.

    Args:
        variants: From `list_variants`.
        rows: The rows per utterance and epoch. With one row, every row is augmented.
    """
    kinds = np.bincount([variant.type for variant in variants])
    if len(kinds) == 1:
        return np.ones(1)
    if rows == len(variants):
        return kinds / len(variants)
    plain = 1 if rows > 1 else 0
    drawn = np.full(len(kinds) - 1, (rows - plain) / rows / (len(kinds) - 1))
    return np.concatenate([[plain / rows], drawn])


def type_weights(variants: list[Variant], rows: int) -> np.ndarray:
    """One weight per type, inverse to the type's share of the rows.

    The weights have mean 1 over the rows. A type that does not occur has weight 0.

    Args:
        variants: From `list_variants`.
        rows: As for `type_shares`.

    Returns:
        float32 array of shape `(types,)`.
    """
    share = type_shares(variants, rows)
    occurs = share > 0
    weights = np.zeros(len(share))
    weights[occurs] = 1 / (occurs.sum() * share[occurs])
    return np.float32(weights)
