"""The configs of the papers' tables on toy corpora with the layout of the real ones."""

import itertools
from pathlib import Path

import numpy as np
import pytest
import soundfile

from keras_ser import experiments, reports
from keras_ser.experiments import inputs, plan
from keras_ser.experiments.config_file import load_config

CONFIGS = Path(__file__).parents[2] / "configs"
LETTERS = {"anger": "ang", "happiness": "hap", "neutral": "neu", "sadness": "sad"}
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


def write_noise(path: Path, emotion: str, seed: int) -> None:
    """Writes noise, which is louder for more aroused emotions."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scale = 0.02 * (1 + list(LETTERS).index(emotion))
    wave = np.random.default_rng(seed).normal(scale=scale, size=8_000)
    soundfile.write(path, wave.clip(-1, 1), 16_000)


def write_iemocap(root: Path) -> Path:
    """Writes five sessions of two speakers in all emotions, and an undecided turn."""
    head = "% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]\n\n"
    seeds = itertools.count()
    for session in range(1, 6):
        lines, dialog = [], f"Ses0{session}F_impro01"
        turns = [(f"{g}00{n}", e) for g in "FM" for n, e in enumerate(LETTERS)]
        for turn, emotion in [*turns, ("F009", "")]:
            name = f"{dialog}_{turn}"
            folder = root / f"Session{session}" / "sentences" / "wav" / dialog
            write_noise(folder / f"{name}.wav", emotion or "neutral", next(seeds))
            letters = LETTERS.get(emotion, "xxx")
            lines.append(f"[6.29 - 8.23]\t{name}\t{letters}\t[2.5, 4.0, 1.5]\n")
        listed = root / f"Session{session}" / "dialog" / "EmoEvaluation"
        listed.mkdir(parents=True)
        (listed / f"{dialog}.txt").write_text(head + "\n".join(lines))
    return root


def write_msp_improv(root: Path) -> Path:
    """Writes six sessions of two speakers in all emotions."""
    lines, seeds = [], itertools.count(1000)
    for session in range(1, 7):
        for gender, (letter, emotion) in itertools.product(
            "FM", zip("AHNS", LETTERS, strict=True)
        ):
            name = f"IMPROV-S01{letter}-{gender}0{session}-S-FM01"
            folder = root / f"session{session}" / f"S01{letter}" / "S"
            write_noise(folder / f"MSP-{name}.wav", emotion, next(seeds))
            lines.append(
                f"UTD-{name}.avi; {letter}; A:2.0; V:3.0; D:3.0 ; N:3.0;\n"
                "Rater-1; Neutral; Calm,; A:3.0; V:3.0; D:3.0; N:4.0;\n"
            )
    (root / "Evalution.txt").write_text("\n".join(lines))
    return root


def write_librispeech(root: Path) -> Path:
    """Writes two utterances of each of two women and two men."""
    lines, subset = [";ID | SEX | SUBSET"], root / "train-clean-100"
    for number, gender in enumerate("FMFM", start=11):
        lines.append(f"{number}  | {gender} | train-clean-100")
        for place in range(2):
            file = subset / f"{number}" / "1" / f"{number}-1-000{place}.flac"
            write_noise(file, "neutral", 100 * number + place)
    (root / "SPEAKERS.TXT").write_text("\n".join(lines))
    return root


@pytest.fixture(scope="module")
def roots(tmp_path_factory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("corpora")
    (folder / "msp_improv").mkdir()
    return {
        "iemocap": str(write_iemocap(folder / "iemocap")),
        "msp_improv": str(write_msp_improv(folder / "msp_improv")),
        "librispeech": str(write_librispeech(folder / "librispeech")),
    }


def planned(name: str, roots, out, folds=()):
    """Plans the jobs of a config, on all of its folds or on some."""
    loaded = load_config(CONFIGS / f"{name}.py")
    tables = inputs.read_tables(loaded, roots, out)
    return plan.plan_jobs(loaded, *tables, out, folds=folds)


@pytest.mark.parametrize(
    ("name", "folds"),
    [
        ("mtl_aug/table2", 10 + 12),
        ("mtl_aug/table7", 22),
        ("mtl_aug/figure2", 10),
        ("robust_densenet/table1", 22),
        ("robust_densenet/table3", 10),
        ("ss_aae/table2", 22),
        ("ss_aae/table3", 22),
        ("ss_aae/figure2", 22),
    ],
)
def test_speakers_of_each_corpus_are_left_out_in_turn(roots, tmp_path, name, folds):
    jobs = planned(name, roots, tmp_path)
    found = {job.fold.name: job.fold for job in jobs}
    assert len(found) == folds
    for fold in found.values():
        sides = fold.speakers()
        (tested,) = sides["test"]
        (partner,) = sides["dev"]  # of the session
        assert tested[:-1] == partner[:-1] or tested[-2:] == partner[-2:]
        assert len(fold.classes) == 4
        assert set(fold.train.corpus) == set(fold.tests["test"].corpus)
        assert len(set(fold.train.corpus)) == 1


def test_five_folds_test_a_session_each(roots, tmp_path):
    jobs = planned("ss_aae/table2_five_folds", roots, tmp_path)
    folds = {job.fold.name: job.fold for job in jobs}
    assert len(folds) == 5 + 5
    for name, fold in folds.items():
        sides = {
            side: {speaker[:-1] for speaker in speakers}
            for side, speakers in fold.speakers().items()
        }
        if name.startswith("iemocap"):  # one session tests, and another selects
            assert len(sides["test"]) == len(sides["dev"]) == 1
            assert sides["test"].isdisjoint(sides["dev"])


def test_ss_aae_has_librispeech_and_mtl_aug_only_speech_without_label(roots, tmp_path):
    found = planned("mtl_aug/figure3", roots, tmp_path, ["iemocap-01F"])
    jobs = {job.system: job for job in found}
    heard = {name: job.data.unlabelled for name, job in jobs.items()}
    assert set(heard["ss_aae"].corpus) >= {"librispeech"}
    assert "librispeech" not in set(heard["mtl_aug_20"].corpus)
    assert heard["mtl_aug_100"] is heard["baseline_20"] is None


@pytest.mark.parametrize(
    "name",
    [
        "mtl_aug/table3",
        "mtl_aug/table7_cross",
        "robust_densenet/figure2",
        "robust_densenet/table4",
    ],
)
def test_one_corpus_trains_and_the_other_is_tested(roots, tmp_path, name):
    (fold,) = {
        job.fold.name: job.fold for job in planned(name, roots, tmp_path)
    }.values()
    assert fold.name == "iemocap-msp_improv"
    assert set(fold.train.corpus) == {"iemocap"}
    assert set(fold.tests["test"].corpus) == set(fold.dev.corpus) == {"msp_improv"}
    assert set(fold.dev.gender) == {"female", "male"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "systems", "folds", "places"),
    [
        (
            "mtl_aug/table2",
            ("baseline", "mtl_aug"),
            "iemocap-01F,msp_improv-F01",
            ["iemocap", "msp_improv"],
        ),
        (
            "mtl_aug/table3",
            ("baseline", "mtl_aug"),
            "iemocap-msp_improv",
            ["iemocap → msp_improv"],
        ),
        (
            "robust_densenet/table1",
            ("cnn_lstm", "densenet_highway"),
            "iemocap-01F,msp_improv-F01",
            ["iemocap", "msp_improv"],
        ),
        (
            "ss_aae/table3",
            ("aae_gender", "ss_aae"),
            "iemocap-01F,msp_improv-F01",
            ["iemocap", "msp_improv"],
        ),
    ],
)
def test_a_table_runs_on_corpora_in_the_real_layout(
    roots, tmp_path, name, systems, folds, places
):
    folder = experiments.run(
        CONFIGS / f"{name}.py",
        corpora=roots,
        systems=systems,
        folds=folds.split(","),
        preset="small",
        overrides=["training.epochs=1"],
        out=tmp_path / "runs",
        cache=tmp_path / "cache",
    )
    assert list(reports.by_test_set(folder)) == places
    text = (folder / "report" / "report.md").read_text(encoding="utf-8")
    assert "published and measured" in text
    assert "†" not in text.partition("published and measured")[2].partition("##")[0]
