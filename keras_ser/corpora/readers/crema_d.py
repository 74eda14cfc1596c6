"""The audio of the Crowd-sourced Emotional Multimodal Actors Dataset (CREMA-D).

Reference:
    Cao et al.: CREMA-D: Crowd-sourced emotional multimodal actors dataset. IEEE
        Transactions on Affective Computing 5(4), 2014
"""

import re
import warnings
from pathlib import Path

import pandas as pd

from keras_ser.corpora import folders
from keras_ser.corpora import table as tables
from keras_ser.corpora.own import lists, vocabulary
from keras_ser.corpora.own.sheet import MAX_COLUMNS, list_first

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

# actor_sentence_emotion_intensity, 1001_DFA_ANG_XX. One file has a single X.
_NAME = re.compile(
    r"(?P<actor>\d{4})_[A-Z]{3}_(?P<emotion>ANG|DIS|FEA|HAP|NEU|SAD)_(LO|MD|HI|XX?)"
)


def read(root: str | Path) -> pd.DataFrame:
    """Reads the folder `AudioWAV`. The emotions are those that the actors portrayed.

    Genders come from VideoDemographics.csv in this folder or the one above it. Without
    that file, they are unknown, and a warning says so.

    Args:
        root: The folder that holds `AudioWAV`, or `AudioWAV` itself.

    Returns:
        A table; see `keras_ser.corpora.table`.

    Raises:
        FileNotFoundError: If the folder does not exist or holds no audio.
        ValueError: If a file name does not follow the corpus's pattern, a recording
            occurs twice, or VideoDemographics.csv lacks the columns `ActorID` and
            `Sex`.
    """
    root = folders.require_folder(root, "crema_d", "AudioWAV/1001_DFA_ANG_XX.wav")
    below = root / "AudioWAV" if (root / "AudioWAV").is_dir() else root
    files = folders.audio_below(
        below,
        "crema_d",
        "AudioWAV/1001_DFA_ANG_XX.wav",
        "Give the folder that holds AudioWAV.",
    )
    expects = "actor, sentence, emotion and intensity, such as 1001_DFA_ANG_XX"
    named = folders.parse_names(files, _NAME, "crema_d", expects)
    folders.check_unique(files, "crema_d")
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
                    "Corpus `crema_d` expects a list of actors with the columns "
                    f"`ActorID` and `Sex`. Received: {path} with "
                    f"{list_first(list(people.columns), MAX_COLUMNS)}. Copy the file "
                    "again, or remove it."
                )
            genders = map(vocabulary.find_gender, people.Sex)
            return dict(zip(people.ActorID, genders, strict=True))
    warnings.warn(
        f"Corpus `crema_d` has no genders because {PEOPLE} is neither in {folder} nor "
        "in the folder above it. Copy the file there.",
        stacklevel=3,
    )
    return {}


CORPUS = tables.Corpus(
    read=read,
    title="Crowd-sourced Emotional Multimodal Actors Dataset (CREMA-D)",
    language="eng",
    licence="Open Database License 1.0; for the contents, Database Contents License "
    "1.0",
    citation="Cao, Cooper, Keutmann, Gur, Nenkova, Verma: CREMA-D: Crowd-sourced "
    "emotional multimodal actors dataset. IEEE Transactions on Affective Computing "
    "5(4), 2014",
    obtain="free download from the authors. The folder holds AudioWAV and "
    "VideoDemographics.csv",
    counts=COUNTS,
    note="The labels are the emotions that the actors portrayed, not those that raters "
    "perceived. All actors speak the same twelve sentences. 1076_MTI_SAD_XX has no "
    "sound (use --skip-bad), and 1064_IEO_DIS_MD contains several emotions.",
    speakers="91 (43 female, 48 male)",
)
