"""Predictions of a recogniser for a table under test conditions, and their scores."""

import functools
from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

from keras_ser import scores
from keras_ser.audio.noise import seed_of
from keras_ser.conditions import Condition, parse
from keras_ser.features import IDENTITY, FeatureStore
from keras_ser.inference import Recogniser
from keras_ser.tasks import ColumnTask

CLEAN = parse("clean")
MIN_SPEAKERS = 3  # for an interval over speakers


def predictions(
    recogniser: Recogniser,
    table: pd.DataFrame,
    conditions: Iterable[str] = ("clean",),
    store: FeatureStore | None = None,
    noise: pd.DataFrame | None = None,
    workers: int = 1,
) -> pd.DataFrame:
    """Predict every utterance of a table under every condition, with every scored head.

    Neighbouring conditions that do not change the waveform, such as attacks, share
    the same features.

    Args:
        recogniser: Model and preprocessing.
        table: Utterances, with one row each; see `keras_ser.corpora.table`. If the
            preprocessing normalises by speaker, the table must have all utterances
            of each speaker: the statistics are those of the speech under the
            condition.
        conditions: Conditions as text, such as `"noise:rain:10"`; see
            `keras_ser.conditions`.
        store: Feature store to read from. Features that it lacks are extracted and
            added to it. By default, features are extracted and not stored.
        noise: Table of a noise corpus, for conditions that mix in noise.
        workers: Number of processes that extract the features that the store lacks.

    Returns:
        One row per condition, head and utterance, in the table's order. The columns
        are `corpus`, `condition`, `utterance`, `speaker`, `head` (the name of the
        task), `truth` (empty if unlabelled), `prediction`, and a posterior
        probability `p_<class>` per class, which is empty for the other heads. For a
        regression, `truth` and `prediction` are numbers. Heads for which no utterance
        of the table has a label that the model knows are left out, except the main
        one.

    Raises:
        ValueError: If a condition is unknown or comes twice, if one needs noise and
            there is none, if an utterance that is to be attacked has no label, or if a
            task needs a column that the table lacks.

    Example:

    >>> recogniser = keras_ser.load("runs/emodb/mtl_aug/03-0")
    >>> frame = predictions(recogniser, table, ["clean", "fgsm:0.08"])
    """
    found = [parse(text) for text in conditions]
    _check_once(found)
    _check_labelled(table, recogniser.task, found)
    tasks = _tasks_with_truths(recogniser, table)

    @functools.lru_cache(maxsize=1)
    def features(transform: Callable) -> list[np.ndarray]:
        return normalised_features(recogniser, table, store, transform, workers)

    parts = []
    for condition in found:
        attack = _attack(table, recogniser.task, condition)
        given = features(condition.transform(noise))
        outputs = recogniser.outputs(given, attack, [task for task, _ in tasks])
        rows = table[["corpus", "utterance", "speaker"]].reset_index(drop=True)
        rows.insert(1, "condition", condition.text)
        parts += _predicted(rows, tasks, outputs)
    return pd.concat(parts, ignore_index=True)


def _check_once(found: list[Condition]) -> None:
    """Raises if a condition comes twice: scores would pool its predictions."""
    names = [each.text for each in found]
    if len(set(names)) < len(names):
        raise ValueError(
            f"`conditions` must be different. Received: {names}. Name each once."
        )


