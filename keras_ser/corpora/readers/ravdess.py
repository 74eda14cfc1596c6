"""The speech of RAVDESS, without its songs and videos.

Reference:
    Livingstone, Russo: The Ryerson Audio-Visual Database of Emotional Speech and Song
        (RAVDESS). PLoS ONE 13(5), 2018
"""

import re
import warnings
from pathlib import Path

import pandas as pd

from keras_ser.corpora import folders
from keras_ser.corpora import table as tables

EMOTIONS = {
    "01": "neutral",
    "02": "calm",
    "03": "happiness",
    "04": "sadness",
    "05": "anger",
    "06": "fear",
    "07": "disgust",
    "08": "surprise",
}
COUNTS = {emotion: 96 if code == "01" else 192 for code, emotion in EMOTIONS.items()}

# modality-channel-emotion-intensity-statement-repetition-actor, 03-01-05-…-07
_NAME = re.compile(
    r"(?P<modality>0[1-3])-(?P<channel>0[12])-(?P<emotion>0[1-8])"
    r"-0[12]-0[12]-0[12]-(?P<actor>\d\d)"
)
_KINDS = {"modality": {"01": "video", "02": "video"}, "channel": {"02": "song"}}


def read(root: str | Path) -> pd.DataFrame:
    """Reads the audio-only speech of RAVDESS.

    Calm stays separate from neutral. Songs and videos, which unpack into the same
    folders, are left out, and a warning counts them. Sung emotion has five classes and
    fewer actors, and the sound of a video repeats that of an audio file.

    Args:
        root: The folder that holds `Actor_01` to `Actor_24`. Files may have any
            extension that libsndfile reads (wav in the original).

    Returns:
        A table; see `keras_ser.corpora.table`.

    Raises:
        FileNotFoundError: If the folder does not exist, or holds no speech in folders
            `Actor_NN`.
        ValueError: If the name of an audio file does not follow the corpus's pattern or
            does not match its folder, or if a recording occurs under two extensions.
    """
    root = folders.require_folder(root, "ravdess", "Actor_01 to Actor_24")
    named = [(file, _parse(file)) for file in _files(root)]
    speech = [(file, name) for file, name in named if not _kind(name)]
    if not speech:
        raise FileNotFoundError(
            "Corpus `ravdess` expects speech such as "
            f"Actor_01/03-01-01-01-01-01-01.wav. Received: {root}, which has none. "
            "Give the folder that holds the folders Actor_01 to Actor_24."
        )
    folders.check_unique((file for file, _ in speech), "ravdess")
    _warn_about_left_out([_kind(name) for _, name in named])
    table = tables.from_rows([_row(file, name) for file, name in speech])
    tables.compare_counts(table, "ravdess", COUNTS)
    return table


def _files(root: Path) -> list[Path]:
    """Lists audio files and other files that are named like RAVDESS, such as videos."""
    files = folders.files_matching(root, "Actor_[0-9][0-9]/[!.]*")
    return [f for f in files if folders.is_audio(f) or _NAME.fullmatch(f.stem)]


def _parse(file: Path) -> re.Match:
    name = _NAME.fullmatch(file.stem)
    if not name or not 1 <= int(name["actor"]) <= 24:
        raise ValueError(
            "Corpus `ravdess` expects file names that consist of modality, channel, "
            "emotion, intensity, statement, repetition and actor (01 to 24), such as "
            f"03-01-05-02-01-01-07. Received: {file.parent.name}/{file.name}. Move "
            "files that do not belong to the corpus elsewhere."
        )
    if file.parent.name != f"Actor_{name['actor']}":
        raise ValueError(
            f"Corpus `ravdess` expects {file.name} in the folder of its actor, "
            f"Actor_{name['actor']}. Received: {file.parent.name}/{file.name}. "
            "Move the file there."
        )
    return name


def _kind(name: re.Match) -> str:
    """Returns `video` or `song`, or an empty text for audio-only speech."""
    kinds = (known.get(name[part], "") for part, known in _KINDS.items())
    return next(filter(None, kinds), "")


def _warn_about_left_out(kinds: list[str]) -> None:
    others = sorted(filter(None, kinds))
    if others:
        counted = ", ".join(
            f"{kind} {others.count(kind)}" for kind in dict.fromkeys(others)
        )
        warnings.warn(
            f"Corpus `ravdess` reads audio-only speech. Files left out: {counted}.",
            stacklevel=3,
        )


def _row(file: Path, name: re.Match) -> dict:
    actor = name["actor"]
    return {
        "utterance": f"ravdess/{file.stem}",
        "file": str(file),
        "corpus": "ravdess",
        "speaker": f"ravdess/{actor}",
        "gender": "male" if int(actor) % 2 else "female",
        "language": "eng",
        "emotion": EMOTIONS[name["emotion"]],
    }


CORPUS = tables.Corpus(
    read=read,
    title="Ryerson Audio-Visual Database of Emotional Speech and Song (RAVDESS)",
    language="eng",
    licence="CC BY-NC-SA 4.0",
    citation="Livingstone, Russo: The Ryerson Audio-Visual Database of Emotional "
    "Speech and Song (RAVDESS). PLoS ONE 13(5), 2018",
    obtain="free download from the authors (audio-only speech). The folder holds "
    "Actor_01 to Actor_24",
    counts=COUNTS,
    note="All 24 actors speak the same two sentences. Results are therefore "
    "speaker-independent, but not text-independent. One recording of actor 07 occurs "
    "twice, as 03-01-03-01-02-01-07 and 03-01-03-01-02-02-07.",
    speakers="24 (12 female, 12 male)",
)
