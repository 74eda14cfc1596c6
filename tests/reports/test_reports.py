"""Reports of toy runs: their figures checked by hand, their bytes repeated."""

import itertools
import json
import re
import shutil
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score
from toy_runs import CLASSES, config_of, predictions, rows_of, write

from keras_ser import reports, scores
from keras_ser.cli import main as cli


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """Two systems, three folds (10 sorts after 3), two repeats; only to read."""
    root = tmp_path_factory.mktemp("made") / "runs"
    for system in ("mtl", "baseline"):
        for fold in ("10", "03", "08"):
            for repeat in (1, 0):
                write(root, predictions(system, fold, repeat))
    return root


@pytest.fixture(scope="module")
def table(made) -> pd.DataFrame:
    return reports.read(made)


@pytest.fixture(scope="module")
def text(made, tmp_path_factory) -> str:
    return markdown(made, tmp_path_factory.mktemp("text"))


@pytest.fixture
def runs(made, tmp_path) -> Path:
    """The same, to change."""
    return Path(shutil.copytree(made, tmp_path / "runs"))


def markdown(paths, out, **options) -> str:
    reports.build(paths, out, formats=["md"], **options)
    return (Path(out) / "report.md").read_text(encoding="utf-8")


def percent(value: float) -> str:
    return f"{100 * value:.1f}"


# === Numbers ===


def test_main_table_equals_scikit_learn_worked_by_hand(table, text):
    row = rows_of(text, "emodb, clean: scores")["mtl"]
    table = table[table["system"] == "mtl"]
    score = {
        job: balanced_accuracy_score(rows["truth"], rows["prediction"])
        for job, rows in table.groupby(["fold", "repeat"])
    }
    pooled = [
        balanced_accuracy_score(rows["truth"], rows["prediction"])
        for _, rows in table.groupby("repeat")
    ]
    folds = [(score[fold, 0] + score[fold, 1]) / 2 for fold in ("03", "08", "10")]
    spreads = {
        "UAR % of each fold": folds,
        "pooled UAR % of each repeat that is whole": pooled,
    }
    for caption, values in spreads.items():
        found = rows_of(text, f"emodb, clean: {caption}")["mean ± deviation"]
        deviation = percent(np.std(values, ddof=1))
        assert found[1] == f"{percent(np.mean(values))} ± {deviation}"
    low, high = scores.bootstrap_interval(
        table["truth"], table["prediction"], table["utterance"], cluster="utterance"
    )
    assert row[:5] == [
        *("3", "2", "36"),
        f"{percent(np.mean(pooled))} [{percent(low)}, {percent(high)}] ‡",
        percent(accuracy_score(table["truth"], table["prediction"])),
    ]


def test_folds_and_speakers_average_their_repeats(table, text):
    table = table.query("system == 'baseline' and fold == '08'")
    mean = np.mean(
        [
            balanced_accuracy_score(rows["truth"], rows["prediction"])
            for _, rows in table.groupby("repeat")
        ]
    )
    folds = rows_of(text, "emodb, clean: UAR % of each fold")
    speakers = rows_of(text, "emodb, clean: UAR % of each speaker")
    assert list(folds) == ["03", "08", "10", "mean ± deviation"]
    assert folds["08"][0] == speakers["emodb/08"][1] == percent(mean)
    assert speakers["emodb/08"][0] == "12"
    assert list(speakers)[-1] == "mean"


def test_confusion_table_counts_both_repeats(table, text):
    caption = "mtl on emodb, clean, sum of 2 repeats: confusion"
    table = table.query("system == 'mtl'")
    counts = pd.crosstab(table["truth"], table["prediction"])
    for name, cells in rows_of(text, caption).items():
        found = [int(cell.split()[0]) for cell in cells]
        assert found == counts.loc[name, CLASSES].tolist()
        assert sum(found) == 24


def test_six_speakers_have_an_interval_of_speakers(tmp_path):
    folds = ("03", "08", "09", "10", "11", "12")
    tables = [predictions("mtl", fold) for fold in folds]
    for table in tables:
        write(tmp_path / "runs", table)
    row = rows_of(markdown(tmp_path / "runs", tmp_path), "emodb, clean: scores")["mtl"]
    table = pd.concat(tables)
    interval = scores.bootstrap_interval(
        table["truth"], table["prediction"], table["speaker"]
    )
    assert row[3].endswith("[{}, {}]".format(*map(percent, interval)))


def test_one_run_has_an_interval_of_utterances_and_no_deviation(tmp_path):
    folder = write(tmp_path / "runs", predictions("mtl", "03"))
    text = markdown(folder, tmp_path)
    row = rows_of(text, "emodb, clean: scores")["mtl"]
    table = pd.read_csv(folder / "predictions.csv")
    interval = scores.bootstrap_interval(
        table["truth"], table["prediction"], table["utterance"], cluster="utterance"
    )
    assert row[3].endswith("[{}, {}] ‡".format(*map(percent, interval)))
    assert len(row) == 5  # nothing to compare with
    folds = rows_of(text, "emodb, clean: UAR % of each fold")
    assert folds["mean ± deviation"] == folds["03"]
    assert "of each repeat" not in text and "sign" not in text


