"""What is generated into the documents is what the code prints today."""

import importlib.util
import sys
from pathlib import Path

import pytest
from toy_runs import make_config, predicted, predictions, write

DOCS = Path(__file__).parents[1] / "docs"


@pytest.fixture(scope="module")
def generate():
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GENERATED = sorted(
    str(path.relative_to(DOCS))
    for path in DOCS.rglob("*.md")
    if "<!-- generate:" in path.read_text(encoding="utf-8")
)


def test_there_are_generated_documents():
    assert {"reference.md", "results.md"} <= set(GENERATED)


@pytest.mark.parametrize("name", GENERATED)
def test_a_document_is_up_to_date(generate, name):
    if name == "reference.md" and sys.version_info[:2] != (3, 11):
        pytest.skip("argparse words its help differently in other versions of Python")
    text = (DOCS / name).read_text(encoding="utf-8")
    assert generate.generated(text) == text, "run `python docs/generate.py`"


RESULTS = sorted(
    str(path.parent.relative_to(DOCS.parent / "results"))
    for path in (DOCS.parent / "results").rglob("report.md")
)


def test_every_folder_of_results_has_its_report(generate):
    folders = {generate._report_of(name) for name in generate._tables()}
    root = DOCS.parent / "results"
    assert folders == {root / name for name in RESULTS}
    names = {name.split("/")[0] for name in RESULTS}
    assert {path.name for path in root.iterdir()} == {
        *names,
        *(f"{name}.zip" for name in names),
    }


@pytest.mark.parametrize("name", RESULTS)
def test_a_report_of_results_is_up_to_date(generate, name):
    path = DOCS.parent / "results" / name / "report.md"
    table = name.replace("/report", "", 1)
    assert path.read_text(encoding="utf-8") == generate.report(table)


ROBUSTNESS_REPORTS = sorted(
    (DOCS.parent / "results").glob("*/robustness/robustness.csv.gz")
)


@pytest.mark.parametrize("path", ROBUSTNESS_REPORTS, ids=lambda path: path.parts[-3])
def test_a_robustness_report_is_up_to_date(generate, path):
    from keras_ser.reports import writing

    text = path.with_name("robustness.md").read_text(encoding="utf-8")
    assert text == writing.markdown(generate._robustness_report(path.parts[-3]))


def test_robustness_shows_the_tables_that_papers_have(generate, monkeypatch, tmp_path):
    """Of each level, the rows of the predictions; gains are in the whole report."""
    folder = tmp_path / "results" / "toy" / "robustness"
    folder.mkdir(parents=True)
    texts = ("clean", "noise:all:10", "noise:rain:10", "gain:-20", "fgsm:0.08")
    predicted("mtl_aug", texts).to_csv(folder / generate.ROBUSTNESS, index=False)
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    text = generate.robustness("toy")
    captions = [line.strip("*") for line in text.splitlines() if line.startswith("**")]
    assert [caption.split(":")[0] for caption in captions] == [
        "What is pooled",
        "UAR % by SNR (dB)",
        "UAR % by ε (standard deviations)",
        "Latif et al. 2022 (MTL-AUG), Table 5",
        "Latif et al. 2022 (MTL-AUG), Table 6",
    ]
    assert text.count("not of the paper's DEMAND") == 1
    assert "gain" not in text
    assert "noise: all" in text and "noise: rain" not in text


REPORT = """# Results: toy

**toy: systems**

## toy: one → two, clean

Not scored: 0.

**one → two: scores**

| a |

**one → two: UAR % of each fold**

| b |

## toy: two → one, clean

Not scored: 0.

**two → one: scores**

| c |

**two → one: UAR % of each repeat**

## toy: few labels

**one → two: UAR % against labels**

| d |

![curve](labels.png)

## Published figures of Table 4

**Table 4: UAR %**

| e |

## What selected the epoch

**toy: chosen epoch**

Speakers shared between train, dev and test: none (2 runs).
"""


TITLE = "What selected the epoch"


def test_scores_are_the_main_tables_of_every_place(generate, monkeypatch):
    monkeypatch.setattr(generate, "report", lambda name: REPORT)
    monkeypatch.setattr(generate, "_not_run", lambda name: ["Not run yet: x"])
    assert generate.scores("toy").split("\n\n") == [
        *("**one → two: scores**", "| a |", "**two → one: scores**", "| c |"),
        *("**one → two: UAR % against labels**", "| d |"),
        *("**Table 4: UAR %**", "| e |", "Not run yet: x"),
        "Speakers shared between train, dev and test: none (2 runs). "
        "All tables: [report](../results/toy/report/report.md).",
    ]


