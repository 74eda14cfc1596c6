"""Scores of finished runs on their test speech under many conditions."""

import dataclasses
import functools
import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd
import tqdm

from keras_ser import __version__, audio, backend
from keras_ser.audio.noise import ALL, noise_kinds
from keras_ser.conditions import CODECS, Condition, parse, published_name
from keras_ser.conditions.degraded import can_write
from keras_ser.corpora import read as read_corpus
from keras_ser.experiments import registered
from keras_ser.protocols.fold import fingerprint
from keras_ser.reports.fold_means import mark
from keras_ser.reports.reading import read_runs
from keras_ser.reports.tasks import merge_heads
from keras_ser.robustness import report
from keras_ser.robustness.finished_runs import (
    RunWithSpeech,
    network_runs,
    warn_of_changes,
    with_test_speech,
)
from keras_ser.utils import csv_files, files, parallel
from keras_ser.utils.lists import as_list

NAME = report.NAME  # of the folder and of the files in it
SNRS_DB = (20.0, 15.0, 10.0, 5.0, 0.0)
EPSILONS = (0.02, 0.08, 0.3)  # standard deviations of a feature
ATTACKS = ("fgsm", "bim", "pgd")
GAINS_DB = (-20.0, -10.0, 10.0, 20.0)
BANDS_HZ = (6000.0, 4000.0, 2000.0)


def evaluate(
    runs: str | Path | Iterable[str | Path],
    corpora: Mapping[str, str | Path] | None = None,
    noise: str = "",
    kinds: str | Iterable[str] = (),
    snr: Iterable[float] | None = None,
    epsilon: Iterable[float] | None = None,
    published: str | Iterable[str] = (),
    out: str | Path | None = None,
    cache: str | Path = "cache",
    workers: int = 1,
    progress: bool = True,
) -> list[Path]:
    """Scores finished runs under noise, attacks, gain, band limits and lossy coding.

    Runs whose main head predicts numbers are not attacked.

    This is `keras-ser robustness`, with the same options. Predictions that are in the
    output folder are not computed again, unless the model, the speech, the noise or
    the version of the package has changed.

    Args:
        runs: Folders of runs of networks, or folders above them; see `reports.read`.
            Archives of runs hold no networks.
        corpora: The folder of each corpus. Corpora that are not named are read from
            `$KERAS_SER_CORPORA/<name>`.
        noise: Folder of a noise corpus that the reader `noise` can read, or
            `NAME=DIR` for another noise corpus, such as `demand=DIR`. Empty for no
            noise.
        kinds: Kinds of noise; default, all of them.
        snr: Signal-to-noise ratios in dB; default, `SNRS_DB`. They need `noise`.
        epsilon: Largest changes of a feature by attacks, in standard deviations;
            default, `EPSILONS`.
        published: Names of published figures to show next to the measured scores,
            such as `mtl_aug:5`.
        out: Folder to write to; default, `robustness` in the first of `runs`.
        cache: Folder of the feature store.
        workers: Number of processes. Each scores one run at a time. If there is only
            one run, they extract its features.
        progress: Whether to show a progress bar.

    Returns:
        The written files: `robustness.csv` with the columns of `predictions.csv`, the
        robustness report `robustness.md` with its figure `robustness.png`, and one
        figure per name in `published`.

    Raises:
        FileNotFoundError: If there is no finished run of a network, or no corpus.
        ValueError: If a corpus is not the one that a run was tested on, or if the
            settings of a condition are out of range, or if none of the `published`
            figures is of a condition that is measured.

    Example:

    >>> evaluate("runs/emodb_four/mtl_aug", noise="demand=/data/demand", workers=2)
    """
    backend.set_tensorflow_defaults()
    runs, kinds, published = as_list(runs), as_list(kinds), as_list(published)
    table = read_noise(noise)
    conditions = list_conditions(table, kinds, snr, epsilon)
    networks = network_runs(read_runs(runs))
    heads = merge_heads((run.folder, run.heads) for run in networks)
    if heads[0].has_numbers:  # an attack needs a true class
        conditions = [each for each in conditions if not each.is_attack]
    for name in published:  # raises before anything is computed
        report.check_published(name, [published_name(each.text) for each in conditions])
    out = files.writable_folder(out or Path(runs[0], NAME))
    found = with_test_speech(networks, corpora or {}, cache)
    settings = _Settings(conditions, table, out, Path(cache), workers)
    plans = [_Plan(run, _prediction_files(run, settings)) for run in found]
    _score_in_parallel(plans, settings, progress)
    total = len(found) * len(conditions)
    with tqdm.tqdm(total=total, desc="conditions", disable=not progress) as bar:
        parts = [part for plan in plans for part in _predictions(plan, settings, bar)]
    frame = pd.concat(parts, ignore_index=True).fillna("")
    with files.replacing(out / f"{NAME}.csv") as temporary:
        temporary.write_text(csv_files.to_text(frame), encoding="utf-8")
    corpus = "" if table is None else str(table["corpus"].iloc[0])
    written = report.write(mark(frame, networks), out, published, corpus, heads)
    return [out / f"{NAME}.csv", *written]


