"""An experiment's speech in one file: what a machine without the audio needs to train.

The file is a zip archive:

| member | content |
|---|---|
| `manifest.json` | the version, what decides tables and features, counts |
| `tables/…` | the labelled and the unlabelled table; see `carried_tables` |
| `unusable.json` | the utterances whose audio cannot be used, with the reasons |
| `features/<block>.json`, `.bin` | entries of the feature store; see `compression` |
| `plans/<key>.npz` | plans of training streams; see `data.plan` |

Features and plans are keyed by what decides them, so that they go into any cache.
"""

import hashlib
import json
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import tqdm

import keras_ser
from keras_ser import conditions
from keras_ser.audio.unusable import Unusable
from keras_ser.experiments import carried_tables
from keras_ser.experiments.config import Experiment
from keras_ser.experiments.extraction import needed_entries
from keras_ser.experiments.job import Job, recorded_names
from keras_ser.features import IDENTITY, at_speed, compression, entries
from keras_ser.utils import files

KIND, VERSION = "packed experiment of keras_ser", 1
MANIFEST, UNUSABLE = "manifest.json", "unusable.json"
TABLES = ("labelled", "unlabelled")
DIGEST_BYTES = 16


def identity(config: Experiment) -> dict:
    """What decides the tables of an experiment and the features of an utterance.

    Returns:
        JSON values by name.
    """
    speech = [*config.corpora, *config.unlabelled_corpora]
    uses_unlabelled = any(each.use_unlabelled for each in config.systems.values())
    found = {
        "corpus": list(config.corpora),
        "labels": config.labels_by_corpus,
        "corpus_options": {
            name: options
            for name, options in config.corpus_options.items()
            if name in speech
        },
        "unlabelled_corpus": recorded_names(config.unlabelled_corpora),
        "use_unlabelled": uses_unlabelled,
        "front_end": [config.features.front_end, config.features.settings],
    }
    return json.loads(json.dumps(found, default=repr))


def write(
    path: str | Path,
    config: Experiment,
    tables: tuple[pd.DataFrame, pd.DataFrame | None],
    planned: list[Job],
    cache: str | Path,
    streams: Mapping[str, bytes],
    bad: Iterable[Unusable] = (),
    progress: bool = True,
) -> dict:
    """Writes the file of an experiment, which is then complete or absent.

    Args:
        path: The file.
        config: The experiment.
        tables: From `inputs.read_tables`.
        planned: The jobs that the file is for.
        cache: The folder of the feature store, which holds all entries of the jobs.
        streams: The plans of the jobs, from `streams.compute`.
        bad: The utterances that cannot be used, which the jobs lack.
        progress: Whether to show a progress bar.

    Returns:
        The counts in the manifest: rows of both tables, entries, plans, and bytes.

    Raises:
        ValueError: If the experiment needs noise or degraded speech, or if a table
            cannot be packed.
    """
    check_features_only(config)
    counts = {
        **{name: _count(table) for name, table in zip(TABLES, tables, strict=True)},
        "plans": len(streams),
        "plan_bytes": sum(map(len, streams.values())),
    }
    with files.replacing(path) as temporary:
        with zipfile.ZipFile(temporary, "x") as archive:
            _write_tables(archive, tables)
            _write_json(archive, UNUSABLE, list(bad))
            counts |= _write_features(archive, planned, cache, progress)
            for key, content in streams.items():
                archive.writestr(f"plans/{key}.npz", content)
            _write_json(archive, MANIFEST, _manifest(config, planned, counts))
    return counts


def check_features_only(config: Experiment) -> None:
    """Raises ValueError if runs of an experiment read audio besides its features."""
    parsed = map(conditions.parse, config.conditions)
    degraded = [each for each in parsed if not each.is_attack and each.text != "clean"]
    texts = [each.text for each in degraded]
    if config.noise or texts:
        raise ValueError(
            "A packed experiment holds features of clean speech and no audio, which "
            f"noise and degraded speech need. Received: noise={config.noise!r} and the "
            f"conditions {texts[:5]}. Leave them out of the config, and score the "
            "finished runs with `keras-ser robustness` where the audio is."
        )


def _manifest(config: Experiment, planned: list[Job], counts: dict) -> dict:
    return {
        "kind": KIND,
        "version": VERSION,
        "keras_ser": keras_ser.__version__,
        "name": config.name,
        "identity": identity(config),
        "systems": list(dict.fromkeys(job.system for job in planned)),
        "folds": list(dict.fromkeys(job.fold.name for job in planned)),
        "repeats": config.repeats,
        "epochs": config.training.epochs,
        "counts": counts,
    }


