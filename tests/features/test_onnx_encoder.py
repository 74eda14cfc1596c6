"""A network in an ONNX file as a front-end, and files that are no such network."""

import dataclasses
import json
import shutil

import numpy as np
import pandas as pd
import pytest
import toy_networks

from keras_ser import audio
from keras_ser.features import FeatureStore, Onnx
from keras_ser.features.contract import (
    LOCATION,
    BadFrontEnd,
    count_layers,
    named_settings,
)
from keras_ser.features.onnx_folder import Description

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")


@pytest.fixture
def folder(tmp_path):
    return toy_networks.write_onnx(tmp_path / "net", dimensions=6, layers=2)


def table_of(file):
    row = {"utterance": "a", "file": str(file), "start": np.nan, "end": np.nan}
    return pd.DataFrame([{**row, "digest": audio.digest(file)}])


def edit(folder, **changes):
    path = folder / "front_end.json"
    found = json.loads(path.read_text())
    found.update(changes)
    path.write_text(json.dumps({k: v for k, v in found.items() if v is not None}))


def expected_frames(wave, seed=0, dimensions=6):
    """The convolution of the toy network, written out, and its last frame repeated."""
    kernel = 0.2 * np.random.default_rng(seed).normal(size=(dimensions, 400))
    count = 1 + (len(wave) - 400) // toy_networks.HOP
    starts = toy_networks.HOP * np.arange(count)
    windows = np.stack([wave[start : start + 400] for start in starts])
    found = np.tanh(windows @ kernel.astype("f4").T)
    absent = max(0, round(len(wave) / toy_networks.HOP) - count)
    return np.concatenate([found, np.repeat(found[-1:], absent, axis=0)])


def test_the_frames_are_those_of_the_network(folder, noise):
    wave = noise(0.5)
    front_end = Onnx(str(folder))
    np.testing.assert_allclose(front_end(wave), expected_frames(wave), atol=1e-5)
    assert front_end.dimensions == 6 and count_layers(front_end) == 2
    assert front_end.hop_seconds == 0.02 and front_end.frames(0.5) == 25


@pytest.mark.parametrize("form", ["one output", "stacked", "outputs"])
def test_layers_may_come_in_three_forms(form, noise, tmp_path):
    own = toy_networks.write_onnx(tmp_path / "net", layers=3, form=form)
    wave = noise(0.3)
    np.testing.assert_allclose(Onnx(str(own))(wave), expected_frames(wave), atol=1e-5)


def test_the_waveform_is_normalised_on_request(tmp_path, noise):
    wave = noise(0.3) + 0.2
    own = toy_networks.write_onnx(tmp_path / "net", normalise_wave=True)
    scaled = ((wave - wave.mean()) / wave.std()).astype("f4")
    found = Onnx(str(own))(wave)
    np.testing.assert_allclose(found, expected_frames(scaled), atol=1e-3)


def test_speech_that_is_too_short_is_padded(folder, noise):
    wave = noise(0.01)
    padded = np.pad(wave, (0, 400 - len(wave)))
    found = Onnx(str(folder))(wave)
    np.testing.assert_allclose(found, expected_frames(padded)[:1], atol=1e-5)


@pytest.mark.parametrize("hop_seconds", [0.01, 0.04])
def test_frames_at_another_distance_are_an_error(folder, hop_seconds, noise):
    edit(folder, hop_seconds=hop_seconds)
    message = f"about .* frames of {hop_seconds} s for 1.00 s.*Received: 49.*`hop_sec"
    with pytest.raises(BadFrontEnd, match=message):
        Onnx(str(folder))(noise(1.0))


def write_padding_network(folder, samples=16_000):
    """The toy network behind padding to a fixed length, as Whisper's encoder has it."""
    from onnx import TensorProto, helper

    toy_networks.write_onnx(folder)
    model = onnx.load(folder / "model.onnx")
    numbers = {"zeros": [0, 0, 0], "axis": [1], "end": [samples], "from": [0]}
    model.graph.initializer.extend(
        helper.make_tensor(name, TensorProto.INT64, [len(values)], values)
        for name, values in numbers.items()
    )
    new = [
        helper.make_node("Shape", ["wave"], ["shape"], start=1),
        helper.make_node("Sub", ["end", "shape"], ["absent"]),
        helper.make_node("Concat", ["zeros", "absent"], ["pads"], axis=0),
        helper.make_node("Pad", ["wave", "pads"], ["padded"]),
    ]
    nodes = [*new, *model.graph.node]
    nodes[len(new)].input[0] = "padded"
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.save(model, folder / "model.onnx")
    return folder


