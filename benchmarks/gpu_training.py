"""Second part of the GPU benchmark: training throughput of all implementations.

Each implementation runs in a process of its own, because Keras has one backend per
process. All of them prepare a batch at the same time. Then they train one after the
other, in rounds, so that a slow phase of the machine affects all of them.
"""

import json
import select
import subprocess
import sys
import time

import gpu_machine
import numpy as np
from gpu_rows import Rows

SCRIPT = gpu_machine.HERE / "gpu_worker.py"
FULL = {
    "settings": (  # the most important ones first, in case the time is up
        ("paper", "float32"),
        ("paper", "bfloat16"),
        ("small", "float32"),
        ("small", "bfloat16"),
        ("baseline", "float32"),
        ("baseline", "bfloat16"),
    ),
    "batches": (16, 32, 64),  # ascending, because JAX cannot reset its peak memory
    "shape": (752, 128),  # 7.5 s, padded to a multiple of 8
}
TINY = {
    "settings": (("small", "float32"), ("baseline", "bfloat16")),
    "batches": (2, 3),
    "shape": (24, 16),
}
LEAST_SECONDS = 25  # with less time left, no batch is begun
PREPARE_SECONDS = 100  # limit for a batch, most of which is compilation
ROUND_SECONDS = 0.4  # of a round of one implementation


def run(machine: gpu_machine.Machine, rows: Rows, deadline: float, options) -> None:
    """Measure one setting after the other until the time is up.

    The processes of the next setting start while the last batch of a setting is being
    prepared, so that their imports take no time.
    """
    sizes = TINY if options.tiny else FULL
    planned = plan(rows, sizes, options.settings)
    upcoming: dict[str, Worker] = {}
    for number, (setting, batches) in enumerate(planned, 1):
        workers = upcoming or make_workers(machine, setting, sizes, rows.log)
        for batch in batches:
            if batch == batches[-1]:
                upcoming = {}
                for following, _ in planned[number : number + 1]:
                    upcoming = make_workers(machine, following, sizes, rows.log)
            names = ("part", "network", "precision", "batch")
            same = dict(zip(names, ("training", *setting, batch), strict=True))
            if time.monotonic() < deadline - (0 if options.tiny else LEAST_SECONDS):
                rows.add_all(measure(workers, same, deadline, options))
            elif not rows.find(**same):
                rows.add(**same, implementation="all", problem="the time was up")
        for worker in workers.values():
            worker.stop()


def plan(rows: Rows, sizes: dict, only: str) -> list[tuple]:
    """The settings that are not measured without problems, each with its batches."""
    planned = []
    for network, precision in sizes["settings"]:
        same = {"part": "training", "network": network, "precision": precision}
        batches = [
            batch
            for batch in sizes["batches"]
            if only in f"{network} {precision} {batch}"
            and not is_measured(rows.find(**same, batch=batch))
        ]
        if batches:
            planned.append(((network, precision), batches))
    return planned


def is_measured(rows: list[dict]) -> bool:
    """Whether the last run that measured a batch had no problem."""
    last = [row for row in rows if row["run"] == rows[-1]["run"]]
    return bool(last) and not any("problem" in row for row in last)


def make_workers(machine, setting, sizes, log) -> dict[str, "Worker"]:
    """From the name of each implementation to its process."""
    words = (*setting, *sizes["shape"])
    made = {
        f"keras-{backend}": Worker(machine, backend, "keras", words, log)
        for backend in machine.backends
    }
    if "torch" in machine.backends:
        for kind in ("eager", "compiled"):
            made[f"torch-{kind}"] = Worker(machine, "torch", kind, words, log)
    return made


def measure(workers: dict, same: dict, deadline: float, options) -> list[dict]:
    """Rows of all implementations for one batch."""
    limit = min(deadline, time.monotonic() + PREPARE_SECONDS)
    for worker in workers.values():
        worker.send(prepare=same["batch"])
    found = {name: worker.receive(limit) for name, worker in workers.items()}
    rates: dict[str, list] = {name: [] for name in workers}
    for _ in range(options.rounds + 1):
        for name, worker in workers.items():
            if "problem" not in found[name]:
                found[name] |= worker.ask(deadline, seconds=ROUND_SECONDS)
                rates[name].append(found[name].get("rate"))
    # The first round is not counted.
    rows = [{**same, **summary(name, found[name], rates[name][1:])} for name in found]
    told = [f"{row['implementation']} {row.get('rate', '–')}" for row in rows]
    print(*list(same.values())[1:], *told, sep=", ", flush=True)
    return rows


def summary(name: str, told: dict, rates: list) -> dict:
    """The row of an implementation, without its setting."""
    if "problem" in told:
        return {"implementation": name, "problem": told["problem"]}
    return {
        "implementation": name,
        "rate": round(float(np.median(rates)), 2),
        "rounds": [round(rate, 2) for rate in rates],
        "warm_up": round(told["warm_up"], 2),
        "memory": told["memory"],
        "parameters": told["parameters"],
    }


class Worker:
    """The process of one implementation. After a failure, it is started again.

    Args:
        machine: The machine.
        backend: The Keras backend.
        implementation: `keras`, `eager` or `compiled`.
        words: The setting, for the command line.
        log: File for what the process prints.
    """

    def __init__(self, machine, backend: str, implementation: str, words, log):
        self.command = [sys.executable, SCRIPT, implementation, *map(str, words)]
        self.environment = machine.environment(backend)
        self.log = log
        self.process = None
        self._start()

    def _start(self) -> None:
        self.process = subprocess.Popen(
            self.command,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
            bufsize=1,
        )

    def send(self, **command) -> None:
        if self.process is None:
            self._start()
        try:
            self.process.stdin.write(json.dumps(command) + "\n")
        except BrokenPipeError:
            pass  # `receive` finds its end

    def receive(self, deadline: float) -> dict:
        """The answer to a command, or a problem."""
        left = max(0, deadline - time.monotonic())
        ready, _, _ = select.select([self.process.stdout], [], [], left)
        line = self.process.stdout.readline() if ready else ""
        if line:
            return json.loads(line)
        self.stop()
        return {"problem": "its process ended" if ready else "it did not end in time"}

    def ask(self, deadline: float, **command) -> dict:
        self.send(**command)
        return self.receive(deadline)

    def stop(self) -> None:
        if self.process is None:
            return
        self.process.kill()
        self.process.communicate()
        self.process = None
