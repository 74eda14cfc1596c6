"""Finished runs under many conditions: computed once, on the speech of their tests."""

import dataclasses
import warnings

import keras
import numpy as np
import pandas as pd
import pytest
import soundfile

from keras_ser import corpora, evaluation
from keras_ser.experiments import plan, runner
from keras_ser.experiments.config import Experiment, Features, System, Training
from keras_ser.features import FeatureStore, LogMel
from keras_ser.features.preprocessing import Preprocessing
from keras_ser.inference import Recogniser
from keras_ser.models import BASELINE, MTLAug
from keras_ser.robustness import evaluate
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
    features=Features(settings={"bands": BANDS}, seconds=0.64),
    training=Training(epochs=1),
)
TEXTS = ["clean", "noise:rain:0", "fgsm:0.1", "gain:-20"]

pytestmark = pytest.mark.filterwarnings("ignore:Corpus `emodb` has")


def write_corpus(folder, noise):
    """Four speakers of EMO-DB, two emotions each, as noise."""
    for number, name in enumerate(("03", "08", "09", "10")):
        for place, letter in enumerate("WTW"):
            path = folder / "wav" / f"{name}a0{place + 1}{letter}a.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            wave = noise(0.4 + 0.1 * place, seed=10 * number + place)
            soundfile.write(path, wave * (0.05 if letter == "T" else 1.0), 16_000)
    return folder


def test_and_save(job, cache, folder, title, monitor):
    """Stands for a training: an untrained network, or no network at all."""
    keras.utils.set_random_seed(len(job.system))
    moments = np.full(BANDS, -8.0), np.full(BANDS, 3.0)
    preprocessing = Preprocessing(
        LogMel(bands=BANDS), job.fold.classes, 0.64, "train", *moments
    )
    model = MTLAug(job.fold.classes, bands=BANDS, **BASELINE)
    recogniser = Recogniser(model, preprocessing)
    if job.system != "length_probe":
        recogniser.save(folder / "model.keras")
    return evaluation.predictions(recogniser, job.fold.tests["test"]), {"epoch": 1}


test_and_save.__test__ = False


@pytest.fixture(scope="module")
def place(tmp_path_factory, noise):
    """Folders of the corpus, of noise, and of finished runs of two folds."""
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
    monkeypatch.setattr(robustness, "GAINS", (-20.0,))
    monkeypatch.setattr(robustness, "BANDS", ())
    monkeypatch.setattr(robustness, "_written_codecs", list)


@pytest.fixture
def evaluated(monkeypatch):
    """What is evaluated: texts of conditions, in their order."""
    calls, predictions = [], evaluation.predictions

    def noting(recogniser, table, conditions, *rest):
        calls.extend(conditions)
        return predictions(recogniser, table, conditions, *rest)

    monkeypatch.setattr(evaluation, "predictions", noting)
    return calls


def measure(place, out, runs=("baseline",), **options):
    given = {"noise": str(place / "noise"), "snr": (0.0,), "epsilon": (0.1,), **options}
    folders = [place / "runs" / "toy" / name for name in runs]
    roots = {"emodb": str(place / "emodb")}
    cache = place / "cache"
    return evaluate(folders, roots, out=out, cache=cache, progress=False, **given)


@pytest.fixture(scope="module")
def measured(place, tmp_path_factory):
    """The card of one system, measured once."""
    out = tmp_path_factory.mktemp("card")
    with pytest.MonkeyPatch.context() as patch:
        few_conditions.__wrapped__(patch)
        return measure(place, out)


def read(paths):
    return pd.read_csv(paths[0], dtype=str, keep_default_na=False)


def test_predictions_have_the_columns_of_the_format(place, measured):
    assert [path.name for path in measured] == [
        "robustness.csv",
        "robustness.md",
        "robustness.png",
    ]
    found = read(measured)
    run = place / "runs" / "toy" / "baseline" / "03-0"
    recorded = pd.read_csv(run / "predictions.csv", dtype=str, keep_default_na=False)
    assert list(found) == list(recorded)
    assert found.condition.unique().tolist() == TEXTS
    counts = found.groupby(["fold", "condition"]).size()
    assert len(counts) == 2 * len(TEXTS) and set(counts) == {3}


def test_the_clean_rows_are_those_of_the_run(place, measured):
    found = read(measured)
    clean = found[(found.condition == "clean") & (found.fold == "08")]
    run = place / "runs" / "toy" / "baseline" / "08-0"
    recorded = pd.read_csv(run / "predictions.csv", dtype=str, keep_default_na=False)
    columns = [name for name in clean if not name.startswith("p_")]
    pd.testing.assert_frame_equal(
        clean[columns].reset_index(drop=True), recorded[columns]
    )
    for name in ("p_anger", "p_sadness"):
        np.testing.assert_allclose(
            clean[name].astype(float), recorded[name].astype(float), atol=1e-5
        )


