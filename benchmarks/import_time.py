"""Seconds that `import keras_ser` takes, beyond starting Python.

Each round starts Python with nothing and with `import keras_ser`, one after the other;
the figure is the median of the rounds' differences. Target: under 0.3 s.

Command: python benchmarks/import_time.py [--rounds 15] [--keep]
"""

import subprocess
import sys

import numpy as np
import tables

STATEMENTS = {"nothing": "pass", "keras_ser": "import keras_ser"}


def main() -> None:
    options = tables.parser(__doc__, rounds=15).parse_args()
    runs = {name: _start(text) for name, text in STATEMENTS.items()}
    times = tables.interleaved(runs, options.rounds)
    more = np.median(np.subtract(times["keras_ser"], times["nothing"]))
    rows = [("`import keras_ser`", f"{more:.3f}")]
    table = tables.markdown(["statement", "seconds beyond starting Python"], rows)
    tables.show("import_time", table, options)


def _start(statement: str):
    return lambda: subprocess.run(
        [sys.executable, "-c", statement], check=True, stderr=subprocess.DEVNULL
    )


if __name__ == "__main__":
    main()
