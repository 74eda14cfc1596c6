"""Trains a packed experiment in a process of its own, and says how long what takes.

`benchmarks/gpu_experiments.py` starts it. Its argument is a JSON object with the
arguments of `keras_ser.run`. It prints JSON lines, which also have the seconds since
the start, `at`:

    {"experiment": "…", "jobs": 100}    its name and the number of its jobs
    {"models": 100}                     a group begins
    {"compile": 40.1}                   its training step is compiled
    {"epoch": 1.2, "models": 100}       an epoch, with its validation
    {"trained": 90.0}                   a group is trained, after that many seconds
    {"problem": "…"}                    the run ended with an error
"""

import importlib
import json
import os
import sys
import time
import traceback

import gpu_probe


def main() -> int:
    arguments = json.loads(sys.argv[1])
    started = time.perf_counter()
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # libraries print to the log

    def tell(**line):
        line["at"] = time.perf_counter() - started
        print(json.dumps(line), file=answers, flush=True)

    try:
        observe(tell)
        import keras_ser

        keras_ser.run(arguments.pop("config"), progress=False, **arguments)
    except Exception as error:
        traceback.print_exc()
        tell(problem=gpu_probe.describe_error(error))
    return 0


def observe(tell) -> None:
    """Tells what the trainings of this process do."""
    experiment = importlib.import_module("keras_ser.experiments.experiment")
    trainer = importlib.import_module("keras_ser.together.trainer")
    kind, clock = trainer.Trainer, {}
    run_jobs, check_memory = experiment.run_jobs, trainer.check_memory
    train, run_epoch = kind.run, kind._run_epoch

    def run_all(planned, *rest, **named):
        tell(experiment=planned[0].config.name, jobs=len(planned))
        return run_jobs(planned, *rest, **named)

    def check(compiled, *rest):
        tell(compile=time.perf_counter() - clock["epoch"])
        return check_memory(compiled, *rest)

    def run_group(self):
        tell(models=len(self.members))
        started = time.perf_counter()
        found = train(self)
        tell(trained=time.perf_counter() - started)
        return found

    def time_epoch(self):
        clock["epoch"] = time.perf_counter()
        run_epoch(self)
        tell(epoch=time.perf_counter() - clock["epoch"], models=len(self.members))

    experiment.run_jobs, trainer.check_memory = run_all, check
    kind.run, kind._run_epoch = run_group, time_epoch


if __name__ == "__main__":
    sys.exit(main())
