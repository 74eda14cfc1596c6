"""The card shows every setting once, on one line."""

import json

from keras_ser.experiments.settings_card import settings_card


def test_each_setting_is_a_row(tmp_path):
    config = {
        "name": "a | b",
        "training": {"epochs": 20, "schedule": "constant"},
        "corpus": ["emodb", "ravdess"],
        "corpus_options": {},
        "data": {"train": "0123"},
        "tasks": [{"name": "emotion"}],
    }
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert settings_card(tmp_path).splitlines() == [
        "| setting | value |",
        "|---|---|",
        r"| name | a \| b |",
        "| training.epochs | 20 |",
        "| training.schedule | constant |",
        '| corpus | ["emodb", "ravdess"] |',
        "| corpus_options | {} |",
    ]


def test_a_folder_without_settings_has_no_card(tmp_path):
    assert settings_card(tmp_path) == ""