def test_a_class_no_utterance_has_is_shown_as_such(tmp_path):
    table = predictions("mtl", "03")
    table = table[table["truth"] != "sadness"]
    write(tmp_path / "runs", table)
    text = markdown(tmp_path / "runs", tmp_path)
    assert rows_of(text, "mtl on emodb, clean: confusion")["sadness"] == ["–"] * 3
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = balanced_accuracy_score(table["truth"], table["prediction"])
    assert percent(expected) in rows_of(text, "emodb, clean: scores")["mtl"][3]


def test_other_heads_and_unlabelled_rows_are_not_scored(tmp_path):
    table = predictions("mtl", "03")
    expected = balanced_accuracy_score(table["truth"], table["prediction"])
    gender = table.assign(head="gender", truth="female", prediction="male")
    gender[[f"p_{name}" for name in CLASSES]] = np.nan
    unlabelled = table.assign(truth="", utterance=table["utterance"] + "x")
    write(tmp_path / "runs", pd.concat([table, gender, unlabelled]))
    text = markdown(tmp_path / "runs", tmp_path)
    row = rows_of(text, "emodb, clean: scores")["mtl"]
    assert (row[2], row[3].split()[0]) == ("12", percent(expected))
    assert "Not scored, for want of a true label: 12 predictions." in text


# === Layout ===


def test_systems_stand_in_a_fixed_or_a_given_order(runs, tmp_path):
    write(runs, predictions("aaa", "03"))
    caption = "emodb, clean: scores"
    text = markdown(runs, tmp_path)
    assert list(rows_of(text, caption)) == ["baseline", "aaa †", "mtl"]
    text = markdown(runs, tmp_path, systems=["mtl"])
    assert list(rows_of(text, caption)) == ["mtl", "baseline", "aaa †"]


def test_systems_that_lack_the_same_folds_share_a_line(runs, tmp_path):
    shutil.rmtree(runs / "toy/mtl/10-1")
    write(runs, predictions("aaa", "03", 0))
    write(runs, predictions("bbb", "03", 0))
    text = markdown(runs, tmp_path)
    assert "\n\n† mtl lacks: fold 10 repeat 1.\n\n" in text
    assert text.count("fold 08 repeat 0") == 1
    assert "\n\n† aaa, bbb lack: fold 03 repeat 1, fold 08 repeat 0" in text


def test_missing_folds_are_named_and_a_common_table_is_fair(runs, table, tmp_path):
    shutil.rmtree(runs / "toy/mtl/10-1")
    text = markdown(runs, tmp_path)
    assert "† mtl lacks: fold 10 repeat 1." in text
    every = rows_of(text, "emodb, clean: scores")
    common = rows_of(text, "emodb, clean: scores on the common folds")
    assert list(every) == ["baseline", "mtl †"]
    assert common["mtl"][3] == every["mtl †"][3]
    repeats = rows_of(text, "emodb, clean: pooled UAR % of each repeat that is whole")
    assert repeats["1"][1] == "–" and repeats["0"][1] == repeats["mean ± deviation"][1]
    kept = (table["fold"] != "10") | (table["repeat"] == 0)
    rows = table[kept & (table["system"] == "baseline")]
    expected = balanced_accuracy_score(rows["truth"], rows["prediction"])
    assert common["baseline"][3].split()[0] == percent(expected)


def test_no_common_folds_is_said(tmp_path):
    for system, fold in (("a", "03"), ("b", "08")):
        write(tmp_path / "runs", predictions(system, fold))
    text = markdown(tmp_path / "runs", tmp_path)
    assert "The systems have no fold and repeat in common." in text


def test_different_utterances_are_warned_of(tmp_path):
    write(tmp_path / "runs", predictions("a", "03"))
    write(tmp_path / "runs", predictions("b", "03")[1:])
    text = markdown(tmp_path / "runs", tmp_path)
    assert "WARNING: on the common folds the systems differ in the utterances" in text
    assert "(a 12, b 11 rows)" in text


def test_conditions_corpora_and_experiments_get_their_own_tables(tmp_path):
    root = tmp_path / "runs"
    clean = predictions("mtl", "03")
    noise = clean.assign(condition="bim:0.08")
    synthetic = clean.assign(corpus="synthetic")
    write(root, pd.concat([noise, clean, synthetic]))
    write(root, predictions("mtl", "03", experiment="second"))
    written = reports.build(root, tmp_path / "out")
    text = written[0].read_text(encoding="utf-8")
    headings = re.findall("^## (.*)$", text, re.MULTILINE)
    assert headings[:4] == [
        "second: emodb, clean",
        "toy: emodb, clean",
        "toy: emodb, bim:0.08",
        "toy: synthetic speech, clean",
    ]
    names = {path.name for path in written}
    assert "confusion_mtl_toy_emodb_bim-0.08.png" in names
    assert "mtl on synthetic speech, clean: confusion" in text


def test_what_selected_the_epoch_and_differing_updates(runs, tmp_path):
    write(runs, predictions("mtl", "03", 0), epoch=4, updates_per_epoch=85)
    text = markdown(runs, tmp_path)
    caption = "toy: chosen epoch, counted from 1, of those run in each repeat"
    rows = rows_of(text, caption)
    assert list(rows) == ["03", "08", "10"]
    assert rows["03"] == ["dev accuracy", "17, 85", "3 of 5, 3 of 5", "4 of 5, 3 of 5"]
    assert rows["10"] == ["dev accuracy", "17", "3 of 5, 3 of 5", "3 of 5, 3 of 5"]
    assert "WARNING: in toy the systems differ in updates an epoch." in text