def test_a_section_has_no_pictures(generate, monkeypatch):
    monkeypatch.setattr(generate, "report", lambda name: REPORT)
    found = [generate.section(f"toy:{title}") for title in ("toy: few labels", TITLE)]
    assert found == [
        "**one → two: UAR % against labels**\n\n| d |",
        "**toy: chosen epoch**",
    ]
    with pytest.raises(ValueError, match="section `few` in the report of toy"):
        generate.section("toy:few")


@pytest.fixture
def pack(tmp_path):
    """Packs toy runs of systems on folds: the archive of a table."""
    from keras_ser import reports

    def packed(name, *jobs, **changes):
        for system, fold in jobs:
            table = predictions(system, "1", experiment=name).assign(
                fold=fold, utterance=[f"{fold}/{number}" for number in range(12)]
            )
            write(tmp_path / "runs", table, make_config(table, **changes))
        (path,) = reports.pack(tmp_path / "runs" / name, tmp_path / "results")
        return path

    return packed


def test_a_command_names_preset_and_corpora_of_its_runs(generate, pack):
    job = ("mtl_aug_librispeech", "ravdess-emodb")
    name = "table4_ravdess_emodb_small"
    archive = pack(name, job, corpus=["ravdess", "emodb"])
    ((_, loaded),) = generate._configs_of(archive.stem)
    system = loaded.systems["mtl_aug_librispeech"]
    assert generate._corpora_and_preset(archive, loaded, system) == [
        "--preset small",
        *("--corpus ravdess=DIR", "--corpus emodb=DIR", "--corpus librispeech=DIR"),
    ]


def test_parts_of_an_experiment_count_the_folds_that_all_have(generate, pack):
    jobs = [("a", "03"), ("a", "08"), ("b", "08"), ("c", "09")]
    archive = pack("toy", *jobs)

    def found(common):
        runs = generate._runs(archive, ["a", "b"], common)
        return [(run.system, run.fold) for run in runs]

    assert found(common=True) == jobs[1:3]
    assert found(common=False) == jobs[:3]
    for systems in (["a", "c"], ["d"]):
        with pytest.raises(ValueError, match="of a fold that all have. Received: none"):
            generate._runs(archive, systems, common=True)


def test_corrections_name_the_rows_that_they_concern(generate, pack, monkeypatch):
    archive = pack("toy", ("baseline", "03"), ("mtl", "03"))
    settings = {
        "baseline": {"objective": {}, "label_fraction": 0.2},
        "mtl": {"objective": {"center": 1e-3}},
    }
    runs = generate._read(archive)
    for run in runs:
        run.config["systems"][run.system] |= {"objective": {}} | settings[run.system]
    monkeypatch.setattr(generate, "_runs_of", lambda name: archive)
    assert generate._notes("toy") == []  # ran after the corrections
    monkeypatch.setattr(generate, "CORRECTED", ("toy",))
    centers, labels, noise = generate._notes("toy", has_noise=True)
    assert "class centers" in centers and "The rows of mtl were" in centers
    assert "labels" in labels and "The rows of baseline were" in labels
    assert "SNR" in noise and "The rows under noise were" in noise


def test_results_mark_every_table_that_a_correction_concerns(generate):
    text = (DOCS / "results.md").read_text(encoding="utf-8")
    listed = generate.corrections("")
    for name in generate._tables():
        notes = generate._notes(
            name, has_noise=generate._robustness_file(name).exists()
        )
        if f"<!-- generate: scores {name} -->" in text:  # not only parts of it
            assert all(note in text for note in notes)
        assert (f"`{name}`" in listed) == bool(notes)
    assert set(generate.CORRECTED) <= set(generate._tables())


def test_every_example_of_a_table_or_figure_is_listed_and_has_its_config(generate):
    folder = DOCS.parent / "examples"
    scripts = {path.name for path in folder.glob("*.py")} - {"quickstart.py"}
    named = {path.name: config for path, config, _ in generate._examples()}
    assert set(named) == scripts
    text = generate.examples("")
    for name, config in named.items():
        assert f"[{name}]({name})" in text
        family = config.parent.name
        assert name.startswith(f"{family}_")
        script = (folder / name).read_text(encoding="utf-8")
        assert f'"{family}"' in script and config.name in script


