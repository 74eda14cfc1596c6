"""Augmentations of speech. Their types are the labels of the augmentation head.

There are two kinds. A *waveform* augmentation lists transforms of raw speech, and the
feature store keeps the features of each variant next to those of the original. A
*batch* augmentation changes normalised features inside tf.data. It takes a batch, a
batch of partners and a seed, and returns a batch. It has no state, so equal seeds give
equal batches.

`BatchAugmentation` does this in two steps: `draw` turns the seed into a few numbers per
row, and `apply` uses them. A training plan keeps these numbers (see `data.plan`), so
that models that train together on a GPU see the same augmentation.

A batch is a dictionary of tensors:

| key | shape | value |
|---|---|---|
| `features` | `(batch, time, dimensions)` | normalised features, 0 in the padding |
| `frames` | int32 `(batch,)` | number of unpadded frames |
| `labels` | `{task: (batch, size)}` | one-hot or soft labels or numbers, 0 if unknown |
| `known` | `{task: (batch,)}` | 1 in rows whose label of the task is known, else 0 |
| `augmentation_weight` | `(batch,)` | weight of the row on the augmentation head |

To add a type, write a class with `name` and `kind` and add it to `AUGMENTATIONS`. A
waveform augmentation also has `transforms`. A batch augmentation is callable and has
`softens` (whether its labels may be soft) and `needs_partner`; a subclass of
`BatchAugmentation` needs `draw` and `apply` instead of a call. One with
`masks_frequencies` is rejected for features whose dimensions have no order.
"""

import abc
import inspect
import math
import numbers
from collections.abc import Iterable, Mapping
from types import SimpleNamespace

from keras_ser import audio
from keras_ser.backend.lazy_tensorflow import tf

NONE = "none"


class SpeedPerturbation:
    """Speed perturbation of raw speech: x(t) becomes x(αt).

    Args:
        factors: The values of α, none of them 1. Each gives one variant of an
            utterance in the feature store.

    Raises:
        ValueError: A factor is not a positive finite number, is 1, or is repeated.

    Reference: Ko et al., "Audio augmentation for speech recognition", 2015; Latif
    et al. 2022, section 4.2.
    """

    name = "speed"
    kind = "waveform"

    def __init__(self, factors: Iterable[float] = (0.9, 1.1)):
        self.factors = _parse_factors(factors)

    @property
    def transforms(self) -> tuple[audio.Speed, ...]:
        """One waveform transform per factor."""
        return tuple(audio.Speed(factor) for factor in self.factors)

    def get_config(self) -> dict:
        return {"factors": self.factors}


def tensorflow_ops() -> SimpleNamespace:
    """The functions of `keras.ops` that `apply` may use, on TensorFlow.

    Inside tf.data, tensors are those of TensorFlow whatever the Keras backend is.
    """
    return SimpleNamespace(
        arange=tf.range,
        isfinite=tf.math.is_finite,
        maximum=tf.maximum,
        one_hot=tf.one_hot,
        ones_like=tf.ones_like,
        reshape=tf.reshape,
        shape=tf.shape,
        take=tf.gather,
        where=tf.where,
    )


class BatchAugmentation(abc.ABC):
    """Base class of batch augmentations that can be planned."""

    kind = "batch"
    softens = False
    needs_partner = False
    masks_frequencies = False

    def __call__(self, batch: dict, partner: dict, seed) -> dict:
        drawn = self.draw(batch["frames"], batch["features"].shape[-1], seed)
        return self.apply(batch, partner, drawn, tensorflow_ops())

    @abc.abstractmethod
    def draw(self, frames, dimensions: int, seed) -> dict:
        """Draws the numbers that `apply` needs, by graph operations.

        Args:
            frames: int32 `(batch,)`, the unpadded frames.
            dimensions: The number of values per frame.
            seed: Int `(2,)`, a stateless seed.

        Returns:
            A dictionary of tensors `(batch,)`. The numbers of a row depend on its
            place in the batch and its own frames only.
        """

    @abc.abstractmethod
    def apply(self, batch: dict, partner: dict, drawn: Mapping, ops) -> dict:
        """Augments all rows of a batch.

        Args:
            batch: The batch.
            partner: A batch of partners, with as many rows and frames.
            drawn: What `draw` returned.
            ops: `keras.ops`, or the functions of `tensorflow_ops`.

        Returns:
            The augmented batch.
        """