def test_systems_without_epochs_are_named_below_the_table(runs, tmp_path):
    for fold in ("03", "08"):
        nothing = {"epoch": None, "updates_per_epoch": None}
        table = predictions("svm", fold)
        folder = write(runs, table, selected_by="nothing: fixed", **nothing)
        (folder / "history.csv").unlink()
    text = markdown(runs, tmp_path)
    caption = "toy: chosen epoch, counted from 1, of those run in each repeat"
    rows = rows_of(text, caption)
    assert rows["03"] == ["dev accuracy", "17", "3 of 5, 3 of 5", "3 of 5, 3 of 5"]
    assert "\n\nsvm: selected by nothing: fixed.\n" in text


def test_systems_that_select_nothing_have_no_table_of_epochs(tmp_path):
    nothing = {"epoch": None, "selected_by": "nothing: fixed"}
    folder = write(tmp_path / "runs", predictions("svm", "03"), **nothing)
    (folder / "history.csv").unlink()
    text = markdown(tmp_path / "runs", tmp_path)
    assert "chosen epoch" not in text
    assert "svm: selected by nothing: fixed." in text


def test_disjoint_speakers_are_said_to_be(text):
    assert "Speakers shared between train, dev and test: none (12 runs)." in text


def test_speakers_of_other_types_are_refused(tmp_path):
    sides = {"train": ["x"], "dev": ["y"], "test": []}
    for speakers in (
        ["x"],
        {"train": ["x"], "dev": ["y"]},  # a missing side would seem to share nobody
        {**sides, "dev": "y"},
        {**sides, "train": [3]},
    ):
        write(tmp_path / "runs", predictions("mtl", "03"), speakers=speakers)
        with pytest.raises(ValueError, match="metrics.json must hold `speakers` with"):
            markdown(tmp_path / "runs", tmp_path)


@pytest.mark.parametrize(
    "speakers, sides",
    [
        ({"train": ["x", "y"], "dev": ["y"], "test": []}, "train and dev: y"),
        ({"train": ["x"], "dev": ["y"], "test": ["y"]}, "dev and test: y"),
        # The speaker of the predictions counts, whatever metrics.json says.
        ({"train": ["emodb/03"], "dev": [], "test": []}, "train and test: emodb/03"),
    ],
)
def test_shared_speakers_are_an_error_line(speakers, sides, tmp_path):
    write(tmp_path / "runs", predictions("mtl", "03"), speakers=speakers)
    text = markdown(tmp_path / "runs", tmp_path)
    line = f"ERROR: speakers shared between {sides} (mtl, fold 03 repeat 0)."
    assert line in text
    assert "none (" not in text
    assert [f"ERROR: {each}" for each in reports.shared_speakers(tmp_path)] == [line]


def test_shared_speakers_end_the_command_with_exit_code_1(runs, capsys):
    words = ["report", str(runs), "--format", "md"]
    assert cli.main(cli.parser().parse_args(words)) == 0
    assert reports.shared_speakers(runs) == []
    path = runs / "toy/mtl/08-1/metrics.json"
    metrics = json.loads(path.read_text())
    metrics["speakers"]["train"].append("emodb/08")
    path.write_text(json.dumps(metrics))
    capsys.readouterr()
    assert cli.main(cli.parser().parse_args(words)) == 1
    written = capsys.readouterr()
    line = "speakers shared between train and test: emodb/08 (mtl, fold 08 repeat 1)."
    assert f"ERROR: {line}" in written.out
    assert line in written.err and written.err.count("\n") == 1


# === Settings ===


def test_settings_and_systems_are_said_in_words(runs, tmp_path):
    for fold in ("03", "08"):
        table = predictions("other_net", fold)
        config = config_of(table)
        config["systems"]["other_net"] = {
            "model": "MTLAug",
            "arguments": {"preset": "paper"},
            "objective": {"center": 0.1, "auxiliary": 0.3},
            "augment": {"speed": {"factors": [0.9]}, "mixup": {}},
            "denoising": True,
        }
        write(runs, table, config=config)
    text = markdown(runs, tmp_path)
    rows = rows_of(text, "toy: systems")
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
        "leave_one_speaker_out. Front-end, for systems that take one: LogMel, windows "
        "of 7.5 s. Features are normalised by the training speakers. Networks train "
        "for at most 20 epochs in batches of 16" in text
    )
    assert "Unlabelled speech" not in text and "transductive" not in text


def test_precision_is_said_where_it_is_not_that_of_older_runs(runs, tmp_path):
    assert "precision" not in markdown(runs, tmp_path)
    table = predictions("mtl", "03").assign(experiment="half")
    config = changed(table, "training.precision", "mixed_bfloat16")
    write(runs, table, config=config)
    text = markdown(runs, tmp_path)
    assert text.count(", precision mixed_bfloat16.") == 1
    write(runs, predictions("mtl", "08").assign(experiment="half"))
    with pytest.raises(ValueError, match="training.precision='mixed_b.* and 'float32'"):
        reports.read(runs)


