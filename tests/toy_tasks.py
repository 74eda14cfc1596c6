"""Tasks of every kind, and a table with labels for them."""

import numpy as np
import pandas as pd
import pytest

from keras_ser import tasks

TABLE = pd.DataFrame(
    {
        "emotion": ["anger", "sadness", "", "boredom", None],
        "gender": ["female", "male", "male", "", None],
        "speaker": ["a", "b", "a", "b", "c"],
        "valence": [0.25, np.nan, -0.5, 1.0, 0.123456789],
    }
)
EMOTIONS = ("anger", "neutral", "sadness")
EMOTION = tasks.Classification("emotion", EMOTIONS)
GENDER = tasks.Classification("gender", ("female", "male"), adversarial=True)
VALENCE = tasks.Regression("valence", weight=0.5)
CENTER = tasks.Centers("center", EMOTIONS, weight=1e-3)
TYPES = tasks.AugmentationType("augmentation", ("none", "speed"), weight=0.3)
DECODER = tasks.Reconstruction("reconstruction", weight=0.3)
ALL = (EMOTION, GENDER, VALENCE, CENTER, TYPES, DECODER)
every_task = pytest.mark.parametrize("task", ALL, ids=lambda task: task.name)