def _count(table: pd.DataFrame | None) -> int:
    return 0 if table is None else len(table)


def _write_json(archive: zipfile.ZipFile, name: str, value) -> None:
    text = json.dumps(value, indent=1)  # ASCII, so that any path can be written
    archive.writestr(name, text, zipfile.ZIP_DEFLATED)


def _write_tables(archive: zipfile.ZipFile, tables: tuple) -> None:
    for name, table in zip(TABLES, tables, strict=True):
        if table is not None:
            texts, numbers = carried_tables.to_bytes(table)
            archive.writestr(f"tables/{name}.json", texts, zipfile.ZIP_DEFLATED)
            archive.writestr(f"tables/{name}.npz", numbers)


class BlockKind(NamedTuple):
    """What the entries of a block have in common.

    Args:
        format: The format of the entries.
        factor: The speed at which they were computed, if it is known how this changes
            them; else 1.
        bands: From `at_speed.places`, if the factor is not 1.
    """

    format: entries.Format
    factor: float = 1.0
    bands: tuple[float, ...] = ()


def _write_features(archive, planned: list[Job], cache, progress: bool) -> dict:
    """Writes all entries of jobs, block by block; returns counts."""
    blocks = []
    for kind, originals in _by_kind(planned, cache).items():
        paths = list(originals)
        frames = [kind.format.summary(path).frames for path in paths]
        for part in compression.blocks(frames, kind.format.dimensions):
            blocks.append((kind, {path: originals[path] for path in paths[part]}))
    sizes = []
    bar = tqdm.tqdm(blocks, desc="pack", unit="block", disable=not progress)
    for number, (kind, originals) in enumerate(bar):
        sizes.append(_write_block(archive, f"{number:06}", kind, originals))
    return {
        "entries": sum(len(originals) for _, originals in blocks),
        "entry_bytes": sum(size for size, _ in sizes),
        "packed_entry_bytes": sum(size for _, size in sizes),
    }


def _by_kind(planned: list[Job], cache) -> dict[BlockKind, dict[str, str]]:
    """The entries of jobs and their originals, those that are originals first."""
    found: dict[BlockKind, dict[str, str]] = {}
    for store, transform, paths, originals in needed_entries(planned, cache):
        kind = BlockKind(store.format)
        bands = at_speed.places(store.front_end, transform)
        if bands and store.unaugmented == IDENTITY:
            kind = BlockKind(store.format, transform.factor, tuple(bands))
        pairs = zip(paths, originals, strict=True)
        found.setdefault(kind, {}).update(pairs)
    return dict(sorted(found.items(), key=lambda each: each[0].factor != 1))


def _write_block(
    archive, number: str, kind: BlockKind, originals: Mapping[str, str]
) -> tuple[int, int]:
    """Writes a block of entries; returns their bytes and the bytes of the block."""
    contents = [Path(path).read_bytes() for path in originals]
    arrays = [kind.format.read(path) for path in originals]
    about = {
        "dtype": kind.format.dtype,
        "dimensions": int(kind.format.dimensions),
        "names": [Path(path).stem for path in originals],
        "digests": [digest(each) for each in contents],
        "frames": [len(each) for each in arrays],
        "factor": kind.factor,
        "bands": kind.bands,
        "originals": [Path(path).stem for path in originals.values()],
    }
    block = compression.compress(
        arrays, references(kind, originals.values(), about["frames"])
    )
    _write_json(archive, f"features/{number}.json", about)
    archive.writestr(f"features/{number}.bin", block)
    return sum(map(len, contents)), len(block)


def references(
    kind: BlockKind, originals: Iterable[str | Path], frames: Iterable[int]
) -> list[np.ndarray] | None:
    """What the entries of a block are near to, for `compression`; None for nothing.

    Args:
        kind: What the entries have in common.
        originals: The paths of the same utterances at the original speed.
        frames: The number of frames of each entry.
    """
    if kind.factor == 1:
        return None
    return [
        at_speed.guess(kind.format.read(path), kind.factor, kind.bands, count)
        for path, count in zip(originals, frames, strict=True)
    ]


def digest(content: bytes) -> str:
    """A hash of an entry."""
    return hashlib.blake2b(content, digest_size=DIGEST_BYTES).hexdigest()
