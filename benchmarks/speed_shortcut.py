"""How well a linear probe detects speed perturbation, by the front-end's upper edge.

This uses the leave-one-speaker-out folds of EMO-DB with four classes. In each fold, the
probe is trained on the training speakers and scored on the development speakers; see
`keras_ser.experiments.speed_probe.speed_shortcut`. The table shows mean accuracies in
percent; chance is 50 %.

Command: python benchmarks/speed_shortcut.py EMODB_FOLDER [--cache cache]
"""

import argparse

import pandas as pd

from keras_ser import corpora, protocols
from keras_ser.experiments import speed_probe
from keras_ser.features import FeatureStore, LogMel

FACTORS = (0.9, 1.1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("emodb", metavar="EMODB_FOLDER")
    parser.add_argument("--cache", default="cache", help="folder for features")
    given = parser.parse_args()
    table = corpora.read("emodb", given.emodb, labels="four")
    folds = protocols.leave_one_speaker_out(table).values()
    print("| `fmax` | speed 0.9 | speed 1.1 |\n|---|---:|---:|")
    for fmax in (8000.0, 6800.0):
        store = FeatureStore(
            f"{given.cache}/features", LogMel(fmax=fmax), speeds=(1.0, *FACTORS)
        )
        store.prepare(table)
        found = [speed_probe.speed_shortcut(store, fold, FACTORS) for fold in folds]
        means = 100 * pd.DataFrame(found).mean()
        print(f"| {fmax:g} Hz | {means['0.9']:.0f} | {means['1.1']:.0f} |", flush=True)


if __name__ == "__main__":
    main()
