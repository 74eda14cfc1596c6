"""The robustness report: scores of every system at every level."""

import pandas as pd
import pytest
from sklearn.metrics import balanced_accuracy_score
from toy_runs import CONDITIONS, hash_of, predicted

from keras_ser import scores
from keras_ser.figures import curves
from keras_ser.reports.tasks import Head
from keras_ser.robustness import report


@pytest.fixture
def table():
    return pd.concat([predicted("mtl_aug", wrong=0.1), predicted("baseline", seed=1)])


def write_report(table, folder):
    paths = report.write(table, folder)
    return paths, paths[0].read_text(encoding="utf-8")


def table_rows(text, caption):
    """The cells of the table below a caption, with its header and rule."""
    lines = text.split(f"**{caption}**")[1].strip().split("\n\n")[0].splitlines()
    return [[c.strip() for c in line.strip("| ").split("|")] for line in lines]


def test_scores_are_in_the_row_of_their_system_and_the_column_of_their_level(
    table, tmp_path
):
    _, text = write_report(table, tmp_path)
    header, _, *rows = table_rows(text, "UAR % by SNR (dB)")
    assert header == ["System", "Condition", "0", "10", "clean"]
    assert [row[:2] for row in rows] == [
        ["baseline", "noise: rain"],
        ["mtl_aug", "noise: rain"],
        ["baseline", "noise: sea"],
        ["mtl_aug", "noise: sea"],
    ]
    part = table[(table.system == "mtl_aug") & (table.condition == "noise:rain:0")]
    uar = 100 * balanced_accuracy_score(part.truth, part.prediction)
    assert rows[1][2].startswith(f"{uar:.1f} [")
    assert rows[2][3] == "–"  # `sea` was not measured at 10 dB
    assert {row[4] for row in rows} == {"100.0 [100.0, 100.0] ‡"}  # two folds


def test_levels_are_in_order_with_clean_at_its_level(table, tmp_path):
    _, text = write_report(table, tmp_path)
    for axis, levels in {
        "ε (standard deviations)": ["clean", "0.08"],
        "gain (dB)": ["-20", "clean", "10"],
        "lossy coding": ["clean", "mp3", "opus:1"],
    }.items():
        header = table_rows(text, f"UAR % by {axis}")[0]
        assert header[-len(levels) :] == levels
        assert len(header) == len(levels) + 1 + ("ε" in axis)  # FGSM and BIM


