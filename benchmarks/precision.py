"""Time of a training step in mixed_bfloat16 compared with float32.

One CPU thread, TensorFlow, preset `small`, on batches of 16 utterances with lengths
like EMO-DB's or RAVDESS's. Each round times both steps once. The table shows the median
CPU times. Whether bfloat16 gains depends on the processor: the line below the table
says whether it has instructions for it.

Command: python benchmarks/precision.py [--rounds 7] [--keep]
"""

import os
import time
from pathlib import Path

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import keras
import numpy as np
import packing
import tables

from keras_ser import backend

POLICIES = ("float32", "mixed_bfloat16")
INSTRUCTIONS = ("avx512_bf16", "amx_bf16")


def step(policy: str, arguments: dict, features: np.ndarray):
    """A training step of a network that is built under a policy."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        return packing.step(arguments, features, packed=True)
    finally:
        keras.config.set_dtype_policy(before)


def describe_instructions() -> str:
    path = Path("/proc/cpuinfo")
    flags = path.read_text().split() if path.exists() else []
    found = [each for each in INSTRUCTIONS if each in flags]
    return f"Instructions for bfloat16: {', '.join(found) or 'none'}."


def main() -> None:
    options = tables.make_parser(__doc__, rounds=7).parse_args()
    options.note = f"{describe_instructions()} {options.note}".strip()
    backend.set_threads(1)
    rng = np.random.default_rng(0)
    rows = []
    for lengths in ("EMO-DB", "RAVDESS"):
        features = packing.batch(rng, packing.SECONDS[lengths])
        for name, arguments in packing.MODELS.items():
            runs = {each: step(each, arguments, features) for each in POLICIES}
            times = tables.time_interleaved(runs, options.rounds, time.process_time)
            medians = [f"{1e3 * np.median(times[each]):.0f}" for each in POLICIES]
            ratio = tables.median_ratio(times["mixed_bfloat16"], times["float32"])
            rows.append((f"{name}, lengths of {lengths}", *medians, f"{ratio:.2f}"))
    header = ["step", "float32, ms of CPU time", "mixed_bfloat16", "ratio"]
    table = tables.format_table(header, rows)
    tables.show("precision", table, options, ["keras", "tensorflow"])


if __name__ == "__main__":
    main()
