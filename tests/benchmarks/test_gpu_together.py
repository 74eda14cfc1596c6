"""The part of the GPU benchmark that measures and trains models together."""

import importlib
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
import toy_runs

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def gpu(monkeypatch):
    """A function that imports a module of the benchmark."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module


@pytest.fixture
def rows(gpu, tmp_path):
    found = gpu("gpu_rows").Rows(tmp_path / "out")
    told = {"device": "Toy GPU", "gpu": True, "versions": {"keras": "3", "jax": "1"}}
    found.add(part="machine", python="3.12", cores=2, backends={"jax": told})
    return found


def text_of(rows):
    return (rows.folder / "gpu.md").read_text("utf-8")


# Rates


def rate_row(kind="products", models=100, **values):
    same = {"part": "together", "system": "mtl_aug", "precision": "float32"}
    figures = {"rate": 3200.0, "batch": 16, "flop": 5e9, "bound": 1e13, "times": 8.0}
    costs = {"compile": 31.0, "memory": 2**29, "deviation": 2e-5, "agrees": True}
    return {**same, "kind": kind, "models": models, **figures, **costs, **values}


def problem_row(problem, **values):
    row = rate_row(problem=problem, **values)
    named = ("part", "system", "precision", "kind", "models", "problem")
    return {name: row[name] for name in named}


def test_the_rates_of_models_together(rows):
    alone = rate_row("alone", 1, rate=400.0, kernel="cuDNN")
    del alone["times"], alone["deviation"], alone["agrees"]
    rows.add_all([alone, rate_row(), problem_row("too many", kind="grouped")])
    text = text_of(rows)
    line = "| `mtl_aug`, float32, 100 together, products | 3200 | 8.00 | 5.0 "
    assert f"{line}| 1.00 (10.0%) | 31 s | 512 MiB |" in text
    assert "| `mtl_aug`, float32, one alone | 400 | 1.00 |" in text
    assert "reach 10.0 TFLOP/s in float32" in text
    assert "The LSTM of one model alone is cuDNN in float32." in text
    assert "Losses agree with those of one model up to 2e-05." in text
    assert "- `mtl_aug`, float32, 100 together, grouped: too many" in text
    assert "Toy GPU; 2 cores" in text
    assert rows.status() == 0


def test_losses_that_deviate_fail(rows):
    rows.add(**rate_row(deviation=0.5, agrees=False))
    assert "**Losses deviate by up to 5e-01**: `mtl_aug`, float32, 100" in text_of(rows)
    assert rows.status() == 1


def test_a_second_run_measures_what_is_missing(rows, gpu):
    candidates = gpu("gpu_together").candidates
    setting = {"system": "mtl_aug", "precision": "float32"}
    rows.add_all([rate_row(models=10), problem_row("the time was up", models=100)])
    rows.add(**problem_row("100 models need 90.0 GiB of memory", kind="grouped"))
    found = candidates(rows, setting, (10, 100))
    assert found == [("products", 100), ("grouped", 10)]


# Trainings

LINES = (
    {"experiment": "toy_four", "jobs": 4, "at": 1.0},
    {"models": 3, "at": 6.0},
    {"compile": 30.0, "at": 36.0},
    *({"epoch": seconds, "models": 3, "at": 40.0} for seconds in (33.0, 1.0, 2.0, 3.0)),
    {"trained": 40.0, "at": 50.0},
    {"end": "the time was up"},
)


def test_what_a_training_has_said_becomes_a_row(rows, gpu):
    figures = gpu("gpu_experiments").Figures()
    for line in LINES:
        figures.add(line)
    same = {"part": "experiments", "experiment": "toy", "system": "mtl_aug"}
    rows.add(**same, **figures.summary(), done=3, seconds=70.0)
    assert figures.name == "toy_four"
    text = text_of(rows)
    line = "| toy, `mtl_aug` | 3 of 4 | 3 | 6 s | 30 s | 33 s | 2.00 s | 40 s | 70 s |"
    assert line in text
    assert "Not finished:\n\n- toy, mtl_aug: the time was up" in text
    assert not gpu("gpu_experiments").is_done(rows.find(**same))
    rows.add(**same, jobs=4, done=4, seconds=9.0, **blank())
    assert gpu("gpu_experiments").is_done(rows.find(**same))
    assert "Not finished" not in text_of(rows)


def blank():
    lists = {"groups": [], "compile": [], "trained": [], "epochs": 0}
    return {**lists, "before": None, "first_epoch": None, "epoch": None}


def test_a_group_size_per_system(gpu):
    size, parse = gpu("gpu_experiments").group_size, gpu("gpu").parse_options
    one = parse(["out", "--together", "7"])
    assert {size(one, name) for name in one.systems} == {7}
    two = parse(["out", "--systems", "a", "b", "c", "--together", "100", "25"])
    assert [size(two, name) for name in "abc"] == [100, 25, 25]


def test_only_finished_runs_count(gpu, tmp_path):
    for name in ("03-0", "03-1.partial", "08-0"):
        (tmp_path / "toy" / "mtl_aug" / name).mkdir(parents=True)
    for name in ("03-0", "03-1.partial"):
        (tmp_path / "toy" / "mtl_aug" / name / "metrics.json").write_text("{}")
    assert gpu("gpu_experiments").finished(tmp_path, "toy", "mtl_aug") == 1


def test_an_experiment_is_a_config_with_changes(gpu):
    specs = gpu("gpu_specs")
    text = "configs/toy.py,labels=four,name=toy_four"
    assert specs.parse(text) == ("configs/toy.py", ["labels=four", "name=toy_four"])
    assert specs.title(text) == "toy_four"
    assert specs.title("configs/toy.py") == "toy"
    assert specs.changes_of("configs/toy.py", False) == ["repeats=10"]
    assert specs.changes_of("configs/toy.py,repeats=3", True) == ["repeats=3"]


def test_the_experiments_are_loaded_with_their_changes(gpu):
    from keras_ser.experiments.experiment import load

    specs = gpu("gpu_specs")
    for text in (*specs.FULL, *specs.TINY):
        path, _ = specs.parse(text)
        config = load(path, {}, specs.changes_of(text, True))
        assert set(specs.SYSTEMS) <= set(config.systems)
        assert config.repeats == 2
    names = [load(specs.parse(t)[0], {}, specs.parse(t)[1]).name for t in specs.FULL]
    assert names == ["emodb_four", "ravdess_four"]


def test_archives_give_back_the_runs_that_a_folder_lacks(gpu, tmp_path):
    with zipfile.ZipFile(tmp_path / "toy.zip", "w") as archive:
        for name in ("03-0", "08-0"):
            archive.writestr(f"mtl_aug/{name}/metrics.json", "from the archive")
    kept = tmp_path / "runs" / "toy" / "mtl_aug" / "08-0"
    kept.mkdir(parents=True)
    (kept / "metrics.json").write_text("own")
    gpu("gpu_archives").unpack(tmp_path, tmp_path / "runs")
    assert (kept / "metrics.json").read_text() == "own"
    other = kept.with_name("03-0") / "metrics.json"
    assert other.read_text() == "from the archive"


def test_finished_runs_survive_packing_and_unpacking(gpu, tmp_path):
    archives, out, runs = gpu("gpu_archives"), tmp_path / "out", tmp_path / "runs"
    toy_runs.write(runs, toy_runs.predictions("mtl", "03", 0))
    archives.pack(out, runs)
    first = (out / "toy.zip").read_bytes()
    archives.unpack(out, tmp_path / "fresh")  # a machine without the runs
    toy_runs.write(tmp_path / "fresh", toy_runs.predictions("mtl", "08", 0))
    archives.pack(out, tmp_path / "fresh")
    assert (out / "toy.zip").read_bytes() != first
    archives.unpack(out, tmp_path / "again")
    found = sorted(path.name for path in (tmp_path / "again/toy/mtl").iterdir())
    assert found == ["03-0", "08-0"]


def test_without_finished_runs_nothing_is_packed(gpu, tmp_path):
    (tmp_path / "runs" / "toy" / "mtl_aug" / "03-0.partial").mkdir(parents=True)
    gpu("gpu_archives").pack(tmp_path / "out", tmp_path / "runs")
    gpu("gpu_archives").pack(tmp_path / "out", tmp_path / "absent")
    assert not (tmp_path / "out").exists()


# Processes


def told_by(gpu, monkeypatch, tmp_path, text, seconds):
    lines = gpu("gpu_lines")
    monkeypatch.setattr(lines.gpu_machine, "HERE", tmp_path)
    (tmp_path / "script.py").write_text(text)
    deadline = time.monotonic() + seconds
    environment = dict(os.environ)
    given = ("script.py", {"a": 1}, environment, subprocess.DEVNULL, deadline)
    return list(lines.lines_of(*given))


def test_lines_come_until_the_process_ends(gpu, monkeypatch, tmp_path):
    echo = "import sys; print(sys.argv[1])"
    told = told_by(gpu, monkeypatch, tmp_path, echo, 60)
    assert told == [{"a": 1}, {"end": ""}]
    failing = f"{echo}; sys.exit(3)"
    told = told_by(gpu, monkeypatch, tmp_path, failing, 60)
    assert told == [{"a": 1}, {"end": "its process ended with status 3"}]


def test_a_process_that_outlasts_its_time_is_stopped(gpu, monkeypatch, tmp_path):
    hanging = "import time; print('{}', flush=True); time.sleep(600)"
    started = time.monotonic()
    told = told_by(gpu, monkeypatch, tmp_path, hanging, 3)
    assert told[-1] == {"end": "the time was up"}
    assert time.monotonic() - started < 60


# With JAX

needs_jax = pytest.mark.skipif(not util.find_spec("jax"), reason="needs jax")


def python(*words, **environment):
    """Runs Python with the backend JAX; returns what it printed."""
    made = {**os.environ, "KERAS_BACKEND": "jax", "PYTHONPATH": str(BENCHMARKS)}
    done = subprocess.run(
        [sys.executable, *words],
        env={**made, **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@needs_jax
def test_flop_are_those_of_products_convolutions_and_loops(gpu):
    import jax

    by_products = gpu("flops").by_products
    left, right = np.ones((3, 4), np.float32), np.ones((4, 5), np.float32)

    def loop(matrix):
        step = lambda carry, _: (carry @ np.ones((4, 4), np.float32), None)  # noqa: E731
        return jax.lax.scan(step, matrix, None, length=7)[0]

    def convolve(image, kernel, stride):
        names = ("NHWC", "HWIO", "NHWC")
        return jax.lax.conv_general_dilated(
            image, kernel, (stride, stride), "SAME", dimension_numbers=names
        )

    image = np.ones((2, 8, 6, 3), np.float32)
    kernel = np.ones((3, 3, 3, 5), np.float32)
    count = lambda *given: by_products(jax.make_jaxpr(given[0])(*given[1:]))  # noqa: E731
    assert count(jax.numpy.matmul, left, right) == 2 * 3 * 4 * 5
    assert count(jax.jit(loop), left) == 7 * 2 * 3 * 4 * 4
    strided = lambda image, kernel: convolve(image, kernel, 2)  # noqa: E731
    expected = 2 * (2 * 4 * 3 * 5) * (3 * 3 * 3)
    assert count(strided, image, kernel) == expected


@needs_jax
def test_what_a_training_does_is_told():
    script = """
