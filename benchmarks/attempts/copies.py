"""A copy of a recording is found in any lossless form, or a test would hear it."""

import itertools
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile

from attempts import REFUSALS
from keras_ser import corpora, protocols
from keras_ser.corpora import table as tables
from keras_ser.experiments import Experiment, Features, System, extraction, inputs
from keras_ser.experiments.plan import plan_jobs
from keras_ser.models import BASELINE

ORDER = 8
PROMISE = "A copy in a lossless form is never trained and tested, or with two labels"
RATE, SPEAKERS = 16_000, 6


def attempts(folder: Path):
    """Yield every attempt to train on what is tested, or to label a sound twice."""
    warnings.simplefilter("ignore")
    places = itertools.count()

    def world(*arguments, **options) -> Callable:
        return lambda: refused(folder / str(next(places)), *arguments, **options)

    for form, save in LOSSLESS.items():
        yield f"{form}, two speakers", world(save, "speaker")
        yield f"{form}, two speakers, length only", world(save, "speaker", probe=True)
        yield f"{form}, two emotions of one speaker", world(save, "emotion")
    for what in ("emotion", "rating", "speaker"):
        yield f"in a list, {what}", world(as_it_is, what, corpus=True)
    yield "a whole file and its segment, two emotions", world(as_it_is, "segment")
    yield "two ratings of the same bytes", world(as_it_is, "rating")
    yield "two ratings of the same samples", world(as_flac, "rating")
    yield "two emotions of one class", lambda: one_class(folder / "class")
    yield "a copy with the same labels", lambda: same_labels(folder / "same")
    yield "an unlabelled copy", lambda: unlabelled_copy(folder / "unlabelled")
    yield "no copies", lambda: accepted(make(folder / "none"), folder / "none")


