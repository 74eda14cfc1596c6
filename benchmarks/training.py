"""Speed of training MTL-AUG compared with the same network in plain PyTorch.

Both train all heads with Adam on batches of 16 utterances of 7.5 s; on a CPU, each uses
one thread. Both must have the same number of trained parameters. This package's model
also applies masks (although these batches have no padding) and updates its metrics,
which the plain network does not. KERAS_BACKEND names the Keras backend. Target: at
least 0.7 times as fast on a CPU.

Command: python benchmarks/training.py [--preset paper] [--rounds 5] [--keep]
Requires PyTorch. `benchmarks/gpu.sh` is the same comparison on a GPU.
Cost: about two minutes for preset `paper` on one thread.
"""

import os
import time

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

# Before TensorFlow: the libraries of triton crash if they are loaded after it.
import torch._dynamo  # isort: skip

import keras
import numpy as np
import tables
import torch
from plain_torch import PlainMTLAug

from keras_ser.models import MTLAug
from keras_ser.models.presets import PRESETS

CLASSES = ("anger", "happiness", "neutral", "sadness")
TYPES = ("none", "speed", "specaugment", "mixup")
BATCH, FRAMES, BANDS = 16, 752, 128  # 7.5 s, padded to a multiple of 8


def main() -> None:
    parser = tables.make_parser(__doc__)
    parser.add_argument("--preset", default="paper", choices=sorted(PRESETS))
    parser.add_argument("--steps", type=int, default=2, help="steps per round")
    parser.add_argument(
        "--precision", default="float32", choices=("float32", "bfloat16")
    )
    parser.add_argument("--compile", action="store_true", help="use torch.compile")
    parser.add_argument("--cpu-time", action="store_true", help="for busy machines")
    options = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cpu":
        _one_thread()
    ours, our_count = keras_step(options)
    theirs, their_count = torch_step(options, device)
    assert our_count == their_count, (our_count, their_count)
    clock = time.process_time if options.cpu_time else time.perf_counter
    times = tables.time_interleaved(
        {"ours": ours, "PyTorch": theirs}, options.rounds, clock
    )
    ratio = tables.median_ratio(times["ours"], times["PyTorch"])
    rate = {
        name: options.steps * BATCH / np.median(seconds)
        for name, seconds in times.items()
    }
    table = tables.format_table(
        ["preset", "trained parameters", "ours, utterances/s", "PyTorch", "ratio"],
        [
            (
                options.preset,
                f"{our_count:,}",
                f"{rate['ours']:.1f}",
                f"{rate['PyTorch']:.1f}",
                f"{ratio:.2f}",
            )
        ],
    )
    setup = f"{keras.backend.backend()} on {device}, {options.precision}"
    setup += ", PyTorch compiled" if options.compile else ", PyTorch eager"
    setup += ", CPU time" if options.cpu_time else ""
    name = f"training_{options.preset}_{device}_{options.precision}"
    name += "_compiled" if options.compile else ""
    packages = ["keras", keras.backend.backend(), "torch"]
    tables.show(name, f"{table}\n\n{setup}.", options, packages)


def _one_thread() -> None:
    from keras_ser import backend

    torch.set_num_threads(1)
    if keras.backend.backend() == "tensorflow":
        backend.set_threads(1)


def make_batch() -> tuple:
    """Features and labels; every row has every label."""
    random = np.random.default_rng(0)
    features = random.standard_normal((BATCH, FRAMES, BANDS), dtype=np.float32)
    emotion = np.eye(len(CLASSES), dtype=np.float32)[np.arange(BATCH) % len(CLASSES)]
    kind = np.eye(len(TYPES), dtype=np.float32)[np.arange(BATCH) % len(TYPES)]
    labels = {
        "emotion": emotion,
        "center": emotion,
        "augmentation": kind,
        "reconstruction": features,
    }
    return features, labels


def keras_step(options):
    """A function that trains this package's model, and its number of parameters."""
    if options.precision == "bfloat16":
        keras.config.set_dtype_policy("mixed_bfloat16")
    sizes = {"dimensions": BANDS, "preset": options.preset}
    model = MTLAug(CLASSES, TYPES, **sizes, normalisation="batch")  # as in PyTorch
    model.compile(keras.optimizers.Adam(1e-4), **model.objective())
    features, labels = make_batch()
    weights = {head: np.ones(BATCH, np.float32) for head in labels}
    count = sum(int(np.prod(each.shape)) for each in model.trainable_variables)

    def run():
        for _ in range(options.steps):
            model.train_on_batch(features, labels, weights)

    return run, count


def torch_step(options, device):
    """A function that trains the plain network, and its number of parameters."""
    sizes = {name: PRESETS[options.preset][name] for name in ("filters", "kernels")}
    network = PlainMTLAug(len(CLASSES), len(TYPES), BANDS, **sizes).to(device)
    optimizer = torch.optim.Adam(
        [each for each in network.parameters() if each.requires_grad], 1e-4
    )
    arrays, targets = make_batch()
    half = options.precision == "bfloat16"
    loss_of = torch.compile(network.loss) if options.compile else network.loss

    def run():
        for _ in range(options.steps):
            features = torch.from_numpy(arrays).to(device)
            labels = {k: torch.from_numpy(v).to(device) for k, v in targets.items()}
            optimizer.zero_grad()
            with torch.autocast(device, torch.bfloat16, enabled=half):
                loss = loss_of(features, labels)
            loss.backward()
            optimizer.step()
            loss.item()  # like Keras, which passes the losses to callbacks

    return run, network.count_trained()


if __name__ == "__main__":
    main()
