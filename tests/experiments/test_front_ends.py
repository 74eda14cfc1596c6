"""Every front-end can be named in a config, and what does not fit it is rejected."""

import dataclasses
import json
import zipfile
from typing import ClassVar

import pytest

from keras_ser import augment, data, experiments, protocols
from keras_ser.experiments import checks, packed
from keras_ser.experiments.config import Experiment, Features, System, Training
from keras_ser.experiments.config_file import load_config
from keras_ser.experiments.job import feature_store
from keras_ser.features import FRONT_ENDS, FeatureStore, LogMel

CONFIG = """
from keras_ser.experiments import Experiment, Features, System

config = Experiment(
    name="toy",
    corpus="emodb",
    systems={{"a": System()}},
    features=Features(front_end={name!r}, settings={settings!r}),
)
"""


@dataclasses.dataclass(frozen=True)
class Embedding(LogMel):
    """A user's front-end whose dimensions have nothing to do with each other."""

    ordered: ClassVar[bool] = False


@pytest.mark.parametrize("name", FRONT_ENDS)
def test_a_front_end_and_its_settings_survive_a_config(name, tmp_path):
    expected = dataclasses.replace(FRONT_ENDS[name](), hop_seconds=0.02)
    settings = dataclasses.asdict(expected)
    path = tmp_path / "toy.py"
    path.write_text(CONFIG.format(name=name, settings=settings))
    loaded = load_config(path, ["features.settings.hop_seconds=0.02"])
    checks.check(loaded)
    found = feature_store(loaded, tmp_path).front_end
    assert found == expected and type(found) is FRONT_ENDS[name]


@pytest.mark.parametrize("name", FRONT_ENDS)
def test_a_setting_that_a_front_end_lacks_is_named(name):
    features = Features(front_end=name, settings={"colour": 3})
    with pytest.raises(ValueError, match="`features.settings` takes.*'colour'"):
        checks.check(Experiment("toy", "emodb", {"a": System()}, features=features))


def test_a_setting_of_the_spectrogram_is_checked():
    features = Features(front_end="Spectrogram", settings={"n_bins": 100})
    with pytest.raises(ValueError, match="`n_bins` must divide half of `n_fft`"):
        checks.check(Experiment("toy", "emodb", {"a": System()}, features=features))


@pytest.mark.parametrize("name", FRONT_ENDS)
def test_entries_are_carried_bit_for_bit(name, tmp_path):
    """Speech at another speed is compressed with the help of the original speech."""
    config = Experiment(
        name="carried",
        corpus="synthetic",
        systems={"a": System(augment={"speed": {}})},
        features=Features(front_end=name, seconds=1.0),
        training=Training(batch=4),
        corpus_options={"synthetic": {"speakers": 4, "sentences": 1}},
    )
    here, there, file = tmp_path / "cache", tmp_path / "there", tmp_path / "a.pack"
    experiments.prepare_features(
        config, cache=here, pack=file, folds=["s01"], progress=False
    )
    packed.PackedExperiment(file).unpack(there, progress=False)
    paths = [path.relative_to(here) for path in here.rglob("*.f16")]
    assert paths
    for path in paths:
        assert (here / path).read_bytes() == (there / path).read_bytes()
    with zipfile.ZipFile(file) as archive:
        names = [each for each in archive.namelist() if each.startswith("features/")]
        blocks = [json.loads(archive.read(n)) for n in names if n.endswith(".json")]
    at_speed = {each["factor"]: len(each["bands"]) for each in blocks}
    dimensions = FRONT_ENDS[name]().dimensions
    assert at_speed == {1.0: 0, 0.9: dimensions, 1.1: dimensions}


# === Masks of frequencies ===

TIME_ONLY = {"specaugment": {"frequency": 0, "least": 0}}


def test_specaugment_says_whether_it_masks_frequencies():
    assert augment.SpecAugment().masks_frequencies
    assert augment.SpecAugment(frequency=1, least=0).masks_frequencies
    assert not augment.SpecAugment(frequency=0, least=0).masks_frequencies
    assert not augment.Mixup().masks_frequencies


def test_an_experiment_masks_no_frequencies_without_order(monkeypatch):
    monkeypatch.setitem(FRONT_ENDS, "Embedding", Embedding)
    features = Features(front_end="Embedding")
    config = Experiment("toy", "emodb", {"a": System()}, features=features)
    words = (
        "`systems.a.augment` may mask frequencies only.*`specaugment` and the "
        "front-end `Embedding`.*`frequency` and `least` of `specaugment` to 0"
    )
    with pytest.raises(ValueError, match=words):
        checks.check(config)
    system = System(augment={"speed": {}, **TIME_ONLY, "mixup": {}})
    checks.check(dataclasses.replace(config, systems={"a": system}))
    checks.check(dataclasses.replace(config, features=Features()))


def test_a_pipeline_masks_no_frequencies_without_order(tables, tmp_path):
    fold = protocols.leave_one_speaker_out(tables[0])["1"]
    store = FeatureStore(tmp_path / "cache", Embedding(n_mels=16))
    settings = {"seconds": 1.0, "batch": 4, "progress": False}
    with pytest.raises(ValueError, match="`augment` may mask.*`Embedding`"):
        data.Pipeline(fold, store, augment=["specaugment", "mixup"], **settings)
    assert not (tmp_path / "cache").exists()  # before anything is extracted
    made = data.Pipeline(fold, store, augment={**TIME_ONLY, "mixup": {}}, **settings)
    (features, *_) = next(iter(made.train(0, 1)))
    assert features.shape[-1] == 16
