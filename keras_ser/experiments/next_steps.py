"""What to do when an experiment is done, as commands."""

import shlex
from pathlib import Path

from keras_ser.utils import files

MODEL = "model.keras"


def next_steps(folder: Path, system: str = "") -> str:
    """The report, the training curves, and a model that can predict.

    Args:
        folder: The folder of a finished experiment.
        system: The system whose model is named. The default is the primary one of the
            config or, without its model, the last one that has a model.
    """
    lines = [
        "Next:",
        f"  all tables and pictures   {folder / 'report' / 'report.md'}",
    ]
    if any(folder.glob("*/*/logs")):
        curves = _command("tensorboard", "--logdir", folder)
        lines.append(f"  the training curves       {curves}")
    models = sorted(path.parent for path in folder.glob(f"*/*-0/{MODEL}"))
    if models:
        named = system or files.read_object(models[0] / "config.json").get("primary")
        own = [each for each in models if each.parent.name == named]
        chosen = own[0] if own else models[-1]
        predict = _command("keras-ser", "predict", chosen)
        tested = chosen.name.removesuffix("-0")
        lines.append(
            f"  recognise other audio     {predict} FILE  ({chosen.parent.name}, "
            f"fold {tested})"
        )
    return "\n".join(lines)


def _command(*words) -> str:
    return shlex.join(map(str, words))
