"""Data that the tests of figures draw."""

import numpy as np
import pandas as pd

RNG = np.random.default_rng(0)
CLASSES = [f"class {number}" for number in range(8)]
SPEAKERS = pd.DataFrame(
    RNG.random((8, 3)), index=[f"emodb/{n:02d}" for n in range(8)], columns=list("abc")
)
HISTORY = pd.DataFrame(
    {
        "epoch": range(6),
        "learning_rate": [1e-3] * 3 + [5e-4] * 3,
        "loss": RNG.random(6),
        "emotion_loss": RNG.random(6),
        "val_emotion_loss": RNG.random(6),
        "val_emotion_accuracy": RNG.random(6),
        "val_emotion_uar": RNG.random(6),
    }
)
SOUND = RNG.normal(size=(100, 16))  # (frames, bands)
POINTS = RNG.normal(size=(40, 2))  # (utterances, 2)
SYSTEMS = ["baseline", "mtl_aug"]
MEASURED = pd.DataFrame(
    {"uar": [60.0, 70.0], "low": [55.0, 66.0], "high": [65.0, np.nan]}, index=SYSTEMS
)
PRINTED = pd.DataFrame({"value": [58.0, np.nan], "spread": [1.2, 0.9]}, index=SYSTEMS)
