"""Crowd-sourced Emotional Multimodal Actors Dataset (CREMA-D), its audio.

Cao et al., "CREMA-D: Crowd-sourced emotional multimodal actors dataset", IEEE
Transactions on Affective Computing 5(4), 2014.
"""

import re
import warnings
from pathlib import Path

import pandas as pd

from keras_ser.corpora import folders
from keras_ser.corpora import table as tables
from keras_ser.corpora.own import lists, vocabulary

EMOTIONS = {
    "ANG": "anger",
    "DIS": "disgust",
    "FEA": "fear",
    "HAP": "happiness",
    "NEU": "neutral",
    "SAD": "sadness",
}
COUNTS = {e: 1087 if code == "NEU" else 1271 for code, e in EMOTIONS.items()}
PEOPLE = "VideoDemographics.csv"

# actor, sentence, emotion, intensity: 1001_DFA_ANG_XX; one file has a single X
_NAME = re.compile(
    r"(?P<actor>\d{4})_[A-Z]{3}_(?P<emotion>ANG|DIS|FEA|HAP|NEU|SAD)_(LO|MD|HI|XX?)"
)


def read(root) -> pd.DataFrame:
    """Reads the folder `AudioWAV`; emotions are those that were acted.

    Args:
        root: the folder that holds `AudioWAV`, or that folder itself. Genders are
            those of VideoDemographics.csv in it or above; without it they are not
            known, and a warning says so.

    Raises:
        FileNotFoundError: no folder, or no audio in it.
        ValueError: a file name that is not the corpus's, a recording that is there
            twice, or a list of actors without `ActorID` and `Sex`.
    """
    root = folders.require_folder(root, "crema_d", "AudioWAV/1001_DFA_ANG_XX.wav")
    below = root / "AudioWAV" if (root / "AudioWAV").is_dir() else root
    files = folders.audio_below(
        below,
        "crema_d",
        "AudioWAV/1001_DFA_ANG_XX.wav",
        "Give the folder that holds AudioWAV.",
    )
    expects = "actor, sentence, emotion and intensity, 1001_DFA_ANG_XX"
    named = folders.parsed(files, _NAME, "crema_d", expects)
    folders.refuse_twice(files, "crema_d")
    genders = _genders(below)
    table = tables.from_rows([_row(file, name, genders) for file, name in named])
    tables.compare_counts(table, "crema_d", COUNTS)
    return table


def _row(file: Path, name: re.Match, genders: dict[str, str]) -> dict:
    return {
        "utterance": f"crema_d/{file.stem}",
        "file": str(file),
        "corpus": "crema_d",
        "speaker": f"crema_d/{name['actor']}",
        "gender": genders.get(name["actor"], ""),
        "language": "eng",
        "emotion": EMOTIONS[name["emotion"]],
    }


def _genders(folder: Path) -> dict[str, str]:
    for path in (folder / PEOPLE, folder.parent / PEOPLE):
        if path.is_file():
            people = lists.read_csv(path, "crema_d")
            if not {"ActorID", "Sex"} <= set(people.columns):
                raise ValueError(
                    "Corpus `crema_d` expects a list of actors with `ActorID` and "
                    f"`Sex`. Received: {path} with {list(people.columns)}. Copy it "
                    "again, or remove it."
                )
            genders = map(vocabulary.gender, people.Sex)
            return dict(zip(people.ActorID, genders, strict=True))
    warnings.warn(
        f"Corpus `crema_d` knows no genders: {PEOPLE} is not in {folder} or above.",
        stacklevel=3,
    )
    return {}


CORPUS = tables.Corpus(
    read=read,
    title="Crowd-sourced Emotional Multimodal Actors Dataset (CREMA-D)",
    language="eng",
    licence="Open Database License 1.0, its contents Database Contents License 1.0",
    citation="Cao, Cooper, Keutmann, Gur, Nenkova, Verma: CREMA-D: Crowd-sourced "
    "emotional multimodal actors dataset. IEEE Transactions on Affective Computing "
    "5(4), 2014",
    obtain="free download from the authors; the folder holds AudioWAV and "
    "VideoDemographics.csv",
    counts=COUNTS,
    note="Labels are what was acted, not what raters heard. Twelve sentences are "
    "shared by all actors. 1076_MTI_SAD_XX has no sound (--skip-bad), 1064_IEO_DIS_MD "
    "holds several emotions.",
    speakers="91 (43 female, 48 male)",
)
