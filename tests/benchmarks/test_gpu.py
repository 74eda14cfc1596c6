"""The GPU benchmark, on a CPU with tiny networks.

What needs JAX or PyTorch is skipped without them. It runs as on a machine that has
neither TensorFlow nor librosa.
"""

import importlib
import inspect
import json
import os
import subprocess
import sys
import time
import zipfile
from importlib import util
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
BENCHMARKS = ROOT / "benchmarks"
HIDDEN = ("tensorflow", "tensorflow_io", "librosa", "soundfile")


@pytest.fixture
def gpu(monkeypatch):
    """A function that imports a module of the benchmark."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module


@pytest.fixture
def hidden(tmp_path):
    """A folder with modules that cannot be imported."""
    folder = tmp_path / "hidden"
    folder.mkdir()
    for name in HIDDEN:
        (folder / f"{name}.py").write_text(f"raise ImportError('no {name} here')")
    return folder


def run(out, *words, hidden=""):
    """Run the benchmark; returns its process, its rows and its tables."""
    path = os.pathsep.join([str(hidden), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        ["bash", BENCHMARKS / "gpu.sh", out, *words],
        env={**os.environ, "PYTHON": sys.executable, "PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    rows, tables = out / "gpu.jsonl", out / "gpu.md"
    lines = rows.read_text("utf-8").splitlines() if rows.exists() else []
    text = tables.read_text("utf-8") if tables.exists() else ""
    return done, list(map(json.loads, lines)), text


SHORT = ("--tiny", "--rounds", "1", "--settings", "small float32 2")
PATIENT = ("--seconds", "900", "--correctness-seconds", "400")  # on a busy machine


@pytest.mark.parametrize(
    "backend", ["torch", pytest.param("jax", marks=pytest.mark.slow)]
)
def test_a_machine_without_tensorflow(backend, tmp_path, hidden):
    if not util.find_spec(backend):
        pytest.skip(f"needs {backend}")
    words = (*SHORT, *PATIENT, "--backends", backend, "--cases", "layers.")
    done, rows, text = run(tmp_path / "out", *words, hidden=hidden)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "TensorFlow is not used: ImportError: no tensorflow here" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert "- `layers.LogMel('fft')`: ImportError: no librosa here" in text
    found = {row["case"] for row in rows if row.get("passed")}
    assert {"`layers.BLSTM`, standard", "`layers.SpeechBatchNorm`, training"} <= found
    rates = {row["implementation"]: row["rate"] for row in rows if "rate" in row}
    assert min(rates.values()) > 0
    plain = {"torch-eager", "torch-compiled"} if backend == "torch" else set()
    assert set(rates) == {f"keras-{backend}"} | plain
    assert len({row["parameters"] for row in rows if "rate" in row}) == 1


def test_tensorflow_as_the_backend(tmp_path):
    words = (*SHORT, *PATIENT, "--backends", "tensorflow", "--cases", "CNNAttention")
    done, rows, text = run(tmp_path / "out", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith(text + "\n")
    assert "8 comparisons passed, 0 failed." in text
    assert "| `models.CNNAttention`, gradients | 0 |" in text
    (row,) = (row for row in rows if row["part"] == "training")
    assert row["rate"] == row["rounds"][0] > 0
    assert f"| MTL-AUG `small`, float32, 2 rows | {row['rate']:.0f} | – |" in text


def test_without_a_backend_it_says_why(tmp_path, hidden):
    words = ("--backends", "tensorflow")
    done, rows, _ = run(tmp_path / "out", *words, hidden=hidden)
    assert done.returncode == 2
    assert "TensorFlow does not run: ImportError: no tensorflow here." in done.stdout
    assert "Nothing to run TensorFlow on." in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert rows == []


def test_what_is_missing_comes_with_the_command_that_fetches_it(gpu, monkeypatch):
    machine = gpu("gpu_machine")
    monkeypatch.setattr(machine, "NEEDED", {"numpy": "numpy", "no_such": "no-such"})
    told = machine.Machine(None).complaint()
    assert told.startswith("Packages are missing: no-such. Put their wheels into")
    assert told.endswith("-d FOLDER no-such")
    monkeypatch.setattr(machine, "NEEDED", {"numpy": "numpy"})
    assert machine.Machine(None).complaint() == ""


def test_wheels_come_first_on_the_path(gpu, tmp_path):
    with zipfile.ZipFile(tmp_path / "toy_wheel-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("toy_wheel.py", "print('from the wheel')")
    machine = gpu("gpu_machine").Machine(tmp_path)
    assert machine.notes == [f"Wheels from {tmp_path}: toy_wheel."]
    done = machine.python("-c", "import toy_wheel", capture_output=True, text=True)
    assert done.stdout == "from the wheel\n"


def test_every_layer_and_model_is_compared(gpu):
    from keras_ser import layers, models

    cases = gpu("gpu_cases").make_cases()
    names = [name for name in dir(layers) if inspect.isclass(getattr(layers, name))]
    assert "BLSTM" in names
    missing = [name for name in names if not any(name in case for case in cases)]
    assert missing == []
    assert {f"`models.{name}`" for name in models.MODELS} <= set(cases)


# Comparisons


def test_a_deviation_is_a_relative_distance(gpu):
    deviations = gpu("gpu_correctness").deviations
    reference = {"a|outputs/0": np.array([3.0, 4.0]), "a|outputs/1": np.array([1e-9])}
    found = {"a|outputs/0": np.array([3.0, 4.5]), "a|outputs/1": np.array([2e-9])}
    told = deviations(found, reference, "float32")["a", "outputs"]
    assert told == {"deviation": 0.1, "tolerance": 1e-4, "passed": False}
    gradients = {key.replace("outputs", "gradients"): x for key, x in found.items()}
    expected = {key.replace("outputs", "gradients"): x for key, x in reference.items()}
    told = deviations(gradients, expected, "tf32")["a", "gradients"]
    assert told == {"deviation": 0.1, "tolerance": 0.1, "passed": True}


def test_a_value_that_is_not_finite_fails(gpu):
    deviate = gpu("gpu_correctness").deviate
    one = np.ones(2)
    assert deviate(np.array([1, np.nan]), one, 1.0) == np.inf
    assert deviate(np.ones(3), one, 1.0) == np.inf
    assert deviate(one, one, 1.0) == 0
    assert deviate(np.zeros(2), np.zeros(2), 0.0) == 0


def test_a_case_that_fails_on_the_device_alone_is_a_failure(gpu):
    compare, failures = gpu("gpu_correctness").compare, gpu("gpu_report").failures
    missing = {"a": "ModuleNotFoundError: No module named 'librosa'"}
    right = {"arrays": {}, "problems": missing, "lstm": "a loop", "end": ""}
    wrong = {**right, "problems": {**missing, "b": "RuntimeError: no kernel"}}
    rows = [{"run": 1, **row} for row in compare("jax", "tf32", wrong, right)]
    assert [row["case"] for row in failures(rows)] == ["b"]
    late = {**right, "end": "it did not end in time"}
    (row,) = compare("jax", "tf32", late, right)
    assert row["problem"] == "on the device, it did not end in time"


# Processes


@pytest.fixture
def worker(gpu, monkeypatch, tmp_path):
    """A function that starts a worker with the text of a script."""
    training, machine = gpu("gpu_training"), gpu("gpu_machine")
    started = []

    def start(text):
        monkeypatch.setattr(training, "SCRIPT", tmp_path / "script.py")
        training.SCRIPT.write_text(text)
        found = machine.Machine(None)
        made = training.Worker(found, "jax", "keras", ("small",), subprocess.DEVNULL)
        started.append(made)
        return made

    yield start
    for each in started:
        each.stop()


ECHO = "import sys\nfor line in sys.stdin: print(line, end='', flush=True)"


def test_a_worker_answers(worker):
    echo = worker(ECHO)
    assert echo.ask(time.monotonic() + 60, prepare=16) == {"prepare": 16}
    assert echo.ask(time.monotonic() + 60, seconds=0.5) == {"seconds": 0.5}


def test_a_worker_that_hangs_is_stopped_and_started_again(worker, gpu):
    hanging = worker("import time; time.sleep(600)")
    told = hanging.ask(time.monotonic() + 0.2, prepare=16)
    assert told == {"problem": "it did not end in time"}
    assert hanging.process is None
    gpu("gpu_training").SCRIPT.write_text(ECHO)
    assert hanging.ask(time.monotonic() + 60, prepare=32) == {"prepare": 32}


def test_a_worker_that_dies_is_a_problem(worker):
    dying = worker("import sys; sys.exit(3)")
    told = dying.ask(time.monotonic() + 60, prepare=16)
    assert told == {"problem": "its process ended"}


# Rows and tables


def training_row(implementation, batch=16, **values):
    same = {"network": "paper", "precision": "float32", "batch": batch}
    row = {"part": "training", **same, "implementation": implementation, **values}
    return {"parameters": 7, "warm_up": 9.0, "memory": 2**30, **row}


def machine_row(**values):
    told = {"device": "Toy GPU", "gpu": True, "versions": {"keras": "3", "jax": "1"}}
    row = {"part": "machine", "python": "3.12", "cores": 2, "backends": {"jax": told}}
    return {**row, **values}


def comparison(passed, **values):
    same = {"part": "correctness", "backend": "jax", "precision": "float32"}
    verdict = {"deviation": 2e-3, "tolerance": 1e-3, "passed": passed}
    return {**same, "case": "`layers.Toy`", "quantity": "outputs", **verdict, **values}


@pytest.fixture
def rows(gpu, tmp_path):
    return gpu("gpu_rows").Rows(tmp_path / "out")


def test_ratios_are_medians_over_rounds_against_the_faster_plain_network(rows):
    rows.add(**machine_row())
    rows.add_all(
        [
            training_row("keras-jax", rate=20.0, rounds=[10.0, 20.0, 90.0]),
            training_row("torch-eager", rate=4.0, rounds=[4.0, 4.0, 4.0]),
            training_row("torch-compiled", rate=8.0, rounds=[8.0, 5.0, 9.0]),
        ]
    )
    text = (rows.folder / "gpu.md").read_text("utf-8")
    assert "| MTL-AUG `paper`, float32, 16 rows | 20 | 4 | 8 | 4.00 |" in text
    assert "9.0 s, 1.00 GiB" in text
    assert "Toy GPU; 2 cores; Python 3.12; keras 3; jax 1." in text
    assert rows.status() == 0


def test_different_numbers_of_parameters_are_reported(rows):
    rows.add(**machine_row())
    rows.add(**training_row("keras-jax", rate=2.0, rounds=[2.0]))
    rows.add(**training_row("torch-eager", rate=2.0, rounds=[2.0], parameters=8))
    text = (rows.folder / "gpu.md").read_text("utf-8")
    assert "Different numbers of parameters are trained in: MTL-AUG `paper`" in text


def test_a_failure_is_bold_and_the_exit_status_is_1(rows):
    rows.add(**machine_row())
    rows.add_all([comparison(True), comparison(False, precision="tf32")])
    text = (rows.folder / "gpu.md").read_text("utf-8")
    assert "1 comparisons passed, 1 failed." in text
    assert "| `layers.Toy` | 2e-03 | **2e-03** |" in text
    assert rows.status() == 1


def test_the_last_run_counts(rows, gpu):
    rows.add(**machine_row())
    rows.add_all([comparison(False), training_row("all", problem="the time was up")])
    again = gpu("gpu_rows").Rows(rows.folder)
    again.add(**machine_row())
    again.add(**comparison(True))
    again.add(**training_row("keras-jax", rate=2.0, rounds=[2.0]))
    text = (rows.folder / "gpu.md").read_text("utf-8")
    assert "1 comparisons passed, 0 failed." in text
    assert "the time was up" not in text
    assert again.status() == 0


def test_a_second_run_measures_what_is_missing(rows, gpu):
    training = gpu("gpu_training")
    sizes = {"settings": (("paper", "float32"),), "batches": (16, 32, 64)}
    rows.add(**machine_row())
    rows.add(**training_row("keras-jax", rate=2.0, rounds=[2.0]))
    rows.add(**training_row("torch-eager", 32, problem="it did not end in time"))
    assert training.plan(rows, sizes, "") == [(("paper", "float32"), [32, 64])]
    assert training.plan(rows, sizes, "float32 64") == [(("paper", "float32"), [64])]
    assert training.plan(rows, sizes, "bfloat16") == []


def test_tables_are_kept_where_the_documents_read_them(rows, gpu, monkeypatch):
    kept = rows.folder / "results"
    kept.mkdir()
    monkeypatch.setattr(gpu("gpu_rows"), "RESULTS", kept)
    rows.add(**machine_row())
    rows.add(**comparison(True))
    rows.report(keep=True)
    assert sorted(path.name for path in kept.iterdir()) == [
        "gpu.jsonl",
        "gpu_correctness.md",
        "gpu_together.md",
        "gpu_training.md",
    ]
    assert (kept / "gpu_training.md").read_text("utf-8") == "Not measured yet.\n"
    rows.add(**machine_row(tiny=True))
    with pytest.raises(SystemExit, match="not kept"):
        rows.report(keep=True)
