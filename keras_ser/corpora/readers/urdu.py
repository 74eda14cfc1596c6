"""URDU: emotional utterances from Urdu talk shows.

Latif et al., "Cross lingual speech emotion recognition: Urdu vs. Western languages",
FIT 2018.
"""

import re
from pathlib import Path

import pandas as pd

from keras_ser.corpora import folders
from keras_ser.corpora import table as tables
from keras_ser.corpora.own import vocabulary

EMOTIONS = {"A": "anger", "H": "happiness", "N": "neutral", "S": "sadness"}
COUNTS = dict.fromkeys(EMOTIONS.values(), 100)
GENDERS = {"F": "female", "M": "male"}

# speaker, file of the speaker, emotion and file of the emotion: SM1_F10_A010
_NAME = re.compile(
    r"(?P<speaker>S(?P<gender>[FM])\d+)_F\d+_(?P<emotion>[AHNS])\d+", re.IGNORECASE
)


def read(root) -> pd.DataFrame:
    """Reads `Angry/SM1_F1_A01.wav` and its siblings.

    Args:
        root: the folder that holds `Angry`, `Happy`, `Neutral` and `Sad`.

    Raises:
        FileNotFoundError: no folder, or no audio in it.
        ValueError: a file name that is not the corpus's or not its folder's, or a
            recording that is there twice.
    """
    root = folders.require_folder(root, "urdu", "Angry/SM1_F1_A01.wav")
    files = folders.audio_below(
        root, "urdu", "Angry/SM1_F1_A01.wav", "Give the folder that holds Angry."
    )
    expects = "speaker, number and emotion, SM1_F1_A01"
    named = folders.parsed(files, _NAME, "urdu", expects)
    folders.refuse_twice(files, "urdu")
    table = tables.from_rows([_row(file, name, root) for file, name in named])
    tables.compare_counts(table, "urdu", COUNTS)
    return table


def _row(file: Path, name: re.Match, root: Path) -> dict:
    emotion = EMOTIONS[name["emotion"].upper()]
    above = map(vocabulary.emotion, file.relative_to(root).parts[:-1])
    if set(filter(None, above)) - {emotion}:
        raise ValueError(
            f"Corpus `urdu` expects {file.name} in the folder of its emotion, "
            f"{emotion}. Received: {file}. Move it there."
        )
    return {
        "utterance": f"urdu/{file.stem}",
        "file": str(file),
        "corpus": "urdu",
        "speaker": f"urdu/{name['speaker'].upper()}",
        "gender": GENDERS[name["gender"].upper()],
        "language": "urd",
        "emotion": emotion,
    }


CORPUS = tables.Corpus(
    read=read,
    title="URDU",
    language="urd",
    licence="for research only",
    citation="Latif, Qayyum, Usman, Qadir: Cross lingual speech emotion recognition: "
    "Urdu vs. Western languages. FIT 2018",
    obtain="free download from the authors; the folder holds Angry, Happy, Neutral and "
    "Sad",
    counts=COUNTS,
    note="Its description says 38 speakers (27 male), its file names have 29: SM8 to "
    "SM16 never appear. Most speakers have one emotion only, so that normalisation by "
    "speaker takes the label away.",
    speakers="29 in file names (11 female, 18 male)",
)
