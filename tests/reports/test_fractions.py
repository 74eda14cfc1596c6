"""Tables and curves of systems with few labels."""

from toy_runs import make_config, predictions, report_text, table_rows, write

from keras_ser.reports.fractions import CAPTION


def test_few_labels_are_lines_over_their_share(tmp_path):
    for system, fraction in (
        ("mtl_aug_20", 0.2),
        ("mtl_aug_100", 1.0),
        ("base_20", 0.2),
    ):
        table = predictions("x" * round(10 * fraction), "1").assign(system=system)
        config = make_config(table, {"label_fraction": fraction})
        write(tmp_path / "runs", table, config)
    text = report_text(tmp_path / "runs", tmp_path, formats=("md", "png"))
    rows = table_rows(text, f"emodb: {CAPTION}")
    main = table_rows(text, "emodb, clean: scores")
    assert rows["20 %"] == [main["base_20"][3], main["mtl_aug_20"][3]]
    assert rows["100 %"] == ["–", main["mtl_aug_100"][3]]
    assert f"![{CAPTION}, with 95 % t intervals ‡](labels.png)" in text
    assert (tmp_path / "labels.png").read_bytes().startswith(b"\x89PNG")
    assert table_rows(text, "toy: systems")["base_20"][-1] == "20 %"


def test_each_system_has_its_cell_at_its_share(tmp_path):
    fractions = {"x": 0.2, "x_20": 0.2, "x_2.5": 0.025, "x_0.5": 0.005}
    for system, fraction in fractions.items():
        table = predictions("xy", "1").assign(system=system)
        write(
            tmp_path / "runs", table, make_config(table, {"label_fraction": fraction})
        )
    text = report_text(tmp_path / "runs", tmp_path)
    rows = table_rows(text, f"emodb: {CAPTION}")
    assert list(rows)[-3:] == ["0.5 %", "2.5 %", "20 %"]
    assert [sum(cell != "–" for cell in rows[name]) for name in list(rows)[-3:]] == [
        *(1, 1),
        2,
    ]


def test_lines_of_few_labels_have_the_same_folds(tmp_path):
    """The speakers at 20 % are those at 100 %; a system of 100 % alone is no line."""
    folds = {"mtl_aug_20": "12", "mtl_aug": "123", "svm": "123"}
    for system, fraction in (("mtl_aug_20", 0.2), ("mtl_aug", 1.0), ("svm", 1.0)):
        for fold in folds[system]:
            table = predictions("x" * int(fold), fold).assign(system=system)
            config = make_config(table, {"label_fraction": fraction})
            write(tmp_path / "runs", table, config)
    text = report_text(tmp_path / "runs", tmp_path)
    note = "Left out because not all of these systems have them: fold 3 repeat 0."
    assert note in text
    rows = table_rows(text, f"emodb: {CAPTION}")
    common = table_rows(text, "emodb, clean: scores on the common folds")
    assert rows["20 %"] == [common["mtl_aug_20"][3]]
    assert rows["100 %"] == [common["mtl_aug"][3]]


def test_repeats_have_a_deviation_that_the_caption_names(tmp_path):
    for system, fraction in (("mtl_aug_20", 0.2), ("mtl_aug", 1.0)):
        for repeat in (0, 1):
            table = predictions(system, "3", repeat)
            config = make_config(table, {"label_fraction": fraction})
            write(tmp_path / "runs", table, config)
    text = report_text(tmp_path / "runs", tmp_path)
    caption = CAPTION.replace("UAR %", "UAR % ± SD")
    assert " ± " in table_rows(text, f"emodb: {caption}")["20 %"][0]


def test_lines_without_a_common_fold_are_reported(tmp_path):
    table = predictions("x", "3").assign(system="mtl_aug_20")
    write(tmp_path / "runs", table, make_config(table, {"label_fraction": 0.2}))
    write(tmp_path / "runs", predictions("x", "1").assign(system="mtl_aug"))
    text = report_text(tmp_path / "runs", tmp_path)
    assert "These systems have no fold and repeat in common." in text


def test_all_labels_need_no_lines(cross_corpus_runs, tmp_path):
    assert "few labels" not in report_text(cross_corpus_runs, tmp_path)
