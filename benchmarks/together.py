"""Rows per second of models that train at the same time, against one model alone.

The models are `baseline` and `mtl_aug` in preset `small`, on batches of 16 rows of
noise with lengths like those of EMO-DB. Together, they run epochs of
`keras_ser.together`, with the assembly of their batches on the device. One model alone
makes the updates that Keras compiles for `fit`, on batches that are on the device
already. The columns are

    rows/s      of all models
    times       as fast as one model alone, the median over interleaved rounds
    GFLOP       of matrix products and convolutions per update; in brackets what XLA
                counts, with one iteration of each loop
    GFLOP/s     what this makes per second, and its share of what products of large
                matrices reach on this device
    memory      per model

Command: python benchmarks/together.py [--models 1 3 10 100] [--frames 752] [--keep]
Requires JAX, and neither TensorFlow nor a corpus. `benchmarks/gpu.sh OUT --parts
together` measures the same on a GPU.
Cost: about four minutes on two cores that do nothing else. A minute of it compiles.
"""

import argparse
import os
import sys

os.environ.setdefault("KERAS_BACKEND", "jax")

import stacked
import tables
from stacked_rows import measure
from stacked_speech import Setting

SYSTEMS = ("baseline", "mtl_aug")
HEADER = (
    *("", "rows/s", "times", "GFLOP per update", "GFLOP/s (share)"),
    *("compiled in", "memory per model"),
)


def main() -> int:
    options = parse_options()
    candidates = [(kind, n) for n in options.models for kind in options.kinds]
    rows = []
    for system in options.systems:
        setting = Setting(system, options.precision, options.frames)
        for row in measure(setting, candidates, options.rounds):
            print(*map(str, line_of(row)), sep=" | ", flush=True)
            rows.append(row)
    text = f"{table_of(rows)}\n\n{options.frames} frames, {options.precision}."
    tables.show("together", text, options, ["keras", "jax"])
    return int(any(not row.get("agrees", True) for row in rows))


def table_of(rows: list[dict]) -> str:
    """The table of rows from `measure`, and what did not run or agree."""
    table = tables.format_table(
        HEADER, [line_of(row) for row in rows if "problem" not in row]
    )
    told = [f"{name_of(row)}: {row['problem']}." for row in rows if "problem" in row]
    told += [
        f"{name_of(row)}: the loss deviates by {row['deviation']:.0e} from that of one "
        "model."
        for row in rows
        if not row.get("agrees", True)
    ]
    compared = [row["deviation"] for row in rows if "deviation" in row]
    if compared and len(told) == 0:
        told = [f"Losses agree with those of one model up to {max(compared):.0e}."]
    return "\n\n".join([table, *told])


def line_of(row: dict) -> tuple:
    """The cells of a row."""
    if "problem" in row:
        return name_of(row), row["problem"]
    reached = row["flop"] * row["rate"] / row["batch"]
    xla = f" ({row['xla_flop'] / 1e9:.1f})" if row["xla_flop"] else ""
    return (
        name_of(row),
        f"{row['rate']:.0f}",
        f"{row.get('times', 1):.2f}",
        f"{row['flop'] / 1e9:.1f}{xla}",
        f"{reached / 1e9:.0f} ({reached / row['bound']:.1%})",
        f"{row['compile']:.0f} s",
        f"{row['memory'] / 2**20:.0f} MiB",
    )


def name_of(row: dict) -> str:
    if row["kind"] == stacked.ALONE:
        return f"`{row['system']}`, one alone"
    return f"`{row['system']}`, {row['models']} together, {row['kind']}"


def parse_options() -> argparse.Namespace:
    parser = tables.make_parser(__doc__, rounds=3)
    parser.add_argument("--models", nargs="+", type=int, default=[1, 4])
    parser.add_argument(
        "--kinds", nargs="+", choices=stacked.KINDS, default=stacked.KINDS
    )
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=SYSTEMS)
    parser.add_argument(
        "--frames", type=int, default=304, help="of a batch; a window of 7.5 s has 752"
    )
    parser.add_argument(
        "--precision", default="float32", choices=("float32", "bfloat16")
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
