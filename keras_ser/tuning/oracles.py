"""KerasTuner oracles whose proposals can be repeated after an interruption.

KerasTuner only proposes values. A search does not resume from the files that
KerasTuner writes, because its reload restarts the random numbers of the Bayesian
oracle, forgets a trial that was killed while it was being saved, and repeats a trial
from its first epoch. Instead, a search that is started again asks a new oracle the
same questions. The proposals and scores of earlier trials are read from the folders of
these trials.
"""

import random
from collections.abc import Callable, Mapping
from pathlib import Path

import keras_tuner
import numpy as np
from keras_tuner.engine.base_tuner import BaseTuner

SCORE = "uar"
NOISE = 0.1  # share of the scores' variance that repeating a trial would show


class Tuner(BaseTuner):
    """Lets an oracle propose values and gives it their scores.

    Args:
        oracle: Oracle of KerasTuner.
        score: Function from the number of a trial, 1 or more, and its proposal to its
            score.
        folder: Folder in which KerasTuner writes `oracle/`, for information only.
    """

    def __init__(self, oracle, score: Callable[[int, dict], float], folder: str | Path):
        self.score = score
        super().__init__(
            oracle, directory=str(folder), project_name="oracle", overwrite=True
        )
        self.oracle.verbose = 0

    def run_trial(self, trial) -> dict:
        """Returns the score of a trial. Any error ends the search."""
        try:
            score = self.score(int(trial.trial_id) + 1, trial.hyperparameters.values)
        except Exception as error:
            # KerasTuner would record any other error and continue with a new trial.
            raise keras_tuner.errors.FatalError from error
        return {SCORE: score}

    def run(self) -> None:
        """Runs all trials; raises the error that a score raised."""
        try:
            self.search()
        except keras_tuner.errors.FatalError as error:
            raise error.__cause__ or error from None


class _Repeatable:
    """An oracle whose proposals depend on seed, trial and earlier scores only.

    A trial that was started before keeps its proposal. Another version of the
    libraries may propose something else, and a Gaussian process takes seconds.
    """

    recorded: Callable[[int], dict | None]

    def populate_space(self, trial_id):
        number = int(trial_id) + 1
        proposal = self.recorded(number)
        if proposal is not None:
            return {"status": "RUNNING", "values": proposal}
        # A hash, because KerasTuner draws the same numbers for neighbouring seeds.
        self._seed_state = random.Random(f"{self.seed} {number}").getrandbits(31)
        self._random_state = np.random.RandomState(self._seed_state)
        return super().populate_space(trial_id)


class RandomOracle(_Repeatable, keras_tuner.oracles.RandomSearchOracle):
    """Independent random proposals."""


class BayesianOracle(_Repeatable, keras_tuner.oracles.BayesianOptimizationOracle):
    """A Gaussian process over earlier scores, after some random proposals."""


def create_oracle(
    name: str,
    space: Mapping,
    trials: int,
    seed: int,
    recorded: Callable[[int], dict | None],
) -> keras_tuner.Oracle:
    """An oracle of KerasTuner.

    Its first proposals do not depend on `trials`, so that a search can be extended.

    Args:
        name: `"random"` or `"bayesian"`.
        space: Dimensions by path, from `space.search_space`.
        trials: Number of proposals.
        seed: Seed of the proposals, 0 or more.
        recorded: Function from the number of a trial to the proposal of a trial that
            was started before, or None.
    """
    hyperparameters = keras_tuner.HyperParameters()
    for path, dimension in space.items():
        dimension.hyperparameter(hyperparameters, path)
    arguments = {
        "objective": keras_tuner.Objective(SCORE, "max"),
        "max_trials": trials,
        "seed": seed + 1,  # KerasTuner treats 0 as no seed
        "hyperparameters": hyperparameters,
    }
    if name == "random":
        made = RandomOracle(**arguments)
    else:
        searched = sum(len(each.extremes) > 1 for each in space.values())
        made = BayesianOracle(**arguments, num_initial_points=searched + 1, alpha=NOISE)
    made.recorded = recorded
    return made
