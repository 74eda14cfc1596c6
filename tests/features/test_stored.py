"""Features that were computed elsewhere: found by name, or named as absent."""

import dataclasses
import os

import h5py
import numpy as np
import pandas as pd
import pytest

from keras_ser import audio
from keras_ser.features import FeatureStore, Preprocessing, Stored, array_files, extract
from keras_ser.features.contract import named_settings

UNCHANGED, FASTER = audio.Speed(1.0), audio.Speed(1.25)
WIDTH = 4
WHOLE = (np.nan, np.nan)


def frames(count, seed=0, width=WIDTH):
    return np.random.default_rng(seed).normal(size=(count, width)).astype("f4")


@pytest.fixture
def speech(tmp_path, write_audio, noise):
    """Two files in folders, and a segment of the second."""
    rows = []
    for number, (name, start, end) in enumerate(
        [
            ("x/a.wav", np.nan, np.nan),
            ("x/b.wav", np.nan, np.nan),
            ("x/b.wav", 0.2, 0.7),
        ]
    ):
        path = tmp_path / "audio" / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_audio(path.name, noise(1.0, seed=number)).replace(path)
        rows.append(
            {
                "utterance": f"u{number}",
                "file": str(path),
                "start": start,
                "end": end,
                "digest": audio.digest(path),
            }
        )
    return pd.DataFrame(rows)


NAMES = {"x/a": frames(50, 0), "x/b": frames(50, 1), "x/b@0.200-0.700": frames(25, 2)}


def write_folder(root, arrays):
    for name, values in arrays.items():
        path = root / f"{name}.npy"
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, values)
    return root


def write_npz(root, arrays):
    path = root.with_suffix(".npz")
    np.savez(path, **arrays)
    return path


def write_h5(root, arrays):
    path = root.with_suffix(".h5")
    with h5py.File(path, "w") as file:
        for name, values in arrays.items():
            file[name] = values
    return path


each_form = pytest.mark.parametrize("write", [write_folder, write_npz, write_h5])


def read(front_end, table, cache, transform=UNCHANGED):
    store = FeatureStore(cache, front_end)
    store.prepare(table, [transform], progress=False)
    return [store.read(path) for path in store.paths(table, transform)]


@each_form
def test_each_utterance_gets_the_features_of_its_name(write, speech, tmp_path):
    front_end = Stored(str(write(tmp_path / "f", NAMES)))
    assert front_end.dimensions == WIDTH
    # The rows in another order, as the order means nothing.
    for table in (speech, speech[::-1]):
        found = read(front_end, table, tmp_path / "cache")
        for own, utterance in zip(found, table.utterance, strict=True):
            expected = list(NAMES.values())[int(utterance[1:])]
            np.testing.assert_array_equal(own, expected)


def test_the_longest_name_counts(speech, tmp_path):
    arrays = {"a": frames(50, 7), "x/a": frames(50, 8), "y/a": frames(50, 9)}
    found = read(
        Stored(str(write_folder(tmp_path / "f", arrays))), speech[:1], tmp_path
    )
    np.testing.assert_array_equal(found[0], arrays["x/a"])


def test_a_name_without_folders_is_enough(speech, tmp_path):
    arrays = {name.rpartition("/")[2]: values for name, values in NAMES.items()}
    root = write_folder(tmp_path / "f", arrays)
    found = read(Stored(str(root)), speech, tmp_path)
    for own, expected in zip(found, NAMES.values(), strict=True):
        np.testing.assert_array_equal(own, expected)


@pytest.mark.parametrize("form", ["layers", "one vector", "integers"])
def test_shapes(form, speech, tmp_path):
    values, settings = frames(50), {}
    expected = values
    if form == "layers":
        values = np.stack([frames(50, 1, 2), frames(50, 2, 2)])
        settings, expected = {"layers": 2}, np.concatenate(list(values), axis=1)
    if form == "one vector":
        values = expected = frames(1)[0]
    if form == "integers":
        values = expected = np.arange(200).reshape(50, 4)
    front_end = Stored(str(write_folder(tmp_path / "f", {"a": values})), **settings)
    found = read(front_end, speech[:1], tmp_path)[0]
    np.testing.assert_array_equal(found, np.atleast_2d(expected))