def test_normalisation_by_speaker_stands_in_words_and_caption(tmp_path):
    table = predictions("mtl", "03")
    config = changed(table, "features.normalise", "speaker")
    config["protocol"], config["protocol_arguments"] = "k_fold", {"folds": 3}
    write(tmp_path / "runs", table, config=config, epoch=None)
    text = markdown(tmp_path / "runs", tmp_path)
    assert "by each speaker's own utterances, the test speaker's too (trans" in text
    assert "**emodb, clean: scores, normalised by speaker (transductive)**" in text
    assert "protocol k_fold (folds=3)." in text
    assert "Networks train" not in text


# === Differences between systems ===

SIX = ("03", "08", "09", "10", "11", "12")


@pytest.fixture(scope="module")
def six(tmp_path_factory) -> Path:
    """Three systems, six speakers, two repeats; only to read."""
    root = tmp_path_factory.mktemp("six") / "runs"
    for system in ("mtl", "baseline", "other_net"):
        for fold in SIX:
            for repeat in (0, 1):
                write(root, predictions(system, fold, repeat, rows=20))
    return root


def p_of(table: pd.DataFrame, one: str, other: str) -> float:
    """Sign flips of speakers' UAR, written out."""
    score = {
        job: balanced_accuracy_score(rows["truth"], rows["prediction"])
        for job, rows in table.groupby(["system", "speaker", "repeat"])
    }
    differences = [
        sum(score[one, who, n] - score[other, who, n] for n in (0, 1)) / 2
        for who in sorted(set(table["speaker"]))
    ]
    patterns = np.array(list(itertools.product((-1, 1), repeat=len(differences))))
    sums = np.abs(patterns @ differences)
    return float(np.mean(sums >= abs(sum(differences)) - 1e-12))


def test_differences_equal_scikit_learn_and_sign_flips_written_out(six, tmp_path):
    text = markdown(six, tmp_path)
    table = reports.read(six)
    found = rows_of(text, "emodb, clean: scores")
    assert "**emodb, clean: scores, Δ to baseline over 6 shared speakers**" in text
    assert found["baseline"][5:] == ["–"] * 4
    key = ["fold", "repeat", "utterance"]
    parts = {n: rows.sort_values(key) for n, rows in table.groupby("system")}
    base = parts["baseline"]
    p = {name: p_of(table, name, "baseline") for name in ("mtl", "other_net")}
    adjusted = {
        name: max(
            min(1, 2 * min(p.values())), p[name] if p[name] > min(p.values()) else 0
        )
        for name in p
    }
    for name in p:
        rows = parts[name]
        delta = balanced_accuracy_score(rows["truth"], rows["prediction"])
        delta -= balanced_accuracy_score(base["truth"], base["prediction"])
        low, high = scores.difference_interval(
            rows["truth"].to_numpy(),
            rows["prediction"].to_numpy(),
            base["prediction"].to_numpy(),
            rows["speaker"].to_numpy(),
        )
        shown = re.findall(r"[+−]?\d+\.\d", found[name][5].replace(",", ""))
        values = [float(part.replace("−", "-")) for part in shown]
        assert values == pytest.approx([100 * delta, 100 * low, 100 * high], abs=0.051)
        speakers = [
            balanced_accuracy_score(part["truth"], part["prediction"])
            - balanced_accuracy_score(part["truth"], part["prediction_base"])
            for _, part in rows.merge(
                base, on=[*key, "truth", "speaker"], suffixes=("", "_base")
            ).groupby(["speaker", "repeat"])
        ]
        mean = float(found[name][6].replace("−", "-"))
        assert mean == pytest.approx(100 * np.mean(speakers), abs=0.051)
        assert found[name][7:] == [f"{p[name]:.3f}", f"{adjusted[name]:.3f}"]
    assert "With 6 speakers all 64 sign patterns are counted, so p is exact" in text
    assert "it cannot be below 0.031." in text
    assert "adjusts p for the 2 tests of this table" in text


def test_fewer_than_six_shared_speakers_have_an_interval_only(table, text):
    row = rows_of(text, "emodb, clean: scores")["mtl"]
    assert row[5].endswith("‡") and row[6:] == ["–"] * 3
    parts = [
        rows.sort_values(["fold", "repeat", "utterance"])
        for _, rows in table.groupby("system")
    ]
    base, mtl = parts
    interval = scores.difference_interval(
        mtl["truth"],
        mtl["prediction"],
        base["prediction"],
        mtl["utterance"],
        cluster="utterance",
    )
    signed = [f"{100 * value:+.1f}".replace("-", "−") for value in interval]
    assert "[{}, {}]".format(*signed) in row[5]
    assert "No p for mtl (3): fewer than 6 shared speakers" in text
    assert "sign-flip" not in text


