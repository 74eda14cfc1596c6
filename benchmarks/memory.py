"""Memory of training on 500 and on 5,000 utterances, and of predictions for an hour.

Each training runs in its own process with the same number of steps. It reports the
largest anonymous resident memory after its first epoch (RssAnon in /proc, on Linux
only). Target: the two differ by less than 10 %.

`--predict` measures `Recogniser.predict` with windows of 3 s every second instead. It
reports the largest resident memory of the process (getrusage) above that of the loaded
model. The first use of TensorFlow and librosa is included, as the row with ten seconds
of sound shows. Target: at most 300 MB for an hour.

Command: python benchmarks/memory.py [--predict] [--steps 40] [--keep]
Cost: five minutes, and 0.4 GB in a temporary folder (0.8 GB with `--predict`).
"""

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import tables

COUNTS = (500, 5000)
SECONDS = 1.0  # of an utterance; the memory per utterance does not depend on its length
EPOCHS = 4
SOUNDS = {  # seconds, sample rate, channels
    "10 s, 16 kHz, mono": (10, 16_000, 1),
    "1 h, 16 kHz, mono": (3600, 16_000, 1),
    "1 h, 44.1 kHz, stereo": (3600, 44_100, 2),
}
NORMALISATIONS = ("train", "utterance")


def main() -> None:
    parser = tables.make_parser(__doc__, rounds=1)
    parser.add_argument("--steps", type=int, default=40, help="updates per epoch")
    parser.add_argument(
        "--train", type=int, help="utterances (used by the child processes)"
    )
    parser.add_argument("--cache", help="folder (used by the child processes)")
    parser.add_argument("--predict", action="store_true", help="measure predictions")
    parser.add_argument(
        "--sound", help="audio file (used by the child processes)", type=Path
    )
    parser.add_argument("--normalise", help="(used by the child processes)")
    options = parser.parse_args()
    if options.sound:
        print(measure_prediction(options.sound, options.normalise))
        return
    if options.predict:
        show_predictions(options)
        return
    if options.train:
        print(measure_training(options.cache, options.train, options.steps))
        return
    with tempfile.TemporaryDirectory() as folder:
        found = {count: run_training(folder, count, options) for count in COUNTS}
    small, large = (found[count] for count in COUNTS)
    rows = [(f"{count:,}", f"{found[count] / 1024:.0f}") for count in COUNTS]
    table = tables.format_table(["utterances", "RssAnon, MiB"], rows)
    table = f"{table}\n\nDifference {100 * (large / small - 1):+.1f} %."
    tables.show("memory", table, options, ["keras", "tensorflow"])


def run_training(folder, count, options) -> int:
    """Measure one training in a process of its own; returns KiB."""
    command = [sys.executable, __file__, "--train", str(count), "--cache", folder]
    command += ["--steps", str(options.steps)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return int(done.stdout.split()[-1])


def measure_training(folder, count: int, steps: int) -> int:
    """Train here; returns the largest RssAnon after the first epoch in KiB."""
    import corpus
    import keras

    from keras_ser import backend
    from keras_ser.data import Pipeline
    from keras_ser.models import MTLAug

    backend.set_threads(1)
    fold = corpus.make_fold(count, SECONDS)
    store = corpus.make_store(folder, fold.sides().values())
    data = Pipeline(fold, store, augment=corpus.AUGMENT, progress=False)
    model = MTLAug(fold.classes, data.types, preset="small")
    model.compile(keras.optimizers.Adam(1e-3), **model.objective())
    seen = []
    model.fit(
        data.train(0, 10**6),
        steps_per_epoch=steps,
        epochs=EPOCHS,
        validation_data=data.dev(),
        callbacks=[
            keras.callbacks.LambdaCallback(
                on_epoch_end=lambda epoch, logs: seen.append(anonymous_memory())
            )
        ],
        verbose=0,
    )
    return max(seen[1:])


def show_predictions(options) -> None:
    """Measure predictions for each sound and normalisation."""
    rows = []
    for name, (seconds, rate, channels) in SOUNDS.items():
        with tempfile.TemporaryDirectory() as folder:
            path = write_sound(Path(folder) / "sound.wav", seconds, rate, channels)
            rows.append(
                [name, *(run_prediction(path, each) for each in NORMALISATIONS)]
            )
    header = ["sound", *(f"normalise={each!r}, MB" for each in NORMALISATIONS)]
    table = tables.format_table(header, rows)
    tables.show("memory_predict", table, options, ["keras", "tensorflow", "librosa"])


def write_sound(path: Path, seconds: int, rate: int, channels: int) -> Path:
    """Write noise whose level changes every second."""
    import numpy as np
    import soundfile

    rng = np.random.default_rng(0)
    with soundfile.SoundFile(path, "w", rate, channels) as file:
        for _ in range(seconds):
            level = 10 ** rng.uniform(-3, -1)
            file.write(rng.normal(scale=level, size=(rate, channels)))
    return path


def run_prediction(path: Path, normalise: str) -> int:
    """Measure one prediction in a process of its own; returns MB."""
    command = [sys.executable, __file__, "--sound", str(path), "--normalise", normalise]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return int(done.stdout.split()[-1])


def measure_prediction(path: Path, normalise: str) -> int:
    """Predict here; returns the largest memory above that of the model in MB."""
    import numpy as np

    import keras_ser as ser

    classes, front_end = ("anger", "neutral", "sadness"), ser.LogMel()
    moments = np.full(front_end.dimensions, -8.0), np.full(front_end.dimensions, 3.0)
    model = ser.models.MTLAug(classes, dimensions=front_end.dimensions)
    preprocessing = ser.Preprocessing(front_end, classes, 7.5, normalise, *moments)
    recogniser = ser.Recogniser(model, preprocessing)
    before = int(Path("/proc/self/statm").read_text().split()[1])
    recogniser.predict(path, window=3.0, hop=1.0)
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # KiB
    return round((largest * 1024 - before * resource.getpagesize()) / 1e6)


def anonymous_memory() -> int:
    """Anonymous resident memory of this process in KiB."""
    with open("/proc/self/status") as status:
        (line,) = (line for line in status if line.startswith("RssAnon"))
    return int(line.split()[1])


if __name__ == "__main__":
    main()
