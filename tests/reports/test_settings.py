"""What reports say, in words, of the settings of experiments and systems."""

import pytest
from toy_runs import (
    change_config,
    make_config,
    predictions,
    report_text,
    table_rows,
    write,
)

from keras_ser import reports


def test_settings_and_systems_are_described(runs, tmp_path):
    for fold in ("03", "08"):
        table = predictions("other_net", fold)
        config = make_config(table)
        config["systems"]["other_net"] = {
            "model": "MTLAug",
            "arguments": {"preset": "paper"},
            "objective": {"center": 0.1, "auxiliary": 0.3},
            "augment": {"speed": {"factors": [0.9]}, "mixup": {}},
            "denoising": True,
        }
        write(runs, table, config=config)
    text = report_text(runs, tmp_path)
    rows = table_rows(text, "toy: systems")
    assert list(rows) == ["baseline", "mtl", "other_net"]
    assert rows["mtl"] == ["MTLAug", "–", "–", "none", "no"]
    assert rows["other_net"][1:] == [
        "preset=paper",
        "auxiliary=0.3, center=0.1, reconstructs the unaugmented input",
        "speed (factors=[0.9]), mixup",
        "no",
    ]
    assert (
        "Settings of toy: corpus emodb, label set three, protocol "
        "leave_one_speaker_out. Systems with a front end use LogMel in windows of "
        "7.5 s. Features are normalised with the statistics of the training speakers. "
        "Networks train for at most 20 epochs in batches of 16" in text
    )
    assert "Unlabelled rows" not in text and "transductive" not in text


def test_settings_of_training_and_front_end_have_their_values(tmp_path):
    table = predictions("mtl", "03")
    config = make_config(table)
    config["features"]["settings"] = {"n_mels": 40, "hop_seconds": 0.01}
    config["training"] |= {"rows_per_utterance": 2, "learning_rate": 0.001}
    config["training"] |= {"patience": 5, "monitor": "accuracy", "seed": 7}
    write(tmp_path / "runs", table, config=config)
    text = report_text(tmp_path / "runs", tmp_path)
    assert "use LogMel (hop_seconds=0.01, n_mels=40) in windows of 7.5 s." in text
    assert (
        "in batches of 16, with 2 rows per utterance and epoch, learning rate 0.001, a "
        "patience of 5 epochs for the development accuracy, and seed 7." in text
    )


def test_a_precision_other_than_that_of_earlier_versions_is_described(runs, tmp_path):
    assert "precision" not in report_text(runs, tmp_path)
    table = predictions("mtl", "03").assign(experiment="half")
    config = change_config(table, "training.precision", "mixed_bfloat16")
    write(runs, table, config=config)
    text = report_text(runs, tmp_path)
    assert text.count(" Their precision is mixed_bfloat16.") == 1
    write(runs, predictions("mtl", "08").assign(experiment="half"))
    with pytest.raises(ValueError, match="training.precision='mixed_b.* and 'float32'"):
        reports.read(runs)


def test_normalisation_by_speaker_is_in_text_and_caption(tmp_path):
    table = predictions("mtl", "03")
    config = change_config(table, "features.normalise", "speaker")
    config["protocol"], config["protocol_arguments"] = "k_fold", {"folds": 3}
    write(tmp_path / "runs", table, config=config, epoch=None)
    text = report_text(tmp_path / "runs", tmp_path)
    assert (
        "with the statistics of each speaker's own utterances, including those of the "
        "test speaker (transductive)." in text
    )
    assert "**emodb, clean: scores, normalised by speaker (transductive)**" in text
    assert "protocol k_fold (folds=3)." in text
    assert "Networks train" not in text


def test_systems_of_an_experiment_may_have_different_unlabelled_speech(runs, tmp_path):
    for system, fraction, corpus in (
        ("few_20", 0.2, ""),
        ("few_60", 0.6, "librispeech"),
    ):
        table = predictions(system, "03")
        own = {"use_unlabelled": True, "label_fraction": fraction}
        write(runs, table, make_config(table, own, unlabelled_corpus=corpus))
    rows = table_rows(report_text(runs, tmp_path), "toy: systems")
    assert rows["mtl"][-2] == "no"
    assert rows["few_20"][-2] == "the other training utterances"
    assert rows["few_60"][-2] == "librispeech, the other training utterances"