def test_frames_that_are_absent_at_the_end_are_repeated(speech, tmp_path):
    own = frames(48)
    front_end = Stored(str(write_folder(tmp_path / "f", {"a": own})))
    found = read(front_end, speech[:1], tmp_path)[0]
    np.testing.assert_array_equal(found, [*own, own[-1], own[-1]])


# === What is absent ===


def test_absent_utterances_are_named(speech, tmp_path):
    front_end = Stored(str(write_folder(tmp_path / "f", {"x/a": frames(50)})))
    with pytest.raises(ValueError) as caught:
        read(front_end, speech, tmp_path / "cache")
    for part in ("of 3 utterances", "none of 2 of them, 'u1', 'u2'", "such as 'x/a'"):
        assert part in str(caught.value)


def test_two_utterances_never_share_features(speech, tmp_path, write_audio, noise):
    other = tmp_path / "audio" / "y" / "a.wav"
    other.parent.mkdir()
    write_audio("other.wav", noise(1.0, seed=9)).replace(other)
    row = {**speech.iloc[0], "utterance": "v", "file": str(other)}
    both = pd.DataFrame([dict(speech.iloc[0]), row])
    front_end = Stored(str(write_folder(tmp_path / "f", {"a": frames(50)})))
    with pytest.raises(ValueError, match="'a'.*would serve 'u0' and 'v'.*more of the"):
        read(front_end, both, tmp_path / "cache")


def other_speech(speech, tmp_path, write_audio, noise, corpus, seed=9):
    """The first utterance of another corpus, whose file has the same name."""
    path = tmp_path / corpus / "x" / "a.wav"
    path.parent.mkdir(parents=True)
    write_audio("other.wav", noise(1.0, seed=seed)).replace(path)
    return speech[:1].assign(file=str(path), digest=audio.digest(path))


def test_two_corpora_never_share_features(speech, tmp_path, write_audio, noise):
    other = other_speech(speech, tmp_path, write_audio, noise, "B")
    root = write_folder(tmp_path / "f", {"x/a": frames(50)})
    front_end = Stored(str(root))
    for _ in range(2):
        read(front_end, speech[:1], tmp_path / "cache")
    message = "'x/a' in .*audio/x/a.wav and would now serve .*B/x/a.wav, which is other"
    with pytest.raises(ValueError, match=message):
        read(Stored(str(root)), other, tmp_path / "cache")
    with pytest.raises(ValueError, match=message):
        front_end.check(other, [UNCHANGED])
    # Other features under the same name, and features under more of the path.
    write_folder(root, {"x/a": frames(50, 1)})
    read(front_end, other, tmp_path / "cache")
    write_folder(root, {"audio/x/a": frames(50, 2), "B/x/a": frames(50, 3)})
    for table in (speech[:1], other):
        read(front_end, table, tmp_path / "cache")


def test_copies_of_a_recording_may_share_features(speech, tmp_path, write_audio, noise):
    copy = other_speech(speech, tmp_path, write_audio, noise, "B", seed=0)
    front_end = Stored(str(write_folder(tmp_path / "f", {"a": frames(50)})))
    first, second = (read(front_end, each, tmp_path) for each in (speech[:1], copy))
    np.testing.assert_array_equal(first, second)


def test_rows_of_one_file_share_its_features(speech, tmp_path):
    both = pd.concat([speech[:1], speech[:1].assign(start=np.nan, end=np.nan)])
    front_end = Stored(str(write_folder(tmp_path / "f", {"a": frames(50)})))
    first, second = read(front_end, both, tmp_path / "cache")
    np.testing.assert_array_equal(first, second)