def voice(seed: int) -> np.ndarray:
    """Half a second that no other seed has, as 16-bit samples."""
    rng = np.random.default_rng(seed)
    time = np.arange(RATE // 2) / RATE
    tones = sum(np.sin(2 * np.pi * f * time) for f in rng.uniform(100, 3000, 4))
    return (3000 * tones + 300 * rng.standard_normal(len(time))).astype(np.int16)


def make(folder: Path) -> pd.DataFrame:
    """Six speakers with four utterances each."""
    folder.mkdir(parents=True)
    rows = []
    for speaker, count in itertools.product(range(SPEAKERS), range(4)):
        file = folder / f"{speaker}-{count}.wav"
        soundfile.write(file, voice(10 * speaker + count), RATE)
        rows.append(row(file, speaker, ("anger", "fear")[count % 2]))
    return tables.from_rows(rows)


def row(file: Path, speaker: int, emotion: str, **more) -> dict:
    """One row of a table."""
    about = {"utterance": f"toy/{file.name}", "file": str(file), "corpus": "toy"}
    return {**about, "speaker": f"toy/{speaker}", "emotion": emotion, **more}


def as_it_is(samples, file) -> Path:
    """The same bytes."""
    soundfile.write(file, samples, RATE)
    return file


def as_flac(samples, file) -> Path:
    """FLAC."""
    soundfile.write(file.with_suffix(".flac"), samples, RATE)
    return file.with_suffix(".flac")


def as_kind(subtype: str, suffix: str = ".wav", form: str | None = None) -> Callable:
    """Another lossless type of samples, or another container."""

    def save(samples, file) -> Path:
        file, values = file.with_suffix(suffix), samples / 2**15
        soundfile.write(file, values, RATE, subtype=subtype, format=form)
        return file

    return save


def as_stereo(samples, file) -> Path:
    """Two equal channels."""
    soundfile.write(file, np.stack([samples, samples], 1), RATE)
    return file


def with_note(samples, file) -> Path:
    """A chunk of text after the samples."""
    soundfile.write(file, samples, RATE)
    content = file.read_bytes() + b"LIST" + (12).to_bytes(4, "little") + b"INFOabcdefgh"
    size = (len(content) - 8).to_bytes(4, "little")
    file.write_bytes(content[:4] + size + content[8:])
    return file


LOSSLESS = {
    "the same bytes": as_it_is,
    "a note in the header": with_note,
    "FLAC": as_flac,
    "WAV with 24 bits": as_kind("PCM_24"),
    "WAV with 32 bits": as_kind("PCM_32"),
    "WAV with floats": as_kind("FLOAT"),
    "AIFF": as_kind("PCM_16", ".aiff"),
    "CAF": as_kind("PCM_16", ".caf"),
    "W64": as_kind("PCM_16", ".w64"),
    "two equal channels": as_stereo,
}


def add_copy(folder: Path, table: pd.DataFrame, save: Callable, what: str):
    """Adds a copy of the first utterance, which differs in one thing."""
    file = save(voice(0), folder / "copy.wav")
    emotion = "fear" if what in ("emotion", "segment") else "anger"
    speaker = 3 if what == "speaker" else 0
    more = {"start": 0.0, "end": 0.5} if what == "segment" else {}
    if what == "rating":
        table = table.assign(valence=0.5)
        more["valence"] = -0.5
    return table, tables.from_rows([row(file, speaker, emotion, **more)])


def config(probe: bool = False) -> Experiment:
    """An experiment with a network, or with a system that only reads durations."""
    net = System(arguments=BASELINE, augment=())
    system = System("LengthProbe", augment=()) if probe else net
    features = Features(settings={"n_mels": 16}, seconds=0.5)
    return Experiment(
        name="toy", corpus="emodb", systems={"one": system}, features=features
    )


def start(table: pd.DataFrame, folder: Path, probe: bool = False) -> None:
    """Everything that happens before a training."""
    planned = plan_jobs(config(probe), table, None, folder / "runs")
    extraction.prepare(planned, folder / "cache", progress=False)
    extraction.check_sound(planned, folder / "cache")


def read(folder: Path, table: pd.DataFrame) -> pd.DataFrame:
    """The table as `keras-ser run` reads it, from a CSV file."""
    path = folder / "list.csv"
    kept = ["file", "start", "end", "speaker", "emotion", "valence"]
    table[kept].dropna(axis=1, how="all").to_csv(path, index=False)
    systems = config().systems
    found = Experiment(name="toy", corpus="csv", systems=systems)
    return inputs.read_tables(found, {"csv": path}, folder)[0]


def refused(folder: Path, save, what: str, probe=False, corpus=False) -> str:
    """There is an error before a training, or when the corpus is read."""
    table, copy = add_copy(folder, make(folder), save, what)
    together = pd.concat([table, copy], ignore_index=True)
    try:
        if corpus:
            together = read(folder, together)
        else:
            together = tables.check(together)
        start(together, folder, probe)
    except REFUSALS:
        return ""
    return "accepted"


def accepted(table: pd.DataFrame, folder: Path) -> str:
    """A training could start."""
    try:
        start(table, folder)
    except REFUSALS as error:
        return f"rejected: {error}"
    return ""


def one_class(folder: Path) -> str:
    """Copies with two emotions that the label set joins are no conflict."""
    table, copy = add_copy(folder, make(folder), as_it_is, "emotion")
    together = pd.concat([table, copy], ignore_index=True)
    path = folder / "list.csv"
    together[["file", "speaker", "emotion"]].to_csv(path, index=False)
    try:
        corpora.read("csv", path, {"anger": "negative", "fear": "negative"})
    except REFUSALS as error:
        return f"rejected: {error}"
    return ""


def same_labels(folder: Path) -> str:
    """A copy of the same speaker with the same labels is accepted."""
    table, copy = add_copy(folder, make(folder), as_flac, "nothing")
    return accepted(pd.concat([table, copy], ignore_index=True), folder)


def unlabelled_copy(folder: Path) -> str:
    """Unlabelled copies of a speaker's own speech leave with the speaker."""
    table, copy = add_copy(folder, make(folder), as_flac, "nothing")
    folds = protocols.leave_one_speaker_out(table, copy.assign(emotion=""))
    return "the copy trains" if len(folds["0"].unlabelled) else ""
