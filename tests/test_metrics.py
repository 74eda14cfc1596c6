"""Streaming metrics, compared with the scores of the finished predictions."""

import keras
import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import accuracy_score, balanced_accuracy_score

from keras_ser import scores
from keras_ser.losses import CCCLoss, CrossEntropy, cross_entropy
from keras_ser.metrics import (
    CCC,
    UAR,
    Accuracy,
    CodeMoments,
    LossValue,
    MeanCrossEntropy,
)

BOTH = pytest.mark.parametrize("metric_class", [UAR, Accuracy])
ORACLES = {UAR: balanced_accuracy_score, Accuracy: accuracy_score}


def random_rows(rows: int, classes: int = 4, seed: int = 0):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, rows)
    posterior = rng.dirichlet(np.ones(classes), rows) + 0.5 * np.eye(classes)[truth]
    return np.eye(classes, dtype="float32")[truth], posterior.astype("float32")


@BOTH
@pytest.mark.parametrize("batch", [1, 7, 64])
def test_streamed_batches_equal_scikit_learn(metric_class, batch):
    truth, posterior = random_rows(64)
    metric = metric_class()
    for start in range(0, 64, batch):
        metric.update_state(truth[start:][:batch], posterior[start:][:batch])
    expected = ORACLES[metric_class](truth.argmax(1), posterior.argmax(1))
    assert float(metric.result()) == pytest.approx(expected, abs=1e-6)


@BOTH
def test_only_hard_rows_of_positive_weight_count_and_each_counts_once(metric_class):
    truth, posterior = random_rows(40)
    weight = np.random.default_rng(1).choice([0.0, 0.1, 1.0, 30.0], 40)
    truth[::5] = 0.7 * truth[::5] + 0.3 * np.roll(truth[::5], 1, axis=1)  # mixup
    kept = (weight > 0) & (truth.max(1) == 1)
    metric = metric_class()
    metric.update_state(truth, posterior, sample_weight=weight)
    expected = ORACLES[metric_class](truth[kept].argmax(1), posterior[kept].argmax(1))
    assert 0 < kept.sum() < 40
    assert float(metric.result()) == pytest.approx(expected, abs=1e-6)


def test_uar_leaves_out_classes_without_a_true_row():
    truth = np.eye(3)[[0, 0, 1, 1]]
    posterior = np.eye(3)[[0, 2, 1, 1]]
    metric = UAR()
    metric.update_state(truth, posterior)
    assert float(metric.result()) == pytest.approx(0.75)
    assert float(metric.result()) == pytest.approx(
        scores.uar(truth.argmax(1), posterior.argmax(1))
    )


@BOTH
def test_nothing_counted_is_zero(metric_class):
    metric = metric_class()
    assert float(metric.result()) == 0
    metric.update_state(np.full((3, 2), 0.5), np.full((3, 2), 0.5))
    metric.update_state(np.zeros((3, 2)), np.full((3, 2), 0.5))  # unlabelled rows
    metric.update_state(np.eye(2), np.eye(2), sample_weight=np.zeros(2))
    assert float(metric.result()) == 0


@BOTH
def test_reset_forgets(metric_class):
    metric = metric_class()
    metric.reset_state()
    metric.update_state(np.eye(2), np.eye(2)[::-1])
    metric.reset_state()
    metric.update_state(np.eye(2), np.eye(2))
    assert float(metric.result()) == 1


@BOTH
def test_config_round_trip(metric_class):
    metric = metric_class(name="other")
    config = keras.saving.serialize_keras_object(metric)
    copy = keras.saving.deserialize_keras_object(config)
    assert config["registered_name"] == f"keras_ser>{metric_class.__name__}"
    assert type(copy) is metric_class
    assert copy.get_config() == metric.get_config()
    assert (UAR().name, Accuracy().name) == ("uar", "accuracy")


