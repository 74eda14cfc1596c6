"""The environment of a session, for the record of a run."""

import platform
import subprocess
from pathlib import Path

import keras_ser
from keras_ser import backend

CPU_INFO = Path("/proc/cpuinfo")
# Instructions that decide which kernels compute, and so how results are rounded; the
# first one that a processor has is named.
INSTRUCTIONS = ("amx_bf16", "avx512_bf16", "avx512f", "avx2", "avx")


def describe() -> dict:
    """Describes the code and the machine that a run uses.

    Returns:
        What `backend.describe` returns, the version of keras_ser, the commit of its
        checkout, and the processor.
    """
    return {
        **backend.describe(),
        "keras_ser": keras_ser.__version__,
        "commit": commit(),
        "processor": processor(),
    }


def commit() -> str:
    """Returns the commit of the package's checkout; empty if it is installed."""
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        return ""
    try:
        return subprocess.run(
            ["git", "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*"],
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def processor() -> str:
    """Returns the name of the processor; of its architecture, if it has no name.

    The name alone may stand for several types, so the family, the model and the widest
    vector instructions follow: `AMD EPYC, family 25, model 1, avx2`.
    """
    found = _cpu_info()
    if "model name" not in found:
        return platform.processor() or platform.machine()
    kinds = [
        f"{title} {found[key]}"
        for key, title in (("cpu family", "family"), ("model", "model"))
        if key in found
    ]
    flags = found.get("flags", "").split()
    widest = [each for each in INSTRUCTIONS if each in flags][:1]
    return ", ".join([found["model name"], *kinds, *widest])


def _cpu_info() -> dict[str, str]:
    """What Linux says of the first processor."""
    if not CPU_INFO.is_file():
        return {}
    found: dict[str, str] = {}
    for line in CPU_INFO.read_text(encoding="utf-8", errors="replace").splitlines():
        key, _, value = line.partition(":")
        found.setdefault(key.strip(), value.strip())
    return found