class SpecAugment(BatchAugmentation):
    """One frequency mask and one time mask, filled with 0, the mean of the features.

    With V bands and τ unpadded frames,

        f ~ U{0 … F'}, f0 ~ U{0 … V − f − 1},  bands  [f0, f0 + f) become 0
        t ~ U{0 … T'}, t0 ~ U{0 … τ − t − 1}, frames [t0, t0 + t) become 0

    with F' = min(F, V − 1) and T' = min(T, share · τ, τ − 1). If both masks are
    narrower than `least`, the frequency mask is widened to `least`, or to V − 1 if
    there are fewer bands: two empty masks would give a copy of class `none` under the
    wrong label. The range of t0 excludes the last frame from the mask, which preserves
    the utterance's length.

    Args:
        frequency: F, the widest frequency mask in bands. With 0, and `least` 0 too,
            there is none.
        time: T, the widest time mask in frames.
        share: The largest fraction of the unpadded frames that the time mask covers.
        least: The width in bands or frames that at least one of the two masks has, at
            most F. With 0, both masks may be empty.
        ops: `"batch"`, or `"tfio"` for `freq_mask` and `time_mask` of tensorflow-io.
            Those draw from TensorFlow's stateful generator, so they are repeatable in
            a serial pipeline only. They ignore `least`, and never draw the widths F
            and T themselves.
        channels: Whether the dimensions are channels in no order, such as those of a
            pre-trained network, instead of bands. Channels that happen to be side by
            side are masked together then, as Baevski et al. 2020 do it (wav2vec 2.0).
            It changes nothing but what is allowed: see `features.check_order`.

    Raises:
        ValueError: A number is out of range, or `least` is above `frequency`.

    Reference: Park et al., "SpecAugment", Interspeech 2019; Latif et al. 2022,
    section 3.1.
    """

    name = "specaugment"

    def __init__(
        self,
        frequency: int = 27,
        time: int = 100,
        share: float = 0.2,
        least: int = 5,
        ops: str = "batch",
        channels: bool = False,
    ):
        if not isinstance(channels, bool):
            raise ValueError(
                "`channels` of SpecAugment must be True or False. Received: "
                f"{channels!r:.80}."
            )
        if ops not in ("batch", "tfio"):
            raise ValueError(f"`ops` must be 'batch' or 'tfio'. Received: {ops!r}.")
        if ops == "tfio":
            _import_tensorflow_io()  # fail here if it is not installed
        _check_masks(frequency=frequency, time=time, least=least, share=share)
        if least > frequency:
            raise ValueError(
                "`least` of SpecAugment must be at most `frequency`, because the "
                "frequency mask is widened to it. Received: "
                f"least={least}, frequency={frequency}. Set least=0 to allow masks of "
                "any width, or raise `frequency`."
            )
        self.frequency = frequency
        self.time = time
        self.share = share
        self.least = least
        self.ops = ops
        self.channels = channels

    @property
    def masks_frequencies(self) -> bool:
        """Whether bands that are next to each other are masked together."""
        return self.frequency > 0 and not self.channels

    def __call__(self, batch, partner, seed):
        if self.ops != "tfio":
            return super().__call__(batch, partner, seed)
        features = self._tfio(batch["features"], batch["frames"], seed)
        return {**batch, "features": features}

    def draw(self, frames, dimensions, seed):
        """Draws the `width` and the `start` of both masks, each int32 `(batch,)`.

        Args: See `BatchAugmentation.draw`.

        Returns:
            `{"band_width": …, "band_start": …, "frame_width": …, "frame_start": …}`.
        """
        seeds = tf.unstack(tf.random.split(seed, 4))
        limit = tf.cast(self.share * tf.cast(frames, tf.float32), tf.int32)
        most = tf.minimum(self.time, tf.minimum(limit, frames - 1))
        bands = tf.fill(tf.shape(frames), dimensions)
        width_f = _random_integers(seeds[0], tf.minimum(self.frequency + 1, bands))
        width_t = _random_integers(seeds[1], most + 1)
        narrow = (width_f < self.least) & (width_t < self.least)
        width_f = tf.where(narrow, tf.minimum(self.least, bands - 1), width_f)
        start_f = _random_integers(seeds[2], bands - width_f)
        start_t = _random_integers(seeds[3], frames - width_t)
        return {
            "band_width": width_f,
            "band_start": start_f,
            "frame_width": width_t,
            "frame_start": start_t,
        }

    def apply(self, batch, partner, drawn, ops):
        features = batch["features"]
        shape = ops.shape(features)  # (batch, time, bands)
        bands, frames = ops.arange(shape[2]), ops.arange(shape[1])
        band = _inside(bands, drawn["band_start"], drawn["band_width"])
        frame = _inside(frames, drawn["frame_start"], drawn["frame_width"])
        hidden = band[:, None, :] | frame[:, :, None]
        return {**batch, "features": ops.where(hidden, 0.0, features)}

    def _tfio(self, features, frames, seed):
        tfio = _import_tensorflow_io()
        # Both functions draw a width below the one that they are given, from 0 on.
        bands = max(1, min(self.frequency, features.shape[-1]))

        def mask_one(inputs):
            feature, length = inputs
            most = tf.cast(self.share * tf.cast(length, tf.float32), tf.int32)
            most = tf.minimum(self.time, tf.minimum(most, length - 1))
            speech = tfio.audio.freq_mask(feature[:length], bands)
            # The last frame is not masked, or the utterance would look shorter.
            masked = tf.cond(
                most > 0,
                lambda: tfio.audio.time_mask(speech[:-1], most),
                lambda: speech[:-1],
            )
            return tf.concat([masked, speech[-1:], feature[length:]], axis=0)

        return tf.map_fn(mask_one, (features, frames), fn_output_signature=tf.float32)

    def get_config(self) -> dict:
        return {
            "frequency": self.frequency,
            "time": self.time,
            "share": self.share,
            "least": self.least,
            "ops": self.ops,
        }


