"""Noise: DEMAND, and any folder of one's own. Later steps mix it into speech.

Rows have neither emotion nor language nor gender; `session` is the kind of noise.
"""

import re
from pathlib import Path

import pandas as pd

from keras_ser.corpora import folders
from keras_ser.corpora import table as tables

_CHANNEL = re.compile(r"ch\d\d")


def read(root) -> pd.DataFrame:
    """Reads every audio file of a tree; kinds are the folders below `root`.

    Args:
        root: the folder, such as that of `rain/1-17367-A.ogg`. A clip is its own
            speaker, as nobody speaks.

    Raises:
        FileNotFoundError: no folder, or no audio in it.
        ValueError: a clip that is there in two formats.
    """
    root = folders.require_folder(root, "noise", "audio files, a folder a kind")
    advice = "Give a folder with recordings of noise."
    files = folders.audio_below(root, "noise", "rain/1-17367-A.ogg", advice)
    clips = {file: file.relative_to(root).with_suffix("").as_posix() for file in files}
    folders.refuse_twice(files, "noise", clips.get)
    return tables.from_rows(
        [
            {
                "utterance": f"noise/{clip}",
                "file": str(file),
                "corpus": "noise",
                "speaker": f"noise/{clip}",
                "session": clip.rpartition("/")[0],
            }
            for file, clip in clips.items()
        ]
    )


def read_demand(root) -> pd.DataFrame:
    """Reads DEMAND, `DKITCHEN/ch01.wav` and its siblings.

    The sixteen channels of an environment are one recording by as many microphones:
    they have one speaker, the environment, so that no fold parts them.

    Args:
        root: the folder that holds the environments' folders.

    Raises:
        FileNotFoundError: no folder, or no audio in it.
        ValueError: a file name that is not DEMAND's, or a channel that is there twice,
            at two rates.
    """
    root = folders.require_folder(root, "demand", "DKITCHEN/ch01.wav")
    advice = "Give the folder that holds DKITCHEN, NPARK and so on."
    files = folders.audio_below(root, "demand", "DKITCHEN/ch01.wav", advice)
    folders.parsed(files, _CHANNEL, "demand", "a channel, ch01, in its environment")
    folders.refuse_twice(files, "demand", _channel)
    return tables.from_rows(
        [
            {
                "utterance": f"demand/{_channel(file)}",
                "file": str(file),
                "corpus": "demand",
                "speaker": f"demand/{file.parent.name}",
                "session": file.parent.name,
            }
            for file in files
        ]
    )


def _channel(file: Path) -> str:
    return f"{file.parent.name}/{file.stem}"


NOISE = tables.Corpus(
    read=read,
    title="A folder of noise of one's own",
    language="",
    licence="that of the recordings",
    citation="that of the recordings",
    obtain="--corpus noise=DIR; the folder holds audio files, such as ESC-10's in a "
    "folder a kind",
    counts={},
    note="For mixing into speech; it has no emotions.",
    speakers="none",
)
DEMAND = tables.Corpus(
    read=read_demand,
    title="Diverse Environments Multichannel Acoustic Noise Database (DEMAND)",
    language="",
    licence="CC BY-SA 3.0",
    citation="Thiemann, Ito, Vincent: The Diverse Environments Multi-channel Acoustic "
    "Noise Database (DEMAND). Proceedings of Meetings on Acoustics 19, 2013",
    obtain="free download from the authors, at 16 or 48 kHz; the folder holds "
    "DKITCHEN/ch01.wav and so on",
    counts={},
    note="For mixing into speech; it has no emotions. Papers mix channel 1.",
    speakers="none",
)
