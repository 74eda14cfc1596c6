"""Class centers that start at the class means of the data."""

import keras
import numpy as np


class InitialiseCenters(keras.callbacks.Callback):
    """Starts the class centers at the classes' mean deep features.

    Centers of zero would draw all deep features to zero before they tell classes
    apart. A class without an utterance among the batches starts at the mean of all.

    Args:
        batches: iterable of (features, labels, weights) with labels for `center`.
    """

    def __init__(self, batches):
        super().__init__()
        self.batches = batches

    def on_train_begin(self, logs=None):
        if "center" not in getattr(self.model, "heads", ()):
            return
        layer = self.model.get_layer("center")
        centers = keras.ops.convert_to_numpy(layer.centers)
        if centers.any():
            return  # trained before
        layer.centers.assign(self._means(centers))

    def _means(self, zeros):
        deep_features = self.model.deep_features_model
        total, count = np.zeros_like(zeros), np.zeros((len(zeros), 1), zeros.dtype)
        for features, labels, weights in self.batches:
            # Compiled; JAX takes no tensors of tf.data.
            deep = deep_features.predict_on_batch(np.array(features))
            chosen = np.array(labels["center"]) * np.array(weights["center"])[:, None]
            total += chosen.T @ deep
            count += chosen.sum(axis=0)[:, None]
        overall = total.sum(axis=0) / max(count.sum(), 1)
        return np.where(count > 0, total / np.maximum(count, 1), overall)
