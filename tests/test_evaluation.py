"""Predictions in the order of the table, under conditions, and their scores."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import balanced_accuracy_score

from keras_ser import attacks, audio, evaluation, scores
from keras_ser.audio import noise as noises
from keras_ser.features import IDENTITY, FeatureStore, LogMel, extract
from keras_ser.features.preprocessing import Preprocessing
from keras_ser.inference import Recogniser
from keras_ser.models import BASELINE, MTLAug
from keras_ser.tasks import Classification, Regression


class Loudness:
    """A recogniser without a network: loud is anger, soft is sadness."""

    classes = ("anger", "sadness")
    task = Classification("emotion", classes)
    tasks = (task,)

    def __init__(self, normalise="train"):
        self.preprocessing = Preprocessing(
            LogMel(n_mels=16), self.classes, 1.0, normalise, np.zeros(16), np.ones(16)
        )
        self.read, self.given = [], []

    def features(self, file, start=None, end=None, transform=IDENTITY):
        self.read.append(file)
        return extract(self.preprocessing.front_end, file, start, end, transform)

    def outputs(self, utterances, attack=None, tasks=None):
        self.given.append(utterances)
        loud = np.array([features.mean() > -5 for features in utterances])
        return {"emotion": np.stack([loud, ~loud], axis=1).astype(float)}


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


def test_row_order_affects_only_the_order_of_the_predictions(spoken_table):
    shuffled = spoken_table.sample(frac=1, random_state=0)
    expected = evaluation.predictions(Loudness("speaker"), spoken_table)
    frame = evaluation.predictions(Loudness("speaker"), shuffled)
    again = frame.set_index("utterance").loc[expected.utterance].reset_index()
    pd.testing.assert_frame_equal(again[expected.columns], expected)


def test_a_store_gives_what_the_audio_gives(spoken_table, tmp_path):
    store = FeatureStore(tmp_path, LogMel(n_mels=16))
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
    row = table.loc["clean"]
    assert row.uar == pytest.approx(
        100 * balanced_accuracy_score(frame.truth, frame.prediction)
    )
    assert row.accuracy == pytest.approx(100 * (frame.truth == frame.prediction).mean())
    assert row.utterances == len(wrong)
    assert row.speakers == wrong.speaker.nunique() >= 3
    given = frame.truth, frame.prediction, frame.speaker
    expected = 100 * np.array(scores.t_interval(*given))
    np.testing.assert_allclose(row[["uar_low", "uar_high"]].astype(float), expected)
    assert row.uar_low < row.uar < row.uar_high


def test_two_speakers_have_no_interval(spoken_table):
    few = spoken_table[spoken_table.speaker.isin(sorted(set(spoken_table.speaker))[:2])]
    row = evaluation.score(Loudness(), few).loc["clean"]
    assert row.speakers == 2 and np.isnan(row.uar_low) and np.isnan(row.uar_high)


def test_unlabelled_rows_are_predicted_and_not_scored(spoken_table):
    partly = spoken_table.copy()
    partly.loc[:3, "emotion"] = ""
    assert len(evaluation.predictions(Loudness(), partly)) == len(partly)
    table = evaluation.score(Loudness(), partly)
    assert table.loc["clean", "utterances"] == len(partly) - 4


class Estimates(Loudness):
    """Also estimates the loudness, and names the gender and the speaker."""

    tasks = (
        Loudness.task,
        Regression("loudness"),
        Classification("sex", ("female", "male"), column="gender"),
        Classification("speaker", ("toy/8", "toy/9")),
    )

    def outputs(self, utterances, attack=None, tasks=None):
        found = super().outputs(utterances)
        means = np.array([[features.mean()] for features in utterances])
        female = np.tile([0.75, 0.25], (len(utterances), 1))
        found |= {"loudness": means, "sex": female, "speaker": female}
        return {task.name: found[task.name] for task in tasks}


@pytest.fixture(scope="module")
def measured_table(spoken_table):
    """The table with a loudness, which the first utterance lacks."""
    features = [extract(LogMel(n_mels=16), file) for file in spoken_table.file]
    loudness = [each.mean() for each in features]
    return spoken_table.assign(loudness=[np.nan, *loudness[1:]])


def test_every_head_has_its_rows(measured_table):
    conditions = ("clean", "gain:-40")
    frame = evaluation.predictions(Estimates(), measured_table, conditions)
    count = len(measured_table)
    groups = [(c, h) for c in conditions for h in ("emotion", "loudness", "sex")]
    found = frame[["condition", "head"]].iloc[::count].itertuples(index=False)
    assert [tuple(each) for each in found] == groups  # nobody's speaker is known
    sex = frame[frame["head"] == "sex"]
    assert sex.truth.tolist() == 2 * measured_table.gender.tolist()
    assert set(sex.prediction) == {"female"}
    assert (sex.p_female == 0.75).all()
    assert sex[["p_anger", "p_sadness"]].isna().all(axis=None)
    loudness = frame[(frame["head"] == "loudness") & (frame.condition == "clean")]
    assert loudness.filter(like="p_").isna().all(axis=None)
    assert loudness.truth.iloc[0] == ""
    truth, prediction = (loudness[c].iloc[1:].astype(float) for c in PAIR)
    np.testing.assert_allclose(truth, prediction, rtol=1e-4)


PAIR = ("truth", "prediction")


def test_a_class_that_the_model_does_not_know_is_an_error(spoken_table):
    changed = spoken_table.copy()
    changed.loc[:5, "emotion"] = "surprise"
    frame = evaluation.predictions(Loudness(), changed)
    assert frame.truth.iloc[:6].tolist() == ["surprise"] * 6
    score = evaluation.score(Loudness(), changed).loc["clean"]
    assert score.accuracy == pytest.approx(100 * (1 - 6 / len(changed)))
    assert score.uar == pytest.approx(200 / 3)


def test_a_regression_is_scored_by_its_ccc(measured_table):
    class Level(Estimates):
        task = Estimates.tasks[1]
        tasks = (task,)

    score = evaluation.score(Level(), measured_table).loc["clean"]
    assert score.utterances == len(measured_table) - 1
    assert score.ccc == pytest.approx(1, abs=1e-6)
    assert score.ccc_low <= score.ccc <= score.ccc_high
    with pytest.raises(ValueError, match="need a model whose main task has classes"):
        evaluation.predictions(Level(), measured_table, ("clean", "fgsm:0.1"))


def test_an_unknown_condition_is_rejected(spoken_table):
    with pytest.raises(ValueError, match="Condition must be one of.*'fog'"):
        evaluation.score(Loudness(), spoken_table, conditions=("fog",))


@pytest.fixture(scope="module")
def noise_table(toy_table, tmp_path_factory, noise):
    """One clip of rain."""
    import soundfile

    path = tmp_path_factory.mktemp("noise") / "rain.wav"
    soundfile.write(path, noise(2.0, seed=9), audio.RATE)
    table = toy_table(["rain"], ("",), corpus="noise")
    return table.assign(file=str(path), session="rain", digest=audio.digest(path))


CONDITIONS = ("clean", "noise:rain:0", "gain:-40", "band:2000")


def test_every_condition_has_its_rows_under_its_name(spoken_table, noise_table):
    frame = evaluation.predictions(
        Loudness(), spoken_table, ("clean", "noise:rain:0.0"), noise=noise_table
    )
    assert frame.condition.unique().tolist() == ["clean", "noise:rain:0"]
    for _, rows in frame.groupby("condition"):
        assert rows.utterance.tolist() == spoken_table.utterance.tolist()
    found = evaluation.score(Loudness(), spoken_table, ("clean", "gain:-40"))
    assert found.loc["clean", "uar"] == 100
    assert found.loc["gain:-40", "uar"] == 50  # everything is soft


def test_a_condition_changes_the_waveform_before_its_features(
    spoken_table, noise_table
):
    recogniser = Loudness()
    evaluation.predictions(recogniser, spoken_table, CONDITIONS, noise=noise_table)
    row, front_end = spoken_table.iloc[3], LogMel(n_mels=16)
    mixing = noises.Mixing(noises.clips(noise_table), "rain", 0.0, row.utterance)
    wave = audio.read(row.file)
    np.testing.assert_array_equal(recogniser.given[0][3], front_end(wave))
    np.testing.assert_array_equal(recogniser.given[1][3], front_end(mixing(wave)))
    np.testing.assert_array_equal(recogniser.given[2][3], front_end(wave / 100))


def test_a_store_gives_what_the_audio_gives_under_all_conditions(
    spoken_table, noise_table, tmp_path
):
    store = FeatureStore(tmp_path, LogMel(n_mels=16))
    fresh, cached, again = Loudness(), Loudness(), Loudness()
    for recogniser, given in ((fresh, None), (cached, store), (again, store)):
        evaluation.predictions(
            recogniser, spoken_table, CONDITIONS, given, noise=noise_table
        )
    entries = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(entries) == len(CONDITIONS) * len(spoken_table)
    assert not cached.read and not again.read
    for one, other in zip(fresh.given, again.given, strict=True):
        for first, second in zip(one, other, strict=True):
            np.testing.assert_array_equal(first, second)


def test_the_noise_does_not_depend_on_order_or_other_utterances(
    spoken_table, noise_table
):
    whole, alone = Loudness(), Loudness()
    texts = ("noise:all:5",)
    evaluation.predictions(whole, spoken_table, texts, noise=noise_table)
    some = spoken_table.iloc[[7, 2]].reset_index(drop=True)
    evaluation.predictions(alone, some, ("clean", *texts), noise=noise_table)
    np.testing.assert_array_equal(alone.given[1][0], whole.given[0][7])
    np.testing.assert_array_equal(alone.given[1][1], whole.given[0][2])


def test_a_speakers_statistics_are_those_of_the_degraded_speech(
    spoken_table, noise_table
):
    recogniser = Loudness("speaker")
    evaluation.predictions(
        recogniser, spoken_table, ("clean", "noise:rain:0"), noise=noise_table
    )
    for places in spoken_table.groupby("speaker").indices.values():
        own = np.concatenate([recogniser.given[1][place] for place in places])
        np.testing.assert_allclose(own.mean(axis=0), 0, atol=1e-4)
        np.testing.assert_allclose(own.std(axis=0), 1, atol=1e-3)


def test_attacks_share_the_features_of_clean_speech(spoken_table, monkeypatch):
    recogniser = Loudness()
    monkeypatch.setitem(attacks.ATTACKS, "fgsm", lambda epsilon: None)
    texts = ("clean", "fgsm:0.1", "fgsm:0.2")
    evaluation.predictions(recogniser, spoken_table, texts)
    assert len(recogniser.read) == len(spoken_table)


def test_noise_without_a_table_of_it_is_rejected(spoken_table):
    with pytest.raises(ValueError, match="`noise:rain:0` needs noise to mix in"):
        evaluation.predictions(Loudness(), spoken_table, ("noise:rain:0",))


def test_attacks_need_a_true_emotion(spoken_table):
    partly = spoken_table.copy()
    partly.loc[3, "emotion"] = ""
    words = (
        r"\['pgd:0.1'\] need the true emotion.*1 of 36 utterances without, "
        "the first 'toy/1-3'"
    )
    with pytest.raises(ValueError, match=words):
        evaluation.predictions(Loudness(), partly, ("clean", "pgd:0.1"))


@pytest.fixture(scope="module")
def recogniser():
    """A small network whose window is shorter than most of the speech."""
    import keras

    keras.utils.set_random_seed(0)
    moments = np.full(16, -8.0), np.full(16, 3.0)
    preprocessing = Preprocessing(
        LogMel(n_mels=16), Loudness.classes, 0.64, "train", *moments
    )
    model = MTLAug(Loudness.classes, dimensions=16, **BASELINE)
    return Recogniser(model, preprocessing, batch=4)


class Recorder:
    """An attack that adds `change` to the features, and records its arguments."""

    def __init__(self, change=0.0):
        self.change, self.calls = change, []

    def __call__(self, epsilon):
        return self.attack

    def attack(self, model, features, truth, seeds):
        self.calls.append((features, truth, seeds))
        moved = np.where(features.any(axis=2, keepdims=True), self.change, 0)
        return features + moved.astype(features.dtype)


@pytest.fixture
def recorder(monkeypatch):
    found = Recorder()
    monkeypatch.setitem(attacks.ATTACKS, "fgsm", found)
    return found


def posteriors(frame):
    return frame[["p_anger", "p_sadness"]].to_numpy()


def test_an_attack_that_changes_nothing_changes_no_prediction(
    recogniser, spoken_table, recorder
):
    frame = evaluation.predictions(recogniser, spoken_table, ("clean", "fgsm:0.1"))
    clean, attacked = (posteriors(rows) for _, rows in frame.groupby("condition"))
    np.testing.assert_allclose(clean, attacked, atol=1e-5)
    recorder.change = 2.0
    frame = evaluation.predictions(recogniser, spoken_table, ("clean", "fgsm:0.1"))
    clean, attacked = (posteriors(rows) for _, rows in frame.groupby("condition"))
    assert np.abs(clean - attacked).max() > 1e-3


def test_an_attack_leaves_a_class_that_the_model_does_not_know(
    recogniser, spoken_table
):
    """There is no true class whose probability it could lower."""
    table = spoken_table[:2].copy()
    table.loc[0, "emotion"] = "surprise"
    frame = evaluation.predictions(recogniser, table, ("clean", "fgsm:0.5"))
    clean, attacked = (posteriors(rows) for _, rows in frame.groupby("condition"))
    np.testing.assert_allclose(clean[0], attacked[0], atol=1e-6)
    assert np.abs(clean[1] - attacked[1]).max() > 1e-4


def test_every_window_is_attacked_with_the_truth_and_seed_of_its_utterance(
    recogniser, spoken_table, recorder
):
    evaluation.predictions(recogniser, spoken_table, ("fgsm:0.1",))
    window = recogniser.preprocessing.window
    raw = [recogniser.features(file) for file in spoken_table.file]
    count = sum(-(-len(features) // window) for features in raw)
    seeds = [noises.seed_of(u, "fgsm:0.1") for u in spoken_table.utterance]
    emotion_of = dict(zip(seeds, spoken_table.emotion, strict=True))
    found = [
        (seed, Loudness.classes[row.argmax()])
        for features, truth, batch in recorder.calls
        for row, seed in zip(truth, batch, strict=True)
    ]
    assert all(emotion_of[seed] == emotion for seed, emotion in found)
    assert {seed for seed, _ in found} == set(seeds)
    assert len(found) == 4 * -(-count // 4)  # batches of one size
    for features, truth, _ in recorder.calls:
        assert len(features) == 4 and features.shape[1] <= 64
        assert (truth.sum(axis=1) == 1).all()


def test_a_long_utterance_is_the_mean_of_its_attacked_windows(
    recogniser, spoken_table, recorder
):
    recorder.change = 1.5
    row = spoken_table[spoken_table.duration == 1.0].head(1)
    frame = evaluation.predictions(recogniser, row, ("fgsm:0.1",))
    (features, _, _), window = recorder.calls[0], recogniser.preprocessing.window
    whole = recogniser.preprocessing.normalised(recogniser.features(row.file.iloc[0]))
    count = -(-len(whole) // window)
    starts = np.linspace(0, len(whole) - window, count).round().astype(int)
    moved = [whole[start : start + window] + np.float32(1.5) for start in starts]
    expected = recogniser.posteriors(moved).mean(axis=0)
    assert count > 1 and len(features) == count
    np.testing.assert_allclose(posteriors(frame)[0], expected, atol=1e-5)


@pytest.mark.parametrize("name", attacks.ATTACKS)
def test_real_attacks_lower_the_true_emotions_probability(
    recogniser, spoken_table, name
):
    some = spoken_table.head(6)
    texts = ("clean", f"{name}:0", f"{name}:0.5")
    frame = evaluation.predictions(recogniser, some, texts)
    true = np.where(frame.truth == "anger", frame.p_anger, frame.p_sadness)
    clean, none, attacked = true.reshape(3, -1)
    np.testing.assert_allclose(none, clean, atol=1e-5)
    assert (attacked < clean).all()


def test_an_attack_does_not_depend_on_other_utterances(recogniser, spoken_table):
    frame = evaluation.predictions(recogniser, spoken_table.head(7), ("pgd:0.3",))
    alone = evaluation.predictions(recogniser, spoken_table[4:5], ("pgd:0.3",))
    np.testing.assert_allclose(posteriors(frame)[4], posteriors(alone)[0], atol=1e-4)


class HeardEstimates(Estimates):
    """An estimate that knows two speakers of the table."""

    tasks = (*Estimates.tasks[:3], Classification("speaker", ("toy/1", "toy/2")))


def test_only_attributes_of_held_out_utterances_are_predicted(measured_table):
    known = measured_table[measured_table.speaker.isin(["toy/1", "toy/2"])]
    held, speech = known.iloc[::2], known.iloc[1::2]
    recogniser = HeardEstimates("speaker")
    frame = evaluation.heard_predictions(recogniser, held, speech)
    assert list(dict.fromkeys(frame["head"])) == ["sex", "speaker"]
    assert frame.utterance.tolist() == 2 * held.utterance.tolist()
    assert set(frame.condition) == {"clean"}
    assert frame.truth.tolist() == [*held.gender, *held.speaker]


def test_the_statistics_of_heard_speakers_are_those_of_their_training_speech(
    measured_table,
):
    known = measured_table[measured_table.speaker == "toy/1"]
    held, speech = known.iloc[:1], known.iloc[1:]
    recogniser = HeardEstimates("speaker")
    evaluation.heard_predictions(recogniser, held, speech)
    front_end = recogniser.preprocessing.front_end
    spoken = np.concatenate([extract(front_end, file) for file in speech.file])
    own = extract(front_end, held.file.iloc[0])
    expected = (own - spoken.mean(axis=0)) / spoken.std(axis=0)
    np.testing.assert_allclose(recogniser.given[0][0], expected, atol=1e-2)


def test_a_model_without_attributes_predicts_nothing_heard(measured_table):
    frame = evaluation.heard_predictions(Loudness(), measured_table, measured_table)
    assert frame.empty and {"head", "truth", "prediction"} <= set(frame)


@pytest.mark.parametrize("texts", [["clean", "clean"], ["gain:-20", "gain:-20.0"]])
def test_a_condition_that_comes_twice_is_rejected(spoken_table, texts):
    for function in (evaluation.predictions, evaluation.score):
        with pytest.raises(ValueError, match="`conditions` must be different.*Name"):
            function(Loudness(), spoken_table, texts)