@BOTH
def test_half_precision_counts_beyond_its_whole_numbers(metric_class):
    metric = metric_class(dtype="bfloat16")
    right = np.tile(np.eye(2), (250, 1))
    for wrong in (0, 250, 250):
        metric.update_state(right, np.concatenate([right[wrong:], 1 - right[:wrong]]))
    assert float(metric.counts.numpy().sum()) == 1500
    assert float(metric.result()) == pytest.approx(2 / 3, abs=0.005)


@BOTH
@pytest.mark.parametrize(
    "truth, prediction",
    [((4,), (4,)), ((4, 3), (4, 2)), ((4, 3, 1), (4, 3, 1))],
)
def test_wrong_shapes_are_rejected(metric_class, truth, prediction):
    with pytest.raises(ValueError, match="numbers of classes as `y_true`"):
        metric_class().update_state(np.zeros(truth), np.zeros(prediction))


def test_different_classes_in_a_later_batch_are_rejected():
    metric = UAR()
    metric.update_state(np.eye(2), np.eye(2))
    with pytest.raises(ValueError, match="the same classes in every batch"):
        metric.update_state(np.eye(3), np.eye(3))


def two_heads() -> keras.Model:
    inputs = keras.Input((5,))
    heads = {
        name: keras.layers.Dense(classes, activation="softmax", name=name)(inputs)
        for name, classes in (("emotion", 3), ("gender", 2))
    }
    return keras.Model(inputs, heads)


def test_inside_fit_of_a_model_with_two_heads(tmp_path):
    keras.utils.set_random_seed(0)
    model = two_heads()
    model.compile(
        "adam",
        loss={name: "categorical_crossentropy" for name in ("emotion", "gender")},
        weighted_metrics={"emotion": [UAR(), Accuracy()]},
    )
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(40, 5)).astype("float32")
    truth = {"emotion": random_rows(40, 3)[0], "gender": random_rows(40, 2)[0]}
    weight = {
        "emotion": rng.integers(0, 2, 40).astype("float32"),
        "gender": np.ones(40),
    }
    history = model.fit(
        inputs,
        truth,
        sample_weight=weight,
        validation_data=(inputs, truth, weight),
        epochs=2,
        batch_size=16,
        verbose=0,
    ).history
    kept = weight["emotion"] > 0
    posterior = model.predict(inputs, verbose=0)["emotion"]
    expected = balanced_accuracy_score(
        truth["emotion"][kept].argmax(1), posterior[kept].argmax(1)
    )
    assert history["val_emotion_uar"][-1] == pytest.approx(expected, abs=1e-6)
    assert "val_emotion_accuracy" in history
    model.save(tmp_path / "model.keras")
    copy = keras.models.load_model(tmp_path / "model.keras")
    again = copy.evaluate(
        inputs, truth, sample_weight=weight, verbose=0, return_dict=True
    )
    assert again["emotion_uar"] == pytest.approx(expected, abs=1e-6)


# === CCC and LossValue ===


def numbers(rows=60, seed=0, mean=0.4):
    rng = np.random.default_rng(seed)
    truth = rng.normal(mean, 0.3, rows)
    prediction = 0.5 * truth + rng.normal(0.1, 0.2, rows)
    weight = rng.choice([0.0, 0.5, 1.0, 3.0], rows)
    return truth, prediction, weight


def ccc(x, y, w):
    """CCC by its definition, in float64."""
    mean_x, mean_y = np.average(x, weights=w), np.average(y, weights=w)
    covariance = np.average((x - mean_x) * (y - mean_y), weights=w)
    variances = np.average((x - mean_x) ** 2 + (y - mean_y) ** 2, weights=w)
    return 2 * covariance / (variances + (mean_x - mean_y) ** 2)


@pytest.mark.parametrize("batch", [1, 7, 60])
@pytest.mark.parametrize("shape", [(-1,), (-1, 1)])
def test_streamed_ccc_is_that_of_all_rows(batch, shape):
    truth, prediction, weight = numbers()
    metric = CCC()
    for start in range(0, 60, batch):
        part = slice(start, start + batch)
        metric.update_state(
            truth[part].reshape(shape), prediction[part], sample_weight=weight[part]
        )
    expected = ccc(truth, prediction, weight)
    assert float(metric.result()) == pytest.approx(expected, abs=1e-5)
    assert metric.result().shape == ()


