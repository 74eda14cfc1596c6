"""Makes the demonstration model of the package from its finished runs.

The runs are those of `configs/mtl_aug/demonstration.py`, whose docstring says what the
model is. The first fold is the model, and all that have run say how good it is.

Command: python docs/demonstration.py runs/demonstration
"""

import sys
from pathlib import Path

import pandas as pd

from keras_ser import corpora, inference, models
from keras_ser.inference import about, demonstration
from keras_ser.reports import reading
from keras_ser.scores import uar

SYSTEM, FOLD = "mtl_aug_librispeech", "emodb-emovo+ravdess+tess-1-0"
IN_DOMAIN = "in_domain"


def main(runs: str) -> None:
    run = Path(runs, SYSTEM, FOLD)
    frame = reading.read([runs])
    frame = frame[(frame.system == SYSTEM) & (frame["head"] == "emotion")]
    text = describe(frame, inference.load(run).about)
    # Without the auxiliary heads, which have done their work.
    path = inference.compact.compact(run, demonstration.PATH, text, models.BASELINE)
    print(text, f"written: {path}, {path.stat().st_size / 1e6:.2f} MB", sep="\n")


def describe(frame: pd.DataFrame, learned: str) -> str:
    """What `keras-ser predict` says of the model.

    Args:
        frame: Predictions of its system.
        learned: What the model says of itself.
    """
    classes = sorted(set(frame.truth) - {""})
    found = {
        test: 100 * uar(rows.truth, rows.prediction)
        for test, rows in frame.groupby("test")
    }
    parts = [f"{found.pop(IN_DOMAIN):.0f} % on other speakers of emodb"]
    for test, score in found.items():
        language = about.language_name(corpora.CORPORA[test].language)
        parts.append(f"{score:.0f} % on {test} ({language})")
    return (
        f"This is a demonstration. {learned} It knows {', '.join(classes)} as actors "
        f"play them. The UAR of models like it is {', '.join(parts)}; chance is "
        f"{100 / len(classes):.0f} %. Train your own: keras-ser train FOLDER."
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
