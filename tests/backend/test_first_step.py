"""Variables of a first training step, and zeros in the shapes of what `fit` gets."""

import keras
import numpy as np
import pytest

from keras_ser.backend import first_step, makes_variables_in_graphs

FEATURES = np.ones((5, 7, 3), "float32")
LABELS = {"emotion": np.ones((5, 2), "float32"), "age": np.ones(5, "float64")}
in_graphs = pytest.mark.skipif(
    not makes_variables_in_graphs(), reason="variables are made outside of graphs"
)


def network():
    features = keras.Input((None, 3))
    mean = keras.layers.GlobalAveragePooling1D()(features)
    model = keras.Model(features, {"emotion": keras.layers.Dense(2)(mean)})
    model.compile("adam", {"emotion": "mse"}, weighted_metrics={"emotion": ["mae"]})
    return model


def test_zeros_have_one_row_and_the_shapes_of_arrays():
    features, labels = first_step.zeros_like(FEATURES, LABELS)
    assert features.shape == (1, 7, 3) and features.dtype == "float32"
    assert {name: each.shape for name, each in labels.items()} == {
        "emotion": (1, 2),
        "age": (1,),
    }
    assert labels["age"].dtype == "float64"
    assert not features.any()
    tensors = first_step.zeros_like(keras.ops.convert_to_tensor(FEATURES), LABELS)
    assert tensors[0].shape == (1, 7, 3)


def test_a_dataset_is_not_read():
    tf = pytest.importorskip("tensorflow")
    read = []

    def rows():
        read.append(1)
        yield FEATURES, LABELS, np.ones(5, "float32")

    specs = (
        tf.TensorSpec((None, None, 3), tf.float32),
        {"emotion": tf.TensorSpec((None, 2)), "age": tf.TensorSpec((None,))},
        tf.TensorSpec((None,), tf.float32),
    )
    data = tf.data.Dataset.from_generator(rows, output_signature=specs)
    features, labels = first_step.zeros_like(data)
    assert not read
    assert features.shape == (1, first_step.UNKNOWN, 3)
    assert [labels[name].shape for name in ("emotion", "age")] == [(1, 2), (1,)]


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (FEATURES, None),
        (None, None),
        (iter([(FEATURES, LABELS)]), None),
        ([[1.0, 2.0]], LABELS),
        (FEATURES, {"emotion": "anger"}),
        (FEATURES, {"emotion": np.float32(1)}),
    ],
)
def test_what_has_no_shape_has_no_zeros(x, y):
    assert first_step.zeros_like(x, y) is None


def test_a_dataset_without_labels_or_of_unknown_rank_has_no_zeros():
    tf = pytest.importorskip("tensorflow")
    data = tf.data.Dataset.from_tensor_slices(FEATURES)
    assert first_step.zeros_like(data) is None
    specs = (tf.TensorSpec(None, tf.float32), tf.TensorSpec((None, 2)))
    data = tf.data.Dataset.from_generator(lambda: iter(()), output_signature=specs)
    assert first_step.zeros_like(data) is None


@in_graphs
def test_all_variables_are_made_and_no_value_changes():
    model = network()
    weights = [each.copy() for each in model.get_weights()]
    labels = {"emotion": LABELS["emotion"]}
    first_step.create_variables(model, FEATURES, labels, {"emotion": np.ones(5)})
    assert model.optimizer.built
    count = len(model.variables)
    assert model.metrics_variables
    assert not any(keras.ops.any(each) for each in model.metrics_variables)
    for found, expected in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(found, expected)
    model.fit(FEATURES, labels, verbose=0)
    assert len(model.variables) == count


@in_graphs
def test_a_network_for_other_lengths_is_left_to_its_step():
    features = keras.Input((None, 3))
    long = keras.layers.Conv1D(2, first_step.UNKNOWN + 1)(features)
    model = keras.Model(features, keras.layers.GlobalAveragePooling1D()(long))
    model.compile("adam", "mse")
    tf = pytest.importorskip("tensorflow")
    specs = tf.TensorSpec((None, None, 3)), tf.TensorSpec((None, 2))
    batch = np.ones((2, 200, 3), "float32"), np.ones((2, 2), "float32")
    data = tf.data.Dataset.from_generator(lambda: iter([batch]), output_signature=specs)
    first_step.prepare(model, data)
    assert not model.optimizer.built
    assert np.isfinite(model.fit(data, verbose=0).history["loss"]).all()


def test_nothing_is_made_where_steps_make_no_variables(monkeypatch):
    monkeypatch.setattr(first_step, "makes_variables_in_graphs", lambda: False)
    model = network()
    first_step.create_variables(model, FEATURES, LABELS)
    first_step.prepare(model, FEATURES, LABELS)
    assert not model.optimizer.built
