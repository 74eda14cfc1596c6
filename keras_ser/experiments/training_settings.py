"""How networks are trained, as data: the settings, and those of the presets."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from keras_ser.data.segments import SEGMENT_WEIGHTS, SEGMENTS
from keras_ser.experiments.values import (
    ARGUMENTS,
    COUNT,
    are_arguments,
    check,
    is_count,
    is_count_or_0,
    is_positive,
    is_positive_or_0,
    is_rate,
    is_ratio,
    is_whole,
)
from keras_ser.utils.choices import check_choice

PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")
COUNTS = ("batch", "rows_per_utterance", "epochs", "patience", "validate_every")
MONITORS = ("accuracy", "uar", "ccc", "loss")
# The classes of `keras.optimizers`, by the name of the setting.
OPTIMIZERS = {"adam": "Adam", "adamw": "AdamW", "sgd": "SGD"}
# The classes of `keras_ser.callbacks`, by the name of the setting.
SCHEDULES = {
    "halve_and_restore": "HalveAndRestore",
    "halve": "Halve",
    "cosine": "Cosine",
    "constant": "Constant",
}


@dataclasses.dataclass(frozen=True)
class Training:
    """How all networks of an experiment are trained.

    The defaults are the preset `small` of MTL-AUG, which docs/studies/reference.md
    explains. `experiments.PAPER_TRAINING` holds the schedule of its paper, and
    `RECIPES` the schedules of all families of models.

    An epoch is one pass over the labelled rows, so that systems with and without
    augmentation or unlabelled speech do the same number of updates. A model with
    several optimizers gets the same settings for each of them. All of the training is
    exactly resumable.

    Args:
        batch: The number of labelled rows per batch. Systems that train on unlabelled
            speech get further rows in each batch; see `unlabelled_ratio`.
        rows_per_utterance: The number of rows that each labelled utterance gives per
            epoch. The first row is unaugmented and the others are augmented. Without
            augmentation all of them are unaugmented.
        unlabelled_ratio: The number of unlabelled rows per labelled row in a batch. It
            may be a fraction if it gives a whole number of rows: with a batch of 16,
            0.125 gives two unlabelled rows per batch. It concerns only systems that
            train on unlabelled speech.
        epochs: The maximum number of epochs. Training stops earlier if a schedule that
            halves the learning rate would halve it below a tenth of its initial value
            and `stop` is 0, or because of `stop`.
        learning_rate: The learning rate at the start.
        patience: The number of epochs without a better development score after which
            the learning rate is halved. It concerns only schedules that halve it.
        monitor: The development score of the model's main task that selects the epoch
            and that a schedule with a patience follows. A task with classes has the
            `"accuracy"` and the unweighted average recall (`"uar"`), and a regression
            the concordance correlation coefficient (`"ccc"`). All have the `"loss"`, of
            which lower values are better. Of two epochs with the same score, the one
            with the lower loss is better.
        seed: Any whole number. Together with the names of the experiment and the fold
            and the number of the repeat, it gives the seed of a job. The system does
            not enter, so that systems are paired.
        precision: The precision in which layers compute: `"float32"`,
            `"mixed_bfloat16"` or `"mixed_float16"`. Weights, heads and losses are
            float32 in all of them.
        optimizer: The optimizer: `"adam"`, `"adamw"`, or `"sgd"`, which has a momentum
            of 0.9.
        optimizer_arguments: Further arguments of the Keras optimizer, such as
            `{"weight_decay": 0.01}`. The default is empty, which leaves the optimizer
            at its own defaults.
        clip_norm: The largest norm of the gradient over all weights of an optimizer. A
            longer gradient is shortened to it. The default, 0, does not clip.
        schedule: How the learning rate changes. `"constant"`, the default, keeps it.
            `"cosine"` lowers it along a half cosine over all `epochs`. `"halve"` halves
            it after `patience` epochs without progress, and `"halve_and_restore"`, the
            schedule of the MTL-AUG paper, also returns to the best epoch then. See
            `callbacks.Schedule`.
        stop: The number of epochs without a better development score after which
            training stops. The default, 0, never stops it.
        average: The decay d of a moving average of the weights. The default, 0.98,
            covers about the last 1 / (1 − d) = 50 updates. The averaged model is the
            one that is validated and tested; see `callbacks.AverageWeights`. With 0,
            weights are not averaged.
        select: Whether the model of the `"last"` epoch is tested, which is the default,
            or that of the `"best"` one on the development speech.
        dev_windows: How much of a development utterance is scored that is longer than
            the input window: its `"first"` window, or `"all"` windows, as in the tests.
            All windows take longer; see `callbacks.ScoreDevWindows`.
        validate_every: The number of epochs from one complete validation to the next.
            Each epoch has the development scores of the heads whose predictions are
            scored, such as the emotion. The others, such as the loss of a
            reconstruction, are computed in the first epoch, in every one of these and
            in the last of `epochs`; in between, `history.csv` and TensorBoard do not
            have them. No other result depends on them, and they take most of the time
            of a validation. With 1, each epoch has all of them. Models with a
            discriminator, which is measured in a validation, always do.
        segments: What a training row holds of an utterance that is longer than the
            input window. With `"random"`, the default, each row is a random crop, and
            each utterance gives as many rows. With `"all"`, each of the windows that
            cover an utterance, which are those of the tests, gives
            `rows_per_utterance` rows per epoch. An epoch then has as many more updates.
            Unlabelled speech keeps random crops.
        segment_weight: How much a row counts of an utterance with n covering windows.
            With `"utterance"`, the default, each utterance counts alike: a row of
            `segments="all"` weighs 1/n, and a random crop weighs 1. With `"segment"`,
            each segment counts alike: they weigh 1 and n. Long utterances then count
            more. They are often sad ones, because sad speech is slow.

    Example:

    >>> Training(batch=32, epochs=60, learning_rate=1e-4, monitor="uar")

    A long training that the development speech steers:

    >>> Training(epochs=60, schedule="halve", average=0.98, select="best")
    """

    batch: int = 16
    rows_per_utterance: int = 2
    unlabelled_ratio: float = 1
    epochs: int = 20
    learning_rate: float = 1e-3
    patience: int = 5
    monitor: str = "accuracy"
    seed: int = 0
    precision: str = "float32"
    optimizer: str = "adam"
    optimizer_arguments: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    clip_norm: float = 0.0
    schedule: str = "constant"
    stop: int = 0
    average: float = 0.98
    select: str = "last"
    dev_windows: str = "first"
    validate_every: int = 5
    segments: str = "random"
    segment_weight: str = "utterance"

    def __post_init__(self):
        for name in COUNTS:
            check(f"training.{name}", getattr(self, name), COUNT, is_count)
        rate, ratio = self.learning_rate, self.unlabelled_ratio
        check("training.learning_rate", rate, "a number above 0", is_positive)
        check("training.unlabelled_ratio", ratio, "from 0 to 1e9", is_ratio)
        if ratio == int(ratio):  # 2.0 is recorded as 2
            object.__setattr__(self, "unlabelled_ratio", int(ratio))
        check("training.seed", self.seed, "a whole number", is_whole)
        check("training.stop", self.stop, "0 or more epochs", is_count_or_0)
        check("training.clip_norm", self.clip_norm, "0 or more", is_positive_or_0)
        expected = "a number of at least 0 and below 1"
        check("training.average", self.average, expected, is_rate)
        name, arguments = "training.optimizer_arguments", self.optimizer_arguments
        check(name, arguments, ARGUMENTS, are_arguments)
        self._check_choices()

    def _check_choices(self) -> None:
        for name, known in (
            ("monitor", MONITORS),
            ("precision", PRECISIONS),
            ("optimizer", OPTIMIZERS),
            ("schedule", SCHEDULES),
            ("select", ("best", "last")),
            ("dev_windows", ("first", "all")),
            ("segments", SEGMENTS),
            ("segment_weight", SEGMENT_WEIGHTS),
        ):
            check_choice(f"training.{name}", getattr(self, name), tuple(known))


# The schedule of Latif et al. 2022, section 4.3. It belongs to the preset `paper` of
# the model.
PAPER_TRAINING = Training(
    batch=32,
    rows_per_utterance=5,
    epochs=60,
    learning_rate=1e-4,
    schedule="halve_and_restore",
    average=0.0,
    select="best",
)
PRESETS = {"small": Training(), "paper": PAPER_TRAINING}
# Latif et al. 2020, "Deep Architecture Enhancing Robustness to Noise, Adversarial
# Attacks, and Cross-corpus Setting for Speech Emotion Recognition", section 4.4, and
# the same schedule with the batches, rows and averages of `PRESETS["small"]`.
ROBUST_DENSENET = {
    "small": Training(schedule="halve", patience=5, stop=20, dev_windows="all"),
    "paper": Training(
        batch=32,
        rows_per_utterance=3,
        epochs=100,
        learning_rate=1e-3,
        patience=5,
        schedule="halve",
        stop=20,
        average=0.0,
        select="best",
        dev_windows="all",
        segments="all",
        segment_weight="segment",
    ),
}
# Rana et al., "Multi-task semi-supervised adversarial autoencoding for speech emotion
# recognition", names no schedule. `small` is that of `PRESETS` with all windows of the
# development speech, and `paper` trains on all segments until nothing improves.
SS_AAE = {
    "small": Training(dev_windows="all"),
    "paper": Training(
        batch=32,
        rows_per_utterance=1,
        epochs=100,
        learning_rate=1e-3,
        patience=5,
        schedule="halve",
        stop=20,
        average=0.0,
        select="best",
        dev_windows="all",
        segments="all",
        segment_weight="segment",
    ),
}
# Parry et al. 2022, "Speech Emotion Recognition in the Wild using Multi-task and
# Adversarial Learning", section 4. The batch, the patience and the clipping are not
# given there. `small` has a fifth of the epochs, and ten times the learning rate;
# docs/studies/in_the_wild.md says why.
IN_THE_WILD = {
    name: Training(
        batch=16,
        rows_per_utterance=1,
        unlabelled_ratio=0.125,
        epochs=epochs,
        learning_rate=rate,
        monitor="uar",
        optimizer="sgd",
        clip_norm=1.0,
        stop=stop,
        average=0.0,
        select="best",
        dev_windows="all",
    )
    for name, epochs, rate, stop in (
        ("small", 30, 2e-2, 0),
        ("paper", 150, 2e-3, 30),
    )
}
# The settings of each preset by family of models, which `SpeechModel.recipe` names.
RECIPES = {
    "mtl_aug": PRESETS,
    "robust_densenet": ROBUST_DENSENET,
    "ss_aae": SS_AAE,
    "in_the_wild": IN_THE_WILD,
}
