"""Toronto Emotional Speech Set (TESS).

Reference:
    Pichora-Fuller, Dupuis: Toronto emotional speech set (TESS). Borealis, 2020
"""

import re
from pathlib import Path

import pandas as pd

from keras_ser.corpora import folders
from keras_ser.corpora import table as tables

EMOTIONS = {
    "angry": "anger",
    "disgust": "disgust",
    "fear": "fear",
    "happy": "happiness",
    "neutral": "neutral",
    "ps": "surprise",
    "sad": "sadness",
}
COUNTS = dict.fromkeys(EMOTIONS.values(), 400)

# speaker_word_emotion, OAF_back_angry. One file misspells the speaker, OA_bite_neutral.
_NAME = re.compile(
    r"(?P<speaker>OAF?|YAF?)_[A-Za-z]+_(?P<emotion>angry|disgust|fear|happy|neutral|ps|"
    r"sad)",
    re.IGNORECASE,
)


def read(root: str | Path) -> pd.DataFrame:
    """Reads all audio files below a folder, whatever its sub-folders are called.

    The speakers are the older woman, `OAF`, and the younger woman, `YAF`.
    `OA_bite_neutral` belongs to the older one. `ps` stands for pleasant surprise and
    becomes `surprise`. Some files named wav are AIFF files, which libsndfile recognises
    by their content.

    Args:
        root: The folder. If it holds a copy of itself, as in one of the archives, it is
            rejected.

    Returns:
        A table; see `keras_ser.corpora.table`.

    Raises:
        FileNotFoundError: If the folder does not exist or holds no audio.
        ValueError: If a file name does not follow the corpus's pattern, or if a
            recording occurs twice.
    """
    example = "OAF_angry/OAF_back_angry.wav"
    root = folders.require_folder(root, "tess", f"audio such as {example}")
    files = folders.audio_below(root, "tess", example, "Give the folder of the corpus.")
    expects = "speaker, word and emotion, such as OAF_back_angry"
    named = folders.parse_names(files, _NAME, "tess", expects)
    folders.check_unique(files, "tess")
    table = tables.from_rows([_row(file, name) for file, name in named])
    tables.compare_counts(table, "tess", COUNTS)
    return table


def _row(file: Path, name: re.Match) -> dict:
    return {
        "utterance": f"tess/{file.stem}",
        "file": str(file),
        "corpus": "tess",
        "speaker": f"tess/{name['speaker'][0].upper()}AF",
        "gender": "female",
        "language": "eng",
        "emotion": EMOTIONS[name["emotion"].lower()],
    }


CORPUS = tables.Corpus(
    read=read,
    title="Toronto Emotional Speech Set (TESS)",
    language="eng",
    licence="CC BY-NC-ND 4.0",
    citation="Pichora-Fuller, Dupuis: Toronto emotional speech set (TESS). Borealis, "
    "2020, doi:10.5683/SP2/E8H2MF",
    obtain="free download from the authors. The folder holds OAF_angry, YAF_angry and "
    "so on",
    counts=COUNTS,
    note="Two speakers are too few to train, select and test with different speakers; "
    "the protocol `few_speakers` trains on one of them and tests the other. "
    "The corpus therefore serves as a test set for systems trained on other corpora. "
    "Both speakers say the same 200 words after `Say the word`.",
    speakers="2 (female)",
)
