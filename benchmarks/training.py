"""Speed of training MTL-AUG compared with the same network in plain PyTorch.

All train all heads with Adam in batches of 16, on one CPU thread, and must have the
same number of trained parameters. There are two settings:

- `full`: windows of 7.5 s without padding. This package applies its masks nevertheless,
  and updates its metrics, which the others do not.
- `EMO-DB`: four batches with the lengths of EMO-DB. This package gets them as they are
  drawn, as its pipeline draws them, and packs them.

The rivals:

- `PyTorch`: the network as one writes it. It takes padding for speech.
- `PyTorch, tuned`: channels last, fused Adam, and the decoder's last layer as a
  sub-pixel convolution.
- `PyTorch, masked`: that, with masks and packed LSTMs, for padded batches.
- `PyTorch, masked, by length`: that, on the same utterances in batches of similar
  length.

With `--compile`, each of them also with `torch.compile`. The last line has the ratio to
the fastest rival of the setting that computes the same; `PyTorch` and
`PyTorch, tuned` do not at the lengths of EMO-DB, and are left out there.

Command: python benchmarks/training.py [--preset paper] [--rounds 5] [--keep]
Requires PyTorch. `benchmarks/gpu.sh` is the same comparison on a GPU.
Cost: about five minutes for preset `small`, 20 for `paper`.
"""

import argparse
import os
import time
from collections.abc import Callable

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

# Before TensorFlow: the libraries of triton crash if they are loaded after it.
import torch._dynamo  # isort: skip

import keras
import numpy as np
import packing
import tables
import torch
from plain_torch import MaskedMTLAug, PlainMTLAug

from keras_ser import backend
from keras_ser.models import MTLAug
from keras_ser.models.presets import PRESETS

CLASSES = ("anger", "happiness", "neutral", "sadness")
TYPES = ("none", "speed", "specaugment", "mixup")
BATCH, FRAMES, BANDS = 16, 752, 128  # 7.5 s, padded to a multiple of 8
BATCHES = {"full": 1, "EMO-DB": 4}
CLOCKS = {"cpu": time.process_time, "wall": time.perf_counter}
OURS = "this package"


def main() -> None:
    options = parse_options()
    torch.set_num_threads(1)
    if keras.backend.backend() == "tensorflow":
        backend.set_threads(1)
    rows, counts = [], set()
    for lengths, count in BATCHES.items():
        batches = make_batches(lengths, count)
        candidates = {OURS: keras_training(batches, options)}
        candidates |= rivals(lengths, batches, options)
        counts |= {trained for _, trained in candidates.values()}
        runs = {name: run for name, (run, _) in candidates.items()}
        times = tables.time_interleaved(runs, options.rounds, CLOCKS[options.clock])
        rows += describe(lengths, times, BATCH * count)
    (trained,) = counts  # all have the same number of parameters
    header = ["network", "utterances/s", "ratio of this package"]
    setup = f"Preset `{options.preset}`, {trained:,} trained parameters, "
    setup += f"{options.precision}, {options.clock} time, {keras.backend.backend()}."
    text = f"{tables.format_table(header, rows)}\n\n{setup}"
    packages = ["keras", keras.backend.backend(), "torch"]
    tables.show(
        f"training_{options.preset}_cpu_{options.precision}", text, options, packages
    )


def parse_options() -> argparse.Namespace:
    parser = tables.make_parser(__doc__)
    parser.add_argument("--preset", default="paper", choices=sorted(PRESETS))
    parser.add_argument(
        "--precision", default="float32", choices=("float32", "bfloat16")
    )
    parser.add_argument("--compile", action="store_true", help="also torch.compile")
    parser.add_argument("--clock", default="cpu", choices=CLOCKS)
    return parser.parse_args()


def describe(lengths: str, times: dict[str, list], utterances: int) -> list[list[str]]:
    """A row per network, and one for the fastest rival."""
    ratios = {
        name: tables.median_ratio(times[OURS], times[name])
        for name in times
        if name != OURS
    }
    rows = [
        [
            f"{lengths}: {name}",
            f"{utterances / np.median(seconds):.1f}",
            f"{ratios[name]:.2f}" if name in ratios else "",
        ]
        for name, seconds in times.items()
    ]
    strongest = min(ratios, key=ratios.get)
    return [*rows, [f"{lengths}: fastest rival", "", f"**{ratios[strongest]:.2f}**"]]


