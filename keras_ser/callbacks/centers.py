"""Initial class centers: the class means of the data."""

from collections.abc import Iterable

import keras
import numpy as np

from keras_ser.layers import class_labels


class InitialiseCenters(keras.callbacks.Callback):
    """Starts each class center at the mean embedding of its class.

    With the embedding f(x_i) of utterance i, its one-hot label y_i and its weight w_i,
    the center of class k starts at

        c_k = Σ_i w_i y_ik f(x_i) / Σ_i w_i y_ik

    Centers of zero would pull all embeddings to zero before the embeddings separate
    the classes. A class without an utterance in the batches starts at the mean over
    all utterances.

    Centers that are not all zero have been trained before and stay as they are. A
    model without a task of the kind `centers` is left unchanged.

    Args:
        batches: Iterable of (features, labels, weights), dictionaries whose keys are
            the heads. The labels of a head with centers are one-hot, `(batch,
            classes)`, or numbers of classes, and its weights are `(batch,)`.
    """

    def __init__(self, batches: Iterable[tuple]):
        super().__init__()
        self.batches = batches

    def on_train_begin(self, logs=None):
        for task in getattr(self.model, "tasks", ()):
            if task.kind == "centers":
                self._initialise(task.name)

    def _initialise(self, head: str) -> None:
        centers = self.model.get_layer(head).centers
        before = keras.ops.convert_to_numpy(centers)
        if not before.any():  # otherwise they have been trained before
            centers.assign(self._class_means(head, before))

    def _class_means(self, head: str, zeros: np.ndarray) -> np.ndarray:
        """The initial centers of a head; `zeros` has the shape `(classes, units)`."""
        embedding_model = self.model.embedding_model
        total, count = np.zeros_like(zeros), np.zeros((len(zeros), 1), zeros.dtype)
        for features, labels, weights in self.batches:
            # `predict_on_batch` is compiled. JAX does not take tensors of tf.data.
            embedding = embedding_model.predict_on_batch(np.array(features))
            vectors = class_labels.one_hot(np.array(labels[head]), len(zeros))
            vectors = keras.ops.convert_to_numpy(vectors)
            chosen = vectors * np.reshape(np.array(weights[head]), (-1, 1))
            total += chosen.T @ embedding
            count += chosen.sum(axis=0)[:, None]
        return class_means(total, count)


def class_means(total: np.ndarray, count: np.ndarray) -> np.ndarray:
    """The mean of each class; the mean over all utterances for a class without any.

    Args:
        total: The sums of the embeddings by class, `(classes, units)`.
        count: The number of utterances by class, `(classes, 1)`.
    """
    overall = total.sum(axis=0) / max(count.sum(), 1)
    return np.where(count > 0, total / np.maximum(count, 1), overall)
