"""Plans a stream: the code of the tf.data reader, on numbers instead of features."""

import hashlib
import json
from collections.abc import Callable

import numpy as np

from keras_ser.backend.lazy_tensorflow import tf
from keras_ser.data.batches import BatchMaker, batch_augmentations
from keras_ser.data.datasets import make_deterministic, parallel_map
from keras_ser.data.plan import Plan
from keras_ser.data.stream import draw_partner, draw_start

CHUNK = 4096  # rows that leave the graph at a time


class Planner:
    """Computes what `Reader` draws for each row.

    Args:
        frames: The frames of each entry, int `(variants, utterances)`.
        labelled: The number of labelled utterances, which come first.
        dimensions: The number of values per frame.
        maker, window, seed: As for `Reader`.

    Raises:
        ValueError: If a batch augmentation does not say what it draws.
    """

    def __init__(
        self,
        frames: np.ndarray,
        labelled: int,
        dimensions: int,
        maker: BatchMaker,
        window: int,
        seed: int,
    ):
        self.frames = frames
        self.labelled = labelled
        self.dimensions = dimensions
        self.maker = maker
        self.window = window
        self.seed = seed
        check_plannable(maker.augment)

    def key(self, *parts) -> str:
        """A hash of everything that decides the plan.

        Args:
            *parts: What else decides it besides the arguments of the planner, as JSON
                values.
        """
        variants = [
            [each.type, each.transform.key, each.needs_partner]
            for each in self.maker.variants
        ]
        augment = [
            [_package_of(type(each)), type(each).__qualname__, each.get_config()]
            for each in self.maker.augment
        ]
        numbers = self.labelled, self.dimensions, self.window, self.seed
        frames = np.ascontiguousarray(self.frames, "<i4")
        identity = [variants, augment, numbers, frames.shape, parts]
        text = json.dumps(identity).encode() + frames.tobytes()
        return hashlib.blake2b(text, digest_size=16).hexdigest()

    def plan(
        self, places: np.ndarray, describe: Callable, size: int, first_step: int = 0
    ) -> Plan:
        """Plans batches.

        Args:
            places: The places of the rows, int64 `(rows,)`.
            describe: What the row at a place contains; see `Stream.row`.
            size: The number of rows per batch.
            first_step: The number of the first batch.

        Returns:
            The plan, with arrays `(rows,)`.
        """
        frames = tf.constant(self.frames, tf.int32)

        def row(place):
            return self._row(frames, *describe(place))

        rows = parallel_map(tf.data.Dataset.from_tensor_slices(places), row)
        batches = rows.batch(size).enumerate(first_step)
        chunks = parallel_map(batches, self._draw).rebatch(CHUNK)
        parts = list(make_deterministic(chunks).as_numpy_iterator())
        arrays = {
            name: np.concatenate([part[name] for part in parts]) for name in parts[0]
        }
        return Plan.from_arrays(arrays)

    # The methods below run inside tf.data.

    def _row(self, frames, utterance, variant, is_labelled, seeds, segment=None):
        variants = self.maker.variants
        needed = tf.gather([each.needs_partner for each in variants], variant)
        counts = self.labelled, self.frames.shape[1] - self.labelled
        partner = draw_partner(utterance, is_labelled, *counts, seeds[1])
        own, other = frames[variant, utterance], frames[0, partner]
        partner_start = draw_start(other, self.window, seeds[2])
        return {
            "utterance": utterance,
            "variant": variant,
            "start": draw_start(own, self.window, seeds[0], segment),
            "partner": tf.where(needed, partner, 0),
            "partner_start": tf.where(needed, partner_start, 0),
            "type": tf.gather([each.type for each in variants], variant),
            "frames": tf.minimum(own, self.window),
        }

    def _draw(self, step, rows):
        types, frames = rows.pop("type"), rows.pop("frames")
        for number, augmentation in batch_augmentations(self.maker.augment):
            seed = tf.random.experimental.stateless_fold_in([self.seed, number], step)
            drawn = augmentation.draw(frames, self.dimensions, seed)
            for name, values in drawn.items():
                kept = tf.where(types == number, values, tf.zeros_like(values))
                rows[f"{augmentation.name}:{name}"] = kept
        return rows


def _package_of(kind: type) -> str:
    """The module of a class; for one of this package, the package that exports it.

    Plans stay valid when a class moves within its package.
    """
    own, *rest = kind.__module__.split(".")
    return f"{own}.{rest[0]}" if own == "keras_ser" else kind.__module__


def check_plannable(augment) -> None:
    """Raises ValueError if a batch augmentation does not say what it draws."""
    for _, each in batch_augmentations(augment):
        if not hasattr(each, "draw") or getattr(each, "ops", "batch") != "batch":
            raise ValueError(
                "A planned stream needs batch augmentations with the methods `draw` "
                f"and `apply`. Received: {each.name!r}, a {type(each).__name__}. "
                "Derive it from `augment.BatchAugmentation`, choose ops='batch', or "
                "train without `together`."
            )
