"""The table of the augmentation head and of the probe next to it."""

import pytest
from toy_runs import predictions, report_text, table_rows, write

CAPTION = "toy: accuracy of the augmentation head and of a probe, mean over folds"


def test_the_augmentation_head_is_shown_next_to_the_probe(runs, tmp_path):
    assert "Augmentation head" not in report_text(runs, tmp_path)
    for fold, repeat, head in (("03", 0, 0.5), ("03", 1, 0.7), ("08", 0, 0.9)):
        probe = {"1.1": 0.75, "0.9": head}
        table = predictions("mtl", fold, repeat)
        write(runs, table, augmentation_accuracy=head, speed_probe=probe)
    write(runs, predictions("baseline", "03"), augmentation_accuracy=None)
    text = report_text(runs, tmp_path)
    # Repeats are averaged first: (0.6 + 0.9) / 2.
    assert table_rows(text, CAPTION) == {"mtl": ["2", "75.0", "75.0", "75.0"]}
    head = "| System | Folds | Head, development % | Probe at speed 0.9 % | Probe at"
    assert head in text
    assert "without using the speech" in text


def test_the_chance_level_of_the_head_is_shown(runs, tmp_path):
    types = ["none", "speed_0.9", "speed_1.1"]
    for fold in ("03", "08"):
        table = predictions("mtl", fold)
        write(runs, table, augmentation_accuracy=0.5, augmentation_types=types)
    text = report_text(runs, tmp_path)
    assert table_rows(text, CAPTION) == {"mtl": ["2", "50.0", "33.3"]}
    assert "| Head, development % | Head, chance % |" in text


def test_a_probe_without_a_head_is_shown(runs, tmp_path):
    write(runs, predictions("mtl", "03"), speed_probe={"0.9": 1})
    write(runs, predictions("baseline", "03"), augmentation_accuracy=0.25)
    found = table_rows(report_text(runs, tmp_path), CAPTION)
    assert found == {"baseline": ["1", "25.0", "–"], "mtl": ["1", "–", "100.0"]}


@pytest.mark.parametrize(
    "metrics, words",
    [
        (
            {"augmentation_accuracy": "high"},
            "`augmentation_accuracy`. Received: 'high'",
        ),
        ({"augmentation_accuracy": 75}, "an accuracy from 0 to 1"),
        ({"augmentation_accuracy": True}, "an accuracy from 0 to 1"),
        ({"augmentation_accuracy": float("nan")}, "an accuracy from 0 to 1"),
        ({"augmentation_accuracy": 0.5, "augmentation_types": []}, "different names"),
        ({"augmentation_accuracy": 0.5, "augmentation_types": 3}, "different names"),
        ({"speed_probe": 0.8}, "from speed factor to accuracy as `speed_probe`"),
        ({"speed_probe": {"fast": 0.8}}, "from speed factor to accuracy"),
        ({"speed_probe": {"0.9": [0.8]}}, "`speed_probe, 0.9`"),
    ],
)
def test_scores_of_another_type_are_rejected(metrics, words, tmp_path):
    write(tmp_path / "runs", predictions("mtl", "03"), **metrics)
    with pytest.raises(ValueError, match=f"metrics.json must hold.*{words}"):
        report_text(tmp_path / "runs", tmp_path)
