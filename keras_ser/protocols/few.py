"""A protocol for corpora of a few speakers."""

import dataclasses

import pandas as pd

from keras_ser.protocols import coverage, heard
from keras_ser.protocols.fold import Fold, corpora_of, make_fold
from keras_ser.protocols.speakers import speakers_of

MIN_SPEAKERS = 2  # one to test, one to train


def few_speakers(
    table: pd.DataFrame,
    unlabelled: pd.DataFrame | None = None,
    fraction: float = 0.1,
    seed: int = 0,
) -> dict[str, Fold]:
    """Test each speaker once, and select the epoch on utterances of the others.

    With two speakers nobody is left to select the epoch, and with a few more, two
    development speakers would be missed in training. The test speaker is unknown to
    the training, as everywhere. The development speech, however, is a fraction of the
    utterances of each training speaker, drawn as in `with_heard`. A score on it says
    little about new speakers, and reports say so. Test the last epoch
    (`Training(select="last")`), and this speech decides nothing.

    Args:
        table: Labelled utterances of at least 2 speakers.
        unlabelled: Speech for the auxiliary tasks. Utterances of the test speaker, and
            of anybody in the test speaker's session, are left out.
        fraction: The fraction of each training speaker's utterances that is held out
            for development, above 0 and below 1.
        seed: Seed of the draw.

    Returns:
        One fold per speaker, by the name of the test speaker.

    Raises:
        ValueError: If there is a single speaker, if a fold has nobody left to train
            on, if the fraction is out of range, or if it gives no utterance.

    Example:

    >>> table = corpora.read("tess", "/data/tess")
    >>> fold = few_speakers(table)["OAF"]
    >>> fold.speakers()["dev"]
    ['tess/YAF']
    """
    table = table.reset_index(drop=True)
    speakers = speakers_of(table)
    if len(speakers) < MIN_SPEAKERS:
        raise ValueError(
            f"Protocol `few_speakers` needs at least {MIN_SPEAKERS} speakers. "
            f"Received: corpus={corpora_of(table)} with speakers={speakers}. No figure "
            "of a single speaker is speaker-independent; add speech of others."
        )
    if not 0 < fraction < 1:
        raise ValueError(
            "`fraction` must be a number above 0 and below 1. Received: "
            f"{fraction!r}. Choose a small one, such as 0.1."
        )
    made = []
    for speaker in speakers:
        several = table.corpus.nunique() > 1
        name = speaker.replace("/", "-") if several else speaker.split("/", 1)[-1]
        made.append(_fold(name, table, speaker, unlabelled, fraction, seed))
    coverage.check_tested("few_speakers", made, table)
    return coverage.by_name(made)


def _fold(name, table, speaker, unlabelled, fraction, seed) -> Fold:
    """The fold that tests a speaker."""
    others = [each for each in speakers_of(table) if each != speaker]
    # Drawn from the whole table, so that copies in the test speech stay apart, too.
    drawn = heard.draw(table, fraction, seed) & table.speaker.isin(others).to_numpy()
    dev = table[drawn].reset_index(drop=True)
    whole = make_fold(name, table[~drawn], [speaker], [], unlabelled)
    dev = dev[dev.speaker.isin(set(whole.train.speaker))].reset_index(drop=True)
    if dev.empty:
        raise ValueError(
            f"Fold `{name}` needs a training speaker with 1 / `fraction` or more "
            f"utterances, {1 / fraction:.3g}. Received: at most "
            f"{whole.train.speaker.value_counts().max()}. Increase `fraction`."
        )
    return dataclasses.replace(
        whole,
        dev=dev,
        selected_by="held-out utterances of training speakers "
        f"{', '.join(speakers_of(dev))}",
        train_speakers_select=True,
    )
