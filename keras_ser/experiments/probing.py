"""What the embeddings of a network say of attributes, such as the speaker's gender.

A linear probe reads an attribute from the embeddings of the trained network, and from
those of the same network before its training: what it was given by its architecture and
by the speech itself.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd

from keras_ser.experiments.job import Job
from keras_ser.experiments.linear_probe import read_labels
from keras_ser.experiments.probe_checks import SPEAKER
from keras_ser.experiments.probed_speech import Embeddings, draw_speech
from keras_ser.features import FeatureStore, FrontEnd
from keras_ser.inference import Recogniser
from keras_ser.monitoring.projection import project_points
from keras_ser.protocols import HEARD
from keras_ser.reports.embeddings import EMBEDDINGS
from keras_ser.reports.probes import PROBES, TRAINED, UNTRAINED
from keras_ser.tasks.vocabularies import texts_of
from keras_ser.utils import csv_files, files

ABOUT = ("utterance", "test", "corpus", "speaker", "gender", "language", "emotion")


def write(
    job: Job,
    store: FeatureStore,
    folder: Path,
    recogniser: Recogniser,
    make_model: Callable[[Job, FrontEnd], Any],
) -> None:
    """Writes `probes.csv` and `embeddings.csv`, if the experiment names probes.

    `probes.csv` has one row per column and network, which is `trained` or `untrained`;
    see `linear_probe.Reading`. The speaker is read from held-out utterances of the
    training speakers, and all other columns from utterances of test speakers.
    `embeddings.csv` has the t-SNE of the embeddings of the trained network.

    Args:
        job: The job.
        store: The feature store. Missing entries are extracted.
        folder: The folder of the unfinished run.
        recogniser: The trained network.
        make_model: A function from the job and the front-end to a new network. After
            the seed of the job is set, it makes the network with which the training
            started, also if the run was interrupted since.
    """
    if not job.config.probes:
        return
    keras.utils.set_random_seed(job.seed)
    model = make_model(job, store.front_end)
    untrained = Recogniser(model, recogniser.preprocessing, recogniser.batch)
    speech, columns = draw_speech(job), job.config.probes
    networks = {
        TRAINED: Embeddings(recogniser, speech, store),
        UNTRAINED: Embeddings(untrained, speech, store),
    }
    rows = [
        {"column": column, "network": name, **probe(embeddings, column)}
        for column in columns
        for name, embeddings in networks.items()
    ]
    text = csv_files.to_text(pd.DataFrame(rows), float_format="%.6f")
    files.write_text(folder / PROBES, text)
    shown = project(networks[TRAINED], columns)
    text = csv_files.to_text(shown, float_format="%.4f")
    files.write_text(folder / EMBEDDINGS, text)


def probe(embeddings: Embeddings, column: str) -> dict:
    """What a linear probe reads of a column, as a row of `probes.csv`.

    Args:
        embeddings: The embeddings of a network.
        column: The column of the table.

    Returns:
        The test tables that the scored utterances are from, joined by `+`, as `test`,
        and what `linear_probe.Reading` holds.
    """
    speech = embeddings.speech
    if column == SPEAKER:
        scored, vectors, test = speech.heard, embeddings.heard, HEARD
    else:
        scored, vectors = speech.held_out, embeddings.held_out
        test = "+".join(scored.test.unique())
    known = _labels(speech.train, column), _labels(scored, column)
    reading = read_labels(embeddings.train, known[0], vectors, known[1])
    return {"test": test, **reading._asdict()}


def _labels(table: pd.DataFrame, column: str) -> np.ndarray:
    return texts_of(table, column, "A probe").to_numpy(str)


def project(embeddings: Embeddings, columns: Iterable[str]) -> pd.DataFrame:
    """The embeddings of test utterances in two dimensions, by t-SNE.

    Args:
        embeddings: The embeddings of a network.
        columns: Columns of the table that are kept besides `ABOUT`.

    Returns:
        One row per utterance, with the coordinates `x` and `y`.
    """
    points, speech = project_points(embeddings.shown), embeddings.speech.shown
    names = list(dict.fromkeys([*ABOUT, *columns]))
    table = pd.DataFrame({name: _labels(speech, name) for name in names})
    return table.assign(x=points[:, 0], y=points[:, 1])