def heard_predictions(
    recogniser: Recogniser,
    table: pd.DataFrame,
    speech: pd.DataFrame,
    store: FeatureStore | None = None,
) -> pd.DataFrame:
    """Predict the attributes of held-out utterances of training speakers.

    The heads are those whose labels unlabelled speech has, too, such as `speaker` and
    `gender`. The emotion is not predicted: it is tested on other speakers only.

    Args:
        recogniser: Model and preprocessing.
        table: The held-out utterances; see `protocols.with_heard`.
        speech: The training utterances, without the held-out ones. If the
            preprocessing normalises by speaker, a speaker's statistics are computed
            from these.
        store: Feature store to read from and to add to; see `predictions`.

    Returns:
        The columns of `predictions`, under the condition `clean` only, and no row if
        the model has no such head or knows no label of these utterances.

    Example:

    >>> heard_predictions(recogniser, fold.heard, fold.sides()["train"])
    """
    tasks = [
        (task, truth)
        for task, truth in _truths(recogniser, table)
        if task.uses_unlabelled and (truth != "").any()
    ]
    rows = table[["corpus", "utterance", "speaker"]].reset_index(drop=True)
    rows.insert(1, "condition", CLEAN.text)
    if not tasks:
        return rows.iloc[:0].assign(head="", truth="", prediction="")
    features = normalised_features(recogniser, table, store, speech=speech)
    outputs = recogniser.outputs(features, None, [task for task, _ in tasks])
    return pd.concat(_predicted(rows, tasks, outputs), ignore_index=True)


