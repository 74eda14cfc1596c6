"""Time of the front-ends compared with librosa's `melspectrogram` and a logarithm.

One CPU thread. `front_ends.LogMel` fills the package's feature cache. `layers.LogMel`
is the layer of exported models; it runs as a TensorFlow graph, on one wave or on 16
waves at a time. Each round times all of them on the same 16 waves of noise, so that a
slow phase of the machine affects all. Times are CPU times (`time.process_time`), and
the table shows their medians over the rounds.

Command: python benchmarks/log_mel.py [--rounds 5] [--seconds 4] [--keep]
Cost: half a minute.
"""

import functools
import os
import time

os.environ["OMP_NUM_THREADS"] = "1"  # set before NumPy starts its threads
os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import librosa
import numpy as np
import tables
import tensorflow as tf

from keras_ser import audio, backend, layers
from keras_ser.features import front_ends

WAVES = 16
LIBROSA = "librosa"


def librosa_log_mel(wave):
    front_end = front_ends.LogMel()
    power = librosa.feature.melspectrogram(
        y=wave,
        sr=audio.RATE,
        n_fft=front_end.n_fft,
        win_length=round(front_end.window_seconds * audio.RATE),
        hop_length=round(front_end.hop_seconds * audio.RATE),
        window="hamming",
        n_mels=front_end.dimensions,
        fmin=front_end.fmin,
        fmax=front_end.fmax,
        pad_mode="constant",
    )
    return np.log(np.maximum(power, 1e-10))


def make_graph(transform):
    """The layer as a TensorFlow graph for waves of any number and length."""
    layer = layers.LogMel(transform=transform)
    signature = [tf.TensorSpec((None, None), tf.float32)]
    return tf.function(layer, input_signature=signature, autograph=False)


def candidates():
    """From name to a function that turns 16 waves, `(16, samples)`, into features."""
    front_end = front_ends.LogMel()
    found = {
        LIBROSA: lambda waves: [librosa_log_mel(wave) for wave in waves],
        "`front_ends.LogMel`": lambda waves: [front_end(wave) for wave in waves],
    }
    for transform in ("fft", "matmul"):
        call = make_graph(transform)
        name = f'`layers.LogMel`, "{transform}"'
        found[f"{name}, 1 wave"] = lambda waves, call=call: [
            call(wave[None]).numpy() for wave in waves
        ]
        found[f"{name}, 16 waves"] = lambda waves, call=call: call(waves).numpy()
    return found


def main() -> None:
    parser = tables.make_parser(__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="length of a wave")
    options = parser.parse_args()
    backend.set_threads(1)
    size = (WAVES, round(options.seconds * audio.RATE))
    waves = np.random.default_rng(0).normal(scale=0.1, size=size).astype("float32")
    runs = {name: functools.partial(f, waves) for name, f in candidates().items()}
    times = tables.time_interleaved(runs, options.rounds, time.process_time)
    rows = []
    for name, found in times.items():
        speed = WAVES * options.seconds / np.median(found)
        ratio = tables.median_ratio(found, times[LIBROSA])
        rows.append((name, f"{speed / 60:.1f}", f"{ratio:.2f}"))
    header = ["front-end", "hours of speech per minute, one core", "times librosa's"]
    table = tables.format_table(header, rows)
    tables.show("log_mel", table, options, ["librosa", "numpy", "tensorflow"])


if __name__ == "__main__":
    main()
