"""Interactive Emotional Dyadic Motion Capture Database (IEMOCAP).

Busso et al., "IEMOCAP: Interactive emotional dyadic motion capture database", Language
Resources and Evaluation 42, 2008.

What its annotators left undecided is not decided here. `xxx` says that no majority of
them agreed: emotion is empty, the utterance is unlabelled speech, and a warning counts
such ones. `oth` says that they agreed on an emotion beyond the list: it is `other`.
Excitement stays apart from happiness; the label set `four` joins them.
"""

import re
from pathlib import Path

import pandas as pd

from keras_ser.corpora import folders
from keras_ser.corpora import table as tables

EMOTIONS = {
    "ang": "anger",
    "dis": "disgust",
    "exc": "excitement",
    "fea": "fear",
    "fru": "frustration",
    "hap": "happiness",
    "neu": "neutral",
    "oth": "other",
    "sad": "sadness",
    "sur": "surprise",
    "xxx": "",
}
COUNTS = {
    "anger": 1103,
    "disgust": 2,
    "excitement": 1041,
    "fear": 40,
    "frustration": 1849,
    "happiness": 595,
    "neutral": 1708,
    "other": 3,
    "sadness": 1084,
    "surprise": 107,
    "": 2507,
}

# [6.2901 - 8.2357]	Ses01F_impro01_F000	neu	[2.5000, 2.5000, 2.5000]
_LINE = re.compile(
    r"\[\d+\.\d+ - \d+\.\d+\]\s+(?P<turn>\w+)\s+(?P<emotion>\w+)\s+"
    r"\[(?P<valence>\d+\.\d+),\s*(?P<activation>\d+\.\d+),\s*\d+\.\d+\]"
)
# session, who wears the markers, kind and number of the dialog, who speaks, turn
_TURN = re.compile(
    r"Ses0(?P<session>[1-5])[FM]_(?P<kind>impro|script)\w+_(?P<gender>[FM])[X\d]+"
)
GENDERS = {"F": "female", "M": "male"}


def read(root) -> pd.DataFrame:
    """Reads all turns.

    The speaker is the turn's, `Ses01F_impro01_M003` the man of session 1: each session
    has a woman and a man, of whom one selects the epoch where the other is tested.

    Args:
        root: the folder that holds `Session1` to `Session5`.

    Raises:
        FileNotFoundError: no folder, or no `Session?/dialog/EmoEvaluation` in it.
        ValueError: a label that cannot be read or is not known, a turn without audio,
            or audio without a label.
    """
    table = _read(root, "iemocap")
    tables.compare_counts(table, "iemocap", COUNTS)
    return table


def read_improvised(root) -> pd.DataFrame:
    """`read` without the scripted dialogs."""
    return _read(root, "iemocap_improvised", "impro")


def read_scripted(root) -> pd.DataFrame:
    """`read` without the improvised dialogs."""
    return _read(root, "iemocap_scripted", "script")


def _read(root, name: str, kind: str = "") -> pd.DataFrame:
    root = folders.require_folder(root, name, "Session1 to Session5")
    lists = sorted(root.glob("Session[1-5]/dialog/EmoEvaluation/[!.]*.txt"))
    if not lists:
        raise FileNotFoundError(
            f"Corpus `{name}` expects Session1/dialog/EmoEvaluation/Ses01F_impro01.txt "
            f"and its siblings. Received: {root} with none. Give the folder that holds "
            "Session1 to Session5."
        )
    labels = [label for path in lists for label in _labels(path, name)]
    files = sorted(root.glob("Session[1-5]/sentences/wav/[!.]*/[!.]*"))
    files = [file for file in files if folders.is_audio(file)]
    folders.refuse_twice(files, name)
    paths = {file.stem: file for file in files}
    turns = [label["turn"] for label in labels]
    folders.refuse_unpaired(name, turns, paths, "the files in dialog/EmoEvaluation")
    rows = [_row(label, paths[label["turn"]]) for label in labels]
    rows = [row for row in rows if f"_{kind}" in row["utterance"]]
    table = tables.from_rows(rows)
    tables.say_unlabelled(table, name, "its annotators agreed on none (`xxx`)")
    return table


def _labels(path: Path, name: str) -> list[re.Match]:
    """The lines of turns in a file, which begin with their times."""
    text = path.read_text(encoding="utf-8", errors="replace")
    labels = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.startswith("["):
            continue
        label = _LINE.match(line)
        known = label and label["emotion"] in EMOTIONS
        if not known or not _TURN.fullmatch(label["turn"]):
            raise ValueError(
                f"Corpus `{name}` expects lines of times, turn, one of "
                f"{', '.join(EMOTIONS)}, and three numbers. Received: {path} with "
                f"{line!r} in line {number}. Copy the file again."
            )
        labels.append(label)
    return labels


def _row(label: re.Match, file: Path) -> dict:
    turn = _TURN.fullmatch(label["turn"])
    return {
        "utterance": f"iemocap/{label['turn']}",
        "file": str(file),
        "corpus": "iemocap",
        "speaker": f"iemocap/0{turn['session']}{turn['gender']}",
        "session": turn["session"],
        "gender": GENDERS[turn["gender"]],
        "language": "eng",
        "emotion": EMOTIONS[label["emotion"]],
        "activation": float(label["activation"]),
        "valence": float(label["valence"]),
    }


CORPUS = tables.Corpus(
    read=read,
    title="Interactive Emotional Dyadic Motion Capture Database (IEMOCAP)",
    language="eng",
    licence="of the University of Southern California, for research, on request",
    citation="Busso, Bulut, Lee, Kazemzadeh, Mower, Kim, Chang, Lee, Narayanan: "
    "IEMOCAP: interactive emotional dyadic motion capture database. Language Resources "
    "and Evaluation 42, 2008",
    obtain="on request from the Signal Analysis and Interpretation Laboratory of the "
    "University of Southern California; the folder holds Session1 to Session5",
    counts=COUNTS,
    note="Four classes, excitement joined with happiness, have 5531 utterances: anger "
    "1103, happiness 1636, neutral 1708, sadness 1084. Scripted dialogs share their "
    "texts across sessions. Without label: `xxx`, where annotators agreed on none.",
    speakers="10 (5 female, 5 male), in 5 sessions of two",
)
IMPROVISED = tables.Corpus(
    read=read_improvised,
    title="IEMOCAP, its improvised dialogs",
    language="eng",
    licence=CORPUS.licence,
    citation=CORPUS.citation,
    obtain=CORPUS.obtain,
    counts={},
    note="Utterances, speakers and folder are those of `iemocap`.",
    speakers=CORPUS.speakers,
)
SCRIPTED = tables.Corpus(
    read=read_scripted,
    title="IEMOCAP, its scripted dialogs",
    language="eng",
    licence=CORPUS.licence,
    citation=CORPUS.citation,
    obtain=CORPUS.obtain,
    counts={},
    note="Utterances, speakers and folder are those of `iemocap`. The same texts are "
    "spoken in every session.",
    speakers=CORPUS.speakers,
)
