"""From a folder of a user's audio files to a table of results: `keras-ser train`."""

import importlib.util
import time
import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from keras_ser import corpora, protocols
from keras_ser.corpora import find as finding
from keras_ser.corpora.find import Found
from keras_ser.experiments import experiment
from keras_ser.experiments.config import Experiment, Training
from keras_ser.experiments.next_steps import next_steps
from keras_ser.experiments.systems import CLASSICAL, NETWORKS
from keras_ser.utils import files, parallel

FEW_SPEAKERS = 5  # up to which development speakers would be missed in training
MAX_SINGLE = 12  # speakers of whom each is tested by trainings of its own
GROUPS = 10  # of more speakers; with fewer than six there is no p
DEV_FRACTION = 0.1  # of the utterances, where speakers are few
SAMPLE_ROWS = 5
SEED = 0  # of the rows that are shown
PROBE, SVM = "mean_log_mel_probe", "egemaps_svm"
REFERENCE, PRIMARY = "baseline_augmented", "mtl_aug"
# Floating-point operations of an update of 16 rows of the preset `small`, per second of
# an utterance, those of the baseline in proportion to its time; and how much longer a
# fold takes than a large matrix product with as many operations.
FLOP_PER_SECOND = {REFERENCE: 2.1e9, PRIMARY: 5.6e9}
BATCH = 16
OVERHEAD = 2.2
PRODUCT = 1024  # rows of the matrices whose product is timed


def train(
    data: str | Path,
    *,
    emotion: str = "",
    speaker: str = "",
    options: Mapping[str, object] | None = None,
    labels: str | Mapping[str, str] = "all",
    groups: int = 0,
    name: str = "",
    out: str | Path = "runs",
    cache: str | Path = "cache",
    workers: int = 1,
    threads: int | None = None,
    skip_bad: bool = False,
    progress: bool = True,
) -> Path:
    """Trains and tests the usual systems on a user's own data, and writes a report.

    The systems are a probe on the average spectrum, an SVM on openSMILE's functionals
    (if `opensmile` is installed), the augmented baseline, and MTL-AUG. Each speaker is
    tested once, by systems that never heard this speaker. Up to 5 speakers, the
    protocol is `few_speakers`, up to 12 `leave_one_speaker_out`, and with more
    `k_fold`.

    Args:
        data: A folder of audio files, a list of files (CSV, parquet, or JSON lines),
            or `NAME=FOLDER` for the reader NAME of `corpora.CORPORA`.
        emotion: A pattern (regular expression) whose group finds the emotion in the
            path of each file, file name included, or a column of the list. By default
            it is guessed.
        speaker: Such a pattern for the speaker, or a column of the list.
        options: Further options of the reader, such as `{"emotions": {"wroth":
            "anger"}}`.
        labels: The classes; see `Experiment`.
        groups: The number of groups of speakers that are tested one after the other.
            The default, 0, chooses: each speaker alone up to 12 speakers, else 10.
        name: The name of the experiment. The default is that of the corpus.
        out, cache, workers, threads, skip_bad, progress: As for `run`. With
            `progress`, it is also printed what was understood and what was found.

    Returns:
        The folder of the experiment. Its report is in `report/`.

    Raises:
        SpeakerUnknown: If nobody says who the speaker is. This `ValueError` lists the
            places in the paths that may, each with the command that chooses it.
        ValueError: If the data cannot be understood or divided, or if `out` holds runs
            of that name on other data. It says what to do.
        FileNotFoundError: If there are none.

    Example:

    >>> train("/data/calls", emotion=r"_([a-z]+)\\.", speaker=r"^([^/]+)/", workers=2)
    PosixPath('runs/calls')
    """
    for each in (out, cache):
        files.writable_folder(each)
    found = finding.find(data, emotion, speaker, options)
    if found.speakers:
        raise finding.SpeakerUnknown(found.choices())
    options = {**found.options, "labels": labels, "keep_unreadable": skip_bad}
    table = corpora.read(found.reader, found.root, **options)
    table = table[(table.emotion != "") & table.duration.notna()]
    config = plan(found, table, labels, groups, name)
    _check_same(Path(out) / config.name, config)
    if progress:
        print(describe(found, table, config, workers, threads))
    started = time.monotonic()
    with warnings.catch_warnings():
        # Said when the table was read above.
        warnings.filterwarnings("ignore", "Corpus `.*`, read by", UserWarning)
        folder = experiment.run(
            config,
            corpora={found.reader: found.root},
            out=out,
            cache=cache,
            workers=workers,
            threads=threads,
            skip_bad=skip_bad,
            progress=progress,
        )
    if progress:
        print(summarise(folder, time.monotonic() - started))
    return folder


