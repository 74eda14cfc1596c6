"""EMOVO, an Italian corpus of acted emotional speech.

Reference:
    Costantini et al.: EMOVO corpus: an Italian emotional speech database. LREC 2014
"""

import re
from pathlib import Path

import pandas as pd

from keras_ser.corpora import folders
from keras_ser.corpora import table as tables

EMOTIONS = {
    "dis": "disgust",
    "gio": "happiness",
    "neu": "neutral",
    "pau": "fear",
    "rab": "anger",
    "sor": "surprise",
    "tri": "sadness",
}
COUNTS = dict.fromkeys(EMOTIONS.values(), 84)
GENDERS = {"f": "female", "m": "male"}

# emotion-speaker-sentence, dis-f1-b1
_NAME = re.compile(
    r"(?P<emotion>dis|gio|neu|pau|rab|sor|tri)-(?P<speaker>(?P<gender>[fm])[1-3])"
    r"-[bdln]\d"
)


def read(root: str | Path) -> pd.DataFrame:
    """Reads all audio files below a folder.

    The files have two channels, which are averaged when the audio is read.

    Args:
        root: The folder that holds `f1` to `m3`.

    Returns:
        A table; see `keras_ser.corpora.table`.

    Raises:
        FileNotFoundError: If the folder does not exist or holds no audio.
        ValueError: If a file name does not follow the corpus's pattern, or if a
            recording occurs twice.
    """
    root = folders.require_folder(root, "emovo", "audio such as f1/dis-f1-b1.wav")
    files = folders.audio_below(
        root, "emovo", "f1/dis-f1-b1.wav", "Give the folder that holds f1 to m3."
    )
    expects = "emotion, speaker and sentence, such as dis-f1-b1"
    named = folders.parse_names(files, _NAME, "emovo", expects)
    folders.check_unique(files, "emovo")
    table = tables.from_rows([_row(file, name) for file, name in named])
    tables.compare_counts(table, "emovo", COUNTS)
    return table


def _row(file: Path, name: re.Match) -> dict:
    return {
        "utterance": f"emovo/{file.stem}",
        "file": str(file),
        "corpus": "emovo",
        "speaker": f"emovo/{name['speaker']}",
        "gender": GENDERS[name["gender"]],
        "language": "ita",
        "emotion": EMOTIONS[name["emotion"]],
    }


CORPUS = tables.Corpus(
    read=read,
    title="EMOVO",
    language="ita",
    licence="not stated in the publication; ask the authors",
    citation="Costantini, Iaderola, Paoloni, Todisco: EMOVO corpus: an Italian "
    "emotional speech database. LREC 2014",
    obtain="free download from the authors. The folder holds f1 to f3 and m1 to m3",
    counts=COUNTS,
    note="All six speakers speak the same fourteen sentences. The files are stereo, at "
    "48 kHz.",
    speakers="6 (3 female, 3 male)",
)
