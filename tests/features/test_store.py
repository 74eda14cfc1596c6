"""The feature store: its entries, their names, and what happens after a failure."""

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_ser import audio
from keras_ser.audio.unusable import UnusableAudio
from keras_ser.corpora import table as tables
from keras_ser.features import IDENTITY, FeatureStore, LogMel, Verification
from keras_ser.utils import files

SMALL = LogMel(window_seconds=0.02, hop_seconds=0.01, n_mels=20, n_fft=512)


@dataclasses.dataclass(frozen=True)
class Broken:
    """Fails for the waveforms that are as long as `samples`."""

    samples: int
    dimensions: int = 20

    def __call__(self, wave):
        if len(wave) == self.samples:
            raise RuntimeError("out of ideas")
        return np.zeros((3, self.dimensions), np.float32)


@pytest.fixture
def table(write_audio, tone, noise):
    """Four utterances of different lengths and content."""
    waves = {
        "tone": tone(),
        "high": tone(3000, 0.3),
        "noise": noise(0.4),
        "more": noise(0.61, seed=1),
    }
    rows = [
        {
            "utterance": f"toy/{name}",
            "file": str(write_audio(f"{name}.wav", wave)),
            "corpus": "toy",
            "speaker": f"toy/{name}",
        }
        for name, wave in waves.items()
    ]
    return tables.from_rows(rows)


@pytest.fixture
def store(tmp_path):
    return FeatureStore(tmp_path / "cache", SMALL)


def entries(store) -> list[Path]:
    return sorted(path for path in store.cache.rglob("*") if path.is_file())


def test_an_entry_holds_the_front_end_of_the_waveform(store, table):
    assert store.prepare(table, progress=False) == 4
    for path, file in zip(store.paths(table), table.file, strict=True):
        np.testing.assert_array_equal(store.read(path), SMALL(audio.read(file)))


def test_speeds_are_entries_of_their_own(tmp_path, table):
    store = FeatureStore(tmp_path / "cache", SMALL, speeds=(0.9, 1.0, 1.1))
    assert store.prepare(table, progress=False) == 12
    slow = store.paths(table, audio.Speed(0.9))
    for path, file in zip(slow, table.file, strict=True):
        wave = audio.speed(audio.read(file), 0.9)
        np.testing.assert_array_equal(store.read(path), SMALL(wave))


def test_a_segment_is_an_entry_of_its_own(store, table):
    segments = table.assign(start=0.1, end=0.25)
    store.prepare(segments, progress=False)
    for path, file in zip(store.paths(segments), table.file, strict=True):
        wave = audio.read(file)[1600:4000]
        np.testing.assert_array_equal(store.read(path), SMALL(wave))


def test_preparing_again_extracts_nothing(store, table, tmp_path):
    store.prepare(table, progress=False)
    before = {path: path.stat().st_mtime_ns for path in entries(store)}
    assert store.prepare(table, progress=False) == 0
    assert FeatureStore(tmp_path / "cache", SMALL).prepare(table, progress=False) == 0
    assert {path: path.stat().st_mtime_ns for path in entries(store)} == before


def test_only_what_is_absent_is_extracted(store, table):
    store.prepare(table[:1], progress=False)
    assert store.prepare(table, progress=False) == 3


def test_a_copied_file_shares_the_entry_and_is_extracted_once(store, table):
    file = table.file[0]
    copy = shutil.copy(file, Path(file).with_name("another name.wav"))
    rows = [
        {
            "utterance": f"toy/{i}",
            "file": str(name),
            "corpus": "toy",
            "speaker": "toy/1",
        }
        for i, name in enumerate([file, copy])
    ]
    both = tables.from_rows(rows)
    first, second = store.paths(both)
    assert first == second
    assert store.prepare(both, progress=False) == 1


CHANGES = {
    "content": {"digest": "another"},
    "start": {"start": 0.1},
    "end": {"end": 0.2},
    "both": {"start": 0.1, "end": 0.2},
    "other both": {"start": 0.2, "end": 0.3},
}


