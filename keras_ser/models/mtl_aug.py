"""MTL-AUG, and the CNN-BLSTM that is its baseline.

Latif, Rana, Khalifa, Jurdak, Schuller, "Multitask learning from augmented auxiliary
data for improving speech emotion recognition", IEEE Transactions on Affective
Computing, 2022.
"""

import keras

from keras_ser import layers, losses, metrics
from keras_ser.models import blocks, heads

PRESETS = {
    "paper": {"filters": (32, 64, 64), "kernels": (7, 5, 3)},
    "small": {"filters": (16, 32, 32), "kernels": (7, 5, 3)},
}

# Table 7: each model lacks what its predecessor lacks and one part more.
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


@keras.saving.register_keras_serializable("keras_ser")
class MTLAug(keras.Model):
    """Emotion, augmentation type and reconstruction from one shared encoder.

    Its loss over a batch, Eq. 3 and 6 of the paper, is

        L = L_S + λ2 L_C + λ1 (L_aug + L_rec)

    with the cross-entropy L_S of the emotion, the center loss L_C on the deep
    features, the cross-entropy L_aug of the augmentation type and the mean squared
    error L_rec of the reconstruction. `objective` gives these to `compile`.

    Every part can be switched off; `TABLE_7` holds the five models of the paper's
    ablation as arguments, `BASELINE` the fourth of them.

    Args:
        classes: names of the emotions, in the order of the probabilities.
        augmentations: names of the augmentation types, `none` first.
        bands: mel bands, a multiple of 8.
        preset: `"small"` or `"paper"`, sizes of the encoder.
        filters, kernels: of the encoder's convolutions, three numbers each, in place
            of the preset's.
        attention: False pools the BLSTM's outputs by their mean.
        center: whether to have the center head.
        augmentation: whether to have the augmentation head.
        reconstruction: whether to have the decoder.
        dropout: rate between the augmentation head's dense layers.
        mask_padding: False lets every part see the padding, to a paper's letter.

    Input shape: `(batch, time, bands)`, normalised log-mel, 0 in the padding; any
    number of frames.

    Output: a dictionary of the heads present:

    | head | shape |
    |---|---|
    | `emotion` | `(batch, classes)`, probabilities |
    | `center` | `(batch, classes)`, half the squared distance to each center |
    | `augmentation` | `(batch, augmentations)`, probabilities |
    | `reconstruction` | the input's |

    Example:

    >>> model = MTLAug(("anger", "neutral"), preset="small")
    >>> model.compile("adam", **model.objective())
    """

    def __init__(
        self,
        classes,
        augmentations=("none", "speed", "specaugment", "mixup"),
        bands=128,
        preset="small",
        filters=None,
        kernels=None,
        attention=True,
        center=True,
        augmentation=True,
        reconstruction=True,
        dropout=0.3,
        mask_padding=True,
        **kwargs,
    ):
        self.check(bands, preset, dropout, filters, kernels)
        sizes = _sizes(preset, filters, kernels)
        stages = len(sizes["filters"])

        # === Layers and functional model ===
        features = keras.Input((None, bands), name="features")
        frames = layers.Frames(masked=mask_padding, name="frames")(features)
        padded = layers.PadTime(2**stages, name="padded")(features)
        length = layers.OutputLengths(2**stages, name="length")(frames)
        packed, masks, places = blocks.pack(padded, frames, sizes["kernels"])
        code = blocks.encoder(packed, masks, **sizes)
        sequence = blocks.unpack(code, places, steps=1, name="sequence")
        deep, weights = heads.emotion_features(sequence, length, attention)
        outputs = {"emotion": heads.classifier(deep, len(classes), "emotion")}
        if center:
            outputs["center"] = layers.ClassCenters(len(classes), name="center")(deep)
        if augmentation:
            hidden = heads.augmentation_features(sequence, length, dropout=dropout)
            outputs["augmentation"] = heads.classifier(
                hidden, len(augmentations), "augmentation"
            )
        if reconstruction:
            decoded = blocks.decoder(code, masks, **sizes)
            decoded = blocks.unpack(
                decoded, places, steps=2**stages, dtype="float32", name="decoded"
            )
            crop = layers.CropLike(dtype="float32", name="reconstruction")
            outputs["reconstruction"] = crop(decoded, features)
        super().__init__(inputs=features, outputs=outputs, **kwargs)

        # === Config ===
        self.classes = tuple(classes)
        self.augmentations = tuple(augmentations)
        self.bands = bands
        self.preset = preset
        self.filters = filters and tuple(filters)
        self.kernels = kernels and tuple(kernels)
        self.attention = attention
        self.center = center
        self.augmentation = augmentation
        self.reconstruction = reconstruction
        self.dropout = dropout
        self.mask_padding = mask_padding
        self._deep_features, self._attention_weights = deep, weights

    @staticmethod
    def check(
        bands=128, preset="small", dropout=0.3, filters=None, kernels=None, **others
    ) -> None:
        """Refuses arguments of which no model can be built, without building one.

        Raises:
            ValueError: an unknown preset, or a number out of range.
        """
        _check_preset(preset, bands)
        _check_sizes(filters=filters, kernels=kernels)
        if not 0 <= dropout < 1:
            raise ValueError(
                f"`dropout` must be a rate of at least 0, below 1. Received: {dropout}."
            )

    @property
    def heads(self) -> tuple[str, ...]:
        """Names of the outputs."""
        return tuple(self.output)

    @property
    def emotion_model(self) -> keras.Model:
        """Features to the emotions' probabilities, and nothing else."""
        return keras.Model(self.input, self.output["emotion"])

    @property
    def attention_model(self) -> keras.Model:
        """Features to the attention weights, `(batch, ceil(time / 8))`.

        A weight stands for 8 frames; weights of an utterance sum to 1.
        """
        return keras.Model(self.input, self._attention_weights)

    @property
    def deep_features_model(self) -> keras.Model:
        """Features to what the softmax and the centers see, `(batch, 128)`."""
        return keras.Model(self.input, self._deep_features)

    def objective(
        self, center=1e-3, auxiliary=0.3, augmentation=None, reconstruction=None
    ) -> dict:
        """Losses, their weights and metrics of the heads present, for `compile`.

        Args:
            center: λ2.
            auxiliary: λ1, the weight of each auxiliary loss.
            augmentation, reconstruction: a weight of its own in place of λ1.

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
            "bands": self.bands,
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
    """Filters and kernels of each stage: those given, else the preset's."""
    given = {"filters": filters, "kernels": kernels}
    return {name: tuple(given[name] or PRESETS[preset][name]) for name in given}


def _check_preset(preset: str, bands: int) -> None:
    if preset not in PRESETS:
        raise ValueError(
            f"`preset` must be one of {sorted(PRESETS)}. Received: {preset!r}."
        )
    multiple = 2 ** len(PRESETS[preset]["filters"])
    if bands % multiple:
        raise ValueError(
            f"`bands` must be a multiple of {multiple}, as the encoder halves them "
            f"at each stage. Received: {bands}."
        )


def _check_sizes(**given) -> None:
    """Numbers for as many stages as the presets have."""
    for name, values in given.items():
        stages = len(PRESETS["small"][name])
        right = values is None or (
            isinstance(values, list | tuple)
            and len(values) == stages
            and all(type(each) is int and each > 0 for each in values)
        )
        if not right:
            raise ValueError(
                f"`{name}` must be {stages} whole numbers of 1 or more. "
                f"Received: {values!r}."
            )
