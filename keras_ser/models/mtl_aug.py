"""MTL-AUG, and the CNN-BLSTM that is its baseline.

Reference:
    Latif, Rana, Khalifa, Jurdak, Schuller, "Multitask learning from augmented auxiliary
    data for improving speech emotion recognition", IEEE Transactions on Affective
    Computing, 2022.
"""

from collections.abc import Mapping, Sequence

import keras

from keras_ser import layers
from keras_ser.layers.class_centers import check_update
from keras_ser.models import attribute_heads, blocks, checks, encoders, heads
from keras_ser.models.attribute_model import AttributeModel
from keras_ser.models.presets import (
    PRESETS,
    check_preset,
    normalisation_of,
)
from keras_ser.tasks import mtl_aug_tasks

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
OTHER_HEADS = ("center", "augmentation", "reconstruction")
AUGMENTATIONS = ("none", "speed", "specaugment", "mixup")


@keras.saving.register_keras_serializable("keras_ser")
class MTLAug(AttributeModel):
    """Emotion, augmentation type and reconstruction from one shared encoder.

        log-mel → 3 × (strided convolution, normalisation, ReLU) → code
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

    Attributes of the speech, such as the speaker, can have heads on the embedding. L_S
    is then replaced by the loss of `models.AttributeModel`.

    The features of a pre-trained network have no bands that a kernel could slide over.
    With `encoder_type="frames"`, the encoder is

        frames → sum of layers → linear projection → 2 × (strided convolution over time,
        normalisation, ReLU) → code

    and the decoder mirrors it. The frames themselves are reconstructed, all layers of
    them. An experiment chooses this encoder if the front-end is not ordered.

    Args:
        classes: Names of the emotions, in the order of the probabilities.
        augmentations: Names of the augmentation types, `none` first.
        dimensions: Number of values per frame of the front-end, a multiple of 8 unless
            the encoder is that of frames.
        preset: Sizes and normalisation of the encoder, `"small"` or `"paper"`.
        filters: Output channels of the encoder's three convolutions. They replace
            those of the preset. An encoder of frames may have any number of them.
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
        center_update: What moves the class centers: `"mean"` draws them to their
            classes, `"optimizer"` trains them; see `layers.ClassCenters`.
        center_rate: How far the centers move with `"mean"`.
        normalisation: `"batch"`, or `"group"` for moments over each utterance. The
            default is that of the preset: `"group"` for `"small"`, `"batch"` for
            `"paper"`.
        momentum: Momentum of the moving moments that batch normalisation uses in
            inference. The default is that of the preset: 0.9 for `"small"`, and 0.99,
            the default of Keras, for `"paper"`. There are none with `"group"`.
        moments: Whose moments batch normalisation uses in training: those of `"all"`
            rows, or of the `"labelled"` ones, with which the others are normalised too.
        labelled_rows: The number of labelled rows, which are the first of a training
            batch. `moments="labelled"` needs it, and an experiment passes it.
        embedding_dropout: Dropout rate between the embedding and the softmax of the
            emotion and those of the attributes. The centers see the embedding before
            it.
        vocabularies: The classes of each attribute, as `{"gender": …}`. The model needs
            those of its attributes, and an experiment passes them.
        attributes: Columns of the table that become heads. The default is none.
        approach: `"multi_task"`, or `"gradient_reversal"` to unlearn the attributes. It
            has no effect without them.
        encoder_type: `"bands"` for spectrograms, or `"frames"` for features in no
            order.
        input_layers: The number of layers of a pre-trained network that a frame holds,
            of which the encoder of frames learns a weighted sum (`layers.LayerSum`).

    Input shape:
        `(batch, time, dimensions)`, normalised features, 0 in the padding. Any number
        of frames.

    Output:
        A dictionary of the heads that the model has:

        | head | shape |
        |---|---|
        | `emotion` | `(batch, classes)`, probabilities |
        | `center` | `(batch, classes, 128)`, the embedding minus each center |
        | `augmentation` | `(batch, augmentations)`, probabilities |
        | `reconstruction` | `(batch, time, dimensions)` |
        | each attribute | `(batch, classes)`, probabilities |

    Raises:
        ValueError: If no model can have these sizes or attributes.

    Example:

    >>> model = MTLAug(("anger", "neutral"), preset="small")
    >>> model.compile("adam", **model.objective())
    """

    def __init__(
        self,
        classes: Sequence[str],
        augmentations: Sequence[str] = AUGMENTATIONS,
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
        center_update: str = "mean",
        center_rate: float = 0.5,
        normalisation: str | None = None,
        momentum: float | None = None,
        moments: str = "all",
        labelled_rows: int | None = None,
        embedding_dropout: float = 0.0,
        vocabularies: Mapping[str, Sequence[str]] | None = None,
        attributes: Sequence[str] = (),
        approach: str = attribute_heads.MULTI_TASK,
        encoder_type: str = encoders.BANDS,
        input_layers: int = 1,
        **kwargs,
    ):
        arguments = {
            "augmentations": augmentations,
            "preset": preset,
            "filters": filters,
            "kernels": kernels,
            "attention": attention,
            "center": center,
            "augmentation": augmentation,
            "reconstruction": reconstruction,
            "dropout": dropout,
            "mask_padding": mask_padding,
            "center_update": center_update,
            "center_rate": center_rate,
            "normalisation": normalisation,
            "momentum": momentum,
            "moments": moments,
            "labelled_rows": labelled_rows,
            "embedding_dropout": embedding_dropout,
            "attributes": attributes,
            "approach": approach,
            "encoder_type": encoder_type,
            "input_layers": input_layers,
        }
        self.check(dimensions, **arguments)
        names = attribute_heads.names_of(vocabularies, attributes)
        arguments["vocabularies"] = names
        chosen = normalisation_of(preset, normalisation, momentum)
        arguments |= chosen
        tasks = mtl_aug_tasks(classes, augmentations, mask_padding)
        tasks = [task for task in tasks if arguments.get(task.name, True)]
        tasks = attribute_heads.with_attributes(tasks, names, approach)
        sizes = encoders.sizes_of(encoder_type, preset, filters, kernels)
        parts = encoders.PARTS[encoder_type]
        stride = 2 ** len(sizes["filters"])
        options = {
            **{name: value for name, value in chosen.items() if value is not None},
            "labelled_rows": checks.rows_of_moments(moments, labelled_rows),
        }

        # === Layers ===
        count_frames = layers.Frames(masked=mask_padding, name="frames")
        if input_layers > 1:
            sum_layers = layers.LayerSum(input_layers, name="layer_sum")
        pad = layers.PadTime(stride, name="padded")
        count_steps = layers.OutputLengths(stride, name="length")
        pack = blocks.pack_layer(sizes["kernels"])
        encoder = parts.encoder_layers(**sizes, **options)
        unpack = layers.Unpack(steps=1, name="sequence")
        blstm = layers.BLSTM(EMBEDDING_SIZE, pack=True, name="emotion_blstm")
        pooling = layers.AttentionWeights if attention else layers.MeanWeights
        attend = pooling(name="attention")
        pool = layers.WeightedSum(name="pooled")
        embed = heads.dense(EMBEDDING_SIZE, name="embedding")
        if embedding_dropout:
            drop = heads.dropout(embedding_dropout, name="embedding_dropout")
        classify = heads.classifier(len(classes), name="emotion")
        if center:
            measure = layers.ClassCenters(
                len(classes), center_update, center_rate, name="center"
            )
        if augmentation:
            head = heads.augmentation_layers(len(augmentations), dropout)
        if reconstruction:
            size = {"dimensions": dimensions} if parts is not blocks else {}
            decoder = parts.decoder_layers(**sizes, **size, **options)
            unpack_decoded = layers.Unpack(stride, dtype="float32", name="decoded")
            crop = layers.CropLike(dtype="float32", name="reconstruction")
        others = attribute_heads.shared_heads(names, approach)

        # === Functional Model ===
        features = keras.Input((None, dimensions), name="features")
        frames = count_frames(features)
        summed = sum_layers(features) if input_layers > 1 else features
        packed, masks, places = pack(pad(summed), frames)
        code = parts.encode(packed, masks, encoder)
        sequence, lengths = unpack(code, places), count_steps(frames)
        hidden = blstm(sequence, lengths)
        weights = attend(hidden, lengths)
        embedding = embed(pool(hidden, weights))
        dropped = drop(embedding) if embedding_dropout else embedding
        outputs = {"emotion": classify(dropped)}
        if center:
            outputs["center"] = measure(embedding)
        if augmentation:
            kinds = heads.classify_augmentation(sequence, lengths, head)
            outputs["augmentation"] = kinds
        if reconstruction:
            decoded = unpack_decoded(parts.decode(code, masks, decoder), places)
            outputs["reconstruction"] = crop(decoded, features)
        outputs |= attribute_heads.classify_shared(dropped, others)
        super().__init__(
            inputs=features,
            outputs=outputs,
            tasks=tasks,
            embedding=embedding,
            attention=weights,
            code=sequence,
            arguments=arguments,
            **kwargs,
        )

    @staticmethod
    def check(
        dimensions: int = 128,
        preset: str = "small",
        dropout: float = 0.3,
        filters: Sequence[int] | None = None,
        kernels: Sequence[int] | None = None,
        center_update: str = "mean",
        center_rate: float = 0.5,
        normalisation: str | None = None,
        momentum: float | None = None,
        moments: str = "all",
        embedding_dropout: float = 0.0,
        augmentation: bool = True,
        augmentations: Sequence[str] = AUGMENTATIONS,
        attributes: Sequence[str] = (),
        approach: str = attribute_heads.MULTI_TASK,
        encoder_type: str = encoders.BANDS,
        input_layers: int = 1,
        **unchecked,
    ) -> None:
        """Checks arguments of the model without building one.

        Args: See the class. Arguments that need no check are accepted and ignored.

        Raises:
            ValueError: If a choice is unknown, a number is out of range, an attribute
                cannot become a head, or there is a single type of augmentation for the
                head to recognise.
        """
        check_preset(preset)
        widths = encoders.check_encoder(
            encoder_type, preset, dimensions, filters, kernels, input_layers
        )
        checks.check_fraction(dropout=dropout, embedding_dropout=embedding_dropout)
        if momentum is not None:
            checks.check_fraction(momentum=momentum)
        if normalisation is None:
            normalisation = PRESETS[preset]["normalisation"]
        checks.check_normalisations(normalisation, moments, widths, momentum)
        check_update(center_update, center_rate)
        checks.check_types(augmentation, augmentations)
        attribute_heads.check_attributes(attributes, approach, taken=OTHER_HEADS)

    def objective(
        self,
        center: float = 1e-3,
        auxiliary: float = 0.3,
        augmentation: float | None = None,
        reconstruction: float | None = None,
        alpha: float | None = None,
    ) -> dict:
        """Losses, loss weights and metrics of the model's heads, for `compile`.

        The weight of a head that the model does not have is not used, so that all
        models of an ablation take the same.

        Args:
            center: λ2, the weight of the center loss.
            auxiliary: λ1, the weight of each auxiliary loss.
            augmentation: Weight of the augmentation loss, if it differs from λ1.
            reconstruction: Weight of the reconstruction loss, if it differs from λ1.
            alpha: α of the attributes at the end of the training, at least 0 and below
                1. The default is that of the approach.

        Returns:
            `{"loss": …, "loss_weights": …, "weighted_metrics": …}`.

        Raises:
            ValueError: If a weight is out of range.
        """
        given = {
            "center": center,
            "augmentation": auxiliary if augmentation is None else augmentation,
            "reconstruction": auxiliary if reconstruction is None else reconstruction,
        }
        checks.check_weights(**given)
        present = {head: given[head] for head in self.heads if head in given}
        return super().objective(**present, **self._weighed(alpha))
