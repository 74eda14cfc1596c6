"""The model of the page on experiments runs, is saved and predicts the same again."""

import re
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

import keras_ser as ser
from keras_ser.models import check_saveable

PAGE = Path(__file__).parents[2] / "docs" / "experiments.md"


@pytest.fixture(scope="module")
def page():
    """The names that the example of the page defines."""
    section = PAGE.read_text(encoding="utf-8").split("\n## Labels and tasks\n")[1]
    (code,) = re.findall(r"```python\n(.*?)```", section.split("\n## ")[0], re.DOTALL)
    assert max(map(len, code.splitlines())) <= 88
    before = dict(keras.saving.get_custom_objects())
    names = {"__name__": "example_of_the_page"}
    exec(compile(code, str(PAGE), "exec"), names)
    yield names
    found = keras.saving.get_custom_objects()
    for name in set(found) - set(before):
        if not name.startswith("keras_ser>"):  # of a module imported meanwhile
            del found[name]
    found.update(before)


@pytest.fixture(scope="module")
def sheet(tmp_path_factory, spoken_table):
    """A sheet of speech that has a valence, but not for every utterance."""
    table = spoken_table[["file", "speaker", "gender", "emotion"]].assign(
        speaker=spoken_table.speaker.str.removeprefix("toy/"),
        valence=np.where(spoken_table.emotion == "anger", -0.5, 0.4),
    )
    table["valence"] += np.arange(len(table)) / 100
    table.loc[0, "valence"] = np.nan
    path = tmp_path_factory.mktemp("own") / "speech.csv"
    table.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def run(page, sheet, tmp_path_factory):
    """The folder of a finished run of the page's system."""
    out = tmp_path_factory.mktemp("runs")
    config = ser.Experiment(
        "own",
        corpus="csv",
        systems=page["config"].systems,
        features=ser.Features(settings={"n_mels": 16}, seconds=1.0),
        training=ser.Training(batch=4, epochs=2, learning_rate=1e-2),
    )
    ser.run(
        config,
        corpora={"csv": sheet},
        folds=["1"],
        out=out / "runs",
        cache=out / "cache",
        progress=False,
    )
    (folder,) = out.glob("runs/**/1-0")
    return folder


def predicted(folder):
    path = folder / "predictions.csv"
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def test_the_model_has_three_heads(run):
    frame = predicted(run)
    assert list(frame["head"].unique()) == ["emotion", "valence", "gender"]
    assert (frame.groupby("head").size() > 1).all()


def test_the_loaded_model_predicts_what_the_run_did(run, sheet):
    recogniser, written = ser.load(run), predicted(run)
    assert set(recogniser.model.vocabularies["gender"]) == {"female", "male"}
    with pytest.warns(UserWarning, match="read by `csv`"):
        table = ser.corpora.read("csv", sheet)
    tested = table[table.utterance.isin(written.utterance)].reset_index(drop=True)
    found = ser.evaluation.predictions(recogniser, tested)
    same = ["head", "utterance", "truth"]
    assert found[same].values.tolist() == written[same].values.tolist()
    is_number = (found["head"] == "valence").to_numpy()
    assert list(found.prediction[~is_number]) == list(written.prediction[~is_number])
    columns = [name for name in written if name.startswith("p_")]
    assert len(columns) == 4
    for column, rows in [
        ("prediction", is_number),
        *((p, ~is_number) for p in columns),
    ]:
        one, other = (
            pd.to_numeric(frame[column][rows]).to_numpy() for frame in (found, written)
        )
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-5)


def test_the_model_can_be_saved_and_rejects_a_text(page):
    kind, genders = page["Neutral"], {"gender": ["female", "male"]}
    check_saveable(kind(("anger", "sadness"), genders, dimensions=16))
    with pytest.raises(ValueError, match="list of different names.*'anger'"):
        kind("anger", genders, dimensions=16)


def test_the_encoder_unlearns_the_gender(page, rng):
    """The gradient of the gender's loss is turned round behind its head."""
    model = page["Neutral"](("a", "b"), {"gender": ("female", "male")}, dimensions=4)
    features = rng.normal(size=(4, 5, 4)).astype("float32")
    labels = np.eye(2, dtype="float32")[[0, 1, 1, 0]]
    loss = keras.losses.CategoricalCrossentropy()
    encode, head = model.get_layer("embedding"), model.get_layer("gender")
    mean = features.mean(axis=1)
    with tf.GradientTape(persistent=True) as tape:
        reversed_loss = loss(labels, model(features)["gender"])
        plain_loss = loss(labels, head(encode(mean)))
    np.testing.assert_allclose(reversed_loss, plain_loss, rtol=1e-5)
    for layer, sign in ((encode, -1), (head, 1)):
        kernel = layer.kernel.value
        found, plain = (tape.gradient(x, kernel) for x in (reversed_loss, plain_loss))
        assert np.abs(plain).max() > 1e-4
        np.testing.assert_allclose(found, sign * plain, rtol=1e-4, atol=1e-6)