def test_the_figure_shows_the_scores_of_the_tables(table, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(curves, "draw", lambda panels, path, chance: seen.append(
        (panels, chance)))  # fmt: skip
    report.write(table, tmp_path)
    ((panels, chance),) = seen
    assert chance == pytest.approx(1 / 3)
    titles = ["noise: rain", "noise: sea", "gain", "codec", "FGSM", "BIM"]
    assert [panel.title for panel in panels] == titles
    rain = panels[0]
    assert rain.ticks == ("0", "10", "clean") and rain.clean == 2
    part = table[(table.system == "baseline") & (table.condition == "noise:rain:10")]
    value, low, high = rain.lines["baseline"][1]
    assert value == pytest.approx(balanced_accuracy_score(part.truth, part.prediction))
    assert low < value < high
    assert [panel.joined for panel in panels] == [True] * 3 + [False] + [True] * 2


def test_a_single_attack_is_named(tmp_path):
    _, text = write_report(predicted(texts=("clean", "bim:0.1")), tmp_path)
    (row,) = table_rows(text, "UAR % by ε (standard deviations)")[2:]
    assert row[:2] == ["baseline", "BIM"]


def test_the_report_says_what_is_pooled(table, tmp_path):
    _, text = write_report(table, tmp_path)
    _, _, *rows = table_rows(text, "What is pooled")
    assert rows == [[name, "0, 1", "1", "10", "60"] for name in ("baseline", "mtl_aug")]
    assert "WARNING" not in text


def test_systems_on_different_folds_cause_a_warning(table, tmp_path):
    less = table[(table.system == "baseline") | (table.fold == "0")]
    _, text = write_report(less, tmp_path)
    assert "WARNING: the systems were not tested on the same folds" in text


def test_a_system_of_two_experiments_has_their_names(tmp_path):
    table = pd.concat([predicted(), predicted(experiment="other")])
    _, text = write_report(table, tmp_path)
    names = {row[0] for row in table_rows(text, "UAR % by gain (dB)")[2:]}
    assert names == {"baseline, other", "baseline, toy"}


def test_unlabelled_utterances_and_other_heads_do_not_count(table, tmp_path):
    more = predicted(truth="", head="emotion"), predicted(head="gender")
    _, expected = write_report(table, tmp_path / "a")
    _, text = write_report(pd.concat([table, *more]), tmp_path / "b")
    assert text == expected


def test_few_speakers_are_marked(tmp_path):
    _, text = write_report(predicted(speaker="emodb/03"), tmp_path)
    assert "‡ |" in text
    table = predicted()
    _, text = write_report(table.assign(fold=table["speaker"]), tmp_path)
    assert "‡ |" not in text


def test_cells_have_a_t_interval_over_units_and_a_deviation_over_seeds(tmp_path):
    parts = [predicted(seed=n, repeat=str(n)) for n in (0, 1)]
    table = pd.concat(parts).assign(fold=lambda rows: rows["speaker"])
    _, text = write_report(table, tmp_path)
    header, _, row = table_rows(text, "UAR % ± SD by gain (dB)")
    part = table[table.condition == "gain:10"]
    labels = part.truth, part.prediction
    low, high = (100 * end for end in scores.t_interval(*labels, part.speaker))
    uars = [
        100 * balanced_accuracy_score(rows.truth, rows.prediction)
        for _, rows in part.groupby("repeat")
    ]
    value, deviation = pd.Series(uars).mean(), pd.Series(uars).std()
    expected = f"{value:.1f} ± {deviation:.1f} [{low:.1f}, {high:.1f}]"
    assert row[header.index("10")] == expected


def test_single_trainings_and_groups_are_explained(tmp_path):
    words = "Intervals are about other speakers, not about other trainings."
    _, text = write_report(predicted(fold="one-other"), tmp_path)
    assert words in text
    groups = [str(number % 5) for number in range(60)] * len(CONDITIONS)
    _, text = write_report(predicted().assign(fold=groups), tmp_path)
    assert words not in text
    assert "Intervals are over these units: 10 speakers in 5 groups." in text


def test_a_class_of_one_speaker_leaves_no_intervals(table, tmp_path):
    by_speaker = table.assign(fold=table["speaker"])
    own = by_speaker["utterance"].isin(["emodb/3", "emodb/13"])
    rare = by_speaker.assign(truth=by_speaker["truth"].mask(own, "joy"))
    paths, text = write_report(rare, tmp_path)
    cell = table_rows(text, "UAR % by SNR (dB)")[2][-1]
    assert cell.endswith(" [–]") and paths[1].exists()
    assert text.count("a class occurs in a single speaker only (joy)") == 1
    _, text = write_report(by_speaker, tmp_path)
    assert "single speaker only" not in text


def test_bars_over_too_few_units_have_the_mark(table, tmp_path):
    _, text = write_report(table, tmp_path)  # two folds
    assert "![UAR % under each condition, with 95 % t intervals ‡]" in text
    _, text = write_report(table.assign(fold=table["speaker"]), tmp_path)
    assert "![UAR % under each condition, with 95 % t intervals]" in text


def test_clean_alone_has_no_figure(tmp_path):
    (path,) = report.write(predicted(texts=("clean",)), tmp_path)
    assert path.name == "robustness.md"
    assert "robustness.png" not in path.read_text(encoding="utf-8")


def test_the_order_of_predictions_changes_nothing(table, tmp_path):
    paths, _ = write_report(table, tmp_path / "a")
    again, _ = write_report(table.iloc[::-1], tmp_path / "b")
    assert paths[0].read_bytes() == again[0].read_bytes()


def test_published_figures_are_next_to_the_scores_under_their_conditions(tmp_path):
    """Conditions that the paper does not have are left out; other noise is marked."""
    texts = ("clean", "noise:all:10", "noise:rain:10", "fgsm:0.08")
    table = predicted("mtl_aug", texts=texts)
    paths = report.write(table, tmp_path, ["mtl_aug:5"], noise="noise")
    text = paths[0].read_text(encoding="utf-8")
    caption = "Latif et al. 2022 (MTL-AUG), Table 5: UAR %, published and measured"
    header, _, *rows = table_rows(text, caption)
    measured = [cell for cell in header if cell.startswith("measured")]
    assert measured == ["measured: emodb †", "measured: emodb, 10 dB †¶"]
    part = table[table.condition == "noise:all:10"]
    uar = 100 * balanced_accuracy_score(part.truth, part.prediction)
    (row,) = (row for row in rows if row[0] == "mtl_aug")
    assert row[header.index(measured[1])].startswith(f"{uar:.1f} [")
    assert row[header.index("published: iemocap, 10 dB")].startswith("43.2")
    assert "not of the paper's DEMAND" in text
    assert paths[-1] == tmp_path / "published_mtl_aug-5.png"
    assert paths[-1].exists()


def test_published_figures_under_unmeasured_conditions_are_rejected(tmp_path):
    table = predicted(texts=("clean", "gain:-20"))
    with pytest.raises(ValueError, match="conditions that are measured.*mtl_aug:6"):
        report.write(table, tmp_path, ["mtl_aug:6"])
    with pytest.raises(ValueError, match="`paper:table`"):
        report.write(table, tmp_path, ["six"])


def test_different_systems_of_two_experiments_keep_their_names(tmp_path):
    parts = [predicted("baseline"), predicted("rival", experiment="other", seed=1)]
    _, text = write_report(pd.concat(parts), tmp_path)
    assert [row[0] for row in table_rows(text, "UAR % by gain (dB)")[2:]] == [
        "baseline",
        "rival",
    ]


def test_each_head_has_its_tables_and_figure(table, tmp_path):
    emotion = Head("emotion")
    numbers = pd.concat([predicted("mtl_aug"), predicted("baseline", seed=1)])
    truth = numbers["utterance"].map(hash_of)
    noise = numbers.groupby(["system", "condition"]).cumcount() % 7 / 50
    numbers = numbers.assign(head="valence", truth=truth, prediction=truth + noise)
    numbers = numbers.astype({"truth": str, "prediction": str})
    gender = predicted("mtl_aug", seed=2, head="gender")
    heads = (emotion, Head("gender"), Head("valence", has_numbers=True))
    everything = pd.concat([gender, table, numbers])
    paths = report.write(everything, tmp_path, heads=heads)
    text = paths[0].read_text(encoding="utf-8")
    main, own, valence = text.split("\n## Head ")
    alone = table_rows(write_report(table, tmp_path / "alone")[1], "UAR % by gain (dB)")
    assert table_rows(main, "UAR % by gain (dB)") == alone
    assert "CCC is the concordance correlation" in main
    assert [path.name for path in paths] == [
        "robustness.md",
        "robustness.png",
        "robustness_gender.png",
    ]
    rows = table_rows(own, "UAR % by gain (dB)")[2:]
    assert [row[0] for row in rows] == ["mtl_aug"]
    header, _, *rows = table_rows(valence, "CCC by gain (dB)")
    assert [row[0] for row in rows] == ["baseline", "mtl_aug"]
    part = numbers[(numbers.system == "baseline") & (numbers.condition == "gain:10")]
    ccc = scores.ccc(part.truth.astype(float), part.prediction.astype(float))
    assert rows[0][header.index("10")].startswith(f"{ccc:.3f} [")


def test_published_figures_need_classes(table, tmp_path):
    numbers = table.assign(truth="0.5", prediction="0.4")
    heads = (Head("emotion", has_numbers=True),)
    with pytest.raises(ValueError, match="needs a main head with classes.*mtl_aug:5"):
        report.write(numbers, tmp_path, ["mtl_aug:5"], heads=heads)


def test_predictions_without_labels_are_rejected(table, tmp_path):
    with pytest.raises(ValueError, match=r"needs labelled predictions.*'emotion'"):
        report.write(table.assign(truth=""), tmp_path)


def test_test_tables_of_a_fold_are_rows_of_their_own(tmp_path):
    parts = [predicted(test=name, seed=n) for n, name in enumerate(("test", "far"))]
    _, text = write_report(pd.concat(parts), tmp_path)
    assert "tested on emodb (far), emodb (test)" in text
    header, _, *rows = table_rows(text, "UAR % by gain (dB)")
    assert [row[0] for row in rows] == [
        "baseline, emodb (far)",
        "baseline, emodb (test)",
    ]
    for part, row in zip(parts[::-1], rows, strict=True):
        own = part[part.condition == "gain:10"]
        uar = 100 * balanced_accuracy_score(own.truth, own.prediction)
        assert row[header.index("10")].startswith(f"{uar:.1f} [")
