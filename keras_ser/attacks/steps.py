"""The attacks: their steps and their starting points."""

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import ClassVar

import numpy as np

from keras_ser.attacks import gradient
from keras_ser.utils.choices import check_numbers, check_positive


@dataclasses.dataclass(frozen=True)
class Attack:
    """Steps along the sign of the loss's gradient, each clipped to the ε-ball.

        x_0 = x        x_{i+1} = clip(x_i + a · sign ∇L(x_i), x − ε, x + ε)

    with the cross-entropy L of the true class, in inference mode. The module `gradient`
    explains how the sign is found. The result for an utterance depends on the utterance
    and on the seed of its random start. It does not depend on its padding or, except
    for rounding, on the other utterances of the batch.

    Args:
        epsilon: ε, in standard deviations of the features. 0 changes nothing.

    Call arguments:
        model: Keras model from features to probabilities, `(batch, classes)`, such as
            `SpeechModel.emotion_model`. Its gradient is compiled once per object, so
            pass the same object again.
        features: float32 array `(batch, time, dimensions)`, 0 in the padding.
        truth: One-hot array `(batch, classes)`.
        seeds: One non-negative integer per utterance, for a random start.

    Returns:
        An array of the shape of `features`. No cell differs by more than ε, the padding
        is 0, and the number of unpadded frames is unchanged.

    Raises:
        ValueError: If an argument has the wrong shape, type or value, or if the
            gradient is not finite.

    Example:

    >>> attacked = BIM(0.08)(model.emotion_model, features, truth)
    """

    epsilon: float = 0.08

    steps: ClassVar[int] = 1
    share: ClassVar[float] = 1.0  # length of a step, as a fraction of ε

    def __post_init__(self):
        expected = "a finite number of at least 0"
        check_numbers(expected, lambda e: 0 <= e < np.inf, epsilon=self.epsilon)

    def __call__(self, model, features, truth, seeds=None) -> np.ndarray:
        features, truth = np.asarray(features), np.asarray(truth)
        _check_inputs(model, features, truth, seeds)
        low, high = gradient.feature_bounds(features, self.epsilon)
        slope = functools.partial(gradient.margin_gradient, model, truth=truth)
        return self.climb(slope, features, low, high, seeds)

    def climb(
        self,
        slope: Callable[[np.ndarray], np.ndarray],
        values: np.ndarray,
        low: np.ndarray,
        high: np.ndarray,
        seeds=None,
    ) -> np.ndarray:
        """Takes the steps on any values that have a gradient.

        Args:
            slope: Function from an array of the shape of `values` to the gradient
                there.
            values: Array `(batch, …)`, the starting point x.
            low: Lower bounds, of the shape of `values`.
            high: Upper bounds, of the shape of `values`.
            seeds: One non-negative integer per utterance, for a random start.

        Returns:
            An array of the shape of `values`.
        """
        if self.epsilon == 0:
            return values.copy()
        step = values.dtype.type(self.epsilon * self.share)
        point = self.start(values, low, high, seeds)
        for _ in range(self.steps):
            point = np.clip(point + step * np.sign(slope(point)), low, high)
        return point

    def start(self, values, low, high, seeds) -> np.ndarray:
        """The starting point x_0: the values themselves. `PGD` draws it at random."""
        return values


class FGSM(Attack):
    """Fast gradient sign method: one step of ε.

    Arguments, return value and errors: See `Attack`.

    Reference:
        Goodfellow, Shlens and Szegedy, "Explaining and harnessing adversarial
        examples", ICLR 2015.
    """


@dataclasses.dataclass(frozen=True)
class BIM(Attack):
    """Basic iterative method: 10 steps of ε / 4.

    Args:
        epsilon: ε, in standard deviations of the features. 0 changes nothing.
        steps: Number of steps.
        share: Length of a step, as a fraction of ε.

    Call arguments, return value and errors: See `Attack`.

    Reference:
        Kurakin, Goodfellow and Bengio, "Adversarial examples in the physical world",
        ICLR workshop 2017.
    """

    steps: int = 10
    share: float = 1 / 4

    def __post_init__(self):
        super().__post_init__()
        check_positive(steps=self.steps)
        expected = "a number above 0 and at most 1"
        check_numbers(expected, lambda share: 0 < share <= 1, share=self.share)


@dataclasses.dataclass(frozen=True)
class PGD(BIM):
    """Projected gradient descent: 20 steps of ε / 8 from a random point in the ball.

    Args:
        epsilon: ε, in standard deviations of the features. 0 changes nothing.
        steps: Number of steps.
        share: Length of a step, as a fraction of ε.

    Call arguments, return value and errors: See `Attack`. `seeds` are required.

    Reference:
        Madry et al., "Towards deep learning models resistant to adversarial attacks",
        ICLR 2018.
    """

    steps: int = 20
    share: float = 1 / 8

    def start(self, values, low, high, seeds) -> np.ndarray:
        if seeds is None:
            raise ValueError(
                "`PGD` starts at random and needs `seeds`, one non-negative integer "
                "per utterance. Received: None."
            )
        # Drawn in the order of time, so that more padding does not change the numbers
        # that the speech receives.
        drawn = [
            np.random.default_rng(seed).uniform(-1, 1, values.shape[1:])
            for seed in np.asarray(seeds).tolist()
        ]
        moved = values + self.epsilon * np.array(drawn)
        return np.clip(moved.astype(values.dtype), low, high)


def _check_inputs(model, features, truth, seeds) -> None:
    if isinstance(model.output, Mapping):
        raise ValueError(
            "`model` must have one output, probabilities of shape (batch, classes). "
            f"Received: a model with the outputs {sorted(model.output)}. Pass "
            "`model.emotion_model`."
        )
    classes, dtype = model.output.shape[-1], model.inputs[0].dtype
    if features.ndim != 3 or features.dtype != dtype or 0 in features.shape:
        raise ValueError(
            f"`features` must be {dtype} (batch, time, dimensions), as the model "
            f"expects, and not empty. Received: {features.dtype} {features.shape}."
        )
    if truth.shape != (len(features), classes) or not _is_one_hot(truth):
        raise ValueError(
            f"`truth` must be one-hot, of shape {(len(features), classes)}. Received: "
            f"shape {truth.shape}, {np.array2string(truth.ravel()[:6])} … Leave out "
            "utterances without a label."
        )
    if seeds is not None and not _are_seeds(np.asarray(seeds), len(features)):
        raise ValueError(
            f"`seeds` must be {len(features)} non-negative integers, one per "
            f"utterance. Received: {seeds!r}."
        )


def _is_one_hot(truth: np.ndarray) -> bool:
    return bool(np.isin(truth, (0, 1)).all() and (truth.sum(axis=1) == 1).all())


def _are_seeds(seeds: np.ndarray, count: int) -> bool:
    are_integers = np.issubdtype(seeds.dtype, np.integer)
    return seeds.shape == (count,) and are_integers and (seeds >= 0).all()


ATTACKS: dict[str, type[Attack]] = {"fgsm": FGSM, "bim": BIM, "pgd": PGD}
