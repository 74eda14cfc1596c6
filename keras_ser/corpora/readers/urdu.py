"""URDU, a corpus of emotional utterances from Urdu talk shows.

Reference:
    Latif et al.: Cross lingual speech emotion recognition: Urdu vs. Western languages.
        FIT 2018
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

# speaker, file of the speaker, emotion and file of the emotion, SM1_F10_A010
_NAME = re.compile(
    r"(?P<speaker>S(?P<gender>[FM])\d+)_F\d+_(?P<emotion>[AHNS])\d+", re.IGNORECASE
)


def read(root: str | Path) -> pd.DataFrame:
    """Reads all audio files below a folder, such as `Angry/SM1_F1_A01.wav`.

    Args:
        root: The folder that holds `Angry`, `Happy`, `Neutral` and `Sad`.

    Returns:
        A table; see `keras_ser.corpora.table`.

    Raises:
        FileNotFoundError: If the folder does not exist or holds no audio.
        ValueError: If a file name does not follow the corpus's pattern or does not
            match its folder, or if a recording occurs twice.
    """
    root = folders.require_folder(root, "urdu", "audio such as Angry/SM1_F1_A01.wav")
    files = folders.audio_below(
        root, "urdu", "Angry/SM1_F1_A01.wav", "Give the folder that holds Angry."
    )
    expects = "speaker, number and emotion, such as SM1_F1_A01"
    named = folders.parse_names(files, _NAME, "urdu", expects)
    folders.check_unique(files, "urdu")
    table = tables.from_rows([_row(file, name, root) for file, name in named])
    tables.compare_counts(table, "urdu", COUNTS)
    return table


def _row(file: Path, name: re.Match, root: Path) -> dict:
    emotion = EMOTIONS[name["emotion"].upper()]
    above = map(vocabulary.find_emotion, file.relative_to(root).parts[:-1])
    if set(filter(None, above)) - {emotion}:
        raise ValueError(
            f"Corpus `urdu` expects {file.name} in the folder of its emotion, "
            f"{emotion}. Received: {file}. Move the file there."
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
    obtain="free download from the authors. The folder holds Angry, Happy, Neutral and "
    "Sad",
    counts=COUNTS,
    note="The description states 38 speakers (27 male), but the file names have 29: "
    "SM8 to SM16 never occur. Most speakers have a single emotion, so normalisation "
    "per speaker removes the label.",
    speakers="29 in file names (11 female, 18 male)",
)