def test_content_segment_speed_and_settings_each_change_the_path(tmp_path, table):
    row = table[:1]
    cache = tmp_path / "cache"
    fronts = [
        dataclasses.replace(SMALL, **{name: value})
        for name, value in [
            ("window_seconds", 0.03),
            ("hop_seconds", 0.02),
            ("n_mels", 21),
            ("n_fft", 1024),
            ("fmin", 20.0),
            ("fmax", 6000.0),
        ]
    ]
    store = FeatureStore(cache, SMALL)
    paths = store.paths(row)
    paths += [p for c in CHANGES.values() for p in store.paths(row.assign(**c))]
    paths += [p for f in (0.9, 1.1) for p in store.paths(row, audio.Speed(f))]
    paths += [p for f in fronts for p in FeatureStore(cache, f).paths(row)]
    paths += FeatureStore(cache, Broken(1)).paths(row)
    assert len(set(paths)) == len(paths)


def test_the_path_knows_neither_names_nor_labels(store, table):
    other = table.assign(
        utterance="x", file="elsewhere.wav", speaker="y", emotion="anger", corpus="z"
    )
    assert store.paths(other) == store.paths(table)


@given(
    first=st.floats(0, 1e5, allow_nan=False), second=st.floats(0, 1e5, allow_nan=False)
)
@settings(max_examples=60, deadline=None)
def test_segments_that_differ_at_all_have_different_paths(first, second):
    store = FeatureStore("cache", SMALL)
    path, other = (store._path("d", s, 2e5, audio.Speed()) for s in (first, second))
    assert (path == other) == (first == second)


def test_neighbouring_segments_of_a_long_recording_have_different_paths(table):
    store = FeatureStore("cache", SMALL)
    row = table[:1]
    one, other = row.assign(start=3600.001), row.assign(start=3600.004)
    assert store.paths(one) != store.paths(other)


def test_frames_are_those_of_the_entries(store, table):
    store.prepare(table, progress=False)
    paths = store.paths(table)
    expected = [len(SMALL(audio.read(file))) for file in table.file]
    found = store.frames(paths)
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found, expected)
    assert [len(store.read(path)) for path in paths] == expected


def test_a_front_end_that_fails_half_way_leaves_no_partial_entry(tmp_path, table):
    samples = round(table.duration[2] * 16_000)
    store = FeatureStore(tmp_path / "cache", Broken(samples))
    with pytest.raises(RuntimeError, match="out of ideas"):
        store.prepare(table, progress=False)
    assert list(map(str, entries(store))) == sorted(store.paths(table)[:2])
    assert [store.read(path).shape for path in entries(store)] == [(3, 20)] * 2


def test_a_crash_while_writing_leaves_no_partial_entry(store, table, monkeypatch):
    def write_half(path, content):
        with open(path, "wb") as file:
            file.write(content[:100])
        raise OSError("disk full")

    monkeypatch.setattr(Path, "write_bytes", write_half)
    with pytest.raises(OSError, match="disk full"):
        store.prepare(table, progress=False)
    assert entries(store) == []


def test_entries_lie_in_the_folder_of_their_format_and_hold_their_name(store, table):
    store.prepare(table, progress=False)
    for path in map(Path, store.paths(table)):
        assert path.parent.parent == store.cache / "v1"
        assert bytes.fromhex(path.stem) == path.read_bytes()[16:32]


HARMS = {
    "header": lambda content: b"x" + content[1:],
    "cut": lambda content: content[:-40],
    "extended": lambda content: content + content[-40:],
    "empty": lambda content: b"",
    "features of the previous format": lambda content: bytes(40 * 50),
}


@pytest.mark.parametrize("harm", HARMS)
def test_damage_that_shows_in_header_or_size_is_repaired_without_verification(
    store, table, harm
):
    store.prepare(table, progress=False)
    path = Path(store.paths(table)[1])
    content = path.read_bytes()
    path.write_bytes(HARMS[harm](content))
    for read in (store.read, lambda path: store.frames([path])):
        with pytest.raises(ValueError, match=f"written to {path}"):
            read(str(path))
    with pytest.warns(UserWarning, match=f"extracted again: 1, the first {path}"):
        assert store.prepare(table, progress=False) == 1
    assert path.read_bytes() == content


def test_two_exchanged_entries_are_both_extracted_again(store, table):
    store.prepare(table, progress=False)
    one, other = map(Path, store.paths(table)[:2])
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)
    with pytest.raises(ValueError, match="another utterance"):
        store.fingerprints(table)
    with pytest.warns(UserWarning, match="extracted again: 2"):
        assert store.prepare(table, progress=False) == 2
    assert (one.read_bytes(), other.read_bytes()) == (first, second)


