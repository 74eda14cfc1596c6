"""Prepares what an experiment trains on: everything `keras-ser features` can do."""

import dataclasses
from collections.abc import Iterable, Mapping
from pathlib import Path

from keras_ser import backend
from keras_ser.audio import unusable
from keras_ser.audio.unusable import Unusable
from keras_ser.experiments import carrying, inputs, streams, variants
from keras_ser.experiments.config import Experiment
from keras_ser.experiments.experiment import load
from keras_ser.experiments.extraction import prepare
from keras_ser.experiments.job import Job
from keras_ser.experiments.plan import plan_jobs
from keras_ser.features import Verification
from keras_ser.utils import files
from keras_ser.utils.lists import as_list


def prepare_features(
    config: Experiment | str | Path,
    *,
    corpora: Mapping[str, str | Path] | None = None,
    systems: str | Iterable[str] = (),
    folds: str | Iterable[str] = (),
    overrides: str | Iterable[str] = (),
    preset: str = "",
    repeats: int | None = None,
    skip_bad: bool = False,
    cache: str | Path = "cache",
    workers: int = 1,
    progress: bool = True,
    verification: Verification | None = None,
    pack: str | Path | None = None,
) -> tuple[int, list[Unusable]]:
    """Extracts all features that an experiment reads into the cache.

    This is `keras-ser features`, with the same options. With `pack`, it also writes one
    file with all that a machine needs to train the experiment without its audio, and
    without the packages that read audio: the tables, the features, and the plans of
    all training streams. `run` takes it as `packed`.

    Args:
        config: An `Experiment`, or the path of a config file.
        corpora: The folders of corpora by name; see `run`.
        systems: The name of the system to prepare, or several. The default is all of
            the config.
        folds: The name of the fold to prepare, or several. The default is all of the
            protocol.
        overrides: Changes to the config, such as `"features.seconds=4"`.
        preset: The sizes of the networks and the schedule; see `run`.
        repeats: The number of repeats of each fold, instead of the config's.
        skip_bad: Whether to leave out audio that cannot be used and list it in
            `skipped.csv` in the cache, instead of raising an error.
        cache: The folder of features and of generated speech.
        workers: The number of processes.
        progress: Whether to show progress bars.
        verification: If given, existing entries are read and verified as a whole, and
            it is filled with what is found. This is the option `--verify`.
        pack: The file to write. By default, none is written.

    Returns:
        The number of entries that were extracted, and the list of utterances that
        cannot be used, which is empty without `skip_bad`.

    Raises:
        ValueError: If the input is bad; see `run`. With `pack`, also if the experiment
            needs noise or degraded speech.
        UnusableAudio: If audio cannot be used, unless `skip_bad` is set.

    Example:

    >>> corpora = {"emodb": "/data/emodb", "librispeech": "/data/librispeech"}
    >>> count, bad = prepare_features("configs/mtl_aug/emodb.py", corpora=corpora)
    """
    backend.set_tensorflow_defaults()
    files.writable_folder(cache)
    roots, folds = corpora or {}, as_list(folds)
    config = load(config, roots, overrides, preset)
    if repeats is not None:
        config = dataclasses.replace(config, repeats=repeats)
    config = variants.restricted(config, as_list(systems))
    if pack is not None:
        carrying.check_features_only(config)
        files.writable_folder(Path(pack).parent)
    tables = inputs.read_tables(config, roots, cache, skip_bad)
    planned = plan_jobs(config, *tables, "runs", folds=folds)
    bad: list[Unusable] | None = [] if skip_bad else None
    count = prepare(planned, cache, workers, progress, bad, verification)
    if bad:
        unusable.write(Path(cache) / unusable.SKIPPED_FILE, bad)
    if pack is not None:
        usable = _without(planned, config, tables, folds, bad or [])
        plans = streams.compute(usable, cache, workers, progress)
        carrying.write(pack, config, tables, usable, cache, plans, bad or [], progress)
    return count, bad or []


def _without(planned: list[Job], config, tables, folds, bad) -> list[Job]:
    """The jobs on the tables without unusable utterances."""
    if not bad:
        return planned
    kept = inputs.leave_out(tables, bad)
    with inputs.noting_losses(tables, kept):
        return plan_jobs(config, *kept, "runs", folds=folds)
