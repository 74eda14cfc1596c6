"""The progress bar shows the score that it is asked for."""

import io

import pytest
import tqdm

from keras_ser import callbacks


@pytest.fixture
def shown(monkeypatch):
    """A function that runs a bar over epochs of two steps and returns its text."""
    stream, real = io.StringIO(), tqdm.tqdm

    def bar(**options):
        return real(**options, file=stream, mininterval=0, ncols=120)

    monkeypatch.setattr(tqdm, "tqdm", bar)

    def run(monitor, logs):
        progress = callbacks.Progress("toy", monitor)
        progress.set_params({"epochs": len(logs), "steps": 2})
        progress.on_train_begin()
        for epoch, values in enumerate(logs):
            progress.on_epoch_begin(epoch)
            for batch in range(2):
                progress.on_train_batch_end(batch)
            progress.on_epoch_end(epoch, values)
        progress.on_train_end()
        return stream.getvalue()

    return run


def test_the_bar_counts_steps_and_shows_the_latest_score(shown):
    text = shown("val_valence_ccc", [{"val_valence_ccc": 0.25}, {"loss": 1.0}])
    assert "epoch 1, val_valence_ccc 0.250" in text
    assert "epoch 2" not in text  # the second epoch has no such score
    assert "toy: 100%" in text and "4/4" in text
