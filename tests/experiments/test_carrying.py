"""A packed experiment holds all that a machine without the audio needs to train."""

import dataclasses
import json
import os
import pickle
import subprocess
import sys
import zipfile
from importlib import util
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

from keras_ser import corpora, experiments
from keras_ser.audio.unusable import UnusableAudio
from keras_ser.corpora.table import Corpus
from keras_ser.experiments import inputs, packed, plan, variants
from keras_ser.experiments.config import Experiment, Features, System, Training
from keras_ser.features import FRONT_ENDS
from keras_ser.models import BASELINE

SIZES = {"speakers": 4, "sentences": 1}
CONFIG = Experiment(
    name="carried",
    corpus="synthetic",
    systems={
        "plain": System(arguments=BASELINE, augment=()),
        "mtl_aug": System(arguments={"filters": (8, 8, 8)}),
        "more": System(use_unlabelled=True, label_fraction=0.9),
        "probe": System("MeanLogMelProbe", augment=()),
    },
    unlabelled_corpus="synthetic_unlabelled",
    corpus_options={"synthetic": SIZES, "synthetic_unlabelled": SIZES},
    features=Features(settings={"n_mels": 16}, seconds=1.0),
    training=Training(batch=4, epochs=2, segments="all"),
)
# What another machine reads, as hashes: `tables, jobs, cache -> dict`.
READ = """
import hashlib
from pathlib import Path
from keras_ser.experiments import classical, network
from keras_ser.experiments.job import feature_store

def hashed(*parts):
    found = hashlib.blake2b(digest_size=8)
    for part in parts:
        found.update(part if isinstance(part, bytes) else repr(part).encode())
    return found.hexdigest()

def read(tables, jobs, cache):
    store = feature_store(jobs[0].config, cache)
    paths = sorted(Path(cache).rglob("*.f16"))
    found = {
        "tables": [hashed(t.dtypes, t.to_dict("list")) for t in tables],
        "features": hashed(*[(path.name, path.read_bytes()) for path in paths]),
    }
    for job in jobs:
        name = f"{job.system}/{job.folder.name}"
        found[f"{name} settings"] = hashed(job.describe())
        if not classical.is_classical(job):
            data = network.make_pipeline(job, store, ())
            plans = [data.plan(0, job.config.training.epochs)]
            if job.system != "plain":
                types = data.trained_types
                plans.append(data.plan_augmented(data.fold.dev, types))
            arrays = [
                (name, array.shape, array.tobytes())
                for each in plans
                for name, array in each.arrays().items()
            ]
            found[name] = hashed(data.steps, data.preprocessing.mean.tobytes(), arrays)
    return found
"""
HIDE = """
import importlib.machinery
import sys

HIDDEN = "tensorflow", "tensorflow_io", "librosa", "soundfile", "soxr"

class Finder(importlib.machinery.PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name.partition(".")[0] in HIDDEN:
            return None
        return super().find_spec(name, path, target)

place = sys.meta_path.index(importlib.machinery.PathFinder)
sys.meta_path[place] = Finder
"""
CHILD = """
import json
import pickle
from keras_ser import backend, experiments
from keras_ser.experiments import environment, extraction, packed
from keras_ser.experiments.network import prepare_data_and_model

config, file, cache, out = pickle.loads(bytes.fromhex(sys.argv[1]))
backend.set_threads(1)
backend.reserve_accelerators()
jobs = packed.plan_packed(config, file, [], False, Path(out), cache, False)
tables = packed.PackedExperiment(Path(file)).tables(config)
assert extraction.prepare(jobs, cache, progress=False) == 0
extraction.check_sound(jobs, cache)
job = next(job for job in jobs if job.system == "mtl_aug")
prepare_data_and_model(job, feature_store(config, cache))
described = environment.describe()
assert described["backend"] == "jax", described
assert described["threads"] == 1, described
read_here = read(tables, jobs, cache)
experiments.run(
    config, packed=file, together=2, systems="mtl_aug", folds=["s01", "s02"], out=out,
    cache=cache, progress=False,
)
assert not set(HIDDEN) & set(sys.modules), set(sys.modules)
print(json.dumps(read_here))
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder with the cache and the file of the packed experiment."""
    folder = tmp_path_factory.mktemp("home")
    experiments.prepare_features(
        CONFIG, cache=folder / "cache", pack=folder / "speech.pack", progress=False
    )
    return folder


def tables_and_jobs(home, out="runs"):
    tables = inputs.read_tables(CONFIG, {}, home / "cache")
    return tables, plan.plan_jobs(CONFIG, *tables, out)


