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


def test_the_time_left_does_not_count_the_first_step(monkeypatch):
    """The first step takes 1,000 s, each other one 1 s."""
    stream, real = io.StringIO(), tqdm.tqdm

    class Bar(real):
        def __init__(self, **options):
            super().__init__(**options, file=stream, mininterval=0, ncols=120)

    monkeypatch.setattr(tqdm, "tqdm", Bar)
    monkeypatch.setattr(tqdm.std, "time", lambda: now)
    progress = callbacks.Progress("toy", "val_uar")
    progress.set_params({"epochs": 2, "steps": 50})
    now = 0
    progress.on_train_begin()
    progress.on_epoch_begin(1)  # resumed
    for step in range(3):
        now += 1 if step else 1000
        progress.on_train_batch_end(step)
    progress.on_train_end()
    lines = stream.getvalue().split("\r")
    assert any("toy: starting" in line for line in lines)
    assert "53/100 [00:02<00:47" in lines[-1]
