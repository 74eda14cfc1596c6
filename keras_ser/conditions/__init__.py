"""Conditions under which a recogniser is tested, written as text.

| text | what is done |
|---|---|
| `clean` | nothing |
| `noise:rain:10` | noise of a kind is mixed in at 10 dB; `all` draws the kind |
| `gain:-20` | speech is 20 dB softer |
| `band:4000` | nothing above 4000 Hz is left |
| `codec:mp3`, `codec:opus:0.9` | lossy coding, as compressed as said, 0 to 1 |
| `fgsm:0.08`, `bim:0.08`, `pgd:0.08` | the features are attacked |

All but attacks are waveform transforms; where a speaker's own statistics normalise,
they are those of the degraded speech. Attacks change normalised features, and need
the true emotion.
"""

import re
from collections.abc import Callable, Iterable

import pandas as pd

from keras_ser.conditions.attacked import BIM, FGSM, PGD
from keras_ser.conditions.condition import Condition
from keras_ser.conditions.condition import parse as _parse
from keras_ser.conditions.degraded import CODECS, Band, Clean, Codec, Gain, Noise
from keras_ser.conditions.drawn import Drawn

CONDITIONS: dict[str, type[Condition]] = {
    "clean": Clean,
    "noise": Noise,
    "gain": Gain,
    "band": Band,
    "codec": Codec,
    "fgsm": FGSM,
    "bim": BIM,
    "pgd": PGD,
}

# What papers call ours; see `keras_ser.published`.
PUBLISHED = (
    (r"noise:all:(.+)", r"\1 dB"),
    (r"fgsm:0\.08", "FGSM"),
    (r"bim:0\.08", "BIM"),
)

__all__ = [
    "CODECS",
    "CONDITIONS",
    "Condition",
    "check",
    "check_training",
    "heard",
    "parse",
    "published_name",
]


def parse(text: str) -> Condition:
    """The condition that a text names.

    Raises:
        ValueError: it names none, or holds what the condition does not take.

    Example:

    >>> parse("noise:rain:10")
    Noise(kind='rain', snr=10.0)
    """
    name, *given = str(text).split(":")
    if name not in CONDITIONS:
        forms = ", ".join(kind.form for kind in CONDITIONS.values())
        raise ValueError(f"Condition must be one of {forms}. Received: {text!r}.")
    return _parse(CONDITIONS[name], given, text)


def check(texts: Iterable[str], noise: str = "", classical: Iterable[str] = ()) -> None:
    """Refuses conditions under which an experiment cannot be tested.

    Args:
        texts: its conditions.
        noise: its corpus of noise, or empty.
        classical: names of its systems without a network.

    Raises:
        ValueError: see `parse`; `clean` is not the first, one stands there twice, or
            one needs what the experiment does not have.
    """
    found = [parse(text) for text in texts]
    names = [each.text for each in found]
    if not names or names[0] != "clean" or len(set(names)) < len(names):
        raise ValueError(
            "`conditions` must be `clean` and then others, each once. "
            f"Received: {names}."
        )
    _refuse_without_noise(found, noise)
    attacking, classical = [each.text for each in found if each.attacks], [*classical]
    if attacking and classical:
        raise ValueError(
            f"Conditions {attacking} follow a network's gradient. Received: systems "
            f"{classical}, which have none. Leave the ones or the others out."
        )


def check_training(texts: Iterable[str], noise: str = "") -> None:
    """Refuses conditions under which a system cannot learn.

    Args:
        texts: its conditions.
        noise: the experiment's corpus of noise, or empty.

    Raises:
        ValueError: see `parse`; one stands there twice, attacks, or needs noise that
            the experiment does not have.
    """
    found = [parse(text) for text in texts]
    names = [each.text for each in found]
    if not names or len(set(names)) < len(names):
        raise ValueError(
            "`train_conditions` must be at least one condition, each once. "
            f"Received: {names}."
        )
    attacking = [each.text for each in found if each.attacks]
    if attacking:
        raise ValueError(
            "`train_conditions` change the waveform: noise, gain, band, codec. "
            f"Received: {attacking}, which follow the gradient of a trained model."
        )
    _refuse_without_noise(found, noise)


def heard(texts: Iterable[str], noise: pd.DataFrame | None = None) -> Callable:
    """The waveform transform of speech that is learned from under conditions.

    Each utterance is heard under one of them, drawn by its name.

    Args:
        texts: conditions that `check_training` lets pass.
        noise: table of a corpus of noise, where one of them mixes it in.

    Example:

    >>> store.under(heard(["clean", "noise:all:10"], noise))
    """
    transforms = tuple(parse(text).transform(noise) for text in texts)
    return transforms[0] if len(transforms) == 1 else Drawn(transforms)


def _refuse_without_noise(found: list[Condition], noise: str) -> None:
    mixing = [each.text for each in found if each.mixes]
    if mixing and not noise:
        raise ValueError(
            f"Conditions {mixing} mix in noise. Received: an experiment without. Set "
            "`noise` to a corpus, such as demand or noise."
        )


def published_name(text: str) -> str:
    """What papers call a condition, `10 dB` for `noise:all:10`; else its text."""
    for ours, theirs in PUBLISHED:
        found = re.fullmatch(ours, text)
        if found:
            return found.expand(theirs)
    return text
