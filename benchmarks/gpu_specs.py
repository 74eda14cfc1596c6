"""The packed experiments that the GPU benchmark trains.

An experiment is written as `CONFIG[,KEY=VALUE …]`, with the changes that its config
gets, such as `configs/mtl_aug/ravdess.py,labels=four,name=ravdess_four`. This module
needs the standard library only.
"""

from pathlib import Path

HERE = Path(__file__).parent
FULL = (
    f"{HERE.parent / 'configs/mtl_aug/emodb.py'}",
    f"{HERE.parent / 'configs/mtl_aug/ravdess.py'},labels=four,name=ravdess_four",
)
TINY = (f"{HERE / 'gpu_tiny_experiment.py'}",)
SYSTEMS = ("baseline_augmented", "mtl_aug", "baseline")  # in the order of training
REPEATS, TINY_REPEATS = 10, 2


def parse(text: str) -> tuple[str, list[str]]:
    """The path of the config, and the changes."""
    path, *changes = text.split(",")
    return path, changes


def title(text: str) -> str:
    """A short name: that of the changes, or that of the file."""
    path, changes = parse(text)
    names = [each.removeprefix("name=") for each in changes if "name=" in each]
    return names[-1] if names else Path(path).stem


def changes_of(text: str, tiny: bool) -> list[str]:
    """The changes with the number of repeats, unless they name one."""
    _, changes = parse(text)
    if any(each.startswith("repeats=") for each in changes):
        return changes
    return [*changes, f"repeats={TINY_REPEATS if tiny else REPEATS}"]
