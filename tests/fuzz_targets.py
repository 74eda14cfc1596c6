"""Mangled audio, tables, files and settings: each is accepted or clearly rejected.

`many` counts inputs, what was accepted, what was rejected by `ValueError` or
`FileNotFoundError`, any other exception, and utterances that went in but came out
neither as a result nor as one that cannot be used. `isolated` runs a target in a
process of its own, so that a crash of a library is seen. Used by `test_fuzz.py`, and
with more inputs by `benchmarks/fuzz.py`.
"""

import concurrent.futures
import copy
import dataclasses
import functools
import io
import itertools
import json
import os
import random
import struct
import tempfile
import traceback
import tracemalloc
import warnings
import zipfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import pandas as pd
import soundfile

from keras_ser import audio, corpora, protocols, reports, scores
from keras_ser.audio import unusable
from keras_ser.corpora import table as tables
from keras_ser.experiments import config
from keras_ser.experiments.overrides import override
from keras_ser.features import FeatureStore, LogMel, Spectrogram
from keras_ser.features.preprocessing import Preprocessing

CLEAR = (ValueError, FileNotFoundError)
FORMATS = {
    "wav": {},
    "wav float": {"format": "WAV", "subtype": "FLOAT"},
    "wav 24": {"format": "WAV", "subtype": "PCM_24"},
    "wav 8": {"format": "WAV", "subtype": "PCM_U8"},
    "wav adpcm": {"format": "WAV", "subtype": "IMA_ADPCM"},
    "flac": {},
    "ogg": {},
    "opus": {"format": "OGG", "subtype": "OPUS"},
    "mp3": {},
    "aiff": {},
    "w64": {},
    "caf": {},
}
CLASSES = ("anger", "neutral", "sadness")
MAX_BYTES = 2**29  # that the features of half a second may take
STRANGE = [
    *(None, "", " ", "x", "../../x", "a\0b", "\ud800", "é" * 300, "1", "nan"),
    *(True, 0, -1, 3, 10**30, 0.0, -0.5, 1e308, 1e-320, float("nan"), float("inf")),
    *([], [1], [[]], {}, {"a": 1}, ["a", "a"], [None, 2.5], {"class_name": "x"}),
]


@functools.cache
def sound(kind: str) -> bytes:
    """A third of a second of noise, as a file's bytes."""
    wave = np.random.default_rng(0).normal(scale=0.1, size=4800).astype(np.float32)
    stream = io.BytesIO()
    options = {"format": kind.upper(), **FORMATS[kind]}
    soundfile.write(stream, wave, audio.RATE, **options)
    return stream.getvalue()


def mutated_bytes(data: bytes, operations) -> bytes:
    """Bytes after operations of `(kind, place in [0, 1), value)`."""
    for kind, where, value in operations:
        # Half of the changes are in the header.
        at = int(where * 2 * 128) if where < 0.5 else int((2 * where - 1) * len(data))
        at = min(at, max(len(data) - 1, 0))
        if kind == "flip":
            data = data[:at] + bytes([value & 255]) + data[at + 1 :]
        elif kind == "number":
            data = data[:at] + struct.pack("<I", value) + data[at + 4 :]
        elif kind == "cut":
            data = data[:at]
        elif kind == "drop":
            data = data[:at] + data[at + value % 64 :]
        elif kind == "splice":
            data = data[:at] + data[value % (len(data) + 1) :]
        elif kind == "noise":
            data = data[:at] + random.Random(value).randbytes(value % 64) + data[at:]
    return data


KINDS = ("flip", "flip", "number", "cut", "drop", "splice", "noise")


def operations(rng: random.Random) -> list[tuple]:
    numbers = (0, 1, 2**31 - 1, 2**32 - 1, rng.getrandbits(32), rng.getrandbits(8))
    return [
        (rng.choice(KINDS), rng.random(), rng.choice(numbers))
        for _ in range(rng.randint(1, 4))
    ]


def mutated_value(value, rng: random.Random):
    """A JSON value with one to three places changed, removed or added."""
    value = copy.deepcopy(value)
    for _ in range(rng.randint(1, 3)):
        value = _change(value, rng, 1.0)
    return value


