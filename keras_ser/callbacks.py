"""Keras callbacks: the schedule, seeds an epoch, centers from data, progress."""

import hashlib

import keras
import numpy as np


class HalveAndRestore(keras.callbacks.Callback):
    """Halves the learning rate and goes back to the best epoch.

    If `monitor` has not improved for `patience` epochs, weights and optimizer of
    the best epoch are restored and the learning rate is multiplied by `factor`;
    the count starts again. Training stops when the rate would fall below `floor`.
    At the end, the model is that of the best epoch.

    Equal values of `monitor` are decided by the lower `tie`.

    Args:
        monitor: a key of the epoch's logs that grows as the model gets better.
        patience: epochs.
        factor: of the learning rate.
        floor: learning rate; default, a tenth of the initial one.
        tie: a key of the logs that falls as the model gets better.

    Reference: Latif et al. 2022, section 4.3.
    """

    def __init__(
        self,
        monitor="val_emotion_accuracy",
        patience=5,
        factor=0.5,
        floor=None,
        tie="val_emotion_loss",
    ):
        super().__init__()
        self.monitor = monitor
        self.patience = patience
        self.factor = factor
        self.floor = floor
        self.tie = tie
        self.best_epoch = None
        self.kept = None  # weights and moments of the best epoch, as arrays
        self._best = (-np.inf, -np.inf)
        self._waited = 0

    def on_train_begin(self, logs=None):
        if self.floor is None:
            self.floor = self._rate() / 10

    def on_epoch_end(self, epoch, logs=None):
        score = self._score(logs or {})
        logs["learning_rate"] = self._rate()
        if score > self._best:
            self._best, self.best_epoch = score, epoch
            self.kept = self._snapshot()
            self._waited = 0
            return
        self._waited += 1
        if self._waited >= self.patience:
            self._halve()

    def on_train_end(self, logs=None):
        if self.kept is not None:
            self._restore()

    def get_state(self) -> dict:
        """What the next epochs depend on besides `kept`, as JSON values."""
        return {
            "best": list(self._best),
            "best_epoch": self.best_epoch,
            "waited": self._waited,
            "floor": self.floor,
        }

    def set_state(self, state: dict, kept: list) -> None:
        """Goes on from a state of `get_state` and the `kept` of that moment."""
        self._best = tuple(state["best"])
        self.best_epoch = state["best_epoch"]
        self._waited = state["waited"]
        self.floor = state["floor"]
        self.kept = kept

    def _halve(self):
        rate = self._rate() * self.factor
        self._restore()
        self._waited = 0
        if rate < self.floor:
            self.model.stop_training = True
        else:
            self.model.optimizer.learning_rate = rate

    def _score(self, logs) -> tuple[float, float]:
        absent = [key for key in (self.monitor, self.tie) if key not in logs]
        if absent:
            raise ValueError(
                f"`monitor` and `tie` must be keys of the logs, {sorted(logs)}. "
                f"Received: {absent}. Give `fit` validation_data, or name other keys."
            )
        return float(logs[self.monitor]), -float(logs[self.tie])

    def _rate(self) -> float:
        return float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))

    def _variables(self):
        """Weights and the optimizer's moments; the learning rate goes its own way."""
        rate = self.model.optimizer.learning_rate
        moments = [v for v in self.model.optimizer.variables if v is not rate]
        return self.model.weights + moments

    def _snapshot(self):
        return [keras.ops.convert_to_numpy(variable) for variable in self._variables()]

    def _restore(self):
        for variable, value in zip(self._variables(), self.kept, strict=True):
            variable.assign(value)


class ReseedEachEpoch(keras.callbacks.Callback):
    """Sets every seed generator of the model from (seed, epoch, its place).

    Dropout then depends on the epoch alone, not on how training got there: a run
    that was interrupted and goes on draws the same masks.

    Args:
        seed: integer.
    """

    def __init__(self, seed: int):
        super().__init__()
        self.seed = seed

    def on_epoch_begin(self, epoch, logs=None):
        for place, generator in enumerate(_seed_generators(self.model)):
            identity = f"{self.seed} {epoch} {place}".encode()
            digest = hashlib.blake2b(identity, digest_size=8).digest()
            generator.state.assign(np.frombuffer(digest, dtype="<u4"))


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


class Progress(keras.callbacks.Callback):
    """One bar over all epochs, with the time left and the development score.

    Args:
        title: text before the bar.
        monitor: key of the logs shown behind it.
    """

    def __init__(self, title: str, monitor="val_emotion_accuracy"):
        super().__init__()
        self.title = title
        self.monitor = monitor
        self._bar = None

    def on_train_begin(self, logs=None):
        import tqdm

        total = self.params["epochs"] * self.params["steps"]
        self._bar = tqdm.tqdm(total=total, desc=self.title, unit="step", leave=True)

    def on_epoch_begin(self, epoch, logs=None):
        self._bar.n = epoch * self.params["steps"]
        self._bar.refresh()

    def on_train_batch_end(self, batch, logs=None):
        self._bar.update()

    def on_epoch_end(self, epoch, logs=None):
        value = (logs or {}).get(self.monitor)
        if value is not None:
            self._bar.set_postfix_str(f"epoch {epoch + 1}, {self.monitor} {value:.3f}")

    def on_train_end(self, logs=None):
        self._bar.close()


def _seed_generators(model):
    """Seed generators below a model, in a fixed order, each once."""
    layers = model._flatten_layers(include_self=True, recursive=True)
    found = []
    for layer in layers:
        for value in vars(layer).values():
            if isinstance(value, keras.random.SeedGenerator) and value not in found:
                found.append(value)
    return found