def test_unfinished_runs_are_compared_on_what_is_shared_and_marked(six, tmp_path):
    runs = Path(shutil.copytree(six, tmp_path / "runs"))
    for fold in ("03", "08"):
        shutil.rmtree(runs / f"toy/mtl/{fold}-0")
    shutil.rmtree(runs / "toy/mtl/03-1")
    text = markdown(runs, tmp_path)
    found = rows_of(text, "emodb, clean: scores")
    assert "Δ to baseline over 5 to 6 shared speakers**" in text
    assert found["mtl †"][5].endswith("‡ §") and found["mtl †"][6:] == ["–"] * 3
    assert "§" not in found["other_net"][5] and found["other_net"][7] != "–"
    # One test is left, and it is the only one that Holm counts.
    assert found["other_net"][7] == found["other_net"][8]
    assert "same fold and repeat: mtl 5 speakers and 100 utterances." in text
    table = reports.read(runs)
    mtl = table[table["system"] == "mtl"]
    base = table[table["system"] == "baseline"].merge(mtl[["utterance", "repeat"]])
    delta = balanced_accuracy_score(mtl["truth"], mtl["prediction"])
    delta -= balanced_accuracy_score(base["truth"], base["prediction"])
    shown = float(found["mtl †"][5].split()[0].replace("−", "-"))
    assert shown == pytest.approx(100 * delta, abs=0.051)
    # The table on the common folds compares the same, unmarked.
    common = rows_of(text, "emodb, clean: scores on the common folds")
    assert common["mtl"][5] == found["mtl †"][5].removesuffix(" §")


def test_identical_repeats_give_the_intervals_of_one(tmp_path):
    found = []
    for repeats in (1, 3):
        root = tmp_path / str(repeats)
        for system in ("baseline", "mtl"):
            for n in range(repeats):
                write(root, predictions(system, "03").assign(repeat=n))
        rows = rows_of(markdown(root, root / "out"), "emodb, clean: scores")
        found.append([rows["baseline"][3], rows["mtl"][3], rows["mtl"][5]])
    assert found[0] == found[1]
    assert all("‡" in cell for cell in found[0])


def test_a_pooled_difference_against_the_mean_of_speakers_is_said(tmp_path):
    # One speaker with many utterances gains, five with few lose.
    for fold in SIX:
        truth = np.tile(CLASSES, 40 if fold == "03" else 2)
        wrong = np.roll(truth, 1)
        for system in ("baseline", "mtl"):
            right = (system == "mtl") == (fold == "03")
            table = predictions(system, fold, rows=len(truth))
            table = table.assign(truth=truth, prediction=truth if right else wrong)
            write(tmp_path / "runs", table)
    text = markdown(tmp_path / "runs", tmp_path)
    row = rows_of(text, "emodb, clean: scores")["mtl"]
    assert row[5].startswith("+") and row[6] == "−66.7"
    assert "WARNING: for mtl the pooled Δ and the mean of the speakers'" in text


def test_agreeing_signs_need_no_warning(six, tmp_path):
    text = markdown(six, tmp_path)
    found = rows_of(text, "emodb, clean: scores")
    opposed = [n for n, row in found.items() if {row[5][0], row[6][0]} == {"+", "−"}]
    assert ("have opposite signs" in text) == bool(opposed)


def test_systems_without_a_common_fold_are_not_compared(tmp_path):
    for system, fold in (("a", "03"), ("b", "08")):
        write(tmp_path / "runs", predictions(system, fold))
    text = markdown(tmp_path / "runs", tmp_path)
    found = rows_of(text, "emodb, clean: scores")["b †"]
    assert found[5:] == ["–"] * 4
    assert "No p for b (0)" in text


def test_the_same_predictions_differ_by_nothing(tmp_path):
    for fold in SIX:
        for system in ("a", "b"):
            rows = predictions("a", fold).assign(system=system)
            write(tmp_path / "runs", rows)
    row = rows_of(markdown(tmp_path / "runs", tmp_path), "emodb, clean: scores")["b"]
    assert row[5:] == ["0.0 [0.0, 0.0]", "0.0", "1.000", "1.000"]


@pytest.mark.parametrize(
    "systems, against, reference",
    [
        (("mtl", "baseline"), None, "baseline"),
        (("mtl", "baseline", "baseline_augmented"), None, "baseline_augmented"),
        (("mtl", "densenet"), None, "densenet"),  # the first by name
        (("mtl", "baseline"), "mtl", "mtl"),
    ],
)
def test_the_reference_is_named_or_a_baseline(systems, against, reference, tmp_path):
    for system in systems:
        write(tmp_path / "runs", predictions(system, "03"))
    text = markdown(tmp_path / "runs", tmp_path, against=against)
    assert f"scores, Δ to {reference} over 1 shared speaker**" in text
    found = rows_of(text, "emodb, clean: scores")
    assert [n for n in found if found[n][5] == "–"] == [reference]


def test_the_command_names_the_reference_and_refuses_others(runs, capsys):
    words = ["report", str(runs), "--format", "md", "--against"]
    assert cli.main(cli.parser().parse_args([*words, "mtl"])) == 0
    assert "Δ to mtl over 3 shared speakers" in capsys.readouterr().out
    assert cli.main(cli.parser().parse_args([*words, "svm"])) == 2
    error = capsys.readouterr().err
    assert "one of the systems, ['baseline', 'mtl']. Received: 'svm'" in error


def test_a_reference_without_runs_under_a_condition_is_said(tmp_path):
    write(tmp_path / "runs", predictions("baseline", "03"))
    clean = predictions("mtl", "03")
    noisy = clean.assign(condition="noise")
    write(tmp_path / "runs", pd.concat([clean, noisy]))
    text = markdown(tmp_path / "runs", tmp_path)
    assert "baseline has no run here. Nothing can be compared with it." in text
    assert len(rows_of(text, "emodb, noise: scores")["mtl"]) == 5
    assert len(rows_of(text, "emodb, clean: scores")["mtl"]) == 9


# === The augmentation head ===


