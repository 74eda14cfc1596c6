"""Time that `import keras_ser` takes in addition to starting Python.

Each round starts Python twice: with an empty program and with `import keras_ser`. The
result is the median difference over the rounds. Target: less than 0.3 s.

Command: python benchmarks/import_time.py [--rounds 15] [--keep]
"""

import subprocess
import sys

import numpy as np
import tables

STATEMENTS = {"empty": "pass", "keras_ser": "import keras_ser"}


def main() -> None:
    options = tables.make_parser(__doc__, rounds=15).parse_args()
    runs = {name: _start(text) for name, text in STATEMENTS.items()}
    times = tables.time_interleaved(runs, options.rounds)
    more = np.median(np.subtract(times["keras_ser"], times["empty"]))
    rows = [("`import keras_ser`", f"{more:.3f}")]
    table = tables.format_table(["statement", "seconds beyond starting Python"], rows)
    tables.show("import_time", table, options)


def _start(statement: str):
    return lambda: subprocess.run(
        [sys.executable, "-c", statement], check=True, stderr=subprocess.DEVNULL
    )


if __name__ == "__main__":
    main()
