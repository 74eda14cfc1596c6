"""Time of the front-ends against plain librosa: `melspectrogram`, then the logarithm.

One thread on a CPU. `front_ends.LogMel` fills the package's feature cache; the layer,
as a TensorFlow graph, is what an exported model computes with, one wave at a time or
16. Each round times all of them on the same 16 waves of noise, so that a slow spell of
the machine meets all; times are CPU time (`time.process_time`), and the table has the
medians of the rounds. Half a minute.

    python benchmarks/log_mel.py [--rounds 5] [--seconds 4] [--keep]
"""

import functools
import os
import time

os.environ["OMP_NUM_THREADS"] = "1"  # before NumPy starts its threads
os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import librosa
import numpy as np
import tables
import tensorflow as tf

from keras_ser import audio, backend, layers
from keras_ser.features import front_ends

WAVES = 16
PLAIN = "librosa"


def by_librosa(wave):
    front_end = front_ends.LogMel()
    power = librosa.feature.melspectrogram(
        y=wave,
        sr=audio.RATE,
        n_fft=front_end.fft,
        win_length=round(front_end.window * audio.RATE),
        hop_length=round(front_end.hop * audio.RATE),
        window="hamming",
        n_mels=front_end.bands,
        fmin=front_end.fmin,
        fmax=front_end.fmax,
        pad_mode="constant",
    )
    return np.log(np.maximum(power, 1e-10))


def graph(transform):
    layer = layers.LogMel(transform=transform)
    signature = [tf.TensorSpec((None, None), tf.float32)]
    return tf.function(layer, input_signature=signature, autograph=False)


def candidates():
    """Name → function that turns all waves, `(16, samples)`, into features."""
    front_end = front_ends.LogMel()
    found = {
        PLAIN: lambda waves: [by_librosa(wave) for wave in waves],
        "`front_ends.LogMel`": lambda waves: [front_end(wave) for wave in waves],
    }
    for transform in ("fft", "matmul"):
        call = graph(transform)
        name = f'`layers.LogMel`, "{transform}"'
        found[f"{name}, 1 wave"] = lambda waves, call=call: [
            call(wave[None]).numpy() for wave in waves
        ]
        found[f"{name}, 16 waves"] = lambda waves, call=call: call(waves).numpy()
    return found


def main() -> None:
    parser = tables.parser(__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each wave")
    options = parser.parse_args()
    backend.set_threads(1)
    size = (WAVES, round(options.seconds * audio.RATE))
    waves = np.random.default_rng(0).normal(scale=0.1, size=size).astype("float32")
    runs = {name: functools.partial(f, waves) for name, f in candidates().items()}
    times = tables.interleaved(runs, options.rounds, time.process_time)
    rows = []
    for name, found in times.items():
        speed = WAVES * options.seconds / np.median(found)
        ratio = tables.ratio(found, times[PLAIN])
        rows.append((name, f"{speed / 60:.1f}", f"{ratio:.2f}"))
    header = ["front-end", "hours of speech a minute, one core", "times librosa's"]
    table = tables.markdown(header, rows)
    tables.show("log_mel", table, options, ["librosa", "numpy", "tensorflow"])


if __name__ == "__main__":
    main()