def score(
    recogniser: Recogniser,
    table: pd.DataFrame,
    conditions: Iterable[str] = ("clean",),
    store: FeatureStore | None = None,
    noise: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Score a recogniser's predictions for a table under every condition.

    The scores are those of the main head. Utterances without a label are predicted
    but not scored.

    Args:
        recogniser: Model and preprocessing.
        table: Utterances; see `predictions`.
        conditions: Conditions as text; see `keras_ser.conditions`.
        store: Feature store to read from and to add to; see `predictions`.
        noise: Table of a noise corpus, for conditions that mix in noise.

    Returns:
        One row per condition, with the index `condition` and the columns `utterances`
        and `speakers` (how many were scored), and in percent: `uar` (unweighted average
        recall), `uar_low` and `uar_high` (its 95 % t interval over speakers; see
        `scores.t_interval`) and `accuracy`. With fewer than three speakers there is no
        interval, and its ends are NaN. For a regression, `ccc` (concordance correlation
        coefficient, in [-1, 1]), `ccc_low` and `ccc_high` take their places.

    Raises:
        ValueError: Under the same conditions as `predictions`.

    Example:

    >>> score(recogniser, table, ["clean", "noise:rain:10", "fgsm:0.08"], noise=noise)
    """
    frame = predictions(recogniser, table, conditions, store, noise)
    task = recogniser.task
    labelled = frame[(frame.truth != "") & (frame["head"] == task.name)]
    return pd.DataFrame(
        {
            condition: _scores(task, rows)
            for condition, rows in labelled.groupby("condition", sort=False)
        }
    ).T.rename_axis("condition")


def _scores(task: ColumnTask, rows: pd.DataFrame) -> dict[str, float]:
    counts = {"utterances": len(rows), "speakers": rows.speaker.nunique()}
    few = counts["speakers"] < MIN_SPEAKERS
    none = (np.nan, np.nan)
    if not task.classes:
        truth, prediction = rows.truth.astype(float), rows.prediction.astype(float)
        given = truth, prediction, rows.speaker
        low, high = none if few else scores.ccc_t_interval(*given)
        ccc = scores.ccc(truth, prediction)
        return {**counts, "ccc": ccc, "ccc_low": low, "ccc_high": high}
    labels = rows.truth, rows.prediction
    low, high = none if few else scores.t_interval(*labels, rows.speaker)
    found = {
        "uar": scores.uar(*labels),
        "uar_low": low,
        "uar_high": high,
        "accuracy": scores.accuracy(*labels),
    }
    return {**counts, **{name: 100 * value for name, value in found.items()}}


def _tasks_with_truths(
    recogniser: Recogniser, table: pd.DataFrame
) -> list[tuple[ColumnTask, np.ndarray]]:
    """The tasks that can be scored on a table, each with the true labels as text."""
    truths = _truths(recogniser, table)
    return [truths[0], *((t, truth) for t, truth in truths[1:] if (truth != "").any())]


def _truths(recogniser: Recogniser, table: pd.DataFrame) -> list:
    """All scored tasks of a recogniser, each with the true labels as text."""
    return [(task, task.truths(table)) for task in recogniser.tasks]


def _predicted(rows: pd.DataFrame, tasks: list, outputs: dict) -> list[pd.DataFrame]:
    """The predictions of each task, with the columns of `rows` in front."""
    return [
        pd.concat(
            [
                rows.assign(head=task.name, truth=truth),
                task.predictions(outputs[task.name]),
            ],
            axis=1,
        )
        for task, truth in tasks
    ]


def normalised_features(
    recogniser: Recogniser,
    table: pd.DataFrame,
    store: FeatureStore | None = None,
    transform: Callable = IDENTITY,
    workers: int = 1,
    speech: pd.DataFrame | None = None,
) -> list[np.ndarray]:
    """Features of every utterance of a table, as a recogniser's model takes them.

    Args:
        recogniser: Model and preprocessing.
        table: Utterances.
        store: Feature store to read from and to add to; see `predictions`.
        transform: Transform of the waveform, before the front-end.
        workers: As for `predictions`.
        speech: If the preprocessing normalises by speaker, the utterances from which a
            speaker's statistics are computed. The default is the table.

    Returns:
        Arrays `(frames, dimensions)` in the order of the table.
    """
    preprocessing = recogniser.preprocessing
    raw = _raw(recogniser, table, store, transform, workers)
    result: list = [None] * len(table)
    for speaker, rows in table.groupby("speaker").indices.items():
        own = [raw[row] for row in rows]
        if speech is not None and preprocessing.normalise == "speaker":
            spoken = speech[speech.speaker == speaker]
            own = _raw(recogniser, spoken, store, transform, workers)
        statistics = preprocessing.statistics(own)
        for row in rows:
            result[row] = preprocessing.normalised(raw[row], statistics)
    return result


def _raw(
    recogniser: Recogniser,
    table: pd.DataFrame,
    store: FeatureStore | None,
    transform: Callable,
    workers: int,
) -> list[np.ndarray]:
    """Features before normalisation, in the order of the table."""
    if store is not None:
        store = store.under(transform)
        store.prepare(table, [IDENTITY], workers, progress=False)
        return [store.read(path) for path in store.paths(table)]
    bind = getattr(transform, "for_utterance", lambda _: transform)
    rows = zip(table.file, table.start, table.end, table.utterance, strict=True)
    return [recogniser.features(*segment, bind(name)) for *segment, name in rows]


def _check_labelled(
    table: pd.DataFrame, task: ColumnTask, conditions: list[Condition]
) -> None:
    attacks = [condition.text for condition in conditions if condition.is_attack]
    if attacks and not task.classes:
        raise ValueError(
            f"Conditions {attacks} need a model whose main task has classes, because "
            f"attacks follow the gradient of the cross-entropy. Received: `{task.name}`"
            f", a {task.kind}. Leave out the attacks."
        )
    without = table.utterance[task.truths(table) == ""] if attacks else []
    if len(without):
        raise ValueError(
            f"Conditions {attacks} need the true {task.name} of every utterance. "
            f"Received: {len(without)} of {len(table)} utterances without, the first "
            f"{without.iloc[0]!r}. Leave out these utterances or the attacks."
        )


def _attack(
    table: pd.DataFrame, task: ColumnTask, condition: Condition
) -> Callable | None:
    """The attack for `Recogniser.outputs`, or `None` if the condition has none."""
    if not condition.is_attack:
        return None
    attack, labels = condition.attack(), task.read(table)
    known = task.known(labels)
    truth = np.eye(task.size, dtype=np.float32)[np.maximum(labels, 0)]
    seeds = np.array([seed_of(name, condition.text) for name in table.utterance])

    def attack_rows(model, batch, rows):
        attacked = attack(model, batch, truth[rows], seeds[rows])
        # The model is wrong on a class that it does not know, whatever the attack does.
        return np.where(known[rows][:, None, None], attacked, batch)

    return attack_rows
