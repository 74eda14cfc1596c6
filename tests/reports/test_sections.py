"""The sections of further heads with classes, some of which an encoder unlearns."""

import re

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import balanced_accuracy_score
from toy_runs import (
    make_config,
    of_head,
    percent,
    predictions,
    report_text,
    table_rows,
    task,
    write,
)

from keras_ser import reports

GENDERS = ["female", "male"]


def gender_rows(table, seed=0):
    """Rows of a head `gender`, with probabilities of its own classes."""
    rng = np.random.default_rng(seed)
    truth = np.array(GENDERS)[np.arange(len(table)) % 2]
    wrong = np.array(GENDERS)[rng.integers(0, 2, len(table))]
    prediction = np.where(rng.random(len(table)) < 0.5, truth, wrong)
    rows = of_head(table, "gender", truth, prediction)
    for name in GENDERS:
        rows[f"p_{name}"] = np.where(prediction == name, 0.7, 0.3)
    return rows


def write_run(root, system, fold, kind="classification", further=gender_rows):
    table = predictions(system, fold)
    parts, tasks = [table], [task("emotion")]
    if further:
        parts.append(further(table))
        tasks.append(task("gender", kind))
    write(root, pd.concat(parts), make_config(table, tasks=tasks))


@pytest.fixture
def runs(tmp_path):
    """A baseline without the further head, and two systems with it."""
    for fold in ("03", "08"):
        write_run(tmp_path / "runs", "baseline", fold, further=None)
        write_run(tmp_path / "runs", "learner", fold)
        write_run(tmp_path / "runs", "unlearner", fold, "adversarial")
    return tmp_path / "runs"


def section(text, title):
    return text.split(f"## toy: {title}\n")[1].split("\n## ")[0]


def test_each_head_has_a_section_main_head_first(runs, tmp_path):
    text = report_text(runs, tmp_path)
    headings = re.findall("^## toy: (.*)$", text, re.MULTILINE)
    assert headings == ["emodb, clean, emotion", "emodb, clean, gender"]
    own = section(text, "emodb, clean, gender")
    found = table_rows(own, "emodb, clean, gender: scores")
    assert list(found) == ["learner", "unlearner"]  # the baseline has no such head
    assert "baseline" not in own
    table = reports.read(runs).query("head == 'gender' and system == 'learner'")
    uar = balanced_accuracy_score(table["truth"], table["prediction"])
    assert found["learner"][3].startswith(f"{percent(uar)} [")
    assert found["learner"][5] == "–" and "Δ to learner" in own


def test_the_section_of_a_further_head_is_short(runs, tmp_path):
    written = reports.write(runs, tmp_path / "out", ("md", "png"))
    text = written[0].read_text(encoding="utf-8")
    own = section(text, "emodb, clean, gender")
    assert "each fold" not in own and "each speaker" not in own
    caption = "learner on emodb, clean, gender: confusion matrix"
    assert list(table_rows(own, caption)) == GENDERS
    names = {path.name for path in written}
    assert {"confusion_learner.png", "confusion_learner_gender.png"} <= names
    assert "speakers.png" in names and "speakers_gender.png" not in names


def test_chance_is_the_aim_of_what_is_unlearned(runs, tmp_path):
    own = section(report_text(runs, tmp_path), "emodb, clean, gender")
    words = (
        "The aim is chance level here, a UAR of 50.0 % with 2 classes: the encoder of "
        "unlearner unlearns these classes."
    )
    assert words in own
    assert "chance level" not in section(
        report_text(runs, tmp_path), "emodb, clean, emotion"
    )


def test_chance_counts_classes_that_the_test_lacks(tmp_path):
    def men(table):
        return gender_rows(table).assign(truth="male")

    write_run(tmp_path / "runs", "unlearner", "03", "adversarial", men)
    own = section(report_text(tmp_path / "runs", tmp_path), "emodb, clean, gender")
    assert "a UAR of 50.0 % with 2 classes" in own


def test_confusion_of_many_classes_is_left_out(tmp_path):
    def speakers(table):
        names = [f"s{number}" for number in range(40)]
        rows = of_head(
            table, "gender", names[: len(table)], names[20 : 20 + len(table)]
        )
        return rows.assign(**{f"p_{name}": 0.025 for name in names})

    write_run(tmp_path / "runs", "mtl", "03", further=speakers)
    text = report_text(tmp_path / "runs", tmp_path)
    assert "Confusion matrices of 40 classes are left out." in text
    assert "clean, gender: confusion" not in text


def test_one_head_is_not_named(tmp_path):
    write_run(tmp_path / "runs", "mtl", "03", further=None)
    text = report_text(tmp_path / "runs", tmp_path)
    assert "## toy: emodb, clean\n" in text and "emotion" not in text.split("## ")[1]


def test_a_class_that_training_did_not_know_counts_as_missed(tmp_path):
    table = predictions("mtl", "03")
    table.loc[table.index[:3], "truth"] = "joy"
    write(tmp_path / "runs", table)
    text = report_text(tmp_path / "runs", tmp_path)
    matrix = table_rows(text, "mtl on emodb, clean: confusion matrix")
    assert list(matrix) == ["anger", "neutral", "sadness", "joy"]
    assert matrix["joy"][3] == "0 (0 %)"
    uar = np.mean(
        [
            (part["truth"] == part["prediction"]).mean()
            for _, part in table.groupby("truth")
        ]
    )
    row = table_rows(text, "emodb, clean: scores")["mtl"]
    assert row[3].startswith(f"{percent(uar)} [")


def test_heads_without_a_true_label_in_the_test_are_named(tmp_path):
    for system, others in (("mtl", []), ("other", [task("gender")])):
        table = predictions(system, "03")
        extra = [task("center", "centers", scored=False), task("valence", "regression")]
        config = make_config(table, tasks=[task("emotion"), *extra, *others])
        noisy = table.assign(condition="noise:rain:10")
        write(tmp_path / "runs", pd.concat([table, noisy]), config)
    text = report_text(tmp_path / "runs", tmp_path)
    words = (
        "toy, emodb: the heads are not scored, because no utterance has a true label "
        "that training knows: valence, gender."
    )
    assert text.count(words) == 1
    assert text.count("not scored, because") == 1


def test_a_recall_in_place_of_a_uar_is_pointed_out(runs, tmp_path):
    note = "There is a single true class, so that UAR is the recall of that class."
    assert note not in report_text(runs, tmp_path)

    def one_gender(table):
        return gender_rows(table).assign(truth="female")

    for system in ("learner", "unlearner"):
        write_run(runs, system, "03", further=one_gender)
    text = report_text(runs, tmp_path)
    assert note not in text  # fold 08 has both
    alone = report_text([runs / "toy/learner/03-0"], tmp_path)
    assert section(alone, "emodb, clean, gender").count(note) == 1
