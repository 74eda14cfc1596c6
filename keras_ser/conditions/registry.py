"""The conditions by name, and as text."""

import re

from keras_ser.conditions.attacked import BIM, FGSM, PGD
from keras_ser.conditions.condition import Condition, from_values
from keras_ser.conditions.degraded import Band, Clean, Codec, Gain, Noise

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

# Patterns of our conditions and their names in papers; see `reports.published_figures`.
PUBLISHED_NAMES = (
    (r"noise:all:(.+)", r"\1 dB"),
    (r"fgsm:0\.08", "FGSM"),
    (r"bim:0\.08", "BIM"),
)


def parse(text: str) -> Condition:
    """Returns the condition that a text describes.

    Args:
        text: Name and values with colons between them; see `keras_ser.conditions`.

    Raises:
        ValueError: If the name is unknown, or if the values do not fit the condition.

    Example:

    >>> parse("noise:rain:10")
    Noise(kind='rain', snr=10.0)
    """
    name, *values = str(text).split(":")
    if name not in CONDITIONS:
        forms = ", ".join(kind.form for kind in CONDITIONS.values())
        raise ValueError(f"Condition must be one of {forms}. Received: {text!r}.")
    return from_values(CONDITIONS[name], values, text)


def published_name(text: str) -> str:
    """The name of a condition in papers, such as `10 dB` for `noise:all:10`.

    A condition without such a name keeps its text.
    """
    for pattern, name in PUBLISHED_NAMES:
        match = re.fullmatch(pattern, text)
        if match:
            return match.expand(name)
    return text
