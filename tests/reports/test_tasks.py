"""The heads that runs record, and predictions that do not fit them."""

import pandas as pd
import pytest
from toy_runs import make_config, numbers, of_head, predictions, task, write

from keras_ser import reports
from keras_ser.reports.reading import collect_heads, read_runs
from keras_ser.reports.tasks import UNRECORDED, Head, merge_heads

MAIN, VALENCE = task("emotion"), task("valence", "regression")


def write_run(root, *heads, tasks=None, system="mtl", fold="03"):
    """A run with the emotion and further heads, and what its config records."""
    table = predictions(system, fold)
    config = make_config(table) | ({} if tasks is None else {"tasks": tasks})
    return write(root, pd.concat([table, *(make(table) for make in heads)]), config)


def gender(table):
    return of_head(table, "gender", "female", "male")


def test_a_run_without_tasks_has_one_head(tmp_path):
    write_run(tmp_path)
    (run,) = read_runs(tmp_path)
    assert run.heads == UNRECORDED == (Head("emotion"),)


def test_heads_have_the_order_of_the_tasks_and_only_scored_ones_count(tmp_path):
    unscored = task("center", "centers", scored=False)
    adversary = task("gender", "adversarial")
    write_run(tmp_path, numbers, gender, tasks=[MAIN, unscored, adversary, VALENCE])
    (run,) = read_runs(tmp_path)
    assert run.heads == (
        Head("emotion"),
        Head("gender", unlearned_by=("mtl",)),
        Head("valence", has_numbers=True),
    )


def test_a_head_that_was_not_predicted_does_not_count(tmp_path):
    write_run(tmp_path, tasks=[MAIN, task("speaker", "adversarial")])
    assert collect_heads(read_runs(tmp_path)) == {"toy": (Head("emotion"),)}


def test_heads_of_an_experiment_start_with_the_usual_main_head(tmp_path):
    for fold in ("03", "08"):
        write_run(tmp_path, tasks=[MAIN], fold=fold)
    first = [VALENCE, MAIN]
    write_run(tmp_path, numbers, tasks=first, system="alone")
    found = collect_heads(read_runs(tmp_path))
    assert [head.name for head in found["toy"]] == ["emotion", "valence"]
    (run,) = read_runs(tmp_path / "toy/alone")
    assert [head.name for head in run.heads] == ["valence", "emotion"]


def test_systems_that_unlearn_a_head_are_gathered():
    learned, unlearned = Head("gender"), Head("gender", unlearned_by=("a",))
    also = Head("gender", unlearned_by=("b", "a"))
    heads = [("x", (learned,)), ("y", (unlearned,)), ("z", (also,))]
    assert merge_heads(heads) == (Head("gender", unlearned_by=("a", "b")),)


def test_a_head_with_classes_and_numbers_is_rejected(tmp_path):
    write_run(tmp_path, numbers, tasks=[MAIN, VALENCE])
    classes = [MAIN, task("valence")]
    write_run(tmp_path, numbers, tasks=classes, fold="08")
    with pytest.raises(ValueError, match="head `valence` must predict either.*08-0"):
        reports.write(tmp_path, tmp_path / "out")


@pytest.mark.parametrize(
    ("tasks", "words"),
    [
        ({}, "`tasks` as a list of objects"),
        ([{"name": "emotion"}], "`tasks` as a list of objects"),
        ([{**MAIN, "scored": "yes"}], "`tasks` as a list of objects"),
        ([], "one or more are scored"),
        ([task("center", "centers", scored=False)], "one or more are scored"),
        ([task("emotion", "ranking")], "each one of .*adversarial"),
    ],
)
def test_tasks_of_another_form_are_rejected(tasks, words, tmp_path):
    write_run(tmp_path, tasks=tasks)
    with pytest.raises(ValueError, match=f"config.json must hold .*{words}"):
        reports.read(tmp_path)


def test_heads_that_are_not_recorded_are_rejected(tmp_path):
    write_run(tmp_path, gender, tasks=[MAIN])
    with pytest.raises(ValueError, match=r"only the heads in `tasks`.*\['gender'\]"):
        reports.read(tmp_path)


@pytest.mark.parametrize("wrong", ["high", "nan", "inf"])
@pytest.mark.parametrize("column", ["truth", "prediction"])
def test_numbers_are_finite(wrong, column, tmp_path):
    def damaged(table):
        return numbers(table).assign(**{column: [wrong, *["0.5"] * 11]})

    write_run(tmp_path, damaged, tasks=[MAIN, VALENCE])
    words = f"finite numbers of the head `valence`. Received: '{wrong}'"
    with pytest.raises(ValueError, match=words):
        reports.read(tmp_path)