def read_noise(text: str) -> pd.DataFrame | None:
    """Reads the table of a noise corpus.

    Args:
        text: `DIR` or `NAME=DIR`, as for `evaluate`. Empty for no noise.

    Returns:
        The table, or None without noise.
    """
    if not text:
        return None
    name, equals, folder = text.rpartition("=")
    return read_corpus(name if equals else "noise", folder)


def list_conditions(
    noise: pd.DataFrame | None = None,
    kinds: Iterable[str] = (),
    snr: Iterable[float] | None = None,
    epsilon: Iterable[float] | None = None,
) -> list[Condition]:
    """The conditions of the robustness report, `clean` first.

    Args:
        noise: Table of the noise corpus, or None without noise.
        kinds, snr, epsilon: As for `evaluate`.

    Raises:
        ValueError: If a kind is not in the noise corpus, if a value is out of range, or
            if there are ratios without noise.
    """
    if noise is None and snr is not None:
        raise ValueError(
            "`snr` (--snr) needs noise to mix in. Received: ratios without `noise`. "
            "Name a noise corpus with `noise` (--noise), or leave out the ratios."
        )
    snr = SNRS_DB if snr is None else snr
    epsilon = EPSILONS if epsilon is None else epsilon
    kinds, known = tuple(kinds), () if noise is None else noise_kinds(noise)
    unknown = sorted(set(kinds) - {*known, ALL})
    if unknown:
        raise ValueError(
            f"`kinds` must be kinds of the given noise, {list(known)}, or {ALL!r}. "
            f"Received: {unknown}."
        )
    mixing = [("noise", kind, ratio) for kind in kinds or known for ratio in snr]
    attacks = [(name, size) for name in ATTACKS for size in epsilon]
    others = [("gain", value) for value in GAINS_DB]
    others += [("band", value) for value in BANDS_HZ]
    for name in _writable_codecs():
        others += [("codec", name), ("codec", name, 1.0)]
    texts = [":".join(map(str, each)) for each in (*mixing, *attacks, *others)]
    return list(dict.fromkeys(map(parse, ["clean", *texts])))


def _writable_codecs() -> list[str]:
    return [name for name in CODECS if can_write(name)]


@dataclasses.dataclass(frozen=True)
class _Settings:
    """What all runs of a robustness report share."""

    conditions: list[Condition]
    noise: pd.DataFrame | None
    out: Path
    cache: Path
    workers: int


@dataclasses.dataclass(frozen=True)
class _Plan:
    """A run, and the file of its predictions under each condition."""

    run: RunWithSpeech
    files: dict[Condition, Path]


def _prediction_files(run: RunWithSpeech, settings: _Settings) -> dict[Condition, Path]:
    """One file per condition. Its name hashes all that the predictions depend on."""
    model, found = audio.digest(run.folder / "model.keras"), {}
    speech = [[test, fingerprint(table)] for test, table in run.tables.items()]
    for condition in settings.conditions:
        key = condition.transform(settings.noise).key
        names = map(str, run.identity.values())
        identity = [__version__, *names, model, speech, condition.text, key]
        name = hashlib.blake2b(json.dumps(identity).encode(), digest_size=16)
        found[condition] = settings.out / "parts" / f"{name.hexdigest()}.csv"
    return found