def _change(value, rng, deeper=0.9):
    if isinstance(value, dict | list) and value and rng.random() < deeper:
        keys = list(value) if isinstance(value, dict) else range(len(value))
        key = rng.choice(list(keys))
        draw = rng.random()
        if draw < 0.06:
            del value[key]
        elif draw < 0.12 and isinstance(value, dict):
            value[rng.choice(["x", "", "window", "class_name"])] = rng.choice(STRANGE)
        else:
            value[key] = _change(value[key], rng)
        return value
    if isinstance(value, int | float) and rng.random() < 0.5:
        return value * rng.choice([0, -1, 0.5, 2, 1000])
    return copy.deepcopy(rng.choice(STRANGE))


# Targets: each takes a generator and a folder, and returns how many utterances were
# lost without a word. What it raises is judged by the caller.


def fuzz_audio(rng, folder: Path) -> int:
    """`audio.read` of one mangled file."""
    path = folder / f"a.{rng.choice(['wav', 'flac', 'ogg', 'raw', 'mp3', 'txt'])}"
    path.write_bytes(mutated_bytes(sound(rng.choice(list(FORMATS))), operations(rng)))
    segment = rng.choice([(None, None), (0.1, 0.2), (None, 0.3), (0.2, float("inf"))])
    wave = audio.read(path, *segment)
    good = wave.dtype == np.float32 and wave.ndim == 1 and len(wave)
    assert good and np.isfinite(wave).all()
    return 0


def fuzz_store(rng, folder: Path) -> int:
    """`FeatureStore.prepare` of a table of mangled and gone files."""
    table = spoken(rng, folder)
    store = FeatureStore(folder / "cache", LogMel(n_mels=16))
    bad = []
    store.prepare(table, progress=False, bad=bad)
    _harm_cache(rng, store, table)
    bad.clear()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        store.prepare(table, progress=False, bad=bad, verify=True)
        left = unusable.leave_out(table, bad)
    for path in store.paths(left):
        store.read(path)
    listed = pd.read_csv(unusable.write(folder / unusable.SKIPPED_FILE, bad))
    return len(table) - len(left) - listed.utterance.nunique()


def spoken(rng, folder: Path) -> pd.DataFrame:
    """A table of four files, of which some change after it was read."""
    rows, texts = [], []
    for number in range(4):
        kind = rng.choice(list(FORMATS))
        path = folder / f"{number}.{kind.split()[0]}"
        path.write_bytes(sound(kind) + bytes([number]))
        rows.append(
            {
                "utterance": f"toy/{number}",
                "file": str(path),
                "corpus": "toy",
                "speaker": f"toy/{number}",
                "emotion": CLASSES[number % 3],
                "duration": 0.3,
                "digest": "",
            }
        )
    for row in rows:
        path = Path(row["file"])
        draw = rng.random()
        if draw < 0.4:
            path.write_bytes(mutated_bytes(path.read_bytes(), operations(rng)))
        texts.append((path, draw))
    table = tables.from_rows(rows)
    for path, draw in texts:
        if 0.4 < draw < 0.5:
            path.unlink()
        elif 0.5 < draw < 0.6:
            path.write_bytes(b"changed")
    return table


def _harm_cache(rng, store, table) -> None:
    entries = [Path(path) for path in store.paths(table) if Path(path).exists()]
    for path in entries:
        data = path.read_bytes()
        harm = rng.choice(["", "", "empty", "odd", "nan", "gone"])
        if harm == "gone":
            path.unlink()
        elif harm:
            path.write_bytes(
                {"empty": b"", "odd": data[:-3], "nan": b"\0\x7e" + data[2:]}[harm]
            )


