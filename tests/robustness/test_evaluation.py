"""Finished runs under many conditions: scored once, on their own test speech."""

import dataclasses
import warnings

import keras
import numpy as np
import pandas as pd
import pytest
import soundfile
import toy_models

from keras_ser import corpora, evaluation
from keras_ser.experiments import plan, runner
from keras_ser.experiments.config import Experiment, Features, System, Training
from keras_ser.features import FeatureStore, LogMel
from keras_ser.features.preprocessing import Preprocessing
from keras_ser.inference import Recogniser
from keras_ser.models import BASELINE, MTLAug
from keras_ser.robustness import evaluate, finished_runs
from keras_ser.robustness import evaluation as robustness

BANDS = 16
CONFIG = Experiment(
    "toy",
    "emodb",
    {
        "baseline": System(arguments=BASELINE, augment=()),
        "other": System(arguments=BASELINE, augment=()),
        "length_probe": System("LengthProbe", augment=()),
    },
    features=Features(settings={"n_mels": BANDS}, seconds=0.64),
    training=Training(epochs=1),
)
TEXTS = ["clean", "noise:rain:0", "fgsm:0.1", "gain:-20"]

pytestmark = pytest.mark.filterwarnings("ignore:Corpus `emodb` has")


def write_corpus(folder, noise):
    """Four speakers of EMO-DB, two emotions each, as noise."""
    for number, name in enumerate(("03", "08", "09", "10")):
        for take, letter in enumerate("WTW"):
            path = folder / "wav" / f"{name}a0{take + 1}{letter}a.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            wave = noise(0.4 + 0.1 * take, seed=10 * number + take)
            soundfile.write(path, wave * (0.05 if letter == "T" else 1.0), 16_000)
    return folder


def test_and_save(job, cache, folder, title, monitor):
    """Replaces a training: saves an untrained network, or no network at all."""
    keras.utils.set_random_seed(len(job.system))
    moments = np.full(BANDS, -8.0), np.full(BANDS, 3.0)
    preprocessing = Preprocessing(
        LogMel(n_mels=BANDS), job.fold.classes, 0.64, "train", *moments
    )
    model = MTLAug(job.fold.classes, dimensions=BANDS, **BASELINE)
    recogniser = Recogniser(model, preprocessing)
    if job.system != "length_probe":
        recogniser.save(folder / "model.keras")
    return predict_tests(recogniser, job), {"epoch": 1}


def predict_tests(recogniser, job, conditions=("clean",)):
    """The predictions of all test tables of a fold, as a training returns them."""
    return pd.concat(
        evaluation.predictions(recogniser, table, conditions).assign(test=name)
        for name, table in job.fold.tests.items()
    )


test_and_save.__test__ = False


@pytest.fixture(scope="module")
def folder(tmp_path_factory, noise):
    """A folder with a corpus, noise, and finished runs of two folds."""
    folder = tmp_path_factory.mktemp("robustness")
    write_corpus(folder / "emodb", noise)
    (folder / "noise" / "rain").mkdir(parents=True)
    soundfile.write(folder / "noise" / "rain" / "a.wav", noise(1.0, seed=99), 16_000)
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        patch.setattr(runner, "_train_and_test", test_and_save)
        table = corpora.read("emodb", folder / "emodb")
        planned = plan.plan_jobs(
            CONFIG, table, None, folder / "runs", folds=["03", "08"]
        )
        for job in planned:
            runner.run_job(job, folder / "cache")
    return folder


@pytest.fixture(autouse=True)
def few_conditions(monkeypatch):
    monkeypatch.setattr(robustness, "ATTACKS", ("fgsm",))
    monkeypatch.setattr(robustness, "GAINS_DB", (-20.0,))
    monkeypatch.setattr(robustness, "BANDS_HZ", ())
    monkeypatch.setattr(robustness, "_writable_codecs", list)


