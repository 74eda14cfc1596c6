"""SS-AAE: multi-task semi-supervised adversarial autoencoding.

Reference:
    Rana, Latif, Khalifa, Jurdak, Epps, Schuller, "Multi-task semi-supervised
    adversarial autoencoding for speech emotion recognition", arXiv:1907.06078.
"""

import functools
from collections.abc import Mapping, Sequence

import keras

from keras_ser import layers
from keras_ser.models import attribute_heads, blocks, checks
from keras_ser.models import ss_aae_parts as parts
from keras_ser.models.phases import (
    DISCRIMINATOR,
    EVALUATION_SEED,
    GENERATOR,
    MAIN,
    PHASES,
    RECONSTRUCTION,
    PhasedModel,
    layers_called,
)
from keras_ser.models.presets import check_preset, chosen
from keras_ser.tasks import EMOTION, Classification, Reconstruction
from keras_ser.utils.choices import check_choice


@keras.saving.register_keras_serializable("keras_ser")
class SSAAE(PhasedModel):
    """SS-AAE: emotion, speaker and gender from the code of an adversarial autoencoder.

        features → 3 × (convolution, batch normalisation, pooling) → code z
        z → transposed convolutions: reconstruction
        z → convolution → max pooling → 2 dense layers → softmax: emotion, and the same
            again for the speaker and the gender
        z → convolution → max pooling → 2 dense layers: prior or encoder?

    The losses are the mean squared error L_AE of the reconstruction, the
    cross-entropies L_E, L_G and L_S of emotion, gender and speaker, and those of the
    discriminator and of the encoder that is to deceive it; see
    `models.phases.PhasedModel`. Heads are weighted by

        α L_AE + (1 − α) L_E                                         (Eq. 1, one task)
        α L_AE + β L_E + (1 − β) (L_G + L_S)                   (Eq. 2 and 3, several)

    A step of `phases="three"` is that of the paper:

    1. reconstruction: α L_AE, in encoder and decoder (optimizer `reconstruction`);
    2. regularisation: L_disc in the discriminator (`discriminator`), then L_gen in the
       encoder (`generator`);
    3. classification: the other terms, in encoder and classifiers (`main`).

    An optimizer such as Adam divides a gradient by its size, so that α has hardly any
    effect on a phase of its own. With `phases="joint"`, one update of encoder, decoder
    and classifiers (`main`) lowers the whole sum, and the regularisation follows.

    Batch normalisation uses the moments of the batch in each phase, and the moving
    moments of the encoder follow its first pass. The discriminator has no batch
    normalisation; see `layers.CodeDiscriminator`.

    Parts can be left out. Without the discriminator, it is the paper's semi-supervised
    autoencoder; without the decoder too, and with `stages=2`, its CNN.

    Args:
        classes: Names of the emotions, in the order of the probabilities.
        vocabularies: The names of speakers and genders, as
            `{"speaker": …, "gender": …}`. The model needs those of its heads, and an
            experiment passes them.
        dimensions: Number of values per frame of the front-end, a multiple of 16.
        preset: Sizes, `"small"` or `"paper"`.
        filters: Output channels of the encoder's three convolutions. They replace
            those of the preset. The last number is that of the code's channels.
        kernels: Kernel widths of the encoder's three convolutions. They replace those
            of the preset. The last one is also that of the classifiers and of the
            discriminator.
        stages: The number of convolutions, 3 or 2. With 2, the second one is left out.
        speaker: Whether to have the speaker head.
        gender: Whether to have the gender head.
        reconstruction: Whether to have the decoder.
        adversarial: Whether to have the discriminator.
        phases: `"three"` or `"joint"`, as above.
        prior: The distribution that the code is to follow. `"gaussian"` is the standard
            normal one, and `"half_normal"` that of its absolute values. With the
            latter, the last stage has a ReLU and max pooling like the others, also if
            there is no discriminator.
        generator_rate: Factor of the learning rate of the optimizer `generator` in an
            experiment. At the rate of the others, this phase moves the encoder more
            than those that it serves; see docs/studies/ss_aae.md. A script that
            compiles the model itself sets the rates of its optimizers.
        dropout: Dropout rate between the dense layers of classifiers and discriminator.
        momentum: Momentum of the moving moments that batch normalisation uses in
            inference. The default is that of the preset.
        moments: Whose moments batch normalisation uses in training: those of `"all"`
            rows, or of the `"labelled"` ones, with which the others are normalised too.
            `experiments.ss_aae` has the latter, so that batches are normalised in
            training as test speech is.
        labelled_rows: The number of labelled rows, which are the first of a training
            batch. `moments="labelled"` needs it, and an experiment passes it.
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
        | `speaker`, `gender` | `(batch, names)`, probabilities |
        | `reconstruction` | `(batch, time, dimensions)` |

    Attributes:
        code_model: Model from features to the code, `(batch, time / 8, dimensions / 8,
            channels)`, and its masks.
        discriminator: The `layers.CodeDiscriminator`, or None.

    Raises:
        ValueError: If no model can have these parts and sizes, or in `compile` if the
            backend is JAX, whose training steps have no state.

    Example:

    >>> names = {"speaker": ("a", "b"), "gender": ("female", "male")}
    >>> model = SSAAE(("anger", "neutral"), names, speaker=True, gender=True)
    >>> optimizers = {name: keras.optimizers.Adam() for name in model.optimizer_names}
    >>> model.compile(optimizers, **model.objective())
    """

    recipe = "ss_aae"
    reads_bands = True

    def __init__(
        self,
        classes: Sequence[str],
        vocabularies: Mapping[str, Sequence[str]] | None = None,
        dimensions: int = 128,
        preset: str = "small",
        filters: Sequence[int] | None = None,
        kernels: Sequence[int] | None = None,
        stages: int = 3,
        speaker: bool = False,
        gender: bool = False,
        reconstruction: bool = True,
        adversarial: bool = True,
        phases: str = "three",
        prior: str = "gaussian",
        generator_rate: float = 0.1,
        dropout: float = 0.3,
        momentum: float | None = None,
        moments: str = "all",
        labelled_rows: int | None = None,
        mask_padding: bool = True,
        **kwargs,
    ):
        arguments = {
            "preset": preset,
            "filters": filters,
            "kernels": kernels,
            "stages": stages,
            "speaker": speaker,
            "gender": gender,
            "reconstruction": reconstruction,
            "adversarial": adversarial,
            "phases": phases,
            "prior": prior,
            "generator_rate": generator_rate,
            "dropout": dropout,
            "momentum": momentum,
            "moments": moments,
            "labelled_rows": labelled_rows,
            "mask_padding": mask_padding,
        }
        self.check(dimensions, **arguments)
        columns = self.columns(speaker=speaker, gender=gender)
        names = attribute_heads.names_of(
            vocabularies, columns, "leave these heads out, as {name}=False"
        )
        arguments["vocabularies"] = names
        sizes = parts.chosen_sizes(preset, filters, kernels, stages)
        momentum = chosen(parts.PRESETS[preset], momentum=momentum)["momentum"]
        rows = checks.rows_of_moments(moments, labelled_rows)
        options = {"momentum": momentum, "labelled_rows": rows}
        weights = parts.loss_weights(tuple(names), reconstruction, adversarial)
        tasks = [Classification(EMOTION, classes, weight=weights[EMOTION])]
        for name in names:
            tasks.append(Classification(name, names[name], weight=weights[name]))
        if reconstruction:
            weight = weights["reconstruction"]
            tasks.append(Reconstruction("reconstruction", mask_padding, weight=weight))

        # === Layers ===
        count_frames = layers.Frames(masked=mask_padding, name="frames")
        pad = layers.PadTime(2 ** (stages + 1), name="padded")
        make_masks = layers.SpeechMasks(stages + 1, name="masks")
        encoder = parts.encoder_layers(sizes, prior, options)
        classifiers = {
            task.name: parts.classifier_layers(task, sizes, dropout, options)
            for task in tasks
            if task.classes
        }
        if reconstruction:
            decoder = blocks.decoder_layers(**sizes, **options)
            crop = layers.CropLike(dtype="float32", name="reconstruction")
        to_frames = functools.partial(keras.layers.Reshape, dtype="float32")

        # === Functional Model ===
        features = keras.Input((None, dimensions), name="features")
        padded = pad(features)
        masks = make_masks(padded, count_frames(features))
        code = parts.encode(padded, masks, encoder)
        embeddings, outputs = {}, {}
        for name, head in classifiers.items():
            embeddings[name], outputs[name] = parts.classify(code, masks[-2:], head)
        if reconstruction:
            decoded = blocks.decode(code, masks[:-1], decoder)
            frames = to_frames((-1, dimensions), name="decoded")(decoded)
            outputs["reconstruction"] = crop(frames, features)
        size = code.shape[2] * code.shape[3]
        super().__init__(
            inputs=features,
            outputs=outputs,
            tasks=tasks,
            embedding=embeddings[EMOTION],
            code=keras.layers.Reshape((-1, size), name="sequence")(code),
            arguments=arguments,
            **kwargs,
        )
        self._code_tensors = code, masks[-2:]
        if adversarial:
            last = sizes["filters"][-1], sizes["kernels"][-1]
            self.discriminator = layers.CodeDiscriminator(
                *last, dropout=dropout, name="discriminator"
            )
            self.discriminator.build(code.shape)
            self.prior_seed = keras.random.SeedGenerator(1)
            self.evaluation_seed = keras.random.SeedGenerator(EVALUATION_SEED)
            self._trackers = self._make_trackers()

    @functools.cached_property
    def code_model(self) -> keras.Model:
        """Model from features to the code and its masks."""
        return keras.Model(self.input, self._code_tensors)

    @property
    def optimizer_names(self) -> tuple[str, ...]:
        """The names of the optimizers, which depend on parts and phases."""
        names = [MAIN]
        if self.phases == "three" and self.reconstruction:
            names.append(RECONSTRUCTION)
        if self.adversarial:
            names += [DISCRIMINATOR, GENERATOR]
        return tuple(names)

    @property
    def rate_factors(self) -> dict[str, float]:
        """The factor of the learning rate of `generator`; see the argument."""
        return {GENERATOR: self.generator_rate}

    def variables_of(self, name):
        if name not in self.optimizer_names:
            raise ValueError(
                f"`name` must be one of {list(self.optimizer_names)}. Received: "
                f"{name!r}. Choose one of these."
            )
        if name == DISCRIMINATOR:
            return self.discriminator.trainable_variables
        own = () if name == GENERATOR else dict(self._passes())[name]
        starts = [parts.prefix(head) for head in own]
        found = layers_called(self, ["encoder_", *starts])
        return [each for layer in found for each in layer.trainable_variables]

    def _passes(self):
        classifiers = tuple(task.name for task in self.tasks if task.classes)
        decoder = (RECONSTRUCTION,) if self.reconstruction else ()
        if self.phases == "three" and decoder:
            return [(RECONSTRUCTION, decoder), (MAIN, classifiers)]
        return [(MAIN, (*classifiers, *decoder))]

    @property
    def _encoder_norms(self):
        return [each.normalisation for each in layers_called(self, ["encoder_"])]

    def objective(self, alpha: float | None = None, beta: float | None = None) -> dict:
        """Losses, loss weights and metrics of the model's heads, for `compile`.

        Args:
            alpha: α, the weight of the reconstruction, above 0 and up to 1, or below 1
                with a single task. The default is 0.4 with the discriminator and 0.3
                without it, which the paper selected on IEMOCAP.
            beta: β, the weight of the emotion among several tasks, above 0 and below
                1. The paper does not give it; the default is 0.5.

        Returns:
            `{"loss": …, "loss_weights": …, "weighted_metrics": …}`.

        Raises:
            ValueError: If a weight is out of range, or has no effect: α without the
                reconstruction, and β with a single task.
        """
        attributes = tuple(name for name in parts.ATTRIBUTES if name in self.heads)
        weights = parts.loss_weights(
            attributes, self.reconstruction, self.adversarial, alpha, beta
        )
        return super().objective(**weights)

    @staticmethod
    def check(
        dimensions: int = 128,
        preset: str = "small",
        filters: Sequence[int] | None = None,
        kernels: Sequence[int] | None = None,
        stages: int = 3,
        phases: str = "three",
        prior: str = "gaussian",
        generator_rate: float = 0.1,
        dropout: float = 0.3,
        momentum: float | None = None,
        moments: str = "all",
        **unchecked,
    ) -> None:
        """Checks arguments of the model without building one.

        Args: See the class. Arguments that need no check are accepted and ignored.

        Raises:
            ValueError: If a choice is unknown or a number is out of range.
        """
        check_preset(preset, parts.PRESETS)
        check_choice("stages", stages, (3, 2))
        check_choice("phases", phases, PHASES)
        check_choice("prior", prior, parts.PRIORS)
        sizes = chosen(parts.PRESETS[preset], filters=filters, kernels=kernels)
        checks.check_sizes(3, **sizes)
        checks.check_dimensions(dimensions, stages + 1)
        checks.check_factor(generator_rate=generator_rate)
        checks.check_fraction(dropout=dropout)
        if momentum is not None:
            checks.check_fraction(momentum=momentum)
        checks.check_normalisations("batch", moments, sizes["filters"], momentum)

    @classmethod
    def columns(cls, speaker: bool = False, gender: bool = False, **arguments):
        given = {"speaker": speaker, "gender": gender}
        return tuple(name for name in parts.ATTRIBUTES if given[name])
