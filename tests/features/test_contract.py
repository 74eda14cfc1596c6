"""The contract of every front-end in `FRONT_ENDS`, and of one of a user.

A new front-end is tested automatically, at the defaults of its settings. One that needs
files has an entry in `MADE`. `Stored` computes nothing: tests/features/test_stored.py.
"""

import contextlib
import dataclasses
import json
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
import toy_networks
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_ser import audio
from keras_ser.features import (
    FRONT_ENDS,
    FeatureStore,
    FilterBank,
    LogMel,
    Onnx,
    Preprocessing,
    SpeakerEncoder,
    Spectrogram,
    check_order,
    extract,
    short_time,
)
from keras_ser.features.contract import is_ordered, stored_type, version_parts
from keras_ser.features.opensmile import OpenSmile

DIGEST = "d" * 32


@dataclasses.dataclass(frozen=True)
class Loudness:
    """A front-end of a user, which has only what each must have."""

    gain: float = 1.0
    hop_seconds: float = 0.02
    dimensions: ClassVar[int] = 2

    def __call__(self, wave):
        hop = round(16_000 * self.hop_seconds)
        blocks = np.pad(wave, (0, -len(wave) % hop)).reshape(-1, hop)
        return self.gain * np.stack([blocks.min(axis=1), blocks.max(axis=1)], axis=1)

    def frames(self, seconds):
        return round(seconds / self.hop_seconds)


class Unordered(Loudness):
    """A user's front-end whose dimensions have nothing to do with each other."""

    ordered = False


MADE = {
    "Onnx": lambda: Onnx(toy_networks.onnx_folder()),
    "SpeakerEncoder": lambda: SpeakerEncoder(trained=False),
}
KINDS = {**FRONT_ENDS, "Loudness": Loudness, "Unordered": Unordered}
KINDS = {name: MADE.get(name, kind) for name, kind in KINDS.items() if name != "Stored"}
# The makers of front-ends at their defaults.
each_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
# A setting of each front-end in `FRONT_ENDS` whose first setting is no number.
OTHER = {
    "OpenSmileLLD": {"features": "ComParE_2016"},
    "SpeakerEncoder": {"every": 2},
}


@contextlib.contextmanager
def small_blocks():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(short_time, "BLOCK_VALUES", 20 * 512)
        yield


def table_of(file, **columns):
    row = {"utterance": "a", "file": str(file), "start": np.nan, "end": np.nan}
    return pd.DataFrame([{**row, "digest": audio.digest(file), **columns}])


def stored(cache, front_end, file, **columns):
    store, table = FeatureStore(cache, front_end), table_of(file, **columns)
    store.prepare(table, progress=False)
    return store.read(store.paths(table)[0])


def path_of(front_end) -> str:
    """The path of an entry, below the folder of the cache."""
    row = {"utterance": "a", "file": "a.wav", "start": np.nan, "end": np.nan}
    table = pd.DataFrame([{**row, "digest": DIGEST}])
    return FeatureStore("cache", front_end).paths(table)[0]


# === The features ===


@each_kind
@pytest.mark.parametrize("seconds", [0.02, 0.5, 1.3])
def test_frames_of_a_duration_are_those_of_speech(kind, seconds, noise):
    front_end = kind()
    found = front_end(noise(seconds))
    assert found.ndim == 2 and found.shape[1] == front_end.dimensions > 0
    assert len(found) - front_end.frames(seconds) in (0, 1)
    assert type(front_end.frames(seconds)) is int
    duration = len(found) * front_end.hop_seconds
    assert abs(duration - seconds) < 1.01 * front_end.hop_seconds


@each_kind
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "wave",
    [
        np.zeros(1),
        np.ones(1),
        np.zeros(4000),
        np.ones(4000),
        np.resize([1.0, -1.0], 4000),
        np.full(4000, 2.0**-15),
    ],
    ids=["empty sample", "one sample", "silence", "full scale", "loud", "quiet"],
)
def test_features_are_finite_and_fit_into_their_type(kind, wave):
    front_end = kind()
    found = front_end(wave.astype(np.float32))
    assert len(found) > 0
    assert np.isfinite(found.astype(stored_type(front_end))).all()


@each_kind
def test_the_cache_returns_what_was_computed(kind, write_audio, noise, tmp_path):
    front_end, file = kind(), write_audio("a.wav", noise(0.7))
    found = stored(tmp_path / "cache", front_end, file)
    np.testing.assert_array_equal(found, front_end(audio.read(file)))
    assert found.dtype == np.float32


@each_kind
def test_speech_within_a_longer_file_is_as_alone(kind, write_audio, noise, tmp_path):
    wave = noise(1.5)
    whole = write_audio("whole.wav", wave, subtype="FLOAT")
    alone = write_audio("alone.wav", wave[6400:14_400], subtype="FLOAT")
    found = stored(tmp_path / "cache", kind(), whole, start=0.4, end=0.9)
    np.testing.assert_array_equal(found, extract(kind(), alone))


@given(samples=st.integers(1, 30_000), cuts=st.lists(st.floats(0, 1), max_size=5))
@settings(max_examples=15, deadline=None)
@each_kind
def test_blocks_equal_the_whole_bit_for_bit(kind, samples, cuts):
    front_end = kind()
    wave = np.random.default_rng(samples).normal(scale=0.1, size=samples)
    wave = wave.astype(np.float32)
    parts = np.split(wave, sorted(int(cut * samples) for cut in cuts))
    with small_blocks():
        whole = front_end(wave)
        if hasattr(front_end, "blocks"):
            parts = list(front_end.blocks(iter(parts)))
            np.testing.assert_array_equal(np.concatenate(parts), whole)
        np.testing.assert_array_equal(front_end(wave), whole)


