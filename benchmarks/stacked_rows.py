"""Measures stacked models against one model alone: a row as soon as it is known."""

import dataclasses
from collections.abc import Iterable, Iterator

import flops
import gpu_probe
import jax
import numpy as np
import stacked
import tables
from stacked_speech import Setting

from keras_ser.together.memory import TooManyModels

ROUND_SECONDS = 1.0
SLOW_SECONDS = 4.0  # what takes longer is measured in one round
MAX_STEPS = 32  # about those of an epoch of EMO-DB
ON_ACCELERATORS = 16  # steps, at least
TOLERANCES = {"float32": 1e-3, "bfloat16": 3e-2}  # of losses


def measure(
    setting: Setting, candidates: Iterable[tuple[str, int]], rounds: int
) -> Iterator[dict]:
    """Measures candidates one after the other, each interleaved with one model alone.

    Args:
        setting: What is trained.
        candidates: Pairs of a kind (see `stacked.KINDS`) and a number of models.
        rounds: The number of rounds of about a second.

    Yields:
        A row for one model alone, then a row per candidate, as JSON values. The row of
        a candidate that fails has a `problem` instead of figures. If its models are
        too many for the memory, as many as fit are measured too.
    """
    with setting.policy():
        work = stacked.Work(setting)
        alone = stacked.Alone(work, 2)
        same = {
            **dataclasses.asdict(setting),
            "flop": work.flop(),
            "bound": flops.bound(setting.precision),
        }
        del same["arguments"]
        row = {**same, "kind": stacked.ALONE, "models": 1, **_told(alone)}
        yield row | _alone(alone, rounds, setting.batch)
        for kind, models in candidates:
            yield from _candidate(work, alone, same, kind, models, rounds)


def _candidate(work, alone, same: dict, kind: str, models: int, rounds: int):
    """The row of a candidate; with too many models, also that of those that fit."""
    row = {**same, "kind": kind, "models": models}
    try:
        made = stacked.Together(work, kind, models, _steps(alone, models))
        yield {**row, **_told(made), **_compared(made, alone, rounds, same)}
    except TooManyModels as error:
        yield {**row, "problem": str(error)}
        if error.fitting > 1:
            fewer = (work, alone, same, kind, error.fitting, rounds)
            yield from _candidate(*fewer)
    except Exception as error:  # whatever the compiler cannot do; the others go on
        yield {**row, "problem": gpu_probe.describe_error(error)}


def _steps(alone, models: int) -> int:
    """Steps of an epoch, so that it takes about a round where that is possible."""
    least = 1 if jax.devices()[0].platform == "cpu" else ON_ACCELERATORS
    step = alone.seconds / alone.updates
    return int(min(max(ROUND_SECONDS / (models * step), least), MAX_STEPS))


def _told(made) -> dict:
    return {
        "compile": made.compile_seconds,
        "memory": made.memory,
        "xla_flop": made.xla_flop,
        "loss": made.loss,
    }


def _alone(alone, rounds: int, batch: int) -> dict:
    run, updates = _repeated(alone)
    seconds = tables.time_interleaved({"alone": run}, rounds)["alone"]
    rates = [batch * updates / each for each in seconds]
    return {"rate": float(np.median(rates)), "rounds": rates}


def _compared(made, alone, rounds: int, same: dict) -> dict:
    """Rates next to those of one model alone, and the deviation of the first loss."""
    expected = alone.loss_of(made.steps)
    deviation = abs(made.loss - expected) / abs(expected)
    (ours, our_updates), (other, its_updates) = _repeated(made), _repeated(alone)
    rounds = 1 if made.seconds > SLOW_SECONDS else rounds
    times = tables.time_interleaved({"made": ours, "alone": other}, rounds)
    rates = [same["batch"] * our_updates / each for each in times["made"]]
    others = [same["batch"] * its_updates / each for each in times["alone"]]
    return {
        "steps": made.steps,
        "rate": float(np.median(rates)),
        "rounds": rates,
        "alone_rounds": others,
        "times": float(np.median(np.divide(rates, others))),
        "deviation": float(deviation),
        "agrees": bool(deviation < TOLERANCES[same["precision"]]),
    }


def _repeated(made) -> tuple:
    """A function that runs for about a round, and the updates that it makes."""
    times = max(1, round(ROUND_SECONDS / made.seconds))

    def run():
        for _ in range(times):
            made.run()

    return run, times * made.updates
