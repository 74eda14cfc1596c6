"""A CNN-BLSTM with attributes of the speech as further tasks.

Reference:
    Parry, DeMattos, Klementiev, Ind, Morse-Kopp, Clarke and Palaz, "Speech emotion
    recognition in the wild using multi-task and adversarial learning", Interspeech
    2022.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from keras_ser import layers
from keras_ser.models import attribute_heads, blocks, checks, encoders, heads
from keras_ser.models.attribute_discriminator import DiscriminatedModel
from keras_ser.models.presets import check_preset, chosen
from keras_ser.tasks import EMOTION, Classification
from keras_ser.utils.choices import check_choice

PRESETS: dict[str, dict[str, Any]] = {
    "paper": {
        "filters": (256, 256),
        "kernels": (5, 5),
        "units": 288,
        "dense_units": 256,
        "discriminator_units": 1000,
        "pooling": "last",
    },
    # A quarter of the widths. docs/studies/in_the_wild.md says why it takes the mean.
    "small": {
        "filters": (64, 64),
        "kernels": (5, 5),
        "units": 72,
        "dense_units": 64,
        "discriminator_units": 256,
        "pooling": "mean",
    },
}
POOLINGS = ("last", "mean")


@keras.saving.register_keras_serializable("keras_ser")
class AttributeCNNLSTM(DiscriminatedModel):
    """CNN-BLSTM that learns, unlearns or hides attributes next to the emotion.

        features → 2 × (convolution over time, ReLU, max pooling) → code
                 → BLSTM → last states, or mean → dropout → dense layer: shared
        shared → softmax: emotion

    The kernels of Parry et al. 2022, Figure 1, have a width of 5 frames; the pooling
    has a width of 3 and a stride of 2. The preset `paper` has 1.78 million parameters
    in front of the softmax. The figure shows the BLSTM as one vector. Our reading is
    the last state of each direction, which is that of the preset `paper`. In the few
    epochs of the preset `small`, that hardly learns, so it takes the mean over the
    steps.

    Attributes are columns of the table, such as the corpus, the speaker, the gender and
    the language. What happens to them is the `approach`:

    - `"multi_task"`: each has a softmax on the shared layer, as the emotion has.
    - `"gradient_reversal"`: the same behind `layers.GradientReversal`, so that the
      shared layers unlearn the attribute.
    - `"discriminator"`: each has a network of its own, which reads the probabilities of
      the emotions through two dense layers, and which the emotion's classifier is
      trained to deceive; see `models.attribute_discriminator`.

    The loss is that of `models.AttributeModel`, which also says how α changes.
    Utterances without an emotion have weight 0 in its loss, and their weight of 1 in
    those of their attributes.

    Args:
        classes: Names of the emotions, in the order of the probabilities.
        vocabularies: The classes of each attribute, as `{"gender": …}`. The model needs
            those of its attributes, and an experiment passes them.
        dimensions: Number of values per frame of the front-end.
        preset: Sizes, `"small"` or `"paper"`.
        attributes: Columns of the table that become heads. The default is none.
        approach: `"multi_task"`, `"gradient_reversal"` or `"discriminator"`. It has no
            effect without attributes.
        filters: Features of the two convolutions. They replace those of the preset, and
            so do the following sizes.
        kernels: Kernel widths of the two convolutions.
        units: Number of LSTM units per direction.
        dense_units: Units of the shared dense layer.
        discriminator_units: Units of the dense layers of each discriminator.
        pooling: What of the BLSTM is shared: the `"last"` state of each direction, or
            the `"mean"` over the steps.
        dropout: Dropout rate in front of the dense layer.
        mask_padding: Whether all parts ignore the padding. `False` lets every part see
            it, as in papers that do not mask.
        input_layers: The number of layers of a pre-trained network that a frame holds,
            of which the model learns a weighted sum (`layers.LayerSum`).

    Input shape:
        `(batch, time, dimensions)`, normalised features, 0 in the padding. Any number
        of frames.

    Output:
        A dictionary with the probabilities of the `emotion` and of each attribute, each
        `(batch, classes)`.

    Raises:
        ValueError: If no model can have these sizes or attributes, or in `compile` if
            the model has discriminators and the backend is JAX.

    Example:

    >>> model = AttributeCNNLSTM(
    ...     ("negative", "neutral"),
    ...     {"gender": ("female", "male")},
    ...     attributes=["gender"],
    ...     approach="gradient_reversal",
    ... )
    >>> model.compile("sgd", **model.objective())
    """

    recipe = "in_the_wild"

    def __init__(
        self,
        classes: Sequence[str],
        vocabularies: Mapping[str, Sequence[str]] | None = None,
        dimensions: int = 40,
        preset: str = "small",
        attributes: Sequence[str] = (),
        approach: str = attribute_heads.MULTI_TASK,
        filters: Sequence[int] | None = None,
        kernels: Sequence[int] | None = None,
        units: int | None = None,
        dense_units: int | None = None,
        discriminator_units: int | None = None,
        pooling: str | None = None,
        dropout: float = 0.5,
        mask_padding: bool = True,
        input_layers: int = 1,
        **kwargs,
    ):
        given = {
            "filters": filters,
            "kernels": kernels,
            "units": units,
            "dense_units": dense_units,
            "discriminator_units": discriminator_units,
            "pooling": pooling,
        }
        arguments = {
            "preset": preset,
            "attributes": attributes,
            "approach": approach,
            **given,
            "dropout": dropout,
            "mask_padding": mask_padding,
            "input_layers": input_layers,
        }
        self.check(dimensions, **arguments)
        sizes = chosen(PRESETS[preset], **given)
        names = attribute_heads.names_of(vocabularies, attributes)
        arguments["vocabularies"] = names
        tasks = attribute_heads.with_attributes(
            [Classification(EMOTION, classes)], names, approach
        )
        stride = 2 ** len(sizes["filters"])
        is_shared = approach != attribute_heads.DISCRIMINATOR

        # === Layers ===
        count_frames = layers.Frames(masked=mask_padding, name="frames")
        if input_layers > 1:
            sum_layers = layers.LayerSum(input_layers, name="layer_sum")
        pad = layers.PadTime(stride, name="padded")
        count_steps = layers.OutputLengths(stride, name="length")
        pack = blocks.pack_layer(sizes["kernels"])
        stages = zip(sizes["filters"], sizes["kernels"], strict=True)
        encoder = [
            layers.TimeConvBlock(width, kernel, name=f"encoder_{stage}")
            for stage, (width, kernel) in enumerate(stages, 1)
        ]
        to_image = keras.layers.Reshape((-1, 1, sizes["filters"][-1]), name="to_image")
        unpack = layers.Unpack(steps=1, name="sequence")
        takes_mean = sizes["pooling"] == "mean"
        blstm = layers.BLSTM(
            sizes["units"], return_sequences=takes_mean, pack=True, name="emotion_blstm"
        )
        if takes_mean:
            average = layers.MeanWeights(name="mean_weights")
            pool = layers.WeightedSum(name="pooled")
        drop = heads.dropout(dropout, name="dropout")
        embed = heads.dense(sizes["dense_units"], name="embedding")
        classify = heads.classifier(len(classes), name=EMOTION)
        if is_shared:
            others = attribute_heads.shared_heads(names, approach)
        else:
            units_of = sizes["discriminator_units"]
            others = attribute_heads.discriminators(names, units_of)

        # === Functional Model ===
        features = keras.Input((None, dimensions), name="features")
        frames = count_frames(features)
        summed = sum_layers(features) if input_layers > 1 else features
        sequence, masks, places = pack(pad(summed), frames)
        for number, block in enumerate(encoder):
            sequence = block(sequence, (masks[number], masks[number + 1]))
        code = unpack(to_image(sequence), places)
        lengths = count_steps(frames)
        states = blstm(code, lengths)
        if takes_mean:
            states = pool(states, average(states, lengths))
        embedding = embed(drop(states))
        posterior = classify(embedding)
        if is_shared:
            found = attribute_heads.classify_shared(embedding, others)
        else:
            found = attribute_heads.discriminate(posterior, others)
        super().__init__(
            inputs=features,
            outputs={EMOTION: posterior, **found},
            tasks=tasks,
            embedding=embedding,
            code=code,
            arguments=arguments,
            **kwargs,
        )

    def objective(self, alpha: float | None = None) -> dict:
        """Losses, loss weights and metrics of the model's heads, for `compile`.

        Args:
            alpha: α at the end of the training, at least 0 and below 1. The default is
                that of the approach.

        Returns:
            `{"loss": …, "loss_weights": …, "weighted_metrics": …}`.

        Raises:
            ValueError: If α is out of range, or the model has no attributes.
        """
        return super().objective(**self._weighed(alpha))

    @staticmethod
    def check(
        dimensions: int = 40,
        preset: str = "small",
        attributes: Sequence[str] = (),
        approach: str = attribute_heads.MULTI_TASK,
        filters: Sequence[int] | None = None,
        kernels: Sequence[int] | None = None,
        units: int | None = None,
        dense_units: int | None = None,
        discriminator_units: int | None = None,
        pooling: str | None = None,
        dropout: float = 0.5,
        input_layers: int = 1,
        **unchecked,
    ) -> None:
        """Checks arguments of the model without building one.

        Args: See the class. Arguments that need no check are accepted and ignored.

        Raises:
            ValueError: If a choice is unknown, an attribute cannot become a head, or a
                number is out of range.
        """
        check_preset(preset, PRESETS)
        approaches = attribute_heads.APPROACHES
        attribute_heads.check_attributes(attributes, approach, approaches)
        sizes = chosen(PRESETS[preset], filters=filters, kernels=kernels)
        checks.check_sizes(2, **sizes)
        numbers = {
            "units": units,
            "dense_units": dense_units,
            "discriminator_units": discriminator_units,
        }
        checks.check_positive(
            dimensions=dimensions, **chosen(PRESETS[preset], **numbers)
        )
        if pooling is not None:
            check_choice("pooling", pooling, POOLINGS)
        checks.check_fraction(dropout=dropout)
        encoders.check_layers(input_layers, dimensions)
