"""Reader of EmoBox lists: JSON lines with `key, dataset, wav, emo, length, …`.

The lists do not name speakers. For the corpora in `SPEAKERS`, they are found in the
file names. EmoBox's own folds are not used because those of EMO-DB share speakers
between training and test.

Reference:
    Ma et al.: EmoBox: Multilingual multi-corpus speech emotion recognition toolkit and
        benchmark. Interspeech 2024
"""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from keras_ser.corpora import table as tables
from keras_ser.corpora.own import lists, vocabulary
from keras_ser.corpora.own.sheet import list_first
from keras_ser.corpora.own.table_of import Options, table_of

MAX_CORPORA = 6  # that a message names

# Patterns that find the speaker in a path, by EmoBox's name of the corpus.
SPEAKERS = {
    "cremad": r"(\d{4})_[A-Z]{3}_[A-Z]{3}_[A-Z]+\.\w+$",
    "emodb": r"(\d\d)[ab]\d\d[A-Z]\w*\.\w+$",
    "emovo": r"[a-z]{3}-([fm]\d)-\w\d\.\w+$",
    "iemocap": r"Ses(\d\d)[FM]_\w+_([FM])\w+\.\w+$",
    "ravdess": r"(?:\d\d-){6}(\d\d)\.\w+$",
    "savee": r"(DC|JE|JK|KL)[_/]\w+\.\w+$",
    "tess": r"(OA|YA)F?_[^/]+\.\w+$",
    "urdu": r"(S[FM]\d+)_\w+\.\w+$",
}


def read(
    root: str | Path,
    speaker: str = "",
    columns: Mapping[str, str] | None = None,
    emotions: Mapping[str, str] | None = None,
    language: str = "",
    labelled: bool = True,
    audio: str | Path = "",
    corpus: str = "",
    speakers: Mapping[str, str] | None = None,
    genders: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Reads one EmoBox list.

    Args:
        root: The file, such as `data/emodb/emodb.jsonl`. Labels that are not recognised
            are looked up in `label_map.json` in the same folder.
        speaker: A key of the lines, or a pattern with a group that finds the speaker
            in `wav`. By default, it is the pattern of the corpus in `SPEAKERS`.
        columns, emotions, language, labelled, audio, corpus, speakers, genders: See
            `keras_ser.corpora.own.table_of.Options`. A column is a key of the lines.

    Returns:
        A table; see `keras_ser.corpora.table`.

    Raises:
        FileNotFoundError: If the list or the first audio file does not exist.
        UnreadableFiles: If other audio files do not exist, or a file is not audio.
        ValueError: If the list names several corpora, if there are no speakers, or if
            a label is unknown.
    """
    path = Path(root)
    if not path.is_file():
        raise FileNotFoundError(
            "Corpus `emobox` expects a file of JSON lines, such as "
            f"data/emodb/emodb.jsonl. Received: {path}, which is not a file. Give the "
            "list of the complete corpus."
        )
    frame = lists.read_jsonl(path, "emobox")
    frame = frame.rename(columns={"start_time": "start", "end_time": "end"})
    corpora = sorted(set(frame["dataset"])) if "dataset" in frame else []
    if len(corpora) > 1:
        raise ValueError(
            "Corpus `emobox` expects a list of one corpus. Received: "
            f"{path} with {list_first(corpora, MAX_CORPORA)}. Give one list per corpus."
        )
    notes = []
    columns = dict(columns or {})
    known = {*columns, *map(vocabulary.find_column, frame.columns)}
    if not speaker and "speaker" not in known and corpora and corpora[0] in SPEAKERS:
        speaker = SPEAKERS[corpora[0]]
        notes.append(f"Speakers are found in the file names of {corpora[0]}")
    label = columns.get("emotion", "emo")
    mapped = _map_unknown_labels(path, frame, label) if labelled else {}
    options = Options(
        speaker=speaker,
        columns=columns,
        emotions={**mapped, **(emotions or {})},
        language=language,
        labelled=labelled,
        audio=audio,
        corpus=corpus or (corpora[0] if corpora else ""),
        speakers=speakers or {},
        genders=genders or {},
    )
    return table_of(frame, "emobox", path, options, notes)


def _map_unknown_labels(path: Path, frame: pd.DataFrame, column: str) -> dict[str, str]:
    """Looks up the emotions of unknown labels in the label map of the list."""
    label_map = path.with_name("label_map.json")
    if not label_map.is_file() or column not in frame:
        return {}
    known = lists.read_object(label_map, "emobox")
    _, unknown = vocabulary.map_labels(frame[column].unique())
    found = {label: vocabulary.find_emotion(known.get(label, "?")) for label in unknown}
    return {label: word for label, word in found.items() if word}


CORPUS = tables.Corpus(
    read=read,
    title="An EmoBox list (JSON lines)",
    language="",
    licence="that of the corpus that it lists",
    citation="Ma, Chen, Zhang, Zheng, Chen, Li, Ye, Chen, Hain: EmoBox: Multilingual "
    "multi-corpus speech emotion recognition toolkit and benchmark. Interspeech 2024",
    obtain="--corpus emobox=FILE, such as data/emodb/emodb.jsonl of EmoBox",
    counts={},
    note="The lists do not name speakers. They are found in the file names by a "
    "pattern that is known or given. EmoBox's folds are not used.",
    speakers="from a pattern",
)
