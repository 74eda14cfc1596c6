"""How far finished runs hold up: their test speech under many conditions."""

import dataclasses
import functools
import hashlib
import json
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd
import tqdm

from keras_ser import __version__, audio, backend
from keras_ser.audio.noise import ALL, kinds_of
from keras_ser.conditions import CODECS, Condition, parse
from keras_ser.corpora import read as read_corpus
from keras_ser.protocols.fold import fingerprint
from keras_ser.reports import published as printed
from keras_ser.reports.reading import read_runs
from keras_ser.robustness import report
from keras_ser.robustness.finished_runs import NAMES, Run, of_networks, runs_on
from keras_ser.utils import files, parallel

NAME = report.NAME  # of the folder and of the files in it
SNR = (20.0, 15.0, 10.0, 5.0, 0.0)  # dB
EPSILON = (0.02, 0.08, 0.3)
ATTACKS = ("fgsm", "bim", "pgd")
GAINS = (-20.0, -10.0, 10.0, 20.0)  # dB
BANDS = (6000.0, 4000.0, 2000.0)  # Hz


def evaluate(
    runs: str | Path | Iterable[str | Path],
    corpora: Mapping[str, str | Path] | None = None,
    noise: str = "",
    kinds: Iterable[str] = (),
    snr: Iterable[float] | None = None,
    epsilon: Iterable[float] | None = None,
    published: Iterable[str] = (),
    out: str | Path | None = None,
    cache: str | Path = "cache",
    workers: int = 1,
    progress: bool = True,
) -> list[Path]:
    """Scores finished runs under noise, attacks, gain, band limits and lossy coding.

    A run and condition that is in the folder already is not computed again, unless
    the model, the speech, the noise or the package are others now.

    Args:
        runs: folders of runs of networks, or above them; see `reports.read`.
        corpora: the folder of each corpus; others are sought at
            `$KERAS_SER_CORPORA/<name>`.
        noise: folder of noise, or `NAME=DIR` with a corpus that is not `noise`,
            `demand=DIR`; empty for none.
        kinds: of noise; default, all.
        snr: signal-to-noise ratios in dB; default, `SNR`.
        epsilon: sizes of attacks; default, `EPSILON`.
        published: figures that the card sets beside the measured ones, `mtl_aug:5`.
        out: folder; default `robustness` in the first of `runs`.
        cache: folder of the feature store.
        workers: processes, each of which scores one run at a time; of a single run,
            they compute the features.
        progress: whether to show a bar.

    Returns:
        The written files: `robustness.csv` with the columns of `predictions.csv`,
        the card `robustness.md` and its picture `robustness.png`, and a picture for
        each of `published`.

    Raises:
        FileNotFoundError: no finished run of a network, or no corpus.
        ValueError: a corpus is not the one that a run was tested on; settings of
            conditions that are out of range.
    """
    backend.set_tensorflow_defaults()
    runs = [runs] if isinstance(runs, str | Path) else list(runs)
    for name in published:  # say at once if there is none such
        printed.parse(name)
    table = read_noise(noise)
    conditions = measured(
        table,
        kinds,
        SNR if snr is None else snr,
        EPSILON if epsilon is None else epsilon,
    )
    out = files.writable_folder(out or Path(runs[0], NAME))
    tested = runs_on(of_networks(read_runs(runs)), corpora or {}, cache)
    settings = _Settings(conditions, table, out, Path(cache), workers)
    plans = [_Plan(each, _files_of(each, settings)) for each in tested]
    _side_by_side(plans, settings, progress)
    total = len(tested) * len(conditions)
    with tqdm.tqdm(total=total, desc="conditions", disable=not progress) as bar:
        parts = [part for plan in plans for part in _parts(plan, settings, bar)]
    frame = pd.concat(parts, ignore_index=True).fillna("")
    with files.replacing(out / f"{NAME}.csv") as temporary:
        frame.to_csv(temporary, index=False)
    mixed_in = "" if table is None else str(table["corpus"].iloc[0])
    return [out / f"{NAME}.csv", *report.write(frame, out, published, mixed_in)]


def read_noise(text: str) -> pd.DataFrame | None:
    """The table of `DIR`, a folder of noise, or of `NAME=DIR`; None of nothing."""
    if not text:
        return None
    name, equals, folder = text.rpartition("=")
    return read_corpus(name if equals else "noise", folder)


def measured(
    noise: pd.DataFrame | None = None,
    kinds: Iterable[str] = (),
    snr: Iterable[float] = SNR,
    epsilon: Iterable[float] = EPSILON,
) -> list[Condition]:
    """The conditions of a card, `clean` first; see `run`."""
    kinds, known = tuple(kinds), () if noise is None else kinds_of(noise)
    unknown = sorted(set(kinds) - {*known, ALL})
    if unknown:
        raise ValueError(
            f"`kinds` must be of the noise that is given, {list(known)}. "
            f"Received: {unknown}."
        )
    mixing = [("noise", kind, ratio) for kind in kinds or known for ratio in snr]
    attacks = [(name, size) for name in ATTACKS for size in epsilon]
    others = [("gain", value) for value in GAINS]
    others += [("band", value) for value in BANDS]
    for name in _written_codecs():
        others += [("codec", name), ("codec", name, 1.0)]
    texts = [":".join(map(str, each)) for each in (*mixing, *attacks, *others)]
    return list(dict.fromkeys(map(parse, ["clean", *texts])))


