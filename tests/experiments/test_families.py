"""Families of models beyond MTL-AUG, run from a config: several optimizers, tasks."""

import itertools
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from toy_models import Attributes, Critic

import keras_ser as ser
from keras_ser.callbacks.checkpoint import FILE_NAME, Checkpoint

FILES = ("predictions.csv", "history.csv", "metrics.json")
TRAINING = {
    "plain": {},
    "averaged": {"average": 0.9, "optimizer": "adamw", "clip_norm": 1.0},
    "halved": {"schedule": "halve", "optimizer": "sgd", "patience": 1, "stop": 3},
    "cosine": {"schedule": "cosine", "average": 0.9, "select": "last"},
}
INTERRUPTED = (  # each training and each system at least once; the others are slow
    *(("plain", "ss_aae"), ("halved", "attributes")),
    *(("averaged", "critic"), ("cosine", "attributes")),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, spoken_table):
    """A folder with a sheet of speech that has a valence."""
    folder = tmp_path_factory.mktemp("own")
    valence = np.where(spoken_table.emotion == "anger", -0.5, 0.4)
    valence = valence + np.arange(len(spoken_table)) / 100
    sheet = spoken_table[["file", "speaker", "gender", "emotion"]].assign(
        speaker=spoken_table.speaker.str.removeprefix("toy/"), valence=valence
    )
    sheet.loc[0, "valence"] = np.nan
    sheet.to_csv(folder / "speech.csv", index=False)
    return folder


def config_of(name="toy", training="plain"):
    return ser.Experiment(
        name=name,
        corpus="csv",
        systems={
            "attributes": ser.System(Attributes, augment=("mixup",)),
            "critic": ser.System(Critic, augment=("specaugment",)),
            "ss_aae": ser.System(
                "SSAAE", arguments={"speaker": True, "gender": True}, augment=()
            ),
        },
        features=ser.Features(settings={"n_mels": 16}, seconds=1.0),
        training=ser.Training(
            batch=4, epochs=4, learning_rate=1e-2, **TRAINING[training]
        ),
    )


def run(config, folder, out, systems=()):
    return ser.run(
        config,
        corpora={"csv": folder / "speech.csv"},
        systems=systems,
        folds=["1"],
        out=out / "runs",
        cache=out / "cache",
        progress=False,
    )


@pytest.fixture(scope="module")
def finished(folder, tmp_path_factory):
    """The folder of an uninterrupted experiment, by training; all systems, or one."""
    made = {}

    def build(training, *systems):
        key = training, *systems
        if key not in made:
            out = tmp_path_factory.mktemp(training)
            made[key] = run(config_of(training=training), folder, out, systems)
        return made[key]

    return build


def folders_of(out, system):
    (found,) = Path(out).glob(f"**/{system}/1-0")
    return found


def test_each_head_has_its_predictions(finished):
    frame = pd.read_csv(
        folders_of(finished("plain"), "attributes") / "predictions.csv",
        dtype=str,
        keep_default_na=False,
    )
    assert list(frame["head"].unique()) == ["emotion", "valence", "gender"]
    assert set(frame.test) == {"test"}
    rows = {head: part for head, part in frame.groupby("head")}
    assert len(set(map(len, rows.values()))) == 1
    assert set(rows["emotion"].truth) == {"anger", "sadness"}
    for column in ("p_anger", "p_sadness"):
        assert (rows["emotion"][column] != "").all()
        assert (rows["gender"][column] == "").all()
    assert (rows["valence"].filter(like="p_") == "").all(axis=None)
    truth = rows["valence"].truth
    assert truth[truth != ""].astype(float).between(-0.5, 0.8).all()
    assert np.isfinite(rows["valence"].prediction.astype(float)).all()


def test_the_record_names_the_tasks(finished):
    folder = folders_of(finished("plain"), "attributes")
    tasks = json.loads((folder / "config.json").read_text())["tasks"]
    kinds = [(task["name"], task["kind"]) for task in tasks]
    assert kinds == [
        ("emotion", "classification"),
        ("valence", "regression"),
        ("gender", "adversarial"),
    ]
    assert tasks[2]["classes"] == ["female", "male"]
    metrics = json.loads((folder / "metrics.json").read_text())
    assert set(metrics["heads"]) == {"valence", "gender"}
    assert -1 <= metrics["heads"]["valence"]["ccc"] <= 1


def test_every_head_has_finite_development_losses(finished):
    for system in ("attributes", "critic", "ss_aae"):
        history = pd.read_csv(folders_of(finished("plain"), system) / "history.csv")
        losses = history.filter(like="val_")
        assert {"val_emotion_uar", "val_gender_uar"} <= set(losses)
        assert np.isfinite(losses.to_numpy()).all()
        assert history.emotion_loss.iloc[-1] < history.emotion_loss.iloc[0]


def test_the_report_has_a_section_per_head(finished):
    (report,) = Path(finished("plain")).glob("**/report.md")
    text = report.read_text()
    for word in ("gender", "valence", "CCC"):
        assert word in text


@pytest.mark.parametrize(
    ("training", "system"),
    [
        pair if pair in INTERRUPTED else pytest.param(*pair, marks=pytest.mark.slow)
        for pair in itertools.product(TRAINING, ("attributes", "critic", "ss_aae"))
    ],
)
def test_an_interrupted_run_ends_with_the_same_bytes(
    finished, folder, training, system, tmp_path, monkeypatch
):
    expected = finished(training, *(() if training == "plain" else (system,)))
    real = Checkpoint.on_epoch_end

    def interrupt(self, epoch, logs=None):
        real(self, epoch, logs)
        if epoch == 1:
            raise KeyboardInterrupt

    config = config_of(training=training)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Checkpoint, "on_epoch_end", interrupt)
        run(config, folder, tmp_path, [system])
    out = run(config, folder, tmp_path, [system])
    again, before = folders_of(out, system), folders_of(expected, system)
    for name in FILES:
        assert (again / name).read_bytes() == (before / name).read_bytes(), name
    assert json.loads((again / "environment.json").read_text())["resumed"] == 1


@pytest.mark.slow
def test_a_killed_process_ends_with_the_same_bytes(finished, folder, tmp_path):
    """SIGKILL in the middle of a training, then the same command again."""
    expected = finished("averaged")
    script = tmp_path / "run.py"
    script.write_text(
        "import sys\n"
        f"sys.path[:0] = {[str(p) for p in Path(__file__).parents[:2]]!r}\n"
        "from pathlib import Path\n"
        "from test_families import config_of, run\n"
        f"run(config_of(training='averaged'), Path({str(folder)!r}), "
        f"Path({str(tmp_path)!r}))\n"
    )
    with subprocess.Popen([sys.executable, script]) as process:
        while not list(tmp_path.glob(f"**/*.partial/{FILE_NAME}")):
            assert process.poll() is None
            time.sleep(0.01)
        process.kill()
    assert list(tmp_path.glob("**/*.partial"))
    subprocess.run([sys.executable, script], check=True)
    for system in config_of().systems:
        again = folders_of(tmp_path, system)
        for name in FILES:
            before = folders_of(expected, system) / name
            assert (again / name).read_bytes() == before.read_bytes(), name