class Mixup(BatchAugmentation):
    """Convex combination of two utterances and of their labels.

        x̃ = λ x_i + (1 − λ) x_j,   ỹ = λ y_i + (1 − λ) y_j,   λ ~ U(0, 1)

    These are Eq. 1 and 2 of Latif et al. 2022, applied to normalised features. The
    result is as long as the longer of the two utterances. The labels of every task are
    mixed. If either utterance lacks the label of a task, so does the result. If λ lies
    outside [0.1, 0.9], the mixture is hard to distinguish from an unaugmented
    utterance, and the row gets half the weight on the augmentation head.

    Reference: Zhang et al., "mixup: beyond empirical risk minimization", 2018.
    """

    name = "mixup"
    softens = True
    needs_partner = True

    def draw(self, frames, dimensions, seed):
        """Draws λ as the `share`, float32 `(batch,)`.

        Args: See `BatchAugmentation.draw`.
        """
        return {"share": tf.random.stateless_uniform(tf.shape(frames), seed)}

    def apply(self, batch, partner, drawn, ops):
        share = drawn["share"]
        labels, known = {}, {}
        for task, label in batch["labels"].items():
            known[task] = batch["known"][task] * partner["known"][task]
            mixed = _mix(share[:, None], label, partner["labels"][task])
            labels[task] = mixed * known[task][:, None]
        clear = (share >= 0.1) & (share <= 0.9)
        features, others = batch["features"], partner["features"]
        return {
            "features": _mix(share[:, None, None], features, others),
            "frames": ops.maximum(batch["frames"], partner["frames"]),
            "labels": labels,
            "known": known,
            "augmentation_weight": batch["augmentation_weight"]
            * ops.where(clear, 1.0, 0.5),
        }

    def get_config(self) -> dict:
        return {}


AUGMENTATIONS = {
    augmentation.name: augmentation
    for augmentation in (SpeedPerturbation, SpecAugment, Mixup)
}


