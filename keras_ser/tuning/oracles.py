"""KerasTuner as a search needs it: proposals that repeat, trials that go on.

KerasTuner proposes; what it saves is not what a search resumes from. Its reload begins
the Bayesian oracle's random numbers anew, forgets a trial that was killed while it was
being saved, and repeats a trial from its first epoch. Here a search that is started
again asks a new oracle the same questions; the proposals and the answers of earlier
trials are in their own folders.
"""

import random
from collections.abc import Callable

import keras_tuner
import numpy as np
from keras_tuner.engine.base_tuner import BaseTuner

SCORE = "uar"
NOISE = 0.1  # share of the scores' variance that a repeated trial would show


class Tuner(BaseTuner):
    """Lets an oracle propose and gives it the scores.

    Args:
        oracle: of KerasTuner.
        score: from a trial's number, from 1, and its proposal to a score.
        folder: in which KerasTuner writes `oracle/`, for people to look at.
    """

    def __init__(self, oracle, score: Callable[[int, dict], float], folder):
        self.score = score
        super().__init__(
            oracle, directory=str(folder), project_name="oracle", overwrite=True
        )
        self.oracle.verbose = 0

    def run_trial(self, trial) -> dict:
        """The score; whatever goes wrong in it ends the search."""
        try:
            score = self.score(int(trial.trial_id) + 1, trial.hyperparameters.values)
        except Exception as error:
            # KerasTuner would note it down and go on with another trial.
            raise keras_tuner.errors.FatalError from error
        return {SCORE: score}

    def run(self) -> None:
        """All trials; raises what the score raised."""
        try:
            self.search()
        except keras_tuner.errors.FatalError as error:
            raise error.__cause__ or error from None


class _Repeating:
    """An oracle whose proposal depends on seed, number and earlier scores alone.

    A proposal that was made before stands: another version of the libraries may
    propose otherwise, and a Gaussian process takes seconds.
    """

    remembered: Callable[[int], dict | None]

    def populate_space(self, trial_id):
        number = int(trial_id) + 1
        before = self.remembered(number)
        if before is not None:
            return {"status": "RUNNING", "values": before}
        # A hash: of neighbouring seeds KerasTuner would draw the same numbers.
        self._seed_state = random.Random(f"{self.seed} {number}").getrandbits(31)
        self._random_state = np.random.RandomState(self._seed_state)
        return super().populate_space(trial_id)


class RandomOracle(_Repeating, keras_tuner.oracles.RandomSearchOracle):
    """Independent draws."""


class BayesianOracle(_Repeating, keras_tuner.oracles.BayesianOptimizationOracle):
    """A Gaussian process over earlier scores; the first proposals are random."""


def oracle(
    name: str,
    space,
    trials: int,
    seed: int,
    remembered: Callable[[int], dict | None],
):
    """An oracle over a space.

    Its first proposals do not depend on `trials`, so that a search can be extended.

    Args:
        name: `random` or `bayesian`.
        space: see `space.of`.
        trials: how many proposals there will be.
        seed: 0 or more.
        remembered: the proposal of a trial that was begun before, or None.
    """
    hyperparameters = keras_tuner.HyperParameters()
    for path, dimension in space.items():
        dimension.hyperparameter(hyperparameters, path)
    arguments = {
        "objective": keras_tuner.Objective(SCORE, "max"),
        "max_trials": trials,
        "seed": seed + 1,  # KerasTuner takes 0 for none
        "hyperparameters": hyperparameters,
    }
    if name == "random":
        made = RandomOracle(**arguments)
    else:
        searched = sum(len(each.extremes) > 1 for each in space.values())
        made = BayesianOracle(**arguments, num_initial_points=searched + 1, alpha=NOISE)
    made.remembered = remembered
    return made