import json
import gpu_experiment_worker as worker
from keras_ser.together import trainer

class Toy(trainer.Trainer):
    members = (1, 2)

    def __init__(self):
        pass

def compile_and_check(self):
    trainer.check_memory("compiled", 2)

trainer.check_memory = lambda *given: None
trainer.Trainer._run_epoch = compile_and_check
trainer.Trainer.run = lambda self: self._run_epoch() or "outcomes"
worker.observe(lambda **line: print(json.dumps(line)))
assert Toy().run() == "outcomes"
"""
    lines = map(json.loads, python("-c", script).splitlines())
    names = [sorted(line) for line in lines]
    assert names == [["models"], ["compile"], ["epoch", "models"], ["trained"]]


@needs_jax
def test_what_is_observed_exists():
    script = """
from keras_ser.experiments import experiment
from keras_ser.together import trainer
print(experiment.run_jobs.__name__, trainer.check_memory.__name__)
print(trainer.Trainer.run.__name__, trainer.Trainer._run_epoch.__name__)
"""
    found = python("-c", script).split()
    assert found == ["run_jobs", "check_memory", "run", "_run_epoch"]


@needs_jax
@pytest.mark.slow
def test_a_tiny_setting_is_measured(tmp_path):
    setting = {"system": "baseline", "frames": 24, "batch": 4, "bands": 16}
    small = [["filters", [8, 8, 8]], ["kernels", [3, 3, 3]]]
    given = {"setting": {**setting, "arguments": small}, "rounds": 1}
    given["candidates"] = [["products", 2], ["grouped", 2]]
    script = BENCHMARKS / "gpu_together_worker.py"
    lines = python(script, json.dumps(given)).splitlines()
    alone, *others = map(json.loads, lines)
    assert [row["kind"] for row in others] == ["products", "grouped"]
    assert alone["rate"] > 0
    assert all(row["agrees"] and row["deviation"] < 1e-5 for row in others)
