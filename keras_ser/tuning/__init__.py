"""Search for settings: inside a fold, or on speakers who are then never tested.

KerasTuner proposes values, a trial is an experiment's own training with them, and what
it is scored on takes part in no test.
"""

from keras_ser.tuning.space import Choice, Range, parse
from keras_ser.tuning.study import ORACLES, Search, plan, run

__all__ = ["ORACLES", "Choice", "Range", "Search", "parse", "plan", "run"]