def plan(
    found: Found,
    table: pd.DataFrame,
    labels: str | Mapping[str, str] = "all",
    groups: int = 0,
    name: str = "",
) -> Experiment:
    """Returns the experiment on a user's data.

    Args:
        found: What is known of the data.
        table: Their labelled utterances.
        labels, groups, name: As for `train`.

    Raises:
        ValueError: If there are no labelled utterances.
    """
    if table.empty:
        raise ValueError(
            "Expected utterances with an emotion that can be read. Received: none in "
            f"{found.root}. Say where the emotion is, --emotion PATTERN."
        )
    counts = table.speaker.value_counts()
    protocol, arguments = "leave_one_speaker_out", {}
    if groups or len(counts) > MAX_SINGLE:
        protocol, arguments = "k_fold", {"folds": groups or GROUPS}
    elif len(counts) <= FEW_SPEAKERS:
        protocol = "few_speakers"
        if counts.min() * DEV_FRACTION < 1:  # at least one utterance of each
            arguments = {"fraction": float(min(0.5, 1 / counts.min()))}
    systems = {PROBE: CLASSICAL[PROBE]}
    if importlib.util.find_spec("opensmile"):
        systems[SVM] = CLASSICAL[SVM]
    systems |= {each: NETWORKS[each] for each in (REFERENCE, PRIMARY)}
    return Experiment(
        name=_safe(name or str(table.corpus.iloc[0])),
        corpus=found.reader,
        labels=labels,
        systems=systems,
        protocol=protocol,
        protocol_arguments=arguments,
        training=Training(),
        reference=REFERENCE,
        primary=PRIMARY,
        corpus_options={found.reader: found.options} if found.options else {},
    )


def describe(
    found: Found,
    table: pd.DataFrame,
    config: Experiment,
    workers: int = 1,
    threads: int | None = None,
) -> str:
    """What was understood of the data, and how long training will take.

    Args:
        found: What is known of the data.
        table: Their labelled utterances.
        config: The experiment.
        workers, threads: As for `train`.

    Raises:
        ValueError: If the speakers cannot be divided in this way.
    """
    folds = _divide(config, table)
    counts = table.emotion.value_counts().sort_index()
    classes = ", ".join(f"{each} {n}" for each, n in counts.items())
    rows = table.sample(min(SAMPLE_ROWS, len(table)), random_state=SEED).sort_index()
    shown = rows.assign(file=[_below(each, found.root) for each in rows.file])
    shown = shown[["file", "speaker", "emotion"]]
    return "\n".join(
        [
            *found.guessed,
            f"{len(rows)} of {len(table)} labelled utterances. Press Ctrl-C if speaker "
            "or emotion are wrong.",
            shown.to_string(index=False),
            f"Classes: {classes}. Speakers: {table.speaker.nunique()}.",
            *_doubts(table, config),
            f"{len(folds)} folds ({config.protocol}), {len(config.systems)} systems: "
            f"{', '.join(config.systems)}. Estimated time: "
            f"{estimate(config, folds, workers, threads)}.",
        ]
    )


def _doubts(table: pd.DataFrame, config: Experiment) -> list[str]:
    """What a user should think about before anything trains."""
    found = []
    emotions = table.groupby("speaker").emotion.nunique()
    single = int((emotions == 1).sum())
    if single > len(emotions) / 2 and table.emotion.nunique() > 1:
        found.append(
            f"DOUBTFUL: {single} of {len(emotions)} speakers have a single emotion. If "
            "--speaker finds something else than a person, the same person is trained "
            "on and tested, and the scores are worth nothing."
        )
    if SVM not in config.systems:
        found.append(f"{SVM} is left out. For it, run: pip install opensmile")
    return found