def test_an_open_segment_ends_with_its_file(speech, tmp_path):
    arrays = {"b@0.200-1.000": frames(40), "b@0.000-0.500": frames(25, 1)}
    front_end = Stored(str(write_folder(tmp_path / "f", arrays)))
    spans = {"start": [0.2, np.nan], "end": [np.nan, 0.5]}
    found = read(front_end, speech[1:].assign(**spans), tmp_path / "cache")
    for own, expected in zip(found, arrays.values(), strict=True):
        np.testing.assert_array_equal(own, expected)
    with pytest.raises(ValueError, match="features of '.*b@0.300-1.000' in"):
        front_end.of_segment(speech.file[1], 0.3, np.nan, UNCHANGED)


def test_speech_at_another_speed_needs_features_of_its_own(speech, tmp_path):
    root = write_folder(tmp_path / "f", NAMES)
    message = "by 1.25.*without a folder speed=1.25.*`speed`"
    with pytest.raises(ValueError, match=message):
        read(Stored(str(root)), speech, tmp_path / "cache", FASTER)
    faster = {
        f"speed=1.25/{name}": 2 * x[: len(x) * 4 // 5] for name, x in NAMES.items()
    }
    write_folder(root, faster)
    found = read(Stored(str(root)), speech, tmp_path / "cache", FASTER)
    for own, expected in zip(found, faster.values(), strict=True):
        np.testing.assert_array_equal(own, expected)


def test_noise_cannot_be_added_to_stored_features(speech, tmp_path):
    class Noise:
        key = "noise"

    store = FeatureStore(tmp_path, Stored(str(write_folder(tmp_path / "f", NAMES))))
    with pytest.raises(ValueError, match="Received: the transform 'noise'"):
        store.under(Noise()).prepare(speech, progress=False)


def test_a_waveform_has_no_stored_features(tmp_path, noise):
    front_end = Stored(str(write_folder(tmp_path / "f", NAMES)), source="WavLM")
    with pytest.raises(ValueError, match="Received: a waveform, whose WavLM"):
        front_end(noise(1.0))


# === What is wrong ===


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (frames(50, width=5), "4 values per frame.*Received: 5"),
        (frames(20), "about 50 frames of 0.02 s for 1.00 s.*Received: 20"),
        (np.zeros((0, 4)), "shape"),
        (np.zeros((2, 50, 4)), "shape"),
        (np.array(["a"]), "type"),
        (np.zeros((50, 4), complex), "type"),
    ],
    ids=["dimensions", "frames", "empty", "layers", "texts", "complex"],
)
@each_form
def test_an_array_that_does_not_fit_is_named(write, values, message, speech, tmp_path):
    if write is write_h5 and values.dtype.kind == "U":
        values = values.astype("S")
    root = write(tmp_path / "f", {"x/a": values})
    with pytest.raises(ValueError, match=message):
        read(Stored(str(root), dimensions=4), speech[:1], tmp_path / "cache")


def test_features_are_finite(speech, tmp_path):
    values = frames(50)
    values[3, 1] = np.nan
    front_end = Stored(str(write_folder(tmp_path / "f", {"a": values})))
    with pytest.raises(ValueError, match="1 values that are not finite"):
        read(front_end, speech[:1], tmp_path / "cache")


def test_pickled_objects_are_not_loaded(speech, tmp_path):
    (tmp_path / "f").mkdir()
    np.save(tmp_path / "f" / "a.npy", np.array([{}], object), allow_pickle=True)
    with pytest.raises(ValueError, match="Expected an array of numbers 'a'"):
        Stored(str(tmp_path / "f"))


@pytest.mark.parametrize("name", ["f.npz", "f.h5", "f.txt", "f"])
def test_a_file_or_folder_without_arrays_is_rejected(name, tmp_path):
    path = tmp_path / name
    if name == "f":
        path.mkdir()
    else:
        path.write_bytes(b"nothing")
    with pytest.raises(ValueError, match="Expected"):
        Stored(str(path))
    with pytest.raises(FileNotFoundError, match="no such folder or file"):
        Stored(str(tmp_path / "absent"))