def _score_in_parallel(plans: list[_Plan], settings: _Settings, progress: bool) -> None:
    """Scores runs in several processes; a single run is left to this process."""
    todo = [p for p in plans if not all(path.exists() for path in p.files.values())]
    workers = min(settings.workers, len(todo))
    if workers < 2:
        return
    _prepare([plan.run for plan in todo], settings)
    threads, own = parallel.threads_each(workers), registered.own_entries()
    calls = []
    for number, plan in enumerate(todo):
        system, fold, repeat = plan.run.system, plan.run.fold, plan.run.repeat
        log = settings.out / "parts" / f"{number}.log"
        score = functools.partial(
            registered.call_with, own, _score_in_process, plan, settings, threads
        )
        calls.append(parallel.Call(f"{number}: {system}/{fold}-{repeat}", score, log))
    parallel.run(calls, workers, progress=progress)


def _prepare(runs: list[RunWithSpeech], settings: _Settings) -> None:
    """Extracts the features of all runs under all conditions, with all processes."""
    from keras_ser.features import IDENTITY, FeatureStore
    from keras_ser.features.preprocessing import Preprocessing

    tables = {}
    for run in runs:
        path = run.folder / "preprocessing.json"
        if path.exists():  # otherwise the process that scores the run raises
            front_end = Preprocessing.load(path).front_end
            parts = tables.setdefault(repr(front_end), (front_end, []))[1]
            parts += run.tables.values()
    transforms = [each.transform(settings.noise) for each in settings.conditions]
    for front_end, parts in tables.values():
        store = FeatureStore(settings.cache / "features", front_end)
        table = pd.concat(parts).drop_duplicates("utterance")
        for transform in {each.key: each for each in transforms}.values():
            store.under(transform).prepare(
                table, [IDENTITY], settings.workers, progress=False
            )


def _score_in_process(plan: _Plan, settings: _Settings, threads: int) -> None:
    """Scores a run in a process of its own."""
    backend.set_threads(threads)
    _score(plan, dataclasses.replace(settings, workers=1))


def _score(plan: _Plan, settings: _Settings, bar=None) -> None:
    """Writes the predictions of a run that are missing, one file per condition."""
    evaluate = _Evaluation(plan.run, settings)
    for condition, path in plan.files.items():
        if not path.exists():
            with files.replacing(path) as temporary:
                frame = evaluate(condition)
                text = csv_files.to_text(frame, float_format="%.6f")
                temporary.write_text(text, encoding="utf-8")
        if bar is not None:
            bar.update()


def _predictions(plan: _Plan, settings: _Settings, bar) -> list[pd.DataFrame]:
    """The predictions of a run, one frame per condition."""
    _score(plan, settings, bar)
    paths = plan.files.values()
    parts = [pd.read_csv(path, dtype=str, keep_default_na=False) for path in paths]
    warn_of_changes(plan.run, parts[0])
    return parts


class _Evaluation:
    """Applies a run's model to its test speech. The model is loaded on first use."""

    def __init__(self, run: RunWithSpeech, settings: _Settings):
        self.run, self.settings = run, settings
        self._recogniser = None

    def __call__(self, condition: Condition) -> pd.DataFrame:
        """Predictions with the columns of `predictions.csv`."""
        from keras_ser import evaluation
        from keras_ser.features import FeatureStore
        from keras_ser.inference import Recogniser

        if self._recogniser is None:
            self._recogniser = Recogniser.load(self.run.folder)
        front_end = self._recogniser.preprocessing.front_end
        store = FeatureStore(self.settings.cache / "features", front_end)
        settings = self.settings
        parts = [
            evaluation.predictions(
                self._recogniser,
                table,
                [condition.text],
                store,
                settings.noise,
                settings.workers,
            ).assign(test=test)
            for test, table in self.run.tables.items()
        ]
        return self._with_run_columns(pd.concat(parts, ignore_index=True))

    def _with_run_columns(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Puts the columns that name the run in front of its predictions."""
        values = {**self.run.identity, "corpus": frame.pop("corpus")}
        values["test"] = frame.pop("test")
        order = ("experiment", "system", "corpus", "fold", "repeat", "test")
        for place, name in enumerate(order):
            frame.insert(place, name, values[name])
        return frame
