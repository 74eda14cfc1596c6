"""Predictions in the table's order, scored."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import balanced_accuracy_score

from keras_ser import evaluation
from keras_ser.features import FeatureStore, LogMel
from keras_ser.preprocessing import Preprocessing


class Loudness:
    """A recogniser without a network: loud is anger, soft is sadness."""

    classes = ("anger", "sadness")

    def __init__(self, normalise="train"):
        self.preprocessing = Preprocessing(
            LogMel(bands=16), self.classes, 1.0, normalise, np.zeros(16), np.ones(16)
        )
        self.read = []

    def features(self, file, start=None, end=None):
        from keras_ser import audio

        self.read.append(file)
        return self.preprocessing.front_end(audio.read(file, start, end))

    def posteriors(self, utterances):
        loud = np.array([features.mean() > -5 for features in utterances])
        return np.stack([loud, ~loud], axis=1).astype(float)

    def table(self, posteriors):
        table = pd.DataFrame(posteriors, columns=["p_anger", "p_sadness"])
        best = np.array(self.classes)[posteriors.argmax(axis=1)]
        table.insert(0, "prediction", best)
        return table


def test_columns_and_order(spoken_table):
    frame = evaluation.predictions(Loudness(), spoken_table)
    assert list(frame) == [
        "corpus",
        "condition",
        "utterance",
        "speaker",
        "head",
        "truth",
        "prediction",
        "p_anger",
        "p_sadness",
    ]
    assert frame.utterance.tolist() == spoken_table.utterance.tolist()
    assert set(frame.condition) == {"clean"}
    assert set(frame["head"]) == {"emotion"}
    assert (frame.truth == frame.prediction).all()


def test_row_order_of_the_table_decides_nothing_but_the_order(spoken_table):
    shuffled = spoken_table.sample(frac=1, random_state=0)
    expected = evaluation.predictions(Loudness("speaker"), spoken_table)
    frame = evaluation.predictions(Loudness("speaker"), shuffled)
    again = frame.set_index("utterance").loc[expected.utterance].reset_index()
    pd.testing.assert_frame_equal(again[expected.columns], expected)


def test_a_store_gives_what_the_audio_gives(spoken_table, tmp_path):
    store = FeatureStore(tmp_path, LogMel(bands=16))
    store.prepare(spoken_table, progress=False)
    fresh, cached = Loudness(), Loudness()
    one = evaluation.predictions(fresh, spoken_table)
    other = evaluation.predictions(cached, spoken_table, store=store)
    pd.testing.assert_frame_equal(one, other)
    assert len(fresh.read) == len(spoken_table)
    assert not cached.read


def test_scores_are_those_of_the_predictions(spoken_table):
    wrong = spoken_table.assign(
        emotion=np.where(spoken_table.index % 5 == 0, "sadness", spoken_table.emotion)
    )
    frame = evaluation.predictions(Loudness(), wrong)
    table = evaluation.score(Loudness(), wrong)
    assert table.loc["clean", "uar"] == pytest.approx(
        balanced_accuracy_score(frame.truth, frame.prediction)
    )
    assert table.loc["clean", "utterances"] == len(wrong)


def test_unlabelled_rows_are_predicted_and_not_scored(spoken_table):
    partly = spoken_table.copy()
    partly.loc[:3, "emotion"] = ""
    assert len(evaluation.predictions(Loudness(), partly)) == len(partly)
    table = evaluation.score(Loudness(), partly)
    assert table.loc["clean", "utterances"] == len(partly) - 4


def test_an_unknown_condition_is_refused(spoken_table):
    with pytest.raises(ValueError, match="Condition must be one of.*'fog'"):
        evaluation.score(Loudness(), spoken_table, conditions=("fog",))
