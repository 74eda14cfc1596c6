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

from keras_ser import audio, backend, card, corpora, engine, files, inputs, noises
from keras_ser._version import __version__
from keras_ser.conditions import CODECS, Condition, parse
from keras_ser.protocols.fold import fingerprint
from keras_ser.reports import published as printed
from keras_ser.reports.reading import read_runs

NAME = card.NAME  # of the folder and of the files in it
SNR = (20.0, 15.0, 10.0, 5.0, 0.0)  # dB
EPSILON = (0.02, 0.08, 0.3)
ATTACKS = ("fgsm", "bim", "pgd")
GAINS = (-20.0, -10.0, 10.0, 20.0)  # dB
BANDS = (6000.0, 4000.0, 2000.0)  # Hz
RUN = ("experiment", "system", "fold", "repeat")


def run(
    runs: Iterable,
    roots: Mapping[str, str],
    noise: str = "",
    kinds: Iterable[str] = (),
    snr: Iterable[float] = SNR,
    epsilon: Iterable[float] = EPSILON,
    published: Iterable[str] = (),
    out=None,
    cache="cache",
    workers: int = 1,
    progress: bool = True,
) -> list[Path]:
    """Scores finished runs under noise, attacks, gain, band limits and lossy coding.

    A run and condition that is in the folder already is not computed again, unless
    the model, the speech, the noise or the package are others now.

    Args:
        runs: folders of runs of networks, or above them; see `reports.read`.
        roots: corpus name to folder; for others `$KERAS_SER_CORPORA/<name>`.
        noise: folder of noise, or `NAME=DIR` with a corpus that is not `noise`,
            `demand=DIR`; empty for none.
        kinds: of noise; default, all.
        snr: signal-to-noise ratios in dB.
        epsilon: sizes of attacks.
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
    runs = [runs] if isinstance(runs, str | Path) else list(runs)
    for name in published:  # say at once if there is none such
        printed.parse(name)
    table = read_noise(noise)
    conditions = measured(table, kinds, snr, epsilon)
    out = files.writable_folder(out or Path(runs[0], NAME))
    tested = _tested(_of_networks(read_runs(runs)), roots, cache)
    settings = _Settings(conditions, table, out, Path(cache), workers)
    _side_by_side(tested, settings, progress)
    total = len(tested) * len(conditions)
    with tqdm.tqdm(total=total, desc="conditions", disable=not progress) as bar:
        parts = [part for each in tested for part in _parts(each, settings, bar)]
    frame = pd.concat(parts, ignore_index=True).fillna("")
    with files.replacing(out / f"{NAME}.csv") as temporary:
        frame.to_csv(temporary, index=False)
    mixed_in = "" if table is None else str(table["corpus"].iloc[0])
    return [out / f"{NAME}.csv", *card.write(frame, out, published, mixed_in)]


def read_noise(text: str) -> pd.DataFrame | None:
    """The table of `DIR`, a folder of noise, or of `NAME=DIR`; None of nothing."""
    if not text:
        return None
    name, equals, folder = text.rpartition("=")
    return corpora.read(name if equals else "noise", folder)


def measured(
    noise: pd.DataFrame | None = None,
    kinds: Iterable[str] = (),
    snr: Iterable[float] = SNR,
    epsilon: Iterable[float] = EPSILON,
) -> list[Condition]:
    """The conditions of a card, `clean` first; see `run`."""
    kinds, known = tuple(kinds), () if noise is None else noises.kinds(noise)
    unknown = sorted(set(kinds) - {*known, noises.ALL})
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
class _Run:
    """A finished run, and the speech that it was tested on."""

    folder: Path
    predicted: pd.DataFrame
    table: pd.DataFrame

    @property
    def names(self) -> list[str]:
        """Its experiment, system, fold and repeat."""
        return [str(self.predicted[name].iloc[0]) for name in RUN]


def _of_networks(found: list[tuple]) -> list[tuple[Path, pd.DataFrame]]:
    """Runs that have a model; a warning names the others."""
    having = [
        (folder, t) for _, folder, t in found if (folder / "model.keras").exists()
    ]
    without = {key[1] for key, folder, _ in found} - {t.system[0] for _, t in having}
    if not having:
        raise FileNotFoundError(
            "Expected runs of networks. Received: "
            f"{', '.join(sorted(without))}, which saved no model. Give others."
        )
    if without:
        warnings.warn(
            f"Systems without a network are left out: {', '.join(sorted(without))}.",
            stacklevel=3,
        )
    return having


def _tested(found: list, roots: Mapping[str, str], cache) -> list[_Run]:
    """The runs with their test speech; each corpus is read once."""
    read, runs = {}, []
    for folder, predicted in found:
        config = files.read_object(folder / "config.json")
        names = config["corpus"]
        names = [names] if isinstance(names, str) else names
        told = {name: config.get("corpus_options", {}).get(name, {}) for name in names}
        key = json.dumps([told, config["labels"]])
        if key not in read:
            read[key] = _corpora(told, config["labels"], roots, cache)
        table = _rows_of(predicted, read[key], folder)
        _refuse_other(table, config, folder)
        runs.append(_Run(folder, predicted, table))
    return runs


def _corpora(told: Mapping[str, dict], labels, roots, cache) -> pd.DataFrame:
    parts = [
        corpora.read(
            name,
            inputs.find_root(name, roots, cache),
            labels,
            keep_unreadable=True,  # a run may have gone on without
            **options,
        )
        for name, options in told.items()
    ]
    return pd.concat(parts, ignore_index=True)


def _rows_of(predicted: pd.DataFrame, table: pd.DataFrame, folder) -> pd.DataFrame:
    """The rows of the utterances that a run was tested on."""
    names = set(predicted["utterance"][predicted["condition"] == "clean"])
    absent = sorted(names - set(table.utterance))
    if absent:
        raise ValueError(
            f"The corpus must hold the utterances that {folder} was tested on. "
            f"Received: it without {len(absent)} of {len(names)}, the first "
            f"{absent[0]!r}. Give the folder that the run was made with."
        )
    return table[table.utterance.isin(names)].reset_index(drop=True)


def _refuse_other(table: pd.DataFrame, config: dict, folder) -> None:
    """Refuses other audio or labels under the same names."""
    expected, found = config.get("data", {}).get("test"), fingerprint(table)
    if expected is not None and found != expected:
        raise ValueError(
            f"The corpus must be the one that {folder} was tested on, of fingerprint "
            f"{expected}. Received: {found}: other audio, speakers or emotions under "
            "the same names. Give the folder that the run was made with."
        )


def _side_by_side(tested: list[_Run], settings: _Settings, progress: bool) -> None:
    """Scores runs in several processes; a single one is left to this process."""
    todo = [each for each in tested if _absent(each, settings)]
    workers = min(settings.workers, len(todo))
    if workers < 2:
        return
    _prepare(todo, settings)
    threads = engine.threads_each(workers)
    tasks = []
    for number, each in enumerate(todo):
        _, system, fold, repeat = each.names
        log = settings.out / "parts" / f"{number}.log"
        call = functools.partial(_score_apart, each, settings, threads)
        tasks.append(engine.Task(f"{number}: {system}/{fold}-{repeat}", call, log))
    engine.run(tasks, workers, progress=progress)


def _prepare(tested: list[_Run], settings: _Settings) -> None:
    """Features of all runs under all conditions of the waveform, by all processes."""
    from keras_ser.features import PLAIN, FeatureStore
    from keras_ser.preprocessing import Preprocessing

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


def _score_apart(tested: _Run, settings: _Settings, threads: int) -> None:
    """In a process of its own: whatever is absent of a run."""
    backend.set_threads(threads)
    _score(tested, dataclasses.replace(settings, workers=1))


def _absent(tested: _Run, settings: _Settings) -> list[tuple[Condition, Path]]:
    """The conditions of a run that are not scored yet, with their files to be."""
    return [each for each in _planned(tested, settings) if not each[1].exists()]


def _planned(tested: _Run, settings: _Settings) -> list[tuple[Condition, Path]]:
    """The conditions of a run with their files, which are named by all they hold."""
    model = audio.digest(tested.folder / "model.keras")
    speech = fingerprint(tested.table)
    planned = []
    for condition in settings.conditions:
        key = condition.transform(settings.noise).key
        identity = [__version__, *tested.names, model, speech, condition.text, key]
        name = hashlib.blake2b(json.dumps(identity).encode(), digest_size=16)
        planned.append((condition, settings.out / "parts" / f"{name.hexdigest()}.csv"))
    return planned


def _score(tested: _Run, settings: _Settings, bar=None) -> list[Path]:
    """Files of a run's predictions under each condition, written where absent."""
    evaluate, planned = _Evaluation(tested, settings), _planned(tested, settings)
    for condition, path in planned:
        if not path.exists():
            with files.replacing(path) as temporary:
                frame = evaluate(condition)
                frame.to_csv(temporary, index=False, float_format="%.6f")
        if bar is not None:
            bar.update()
    return [path for _, path in planned]


def _parts(tested: _Run, settings: _Settings, bar) -> list[pd.DataFrame]:
    """A run's predictions under each condition, from files where they are there."""
    paths = _score(tested, settings, bar)
    parts = [pd.read_csv(path, dtype=str, keep_default_na=False) for path in paths]
    _warn_of_changes(tested, parts[0])
    return parts


class _Evaluation:
    """A run's model, loaded when it is first needed, on its test speech."""

    def __init__(self, tested: _Run, settings: _Settings):
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
        named = {name: self.tested.predicted[name].iloc[0] for name in RUN}
        named = {**named, "corpus": frame.pop("corpus")}
        order = ("experiment", "system", "corpus", "fold", "repeat")
        for place, name in enumerate(order):
            frame.insert(place, name, named[name])
        return frame


def _warn_of_changes(tested: _Run, clean: pd.DataFrame) -> None:
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
