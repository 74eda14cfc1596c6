"""MTL-AUG, and the CNN-BLSTM that is its baseline.

Reference:
    Latif, Rana, Khalifa, Jurdak, Schuller, "Multitask learning from augmented auxiliary
    data for improving speech emotion recognition", IEEE Transactions on Affective
    Computing, 2022.
"""

from collections.abc import Sequence

import keras

from keras_ser import layers, losses, metrics
from keras_ser.models import blocks, heads

PRESETS = {
    "paper": {"filters": (32, 64, 64), "kernels": (7, 5, 3)},
    "small": {"filters": (16, 32, 32), "kernels": (7, 5, 3)},
}

# Table 7: each model omits one more part than the model before it.
TABLE_7 = {
    1: {},
    2: {"augmentation": False},
    3: {"augmentation": False, "reconstruction": False},
    4: {"augmentation": False, "reconstruction": False, "center": False},
    5: {
        "augmentation": False,
        "reconstruction": False,
        "center": False,
        "attention": False,
    },
}
BASELINE = TABLE_7[4]

EMBEDDING_SIZE = 128


@keras.saving.register_keras_serializable("keras_ser")
class MTLAug(keras.Model):
    """Emotion, augmentation type and reconstruction from one shared encoder.

        log-mel → 3 × (strided convolution, batch normalisation, ReLU) → code
        code → BLSTM → attention over time → dense layer → softmax: emotion
        code → BLSTM → two dense layers → softmax: augmentation type
        code → 3 transposed convolutions: reconstruction

    The loss over a batch, Eq. 3 and 6 of the paper, is

        L = L_S + λ2 L_C + λ1 (L_aug + L_rec)

    with the cross-entropy L_S of the emotion, the center loss L_C on the embedding,
    the cross-entropy L_aug of the augmentation type and the mean squared error L_rec of
    the reconstruction. `objective` returns these losses for `compile`.

    Every part can be switched off. `TABLE_7` holds the arguments of the five models of
    the paper's ablation, and `BASELINE` those of the fourth.

    Args:
        classes: Names of the emotions, in the order of the probabilities.
        augmentations: Names of the augmentation types, `none` first.
        dimensions: Number of values per frame of the front-end, a multiple of 8.
        preset: Sizes of the encoder, `"small"` or `"paper"`.
        filters: Output channels of the encoder's three convolutions. They replace
            those of the preset.
        kernels: Kernel widths of the encoder's three convolutions. They replace those
            of the preset.
        attention: Whether to pool the BLSTM's outputs by attention. `False` pools them
            by their mean.
        center: Whether to have the center head.
        augmentation: Whether to have the augmentation head.
        reconstruction: Whether to have the decoder.
        dropout: Dropout rate between the dense layers of the augmentation head.
        mask_padding: Whether all parts ignore the padding. `False` lets every part see
            it, as in papers that do not mask.

    Input shape:
        `(batch, time, dimensions)`, normalised features, 0 in the padding. Any number
        of frames.

    Output:
        A dictionary of the heads that the model has:

        | head | shape |
        |---|---|
        | `emotion` | `(batch, classes)`, probabilities |
        | `center` | `(batch, classes)`, half the squared distance to each center |
        | `augmentation` | `(batch, augmentations)`, probabilities |
        | `reconstruction` | `(batch, time, dimensions)` |

    Raises:
        ValueError: If no model can have these sizes.

    Example:

    >>> model = MTLAug(("anger", "neutral"), preset="small")
    >>> model.compile("adam", **model.objective())
    """

    def __init__(
        self,
        classes: Sequence[str],
        augmentations: Sequence[str] = ("none", "speed", "specaugment", "mixup"),
        dimensions: int = 128,
        preset: str = "small",
        filters: Sequence[int] | None = None,
        kernels: Sequence[int] | None = None,
        attention: bool = True,
        center: bool = True,
        augmentation: bool = True,
        reconstruction: bool = True,
        dropout: float = 0.3,
        mask_padding: bool = True,
        **kwargs,
    ):
        self.check(dimensions, preset, dropout, filters, kernels)
        sizes = _sizes(preset, filters, kernels)
        stride = 2 ** len(sizes["filters"])

        # === Layers ===
        count_frames = layers.Frames(masked=mask_padding, name="frames")
        pad = layers.PadTime(stride, name="padded")
        count_steps = layers.OutputLengths(stride, name="length")
        pack = blocks.pack_layer(sizes["kernels"])
        encoder = blocks.encoder_layers(**sizes)
        unpack = layers.Unpack(steps=1, name="sequence")
        blstm = layers.BLSTM(EMBEDDING_SIZE, pack=True, name="emotion_blstm")
        pooling = layers.AttentionWeights if attention else layers.MeanWeights
        attend = pooling(name="attention")
        pool = layers.WeightedSum(name="pooled")
        embed = heads.dense(EMBEDDING_SIZE, name="embedding")
        classify = heads.classifier(len(classes), name="emotion")
        if center:
            measure = layers.ClassCenters(len(classes), name="center")
        if augmentation:
            head = heads.augmentation_layers(len(augmentations), dropout)
        if reconstruction:
            decoder = blocks.decoder_layers(**sizes)
            unpack_decoded = layers.Unpack(stride, dtype="float32", name="decoded")
            crop = layers.CropLike(dtype="float32", name="reconstruction")

        # === Functional Model ===
        features = keras.Input((None, dimensions), name="features")
        frames = count_frames(features)
        packed, masks, places = pack(pad(features), frames)
        code = blocks.encode(packed, masks, encoder)
        sequence, lengths = unpack(code, places), count_steps(frames)
        hidden = blstm(sequence, lengths)
        weights = attend(hidden, lengths)
        embedding = embed(pool(hidden, weights))
        outputs = {"emotion": classify(embedding)}
        if center:
            outputs["center"] = measure(embedding)
        if augmentation:
            kinds = heads.classify_augmentation(sequence, lengths, head)
            outputs["augmentation"] = kinds
        if reconstruction:
            decoded = unpack_decoded(blocks.decode(code, masks, decoder), places)
            outputs["reconstruction"] = crop(decoded, features)
        super().__init__(inputs=features, outputs=outputs, **kwargs)

        # === Config ===
        self.classes = tuple(classes)
        self.augmentations = tuple(augmentations)
        self.dimensions = dimensions
        self.preset = preset
        self.filters = filters and tuple(filters)
        self.kernels = kernels and tuple(kernels)
        self.attention = attention
        self.center = center
        self.augmentation = augmentation
        self.reconstruction = reconstruction
        self.dropout = dropout
        self.mask_padding = mask_padding
        self._embedding, self._attention_weights = embedding, weights

    @staticmethod
    def check(
        dimensions: int = 128,
        preset: str = "small",
        dropout: float = 0.3,
        filters: Sequence[int] | None = None,
        kernels: Sequence[int] | None = None,
        **unchecked,
    ) -> None:
        """Checks arguments of the model without building one.

        Args: See the class. Arguments that need no check are accepted and ignored.

        Raises:
            ValueError: If the preset is unknown or a number is out of range.
        """
        _check_preset(preset, dimensions)
        _check_sizes(filters=filters, kernels=kernels)
        if not 0 <= dropout < 1:
            raise ValueError(
                "`dropout` must be a rate of at least 0 and below 1. "
                f"Received: {dropout}."
            )

    @property
    def heads(self) -> tuple[str, ...]:
        """Names of the outputs, `emotion` first."""
        return tuple(self.output)

    @property
    def emotion_model(self) -> keras.Model:
        """Model from features to the emotion probabilities, `(batch, classes)`."""
        return keras.Model(self.input, self.output["emotion"])

    @property
    def attention_model(self) -> keras.Model:
        """Model from features to the attention weights, `(batch, ceil(time / 8))`.

        Each weight covers 8 frames. The weights of an utterance sum to 1.
        """
        return keras.Model(self.input, self._attention_weights)

    @property
    def embedding_model(self) -> keras.Model:
        """Model from features to the embedding, `(batch, 128)`.

        The embedding is the input of the softmax and of the class centers.
        """
        return keras.Model(self.input, self._embedding)

    def objective(
        self,
        center: float = 1e-3,
        auxiliary: float = 0.3,
        augmentation: float | None = None,
        reconstruction: float | None = None,
    ) -> dict:
        """Losses, loss weights and metrics of the model's heads, for `compile`.

        Args:
            center: λ2, the weight of the center loss.
            auxiliary: λ1, the weight of each auxiliary loss.
            augmentation: Weight of the augmentation loss, if it differs from λ1.
            reconstruction: Weight of the reconstruction loss, if it differs from λ1.

        Returns:
            `{"loss": …, "loss_weights": …, "weighted_metrics": …}`.
        """
        loss_weights = {
            "emotion": 1.0,
            "center": center,
            "augmentation": auxiliary if augmentation is None else augmentation,
            "reconstruction": auxiliary if reconstruction is None else reconstruction,
        }
        loss = {
            "emotion": losses.cross_entropy("emotion_loss"),
            "center": losses.CenterLoss(),
            "augmentation": losses.cross_entropy("augmentation_loss"),
            "reconstruction": losses.ReconstructionLoss(self.mask_padding),
        }
        scores = {
            "emotion": [metrics.Accuracy(), metrics.UAR()],
            "augmentation": [metrics.Accuracy()],
        }
        if self.heads == ("emotion",):
            scores = {"emotion": heads.emotion_metrics()}
        return {
            "loss": {head: loss[head] for head in self.heads},
            "loss_weights": {head: loss_weights[head] for head in self.heads},
            "weighted_metrics": {head: scores.get(head, []) for head in self.heads},
        }

    def get_config(self):
        return {
            "name": self.name,
            "trainable": self.trainable,
            "classes": list(self.classes),
            "augmentations": list(self.augmentations),
            "dimensions": self.dimensions,
            "preset": self.preset,
            "filters": self.filters,
            "kernels": self.kernels,
            "attention": self.attention,
            "center": self.center,
            "augmentation": self.augmentation,
            "reconstruction": self.reconstruction,
            "dropout": self.dropout,
            "mask_padding": self.mask_padding,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        return cls(**config)


def _sizes(preset: str, filters, kernels) -> dict:
    """Filters and kernels per stage: the given ones, otherwise the preset's."""
    given = {"filters": filters, "kernels": kernels}
    return {name: tuple(given[name] or PRESETS[preset][name]) for name in given}


def _check_preset(preset: str, dimensions: int) -> None:
    if preset not in PRESETS:
        raise ValueError(
            f"`preset` must be one of {sorted(PRESETS)}. Received: {preset!r}."
        )
    multiple = 2 ** len(PRESETS[preset]["filters"])
    if dimensions < 1 or dimensions % multiple:
        raise ValueError(
            f"`dimensions` must be a multiple of {multiple}, because the encoder "
            f"halves them at each stage. Received: {dimensions}. "
            "Log-mel has `n_mels` of them."
        )


def _check_sizes(**sizes) -> None:
    """Checks that there is one positive integer per stage of the presets."""
    for name, values in sizes.items():
        stages = len(PRESETS["small"][name])
        is_valid = values is None or (
            isinstance(values, list | tuple)
            and len(values) == stages
            and all(type(each) is int and each > 0 for each in values)
        )
        if not is_valid:
            raise ValueError(
                f"`{name}` must be {stages} positive integers. Received: {values!r}."
            )
