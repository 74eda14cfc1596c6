"""Toronto Emotional Speech Set (TESS).

Pichora-Fuller, Dupuis, "Toronto emotional speech set (TESS)", Borealis, 2020.
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

# speaker, word, emotion: OAF_back_angry; of one file the speaker is misspelt, OA_bite_…
_NAME = re.compile(
    r"(?P<speaker>OAF?|YAF?)_[A-Za-z]+_(?P<emotion>angry|disgust|fear|happy|neutral|ps|"
    r"sad)",
    re.IGNORECASE,
)


def read(root) -> pd.DataFrame:
    """Reads all files of a tree, whatever its folders are called.

    The speakers are `OAF`, the older, and `YAF`, the younger woman; `OA_bite_neutral`
    is of the older. `ps` is pleasant surprise, here `surprise`. Some files are AIFF,
    though named wav: libsndfile looks at the content.

    Args:
        root: the folder. A copy of all folders within themselves, as one archive has
            it, is refused.

    Raises:
        FileNotFoundError: no folder, or no audio in it.
        ValueError: a file name that is not the corpus's, or a recording that is there
            twice.
    """
    root = folders.require_folder(root, "tess", "OAF_angry/OAF_back_angry.wav")
    example = "OAF_angry/OAF_back_angry.wav"
    files = folders.audio_below(root, "tess", example, "Give the corpus's folder.")
    expects = "speaker, word and emotion, OAF_back_angry"
    named = folders.parsed(files, _NAME, "tess", expects)
    folders.refuse_twice(files, "tess")
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
    obtain="free download from the authors; the folder holds OAF_angry, YAF_angry and "
    "so on",
    counts=COUNTS,
    note="Two speakers are too few to train, select and test by speakers: it serves as "
    "the test of another corpus. All say the same 200 words behind `Say the word`.",
    speakers="2 (female)",
)
