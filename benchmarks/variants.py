"""The networks that tables compare: every model of the registry in all of its presets.

A network of `MODELS` is listed by its name there. In addition there is `BASELINE`,
which is MTL-AUG without its auxiliary heads. `TABLE_7` stands for the models of that
table.
"""

import dataclasses
import inspect
from collections.abc import Mapping

from keras_ser import models

CLASSES = ("anger", "happiness", "neutral", "sadness")
PRESETS = ("small", "paper")
BASELINE, TABLE_7 = "BASELINE", "TABLE_7"


@dataclasses.dataclass(frozen=True)
class Variant:
    """A network in one size.

    Args:
        name: The name in the tables.
        model: The name of the model in `models.MODELS`.
        preset: The name of the preset; empty if the model has none.
        arguments: Other arguments of the model.
    """

    name: str
    model: str
    preset: str = ""
    arguments: Mapping = dataclasses.field(default_factory=dict)

    @property
    def title(self) -> str:
        return f"{self.name}, {self.preset}" if self.preset else self.name

    def build(self) -> models.SpeechModel:
        """The network for four classes and 128 values per frame."""
        given = {"preset": self.preset} if self.preset else {}
        return models.MODELS[self.model](CLASSES, **given, **self.arguments)


def every_name() -> list[str]:
    """The names that `list_variants` knows, those of `TABLE_7` aside."""
    first, *others = models.MODELS
    return [first, BASELINE, *others]


def list_variants(name: str) -> list[Variant]:
    """The variants of a network.

    Args:
        name: A name in `models.MODELS`, `BASELINE` or `TABLE_7`.

    Raises:
        ValueError: If there is no such network.
    """
    if name == TABLE_7:
        return [
            Variant(f"model {number}", "MTLAug", preset, arguments)
            for preset in PRESETS
            for number, arguments in models.TABLE_7.items()
        ]
    if name == BASELINE:
        return [Variant(name, "MTLAug", each, models.BASELINE) for each in PRESETS]
    if name not in models.MODELS:
        raise ValueError(
            f"A network must be one of {[*every_name(), TABLE_7]}. Received: {name!r}."
        )
    taken = inspect.signature(models.MODELS[name]).parameters
    presets = PRESETS if "preset" in taken else ("",)
    return [Variant(name, name, each) for each in presets]
