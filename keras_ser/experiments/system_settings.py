"""Systems, the rows of a table, as data."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from keras_ser.experiments.values import (
    ARGUMENTS,
    are_arguments,
    are_augmentations,
    are_names,
    check,
    is_bool,
    is_count_or_0,
    is_fraction,
    is_model,
)

DEFAULT_AUGMENT = ("speed", "specaugment", "mixup")


@dataclasses.dataclass(frozen=True)
class System:
    """One row of a table: a model with its arguments, losses and training data.

    A system is a network of `models.MODELS` or a classical system of
    `classical.CLASSICAL`. A classical system takes `arguments`, `label_fraction` and
    `train_conditions` only, and needs `augment=()`.

    Args:
        model: The name of the model, a key of `models.MODELS` or of
            `classical.CLASSICAL`, or a class of your own that keeps the same promises;
            see `models.SpeechModel`.
        arguments: The arguments of the model. The default is empty, which leaves the
            model at its own defaults.
        objective: The arguments of the model's `objective`, such as the weights of its
            losses. The default is empty, which leaves these at their defaults.
        augment: The augmentations of the training speech: a tuple of names from
            `augment.AUGMENTATIONS`, or a mapping from names to their arguments. The
            default is all three of them, and `()` means none.
        denoising: Whether the reconstruction head learns the unaugmented input. By
            default it learns the input as it is, augmented or not.
        use_unlabelled: Whether the system also trains on unlabelled speech: the corpus
            `unlabelled_corpus` of the experiment, and training utterances that
            lost their label to `label_fraction`.
        unlabelled_speakers: The number of speakers of `unlabelled_corpus` whom the
            system trains on. The default, None, takes all of them, and 0 takes none.
            Each repeat draws other speakers, and all systems of a repeat share the
            order of the draw: the 8 speakers of one system are among the 24 of
            another. Genders alternate where they are known. Speech of speakers who
            have labels is not counted and stays, such as utterances that lost their
            label to `label_fraction`; see `protocols.with_speakers`.
        label_fraction: The fraction of the training utterances of each emotion that
            keep their label, above 0 and up to 1. The default keeps all of them. Each
            repeat draws other utterances, and all systems of a repeat share them. A
            smaller fraction is part of a larger one. The number of updates per epoch
            is that of all labels; see `protocols.with_few_labels`.
        train_conditions: The conditions of the training and development speech. Each
            utterance is used under one of them, which its name decides. The default
            is clean speech; see `conditions.parse`. The conditions of the tests are
            the `conditions` of the experiment.

    Example:

    >>> System(
    ...     arguments={"preset": "small"},
    ...     objective={"center": 1e-3, "auxiliary": 0.3},
    ...     augment={"speed": {"factors": (0.9, 1.1)}, "specaugment": {}},
    ...     train_conditions=("clean", "noise:all:10"),
    ... )
    """

    model: str | type = "MTLAug"
    arguments: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    objective: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    augment: tuple[str, ...] | Mapping[str, Mapping] = DEFAULT_AUGMENT
    denoising: bool = False
    use_unlabelled: bool = False
    unlabelled_speakers: int | None = None
    label_fraction: float = 1.0
    train_conditions: tuple[str, ...] = ("clean",)

    def __post_init__(self):
        check("System.model", self.model, "a name or a class", is_model)
        for name in ("arguments", "objective"):
            check(f"System.{name}", getattr(self, name), ARGUMENTS, are_arguments)
        expected = "a tuple of names, or a mapping from names to arguments"
        check("System.augment", self.augment, expected, are_augmentations)
        for name in ("denoising", "use_unlabelled"):
            check(f"System.{name}", getattr(self, name), "True or False", is_bool)
        self._check_unlabelled_speakers()
        fraction, expected = self.label_fraction, "a number above 0, up to 1"
        check("System.label_fraction", fraction, expected, is_fraction)
        texts = self.train_conditions
        check("System.train_conditions", texts, "a tuple of texts", are_names)

    def _check_unlabelled_speakers(self) -> None:
        count = self.unlabelled_speakers
        if count is None:
            return
        expected = "a whole number, 0 or more, or None"
        check("System.unlabelled_speakers", count, expected, is_count_or_0)
        if not self.use_unlabelled:
            raise ValueError(
                "`System.unlabelled_speakers` limits the unlabelled speech of a system "
                f"with `use_unlabelled=True`. Received: {count} without it. Set "
                "`use_unlabelled=True`, or leave out `unlabelled_speakers`."
            )
