"""CPU time of `keras-ser predict` for one file, by a model file and by an ONNX file.

Each is a process of its own, from start to end, in interleaved rounds. The model is
MTL-AUG (preset `small`) with random weights, and the file holds three seconds of noise.

Command: python benchmarks/predict_start.py [--rounds 5] [--keep]
Cost: two minutes.
"""

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import soundfile
import tables

from keras_ser import inference, models
from keras_ser.features import LogMel, Preprocessing
from keras_ser.inference import exporters

CLASSES = ("anger", "happiness", "neutral", "sadness")
KINDS = {"model.keras": "model file", "speech.onnx": "ONNX file"}
COMMAND = "import sys; from keras_ser.cli import entry; sys.argv[0] = ''; entry()"
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def write_models(folder: Path) -> None:
    front_end = LogMel()
    moments = np.zeros(front_end.dimensions), np.ones(front_end.dimensions)
    preprocessing = Preprocessing(front_end, CLASSES, 7.5, "train", *moments)
    model = models.MTLAug(CLASSES, preset="small")
    recogniser = inference.Recogniser(model, preprocessing)
    recogniser.save(folder / "model.keras")
    exporters.export_recogniser(recogniser, folder / "speech.onnx", "onnx")


def predict(model: Path, wave: Path) -> None:
    words = ["predict", str(model), str(wave)]
    subprocess.run([sys.executable, "-c", COMMAND, *words], check=True, **QUIET)


def cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    options = tables.make_parser(__doc__).parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_models(folder)
        wave = np.random.default_rng(0).normal(scale=0.1, size=48_000)
        soundfile.write(folder / "wave.wav", wave, 16_000)
        runs = {
            file: lambda file=file: predict(folder / file, folder / "wave.wav")
            for file in KINDS
        }
        times = tables.time_interleaved(runs, options.rounds, cpu_of_children)
    own = times["speech.onnx"]
    rows = [
        (what, f"{np.median(found):.2f}", f"{tables.median_ratio(own, found):.1f}")
        for (file, what), found in zip(KINDS.items(), times.values(), strict=True)
    ]
    header = ["`keras-ser predict` with a", "CPU s", "times that of ONNX"]
    packages = ("tensorflow", "onnxruntime", "pandas")
    tables.show("predict_start", tables.format_table(header, rows), options, packages)


if __name__ == "__main__":
    main()
