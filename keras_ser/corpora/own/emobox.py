"""The lists of EmoBox: JSON lines with `key, dataset, wav, emo, length, …`.

Ma et al., "EmoBox: Multilingual multi-corpus speech emotion recognition toolkit and
benchmark", Interspeech 2024.

The lists name no speaker; of the corpora in `SPEAKERS`, file names do. EmoBox's own
folds are not read: those of EMO-DB share speakers between training and test.
"""

from pathlib import Path

import pandas as pd

from keras_ser.corpora import table as tables
from keras_ser.corpora.own import lists, vocabulary
from keras_ser.corpora.own.table_of import Options, table_of

# Where file names tell the speaker, by EmoBox's name of the corpus.
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
    root,
    speaker: str = "",
    emotions=None,
    language: str = "",
    labelled: bool = True,
    audio: str = "",
    corpus: str = "",
) -> pd.DataFrame:
    """Reads one list of EmoBox.

    Args:
        root: the file, `data/emodb/emodb.jsonl`. Labels that are not known are looked
            up in the `label_map.json` beside it.
        speaker: a key of the lines, or a pattern with a group that finds the speaker
            in `wav`; default, the corpus's of `SPEAKERS`.
        emotions, language, labelled, audio, corpus: see
            `keras_ser.corpora.own.Options`.

    Raises:
        FileNotFoundError: no such list, or the first audio file is not there.
        UnreadableFiles: other audio files are not there, or no audio.
        ValueError: lines of several corpora, no speakers, or a label that is not
            known.
    """
    path = Path(root)
    if not path.is_file():
        raise FileNotFoundError(
            "Corpus `emobox` expects a list of JSON lines, data/emodb/emodb.jsonl. "
            f"Received: {path}, which is no file. Give the list of the whole corpus."
        )
    frame = lists.read_jsonl(path, "emobox")
    frame = frame.rename(columns={"start_time": "start", "end_time": "end"})
    corpora = sorted(set(frame["dataset"])) if "dataset" in frame else []
    if len(corpora) > 1:
        raise ValueError(
            "Corpus `emobox` expects a list of one corpus. Received: "
            f"{path} with {', '.join(corpora)}. Give one list a corpus."
        )
    told = []
    named = "speaker" in map(vocabulary.column, frame.columns)
    if not speaker and not named and corpora and corpora[0] in SPEAKERS:
        speaker = SPEAKERS[corpora[0]]
        told.append(f"EmoBox names no speakers, file names of {corpora[0]} do")
    mapped = _mapped(path, frame) if labelled else {}
    options = Options(
        speaker=speaker,
        emotions={**mapped, **(emotions or {})},
        language=language,
        labelled=labelled,
        audio=audio,
        corpus=corpus or (corpora[0] if corpora else ""),
    )
    return table_of(frame, "emobox", path, options, told)


def _mapped(path: Path, frame: pd.DataFrame) -> dict[str, str]:
    """Emotions of labels that only the list's own label map knows."""
    beside = path.with_name("label_map.json")
    if not beside.is_file() or "emo" not in frame:
        return {}
    known = lists.read_object(beside, "emobox")
    _, unknown = vocabulary.emotions(frame["emo"].unique())
    found = {label: vocabulary.emotion(known.get(label, "?")) for label in unknown}
    return {label: word for label, word in found.items() if word}


CORPUS = tables.Corpus(
    read=read,
    title="A list of EmoBox (JSON lines)",
    language="",
    licence="that of the corpus it lists",
    citation="Ma, Chen, Zhang, Zheng, Chen, Li, Ye, Chen, Hain: EmoBox: Multilingual "
    "multi-corpus speech emotion recognition toolkit and benchmark. Interspeech 2024",
    obtain="--corpus emobox=FILE, such as data/emodb/emodb.jsonl of EmoBox",
    counts={},
    note="The lists name no speaker: it is found in file names, by a pattern that is "
    "known or given. EmoBox's folds are not used.",
    speakers="as told by a pattern",
)