@pytest.mark.parametrize(
    ("family", "stem", "printed"),
    [
        ("mtl_aug", "table3", "iemocap>msp_improv: baseline 45.4, mtl_aug 47.2"),
        ("mtl_aug", "figure2", "drawn only"),
        ("robust_densenet", "table2", "not available"),
        ("robust_densenet", "figure2", "drawn only"),
        (
            "robust_densenet",
            "table1",
            "iemocap: cnn_lstm 62.1, densenet_highway 64.1; "
            "msp_improv: cnn_lstm 53.1, densenet_highway 56.2",
        ),
        (
            "ss_aae",
            "table2",
            "iemocap: cnn_multi 65.61, ss_aae 68.54; "
            "msp_improv: cnn_multi 59.31, ss_aae 63.81",
        ),
        (
            "ss_aae",
            "table3",
            "iemocap: aae_speaker 67.71, ss_aae 68.54; "
            "msp_improv: aae_speaker 62.65, ss_aae 63.81",
        ),
        ("ss_aae", "figure3", "drawn only"),
    ],
)
def test_an_example_shows_two_published_systems(generate, family, stem, printed):
    (loaded,) = (
        loaded
        for path, loaded in generate._configs()
        if path.parts[-2:] == (family, f"{stem}.py")
    )
    assert generate._published(f"{family}_{stem}.py", loaded) == printed


def test_examples_of_one_config_show_the_figures_of_their_own_table(generate):
    found = {path.name: loaded for path, _, loaded in generate._examples()}
    shown = {
        name: generate._published(f"in_the_wild_{name}.py", loaded)
        for name in ("table2", "table3", "figure2")
        for loaded in [found[f"in_the_wild_{name}.py"]]
    }
    assert "tess: baseline 49.48, gr_language 50.1;" in shown["table2"]
    assert "tess: baseline 49.48, gr_speaker_language 55.46;" in shown["table3"]
    assert shown["figure2"] == "drawn only"


def test_an_example_has_rows_of_the_runs_of_its_own_config(
    generate, pack, monkeypatch, tmp_path
):
    """Not of a config that has the same file name in another folder."""
    found = {path.name: (config, own) for path, config, own in generate._examples()}
    for name in ("densenet_figure2_emodb_small", "figure2_emodb_small"):
        pack(name, ("cnn_lstm", "03"), ("mtl_aug", "03"))
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    monkeypatch.setattr(generate, "_command", lambda name, archive: "command")
    monkeypatch.setattr(generate, "_made", lambda archive: "today")
    for family, start in (("mtl_aug", ""), ("robust_densenet", "densenet_")):
        name = f"{family}_figure2.py"
        (row,) = generate._rows_of_example(name, *found[name])
        assert f"[{name}]({name})" in row and "| drawn only |" in row
        assert f"(../results/{start}figure2_emodb_small/report/report.md)" in row


def test_no_command_names_a_corpus_without_a_name(generate):
    for path in generate.DOCUMENTS:
        assert "--corpus =" not in path.read_text(encoding="utf-8")


def test_blocks_are_written_anew(generate, monkeypatch):
    monkeypatch.setitem(generate.KINDS, "echo", lambda argument: f"said {argument}")
    text = "a\n<!-- generate: echo two -->\nold\n<!-- end -->\nb"
    assert "said two" in generate.generated(text)
    assert "old" not in generate.generated(text)


@pytest.mark.parametrize(
    ("name", "stems"),
    [
        ("emodb_four", ["emodb", "emodb_four"]),
        ("emodb_four_batch_norm/ablation", ["emodb_ablation"]),
        ("emodb_four_speaker", ["emodb_four", "emodb_speaker"]),
        ("emodb_seven_speaker", ["emodb_seven"]),
        ("table7_emodb_small", ["table7"]),
        ("table7_cross_ravdess_emodb_small", ["table7_cross"]),
        ("table77", []),
    ],
)
def test_results_find_the_configs_they_come_from(generate, name, stems):
    assert [path.stem for path, _ in generate._configs_of(name)] == stems


def test_one_document_alone_is_written(generate, tmp_path, monkeypatch, capsys):
    one, other = tmp_path / "one.md", tmp_path / "reports" / "other.md"
    one.write_text("old")
    made = {one: lambda: "new", other: lambda: pytest.fail("was not asked for")}
    monkeypatch.setattr(generate, "documents", lambda: made)
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    assert generate.main(["--check", str(one)]) == 1
    assert one.read_text() == "old" and "stale: one.md" in capsys.readouterr().out
    for expected in ("written: one.md", "written: none"):
        assert generate.main([str(one)]) == 0
        assert one.read_text() == "new" and expected in capsys.readouterr().out
    made[other] = lambda: "first"
    assert generate.main([]) == 0
    assert other.read_text() == "first"
    made[one] = lambda: one.write_text("by hand") and "newer"
    assert generate.main([str(one)]) == 1
    assert one.read_text() == "by hand"
    for words in (["nothing.md"], ["--chekc"]):
        with pytest.raises(SystemExit):
            generate.main(words)