# === What it says of itself ===


@each_kind
def test_what_a_front_end_says_has_the_right_type(kind):
    front_end = kind()
    assert dataclasses.is_dataclass(front_end)
    assert stored_type(front_end) in ("<f2", "<f4")
    assert isinstance(is_ordered(front_end), bool)
    assert version_parts(front_end) in ([], [getattr(front_end, "version", 1)])
    assert front_end.hop_seconds > 0


def test_a_front_end_that_says_nothing_has_defaults():
    assert stored_type(Loudness()) == "<f4"
    assert is_ordered(Loudness())
    assert not is_ordered(Unordered())
    assert version_parts(Loudness()) == []
    with pytest.raises(ValueError, match="`db_per_unit`.*`Loudness`"):
        preprocessing_of(Loudness(), "utterance")


@each_kind
def test_another_version_has_other_entries(kind, monkeypatch):
    paths = [path_of(kind())]
    if "version" in {field.name for field in dataclasses.fields(kind())}:
        pytest.skip("its version is a setting")
    for version in (7, 8, "8"):
        monkeypatch.setattr(type(kind()), "version", version, raising=False)
        paths.append(path_of(kind()))
    assert len(set(paths)) == 4


@each_kind
def test_another_setting_has_other_entries(kind):
    first, name = dataclasses.fields(kind())[0].name, type(kind()).__name__
    if name == "Onnx":
        pytest.skip("its only setting is the hash of its files")
    change = OTHER.get(name) or {first: getattr(kind(), first) * 0.8}
    assert path_of(dataclasses.replace(kind(), **change)) != path_of(kind())


@pytest.mark.parametrize(
    ("front_end", "name"),
    [
        (LogMel(), "27/27116b02f823d91bac83a54d552d1872.f16"),
        (LogMel(n_mels=16), "1f/1f92d3f2bf65eceda3119bd04f18db2d.f16"),
        (FilterBank(), "62/620599d090c68c01da44f197f0c6778e.f16"),
        (Spectrogram(), "b4/b49a26af43833007bc25b1a39f7dcf6f.f16"),
        (OpenSmile(version="2.6.0"), "d8/d8a518980157c9da302e68771a6d228c.f32"),
    ],
)
def test_entries_of_earlier_releases_are_found(front_end, name):
    assert path_of(front_end).endswith(name)


def test_the_base_class_adds_nothing_to_the_code_of_a_subclass():
    """The attributes of an abstract base class would change the code hash."""
    assert type(LogMel) is type
    own = {**vars(type("Own", (LogMel,), {}))}
    assert set(own) <= {"__module__", "__doc__", "__qualname__"}


class Computed(Loudness):
    """A front-end whose version is known when it runs."""

    @property
    def version(self):
        return globals()["installed"]


installed = 2


def test_a_version_that_is_computed_counts(monkeypatch):
    first = path_of(Computed())
    monkeypatch.setitem(globals(), "installed", 3)
    assert path_of(Computed()) != first


@pytest.mark.parametrize("version", [2.5, [1], True, None])
def test_a_version_is_a_whole_number_or_a_text(version, monkeypatch):
    monkeypatch.setattr(LogMel, "version", version)
    with pytest.raises(ValueError, match="`version` of the front-end `LogMel`.*whole"):
        path_of(LogMel())


def test_ordered_is_a_bool(monkeypatch):
    monkeypatch.setattr(Loudness, "ordered", "no", raising=False)
    with pytest.raises(ValueError, match="`ordered` of the front-end `Loudness`.*str"):
        is_ordered(Loudness())


# === Files ===


def preprocessing_of(front_end, normalise="train"):
    zeros = np.zeros(front_end.dimensions)
    return Preprocessing(front_end, ("a", "b"), 1.0, normalise, zeros, zeros + 1)


@each_kind
def test_settings_survive_the_file_of_a_model(kind, monkeypatch, tmp_path):
    front_end = kind()
    monkeypatch.setitem(FRONT_ENDS, type(front_end).__name__, type(front_end))
    names = {field.name for field in dataclasses.fields(front_end)}
    if "hop_seconds" in names:
        front_end = dataclasses.replace(front_end, hop_seconds=0.04)
        assert front_end.frames(1.0) == 25
    path = preprocessing_of(front_end).save(tmp_path / "p.json")
    found = Preprocessing.load(path)
    assert found.front_end == front_end and type(found.front_end) is type(front_end)
    assert found.window == front_end.frames(1.0)
    value = json.loads(path.read_text())
    value["front_end_settings"]["colour"] = 3
    with pytest.raises(ValueError, match="`front_end_settings` among"):
        Preprocessing.from_json(value)


# === Masks of frequencies ===


class Masks:
    """An augmentation that masks frequencies."""

    name, masks_frequencies = "masks", True


class Shuffle:
    """An augmentation that does not say."""

    name = "shuffle"


@each_kind
def test_frequencies_are_masked_only_where_they_are_ordered(kind):
    check_order(kind(), [Shuffle()])
    if is_ordered(kind()):
        check_order(kind(), [Shuffle(), Masks()])
        return
    with pytest.raises(ValueError) as caught:
        check_order(kind(), [Shuffle(), Masks()], "systems.a.augment")
    message = str(caught.value)
    for words in (
        "`systems.a.augment` may mask frequencies only if",
        f"Received: `masks` and the front-end `{type(kind()).__name__}`, which has "
        "ordered=False",
        "Set `frequency` and `least` of `masks` to 0",
    ):
        assert words in message
