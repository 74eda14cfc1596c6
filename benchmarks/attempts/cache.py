"""A damaged, exchanged or foreign entry of the feature cache never gives a number."""

import dataclasses
import os
import sys
import types
from pathlib import Path

import numpy as np
import soundfile

from keras_ser import audio, protocols
from keras_ser.corpora import table as tables
from keras_ser.features import FeatureStore, LogMel
from keras_ser.utils import files

ORDER = 5
PROMISE = "Features from the cache are those of the audio, or there is an error"
BANDS = 16
FRONT_END = LogMel(window_seconds=0.02, n_mels=BANDS, n_fft=512)
FRAME = 2 * BANDS  # bytes
RATE = 16_000


def attempts(folder: Path):
    """Yield every attempt to make the cache believe something else."""
    world = World(folder)
    for name, harm in HARMS.items():
        yield f"{name}, before a run", lambda harm=harm: world.read_after_start(harm)
        yield f"{name}, training", lambda harm=harm: world.training_after(harm)
    for name in ("zeros of the right size", "swapped frames", "another utterance"):
        harm = HARMS[name]
        yield f"{name}, in a run", lambda harm=harm: world.read_at_once(harm)
        yield f"{name}, statistics", lambda harm=harm: world.statistics_after(harm)
    yield from FRONT_END_ATTEMPTS.items()
    for name, change in LEGAL.items():
        yield name, lambda change=change: world.legal(change)
    yield "writers with the same process number", lambda: same_process(folder)
    yield "an interrupted writer", lambda: interrupted(folder)


class World:
    """A small corpus, its cache, and its right features."""

    def __init__(self, folder: Path):
        self.table = make_table(folder / "audio")
        self.folder, self.count = folder, 0
        self.right = {
            row.utterance: FRONT_END(audio.read(row.file))
            for row in self.table.itertuples()
        }

    def fresh(self) -> FeatureStore:
        """A store with a new cache that holds all entries, at two speeds."""
        self.count += 1
        store = FeatureStore(self.folder / str(self.count), FRONT_END, (1.0, 0.9))
        store.prepare(self.table, progress=False)
        return store

    def wrong(self, store: FeatureStore) -> str:
        """The first utterance whose features are read and are not the right ones."""
        for name, path in zip(
            self.table.utterance, store.paths(self.table), strict=True
        ):
            try:
                found = store.read(path)
            except (ValueError, FileNotFoundError):
                continue
            if not np.array_equal(found, self.right[name]):
                return f"other features of {name} are read"
        return ""

    def read_after_start(self, harm) -> str:
        """A run starts after the damage: it extracts again, or reading is an error."""
        store = self.fresh()
        harm(store, self.table)
        again = FeatureStore(store.cache, FRONT_END)
        again.prepare(self.table, progress=False, verify=True)
        return self.wrong(again)

    def read_at_once(self, harm) -> str:
        """The damage happens while a run reads."""
        store = self.fresh()
        self.wrong(store)
        harm(store, self.table)
        return self.wrong(store)

    def statistics_after(self, harm) -> str:
        """The mean and the standard deviation are the right ones, or there is none."""
        from keras_ser.data.statistics import Statistics
        from keras_ser.features.moments import moments

        store, fold = self.fresh(), self.fold()
        harm(store, self.table)
        try:
            found = Statistics(fold, store, "train").train
        except (ValueError, FileNotFoundError):
            return ""
        expected = moments(self.right[name] for name in fold.train.utterance)
        return "" if np.allclose(found, expected, rtol=1e-6) else "other statistics"

    def training_after(self, harm) -> str:
        """What a pipeline reads is what the audio says, or there is an error."""
        import tensorflow as tf

        from keras_ser.data import Pipeline

        store, fold = self.fresh(), self.fold()
        data = Pipeline(fold, store, batch=2, progress=False)
        harm(store, self.table)
        for table in (fold.train, fold.dev):
            try:
                found = [np.array(batch[0]) for batch in data.unaugmented(table)]
            except (ValueError, FileNotFoundError, tf.errors.OpError):
                continue
            rows = [row for batch in found for row in batch]
            for row, name in zip(rows, table.utterance, strict=True):
                right = data.preprocessing.normalised(self.right[name])
                if not same_rows(row, right):
                    return f"other features of {name} are trained on"
        return ""

    def legal(self, change) -> str:
        """What is no damage is accepted, and nothing is extracted again."""
        store = self.fresh()
        cache = change(store, self.table)
        again = FeatureStore(cache or store.cache, FRONT_END)
        count = again.prepare(self.table, progress=False, verify=True)
        for name, path in zip(
            self.table.utterance, again.paths(self.table), strict=True
        ):
            if not np.array_equal(again.read(path), self.right[name]):
                return f"other features of {name}"
        return f"{count} entries were extracted again" if count else ""

    def fold(self) -> protocols.Fold:
        """Two training speakers, one for development, and one for the test."""
        side = {
            name: self.table[self.table.speaker == f"toy/{name}"] for name in "abcd"
        }
        import pandas as pd

        return protocols.Fold(
            name="toy",
            train=pd.concat([side["a"], side["b"]]),
            dev=side["c"],
            tests={"test": side["d"]},
            unlabelled=None,
            classes=("anger", "sadness"),
            selected_by="nobody",
        )


