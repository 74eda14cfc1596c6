"""How many models fit on a device."""

from pathlib import Path
from typing import Any

import jax

MARGIN = 0.9  # share of the memory that is used; the rest is for evaluation and copies
MEMORY_INFO = Path("/proc/meminfo")


class TooManyModels(MemoryError):
    """A group of models needs more memory than its devices have.

    Args:
        models: The number of models of the group.
        needed: The bytes that one device needs.
        available: The bytes that it has.
        devices: The number of devices.

    Attributes:
        fitting: The number of models that fit, a multiple of the devices.
    """

    def __init__(self, models: int, needed: int, available: int, devices: int = 1):
        each = models // devices
        self.fitting = devices * min(each - 1, int(each * available / needed))
        super().__init__(
            f"{models} models need {needed / 2**30:.1f} GiB of memory per device. "
            f"Available: {available / 2**30:.1f} GiB, for {self.fitting} models."
        )


def needed_bytes(compiled: Any) -> int:
    """The bytes that a compiled function needs on each device while it runs."""
    found = compiled.memory_analysis()
    return (
        found.argument_size_in_bytes
        + found.output_size_in_bytes
        + found.temp_size_in_bytes
        - found.alias_size_in_bytes
    )


def available_bytes() -> int | None:
    """The bytes of memory that a device has for a function and its arguments.

    Returns:
        Nine tenths of a GPU's memory, or of the free memory of a machine without one;
        None if it is not known.
    """
    found = jax.devices()[0].memory_stats()
    if found and "bytes_limit" in found:
        return int(MARGIN * found["bytes_limit"])
    if not MEMORY_INFO.exists():
        return None
    for line in MEMORY_INFO.read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        if name == "MemAvailable":
            return int(MARGIN * int(value.split()[0]) * 1024)
    return None


def check_memory(compiled: Any, models: int, devices: int = 1) -> None:
    """Checks that a compiled epoch of several models fits on the devices.

    Raises:
        TooManyModels: If it does not, and fewer models might.
    """
    available = available_bytes()
    if available is None or models <= devices:
        return
    needed = needed_bytes(compiled)
    if needed > available:
        raise TooManyModels(models, needed, available, devices)