@pytest.fixture
def evaluated(monkeypatch):
    """The texts of the conditions that are evaluated, in their order."""
    calls, predictions = [], evaluation.predictions

    def record(recogniser, table, conditions, *rest):
        calls.extend(conditions)
        return predictions(recogniser, table, conditions, *rest)

    monkeypatch.setattr(evaluation, "predictions", record)
    return calls


def measure(folder, out, runs=("baseline",), **options):
    noise = str(folder / "noise")
    given = {"noise": noise, "snr": (0.0,), "epsilon": (0.1,), **options}
    folders = [folder / "runs" / "toy" / name for name in runs]
    given |= {"out": out, "cache": folder / "cache", "progress": False}
    return evaluate(folders, {"emodb": str(folder / "emodb")}, **given)


@pytest.fixture(scope="module")
def measured(folder, tmp_path_factory):
    """The robustness report of one system, measured once."""
    out = tmp_path_factory.mktemp("report")
    with pytest.MonkeyPatch.context() as patch:
        few_conditions.__wrapped__(patch)
        return measure(folder, out)


def read(paths):
    return pd.read_csv(paths[0], dtype=str, keep_default_na=False)


def test_predictions_have_the_columns_of_the_format(folder, measured):
    assert [path.name for path in measured] == [
        "robustness.csv",
        "robustness.md",
        "robustness.png",
    ]
    found = read(measured)
    run = folder / "runs" / "toy" / "baseline" / "03-0"
    recorded = pd.read_csv(run / "predictions.csv", dtype=str, keep_default_na=False)
    assert list(found) == list(recorded)
    assert found.condition.unique().tolist() == TEXTS
    counts = found.groupby(["fold", "condition"]).size()
    assert len(counts) == 2 * len(TEXTS) and set(counts) == {3}


def test_the_clean_rows_are_those_of_the_run(folder, measured):
    found = read(measured)
    clean = found[(found.condition == "clean") & (found.fold == "08")]
    run = folder / "runs" / "toy" / "baseline" / "08-0"
    recorded = pd.read_csv(run / "predictions.csv", dtype=str, keep_default_na=False)
    columns = [name for name in clean if not name.startswith("p_")]
    pd.testing.assert_frame_equal(
        clean[columns].reset_index(drop=True), recorded[columns]
    )
    for name in ("p_anger", "p_sadness"):
        np.testing.assert_allclose(
            clean[name].astype(float), recorded[name].astype(float), atol=1e-5
        )


def test_every_condition_has_an_effect(measured):
    found = read(measured).set_index(["condition", "utterance"]).p_anger.astype(float)
    for text in TEXTS[1:]:
        assert (found[text] - found["clean"]).abs().max() > 1e-6


def test_finished_conditions_are_not_computed_again(folder, measured, evaluated):
    out = measured[0].parent
    before = [path.read_bytes() for path in measured]
    assert measure(folder, out) == measured
    assert not evaluated
    assert [path.read_bytes() for path in measured] == before


def test_only_a_new_level_is_computed(folder, measured, evaluated, tmp_path):
    copy_parts(measured, tmp_path)
    measure(folder, tmp_path, snr=(0.0, 10.0))
    assert evaluated == ["noise:rain:10"] * 2  # folds


def test_different_noise_is_measured(folder, measured, evaluated, tmp_path, noise):
    copy_parts(measured, tmp_path)
    (tmp_path / "other" / "rain").mkdir(parents=True)
    soundfile.write(tmp_path / "other" / "rain" / "a.wav", noise(1.0, seed=5), 16_000)
    measure(folder, tmp_path, noise=f"noise={tmp_path / 'other'}")
    assert evaluated == ["noise:rain:0"] * 2


def copy_parts(measured, folder):
    for path in (measured[0].parent / "parts").iterdir():
        target = folder / "parts" / path.name
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(path.read_bytes())