def cached(folder):
    """The content of all entries below a folder, by their path in it."""
    paths = Path(folder).rglob("*.f16")
    return {path.relative_to(folder): path.read_bytes() for path in paths}


def rewritten(source, target, change):
    """Copies a file; `change` gets and returns the content of a member, or None."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = change(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
    return target


def test_a_machine_without_tensorflow_and_audio_reads_the_same_and_trains(
    home, tmp_path
):
    if not util.find_spec("jax"):
        pytest.skip("needs jax")
    scope = {}
    exec(READ, scope)
    expected = scope["read"](*tables_and_jobs(home), home / "cache")
    out = tmp_path / "runs"
    values = CONFIG, str(home / "speech.pack"), str(tmp_path / "cache"), str(out)
    done = subprocess.run(
        [sys.executable, "-c", HIDE + READ + CHILD, pickle.dumps(values).hex()],
        env={**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.strip().splitlines()[-1])
    assert found == json.loads(json.dumps(expected))
    assert {"mtl_aug/s01-0", "more/s01-0 settings"} <= set(found)
    for name in ("s01-0", "s02-0"):
        run = out / "carried/mtl_aug" / name
        metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
        assert metrics["epochs"] == 2 and 0 <= metrics["augmentation_accuracy"] <= 1
        assert len(pd.read_csv(run / "history.csv")) == 2
        assert len(pd.read_csv(run / "predictions.csv")) > 0
    assert (out / "carried/report/report.md").exists()


def test_the_manifest_counts_what_is_packed(home):
    found = packed.PackedExperiment(home / "speech.pack").manifest
    tables, jobs = tables_and_jobs(home)
    assert found["systems"] == list(CONFIG.systems)
    assert found["folds"] == list(dict.fromkeys(job.fold.name for job in jobs))
    counts = found["counts"]
    assert (counts["labelled"], counts["unlabelled"]) == tuple(map(len, tables))
    contents = cached(home / "cache")
    assert counts["entries"] == len(contents)
    assert counts["entry_bytes"] == sum(map(len, contents.values()))
    assert counts["packed_entry_bytes"] < counts["entry_bytes"]
    with zipfile.ZipFile(home / "speech.pack") as archive:
        names = [n for n in archive.namelist() if n.startswith("features/")]
        blocks = [json.loads(archive.read(n)) for n in names if n.endswith(".json")]
    assert [each["factor"] for each in blocks] == [1, 0.9, 1.1]
    per_fold = 3 + 1  # streams, and development speech in all types of augmentation
    assert counts["plans"] == per_fold * len(found["folds"])


def test_what_a_cache_lacks_is_unpacked(home, tmp_path):
    file = packed.PackedExperiment(home / "speech.pack")
    counts = file.manifest["counts"]
    expected = counts["entries"], counts["plans"]
    assert file.unpack(tmp_path, progress=False) == expected
    contents = cached(home / "cache")
    assert cached(tmp_path) == contents
    assert file.unpack(tmp_path, progress=False) == (0, 0)
    names = sorted(contents)
    (tmp_path / names[0]).unlink()
    damaged = contents[names[1]][:-8]
    (tmp_path / names[1]).write_bytes(damaged)
    next(tmp_path.rglob("*.npz")).write_bytes(b"no plan")
    assert file.unpack(tmp_path, progress=False) == (2, 1)
    assert cached(tmp_path) == contents


def test_a_packed_run_leaves_the_same_folder(home, tmp_path, monkeypatch):
    options = {"systems": ["probe"], "folds": ["s01"], "progress": False}
    cache, elsewhere = home / "cache", tmp_path / "cache"
    one = experiments.run(CONFIG, out=tmp_path / "a", cache=cache, **options)

    def fail(*_, **__):
        raise AssertionError("a corpus is read")

    monkeypatch.setattr(inputs, "read_tables", fail)
    monkeypatch.setattr(inputs, "read_noise", fail)
    file = home / "speech.pack"
    other = experiments.run(
        CONFIG, packed=file, out=tmp_path / "b", cache=elsewhere, **options
    )
    run = Path("probe", "s01-0")
    names = sorted(path.name for path in (one / run).iterdir())
    assert names == sorted(path.name for path in (other / run).iterdir())
    for name in set(names) - {"environment.json"}:
        assert (one / run / name).read_bytes() == (other / run / name).read_bytes()


def test_fewer_systems_need_less_of_the_file(home, tmp_path):
    file = packed.PackedExperiment(home / "speech.pack")
    part = variants.restricted(CONFIG, ["plain"])
    assert part.unlabelled_corpus == ""
    file.check(part)
    table, unlabelled = file.tables(part)
    assert unlabelled is None
    assert len(table) == file.manifest["counts"]["labelled"]
    trained_elsewise = dataclasses.replace(
        CONFIG, protocol="k_fold", protocol_arguments={"folds": 3}, name="other"
    )
    file.check(trained_elsewise)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"corpus": "synthetic_b", "corpus_options": {}}, "corpus"),
        ({"labels": {"anger": "anger", "sadness": "sadness"}}, "labels"),
        ({"features": Features(settings={"n_mels": 8})}, "front_end"),
        ({"corpus_options": {"synthetic": {**SIZES, "speakers": 5}}}, "corpus_options"),
        (
            {"systems": {"plain": CONFIG.systems["plain"]}},
            "use_unlabelled",
        ),
    ],
)
def test_another_experiment_is_rejected(home, changes, named):
    other = dataclasses.replace(CONFIG, **changes)
    file = packed.PackedExperiment(home / "speech.pack")
    with pytest.raises(ValueError, match=f"Received: another .*{named}.* Give the con"):
        file.check(other)


def test_a_system_with_other_augmentations_is_rejected(home, tmp_path):
    faster = System(augment={"speed": {"factors": (1.3,)}})
    other = dataclasses.replace(CONFIG, systems={**CONFIG.systems, "faster": faster})
    with pytest.raises(ValueError, match=r"without \d+ of these entries.*'plain'"):
        experiments.run(
            other,
            packed=home / "speech.pack",
            out=tmp_path / "runs",
            cache=tmp_path / "cache",
            progress=False,
        )
    assert not list((tmp_path / "runs").rglob("config.json"))


def test_noise_and_degraded_speech_are_rejected(home, tmp_path):
    file = packed.PackedExperiment(home / "speech.pack")
    for changes in (
        {"conditions": ("clean", "gain:-20")},
        {"conditions": ("clean", "noise:all:10"), "noise": "synthetic_noise"},
    ):
        other = dataclasses.replace(CONFIG, **changes)
        with pytest.raises(ValueError, match="no audio, which noise.*Leave them out"):
            file.check(other)
        path = tmp_path / "no.pack"
        with pytest.raises(ValueError, match="no audio, which noise"):
            experiments.prepare_features(
                other, cache=home / "cache", pack=path, progress=False
            )
        assert not path.exists()
    file.check(dataclasses.replace(CONFIG, conditions=("clean", "fgsm:0.08")))


def test_an_absent_file_and_other_files_are_rejected(tmp_path):
    with pytest.raises(FileNotFoundError, match="Received: .*none.pack.*Correct the"):
        packed.PackedExperiment(tmp_path / "none.pack")
    other = tmp_path / "other.pack"
    other.write_bytes(b"no zip file")
    with pytest.raises(ValueError, match="another file or damaged.*Copy the file"):
        packed.PackedExperiment(other)
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("a.txt", "a")
    with pytest.raises(ValueError, match="another file or damaged.*manifest"):
        packed.PackedExperiment(other)


def test_a_truncated_file_is_rejected(home, tmp_path):
    content = (home / "speech.pack").read_bytes()
    short = tmp_path / "short.pack"
    for length in (len(content) - 1, len(content) // 2, 100):
        short.write_bytes(content[:length])
        with pytest.raises(ValueError, match="another file or damaged"):
            packed.PackedExperiment(short)


def test_a_later_version_is_rejected(home, tmp_path):
    def later(name, content):
        return content.replace(b'"version": 1', b'"version": 2')

    path = rewritten(home / "speech.pack", tmp_path / "later.pack", later)
    with pytest.raises(ValueError, match="in version 1 of .*version 2.*Install the"):
        packed.PackedExperiment(path)


def test_a_flipped_bit_is_seen(home, tmp_path):
    """The archive holds a checksum of each member, and each entry has a digest."""
    source = home / "speech.pack"
    with zipfile.ZipFile(source) as archive:
        places = {each.filename: each for each in archive.infolist()}
    content = bytearray(source.read_bytes())
    for name in ("features/000000.bin", "tables/labelled.json"):
        place = places[name].header_offset + 60 + places[name].compress_size // 2
        content[place] ^= 4
    damaged = tmp_path / "damaged.pack"
    damaged.write_bytes(content)
    file = packed.PackedExperiment(damaged)
    with pytest.raises(ValueError, match="with features.*damaged"):
        file.unpack(tmp_path / "cache", progress=False)
    with pytest.raises(ValueError, match="with tables.*damaged"):
        file.tables(CONFIG)


@pytest.mark.parametrize("part", ["digest", "name", "plan", "count"])
def test_members_that_do_not_fit_are_rejected(home, tmp_path, part):
    def change(name, content):
        if name == "features/000000.json" and part in ("digest", "name", "count"):
            about = json.loads(content)
            about["digests"][0] = "0" * 32 if part == "digest" else about["digests"][0]
            about["names"][0] = "../a" if part == "name" else about["names"][0]
            about["names"] = about["names"][part == "count" :]
            return json.dumps(about)
        return b"no plan" if part == "plan" and name.startswith("plans/") else content

    path = rewritten(home / "speech.pack", tmp_path / "changed.pack", change)
    with pytest.raises(ValueError, match="damaged"):
        packed.PackedExperiment(path).unpack(tmp_path / "cache", progress=False)


# Audio that cannot be used.


@pytest.fixture
def spoilt(tables, monkeypatch, tmp_path):
    """A registered corpus `toy` with four speakers, one of whose files is no audio."""
    table = tables[0].copy()
    path = tmp_path / "spoilt.wav"
    path.write_text("no audio")
    table.loc[3, "file"] = str(path)
    table.loc[3, "duration"] = np.nan
    corpus = Corpus(lambda root: table, "toy", "deu", "free", "", "made for a test", {})
    monkeypatch.setitem(corpora.CORPORA, "toy", corpus)
    probe = System("MeanLogMelProbe", augment=())
    return Experiment("spoilt", "toy", {"probe": probe}, features=CONFIG.features)


def test_unusable_audio_is_left_out_as_in_any_run(spoilt, tmp_path):
    file = tmp_path / "speech.pack"
    options = {"corpora": {"toy": tmp_path}, "progress": False}
    here = {"cache": tmp_path / "cache", **options}
    with pytest.raises(UnusableAudio, match=r"spoilt\.wav"):
        experiments.prepare_features(spoilt, pack=file, **here)
    assert not file.exists()
    _, bad = experiments.prepare_features(spoilt, pack=file, skip_bad=True, **here)
    assert len(bad) == 1
    with pytest.raises(UnusableAudio, match=r"spoilt\.wav"):
        experiments.run(spoilt, packed=file, out=tmp_path / "no", **here)
    one = experiments.run(spoilt, skip_bad=True, out=tmp_path / "a", **here)
    there = {"cache": tmp_path / "empty", **options}
    other = experiments.run(
        spoilt, packed=file, skip_bad=True, out=tmp_path / "b", **there
    )
    names = ("config.json", "predictions.csv", "skipped.csv", "metrics.json")
    runs = sorted(path.name for path in (one / "probe").iterdir())
    assert any((one / "probe" / run / "skipped.csv").exists() for run in runs)
    for run in runs:
        for name in names:
            paths = [folder / "probe" / run / name for folder in (one, other)]
            contents = [path.exists() and path.read_bytes() for path in paths]
            assert contents[0] == contents[1], paths


@dataclasses.dataclass(frozen=True)
class Levels:
    """A front-end with files of float32: the largest samples of each hundredth."""

    dimensions: ClassVar[int] = 8

    def __call__(self, wave):
        frames = np.resize(np.abs(wave), (len(wave) // 160, 160))
        return np.sort(frames, axis=1)[:, -self.dimensions :]

    def frames(self, seconds):
        return round(100 * seconds)


def test_float32_entries_are_carried_too(tmp_path, monkeypatch):
    monkeypatch.setitem(FRONT_ENDS, "levels", Levels)
    single = dataclasses.replace(
        CONFIG,
        systems={"plain": CONFIG.systems["plain"]},
        features=Features(front_end="levels", seconds=1.0),
        unlabelled_corpus="",
        corpus_options={"synthetic": SIZES},
    )
    here, there = tmp_path / "cache", tmp_path / "elsewhere"
    file = tmp_path / "speech.pack"
    experiments.prepare_features(
        single, cache=here, pack=file, folds=["s01"], progress=False
    )
    found = packed.PackedExperiment(file)
    found.unpack(there, progress=False)
    assert found.manifest["folds"] == ["s01"]
    paths = [path.relative_to(here) for path in here.rglob("*.f32")]
    assert len(paths) == found.manifest["counts"]["entries"] > 0
    for path in paths:
        assert (here / path).read_bytes() == (there / path).read_bytes()
