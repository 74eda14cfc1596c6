"""Seconds that `import keras_ser` takes, beyond starting Python.

Each round starts Python three times: with nothing, with `import keras_ser`, and with
`import keras` for comparison. Target: under 0.3 s.

Command: python benchmarks/import_time.py [--rounds 5] [--keep]
"""

import subprocess
import sys

import numpy as np
import tables

STATEMENTS = {
    "nothing": "pass",
    "keras_ser": "import keras_ser",
    "keras": "import keras",
}


def main() -> None:
    options = tables.parser(__doc__).parse_args()
    times = tables.interleaved(
        {name: _start(text) for name, text in STATEMENTS.items()}, options.rounds
    )
    bare = np.array(times["nothing"])
    rows = [
        (f"`import {name}`", f"{np.median(np.array(times[name]) - bare):.3f}")
        for name in ("keras_ser", "keras")
    ]
    table = tables.markdown(["statement", "seconds beyond starting Python"], rows)
    tables.show("import_time", table, options, ["keras", "tensorflow"])


def _start(statement: str):
    return lambda: subprocess.run(
        [sys.executable, "-c", statement], check=True, stderr=subprocess.DEVNULL
    )


if __name__ == "__main__":
    main()