def make_table(folder: Path, seconds: float = 0.6):
    """Two utterances of four speakers, as files of noise."""
    folder.mkdir(parents=True, exist_ok=True)
    random, rows = np.random.default_rng(0), []
    for speaker in "abcd":
        for emotion in ("anger", "sadness"):
            file = folder / f"{speaker}-{emotion}.wav"
            wave = random.normal(scale=0.1, size=round(seconds * RATE))
            soundfile.write(file, wave, RATE)
            rows.append(
                {
                    "utterance": f"toy/{file.stem}",
                    "file": str(file),
                    "corpus": "toy",
                    "speaker": f"toy/{speaker}",
                    "emotion": emotion,
                }
            )
    return tables.from_rows(rows)


def same_rows(found: np.ndarray, right: np.ndarray) -> bool:
    """Whether a padded row holds these features."""
    right = right[: len(found)]
    return np.allclose(found[: len(right)], right, atol=1e-4) and not np.any(
        found[len(right) :]
    )


# Damages. Each changes the first entry, which is one of the training speech, unless it
# says otherwise. An entry ends with its features in both versions.


def entry(store, table, row=0, **which) -> Path:
    """The file of a row's entry."""
    return Path(store.paths(table, **which)[row])


def rewrite(function):
    """A damage that changes the bytes of an entry."""

    def harm(store, table):
        path = entry(store, table)
        path.write_bytes(bytes(function(bytearray(path.read_bytes()))))

    return harm


def flipped(place: float, bit: int = 1):
    """A damage that flips a bit of the byte at a fraction of the file."""

    def flip(content):
        content[min(int(place * len(content)), len(content) - 1)] ^= bit
        return content

    return rewrite(flip)


def frames_swapped(content: bytearray) -> bytearray:
    """The last two frames in the other order."""
    last, before = content[-FRAME:], content[-2 * FRAME : -FRAME]
    return content[: -2 * FRAME] + last + before


def negated(content: bytearray) -> bytearray:
    """The last frames with the other sign."""
    for place in range(len(content) - 4 * FRAME + 1, len(content), 2):
        content[place] ^= 0x80
    return content


def copied_over(store, table) -> None:
    """The entry of another utterance under this name."""
    entry(store, table).write_bytes(entry(store, table, 1).read_bytes())


def swapped(store, table) -> None:
    """Two entries with each other's names."""
    one, other = entry(store, table), entry(store, table, 1)
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)


def of_another_speed(store, table) -> None:
    """The features of the same utterance at another speed."""
    slow = entry(store, table, transform=audio.Speed(0.9))
    entry(store, table).write_bytes(slow.read_bytes())


def of_another_setting(store, table) -> None:
    """The features of the same utterance with another filterbank."""
    other = dataclasses.replace(FRONT_END, fmax=4000.0)
    foreign = FeatureStore(store.cache, other)
    foreign.prepare(table, progress=False)
    entry(store, table).write_bytes(entry(foreign, table).read_bytes())


def of_another_type(store, table) -> None:
    """The features of the same utterance as float32."""
    foreign = FeatureStore(store.cache, Wide())
    foreign.prepare(table, progress=False)
    entry(store, table).write_bytes(entry(foreign, table).read_bytes())