def test_the_frames_of_padding_are_an_error_or_are_left_out(tmp_path, noise):
    own, wave = write_padding_network(tmp_path / "net"), noise(0.4)
    with pytest.raises(BadFrontEnd, match="about 20 .*Received: 49.*`min_samples`"):
        Onnx(str(own))(wave)
    edit(own, min_samples=16_000)
    found = Onnx(str(own))(wave)
    assert found.shape == (20, 6)
    padded = np.pad(wave, (0, 16_000 - len(wave)))
    np.testing.assert_allclose(found, expected_frames(padded)[:20], atol=1e-5)


def test_an_utterance_depends_on_nothing_else(folder, noise):
    front_end, wave = Onnx(str(folder)), noise(0.4)
    first = front_end(wave)
    front_end(noise(1.0, seed=3))
    np.testing.assert_array_equal(front_end(wave), first)


# === Which network it is ===


def test_the_hash_of_the_weights_is_a_setting_and_the_folder_is_not(folder, tmp_path):
    other = shutil.copytree(folder, tmp_path / "elsewhere")
    one, two = Onnx(str(folder)), Onnx(str(other))
    assert named_settings(one) == named_settings(two) == {"sha256": one.sha256}
    assert len(one.sha256) == 64
    field = {each.name: each for each in dataclasses.fields(Onnx)}["folder"]
    assert field.metadata == LOCATION


@pytest.mark.parametrize("change", ["weights", "description"])
def test_another_network_has_other_features(folder, change, tmp_path):
    before = Onnx(str(folder))
    if change == "weights":
        toy_networks.write_onnx(folder, layers=2, seed=1)
    else:
        edit(folder, normalise_wave=True)
    assert Onnx(str(folder)).sha256 != before.sha256
    with pytest.raises(ValueError, match="needs the weights with the SHA-256"):
        Onnx(str(folder), before.sha256)


@pytest.mark.parametrize("change", ["weights", "description", "absent"])
def test_files_that_change_before_they_are_loaded_are_an_error(
    folder, change, write_audio, noise, tmp_path
):
    store = FeatureStore(tmp_path / "cache", Onnx(str(folder)))
    if change == "weights":
        toy_networks.write_onnx(folder, layers=2, seed=1)
    elif change == "description":
        edit(folder, source="somebody")
    else:
        (folder / "model.onnx").unlink()
    table = table_of(write_audio("a.wav", noise(0.5)))
    with pytest.raises(ValueError, match="the SHA-256|Expected model.onnx") as caught:
        store.prepare(table, progress=False, bad=[])
    assert isinstance(caught.value, BadFrontEnd)


def test_a_folder_may_be_below_the_home(folder, monkeypatch, noise):
    monkeypatch.setenv("HOME", str(folder.parent))
    found = Onnx("~/net")
    assert found.sha256 == Onnx(str(folder)).sha256 and found.folder == "~/net"
    assert found(noise(0.3)).shape == (15, 6)


def test_a_hash_in_the_description_is_verified(folder):
    edit(folder, sha256="0" * 64)
    with pytest.raises(ValueError, match="needs the weights with the SHA-256 000"):
        Onnx(str(folder))


@pytest.mark.parametrize("sha256", ["x", 3, "A" * 64])
def test_a_hash_has_64_digits(folder, sha256):
    with pytest.raises(ValueError, match="`sha256` of `Onnx` must have 64"):
        Onnx(str(folder), sha256)


def test_the_cache_tells_networks_apart(folder, tmp_path, write_audio, noise):
    store = FeatureStore(tmp_path / "cache", Onnx(str(folder)))
    before = store._settings
    edit(folder, source="somebody")
    assert FeatureStore(tmp_path / "cache", Onnx(str(folder)))._settings != before


# === Files outside of the folder ===


def test_weights_may_lie_next_to_the_network(tmp_path, noise):
    own = toy_networks.write_onnx(tmp_path / "net", external="weights.bin")
    wave = noise(0.2)
    front_end = Onnx(str(own))
    np.testing.assert_allclose(front_end(wave), expected_frames(wave), atol=1e-5)
    content = bytearray((own / "weights.bin").read_bytes())
    content[0] ^= 1
    (own / "weights.bin").write_bytes(content)
    assert Onnx(str(own)).sha256 != front_end.sha256