def test_training_conditions_are_a_column_if_a_system_has_any(runs, tmp_path):
    table = predictions("noisy", "03")
    own = {"train_conditions": ["clean", "noise:all:10"]}
    write(runs, table, make_config(table, own))
    rows = table_rows(report_text(runs, tmp_path), "toy: systems")
    assert rows["noisy"][-1] == "clean, noise:all:10"
    assert rows["mtl"][-1] == "clean"


def test_speakers_of_a_search_are_named(tmp_path):
    table = predictions("baseline", "1")
    config = make_config(table, tuned_on=["emodb/03", "emodb/08"])
    write(tmp_path / "runs", table, config)
    text = report_text(tmp_path / "runs", tmp_path)
    assert "search for these settings used the speakers emodb/03, emodb/08;" in text


def test_options_of_training_and_features_are_told_if_they_are_not_usual(tmp_path):
    table = predictions("mtl", "03")
    write(tmp_path / "usual", table)
    assert "Other settings" not in report_text(tmp_path / "usual", tmp_path / "a")
    config = make_config(table)
    config["training"] |= {"optimizer": "sgd", "average": 0.98, "select": "best"}
    config["features"] |= {"normalise": "utterance", "speech_db": 40.0}
    write(tmp_path / "other", table, config)
    text = report_text(tmp_path / "other", tmp_path / "b")
    assert " Weights are averaged with a decay of 0.98." in text
    assert " Other settings: optimizer=sgd." in text
    assert "with the mean of each utterance and the standard deviation of" in text
    assert " Frames within 40 dB of the loudest count." in text


@pytest.mark.parametrize(
    ("training", "expected"),
    [
        (
            {"schedule": "cosine"},
            "Networks train for 20 epochs in batches of 16, with 2 rows per utterance "
            "and epoch, learning rate 0.001 (falling along half a cosine), and seed 7. "
            "The epoch with the best development uar is tested.",
        ),
        (
            {"schedule": "constant", "select": "last", "average": 0.98},
            "learning rate 0.001 (constant), and seed 7. Weights are averaged with a "
            "decay of 0.98. The last epoch is tested, whatever its development score.",
        ),
        (
            {"schedule": "cosine", "stop": 4},
            "at most 20 epochs in batches of 16, with 2 rows per utterance and epoch, "
            "learning rate 0.001 (falling along half a cosine), and seed 7. The epoch "
            "with the best development uar is tested. Other settings: stop=4.",
        ),
        (
            {"schedule": "halve", "select": "last"},
            "learning rate 0.001 (halved without a return to the best epoch), a "
            "patience of 5 epochs for the development uar, and seed 7. The last epoch "
            "is tested, whatever its development score.",
        ),
        (
            {"schedule": "constant", "segments": "all", "segment_weight": "segment"},
            "Networks train for 20 epochs in batches of 16, with 2 rows per segment "
            "and epoch, learning rate 0.001 (constant), and seed 7. The epoch with the "
            "best development uar is tested. Other settings: segment_weight=segment, "
            "segments=all.",
        ),
    ],
)
def test_patience_and_selection_are_told_where_there_are_any(
    training, expected, tmp_path
):
    table = predictions("mtl", "03")
    config = make_config(table)
    config["training"] |= {"rows_per_utterance": 2, "learning_rate": 0.001, "seed": 7}
    config["training"] |= {"patience": 5, "monitor": "uar", **training}
    write(tmp_path / "runs", table, config)
    text = report_text(tmp_path / "runs", tmp_path)
    assert expected in text
    assert ("patience" in text) == training["schedule"].startswith("halve")


def test_schedules_are_those_of_the_callbacks():
    from keras_ser import callbacks
    from keras_ser.experiments.training_settings import SCHEDULES
    from keras_ser.reports.settings import HALVING
    from keras_ser.reports.settings import SCHEDULES as described

    assert set(described) == set(SCHEDULES)
    found = [
        name
        for name, word in SCHEDULES.items()
        if issubclass(getattr(callbacks, word), callbacks.Halve)
    ]
    assert list(HALVING) == found


def test_label_sets_of_several_corpora_are_told(tmp_path):
    table = predictions("mtl", "03")
    config = make_config(table, labels={"emodb": "four", "ravdess": "all"})
    write(tmp_path / "runs", table, config)
    text = report_text(tmp_path / "runs", tmp_path)
    assert "label set own (emodb=four, ravdess=all), protocol" in text
