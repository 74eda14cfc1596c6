"""Masks of frequency and time."""

import numbers

from keras_ser.augment.batch_augmentation import BatchAugmentation
from keras_ser.backend.lazy_tensorflow import tf
from keras_ser.utils.choices import is_finite


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
            # Left out where it is not set, so that earlier plans keep their keys.
            **({"channels": True} if self.channels else {}),
        }


def _check_masks(share, **widths) -> None:
    wrong = [name for name, value in widths.items() if not _is_width(value)]
    if wrong or not (is_finite(share) and 0 <= share <= 1):
        raise ValueError(
            "SpecAugment takes whole numbers of 0 or more as `frequency`, `time` and "
            f"`least`, and a `share` from 0 to 1. Received: {widths}, share={share!r}."
        )


def _is_width(value) -> bool:
    return isinstance(value, numbers.Integral) and 0 <= value < 2**31


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
