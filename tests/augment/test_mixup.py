"""Mixup, compared with its equations."""

import numpy as np
import tensorflow as tf
from toy_batches import BANDS, batch_of, seed

from keras_ser import augment


def test_equations_1_and_2(rng):
    one = batch_of(rng, lengths=[120, 90, 40, 33, 120, 60])
    other = batch_of(rng, lengths=[100, 100, 50, 20, 10, 60])
    other["labels"]["emotion"] = tf.one_hot([1, 1, 1, 2, 2, 0], 3)
    out = augment.Mixup()(one, other, seed(2))
    x_i, x_j = np.array(one["features"]), np.array(other["features"])
    mixed = np.array(out["features"])
    for row in range(6):
        # One cell gives λ. Every other cell and the label must agree with it.
        cell = (row, 0, 0)
        share = (mixed[cell] - x_j[cell]) / (x_i[cell] - x_j[cell])
        assert 0 <= share <= 1
        np.testing.assert_allclose(
            mixed[row], share * x_i[row] + (1 - share) * x_j[row], atol=1e-3
        )
        for task, label in out["labels"].items():
            y_i, y_j = one["labels"][task][row], other["labels"][task][row]
            expected = share * y_i + (1 - share) * y_j
            np.testing.assert_allclose(label[row], expected, atol=1e-4)
        assert out["augmentation_weight"][row] == (1.0 if 0.1 <= share <= 0.9 else 0.5)
    assert out["frames"].numpy().tolist() == [120, 100, 50, 33, 120, 60]


def test_a_partner_without_a_label_takes_it_away(rng):
    one, other = batch_of(rng), batch_of(rng)
    other["known"]["emotion"] = tf.constant([1.0, 0, 1, 0, 1, 0])
    out = augment.Mixup()(one, other, seed(2))
    known, emotion = out["known"], np.array(out["labels"]["emotion"])
    np.testing.assert_array_equal(known["emotion"], other["known"]["emotion"])
    assert (emotion[1::2] == 0).all()
    np.testing.assert_allclose(emotion[::2].sum(axis=1), 1)
    assert (np.array(known["valence"]) == 1).all()


def test_shares_are_uniform(rng):
    one = batch_of(rng, rows=2000, time=1)
    one["features"] = tf.ones((2000, 1, BANDS))
    other = {**one, "features": tf.zeros((2000, 1, BANDS))}
    share = np.array(augment.Mixup()(one, other, seed(0))["features"])[:, 0, 0]
    counts, _ = np.histogram(share, bins=10, range=(0, 1))
    assert (np.abs(counts - 200) < 5 * np.sqrt(200)).all()