def test_conditions_are_not_without_effect(measured):
    found = read(measured).set_index(["condition", "utterance"]).p_anger.astype(float)
    for text in TEXTS[1:]:
        assert (found[text] - found["clean"]).abs().max() > 1e-6


def test_what_is_there_is_not_computed_again(place, measured, evaluated):
    out = measured[0].parent
    before = [path.read_bytes() for path in measured]
    assert measure(place, out) == measured
    assert not evaluated
    assert [path.read_bytes() for path in measured] == before


def test_a_level_more_is_all_that_is_computed(place, measured, evaluated, tmp_path):
    copied(measured, tmp_path)
    measure(place, tmp_path, snr=(0.0, 10.0))
    assert evaluated == ["noise:rain:10"] * 2  # folds


def test_other_noise_is_measured_anew(place, measured, evaluated, tmp_path, noise):
    copied(measured, tmp_path)
    (tmp_path / "other" / "rain").mkdir(parents=True)
    soundfile.write(tmp_path / "other" / "rain" / "a.wav", noise(1.0, seed=5), 16_000)
    measure(place, tmp_path, noise=f"noise={tmp_path / 'other'}")
    assert evaluated == ["noise:rain:0"] * 2


def copied(measured, folder):
    for path in (measured[0].parent / "parts").iterdir():
        target = folder / "parts" / path.name
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(path.read_bytes())