def make_batches(lengths: str, count: int) -> list[np.ndarray]:
    """Random features, padded to a multiple of 8 frames."""
    rng = np.random.default_rng(0)
    if lengths == "full":
        shape = (count, BATCH, FRAMES, BANDS)
        return list(rng.standard_normal(shape, dtype=np.float32))
    drawn = [packing.batch(rng, packing.SECONDS[lengths]) for _ in range(count)]
    return [_pad(each) for each in drawn]


def _pad(features: np.ndarray) -> np.ndarray:
    return np.pad(features, [(0, 0), (0, -features.shape[1] % 8), (0, 0)])


def by_length(batches: list[np.ndarray]) -> list[np.ndarray]:
    """The same utterances in batches of similar length."""
    rows = [row[: count_frames(row)] for batch in batches for row in batch]
    rows = sorted(rows, key=len)
    made = []
    for first in range(0, len(rows), BATCH):
        own = rows[first : first + BATCH]
        made.append(np.zeros((BATCH, len(own[-1]), BANDS), np.float32))
        for place, row in zip(made[-1], own, strict=True):
            place[: len(row)] = row
    return [_pad(each) for each in made]


def count_frames(features: np.ndarray) -> np.ndarray:
    """The number of frames of an utterance, or of each utterance in a batch."""
    speech = np.any(features, axis=-1)
    return speech.shape[-1] - np.argmax(speech[..., ::-1], axis=-1)


def make_labels(features: np.ndarray) -> dict[str, np.ndarray]:
    """Every row has every label."""
    emotion = np.eye(len(CLASSES), dtype=np.float32)[np.arange(BATCH) % len(CLASSES)]
    kind = np.eye(len(TYPES), dtype=np.float32)[np.arange(BATCH) % len(TYPES)]
    labels = {"emotion": emotion, "center": emotion, "augmentation": kind}
    return {**labels, "reconstruction": features}


def keras_training(batches, options) -> tuple[Callable, int]:
    """A function that trains this package's model, and its number of parameters."""
    if options.precision == "bfloat16":
        keras.config.set_dtype_policy("mixed_bfloat16")
    sizes = {"dimensions": BANDS, "preset": options.preset}
    model = MTLAug(CLASSES, TYPES, **sizes, normalisation="batch")  # as in PyTorch
    model.compile(keras.optimizers.Adam(1e-4), **model.objective())
    labels = [make_labels(each) for each in batches]
    weights = {head: np.ones(BATCH, np.float32) for head in labels[0]}
    count = sum(int(np.prod(each.shape)) for each in model.trainable_variables)

    def run():
        for features, own in zip(batches, labels, strict=True):
            model.train_on_batch(features, own, weights)

    return run, count


def rivals(lengths: str, batches, options) -> dict[str, tuple[Callable, int]]:
    """Functions that train the rivals, and their numbers of parameters, by name."""
    if lengths == "full":
        kinds = {
            "PyTorch": (PlainMTLAug, batches, False),
            "PyTorch, tuned": (PlainMTLAug, batches, True),
        }
    else:
        kinds = {
            "PyTorch, masked": (MaskedMTLAug, batches, True),
            "PyTorch, masked, by length": (MaskedMTLAug, by_length(batches), True),
        }
    made = {}
    for name, (kind, own, tuned) in kinds.items():
        made[name] = torch_training(kind, own, tuned, False, options)
        if options.compile:
            compiled = torch_training(kind, own, tuned, True, options)
            made[f"{name}, compiled"] = compiled
    return made


def torch_training(kind, batches, tuned, compiled, options) -> tuple[Callable, int]:
    """A function that trains a network of PyTorch, and its number of parameters."""
    sizes = {name: PRESETS[options.preset][name] for name in ("filters", "kernels")}
    network = kind(len(CLASSES), len(TYPES), BANDS, **sizes)
    network = network.speed_up() if tuned else network
    trained = [each for each in network.parameters() if each.requires_grad]
    optimizer = torch.optim.Adam(trained, 1e-4, fused=tuned)
    loss_of = torch.compile(network.loss) if compiled else network.loss
    half = options.precision == "bfloat16"
    lengths = [count_frames(each) for each in batches]
    is_masked = kind is MaskedMTLAug

    def run():
        for arrays, frames in zip(batches, lengths, strict=True):
            features = torch.from_numpy(arrays)
            labels = {k: torch.from_numpy(v) for k, v in make_labels(arrays).items()}
            known = {"lengths": torch.from_numpy(frames)} if is_masked else {}
            optimizer.zero_grad()
            with torch.autocast("cpu", torch.bfloat16, enabled=half):
                loss = loss_of(features, labels, **known)
            loss.backward()
            optimizer.step()
            loss.item()  # like Keras, which passes the losses to callbacks

    return run, network.count_trained()


if __name__ == "__main__":
    main()