def test_the_augmentation_head_stands_beside_the_probe(runs, tmp_path):
    assert "Augmentation head" not in markdown(runs, tmp_path)
    for fold, repeat, head in (("03", 0, 0.5), ("03", 1, 0.7), ("08", 0, 0.9)):
        probe = {"1.1": 0.75, "0.9": head}
        table = predictions("mtl", fold, repeat)
        write(runs, table, augmentation_accuracy=head, speed_probe=probe)
    write(runs, predictions("baseline", "03"), augmentation_accuracy=None)
    text = markdown(runs, tmp_path)
    caption = "toy: accuracy of the augmentation head and of a probe, mean of folds"
    # Repeats are averaged first: (0.6 + 0.9) / 2.
    assert rows_of(text, caption) == {"mtl": ["2", "75.0", "75.0", "75.0"]}
    head = "| System | Folds | Head, development % | Probe at speed 0.9 % | Probe at"
    assert head in text
    assert "without listening to speech" in text


def test_the_chance_of_the_head_is_shown(runs, tmp_path):
    types = ["none", "speed_0.9", "speed_1.1"]
    for fold in ("03", "08"):
        table = predictions("mtl", fold)
        write(runs, table, augmentation_accuracy=0.5, augmentation_types=types)
    text = markdown(runs, tmp_path)
    caption = "toy: accuracy of the augmentation head and of a probe, mean of folds"
    assert rows_of(text, caption) == {"mtl": ["2", "50.0", "33.3"]}
    assert "| Head, development % | Head, chance % |" in text


def test_a_probe_without_a_head_is_shown(runs, tmp_path):
    write(runs, predictions("mtl", "03"), speed_probe={"0.9": 1})
    write(runs, predictions("baseline", "03"), augmentation_accuracy=0.25)
    caption = "toy: accuracy of the augmentation head and of a probe, mean of folds"
    found = rows_of(markdown(runs, tmp_path), caption)
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
def test_scores_of_other_types_are_refused(metrics, words, tmp_path):
    write(tmp_path / "runs", predictions("mtl", "03"), **metrics)
    with pytest.raises(ValueError, match=f"metrics.json must hold.*{words}"):
        markdown(tmp_path / "runs", tmp_path)


def test_latex_is_balanced_and_escaped(runs, tmp_path):
    write(runs, predictions("a_b&c%", "03"))
    reports.build(runs, tmp_path, formats=["tex"])
    text = (tmp_path / "report.tex").read_text(encoding="utf-8")
    assert r"a\_b\&c\% $\dagger$" in text
    assert "±" not in text and "–" not in text
    begun = re.findall(r"\\begin\{(\w+)\}", text)
    assert sorted(begun) == sorted(re.findall(r"\\end\{(\w+)\}", text))
    tables = re.findall(r"\\begin\{tabular\}\{([^\n]*)\}\n(.*?)\\end", text, re.DOTALL)
    assert len(tables) == begun.count("table") > 5
    for layout, body in tables:
        columns = len(layout.replace("p{4cm}", "p"))
        rows = [line for line in body.splitlines() if line.endswith(r"\\")]
        assert {len(re.split(r"(?<!\\)&", row)) for row in rows} == {columns}
        marks = [body.count(f"\\{name}rule") for name in ("top", "mid", "bottom")]
        assert marks == [1, 1, 1]


def test_a_long_table_may_break_over_pages(tmp_path):
    rows = predictions("mtl", "03", rows=41)
    write(tmp_path / "runs", rows.assign(speaker=rows["utterance"]))
    reports.build(tmp_path / "runs", tmp_path, formats=["tex"])
    assert r"\begin{longtable}" in (tmp_path / "report.tex").read_text("utf-8")


# === The same runs, the same bytes ===


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_rebuilding_is_byte_identical_wherever_and_however_listed(runs, tmp_path):
    written = reports.build(runs, tmp_path / "one")
    expected = ["report.md", "report.tex", "speakers.png"]
    expected += ["confusion_baseline.png", "confusion_mtl.png"]
    assert [path.name for path in written] == expected
    moved = tmp_path / "elsewhere" / "deep"
    shutil.copytree(runs, moved)
    for path in moved.rglob("predictions.csv"):  # rows in another order
        pd.read_csv(path, dtype=str).sample(frac=1, random_state=0).to_csv(
            path, index=False
        )
    folders = [path.parent for path in sorted(moved.rglob("metrics.json"))]
    reports.build(folders[::-1], tmp_path / "two")
    pd.testing.assert_frame_equal(reports.read(folders[::-1]), reports.read(runs))
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert set(contents(tmp_path / "one")) == set(expected)


def test_report_holds_no_path_and_links_only_what_is_written(runs, tmp_path):
    reports.build(runs, tmp_path / "out")
    text = (tmp_path / "out/report.md").read_text(encoding="utf-8")
    assert str(tmp_path) not in text
    links = set(re.findall(r"\]\((.*?)\)", text))
    assert links == {path.name for path in (tmp_path / "out").glob("*.png")}
    assert "](" not in markdown(runs, tmp_path / "plain")
    assert set(contents(tmp_path / "plain")) == {"report.md"}


def test_any_level_of_folders_may_be_given(made, table):
    pd.testing.assert_frame_equal(table, reports.read(str(made / "toy")))
    pd.testing.assert_frame_equal(table, reports.read([made, made / "toy/mtl"]))
    assert len(reports.read(made / "toy/mtl/03-0")) == 12
    assert set(table["fold"]) == {"03", "08", "10"}


