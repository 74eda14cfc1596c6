"""The one definition of padding: trailing frames whose features are all zero.

Features are normalised, so that a frame of real speech is never zero in every
band. Models, losses and attacks read an utterance's length from the features
themselves; nobody has to hand it along, and nobody can hand along a wrong one.
"""

from keras import ops


def frames(features):
    """The number of unpadded frames of each utterance.

    Args:
        features: `(batch, time, bands)`, 0 in the padding.

    Returns:
        int32 `(batch,)`, at least 1: layers behind it need one frame to stand on.
    """
    is_speech = ops.any(ops.not_equal(features, 0), axis=-1)  # (batch, time)
    position = ops.arange(1, ops.shape(features)[1] + 1, dtype="int32")
    last = ops.max(ops.where(is_speech, position, 0), axis=1)
    return ops.maximum(last, 1)


def mask(lengths, time, dtype="float32"):
    """1 before an utterance's end and 0 after it: `(batch, time)`."""
    position = ops.arange(time, dtype="int32")
    return ops.cast(ops.less(position, ops.expand_dims(lengths, -1)), dtype)