@pytest.mark.parametrize(
    "settings",
    [
        {"hop_seconds": 0},
        {"hop_seconds": np.inf},
        {"hop_seconds": "x"},
        {"layers": 0},
        {"layers": 2.0},
        {"dimensions": -1},
        {"dimensions": 2.0},
        {"source": 3},
        {"folder": 3},
        {},
    ],
)
def test_settings_are_checked(settings):
    with pytest.raises(ValueError, match="Received"):
        Stored(**settings)


# === Caches and files ===


def test_other_features_under_the_same_name_are_read_again(speech, tmp_path):
    root, cache = write_folder(tmp_path / "f", NAMES), tmp_path / "cache"
    for seed in (0, 5):
        write_folder(root, {"x/a": frames(50, seed)})
        found = read(Stored(str(root)), speech[:1], cache)[0]
        np.testing.assert_array_equal(found, frames(50, seed))


def test_a_file_is_opened_and_hashed_once_while_it_stays(speech, tmp_path, monkeypatch):
    path, opened, read_names = write_npz(tmp_path / "f", NAMES), [], []
    load, read_one = np.load, array_files.Arrays.read

    def count(*arguments, **settings):
        opened.append(arguments)
        return load(*arguments, **settings)

    def note(arrays, name):
        read_names.append(name)
        return read_one(arrays, name)

    monkeypatch.setattr(np, "load", count)
    monkeypatch.setattr(array_files.Arrays, "read", note)
    front_end = Stored(str(path), dimensions=WIDTH)
    store = FeatureStore(tmp_path / "cache", front_end)
    for _ in range(3):
        store.prepare(speech, progress=False)
    assert len(opened) == 1
    assert sorted(read_names) == sorted([*NAMES, *NAMES])  # hashed, then extracted
    write_npz(tmp_path / "f", {**NAMES, "x/a": 2 * NAMES["x/a"], "more": frames(1)})
    found = read(front_end, speech, tmp_path / "cache")
    np.testing.assert_array_equal(found[0], 2 * NAMES["x/a"])
    assert len(opened) == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_opens_files_of_its_own(tmp_path, monkeypatch):
    path = write_npz(tmp_path / "f", NAMES)
    first = array_files.open_arrays(path)
    assert array_files.open_arrays(path) is first
    monkeypatch.setattr(os, "getpid", lambda: -1)  # as in a child
    assert array_files.open_arrays(path) is not first


def test_folders_are_walked_as_those_of_audio(speech, tmp_path):
    write_folder(tmp_path / "elsewhere", {"a": frames(50)})
    root = tmp_path / "f"
    root.mkdir()
    (root / "x").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "up").symlink_to(root)
    write_folder(root, {"._b": frames(1), ".hidden/b": frames(1), "__MACOSX/b": [1.0]})
    arrays = array_files.open_arrays(root)
    assert arrays.names == {"x/a"}
    found = read(Stored(str(root)), speech[:1], tmp_path / "cache")[0]
    np.testing.assert_array_equal(found, frames(50))


def test_the_place_is_no_part_of_the_cache(speech, tmp_path):
    one = write_folder(tmp_path / "f", NAMES)
    two = write_folder(tmp_path / "g", NAMES)
    stores = [FeatureStore(tmp_path, Stored(str(root))) for root in (one, two)]
    assert stores[0].paths(speech) == stores[1].paths(speech)
    assert "folder" not in named_settings(Stored(str(one)))


def test_settings_survive_the_file_of_a_model(tmp_path):
    front_end = Stored(str(write_folder(tmp_path / "f", NAMES)), source="WavLM")
    own = np.zeros(WIDTH)
    given = Preprocessing(front_end, ("a", "b"), 1.0, "train", own, own + 1)
    found = Preprocessing.load(given.save(tmp_path / "p.json"))
    assert found.front_end == front_end and found.window == 50
    assert dataclasses.asdict(found.front_end)["dimensions"] == WIDTH


def test_a_single_file_is_looked_up(speech, tmp_path):
    front_end = Stored(str(write_folder(tmp_path / "f", NAMES)))
    found = extract(front_end, speech.file[1])
    np.testing.assert_array_equal(found, NAMES["x/b"])