def test_unfinished_and_hidden_folders_do_not_count(runs, table):
    for name in ("11-0.partial", ".11-0"):
        shutil.copytree(runs / "toy/mtl/03-0", runs / "toy/mtl" / name)
    pd.testing.assert_frame_equal(reports.read(runs), table)
    with pytest.raises(FileNotFoundError, match="at least one complete run"):
        reports.read(runs / "toy/mtl/11-0.partial")


# === What is refused ===


def test_missing_folders_and_files_are_named(runs, tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere, which is no folder"):
        reports.read(tmp_path / "nowhere")
    (runs / "toy/mtl/03-0/metrics.json").unlink()
    with pytest.raises(FileNotFoundError, match="must hold metrics.json.*03-0"):
        reports.build(runs, tmp_path)
    (runs / "toy/mtl/08-0/predictions.csv").unlink()
    with pytest.raises(FileNotFoundError, match="must hold predictions.csv.*08-0"):
        reports.read(runs)


@pytest.mark.parametrize(
    "change, words",
    [
        (lambda t: t.drop(columns=["head", "speaker"]), r"\['speaker', 'head'\]"),
        (lambda t: t[:0], "0 rows"),
        (lambda t: t.assign(prediction=""), "value of `prediction` in each row"),
        (lambda t: t.assign(fold=["03"] * 11 + ["08"]), "one run"),
        (lambda t: t.assign(repeat="first"), "a whole number as `repeat`"),
        (lambda t: t.assign(truth="joy"), r"p_ columns.*Received: \['joy'\]"),
        (lambda t: t.assign(p_anger="high"), "numbers in `p_anger`. Received: text"),
        (lambda t: t.assign(p_anger=[None] + [0.5] * 11), "a probability of each"),
    ],
)
def test_bad_predictions_are_refused_by_name(change, words, tmp_path):
    folder = write(tmp_path, predictions("mtl", "03"))
    change(predictions("mtl", "03")).to_csv(folder / "predictions.csv", index=False)
    with pytest.raises(ValueError, match=f"(?s)predictions.csv must hold.*{words}"):
        reports.read(tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00broken", b'a,b\n"1,2\n3', b"a,b\n1,2,3\n4,5,6\n"]
)
def test_corrupt_predictions_are_refused_by_name(content, tmp_path):
    folder = write(tmp_path, predictions("mtl", "03"))
    (folder / "predictions.csv").write_bytes(content)
    with pytest.raises(ValueError, match="predictions.csv must hold a CSV.*Delete"):
        reports.read(tmp_path)


def test_a_line_cut_short_is_refused(tmp_path):
    path = write(tmp_path, predictions("mtl", "03")) / "predictions.csv"
    for size in (-8, -40):
        path.write_bytes(path.read_bytes()[:size])
        with pytest.raises(ValueError, match="predictions.csv must hold a"):
            reports.read(tmp_path)


def test_utterances_predicted_twice_are_refused(runs, tmp_path):
    shutil.copytree(runs / "toy/mtl/03-0", tmp_path / "copy/03-0")
    with pytest.raises(ValueError, match="12 predicted again, the first with.*fold=03"):
        reports.read([runs, tmp_path / "copy"])


def changed(table: pd.DataFrame, path: str, value) -> dict:
    """Settings of a run with one of them changed."""
    config = config_of(table)
    *parents, last = path.split(".")
    node = config
    for name in parents:
        node = node[name]
    node[last] = value
    return config


@pytest.mark.parametrize(
    "path, value",
    [
        ("training.epochs", 5),
        ("training.precision", "mixed_bfloat16"),
        ("features.normalise", "speaker"),
        ("corpus", "ravdess"),
        ("protocol_arguments", {"folds": 3}),
        ("systems.mtl.arguments", {"center": False}),
    ],
)
def test_runs_with_other_settings_are_refused(path, value, runs):
    table = predictions("mtl", "03")
    write(runs, table, config=changed(table, path, value))
    with pytest.raises(ValueError, match="another name or `--out`") as error:
        reports.read(runs)
    *_, received = str(error.value).partition("Received: ")
    assert received.startswith(f"{path}=") and repr(value) in received
    assert str(runs / "toy/mtl/03-0") in received and received.count("toy/") == 2


def test_settings_of_the_run_and_absent_ones_may_differ(runs, tmp_path):
    config = config_of(predictions("mtl", "03"))
    del config["training"]["batch"], config["data"]
    config["systems"]["mtl"]["denoising"] = False  # the others are of an older version
    write(runs, predictions("mtl", "03"), config=config)
    table = predictions("extra", "03")
    config = config_of(table)
    config["systems"]["extra"] |= {"unlabelled": True, "arguments": {"filters": 8}}
    config["unlabelled"] = "librispeech"
    config["training"]["unlabelled"] = 2
    write(runs, table, config=config)
    text = markdown(runs, tmp_path)
    assert "Unlabelled rows to a labelled row: 2." in text
    assert rows_of(text, "toy: systems")["extra"][1] == "filters=8"
    assert rows_of(text, "toy: systems")["extra"][-1] == "librispeech"
    other = predictions("extra", "08")
    write(runs, other, config={**config, "unlabelled": "emodb"})
    with pytest.raises(ValueError, match="unlabelled='librispeech' and 'emodb'"):
        reports.read(runs)


def test_systems_of_an_experiment_may_hear_other_unlabelled_speech(runs, tmp_path):
    table = predictions("few_20", "03")
    config = config_of(table)
    config["systems"]["few_20"] |= {"unlabelled": True, "label_fraction": 0.2}
    write(runs, table, config={**config, "unlabelled": ""})
    table = predictions("few_60", "03")
    config = config_of(table)
    config["systems"]["few_60"] |= {"unlabelled": True, "label_fraction": 0.6}
    write(runs, table, config={**config, "unlabelled": "librispeech"})
    rows = rows_of(markdown(runs, tmp_path), "toy: systems")
    assert rows["mtl"][-2] == "no"
    assert rows["few_20"][-2] == "the other training utterances"
    assert rows["few_60"][-2] == "librispeech, the other training utterances"


def test_a_run_without_readable_settings_is_refused(tmp_path):
    folder = write(tmp_path, predictions("mtl", "03"))
    (folder / "config.json").write_text('{"systems": {"baseline": {}}}')
    with pytest.raises(ValueError, match="config.json must hold.*`systems`.*'mtl'"):
        reports.read(tmp_path)
    config = config_of(predictions("mtl", "03"))
    (folder / "config.json").write_text(json.dumps({**config, "training": 3}))
    with pytest.raises(ValueError, match="config.json must hold an object as `train"):
        reports.read(tmp_path)
    (folder / "config.json").unlink()
    with pytest.raises(FileNotFoundError, match="must hold config.json.*03-0"):
        reports.read(tmp_path)


def test_an_utterance_in_two_folds_of_a_repeat_is_refused(tmp_path):
    table = predictions("mtl", "03")
    write(tmp_path, table)
    write(tmp_path, table.assign(fold="08", repeat=1))
    assert len(reports.read(tmp_path)) == 24
    write(tmp_path, table.assign(fold="8"))
    with pytest.raises(ValueError, match="12 tested again, the first in folds 03, 8"):
        reports.read(tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"epoch\n", b'a,b\n"1,2\n3', b"\xff\xfe\x00x"]
)
def test_a_damaged_history_is_refused_by_name(content, tmp_path):
    folder = write(tmp_path / "runs", predictions("mtl", "03"))
    (folder / "history.csv").write_bytes(content)
    with pytest.raises(ValueError, match="history.csv must hold a CSV file.*Delete"):
        markdown(tmp_path / "runs", tmp_path)


