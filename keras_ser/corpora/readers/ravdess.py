"""Ryerson Audio-Visual Database of Emotional Speech and Song (RAVDESS), its speech.

Livingstone, Russo, "The Ryerson Audio-Visual Database of Emotional Speech and Song
(RAVDESS)", PLoS ONE 13(5), 2018.
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

# modality, channel, emotion, intensity, statement, repetition, actor: 03-01-05-…-07
_NAME = re.compile(
    r"(?P<modality>0[1-3])-(?P<channel>0[12])-(?P<emotion>0[1-8])"
    r"-0[12]-0[12]-0[12]-(?P<actor>\d\d)"
)
_KINDS = {"modality": {"01": "video", "02": "video"}, "channel": {"02": "song"}}


def read(root) -> pd.DataFrame:
    """Reads the audio-only speech of RAVDESS.

    Calm stays apart from neutral. Songs and videos, which unpack into the same
    folders, are left out with a warning that counts them: sung emotion has five
    classes and fewer actors, and a video's sound is the audio file's again.

    Args:
        root: the folder that holds `Actor_01` to `Actor_24`. Files are of any
            extension that libsndfile reads (wav in the original).

    Raises:
        FileNotFoundError: no folder, or no speech in folders `Actor_NN` in it.
        ValueError: an audio file whose name is not RAVDESS's or not its folder's,
            or a recording that stands there under two extensions.
    """
    root = folders.require_folder(root, "ravdess", "Actor_01 to Actor_24")
    named = [(file, _parse(file)) for file in _files(root)]
    speech = [(file, name) for file, name in named if not _kind(name)]
    if not speech:
        raise FileNotFoundError(
            "Corpus `ravdess` expects Actor_01/03-01-01-01-01-01-01.wav and its "
            f"siblings. Received: {root} with none. Give the folder that holds the "
            "folders Actor_01 to Actor_24."
        )
    folders.refuse_twice((file for file, _ in speech), "ravdess")
    _say_left_out([_kind(name) for _, name in named])
    table = tables.from_rows([_row(file, name) for file, name in speech])
    tables.compare_counts(table, "ravdess", COUNTS)
    return table


def _files(root: Path) -> list[Path]:
    """Audio, and whatever else has a name of RAVDESS, such as its videos."""
    files = sorted(root.glob("Actor_[0-9][0-9]/[!.]*"))
    return [f for f in files if folders.is_audio(f) or _NAME.fullmatch(f.stem)]


def _parse(file: Path) -> re.Match:
    name = _NAME.fullmatch(file.stem)
    if not name or not 1 <= int(name["actor"]) <= 24:
        raise ValueError(
            "Corpus `ravdess` expects names of modality, channel, emotion, intensity, "
            "statement, repetition and actor (01 to 24), 03-01-05-02-01-01-07. "
            f"Received: {file.parent.name}/{file.name}. Move other files elsewhere."
        )
    if file.parent.name != f"Actor_{name['actor']}":
        raise ValueError(
            f"Corpus `ravdess` expects {file.name} in the folder of its actor, "
            f"Actor_{name['actor']}. Received: {file.parent.name}/{file.name}. "
            "Move it there."
        )
    return name


def _kind(name: re.Match) -> str:
    """`video` or `song`; empty for the speech that is read."""
    kinds = (known.get(name[part], "") for part, known in _KINDS.items())
    return next(filter(None, kinds), "")


def _say_left_out(kinds: list[str]) -> None:
    left = sorted(filter(None, kinds))
    if left:
        counted = ", ".join(
            f"{kind} {left.count(kind)}" for kind in dict.fromkeys(left)
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
    obtain="free download from the authors (audio-only speech); the folder holds "
    "Actor_01 to Actor_24",
    counts=COUNTS,
    note="Two sentences are shared by all 24 actors: results are "
    "speaker-independent, not text-independent. One recording of actor 07 is there "
    "twice, as 03-01-03-01-02-01-07 and 03-01-03-01-02-02-07.",
    speakers="24 (12 female, 12 male)",
)