def fuzz_table(rng, folder: Path) -> int:
    """`check`, `relabel` and the protocols on a table with odd cells."""
    table = _toy_table()
    frame = table.astype(object)
    for _ in range(rng.randint(1, 4)):
        column = rng.choice(list(frame.columns))
        row = rng.randrange(len(frame))
        draw = rng.random()
        if draw < 0.1:
            frame = frame.drop(columns=column)
            break
        if draw < 0.2:
            frame = frame.iloc[: rng.randrange(len(frame) + 1)]
            break
        other = frame[column].iloc[rng.randrange(len(frame))]
        values = frame[column].tolist()
        values[row] = other if rng.random() < 0.7 else rng.choice(STRANGE)
        frame[column] = pd.Series(values, index=frame.index, dtype=object)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        checked = tables.check(frame)
        labels = rng.choice(["all", "four", {"anger": "a", "sadness": "b"}, "six"])
        labelled = corpora.relabel(checked, labels)
        lost = len(checked) - len(labelled) if not said else 0
        protocol = rng.choice(sorted(protocols.PROTOCOLS))
        folds = protocols.PROTOCOLS[protocol](labelled)
    if protocol == "leave_one_speaker_out":
        tested = [t.utterance for f in folds.values() for t in f.tests.values()]
        lost += len(labelled) - pd.concat(tested).nunique()
    return lost


@functools.cache
def _toy_table() -> pd.DataFrame:
    rows = [
        {
            "utterance": f"toy/{speaker}-{emotion}",
            "file": f"{speaker}-{emotion}.wav",
            "corpus": "toy",
            "speaker": f"toy/{speaker}",
            "gender": ("male", "female")[speaker % 2],
            "emotion": emotion,
            "duration": 1.0,
            "digest": f"{speaker} {emotion}",
        }
        for speaker in range(5)
        for emotion in CLASSES
    ]
    return tables.from_rows(rows)


def fuzz_preprocessing(rng, folder: Path) -> int:
    """`Preprocessing.load` of a mangled file, and the memory of what is accepted."""
    front_end = rng.choice([LogMel(n_mels=8), Spectrogram(n_bins=8)])
    value = _preprocessing(front_end).to_json()
    if rng.random() < 0.4:
        _change_sizes(value, rng)
    text = json.dumps(mutated_value(value, rng) if rng.random() < 0.7 else value)
    data = text.encode("utf-8", "surrogatepass")
    if rng.random() < 0.3:
        data = mutated_bytes(data, operations(rng))
    (folder / "p.json").write_bytes(data)
    made = Preprocessing.load(folder / "p.json")
    assert Preprocessing.from_json(made.to_json()).classes == made.classes
    assert made.window * made.front_end.dimensions <= 2**23
    tracemalloc.start()
    try:
        features = made.front_end(np.full(8000, 0.1, np.float32))
        assert np.isfinite(made.normalised(features)).all()
        assert tracemalloc.get_traced_memory()[1] < MAX_BYTES
    finally:
        tracemalloc.stop()
    return 0


def _change_sizes(value: dict, rng) -> None:
    """Give settings that decide about memory a value of any magnitude."""
    settings = value["front_end_settings"]
    bands = "n_mels" if "n_mels" in settings else "n_bins"
    for name in rng.sample(["n_fft", bands, "hop_seconds", "window_seconds"], 2):
        size = 2 ** rng.uniform(-14, 42)
        settings[name] = max(1, round(size)) if name.startswith("n_") else size
        if name == "hop_seconds" and rng.random() < 0.8:
            settings[name] = max(1, round(size * audio.RATE)) / audio.RATE
    value["seconds"] = 2 ** rng.uniform(-12, 14)
    count = min(settings[bands], 2**12)
    value["mean"] = [10 ** rng.uniform(-3, 7)] * count
    value["std"] = [10 ** rng.uniform(-5, 7)] * count


def fuzz_windows(rng, folder: Path) -> int:
    """Windows of any lengths over a sound of any length."""
    from keras_ser.features import windows
    from keras_ser.inference import speech

    front_end = LogMel(n_mels=8)
    seconds = rng.choice([2 ** rng.uniform(-14, 8), rng.randint(1, 300) / 10])
    lengths = [2 ** rng.uniform(-10, 8), rng.randint(1, 99) / 10, rng.randint(1, 9)]
    window, hop = (
        rng.choice(STRANGE if rng.random() < 0.2 else lengths) for _ in range(2)
    )
    speech.check_windows(window, hop, front_end.hop_seconds)
    spans = windows.time_spans(seconds, window, hop)
    count = 1 + int(seconds * 100)
    cuts = [windows.frame_span(each, seconds, count, front_end) for each in spans]
    assert all(0 <= start < end <= seconds for start, end in spans)
    assert all(0 <= first < last <= count for first, last in cuts)
    if window is None or (hop or window) <= window:
        assert spans[-1][1] == seconds and cuts[-1][1] == count
        assert all(one[1] >= other[0] for one, other in itertools.pairwise(cuts))
    return 0