def test_no_labelled_emotion_and_unknown_formats_are_refused(tmp_path):
    write(tmp_path, predictions("mtl", "03", head="gender"))
    with pytest.raises(ValueError, match=r"head `emotion`.*\['gender'\]"):
        reports.build(tmp_path, tmp_path / "out")
    for formats in (["md", "pdf"], "md"):
        with pytest.raises(ValueError, match="`formats` must be a list of any of"):
            reports.build(tmp_path, tmp_path / "out", formats)
    assert not (tmp_path / "out").exists()


def test_metrics_without_what_is_needed_are_refused(tmp_path):
    folder = write(tmp_path, predictions("mtl", "03"))
    (folder / "metrics.json").write_text('{"epoch": 3}')
    with pytest.raises(ValueError, match=r"metrics.json must hold an object with"):
        reports.build(tmp_path, tmp_path / "out")
    (folder / "metrics.json").write_text("{")
    with pytest.raises(ValueError, match="metrics.json"):
        reports.build(tmp_path, tmp_path / "out")


def test_skipped_utterances_are_counted_once_and_named(tmp_path):
    for system in ("baseline", "mtl"):
        folder = write(tmp_path / "runs", predictions(system, "03"))
        if system == "mtl":
            lines = ["utterance,file,reason", 'b,b.wav,"cut, or so"', "a,a.wav,silent"]
            (folder / "skipped.csv").write_text("\n".join(lines))
    found = markdown(tmp_path / "runs", tmp_path / "report")
    assert "unusable" not in found
    assert "usable audio: 2, in 1 of 2 runs: a, b (skipped.csv" in found


def test_nothing_skipped_is_said(text):
    assert "Utterances skipped for want of usable audio: none." in text


def test_a_damaged_list_of_skipped_utterances_is_refused(tmp_path):
    folder = write(tmp_path / "runs", predictions("mtl", "03"))
    (folder / "skipped.csv").write_text("nothing\n1\n")
    with pytest.raises(ValueError, match="skipped.csv must hold a CSV file with"):
        markdown(tmp_path / "runs", tmp_path / "report")


def test_a_protocol_that_lets_test_speakers_select_is_told_and_no_error(tmp_path):
    sides = {"train": ["x"], "dev": ["emodb/03"], "test": ["emodb/03"]}
    write(tmp_path / "runs", predictions("mtl", "03"), speakers=sides)
    (path,) = (tmp_path / "runs").rglob("metrics.json")
    metrics = json.loads(path.read_text())
    path.write_text(json.dumps({**metrics, "test_speakers_select": True}))
    text = markdown(tmp_path / "runs", tmp_path)
    assert reports.shared_speakers(tmp_path / "runs") == []
    assert "speakers who are tested chose the epoch" in text
    assert "in fold 03: its scores are too good" in text
    assert "none (" not in text