def instances(identifiers: Iterable | Mapping[str, Mapping]) -> tuple:
    """Builds augmentations from identifiers.

    Args:
        identifiers: Names and instances of augmentations, or a mapping from names to
            dictionaries of their arguments.

    Returns:
        The augmentations, in the same order.

    Raises:
        ValueError: A name or an argument is unknown, or two augmentations have the same
            name. Names are the classes of the augmentation head, so they must differ.
    """
    if isinstance(identifiers, str):
        raise ValueError(
            "Augmentations must be several names, or a mapping from names to arguments."
            f" Received: the text {identifiers!r}. Write ({identifiers!r},)."
        )
    if isinstance(identifiers, Mapping):
        made = [_make(name, given) for name, given in identifiers.items()]
    else:
        made = [get(identifier) for identifier in identifiers]
    names = [each.name for each in made]
    if len(set(names)) < len(names):
        raise ValueError(f"Augmentations must have different names. Received: {names}.")
    return tuple(made)


def _make(name: str, arguments: Mapping):
    kind = type(get(name))
    try:
        return kind(**arguments)
    except TypeError as error:
        known = list(inspect.signature(kind).parameters)
        raise ValueError(
            f"Augmentation `{name}` takes the arguments {known}. Received: "
            f"{dict(arguments)}."
        ) from error


def types(identifiers: Iterable | Mapping[str, Mapping]) -> tuple[str, ...]:
    """Returns the classes of the augmentation head: `none`, then the names.

    Args:
        identifiers: As for `instances`.
    """
    return (NONE, *(each.name for each in instances(identifiers)))


def get(identifier):
    """Returns the augmentation with this name, or the instance that was given.

    Raises:
        ValueError: The name is unknown.
    """
    if not isinstance(identifier, str):
        return identifier
    if identifier not in AUGMENTATIONS:
        raise ValueError(
            f"Augmentation must be one of {sorted(AUGMENTATIONS)}. "
            f"Received: {identifier!r}."
        )
    return AUGMENTATIONS[identifier]()


def _parse_factors(factors) -> tuple[float, ...]:
    """Returns the speed factors if each gives a variant of its own, none of them 1."""
    given = tuple(factors) if isinstance(factors, Iterable) else ()
    if given and all(map(_is_number, given)) and min(given) > 0:
        keys = {audio.Speed(factor).key for factor in (1.0, *given)}
        if len(keys) == 1 + len(given):
            return given
    raise ValueError(
        "`factors` of SpeedPerturbation must be different finite numbers above 0 "
        f"and other than 1, one or more of them. Received: {factors!r}."
    )


def _check_masks(share, **widths) -> None:
    wrong = [name for name, value in widths.items() if not _is_width(value)]
    if wrong or not (_is_number(share) and 0 <= share <= 1):
        raise ValueError(
            "SpecAugment takes whole numbers of 0 or more as `frequency`, `time` and "
            f"`least`, and a `share` from 0 to 1. Received: {widths}, share={share!r}."
        )


def _is_width(value) -> bool:
    return isinstance(value, numbers.Integral) and 0 <= value < 2**31


def _is_number(value) -> bool:
    real = isinstance(value, numbers.Real) and not isinstance(value, bool)
    return real and math.isfinite(value)


def _mix(share, first, second):
    return share * first + (1.0 - share) * second


def _random_integers(seed, below):
    """Uniform integers from {0 … below − 1}, one per element of `below`."""
    uniform = tf.random.stateless_uniform(tf.shape(below), seed)
    drawn = tf.cast(uniform * tf.cast(below, tf.float32), tf.int32)
    return tf.clip_by_value(drawn, 0, tf.maximum(below - 1, 0))


def _inside(position, start, width):
    """Whether each position `(size,)` lies in a row's interval, `(batch, size)`."""
    start, width = start[:, None], width[:, None]
    return (position >= start) & (position < start + width)


def _import_tensorflow_io():
    """Imports tensorflow-io without its warnings about kernels that are not used."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            import tensorflow_io
        except ModuleNotFoundError as error:
            raise ValueError(
                "SpecAugment(ops='tfio') needs the package tensorflow-io, which has "
                "no wheel for Python 3.13 or for Windows. Received: an installation "
                "without it. Use ops='batch'."
            ) from error
    return tensorflow_io
