"""What a machine with a GPU has: carried wheels, packages, backends and devices.

This module needs the standard library only, so that it can say what is missing.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
BACKENDS = ("jax", "torch", "tensorflow")
TITLES = {"jax": "JAX", "torch": "PyTorch", "tensorflow": "TensorFlow"}
# What `import keras` and the models of this package import, by the name of the wheel.
NEEDED = {
    "absl": "absl-py",
    "h5py": "h5py",
    "keras": "keras",
    "lazy_loader": "lazy_loader",
    "ml_dtypes": "ml_dtypes",
    "namex": "namex",
    "numpy": "numpy",
    "optree": "optree",
    "packaging": "packaging",
    "pandas": "pandas",
    "rich": "rich",
}
NEEDED_TO_RUN = {  # what `keras_ser.run` imports besides, on packed speech
    "matplotlib": "matplotlib",
    "scipy": "scipy",
    "sklearn": "scikit-learn",
    "tqdm": "tqdm",
}
WITHOUT_TENSORFLOW = (
    "TensorFlow is not used: {why}. Without it, the batches of `keras_ser.data`, "
    "`monitoring`, exported formats and `backend.describe` cannot run. Models, "
    "layers, losses, metrics, callbacks and attacks can, and so can `ser.run` with "
    "`together` on JAX, from speech that was packed elsewhere."
)
FIND_MISSING = """
import importlib.util, sys
print(*(name for name in sys.argv[1:] if not importlib.util.find_spec(name)))
"""
PROBE_SECONDS = 60
ON_CPU = {
    "CUDA_VISIBLE_DEVICES": "-1",
    "JAX_PLATFORMS": "cpu",
    "KERAS_TORCH_DEVICE": "cpu",
}
WHOLE_GPU = {  # for a process of JAX next to which nothing runs on the GPU
    "XLA_PYTHON_CLIENT_PREALLOCATE": "true",
    "XLA_PYTHON_CLIENT_MEM_FRACTION": "0.92",
}


class Machine:
    """The packages and backends that processes on this machine can use.

    Args:
        wheels: Folder of wheels, or `None`. They are unpacked into a temporary folder.
    """

    def __init__(self, wheels: Path | None):
        self.site: Path | None = None
        self.notes: list[str] = []
        self.backends: dict[str, dict] = {}  # what the probe says of each
        if wheels:
            self._folder = tempfile.TemporaryDirectory()
            self.site = Path(self._folder.name)
            self._unpack(Path(wheels))

    def _unpack(self, wheels: Path) -> None:
        found = sorted(wheels.glob("*.whl"))
        for wheel in found:
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(self.site)
        names = ", ".join(wheel.name.split("-")[0] for wheel in found) or "none"
        self.notes.append(f"Wheels from {wheels}: {names}.")

    def complaint(self, trains: bool = False) -> str:
        """What keeps this machine from running anything; empty if nothing does.

        Args:
            trains: Whether experiments are to be run.
        """
        needed = NEEDED | (NEEDED_TO_RUN if trains else {})
        done = self.python("-c", FIND_MISSING, *needed, capture_output=True, text=True)
        missing = [needed[name] for name in done.stdout.split()]
        if not missing:
            return ""
        version = "{}.{}".format(*sys.version_info)
        return (
            f"Packages are missing: {', '.join(missing)}. Put their wheels into a "
            "folder and name it in WHEELS. Another machine gets them by: pip download "
            f"--no-deps --only-binary=:all: --python-version {version} --platform "
            f"manylinux_2_28_x86_64 -d FOLDER {' '.join(missing)}"
        )

    def find_backends(self, names, on_cpu: bool) -> str:
        """Find the backends that work, on a GPU unless they may run on the CPU.

        Returns:
            A complaint if there are none.
        """
        probes = {name: self._start_probe(name) for name in BACKENDS}
        found = {name: _finish_probe(probe) for name, probe in probes.items()}
        for name, told in found.items():
            if name not in names:
                continue
            if "error" in told:
                self.notes.append(f"{TITLES[name]} does not run: {told['error']}.")
            elif not told["gpu"] and not on_cpu:
                self.notes.append(f"{TITLES[name]} is left out: it finds no GPU.")
            else:
                self.backends[name] = told
        if "tensorflow" not in self.backends:
            why = found["tensorflow"].get("error", "it was not asked for")
            self.notes.append(WITHOUT_TENSORFLOW.format(why=why.rstrip(".")))
        wanted = ", ".join(TITLES[name] for name in names)
        if self.backends:
            return ""
        return f"Nothing to run {wanted} on. Use --tiny for a check on the CPU."

    def _start_probe(self, name: str) -> subprocess.Popen:
        command = [sys.executable, HERE / "gpu_probe.py"]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
        return subprocess.Popen(command, env=self.environment(name), **pipes)

    def describe(self) -> dict:
        """The machine as JSON values, for the first row of a run."""
        return {
            "python": platform.python_version(),
            "cores": os.cpu_count(),
            "backends": self.backends,
        }

    def environment(self, backend: str, on_cpu: bool = False) -> dict[str, str]:
        """The environment variables of a process with a backend."""
        before = os.environ.get("PYTHONPATH", "")
        path = [self.site and str(self.site), str(ROOT), before]
        made = {
            **os.environ,
            "KERAS_BACKEND": backend,
            "PYTHONPATH": os.pathsep.join(filter(None, path)),
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "XLA_PYTHON_CLIENT_PREALLOCATE": "false",  # processes share the memory
        }
        return {**made, **ON_CPU} if on_cpu else made

    def python(self, *words, **arguments) -> subprocess.CompletedProcess:
        """Run Python with these arguments."""
        command = [sys.executable, *map(str, words)]
        return subprocess.run(command, env=self.environment("numpy"), **arguments)


def _finish_probe(probe: subprocess.Popen) -> dict:
    try:
        printed, _ = probe.communicate(timeout=PROBE_SECONDS)
        return json.loads(printed.splitlines()[-1])
    except subprocess.TimeoutExpired:
        probe.kill()
        probe.communicate()
        return {"error": f"it did not start within {PROBE_SECONDS} s"}
    except (IndexError, ValueError):
        return {"error": f"its process ended with status {probe.returncode}"}
