"""The systems of Parry et al. 2022: every set of attributes, learned in three ways."""

from collections.abc import Iterable
from itertools import combinations

from keras_ser.experiments.config import System

ATTRIBUTES = ("corpus", "speaker", "gender", "language")
APPROACHES = {
    "mtl": "multi_task",
    "gr": "gradient_reversal",
    "ad": "discriminator",
}
SUBSETS = tuple(
    subset
    for size in range(1, len(ATTRIBUTES) + 1)
    for subset in combinations(ATTRIBUTES, size)
)
# At most 30 frames and 3 bands are hidden. Both widths may be 0.
_AUGMENT = {"specaugment": {"time": 30, "frequency": 3, "least": 0}}


def in_the_wild(
    subsets: Iterable[Iterable[str]] = SUBSETS,
    use_unlabelled: bool = False,
    **sizes,
) -> dict[str, System]:
    """Returns the 46 models of Parry et al. 2022, Tables 2 and 3, or some of them.

    `baseline` learns the emotion alone. All others also have heads for attributes,
    which the encoder learns (`mtl_…`), unlearns by gradient reversal (`gr_…`), or
    hides from discriminators of its posterior (`ad_…`). The rest of a name lists the
    attributes, such as `gr_speaker_language`.

    SpecAugment is applied to all training rows.

    Args:
        subsets: The sets of attributes, of `corpus`, `speaker`, `gender` and
            `language`. The default is all 15 of them.
        use_unlabelled: Whether attributes are also learned from the experiment's
            unlabelled speech, of which `baseline` could learn nothing.
        **sizes: Arguments of all networks, such as `preset="paper"`.

    Returns:
        The systems by name, `baseline` first. The three approaches to a set of
        attributes follow each other.

    Raises:
        ValueError: If a set is empty or holds anything but attributes.

    Example:

    >>> list(in_the_wild([["gender"]]))
    ['baseline', 'mtl_gender', 'gr_gender', 'ad_gender']
    """
    systems = {"baseline": System("AttributeCNNLSTM", sizes, augment=_AUGMENT)}
    for subset in map(_ordered, subsets):
        for short, approach in APPROACHES.items():
            own = {"attributes": subset, "approach": approach, **sizes}
            systems["_".join([short, *subset])] = System(
                "AttributeCNNLSTM",
                own,
                augment=_AUGMENT,
                use_unlabelled=use_unlabelled,
            )
    return systems


def _ordered(subset: Iterable[str]) -> tuple[str, ...]:
    """The attributes of a set in the order of `ATTRIBUTES`."""
    given = [subset] if isinstance(subset, str) else list(subset)
    if not given or not set(given) <= set(ATTRIBUTES):
        raise ValueError(
            f"`subsets` must hold sets of {list(ATTRIBUTES)}, such as "
            f"[('gender', 'language')]. Received: {given!r}."
        )
    return tuple(name for name in ATTRIBUTES if name in given)