def _preprocessing(front_end=None) -> Preprocessing:
    front_end = front_end or LogMel(n_mels=8)
    numbers = np.linspace(1.0, 2.0, 8)
    return Preprocessing(front_end, CLASSES, 1.0, "train", numbers, numbers)


def fuzz_config(rng, folder: Path) -> int:
    """Overrides and names."""
    toy = config.Experiment("toy", "synthetic", {"a": config.System()})
    paths = ["name", "repeats", "training.epochs", "training", "systems.a.augment"]
    paths += ["features.seconds", "systems.a.objective.x", "systems", "x.y", ""]
    text = f"{rng.choice(paths)}{rng.choice(['=', '', '=='])}{_literal(rng)}"
    if rng.random() < 0.5:
        changed = override(toy, text)
    else:
        texts = [each for each in STRANGE if not isinstance(each, list | dict)]
        name = rng.choice([*texts, "über", "a b", "v1.0", "x" * 100, "=", "x" * 101])
        changed = dataclasses.replace(toy, name=name)
    inside = (folder / changed.name).resolve()
    assert inside.parent == folder.resolve()
    return 0


def _literal(rng) -> str:
    draw = rng.random()
    if draw < 0.4:
        return rng.choice(["5", "0.5", "word", "('speed',)", "()", "{'a': 1}", "None"])
    deep = draw > 0.9
    text = "(" * rng.randint(1, 300) if deep else repr(rng.choice(STRANGE))
    return mutated_bytes(text.encode(), operations(rng)).decode("utf-8", "replace")