def test_an_interrupted_measurement_resumes(folder, measured, tmp_path, monkeypatch):
    predictions = evaluation.predictions

    def interrupted(recogniser, table, conditions, *rest):
        if conditions == ["gain:-20"]:
            raise KeyboardInterrupt
        return predictions(recogniser, table, conditions, *rest)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(evaluation, "predictions", interrupted)
        measure(folder, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["parts"]
    parts = list((tmp_path / "parts").iterdir())
    assert len(parts) == 3 and not any(p.name.startswith(".") for p in parts)
    again = measure(folder, tmp_path)
    for one, other in zip(again, measured, strict=True):
        assert one.read_bytes() == other.read_bytes()


def test_several_processes_score_runs(folder, measured, tmp_path, evaluated):
    """Each process writes the files of its run; this process writes the report."""
    paths = measure(folder, tmp_path, workers=2)
    assert not evaluated
    files = [
        {part.name for part in (path.parent / "parts").iterdir()}
        for path in (paths[0], measured[0])
    ]
    assert files[0] == files[1] and len(files[0]) == 2 * len(TEXTS)
    found, expected = read(paths), read(measured)
    columns = [name for name in found if not name.startswith("p_")]
    pd.testing.assert_frame_equal(found[columns], expected[columns])
    for name in ("p_anger", "p_sadness"):
        np.testing.assert_allclose(
            found[name].astype(float), expected[name].astype(float), atol=1e-4
        )


def test_a_run_that_cannot_be_scored_does_not_stop_the_other(folder, tmp_path):
    runs = tmp_path / "runs"
    for fold in ("03", "08"):
        (runs / fold).mkdir(parents=True)
        for path in (folder / "runs" / "toy" / "baseline" / f"{fold}-0").iterdir():
            if path.is_file():
                (runs / fold / path.name).write_bytes(path.read_bytes())
    (runs / "08" / "model.keras").write_bytes(b"no model")
    options = {"corpora": {"emodb": folder / "emodb"}, "out": tmp_path / "report"}
    options |= {"epsilon": (), "cache": folder / "cache", "workers": 2}
    with pytest.raises(ValueError, match="08/model.keras"):
        evaluate(runs, progress=False, **options)
    parts = list((tmp_path / "report" / "parts").iterdir())
    assert [path.name for path in parts if path.suffix == ".log"] == ["1.log"]
    assert len(parts) == 1 + len(TEXTS) - 2  # no noise, no attack


def test_systems_share_speech_features_and_report(folder, tmp_path, evaluated):
    paths = measure(folder, tmp_path, runs=("baseline", "other"), epsilon=())
    found = read(paths)
    assert set(found.system) == {"baseline", "other"}
    text = paths[1].read_text(encoding="utf-8")
    assert "| baseline | 03, 08 |" in text and "| other | 03, 08 |" in text
    # The second system adds no features to the store.
    store = FeatureStore(folder / "cache" / "features", LogMel(n_mels=BANDS))
    assert not store.prepare(corpora_table(folder, ("03", "08")), progress=False)
    assert len(evaluated) == 2 * 2 * 3


def corpora_table(folder, speakers):
    table = corpora.read("emodb", folder / "emodb")
    return table[table.speaker.str[-2:].isin(speakers)].reset_index(drop=True)


def test_systems_without_a_network_are_left_out(folder, tmp_path):
    with pytest.warns(UserWarning, match="without a network.*: length_probe"):
        paths = measure(
            folder,
            tmp_path,
            runs=("baseline", "length_probe"),
            noise="",
            snr=None,
            epsilon=(),
        )
    assert set(read(paths).system) == {"baseline"}
    with pytest.raises(FileNotFoundError, match="Expected runs of networks.*length_p"):
        measure(folder, tmp_path, runs=("length_probe",))


def test_a_different_corpus_is_rejected(folder, tmp_path, noise):
    other = write_corpus(tmp_path / "emodb", noise)
    (other / "wav" / "03a01Wa.wav").rename(other / "wav" / "03a05Wa.wav")
    run = folder / "runs" / "toy" / "baseline" / "03-0"
    with pytest.raises(ValueError, match="without 1 of 3, the first 'emodb/03a01Wa'"):
        evaluate(run, {"emodb": str(other)}, out=tmp_path / "o", progress=False)
    soundfile.write(other / "wav" / "03a01Wa.wav", noise(0.4, seed=77), 16_000)
    with pytest.raises(ValueError, match="different audio, speakers or emotions"):
        evaluate(run, {"emodb": str(other)}, out=tmp_path / "o", progress=False)
    assert not (tmp_path / "o" / "parts").exists()


def test_a_warning_counts_predictions_that_changed(folder, tmp_path):
    run = tmp_path / "toy" / "baseline" / "03-0"
    source = folder / "runs" / "toy" / "baseline" / "03-0"
    run.mkdir(parents=True)
    for path in source.iterdir():
        if path.is_file():
            (run / path.name).write_bytes(path.read_bytes())
    recogniser = Recogniser.load(run / "model.keras")
    kernel, bias = recogniser.model.get_layer("emotion").weights
    kernel.assign(-kernel), bias.assign(-bias)  # swaps the two classes
    recogniser.save(run / "model.keras")
    given = {"epsilon": (), "cache": folder / "cache", "progress": False}
    with pytest.warns(UserWarning, match="3 of 3 clean predictions of .*03-0 differ"):
        paths = evaluate(str(run), {"emodb": str(folder / "emodb")}, **given)
    assert paths[0] == run / "robustness" / "robustness.csv"  # the default


def test_each_test_table_of_a_fold_is_scored(folder, tmp_path, monkeypatch):
    """Two test tables that share an utterance; the classes of one are few."""
    table = corpora.read("emodb", folder / "emodb")
    (job,) = plan.plan_jobs(
        dataclasses.replace(CONFIG, systems={"other": CONFIG.systems["other"]}),
        table,
        None,
        tmp_path / "runs",
        folds=["03"],
    )
    whole = job.fold.tests["test"]
    tests = {"near": whole, "far": whole[:2].reset_index(drop=True)}
    job = dataclasses.replace(job, fold=dataclasses.replace(job.fold, tests=tests))
    monkeypatch.setattr(runner, "_train_and_test", test_and_save)
    runner.run_job(job, tmp_path / "cache")
    paths = evaluate(
        tmp_path / "runs",
        {"emodb": str(folder / "emodb")},
        epsilon=(),
        cache=folder / "cache",
        progress=False,
    )
    found = read(paths)
    counts = found.groupby(["condition", "test"])["utterance"].nunique()
    assert counts.to_dict() == {
        **{(text, "near"): 3 for text in ("clean", "gain:-20")},
        **{(text, "far"): 2 for text in ("clean", "gain:-20")},
    }
    recorded = read([job.folder / "predictions.csv"])
    assert list(found) == list(recorded)
    clean = found[found.condition == "clean"].sort_values(["test", "utterance"])
    recorded = recorded.sort_values(["test", "utterance"])
    assert clean.prediction.tolist() == recorded.prediction.tolist()
    text = paths[1].read_text(encoding="utf-8")
    assert "tested on emodb (far), emodb (near)" in text
    assert "| other, emodb (far) | 03 | 1 | 1 | 2 |" in text
    assert "| other, emodb (near) | 03 | 1 | 1 | 3 |" in text


def test_archives_hold_no_networks(folder, tmp_path):
    from keras_ser import reports

    (archive,) = reports.pack(folder / "runs" / "toy" / "baseline", tmp_path)
    with pytest.raises(FileNotFoundError, match="baseline, without.*archives hold"):
        evaluate(archive, {"emodb": str(folder / "emodb")}, progress=False)
    assert [path.name for path in tmp_path.iterdir()] == ["toy.zip"]


def test_kinds_are_those_of_the_noise(folder):
    noise = robustness.read_noise(str(folder / "noise"))
    texts = [
        each.text for each in robustness.list_conditions(noise, ("all",), (5.0,), ())
    ]
    assert texts == ["clean", "noise:all:5", "gain:-20"]
    for table, kinds in ((noise, ("fog",)), (None, ("rain",))):
        with pytest.raises(
            ValueError, match="`kinds` must be kinds of the given noise.*Received"
        ):
            robustness.list_conditions(table, kinds)
    assert robustness.read_noise("") is None


def test_all_conditions_of_the_report_have_a_text(monkeypatch):
    monkeypatch.undo()
    texts = [each.text for each in robustness.list_conditions()]
    assert texts[0] == "clean" and len(set(texts)) == len(texts)
    for text in ("fgsm:0.02", "pgd:0.3", "gain:-20", "band:4000", "codec:opus:1"):
        assert text in texts


def test_a_report_of_runs_has_a_section_per_condition(folder, tmp_path, monkeypatch):
    """The sections of five conditions, `clean` first."""
    from keras_ser import reports

    conditions = ("clean", "gain:-20", "gain:-10", "band:2000", "fgsm:0.1")
    config = dataclasses.replace(
        CONFIG, conditions=conditions, systems={"baseline": CONFIG.systems["baseline"]}
    )

    def test_and_save_under(job, cache, folder, *_):
        _, found = test_and_save(job, cache, folder, "", False)
        return predict_tests(Recogniser.load(folder), job, conditions), found

    monkeypatch.setattr(runner, "_train_and_test", test_and_save_under)
    table = corpora.read("emodb", folder / "emodb")
    for job in plan.plan_jobs(config, table, None, tmp_path / "runs"):
        runner.run_job(job, tmp_path / "cache")
    paths = reports.write(tmp_path / "runs", tmp_path / "report", formats=("md", "tex"))
    text = paths[0].read_text(encoding="utf-8")
    found = [line for line in text.splitlines() if line.startswith("## toy: ")]
    order = ("clean", "band:2000", "fgsm:0.1", "gain:-10", "gain:-20")
    assert found == [f"## toy: emodb, {condition}" for condition in order]


def test_ratios_without_noise_are_rejected(folder, tmp_path, evaluated):
    with pytest.raises(ValueError, match="`snr` .*needs noise.*Name a noise corpus"):
        measure(folder, tmp_path, noise="")
    assert evaluated == []


def test_published_figures_are_compared_before_anything_is_computed(
    folder, tmp_path, evaluated
):
    options = {"noise": "", "snr": None, "published": "mtl_aug:5"}
    with pytest.raises(ValueError, match="`published` must name figures under cond"):
        measure(folder, tmp_path, **options)
    assert evaluated == [] and not any(tmp_path.iterdir())


def test_runs_that_predict_numbers_first_are_not_attacked(
    folder, tmp_path, evaluated, monkeypatch
):
    """Their models are loaded like any others."""
    table = corpora.read("emodb", folder / "emodb")
    table["valence"] = np.where(table.emotion == "anger", -1.0, 0.5)
    system = System(toy_models.Valence, augment=())
    config = dataclasses.replace(CONFIG, systems={"valence": system})
    config = dataclasses.replace(config, training=Training(1, 2, monitor="ccc"))
    planned = plan.plan_jobs(config, table, None, tmp_path / "runs", folds=["03", "08"])
    for job in planned:
        runner.run_job(job, tmp_path / "cache")
    evaluated.clear()
    read_corpus = finished_runs.read_corpus
    monkeypatch.setattr(
        finished_runs,
        "read_corpus",
        lambda *given, **more: read_corpus(*given, **more).assign(
            valence=lambda rows: np.where(rows.emotion == "anger", -1.0, 0.5)
        ),
    )
    paths = evaluate(
        tmp_path / "runs",
        {"emodb": str(folder / "emodb")},
        cache=folder / "cache",
        progress=False,
    )
    assert evaluated == ["clean", "gain:-20"] * 2
    assert "CCC" in paths[1].read_text(encoding="utf-8")
