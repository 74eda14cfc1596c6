"""Training MTL-AUG against the same network in plain PyTorch.

All heads, batches of 16 utterances of 7.5 s, Adam; on a CPU one thread each. The number
of trained parameters is asserted equal. Ours also masks (there is no padding in these
batches) and keeps its metrics, the plain network does neither. The Keras backend is
KERAS_BACKEND's. Target: at least 0.7 times as fast on a CPU.

Command: python benchmarks/training.py [--preset paper] [--rounds 5] [--keep]
On a GPU: KERAS_BACKEND=jax python benchmarks/training.py --steps 20 [--compile]
    [--precision bfloat16]
Needs PyTorch.
Cost: preset `paper` on one thread about two minutes.
"""

import os
import time

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import keras
import numpy as np
import tables
import torch
from plain_torch import PlainMTLAug

from keras_ser.models import MTLAug
from keras_ser.models.mtl_aug import PRESETS

CLASSES = ("anger", "happiness", "neutral", "sadness")
TYPES = ("none", "speed", "specaugment", "mixup")
BATCH, FRAMES, BANDS = 16, 752, 128  # 7.5 s, padded to a multiple of 8


def main() -> None:
    parser = tables.parser(__doc__)
    parser.add_argument("--preset", default="paper", choices=sorted(PRESETS))
    parser.add_argument("--steps", type=int, default=2, help="a round")
    parser.add_argument(
        "--precision", default="float32", choices=("float32", "bfloat16")
    )
    parser.add_argument("--compile", action="store_true", help="torch.compile")
    parser.add_argument("--cpu-time", action="store_true", help="on a busy machine")
    options = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cpu":
        _one_thread()
    ours, our_count = keras_step(options)
    plain, plain_count = torch_step(options, device)
    assert our_count == plain_count, (our_count, plain_count)
    clock = time.process_time if options.cpu_time else time.perf_counter
    times = tables.interleaved({"ours": ours, "plain": plain}, options.rounds, clock)
    ratio = tables.ratio(times["ours"], times["plain"])
    rate = {
        name: options.steps * BATCH / np.median(seconds)
        for name, seconds in times.items()
    }
    table = tables.markdown(
        ["preset", "trained parameters", "ours, utterances/s", "PyTorch", "ratio"],
        [
            (
                options.preset,
                f"{our_count:,}",
                f"{rate['ours']:.1f}",
                f"{rate['plain']:.1f}",
                f"{ratio:.2f}",
            )
        ],
    )
    how = f"{keras.backend.backend()} on {device}, {options.precision}"
    how += ", PyTorch compiled" if options.compile else ", PyTorch eager"
    how += ", CPU time" if options.cpu_time else ""
    name = f"training_{options.preset}_{device}_{options.precision}"
    name += "_compiled" if options.compile else ""
    packages = ["keras", keras.backend.backend(), "torch"]
    tables.show(name, f"{table}\n\n{how}.", options, packages)


def _one_thread() -> None:
    from keras_ser import backend

    torch.set_num_threads(1)
    if keras.backend.backend() == "tensorflow":
        backend.set_threads(1)


def batch() -> tuple:
    """Features and labels of rows that all have every label."""
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
    """A function that trains ours for a round, and its trained parameters."""
    if options.precision == "bfloat16":
        keras.config.set_dtype_policy("mixed_bfloat16")
    model = MTLAug(CLASSES, TYPES, bands=BANDS, preset=options.preset)
    model.compile(keras.optimizers.Adam(1e-4), **model.objective())
    features, labels = batch()
    weights = {head: np.ones(BATCH, np.float32) for head in labels}
    count = sum(int(np.prod(each.shape)) for each in model.trainable_variables)

    def run():
        for _ in range(options.steps):
            model.train_on_batch(features, labels, weights)

    return run, count


def torch_step(options, device):
    """The same for the plain network."""
    sizes = PRESETS[options.preset]
    network = PlainMTLAug(len(CLASSES), len(TYPES), BANDS, **sizes).to(device)
    optimizer = torch.optim.Adam(
        [each for each in network.parameters() if each.requires_grad], 1e-4
    )
    arrays, targets = batch()
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
            loss.item()  # as ours, which hands its losses to the callbacks

    return run, network.trained()


if __name__ == "__main__":
    main()