def test_ccc_keeps_its_digits_far_from_zero():
    truth, prediction, _ = numbers()
    metric = CCC()
    for part in np.split(np.arange(60), 6):
        metric.update_state(1000 + truth[part], 1000 + prediction[part])
    expected = ccc(truth, prediction, np.ones(60))
    assert float(metric.result()) == pytest.approx(expected, abs=1e-3)


def test_ccc_is_one_minus_the_loss():
    truth, prediction, weight = numbers()
    metric = CCC()
    metric.update_state(truth, prediction, sample_weight=weight)
    loss = float(CCCLoss()(truth, prediction, weight))
    assert float(metric.result()) == pytest.approx(1 - loss, abs=1e-5)


def test_ccc_of_nothing_is_zero_and_unknown_labels_do_not_count():
    metric = CCC()
    assert float(metric.result()) == 0
    metric.update_state([np.nan, np.nan], [0.1, 0.2], sample_weight=[0, 0])
    metric.update_state([0.5, 0.5], [0.5, 0.5])
    assert float(metric.result()) == 0
    metric.reset_state()
    truth, prediction, _ = numbers()
    metric.update_state(truth, prediction)
    metric.update_state([np.nan, 1e6], [0.1, 0.2], sample_weight=[0, 0])
    expected = ccc(truth, prediction, np.ones(60))
    assert float(metric.result()) == pytest.approx(expected, abs=1e-5)
    with pytest.raises(ValueError, match="one value per row"):
        metric.update_state(np.zeros((4, 2)), np.zeros((4, 2)))


def test_loss_value_is_the_weighted_mean_over_all_rows():
    truth, posterior = random_rows(40)
    weight = np.random.default_rng(1).choice([0.0, 0.5, 2.0], 40)
    loss = cross_entropy("emotion_loss")
    metric = LossValue(loss, name="emotion_loss")
    for part in (slice(0, 7), slice(7, 9), slice(9, 40)):
        metric.update_state(truth[part], posterior[part], sample_weight=weight[part])
    expected = float(loss(truth, posterior, weight))
    assert float(metric.result()) == pytest.approx(expected, rel=1e-5)
    metric.reset_state()
    for part in (slice(0, 30), slice(30, 40)):
        metric.update_state(truth[part], posterior[part])
    assert float(metric.result()) == pytest.approx(float(loss(truth, posterior)), 1e-5)


def test_loss_value_of_a_batch_statistic_is_weighted_by_the_weights():
    truth, prediction, weight = numbers()
    metric, loss = LossValue(CCCLoss(), name="valence_loss"), CCCLoss()
    parts = slice(0, 20), slice(20, 60)
    for part in parts:
        metric.update_state(truth[part], prediction[part], sample_weight=weight[part])
    values = [float(loss(truth[p], prediction[p], weight[p])) for p in parts]
    expected = np.average(values, weights=[weight[p].sum() for p in parts])
    assert float(metric.result()) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("metric", [CCC("a"), LossValue(CCCLoss("b"), name="c")])
def test_metrics_of_numbers_can_be_serialised(metric):
    config = keras.saving.serialize_keras_object(metric)
    copy = keras.saving.deserialize_keras_object(config)
    assert type(copy) is type(metric)
    assert copy.get_config() == metric.get_config()
    truth, prediction, weight = numbers()
    for each in (metric, copy):
        each.update_state(truth, prediction, sample_weight=weight)
    assert float(copy.result()) == float(metric.result())


def test_ccc_inside_fit(tmp_path):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    loss = LossValue(CCCLoss(), name="value")
    model.compile("sgd", CCCLoss(), weighted_metrics=[CCC(), loss])
    inputs = np.random.default_rng(0).normal(size=(60, 3)).astype("float32")
    truth, _, weight = numbers()
    model.fit(inputs, truth, sample_weight=weight, batch_size=16, verbose=0)
    model.save(tmp_path / "model.keras")
    copy = keras.models.load_model(tmp_path / "model.keras")
    logs = copy.evaluate(
        inputs, truth, sample_weight=weight, batch_size=16, return_dict=True, verbose=0
    )
    prediction = model.predict(inputs, verbose=0)[:, 0]
    assert logs["ccc"] == pytest.approx(ccc(truth, prediction, weight), abs=1e-5)
    assert 0 < logs["value"] < 2