def fuzz_report(rng, folder: Path) -> int:
    """`reports.write` of a run with one mangled file, or of a mangled archive."""
    table = _predictions()
    metrics = {
        "epoch": 1,
        "epochs": 2,
        "updates_per_epoch": 3,
        "parameters": 4,
        "selected_by": "nobody",
        "speakers": {"train": ["toy/2"], "dev": ["toy/3"], "test": ["toy/1"]},
        "utterances": {"train": 1, "dev": 1, "test": len(table)},
        "scores": scores.summary(table.truth, table.prediction, CLASSES),
    }
    values = {"metrics.json": metrics, "config.json": _described()}
    contents = {
        "predictions.csv": table.to_csv(index=False).encode(),
        "history.csv": b"epoch,loss\n0,1.0\n1,0.5\n",
        **{each: json.dumps(value).encode() for each, value in values.items()},
    }
    name = rng.choice(list(contents))
    if name in values and rng.random() < 0.7:
        text = json.dumps(mutated_value(values[name], rng))
        contents[name] = text.encode("utf-8", "surrogatepass")
    else:
        contents[name] = mutated_bytes(contents[name], operations(rng))
    path = _written(contents, folder, operations(rng) if rng.random() < 0.3 else None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reports.write([path], folder / "out", ("md",))
    return 0


def _written(contents: dict[str, bytes], folder: Path, mangled) -> Path:
    """The folder of a run with these files, or its archive after operations."""
    if mangled is None:
        run = folder / "toy" / "system" / "1-0"
        run.mkdir(parents=True)
        for name, data in contents.items():
            (run / name).write_bytes(data)
        return folder
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in contents.items():
            archive.writestr(f"system/1-0/{name}", data)
    path = folder / "toy.zip"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(mutated_bytes(stream.getvalue(), mangled))
    return path


def _described() -> dict:
    """What `Job.describe` gives for the run."""
    system = config.System("LengthProbe", augment=())
    experiment = config.Experiment("toy", "emodb", {"system": system})
    described = dataclasses.asdict(experiment)
    described.pop("repeats")
    task = {"name": "emotion", "kind": "classification", "scored": True}
    job = {"fold": "1", "repeat": 0, "data": {"train": "a"}, "tasks": [task]}
    return {**described, **job}


@functools.cache
def _predictions() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    truth, prediction = rng.choice(CLASSES, size=(2, 12))
    table = pd.DataFrame({"truth": truth, "prediction": prediction})
    for place, (column, value) in enumerate(
        {
            "experiment": "toy",
            "system": "system",
            "corpus": "toy",
            "fold": "1",
            "repeat": 0,
            "test": "test",
            "condition": "clean",
            "utterance": [f"toy/{number}" for number in range(12)],
            "speaker": "toy/1",
            "head": "emotion",
        }.items()
    ):
        table.insert(place, column, value)
    for name in CLASSES:
        table[f"p_{name}"] = np.where(prediction == name, 0.8, 0.1)
    return table


def fuzz_model(rng, folder: Path) -> int:
    """`Recogniser.load` of a mangled model file."""
    from keras_ser.inference import Recogniser

    data = _model_file()
    if rng.random() < 0.4:
        data = mutated_bytes(data, operations(rng))
    else:
        data = _repacked(data, rng)
    (folder / "m.keras").write_bytes(data)
    recogniser = Recogniser.load(folder / "m.keras")
    posterior = recogniser.posteriors([np.ones((9, 8), np.float32)])
    assert posterior.shape == (1, len(CLASSES))
    return 0


@functools.cache
def _model_file() -> bytes:
    from keras_ser import models
    from keras_ser.inference import Recogniser

    model = models.MTLAug(CLASSES, dimensions=8)
    with tempfile.TemporaryDirectory() as folder:
        path = Recogniser(model, _preprocessing()).save(Path(folder) / "m.keras")
        return path.read_bytes()


def _repacked(data: bytes, rng) -> bytes:
    """The archive with one member mangled, renamed, or added."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w") as new:
        chosen = rng.choice(old.namelist())
        for name in old.namelist():
            content = old.read(name)
            if name == chosen:
                draw = rng.random()
                if draw < 0.15:
                    name = rng.choice(["../x", "/tmp/x", "x", "assets/../../x"])
                elif name.endswith(".json") and draw < 0.7:
                    changed = json.dumps(mutated_value(json.loads(content), rng))
                    content = changed.encode("utf-8", "surrogatepass")
                else:
                    content = mutated_bytes(content, operations(rng))
            new.writestr(name, content)
    return stream.getvalue()


# Share of the inputs.
TARGETS = {
    "audio": (fuzz_audio, 0.35),
    "store": (fuzz_store, 0.15),
    "table": (fuzz_table, 0.15),
    "preprocessing": (fuzz_preprocessing, 0.1),
    "windows": (fuzz_windows, 0.05),
    "config": (fuzz_config, 0.1),
    "report": (fuzz_report, 0.1),
    "model": (fuzz_model, 0.05),
}


@dataclasses.dataclass
class Count:
    """What became of the inputs."""

    inputs: int = 0
    accepted: int = 0
    rejected: int = 0
    tracebacks: int = 0
    dropped: int = 0
    crashes: int = 0
    first: str = ""


def one(target: str, seed: int) -> tuple[str, int, str]:
    """`accepted`, `rejected` or `tracebacks`; silent drops; the exception."""
    rng = random.Random(f"{target} {seed}")
    with tempfile.TemporaryDirectory() as folder:
        try:
            return "accepted", TARGETS[target][0](rng, Path(folder)), ""
        except CLEAR as error:
            empty = "" if str(error).strip() else "an empty message"
            return ("tracebacks" if empty else "rejected"), 0, empty
        except Exception:  # what this script is here to find
            return "tracebacks", 0, traceback.format_exc()


def many(target: str, first: int, last: int) -> Count:
    count = Count()
    for seed in range(first, last):
        outcome, dropped, text = one(target, seed)
        count.inputs += 1
        count.dropped += dropped
        setattr(count, outcome, getattr(count, outcome) + 1)
        if (text or dropped) and not count.first:
            count.first = f"seed {seed}, {dropped} dropped\n{text}"
    return count


def isolated(target: str, first: int, last: int) -> Count:
    """`many` in a process of its own; if that dies, a crash is counted."""
    with concurrent.futures.ProcessPoolExecutor(1) as pool:
        try:
            return pool.submit(many, target, first, last).result()
        except concurrent.futures.process.BrokenProcessPool:
            return Count(last - first, crashes=1, first=f"seeds {first} to {last}")
