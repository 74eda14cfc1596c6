"""The scores of one run, for its `metrics.json`."""

import pandas as pd

from keras_ser import scores


def summarise(frame: pd.DataFrame) -> dict:
    """The scores of a run's labelled predictions.

    Args:
        frame: The predictions of a run; see `evaluation.predictions`. The first head
            is the main one.

    Returns:
        `scores` holds the `scores.summary` of the main head on clean speech, over all
        test tables. Where there is more than one, `tests`, `heads` and `conditions`
        hold the scores of the main head for each test table, those of each further
        head that has labels, and those of the main head under each further condition.
    """
    main, *others = dict.fromkeys(frame["head"])
    clean = frame[frame.condition == "clean"]
    own = clean[clean["head"] == main]
    result = {"scores": score_head(own)}
    tests = {name: score_head(rows) for name, rows in own.groupby("test", sort=False)}
    if len(tests) > 1:
        result["tests"] = tests
    further = {name: clean[clean["head"] == name] for name in others}
    labelled = {name: rows for name, rows in further.items() if any(rows.truth != "")}
    if labelled:
        result["heads"] = {name: score_head(rows) for name, rows in labelled.items()}
    changed = frame[(frame["head"] == main) & (frame.condition != "clean")]
    if len(changed):
        groups = changed.groupby("condition")
        result["conditions"] = {name: score_head(rows) for name, rows in groups}
    return result


def summarise_heard(frame: pd.DataFrame) -> dict[str, dict]:
    """The scores of attributes on held-out utterances of training speakers.

    Args:
        frame: Their predictions; see `evaluation.heard_predictions`.

    Returns:
        By the name of the head, the number of labelled `utterances`, and `uar` and
        `accuracy` in [0, 1], or `ccc` if the head predicts numbers.
    """
    found = {}
    for name, rows in frame[frame.truth != ""].groupby("head", sort=False):
        truth, prediction = rows.truth, rows.prediction
        if rows.filter(like="p_").notna().to_numpy().any():
            uar = scores.uar(truth, prediction)
            own = {"uar": uar, "accuracy": scores.accuracy(truth, prediction)}
        else:
            own = {"ccc": scores.ccc(truth.astype(float), prediction.astype(float))}
        found[name] = {"utterances": len(rows), **own}
    return found


def score_head(rows: pd.DataFrame) -> dict:
    """The scores of one head: a summary of its classes, or the CCC.

    A head has classes if its rows have probabilities. Utterances whose class the model
    does not know count as errors.

    Args:
        rows: Predictions of one head.
    """
    labelled = rows[rows.truth != ""]
    columns = [name for name in rows if name.startswith("p_")]
    known = [each.removeprefix("p_") for each in columns if rows[each].notna().any()]
    if not known:
        truth, prediction = (labelled[c].astype(float) for c in ("truth", "prediction"))
        return {"ccc": scores.ccc(truth, prediction)}
    unknown = sorted(set(labelled.truth) - set(known))
    return scores.summary(labelled.truth, labelled.prediction, [*known, *unknown])