def test_verification_reads_everything_and_counts(store, table):
    store.prepare(table, progress=False)
    path = Path(store.paths(table)[2])
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert store.prepare(table, progress=False) == 0  # header and size are right
    found = Verification()
    with pytest.warns(UserWarning, match=f"extracted again: 1, the first {path}"):
        assert store.prepare(table, progress=False, verification=found) == 1
    assert found.text() == f"3 entries are right, 1 were damaged: {path}."
    assert path.read_bytes() == content
    found = Verification()
    assert store.prepare(table, progress=False, verification=found) == 0
    assert found.text() == "4 entries are right, 0 were damaged."


def test_absent_entries_are_neither_right_nor_damaged(store, table):
    found = Verification()
    assert store.prepare(table, progress=False, verification=found) == 4
    assert found == Verification()


def test_fingerprints_are_equal_for_equal_features_only(store, table):
    assert store.fingerprints(table) == {}
    store.prepare(table[:3], progress=False)
    found = store.fingerprints(table)
    assert list(found) == table.utterance[:3].tolist()
    assert len(set(found.values())) == 3
    copy = store.under(Unchanged())
    copy.prepare(table[:1], [IDENTITY], progress=False)
    assert copy.paths(table[:1]) != store.paths(table[:1])
    assert copy.fingerprints(table[:1]) == {"toy/tone": found["toy/tone"]}


@dataclasses.dataclass(frozen=True)
class Unchanged:
    """A transform with a key of its own that changes nothing."""

    key = "unchanged"

    def __call__(self, wave):
        return wave


@dataclasses.dataclass(frozen=True)
class Large:
    """Values that float16 cannot hold, without a type."""

    dimensions = 2

    def __call__(self, wave):
        return np.float32([[1 / 3, 1e5]])


@dataclasses.dataclass(frozen=True)
class LargeHalf(Large):
    """The same with the type float16."""

    dtype = "<f2"


def test_a_front_end_without_a_type_is_stored_as_float32(tmp_path, table):
    store = FeatureStore(tmp_path, Large())
    store.prepare(table, progress=False)
    path = store.paths(table)[0]
    assert path.endswith(".f32")
    np.testing.assert_array_equal(store.read(path), np.float32([[1 / 3, 1e5]]))


def test_values_beyond_float16_are_an_error_that_names_the_utterance(tmp_path, table):
    store = FeatureStore(tmp_path, LargeHalf())
    with pytest.raises(ValueError, match="finite in the type") as caught:
        store.prepare(table, progress=False, bad=[])
    assert table.utterance[0] in caught.value.__notes__[0]


def test_front_ends_of_one_name_in_two_modules_have_their_own_entries(table):
    other = type("Large", (Large,), {"__module__": "elsewhere"})
    stores = [FeatureStore("cache", kind()) for kind in (Large, other)]
    assert set(stores[0].paths(table)).isdisjoint(stores[1].paths(table))


def test_new_names_are_on_the_disk_when_entries_are_prepared(store, table, monkeypatch):
    flushed = []
    monkeypatch.setattr(files, "flush_names", flushed.append)
    store.prepare(table, progress=False)
    assert set(flushed) == {path.parent for path in entries(store)}
    assert len(flushed) == len(set(flushed))


def test_two_workers_write_what_one_writes(tmp_path, table):
    stores = [FeatureStore(tmp_path / str(n), SMALL, (0.9, 1.0)) for n in (1, 2)]
    for workers, store in enumerate(stores, start=1):
        assert store.prepare(table, workers=workers, progress=False) == 8
    names = [[p.relative_to(s.cache) for p in entries(s)] for s in stores]
    assert names[0] == names[1]
    for one, two in zip(*map(entries, stores), strict=True):
        assert one.read_bytes() == two.read_bytes()


@dataclasses.dataclass(frozen=True)
class Selective(Broken):
    """Rejects, as bad audio, the waveforms that are as long as `samples`."""

    def __call__(self, wave):
        if len(wave) == self.samples:
            raise ValueError("too short")
        return np.zeros((3, self.dimensions), np.float32)


class Impossible:
    """A transform that rejects all audio, because of a setting."""

    key = "impossible"

    def __call__(self, wave):
        raise ValueError("`level` must be positive")


def test_a_setting_that_rejects_all_audio_is_no_bad_audio(store, table):
    bad = []
    with pytest.raises(ValueError, match="`level` must be positive") as caught:
        store.prepare(table, [Impossible()], progress=False, bad=bad)
    assert not isinstance(caught.value, UnusableAudio)
    assert not bad


