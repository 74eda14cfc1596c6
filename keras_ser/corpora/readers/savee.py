"""The audio of the Surrey Audio-Visual Expressed Emotion database (SAVEE).

Reference:
    Haq, Jackson: Multimodal emotion recognition. In: Machine Audition. IGI Global, 2010
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

# emotion and sentence, a01. Copies without folders start with the speaker, DC_a01.
_NAME = re.compile(r"(?:(?P<speaker>DC|JE|JK|KL)_)?(?P<emotion>a|d|f|h|n|sa|su)\d\d")


def read(root: str | Path) -> pd.DataFrame:
    """Reads all audio files below a folder, named `DC/a01.wav` or `DC_a01.wav`.

    Args:
        root: The folder that holds the folders of the speakers, `AudioData`, or a
            folder above it.

    Returns:
        A table; see `keras_ser.corpora.table`.

    Raises:
        FileNotFoundError: If the folder does not exist or holds no audio.
        ValueError: If a file name does not follow the corpus's pattern, a file belongs
            to no speaker or to two, or a recording occurs twice.
    """
    root = folders.require_folder(root, "savee", "audio such as AudioData/DC/a01.wav")
    files = folders.audio_below(
        root, "savee", "DC/a01.wav", "Give the folder that holds DC, JE, JK and KL."
    )
    expects = "emotion and sentence, such as a01, in the folder of a speaker"
    named = folders.parse_names(files, _NAME, "savee", expects)
    rows = [_row(file, name) for file, name in named]
    recordings = {row["file"]: row["utterance"] for row in rows}
    folders.check_unique(files, "savee", lambda file: recordings[str(file)])
    table = tables.from_rows(rows)
    tables.compare_counts(table, "savee", COUNTS)
    return table


def _row(file: Path, name: re.Match) -> dict:
    speakers = {name["speaker"], file.parent.name} & set(SPEAKERS)
    if len(speakers) != 1:
        raise ValueError(
            "Corpus `savee` expects each file in the folder of one speaker, "
            f"{', '.join(SPEAKERS)}, or with the speaker at the start of its name. "
            f"Received: {file}. Move the file to the folder of its speaker."
        )
    speaker = speakers.pop()
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
    licence="for research, after registration, on the authors' terms",
    citation="Haq, Jackson: Multimodal emotion recognition. In: Machine Audition: "
    "Principles, Algorithms and Systems. IGI Global, 2010",
    obtain="after registration with the authors. The folder holds AudioData/DC, JE, JK "
    "and KL",
    counts=COUNTS,
    note="All four speakers are men. If one of them is left out for the test, two "
    "select the epoch and only one remains for training. Some sentences are spoken by "
    "all of them.",
    speakers="4 (male)",
)
