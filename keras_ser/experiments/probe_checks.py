"""Checks of the columns that probes look for, before anything trains."""

from collections.abc import Iterable
from typing import Any

from keras_ser.corpora.table import NUMBERS
from keras_ser.experiments.config import Experiment
from keras_ser.utils import files

SPEAKER = "speaker"
# Columns that are not classes: numbers, and what names a recording.
NOT_CLASSES = (*NUMBERS, "utterance", "file", "digest", "source")


def check_probes(config: Experiment, columns: Iterable[str]) -> None:
    """Checks that probes can read the columns that an experiment names.

    Args:
        config: The experiment.
        columns: The columns of the labelled table.

    Raises:
        ValueError: If a column is unknown or has no classes, or if speakers are probed
            without utterances that are held out.
    """
    known = [name for name in columns if name not in NOT_CLASSES]
    unknown = [name for name in config.probes if name not in known]
    if unknown:
        raise ValueError(
            "`probes` must name columns of the table that have classes, among "
            f"{files.short_repr(known)}. Received: {files.short_repr(unknown)}. Choose "
            "among these, or add the columns to the table."
        )
    if SPEAKER in config.probes and not config.heard_fraction:
        raise ValueError(
            "`probes` with 'speaker' needs utterances of the training speakers that "
            "no system trains on, because nobody can recognise a speaker who was "
            f"never heard. Received: heard_fraction={config.heard_fraction}. Set "
            "`heard_fraction` to a number such as 0.1, or leave out 'speaker'."
        )


def check_embedding(config: Experiment, model: Any) -> None:
    """Raises ValueError if an experiment probes a network without an embedding."""
    if config.probes and model.embedding_model is None:
        raise ValueError(
            f"`probes` needs networks with an embedding. Received: "
            f"{type(model).__name__}, whose `embedding` is None. Pass the vector of an "
            "utterance as `embedding`, or leave out `probes`."
        )
