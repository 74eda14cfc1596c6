"""The environment of a session, for the record of a run."""

import platform
import subprocess
from pathlib import Path

import keras_ser
from keras_ser import backend

CPU_INFO = Path("/proc/cpuinfo")


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
    """Returns the name of the processor; of its architecture, if it has no name."""
    if CPU_INFO.is_file():
        for line in CPU_INFO.read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()
