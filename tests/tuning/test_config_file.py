"""Configs written as Python and read back."""

import dataclasses

import pytest

from keras_ser import Experiment, Features, System, Training, corpora, models
from keras_ser.experiments.config_file import load_config
from keras_ser.tuning import config_file

SMALL = Experiment(name="toy", corpus="synthetic", systems={"a": System()})
FULL = Experiment(
    name="many things",
    corpus=("emodb", "ravdess"),
    systems={
        "a": System(
            "MTLAug",
            arguments={"kernels": (7, 5, 3), "attention": False, "filters": None},
            objective={"center": 1.23e-05, "auxiliary": 0.1 + 0.2},
            augment={"specaugment": {"frequency": 9}, "speed": {"factors": (0.9,)}},
            use_unlabelled=True,
            unlabelled_speakers=8,
        ),
        'it\'s "quoted"': System(augment=()),
    },
    labels={"anger": "negative", "joy": "positive"},
    protocol="label_fraction",
    protocol_arguments={"fraction": 0.5, "arguments": {"folds": [1, 2]}},
    unlabelled_corpus=("librispeech", "savee"),
    heard_fraction=0.1,
    features=Features(settings={"n_mels": 64}, seconds=4.0, normalise="speaker"),
    training=Training(learning_rate=3e-4, epochs=60),
    conditions=("clean", "noise:rain:10"),
    noise="demand",
    repeats=3,
    tuned_on=tuple(f"ravdess/{number:02d}" for number in range(24)),
)


@pytest.mark.parametrize("experiment", [SMALL, FULL], ids=["small", "full"])
def test_what_is_written_is_read_back(experiment, tmp_path):
    path = config_file.write(tmp_path / "x.py", experiment, "Text.")
    assert load_config(path) == experiment


def test_a_list_stays_a_list_and_a_tuple_a_tuple(tmp_path):
    path = config_file.write(tmp_path / "x.py", FULL, "Text.")
    read = load_config(path)
    assert type(read.protocol_arguments["arguments"]["folds"]) is list
    assert type(read.systems["a"].arguments["kernels"]) is tuple
    assert type(read.systems["a"].augment["speed"]["factors"]) is tuple


def test_a_class_is_imported_from_its_module(tmp_path):
    systems = {"a": System(models.CNNAttention), "b": System(models.MTLAug)}
    experiment = dataclasses.replace(SMALL, systems=systems)
    path = config_file.write(tmp_path / "x.py", experiment, "Text.")
    assert load_config(path) == experiment
    assert path.read_text().split("\n\n")[1] == (
        "from keras_ser.models.cnn import CNNAttention\n"
        "from keras_ser.models.mtl_aug import MTLAug\n"
        "from keras_ser import Experiment, System"
    )


def test_the_file_is_easy_to_read(tmp_path):
    """Defaults are left out, only what is needed is imported, and lines are short."""
    text = config_file.write(tmp_path / "x.py", SMALL, "Text.").read_text()
    assert text == (
        '"""Text.\n"""\n\nfrom keras_ser import Experiment, System\n\n'
        "config = Experiment(name='toy', corpus='synthetic', systems={'a': System()})\n"
    )
    long = config_file.write(tmp_path / "x.py", FULL, "Text.").read_text()
    assert max(map(len, long.splitlines())) <= config_file.WIDTH
    assert "precision" not in long
    assert "from keras_ser import Experiment, Features, System, Training" in long


@pytest.mark.parametrize(
    "text",
    [
        '"""\nimport os\nraise SystemExit\n"""',
        'x"""+str(1/0)+"""',
        "a\\",
        'a\\"""',
        'ends with "',
        "\\N{nothing} \\x \0",
        "C:\\new\\users",
    ],
)
def test_nothing_in_the_docstring_is_run(text, tmp_path):
    path = config_file.write(tmp_path / "x.py", SMALL, text)
    assert load_config(path) == SMALL
    names = {}
    exec(compile(path.read_text(encoding="utf-8"), "x.py", "exec"), names)
    assert names["__doc__"] == text.strip() + "\n"
    assert set(names) - {"__doc__", "__builtins__"} == {
        "Experiment",
        "System",
        "config",
    }


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(System)])
def test_every_field_of_a_system_is_written(name):
    assert name in "".join(
        config_file.render(each)
        for each in (
            FULL.systems["a"],
            System("Other", denoising=True, label_fraction=0.5),
            System(train_conditions=("gain:-10",)),
        )
    )


def test_label_sets_on_ratings_are_imported_from_their_modules(tmp_path):
    levels = corpora.Levels("valence", bounds=(2.5,), names=("bad", "good"))
    for labels in (levels, {"emodb": levels, "ravdess": corpora.Clusters(4)}):
        config = Experiment(
            name="rated",
            corpus=("emodb", "ravdess"),
            systems={"baseline": System()},
            labels=labels,
        )
        path = config_file.write(tmp_path / "rated.py", config, "Rated.")
        assert load_config(path) == config