@pytest.mark.parametrize("place", ["../secret.bin", "/etc/passwd", "absent.bin"])
def test_weights_elsewhere_are_rejected(tmp_path, place):
    (tmp_path / "secret.bin").write_bytes(bytes(16))
    own = toy_networks.write_onnx(tmp_path / "net", external=place)
    with pytest.raises(ValueError, match="all weights of a network in its folder"):
        Onnx(str(own))


def test_a_link_out_of_the_folder_is_rejected(tmp_path):
    own = toy_networks.write_onnx(tmp_path / "net", external="weights.bin")
    shutil.move(own / "weights.bin", tmp_path / "weights.bin")
    (own / "weights.bin").symlink_to(tmp_path / "weights.bin")
    with pytest.raises(ValueError, match="all weights of a network in its folder"):
        Onnx(str(own))


# === What is no such folder ===


def test_a_folder_is_needed():
    with pytest.raises(ValueError, match="`Onnx` needs `folder`.*features.settings"):
        Onnx()


@pytest.mark.parametrize("name", ["model.onnx", "front_end.json"])
def test_a_file_that_is_absent_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(FileNotFoundError, match=f"Expected {name} in"):
        Onnx(str(folder))


@pytest.mark.parametrize(
    "changes",
    [
        {"hop_seconds": 0},
        {"hop_seconds": "fast"},
        {"dimensions": 2.5},
        {"dimensions": 10**9},
        {"layers": 4},
        {"rate": 8000},
        {"output": 3},
        {"normalise_wave": "yes"},
        {"min_samples": -1},
        {"source": "x" * 501},
        {"colour": "red"},
        {"dimensions": None},
    ],
)
def test_a_description_is_checked(folder, changes):
    edit(folder, **changes)
    with pytest.raises(ValueError, match="front_end.json"):
        Onnx(str(folder))


def test_a_description_may_be_damaged(folder):
    (folder / "front_end.json").write_text("{")
    with pytest.raises(ValueError, match="JSON"):
        Onnx(str(folder))


@pytest.mark.parametrize("content", [b"", b"no network", bytes(1000)])
def test_a_file_that_is_no_network_is_rejected(folder, content, noise):
    (folder / "model.onnx").write_bytes(content)
    with pytest.raises(ValueError, match="Expected an ONNX network in"):
        Onnx(str(folder))(noise(0.1))


def test_other_dimensions_than_described_are_named(folder, noise):
    edit(folder, dimensions=8, layers=2)
    with pytest.raises(ValueError, match="8 values and 2 layers.*shapes"):
        Onnx(str(folder))(noise(0.1))


@pytest.mark.parametrize("changes", [{"output": "hidden"}, {"dimensions": 8}])
def test_a_wrong_description_is_no_fault_of_the_audio(
    folder, changes, write_audio, noise, tmp_path
):
    edit(folder, **changes)
    store, bad = FeatureStore(tmp_path / "cache", Onnx(str(folder))), []
    with pytest.raises(ValueError, match="front_end.json"):
        store.prepare(table_of(write_audio("a.wav", noise(0.5))), None, 1, False, bad)
    assert bad == []


def test_an_output_that_does_not_exist_is_named(folder, noise):
    edit(folder, output="hidden")
    with pytest.raises(ValueError, match="`output`.*frames.*Received.*hidden"):
        Onnx(str(folder))(noise(0.1))


def test_the_defaults_of_a_description():
    found = Description(hop_seconds=0.02, dimensions=4)
    assert (found.layers, found.rate, found.min_samples) == (1, 16_000, 400)


def test_without_the_packages_the_extra_is_named(folder, monkeypatch):
    import builtins

    real = builtins.__import__

    def fail(name, *arguments, **keywords):
        if name.startswith("onnx"):
            raise ImportError(name)
        return real(name, *arguments, **keywords)

    toy_networks.write_onnx(folder, seed=9)  # nothing is known of it yet
    monkeypatch.setattr(builtins, "__import__", fail)
    with pytest.raises(ValueError, match=r"keras_ser\[onnx\]"):
        Onnx(str(folder))
