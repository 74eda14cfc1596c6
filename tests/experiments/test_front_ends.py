"""Every front-end can be named in a config, and what does not fit it is rejected."""

import dataclasses
import json
import zipfile
from typing import ClassVar

import numpy as np
import pytest
import toy_networks

from keras_ser import augment, data, experiments, protocols
from keras_ser.experiments import checks, network, packed, plan
from keras_ser.experiments.config import Experiment, Features, System, Training
from keras_ser.experiments.config_file import load_config
from keras_ser.experiments.job import feature_store
from keras_ser.features import FRONT_ENDS, FeatureStore, LogMel
from keras_ser.features.contract import is_ordered
from keras_ser.models import MODELS
from keras_ser.models.mtl_aug import BASELINE

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


# The settings of front-ends that need files, and of those whose frames are slow.
SETTINGS = {
    "Onnx": lambda folder: {"folder": toy_networks.onnx_folder()},
    "SpeakerEncoder": lambda folder: {"trained": False, "every": 2},
    "Stored": lambda folder: {"folder": stored_features(folder), "source": "toy"},
}
OF_BANDS = [name for name, kind in FRONT_ENDS.items() if is_ordered(kind)]


def stored_features(folder) -> str:
    (folder / "stored").mkdir()
    np.save(folder / "stored" / "a.npy", np.ones((10, 4)))
    return str(folder / "stored")


@pytest.mark.parametrize("name", FRONT_ENDS)
def test_a_front_end_and_its_settings_survive_a_config(name, tmp_path):
    settings = {"hop_seconds": 0.02} if name in OF_BANDS else {}
    if name in SETTINGS:
        settings = SETTINGS[name](tmp_path)
    expected = FRONT_ENDS[name](**settings)
    path = tmp_path / "toy.py"
    path.write_text(CONFIG.format(name=name, settings=settings))
    loaded = load_config(path, ["features.seconds=3.0", 'systems.a.augment=["mixup"]'])
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


@pytest.mark.parametrize("name", OF_BANDS)
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
    assert not augment.SpecAugment(channels=True).masks_frequencies
    assert not augment.Mixup().masks_frequencies
    with pytest.raises(ValueError, match="`channels` of SpecAugment"):
        augment.SpecAugment(channels="yes")


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
    system = System(augment={"specaugment": {"channels": True}})
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


# === Models that read them ===

PLAIN = {"augment": ("mixup",)}


def experiment_on(front_end, **systems):
    features = Features(front_end=front_end, settings={"trained": False})
    if front_end == "LogMel":
        features = Features()
    return Experiment("toy", "emodb", systems, features=features)


@pytest.mark.parametrize("name", MODELS)
def test_models_of_bands_are_rejected_without_order(name):
    """What neither has a choice of encoders nor reads bands takes any front-end."""
    config = experiment_on("SpeakerEncoder", a=System(name, **PLAIN))
    if name in ("MTLAug", "AttributeCNNLSTM"):
        checks.check(config)
        return
    words = f"`systems.a`: {name} takes the dimensions.*`SpeakerEncoder`.*Use MTLAug or"
    with pytest.raises(ValueError, match=words):
        checks.check(config)


@pytest.mark.parametrize(
    ("front_end", "given", "expected"),
    [
        ("SpeakerEncoder", {}, ("frames", 3)),
        ("SpeakerEncoder", {"encoder_type": "frames"}, ("frames", 3)),
        ("LogMel", {}, ("bands", 1)),
        ("LogMel", {"encoder_type": "frames"}, ("frames", 1)),
    ],
)
def test_the_encoder_follows_from_the_front_end(
    front_end, given, expected, spoken_table, tmp_path
):
    system = System("MTLAug", arguments={**BASELINE, **given}, **PLAIN)
    config = experiment_on(front_end, a=system)
    checks.check(config)
    (job,) = plan.plan_jobs(config, spoken_table, None, tmp_path, folds=["1"])
    store = feature_store(config, tmp_path)
    model = network.make_model(job, store.front_end)
    assert (model.encoder_type, model.input_layers) == expected
    assert model.dimensions == store.front_end.dimensions


def test_an_encoder_of_bands_is_rejected_without_order():
    system = System("MTLAug", arguments={"encoder_type": "bands"}, **PLAIN)
    with pytest.raises(
        ValueError, match="Leave `systems.a.arguments.encoder_type` out"
    ):
        checks.check(experiment_on("SpeakerEncoder", a=system))
    layers = System("MTLAug", arguments={"input_layers": 2}, **PLAIN)
    with pytest.raises(ValueError, match="experiment itself fills in"):
        checks.check(experiment_on("SpeakerEncoder", a=layers))


# === Records ===


def test_a_record_has_the_hash_of_the_weights_and_no_place(spoken_table, tmp_path):
    folder = toy_networks.onnx_folder()
    features = Features(front_end="Onnx", settings={"folder": folder})
    svm = {"front_end": "Onnx", "settings": {"folder": folder}}
    config = Experiment(
        "toy",
        "emodb",
        {"a": System("FrameSVM", augment=()), "b": System("FrameSVM", svm, augment=())},
        features=features,
    )
    jobs = plan.plan_jobs(config, spoken_table, None, tmp_path, folds=["1"])
    sha256 = FRONT_ENDS["Onnx"](folder).sha256
    for job in jobs:
        record = job.describe()
        assert record["features"]["settings"] == {"sha256": sha256}
        assert folder not in json.dumps(record)
    arguments = jobs[1].describe()["systems"]["b"]["arguments"]
    assert arguments == {"front_end": "Onnx", "settings": {"sha256": sha256}}