HARMS = {
    "zeros of the right size": rewrite(lambda c: bytes(len(c))),
    "zeros in the second half": rewrite(
        lambda c: c[: len(c) // 2] + bytes(len(c) - len(c) // 2)
    ),
    "the last frame cut off": rewrite(lambda c: c[:-FRAME]),
    "half of the frames cut off": rewrite(lambda c: c[: -20 * FRAME]),
    "a frame too many": rewrite(lambda c: c + c[-FRAME:]),
    "zeros at the end": rewrite(lambda c: c + bytes(8 * FRAME)),
    "nothing in it": rewrite(lambda c: b""),
    "an odd byte": rewrite(lambda c: c + b"x"),
    "text": rewrite(lambda c: b"not features " * 64),
    "NaN": rewrite(lambda c: c[:-2] + b"\x00\x7e"),
    "a bit in the middle": flipped(0.5),
    "the last byte": flipped(1.0, 0x80),
    "swapped frames": rewrite(frames_swapped),
    "negated frames": rewrite(negated),
    "another utterance": copied_over,
    "two exchanged utterances": swapped,
    "another speed": of_another_speed,
    "another setting": of_another_setting,
    "another type": of_another_type,
}


# Front-ends whose values are no float16.


@dataclasses.dataclass(frozen=True)
class Plain:
    """A front-end of a user, which says nothing of a type."""

    factor: float = 1 / 3
    dimensions = BANDS
    hop_seconds = 0.01

    def __call__(self, wave):
        values = np.resize(wave, (len(wave) // 160, BANDS)).astype(np.float32)
        return values * np.float32(self.factor)

    def frames(self, seconds):
        return round(seconds / self.hop_seconds)


@dataclasses.dataclass(frozen=True)
class Wide(Plain):
    """A front-end that asks for float32."""

    dtype = "<f4"


@dataclasses.dataclass(frozen=True)
class Narrow(Plain):
    """A front-end that asks for float16."""

    dtype = "<f2"


def stored_exactly(front_end) -> str:
    """What is read from the cache is what the front-end computed."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        store = FeatureStore(world.folder / "cache", front_end)
        store.prepare(world.table, progress=False)
        for path, file in zip(store.paths(world.table), world.table.file, strict=True):
            if not np.array_equal(store.read(path), front_end(audio.read(file))):
                return "rounded features"
    return ""


def trained_exactly(front_end) -> str:
    """What a pipeline reads is what the front-end computed, or there is an error."""
    import tempfile

    from keras_ser.data import Pipeline

    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        store, fold = FeatureStore(world.folder / "cache", front_end), world.fold()
        try:
            data = Pipeline(fold, store, batch=2, progress=False)
            found = [row for batch in data.dev() for row in np.array(batch[0])]
        except ValueError as error:
            is_needed = front_end.dtype == "<f2" if hasattr(front_end, "dtype") else 0
            return "" if is_needed else f"legal features are refused: {error}"
        raw = [front_end(audio.read(file)) for file in fold.dev.file]
        right = map(data.preprocessing.normalised, raw)
        same = all(map(same_rows, found, right))
    return "" if same and len(found) == len(raw) else "other features are trained on"


def overflowing() -> str:
    """Values beyond float16 are rejected when they are extracted."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        store = FeatureStore(world.folder / "cache", Narrow(1e7))
        try:
            store.prepare(world.table, progress=False)
        except ValueError:
            return ""
        content = np.fromfile(store.paths(world.table)[0], "<f2")
    return "infinity is written" if np.isinf(content).any() else ""


def of_the_same_name() -> str:
    """Two front-ends of the same name in two modules, with one cache."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        world, found = World(Path(folder)), []
        for number in (1, 2):
            store = FeatureStore(world.folder / "cache", from_module(number)())
            store.prepare(world.table, progress=False)
            found.append(store.read(store.paths(world.table)[0])[0, 0])
    return "" if found == [1, 2] else f"received {found} instead of [1, 2]"


def from_module(number: int) -> type:
    """A class `Mine` of a module of its own, whose features are this number."""
    module = types.ModuleType(f"attempt_module_{number}")
    sys.modules[module.__name__] = module

    def call(self, wave):
        return np.full((3, 2), number, np.float32)

    made = dataclasses.make_dataclass(
        "Mine", [], frozen=True, namespace={"dimensions": 2, "__call__": call}
    )
    made.__module__ = module.__name__
    module.Mine = made
    return made


FRONT_END_ATTEMPTS = {
    "no type, fractions": lambda: stored_exactly(Plain()),
    "no type, above 65504": lambda: stored_exactly(Plain(1e7)),
    "no type, in training": lambda: trained_exactly(Plain()),
    "float32": lambda: stored_exactly(Wide()),
    "float32 in training": lambda: trained_exactly(Wide()),
    "float32 above 65504 in training": lambda: trained_exactly(Wide(1e7)),
    "float16 above 65504": overflowing,
    "float16 above 65504 in training": lambda: trained_exactly(Narrow(1e7)),
    "two front-ends of one name": of_the_same_name,
}


# What must be accepted.


def touched(store, table) -> None:
    """All entries with other times."""
    for path in store.paths(table):
        os.utime(path, (1, 1))


def moved(store, table) -> Path:
    """The cache in another folder."""
    return store.cache.rename(store.cache.with_name(f"{store.cache.name} moved"))


def left_over(store, table) -> None:
    """Files of an interrupted writer next to the entries."""
    path = entry(store, table)
    path.with_name(f".123-{path.name}").write_bytes(b"half")


def rewritten(store, table) -> None:
    """An entry that was deleted and extracted again."""
    entry(store, table).unlink()
    store.prepare(table, progress=False)


LEGAL = {
    "nothing changed": lambda store, table: None,
    "other times of change": touched,
    "another folder": moved,
    "a file of an interrupted writer": left_over,
    "an entry extracted again": rewritten,
}


def same_process(folder: Path) -> str:
    """Two containers write one file, with the same host and process number."""
    path = folder / "both.txt"
    with files.replacing(path) as first:
        first.write_text("first")
        with files.replacing(path) as second:
            second.write_text("second")
        first.write_text(first.read_text() + " and complete")
    return "" if path.read_text() == "first and complete" else path.read_text()


def interrupted(folder: Path) -> str:
    """An error while a file is written leaves the old file."""
    path = files.write_text(folder / "old.txt", "old")
    try:
        with files.replacing(path) as temporary:
            temporary.write_text("new")
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        return "" if path.read_text() == "old" else "the old file is gone"
