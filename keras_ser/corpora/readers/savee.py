"""Surrey Audio-Visual Expressed Emotion database (SAVEE), its audio.

Haq, Jackson, "Multimodal emotion recognition", in: Machine Audition, IGI Global, 2010.
"""

import re
from pathlib import Path

import pandas as pd

from keras_ser.corpora import folders
from keras_ser.corpora import table as tables

EMOTIONS = {
    "a": "anger",
    "d": "disgust",
    "f": "fear",
    "h": "happiness",
    "n": "neutral",
    "sa": "sadness",
    "su": "surprise",
}
COUNTS = {e: 120 if code == "n" else 60 for code, e in EMOTIONS.items()}
SPEAKERS = ("DC", "JE", "JK", "KL")

# emotion and sentence, a01; a copy without folders has the speaker in front, DC_a01
_NAME = re.compile(r"(?:(?P<speaker>DC|JE|JK|KL)_)?(?P<emotion>a|d|f|h|n|sa|su)\d\d")


def read(root) -> pd.DataFrame:
    """Reads `DC/a01.wav` or `DC_a01.wav` and their siblings.

    Args:
        root: the folder of the speakers' folders, `AudioData`, or one above it.

    Raises:
        FileNotFoundError: no folder, or no audio in it.
        ValueError: a file name that is not the corpus's, a file of no or of two
            speakers, or a recording that is there twice.
    """
    root = folders.require_folder(root, "savee", "AudioData/DC/a01.wav")
    files = folders.audio_below(
        root, "savee", "DC/a01.wav", "Give the folder that holds DC, JE, JK and KL."
    )
    expects = "emotion and sentence, a01, in the folder of a speaker"
    named = folders.parsed(files, _NAME, "savee", expects)
    rows = [_row(file, name) for file, name in named]
    recordings = {row["file"]: row["utterance"] for row in rows}
    folders.refuse_twice(files, "savee", lambda file: recordings[str(file)])
    table = tables.from_rows(rows)
    tables.compare_counts(table, "savee", COUNTS)
    return table


def _row(file: Path, name: re.Match) -> dict:
    told = {name["speaker"], file.parent.name} & set(SPEAKERS)
    if len(told) != 1:
        raise ValueError(
            f"Corpus `savee` expects each file in the folder of one of {SPEAKERS}, or "
            f"its name in front. Received: {file}. Move it there."
        )
    speaker = told.pop()
    return {
        "utterance": f"savee/{speaker}_{file.stem.removeprefix(f'{speaker}_')}",
        "file": str(file),
        "corpus": "savee",
        "speaker": f"savee/{speaker}",
        "gender": "male",
        "language": "eng",
        "emotion": EMOTIONS[name["emotion"]],
    }


CORPUS = tables.Corpus(
    read=read,
    title="Surrey Audio-Visual Expressed Emotion Database (SAVEE)",
    language="eng",
    licence="for research, after registration; terms are the authors'",
    citation="Haq, Jackson: Multimodal emotion recognition. In: Machine Audition: "
    "Principles, Algorithms and Systems. IGI Global, 2010",
    obtain="after registration with the authors; the folder holds AudioData/DC, JE, JK "
    "and KL",
    counts=COUNTS,
    note="Four men: two select the epoch, and one trains, where one is left out. Some "
    "sentences are shared by all.",
    speakers="4 (male)",
)