def test_audio_that_a_front_end_rejects_is_listed(tmp_path, table):
    samples = round(table.duration[2] * 16_000)
    bad = []
    store = FeatureStore(tmp_path / "cache", Selective(samples))
    assert store.prepare(table, progress=False, bad=bad) == 3
    assert [(each.utterance, each.reason) for each in bad] == [
        ("toy/noise", "too short")
    ]


class Undefined(Broken):
    """A front-end without finite features."""

    def __call__(self, wave):
        return np.full((3, self.dimensions), np.nan, np.float32)


def test_each_of_two_copies_is_named_by_its_own_file(tmp_path, table):
    copy = shutil.copy(table.file[0], Path(table.file[0]).with_name("copy.wav"))
    rows = [
        dict(utterance=name, file=str(name), corpus="toy", speaker="toy/1")
        for name in (table.file[0], str(copy))
    ]
    both = tables.from_rows(rows)
    store = FeatureStore(tmp_path / "cache", Undefined(0))
    bad = []
    store.prepare(both, progress=False, bad=bad)
    assert [each.file for each in bad] == list(both.file)
    assert all(f"Received: {each.file} with" in each.reason for each in bad)


def test_a_cache_that_is_a_file_is_named(tmp_path, table):
    (tmp_path / "cache").write_text("x")
    with pytest.raises(ValueError, match=r"Received: .*cache \(File exists\)"):
        FeatureStore(tmp_path / "cache").prepare(table, progress=False)


def test_a_file_that_cannot_be_read_is_named(store, table):
    Path(table.file[1]).unlink()
    with pytest.raises(UnusableAudio, match="high.wav, which does not exist"):
        store.prepare(table, progress=False)
    assert len(entries(store)) == 3


@dataclasses.dataclass(frozen=True)
class Louder:
    """A transform that differs for each utterance."""

    utterance: str = ""

    def for_utterance(self, utterance):
        return Louder(utterance)

    @property
    def key(self):
        return f"louder {self.utterance}"

    def __call__(self, wave):
        return wave * len(self.utterance)


def test_under_a_transform_unaugmented_speech_depends_on_the_utterance(store, table):
    store.prepare(table, progress=False)
    under = store.under(Louder())
    assert under.prepare(table, [IDENTITY], progress=False) == 4
    assert under.prepare(table, [IDENTITY], progress=False) == 0
    for path, row in zip(under.paths(table), table.itertuples(), strict=True):
        expected = SMALL(audio.read(row.file) * len(row.utterance))
        np.testing.assert_array_equal(under.read(path), expected)
    assert set(under.paths(table)).isdisjoint(store.paths(table))
    assert len(entries(store)) == 8


def test_copies_of_a_recording_are_transformed_separately(store, table):
    twice = table.iloc[[0, 0]].assign(utterance=["toy/a", "toy/longer"])
    assert store.under(Louder()).prepare(twice, [IDENTITY], progress=False) == 2
    assert store.prepare(twice, [IDENTITY], progress=False) == 1


def test_under_a_transform_the_others_come_before_it(store, table):
    under, slow = store.under(Louder()), audio.Speed(0.9)
    assert under.prepare(table, [IDENTITY, slow], progress=False) == 8
    for path, row in zip(under.paths(table, slow), table.itertuples(), strict=True):
        wave = audio.speed(audio.read(row.file), 0.9) * len(row.utterance)
        np.testing.assert_array_equal(under.read(path), SMALL(wave))
    found = [store.paths(table, slow), under.paths(table), under.paths(table, slow)]
    assert len({path for paths in found for path in paths}) == 12


def test_under_the_identity_nothing_changes(store, table):
    again = store.under(audio.Speed(1.0))
    for transform in (IDENTITY, audio.Speed(1.1)):
        assert again.paths(table, transform) == store.paths(table, transform)


@pytest.mark.parametrize("digest", ["", None, np.nan, pd.NA])
def test_an_utterance_without_a_digest_is_named(store, table, digest):
    digests = [*table.digest[:2], digest, table.digest[3]]
    without = table.assign(digest=pd.Series(digests, table.index, dtype=object))
    with pytest.raises(ValueError, match="digest of each.*none for 'toy/noise'"):
        store.paths(without)
