"""Measures stacked models in a process of its own, a JSON line per row.

`benchmarks/gpu_together.py` starts it. Its argument is a JSON object: `setting` (the
arguments of `stacked_speech.Setting`), `candidates` (pairs of a kind and a number of
models) and `rounds`.
"""

import json
import os
import sys

import gpu_backend
import stacked
import stacked_rows
from stacked_speech import Setting


def main() -> None:
    told = json.loads(sys.argv[1])
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # libraries print to the log
    gpu_backend.allow_tf32()
    setting = Setting(**told["setting"])
    with setting.policy():
        kernel = gpu_backend.lstm_kernel()
    for row in stacked_rows.measure(setting, told["candidates"], told["rounds"]):
        if row["kind"] == stacked.ALONE:
            row["kernel"] = kernel
        print(json.dumps(row), file=answers, flush=True)


if __name__ == "__main__":
    main()
