"""One implementation in a process of its own: prepares batches and trains in rounds.

`benchmarks/gpu_training.py` starts it. It reads commands as JSON lines from its input
and answers each with a line:

    {"prepare": 16}     builds and compiles for batches of 16 rows
    {"seconds": 0.5}    trains for a round of about half a second

A command that fails is answered with `{"problem": …}`. The process ends with its input.
"""

import json
import os
import sys
import time
import traceback

import gpu_backend
from gpu_networks import KerasTraining, Setting, TorchTraining
from gpu_probe import describe_error

STEPS = (2, 50)  # of a round, at least and at most


class Worker:
    """Answers commands for one setting of one implementation."""

    def __init__(self, implementation: str, setting: Setting):
        start = time.perf_counter()
        if implementation == "keras":
            self.training = KerasTraining(setting)
        else:
            self.training = TorchTraining(setting, implementation == "compiled")
        self.build_seconds = time.perf_counter() - start

    def answer(self, command: dict) -> dict:
        if "prepare" in command:
            return self.prepare(command["prepare"])
        return self.run(command["seconds"])

    def prepare(self, rows: int) -> dict:
        """Train for a few steps that are not counted, the first of which compiles."""
        self.rows, self.steps = rows, None
        gpu_backend.reset_peak_memory()
        self.training.use(rows)
        warm_up = self.build_seconds + self._time(STEPS[0])
        self.build_seconds = 0.0  # of the first batch only
        return {"warm_up": warm_up, "parameters": self.training.count()}

    def run(self, seconds: float) -> dict:
        """Train for about as long."""
        if self.steps is None:
            step = self._time(STEPS[0]) / STEPS[0]
            self.steps = int(min(max(seconds / step, STEPS[0]), STEPS[1]))
        taken = self._time(self.steps)
        memory = gpu_backend.peak_memory()
        return {"rate": self.rows * self.steps / taken, "memory": memory}

    def _time(self, steps: int) -> float:
        start = time.perf_counter()
        self.training.train(steps)
        return time.perf_counter() - start


def main() -> None:
    implementation, *words = sys.argv[1:]
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # libraries print to the log
    network, precision, frames, bands = words
    setting = Setting(network, precision, int(frames), int(bands))
    worker = None
    for line in sys.stdin:
        try:
            worker = worker or Worker(implementation, setting)
            told = worker.answer(json.loads(line))
        except Exception as error:
            traceback.print_exc()
            told = {"problem": describe_error(error)}
        print(json.dumps(told), file=answers, flush=True)


if __name__ == "__main__":
    main()