def test_moments_of_a_code_are_those_of_all_cells_in_speech(rng):
    codes = rng.gamma(2.0, size=(6, 5, 3, 2)).astype("float32")
    mask = np.float32([[t < n for t in range(5)] for n in (5, 3, 1, 5, 4, 0)])
    metric = CodeMoments(name="z")
    for rows in (slice(0, 4), slice(4, 6)):
        metric.update_state(codes[rows], mask[rows])
    found = {name: float(value) for name, value in metric.result().items()}
    cells = codes[mask > 0].ravel()
    expected = {
        "z_mean": cells.mean(),
        "z_variance": cells.var(),
        "z_skewness": stats.skew(cells),
        "z_kurtosis": stats.kurtosis(cells),
    }
    assert found == pytest.approx(expected, rel=1e-3)
    metric.reset_state()
    assert float(metric.result()["z_mean"]) == 0


def test_numbers_of_classes_count_as_one_hot_labels():
    posterior = np.float32([[0.7, 0.3], [0.4, 0.6], [0.9, 0.1], [0.2, 0.8]])
    numbers = np.array([0, 1, 1, -1])
    vectors, weight = np.eye(2, dtype="float32")[numbers], np.float32([1, 1, 1, 0])
    for kind in (UAR, Accuracy, MeanCrossEntropy):
        own, other = kind(), kind()
        own.update_state(numbers, posterior)
        own.update_state(numbers[:, None], posterior, sample_weight=2 * weight)
        other.update_state(vectors, posterior, sample_weight=weight)
        other.update_state(vectors, posterior, sample_weight=2 * weight)
        assert float(own.result()) == pytest.approx(float(other.result()), 1e-6)


@pytest.mark.parametrize("kind", [UAR, Accuracy])
def test_a_label_that_is_no_class_shows_in_the_score(kind):
    metric = kind()
    metric.update_state(np.array([1, 2, 3]), np.eye(3, dtype="float32"))
    assert np.isnan(float(metric.result()))
    metric.reset_state()
    weight = np.float32([1, 1, 0])
    metric.update_state(np.array([0, 1, 3]), np.eye(3, dtype="float32"), weight)
    assert float(metric.result()) == 1


@pytest.mark.parametrize("kind", [UAR, Accuracy])
def test_a_single_output_is_rejected(kind):
    with pytest.raises(ValueError, match="one output per class.*two outputs"):
        kind().update_state(np.array([0, 1]), np.ones((2, 1), "float32"))


def test_loss_value_leaves_out_rows_without_a_label():
    loss = CrossEntropy()
    metric, mean = LossValue(loss), MeanCrossEntropy()
    for numbers, probability in (([0, -1, -1], 0.5), ([1, 0, 1], 0.1)):
        posterior = [[probability, 1 - probability]] * 3
        metric.update_state(numbers, posterior)
        mean.update_state(numbers, posterior)
    assert float(metric.result()) == pytest.approx(float(mean.result()), rel=1e-5)


def test_moments_keep_their_digits_far_from_zero(rng):
    codes = rng.normal(1000, 1, size=(40, 50, 3, 2)).astype("float32")
    metric = CodeMoments()
    for rows in (slice(0, 30), slice(30, 40)):
        metric.update_state(codes[rows], np.ones((40, 50))[rows])
    found = metric.result()
    cells = codes.ravel().astype("float64")
    assert float(found["code_variance"]) == pytest.approx(cells.var(), rel=1e-3)
    assert float(found["code_skewness"]) == pytest.approx(stats.skew(cells), abs=1e-2)
    expected = stats.kurtosis(cells)
    assert float(found["code_kurtosis"]) == pytest.approx(expected, abs=1e-2)