def estimate(
    config: Experiment,
    folds: Mapping[str, protocols.Fold],
    workers: int = 1,
    threads: int | None = None,
) -> str:
    """A rough estimate of the time that the networks of an experiment train.

    The operations of all updates are divided by the rate of a large matrix product on
    all cores of this machine, and multiplied by how much slower an update is. Features,
    which are computed once, come on top of it.

    Args:
        config: The experiment.
        folds: Its folds.
        workers, threads: As for `train`.
    """
    training = config.training
    lengths = pd.concat([fold.train.duration for fold in folds.values()])
    seconds = np.minimum(lengths, config.features.seconds).sum()
    updates = training.rows_per_utterance * training.epochs / BATCH
    flop = seconds * updates * sum(FLOP_PER_SECOND.get(x, 0) for x in config.systems)
    cores = parallel.cpu_count()
    used = min(1.0, workers * threads / cores) if threads else 1.0
    minutes = OVERHEAD * flop / (used * _product_rate()) / 60
    low, high = (max(1, round(minutes * factor)) for factor in (0.7, 1.5))
    if high <= 1:
        return "about a minute"
    if high < 120:
        return f"{low} to {high} minutes"
    return f"{low / 60:.0f} to {high / 60:.0f} hours"


def summarise(folder: Path, seconds: float) -> str:
    """The result in six lines, and what to do next.

    Args:
        folder: The folder of the experiment.
        seconds: How long it took.
    """
    from keras_ser import reports
    from keras_ser.reports import comparison

    ((_, scores),) = reports.by_test_set([folder]).items()
    by_system = dict(list(scores.groupby("system")))
    classes = scores.truth[scores.truth != ""].nunique()
    lines = [
        f"{folder.name}: unweighted average recall in % with its 95 % interval, over "
        f"{scores.speaker.nunique()} speakers, each tested by systems that never heard "
        f"them; chance {100 / classes:.1f}; {seconds / 60:.0f} minutes"
    ]
    names = [each for each in (PROBE, SVM, REFERENCE, PRIMARY) if each in by_system]
    differences = comparison.compare(by_system, REFERENCE)
    for system in names:
        line = f"  {system:<20}{reports.uar_with_interval(by_system[system])}"
        if system == PRIMARY and REFERENCE in by_system:
            line += f", Δ to {REFERENCE} {differences[system].text}"
        lines.append(line)
    return "\n".join([*lines, next_steps(folder, PRIMARY)])


def _divide(config: Experiment, table: pd.DataFrame) -> dict[str, protocols.Fold]:
    """The folds; an error of the protocol says how to choose another one."""
    make = protocols.PROTOCOLS[config.protocol]
    try:
        return make(table.reset_index(drop=True), **config.protocol_arguments)
    except ValueError as error:
        speakers = table.speaker.nunique()
        error.add_note(f"There are {speakers} speakers; --groups N changes the folds.")
        raise


def _check_same(folder: Path, config: Experiment) -> None:
    """Raises if a folder has runs of this name that read their data differently."""
    for path in sorted(folder.glob("*/*/config.json")):
        recorded = files.read_object(path)
        if recorded.get("corpus_options", {}) != config.corpus_options:
            raise ValueError(
                f"{folder} holds runs that read their data with other options: "
                f"{files.short_repr(recorded.get('corpus_options', {}))}. Give these "
                "runs another name, --name NAME, or delete that folder."
            )


def _below(file: str, root: Path) -> str:
    """The path of a file below the folder of the data, or its name."""
    path = Path(file)
    return str(path.relative_to(root)) if path.is_relative_to(root) else path.name


def _product_rate() -> float:
    """Floating-point operations per second of a large matrix product, in float32."""
    matrix = np.ones((PRODUCT, PRODUCT), "float32")
    times = []
    for _ in range(3):
        started = time.perf_counter()
        np.matmul(matrix, matrix)
        times.append(time.perf_counter() - started)
    return 2 * PRODUCT**3 / min(times)


def _safe(name: str) -> str:
    """The name with hyphens for what is not allowed in the name of a folder."""
    kept = "".join(each if each.isalnum() or each in "._-" else "-" for each in name)
    return files.safe_name("The experiment's name", kept.strip(".-") or "own")
