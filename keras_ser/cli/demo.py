"""The demonstration: trains two systems on synthetic speech and writes a report."""

from pathlib import Path

from keras_ser import corpora, experiments
from keras_ser.cli.printing import print_experiment
from keras_ser.experiments.config import Experiment, Features, System, Training
from keras_ser.models import BASELINE

TEST_SPEAKERS = ("synthetic/s04", "synthetic/s09")
DEV_SPEAKERS = ("synthetic/s03", "synthetic/s08")

CONFIG = Experiment(
    name="demo",
    corpus="synthetic",
    systems={
        "baseline": System(arguments=BASELINE, augment=()),
        "mtl_aug": System(),
    },
    protocol="held_out_speakers",
    protocol_arguments={"test": TEST_SPEAKERS, "dev": DEV_SPEAKERS},
    features=Features(seconds=4.0),
    training=Training(epochs=8),
)


def run(out: str | Path) -> None:
    """Trains, reports and draws pictures.

    Args:
        out: The folder of everything that is written. Runs that an earlier
            demonstration finished there are kept.
    """
    out = Path(out)
    print("Synthetic speech of 10 speakers. Two of them are tested. Chance is 25 %.")
    folder = experiments.run(CONFIG, out=out / "runs", cache=out, monitor=True)
    report = folder / "report"
    finished = [next((folder / system).glob("*-0")) for system in CONFIG.systems]
    table = corpora.read("synthetic", out)
    drawings = _drawings(finished, table, report)
    pictures = [path for path in sorted(report.glob("*.png")) if path not in drawings]
    print_experiment(folder)
    print("Pictures:", *pictures, *drawings, sep="\n  ")


def _drawings(folders, table, report: Path) -> list[Path]:
    """Draws learning curves, and reconstruction and attention of a test utterance."""
    import numpy as np
    import pandas as pd

    from keras_ser import figures
    from keras_ser.inference import Recogniser
    from keras_ser.utils import files

    recogniser = Recogniser.load(folders[-1])
    model = recogniser.model
    paths = []
    for folder in folders:
        path = report / f"history_{folder.parent.name}.png"
        chosen = files.read_json(folder / "metrics.json")["epoch"]
        history = pd.read_csv(folder / "history.csv")
        figures.history(history, path, chosen, model.heads[0])
        paths.append(path)
    row = table[table.speaker == TEST_SPEAKERS[0]].iloc[0]
    preprocessing = recogniser.preprocessing
    features = preprocessing.normalised(recogniser.features(row.file))
    outputs = model(features[None])
    (found,) = recogniser.predict([row.file]).prediction
    system = folders[-1].parent.name
    style = {
        "title": f"{system}, {row.utterance}, {row.emotion} → {found}",
        "frequencies": preprocessing.front_end.frequencies,
    }
    for task in model.tasks:
        if task.kind == "reconstruction":
            paths.append(report / f"{task.name}.png")
            output = np.array(outputs[task.name])[0]
            figures.reconstruction(features, output, paths[-1], **style)
    weights = np.array(model.attention_model(features[None]))[0]
    paths.append(report / "attention.png")
    figures.attention(features, weights, paths[-1], **style)
    return paths