def _written_codecs() -> list[str]:
    import soundfile

    return [name for name, form in CODECS.items() if soundfile.check_format(*form)]


@dataclasses.dataclass(frozen=True)
class _Settings:
    """What all runs of a card share."""

    conditions: list[Condition]
    noise: pd.DataFrame | None
    out: Path
    cache: Path
    workers: int


@dataclasses.dataclass(frozen=True)
class _Plan:
    """The file of a run's predictions under each condition."""

    run: Run
    files: dict[Condition, Path]


def _files_of(run: Run, settings: _Settings) -> dict[Condition, Path]:
    """Named by all that the predictions depend on."""
    model = audio.digest(run.folder / "model.keras")
    speech, found = fingerprint(run.table), {}
    for condition in settings.conditions:
        key = condition.transform(settings.noise).key
        identity = [__version__, *run.names, model, speech, condition.text, key]
        name = hashlib.blake2b(json.dumps(identity).encode(), digest_size=16)
        found[condition] = settings.out / "parts" / f"{name.hexdigest()}.csv"
    return found


def _side_by_side(plans: list[_Plan], settings: _Settings, progress: bool) -> None:
    """Scores runs in several processes; a single one is left to this process."""
    todo = [p for p in plans if not all(path.exists() for path in p.files.values())]
    workers = min(settings.workers, len(todo))
    if workers < 2:
        return
    _prepare([plan.run for plan in todo], settings)
    threads = parallel.threads_each(workers)
    tasks = []
    for number, plan in enumerate(todo):
        _, system, fold, repeat = plan.run.names
        log = settings.out / "parts" / f"{number}.log"
        call = functools.partial(_score_apart, plan, settings, threads)
        tasks.append(parallel.Task(f"{number}: {system}/{fold}-{repeat}", call, log))
    parallel.run(tasks, workers, progress=progress)


def _prepare(tested: list[Run], settings: _Settings) -> None:
    """Features of all runs under all conditions of the waveform, by all processes."""
    from keras_ser.features import PLAIN, FeatureStore
    from keras_ser.features.preprocessing import Preprocessing

    tables = {}
    for each in tested:
        path = each.folder / "preprocessing.json"
        if path.exists():  # else its own process says what is wrong
            front_end = Preprocessing.load(path).front_end
            tables.setdefault(repr(front_end), (front_end, []))[1].append(each.table)
    transforms = [each.transform(settings.noise) for each in settings.conditions]
    for front_end, parts in tables.values():
        store = FeatureStore(settings.cache / "features", front_end)
        table = pd.concat(parts).drop_duplicates("utterance")
        for transform in {each.key: each for each in transforms}.values():
            store.under(transform).prepare(
                table, [PLAIN], settings.workers, progress=False
            )


def _score_apart(plan: _Plan, settings: _Settings, threads: int) -> None:
    """In a process of its own: whatever is absent of a run."""
    backend.set_threads(threads)
    _score(plan, dataclasses.replace(settings, workers=1))


def _score(plan: _Plan, settings: _Settings, bar=None) -> None:
    """Writes a run's predictions under each condition where they are absent."""
    evaluate = _Evaluation(plan.run, settings)
    for condition, path in plan.files.items():
        if not path.exists():
            with files.replacing(path) as temporary:
                frame = evaluate(condition)
                frame.to_csv(temporary, index=False, float_format="%.6f")
        if bar is not None:
            bar.update()


def _parts(plan: _Plan, settings: _Settings, bar) -> list[pd.DataFrame]:
    """A run's predictions under each condition, from files where they are there."""
    _score(plan, settings, bar)
    paths = plan.files.values()
    parts = [pd.read_csv(path, dtype=str, keep_default_na=False) for path in paths]
    _warn_of_changes(plan.run, parts[0])
    return parts


class _Evaluation:
    """A run's model, loaded when it is first needed, on its test speech."""

    def __init__(self, tested: Run, settings: _Settings):
        self.tested, self.settings = tested, settings
        self._recogniser = None

    def __call__(self, condition: Condition) -> pd.DataFrame:
        """Predictions with the columns of `predictions.csv`."""
        from keras_ser import evaluation
        from keras_ser.features import FeatureStore
        from keras_ser.inference import Recogniser

        if self._recogniser is None:
            self._recogniser = Recogniser.load(self.tested.folder)
        front_end = self._recogniser.preprocessing.front_end
        frame = evaluation.predictions(
            self._recogniser,
            self.tested.table,
            [condition.text],
            FeatureStore(self.settings.cache / "features", front_end),
            self.settings.noise,
            self.settings.workers,
        )
        named = {name: self.tested.predicted[name].iloc[0] for name in NAMES}
        named = {**named, "corpus": frame.pop("corpus")}
        order = ("experiment", "system", "corpus", "fold", "repeat")
        for place, name in enumerate(order):
            frame.insert(place, name, named[name])
        return frame


def _warn_of_changes(tested: Run, clean: pd.DataFrame) -> None:
    """Says where a run's clean predictions are not those that it recorded."""
    keys = ["utterance", "prediction"]
    recorded = tested.predicted[tested.predicted["condition"] == "clean"][keys]
    both = recorded.merge(clean[keys], on="utterance", suffixes=("", "_now"))
    changed = int((both["prediction"] != both["prediction_now"]).sum())
    if changed:
        warnings.warn(
            f"{changed} of {len(both)} clean predictions of {tested.folder} are not "
            "those of its predictions.csv: other versions, or another machine.",
            stacklevel=4,
        )