def test_an_interrupted_measurement_goes_on(place, measured, tmp_path, monkeypatch):
    predictions = evaluation.predictions

    def interrupted(recogniser, table, conditions, *rest):
        if conditions == ["gain:-20"]:
            raise KeyboardInterrupt
        return predictions(recogniser, table, conditions, *rest)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(evaluation, "predictions", interrupted)
        measure(place, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["parts"]
    parts = list((tmp_path / "parts").iterdir())
    assert len(parts) == 3 and not any(p.name.startswith(".") for p in parts)
    again = measure(place, tmp_path)
    for one, other in zip(again, measured, strict=True):
        assert one.read_bytes() == other.read_bytes()


def test_processes_score_runs_side_by_side(place, measured, tmp_path, evaluated):
    """Each writes its run's files; this process puts the card together."""
    paths = measure(place, tmp_path, workers=2)
    assert not evaluated
    files = [{path.name for path in (p.parent / "parts").iterdir()} for p in (
        paths[0], measured[0])]  # fmt: skip
    assert files[0] == files[1] and len(files[0]) == 2 * len(TEXTS)
    found, expected = read(paths), read(measured)
    columns = [name for name in found if not name.startswith("p_")]
    pd.testing.assert_frame_equal(found[columns], expected[columns])
    for name in ("p_anger", "p_sadness"):
        np.testing.assert_allclose(
            found[name].astype(float), expected[name].astype(float), atol=1e-4
        )


def test_a_run_that_cannot_be_scored_does_not_stop_the_other(place, tmp_path):
    runs = tmp_path / "runs"
    for fold in ("03", "08"):
        (runs / fold).mkdir(parents=True)
        for path in (place / "runs" / "toy" / "baseline" / f"{fold}-0").iterdir():
            if path.is_file():
                (runs / fold / path.name).write_bytes(path.read_bytes())
    (runs / "08" / "model.keras").write_bytes(b"no model")
    roots = {"emodb": str(place / "emodb")}
    options = {"epsilon": (), "cache": place / "cache", "progress": False, "workers": 2}
    with pytest.raises(ValueError, match="08/model.keras"):
        evaluate(runs, roots, out=tmp_path / "card", **options)
    parts = list((tmp_path / "card" / "parts").iterdir())
    assert [path.name for path in parts if path.suffix == ".log"] == ["1.log"]
    assert len(parts) == 1 + len(TEXTS) - 2  # without noise and attack


def test_systems_hear_the_same_and_stand_beside_each_other(place, tmp_path, evaluated):
    paths = measure(place, tmp_path, runs=("baseline", "other"), epsilon=())
    found = read(paths)
    assert set(found.system) == {"baseline", "other"}
    text = paths[1].read_text(encoding="utf-8")
    assert "| baseline | 03, 08 |" in text and "| other | 03, 08 |" in text
    # The second system adds no features to the store.
    store = FeatureStore(place / "cache" / "features", LogMel(bands=BANDS))
    assert not store.prepare(corpora_table(place, ("03", "08")), progress=False)
    assert len(evaluated) == 2 * 2 * 3


def corpora_table(place, speakers):
    table = corpora.read("emodb", place / "emodb")
    return table[table.speaker.str[-2:].isin(speakers)].reset_index(drop=True)


def test_systems_without_a_network_are_left_out(place, tmp_path):
    with pytest.warns(UserWarning, match="without a network.*: length_probe"):
        paths = measure(
            place, tmp_path, runs=("baseline", "length_probe"), noise="", epsilon=()
        )
    assert set(read(paths).system) == {"baseline"}
    with pytest.raises(FileNotFoundError, match="Expected runs of networks.*length_p"):
        measure(place, tmp_path, runs=("length_probe",))


def test_another_corpus_is_refused(place, tmp_path, noise):
    other = write_corpus(tmp_path / "emodb", noise)
    (other / "wav" / "03a01Wa.wav").rename(other / "wav" / "03a05Wa.wav")
    run = place / "runs" / "toy" / "baseline" / "03-0"
    with pytest.raises(ValueError, match="without 1 of 3, the first 'emodb/03a01Wa'"):
        evaluate(run, {"emodb": str(other)}, out=tmp_path / "o", progress=False)
    soundfile.write(other / "wav" / "03a01Wa.wav", noise(0.4, seed=77), 16_000)
    with pytest.raises(ValueError, match="other audio, speakers or emotions under"):
        evaluate(run, {"emodb": str(other)}, out=tmp_path / "o", progress=False)
    assert not (tmp_path / "o" / "parts").exists()


def test_predictions_that_changed_are_told(place, tmp_path):
    run = tmp_path / "toy" / "baseline" / "03-0"
    source = place / "runs" / "toy" / "baseline" / "03-0"
    run.mkdir(parents=True)
    for path in source.iterdir():
        if path.is_file():
            (run / path.name).write_bytes(path.read_bytes())
    frame = pd.read_csv(run / "predictions.csv", dtype=str)
    swapped = {"anger": "sadness", "sadness": "anger"}
    frame["prediction"] = frame.prediction.map(swapped)
    frame.to_csv(run / "predictions.csv", index=False)
    roots = {"emodb": str(place / "emodb")}
    with pytest.warns(UserWarning, match="3 of 3 clean predictions of .*03-0 are not"):
        paths = evaluate(
            str(run), roots, epsilon=(), cache=place / "cache", progress=False
        )
    assert paths[0] == run / "robustness" / "robustness.csv"  # the default


def test_kinds_are_those_of_the_noise(place):
    noise = robustness.read_noise(str(place / "noise"))
    texts = [each.text for each in robustness.measured(noise, ("all",), (5.0,), ())]
    assert texts == ["clean", "noise:all:5", "gain:-20"]
    for table, kinds in ((noise, ("fog",)), (None, ("rain",))):
        with pytest.raises(ValueError, match="`kinds` must be of the noise.*Received"):
            robustness.measured(table, kinds)
    assert robustness.read_noise("") is None


def test_all_conditions_of_a_card_can_be_written(monkeypatch):
    monkeypatch.undo()
    texts = [each.text for each in robustness.measured()]
    assert texts[0] == "clean" and len(set(texts)) == len(texts)
    for text in ("fgsm:0.02", "pgd:0.3", "gain:-20", "band:4000", "codec:opus:1"):
        assert text in texts


def test_the_report_takes_runs_under_conditions(place, tmp_path, monkeypatch):
    """A run of five conditions: each has its section, `clean` the first."""
    from keras_ser import reports

    conditions = ("clean", "gain:-20", "gain:-10", "band:2000", "fgsm:0.1")
    config = dataclasses.replace(
        CONFIG, conditions=conditions, systems={"baseline": CONFIG.systems["baseline"]}
    )

    def test_and_save_under(job, cache, folder, *_):
        frame, found = test_and_save(job, cache, folder, "", False)
        recogniser = Recogniser.load(folder)
        tested = job.fold.tests["test"]
        return evaluation.predictions(recogniser, tested, conditions), found

    monkeypatch.setattr(runner, "_train_and_test", test_and_save_under)
    table = corpora.read("emodb", place / "emodb")
    for job in plan.plan_jobs(config, table, None, tmp_path / "runs"):
        runner.run_job(job, tmp_path / "cache")
    paths = reports.build(tmp_path / "runs", tmp_path / "report", formats=("md", "tex"))
    text = paths[0].read_text(encoding="utf-8")
    found = [line for line in text.splitlines() if line.startswith("## toy: ")]
    assert found == [f"## toy: emodb, {text}" for text in (
        "clean", "band:2000", "fgsm:0.1", "gain:-10", "gain:-20")]  # fmt: skip
