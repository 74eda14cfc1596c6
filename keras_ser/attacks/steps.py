"""The attacks: how they step, and from where."""

import dataclasses
import functools
from typing import ClassVar

import numpy as np

from keras_ser.attacks import gradient


@dataclasses.dataclass(frozen=True)
class Attack:
    """Steps along the sign of the loss's gradient, each back into the ball.

        x_0 = x        x_{i+1} = clip(x_i + a · sign ∇L(x_i), x − ε, x + ε)

    with the cross-entropy L of the true class, in inference mode; `gradient` says how
    its sign is found. An utterance's result depends on itself and on the seed of its
    random start: not on its padding, and but for rounding not on its neighbours.

    Args:
        epsilon: ε, in standard deviations of the features. 0 changes nothing.

    Call:
        model: Keras model from features to probabilities, `(batch, classes)`, such as
            `MTLAug.emotion_model`. Compiled once; hand over the same object again.
        features: float32 `(batch, time, bands)`, 0 in the padding.
        truth: one-hot `(batch, classes)`.
        seeds: one whole number an utterance, for a random start.

    Returns:
        An array like `features`. No cell differs by more than ε, the padding is 0, and
        the speech is as long as before.

    Raises:
        ValueError: arguments of other shapes, types or values; a gradient that is
            not finite.

    Example:

    >>> attacked = BIM(0.08)(model.emotion_model, features, truth)
    """

    epsilon: float = 0.08

    steps: ClassVar[int] = 1
    share: ClassVar[float] = 1.0  # of ε: the length of a step

    def __post_init__(self):
        if not (_is_number(self.epsilon) and 0 <= self.epsilon < np.inf):
            raise ValueError(
                "`epsilon` must be a finite number, 0 or more. "
                f"Received: {self.epsilon!r}."
            )

    def __call__(self, model, features, truth, seeds=None) -> np.ndarray:
        features, truth = np.asarray(features), np.asarray(truth)
        _check(model, features, truth, seeds)
        low, high = gradient.around_features(features, self.epsilon)
        slope = functools.partial(gradient.of_margin, model, truth=truth)
        return self.climb(slope, features, low, high, seeds)

    def climb(self, slope, values, low, high, seeds=None) -> np.ndarray:
        """The steps, on whatever has a gradient.

        Args:
            slope: from an array like `values` to the gradient there.
            values: x, `(batch, …)`.
            low, high: bounds, arrays like `values`.
            seeds: see above.
        """
        if self.epsilon == 0:
            return values.copy()
        step = values.dtype.type(self.epsilon * self.share)
        place = self.start(values, low, high, seeds)
        for _ in range(self.steps):
            place = np.clip(place + step * np.sign(slope(place)), low, high)
        return place

    def start(self, values, low, high, seeds) -> np.ndarray:
        """x_0: the features themselves; `PGD` draws it within the bounds."""
        return values


class FGSM(Attack):
    """Fast gradient sign method: one step of ε.

    Args, call, returns and raises: see `Attack`.

    Reference: Goodfellow, Shlens and Szegedy, "Explaining and harnessing adversarial
    examples", ICLR 2015.
    """


@dataclasses.dataclass(frozen=True)
class BIM(Attack):
    """Basic iterative method: 10 steps of ε / 4.

    Args:
        epsilon: see `Attack`.
        steps: their number.
        share: of ε, the length of a step.

    Call, returns and raises: see `Attack`.

    Reference: Kurakin, Goodfellow and Bengio, "Adversarial examples in the physical
    world", ICLR workshop 2017.
    """

    steps: int = 10
    share: float = 1 / 4

    def __post_init__(self):
        super().__post_init__()
        if type(self.steps) is not int or self.steps < 1:
            raise ValueError(
                "`steps` must be a whole number of 1 or more. "
                f"Received: {self.steps!r}."
            )
        if not (_is_number(self.share) and 0 < self.share <= 1):
            raise ValueError(
                f"`share` must be a number above 0, up to 1. Received: {self.share!r}."
            )


@dataclasses.dataclass(frozen=True)
class PGD(BIM):
    """Projected gradient descent: 20 steps of ε / 8 from a random place in the ball.

    Args:
        epsilon, steps, share: see `BIM`.

    Call, returns and raises: see `Attack`; `seeds` are needed.

    Reference: Madry et al., "Towards deep learning models resistant to adversarial
    attacks", ICLR 2018.
    """

    steps: int = 20
    share: float = 1 / 8

    def start(self, values, low, high, seeds) -> np.ndarray:
        if seeds is None:
            raise ValueError(
                "`PGD` starts at random: expected `seeds`, one whole number an "
                "utterance. Received: None."
            )
        # Drawn in the order of time: more padding leaves the speech's numbers alone.
        drawn = [
            np.random.default_rng(seed).uniform(-1, 1, values.shape[1:])
            for seed in np.asarray(seeds).tolist()
        ]
        moved = values + self.epsilon * np.array(drawn)
        return np.clip(moved.astype(values.dtype), low, high)


def _check(model, features, truth, seeds) -> None:
    classes, dtype = model.output.shape[-1], model.inputs[0].dtype
    if features.ndim != 3 or features.dtype != dtype or 0 in features.shape:
        raise ValueError(
            f"`features` must be {dtype} (batch, time, bands), what the model takes. "
            f"Received: {features.dtype} {features.shape}."
        )
    if truth.shape != (len(features), classes) or not _is_one_hot(truth):
        raise ValueError(
            f"`truth` must be one-hot, of shape {(len(features), classes)}. Received: "
            f"shape {truth.shape}, {np.array2string(truth.ravel()[:6])} … Leave out "
            "utterances without a label."
        )
    if seeds is not None and not _are_seeds(np.asarray(seeds), len(features)):
        raise ValueError(
            f"`seeds` must be {len(features)} whole numbers of 0 or more, one an "
            f"utterance. Received: {seeds!r}."
        )


def _is_one_hot(truth: np.ndarray) -> bool:
    return bool(np.isin(truth, (0, 1)).all() and (truth.sum(axis=1) == 1).all())


def _are_seeds(seeds: np.ndarray, count: int) -> bool:
    are_whole = np.issubdtype(seeds.dtype, np.integer)
    return seeds.shape == (count,) and are_whole and (seeds >= 0).all()


def _is_number(value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


ATTACKS: dict[str, type[Attack]] = {"fgsm": FGSM, "bim": BIM, "pgd": PGD}
