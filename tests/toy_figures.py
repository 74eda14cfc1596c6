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
# Two trainings whose scores fluctuate, and one of averaged weights, which is shorter.
RUNS = {
    "weights": [
        pd.DataFrame({"epoch": range(8), "val_emotion_loss": 1.0, "val_emotion_uar": x})
        for x in 0.6 + 0.1 * np.random.default_rng(1).normal(size=(2, 8))
    ],
    "averages": [
        pd.DataFrame({"epoch": range(5), "val_emotion_loss": 1.0, "val_emotion_uar": x})
        for x in [np.linspace(0.3, 0.7, 5)]
    ],
}
NUMBERS = np.linspace(0, 1, 30)
SOUND = RNG.normal(size=(100, 16))  # (frames, bands)
POINTS = RNG.normal(size=(40, 2))  # (utterances, 2)
# Two panels of points, whose values are few, and one with many values.
FEW, MANY = (
    pd.DataFrame(POINTS, columns=["x", "y"]).assign(value=values)
    for values in (["deu", "eng", "", "ita"] * 10, [f"s{n % 24}" for n in range(40)])
)
SYSTEMS = ["baseline", "mtl_aug"]
MEASURED = pd.DataFrame(
    {"uar": [60.0, 70.0], "low": [55.0, 66.0], "high": [65.0, np.nan]}, index=SYSTEMS
)
PRINTED = pd.DataFrame({"value": [58.0, np.nan], "spread": [1.2, 0.9]}, index=SYSTEMS)
# Two trainings with a discriminator, and the moments of their prior.
CODES = [
    pd.DataFrame(
        {
            "epoch": range(6),
            "val_discriminator_accuracy": 0.5 + 0.45 * 0.6 ** np.arange(6) + noise[0],
            "val_code_mean": 0.3 * 0.7 ** np.arange(6) + noise[1],
            "val_code_variance": 1.6 - 0.1 * np.arange(6) + noise[2],
            "val_code_skewness": 0.8 * 0.6 ** np.arange(6) + noise[3],
            "val_code_kurtosis": 3.0 * 0.6 ** np.arange(6) + noise[4],
        }
    )
    for noise in np.random.default_rng(2).normal(0, 0.04, (2, 5, 6))
]
PRIOR = {
    "val_code_mean": 0.0,
    "val_code_variance": 1.0,
    "val_code_skewness": 0.0,
    "val_code_kurtosis": 0.0,
}
# Sound of three seconds, and windows of which two overlap and two leave a gap.
WAVE = 0.3 * np.sin(np.arange(300))
WINDOWS = pd.DataFrame(
    {
        "start": [0.0, 1.0, 2.0],
        "end": [1.5, 1.6, 3.0],
        **{f"p_{name}": [0.2, 0.3, 0.5] for name in "ab"},
        "p_c": [0.6, 0.4, 0.0],
    }
)
SYSTEMS = pd.DataFrame(
    {
        "uar": [0.7, 0.8, 0.6],
        "low": [0.6, 0.7, np.nan],
        "high": [0.8, 0.9, np.nan],
        "mark": ["", " ‡", ""],
    },
    index=["baseline", "mtl_aug", "svm"],
)
