"""Reads the speech of an experiment from one file; see `carrying`."""

import contextlib
import dataclasses
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import tqdm

from keras_ser.audio import unusable
from keras_ser.audio.unusable import Unusable
from keras_ser.data import plan as plans
from keras_ser.experiments import carried_tables, carrying, inputs
from keras_ser.experiments.config import Experiment
from keras_ser.experiments.extraction import needed_entries
from keras_ser.experiments.job import Job
from keras_ser.experiments.plan import plan_jobs
from keras_ser.features import compression, entries
from keras_ser.utils import files

NAME = re.compile(r"[0-9a-f]{32}")  # of entries and of plans
BLOCK = re.compile(r"features/\d+\.json")
# What reading a damaged archive, or a part of it, raises.
DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError),
    *(OSError, ValueError, LookupError, TypeError, AttributeError),
)
AGAIN = "pack the experiment again with `keras-ser features CONFIG --pack FILE`"


def plan_packed(
    config: Experiment,
    path: str | Path,
    folds: list[str],
    skip_bad: bool,
    out: Path,
    cache: str | Path,
    progress: bool,
) -> list[Job]:
    """Plans the jobs of a run on packed speech, and unpacks it into the cache.

    Args:
        config: The experiment.
        path: The file, from `carrying.write`.
        folds: The names of the folds to run. The default is all of them.
        skip_bad: Whether to leave out utterances whose audio could not be used.
        out: The folder of all runs.
        cache: The folder of the feature store.
        progress: Whether to show a progress bar.

    Raises:
        FileNotFoundError: If there is no such file.
        UnusableAudio: If audio could not be used, unless `skip_bad` is set.
        ValueError: If the file is damaged, or is not that of the experiment's speech
            and features, or if the runs read audio besides their features.
    """
    packed = PackedExperiment(Path(path))
    packed.check(config)
    tables, bad = packed.tables(config), packed.unusable()
    if not skip_bad:
        unusable.check_none(bad, cache)
    kept = inputs.leave_out(tables, bad)
    with inputs.noting_losses(tables, kept):
        planned = plan_jobs(config, *kept, out, folds=folds)
    packed.unpack(cache, progress)
    check_complete(planned, cache, packed)
    if not bad:
        return planned
    before = plan_jobs(config, *tables, out, folds=folds)
    return inputs.with_skipped(planned, before, bad)


@dataclasses.dataclass(frozen=True)
class PackedExperiment:
    """The speech of an experiment in one file, from `carrying.write`.

    Args:
        path: The file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not a packed experiment, or one of a later format.
    """

    path: Path
    manifest: dict = dataclasses.field(init=False, repr=False)

    def __post_init__(self):
        if not Path(self.path).is_file():
            raise FileNotFoundError(
                f"Expected the file of a packed experiment. Received: {self.path}, "
                f"where there is no file. Correct the path, or {AGAIN}."
            )
        with self._reading("the manifest") as archive:
            manifest = json.loads(archive.read(carrying.MANIFEST))
            kind, version = manifest["kind"], manifest["version"]
            if kind != carrying.KIND or type(version) is not int:
                raise ValueError(f"the kind {files.short_repr(kind)}")
        if version != carrying.VERSION:
            raise ValueError(
                f"Expected a packed experiment in version {carrying.VERSION} of the "
                f"format. Received: version {files.short_repr(version)}, in "
                f"{self.path}. Install the version of keras_ser that packed it, or "
                f"{AGAIN}."
            )
        object.__setattr__(self, "manifest", manifest)

    def check(self, config: Experiment) -> None:
        """Checks that the file is that of an experiment's speech and features.

        The experiment may have other systems, another protocol and another schedule
        than the one that was packed.

        Raises:
            ValueError: If it is not, or if the runs read audio besides their features.
        """
        carrying.check_features_only(config)
        with self._reading("an identity"):
            found, expected = dict(self.manifest["identity"]), carrying.identity(config)
        if not expected["unlabelled_corpus"] and not expected["use_unlabelled"]:
            for name in ("unlabelled_corpus", "use_unlabelled"):
                found[name] = expected[name]  # the unlabelled table is not read
            found["corpus_options"] = _options_of(found, expected)
        differing = [each for each in expected if expected[each] != found.get(each)]
        if differing:
            name = differing[0]
            raise ValueError(
                f"{self.path} must hold the speech of experiment `{config.name}`. "
                f"Received: another {', '.join(differing)}, where `{name}` is "
                f"{files.short_repr(found.get(name))} in the file and "
                f"{files.short_repr(expected[name])} in the config. Give the config "
                f"and the options with which it was packed, or {AGAIN}."
            )

    def tables(self, config: Experiment) -> tuple[pd.DataFrame, pd.DataFrame | None]:
        """Returns what `inputs.read_tables` returned when the file was written.

        Args:
            config: The experiment. Without `unlabelled_corpus` and `use_unlabelled`,
                there is no unlabelled table.

        Raises:
            ValueError: If the file is damaged.
        """
        uses_unlabelled = any(each.use_unlabelled for each in config.systems.values())
        names = (
            carrying.TABLES
            if config.unlabelled_corpora or uses_unlabelled
            else carrying.TABLES[:1]
        )
        with self._reading("tables") as archive:
            present = set(archive.namelist())
            labelled, *unlabelled = [
                carried_tables.from_bytes(
                    archive.read(f"tables/{name}.json"),
                    archive.read(f"tables/{name}.npz"),
                )
                for name in names
                if f"tables/{name}.json" in present or name == carrying.TABLES[0]
            ]
        return labelled, unlabelled[0] if unlabelled else None

    def unusable(self) -> list[Unusable]:
        """Returns the utterances that could not be used.

        Raises:
            ValueError: If the file is damaged.
        """
        with self._reading("a list of unusable utterances") as archive:
            return [
                Unusable(*each) for each in json.loads(archive.read(carrying.UNUSABLE))
            ]

    def unpack(self, cache: str | Path, progress: bool = True) -> tuple[int, int]:
        """Writes the entries and plans that a cache lacks.

        Args:
            cache: The folder of the feature store.
            progress: Whether to show a progress bar.

        Returns:
            The number of entries and of plans that were written.

        Raises:
            ValueError: If the file is damaged. What was written until then is right.
        """
        store = Path(cache) / "features"
        count = plan_count = 0
        folders: set[Path] = set()
        for path, content in self._lacking_entries(store, progress):
            with files.replacing(path, flush_name=False) as temporary:
                temporary.write_bytes(content)
            folders.add(path.parent)
            count += 1
        for folder in folders:
            files.flush_names(folder)
        for key, content in self._lacking_plans(store):
            plans.write(store, key, content)
            plan_count += 1
        return count, plan_count

    def _lacking_entries(self, store: Path, progress: bool) -> Iterator[tuple]:
        """Yields the path and the content of each entry that a store lacks."""
        with self._reading("features") as archive:
            names = filter(BLOCK.fullmatch, archive.namelist())
            blocks = sorted(names)  # originals first
            bar = tqdm.tqdm(blocks, desc="unpack", unit="block", disable=not progress)
            for name in bar:
                about = json.loads(archive.read(name))
                form = entries.Format(about["dtype"], about["dimensions"])
                paths = [_entry_path(store, each, form) for each in about["names"]]
                if not all(_is_complete(path, form) for path in paths):
                    block = archive.read(name.removesuffix(".json") + ".bin")
                    yield from _unpacked(block, about, form, paths, store)

    def _lacking_plans(self, store: Path) -> Iterator[tuple[str, bytes]]:
        with self._reading("plans") as archive:
            for name in archive.namelist():
                if name.startswith("plans/"):
                    key, content = _checked(Path(name).stem), archive.read(name)
                    length = plans.Plan.from_bytes(content).shape[0]
                    if plans.read(store, key, length) is None:
                        yield key, content

    @contextlib.contextmanager
    def _reading(self, what: str) -> Iterator[zipfile.ZipFile]:
        """Opens the file; what goes wrong in the block means that it is damaged."""
        try:
            with zipfile.ZipFile(self.path) as archive:
                yield archive
        except (PermissionError, entries.DamagedEntry):  # of the cache
            raise
        except DAMAGED as error:
            raise ValueError(
                f"Expected a packed experiment with {what}. Received: {self.path}, "
                f"which is another file or damaged ({files.short_repr(error)}). Copy "
                f"the file again, or {AGAIN}."
            ) from error


def check_complete(planned: list[Job], cache: str | Path, packed: PackedExperiment):
    """Raises ValueError if a cache lacks features of jobs after a file was unpacked.

    Args:
        planned: The jobs.
        cache: The folder of the feature store.
        packed: The file.
    """
    absent = [
        path
        for needed in needed_entries(planned, cache)
        for path in needed.paths
        if not Path(path).exists()
    ]
    if absent:
        systems = list(dict.fromkeys(job.system for job in planned))
        raise ValueError(
            f"{packed.path} must hold the features of all utterances in the variants "
            f"that the systems {files.short_repr(systems)} train on. Received: a file "
            f"without {len(absent)} of these entries, which was packed for the systems "
            f"{files.short_repr(packed.manifest.get('systems'))} and the folds "
            f"{files.short_repr(packed.manifest.get('folds'))}. Choose systems and "
            f"folds among these, or {AGAIN}."
        )


def _options_of(found: dict, expected: dict) -> dict:
    """The options of the labelled corpora."""
    return {
        name: options
        for name, options in found["corpus_options"].items()
        if name in expected["corpus"]
    }


def _entry_path(store: Path, name: str, form: entries.Format) -> Path:
    name = _checked(name)
    return store / entries.FOLDER / name[:2] / f"{name}{form.suffix}"


def _checked(name: str) -> str:
    """Rejects names that are not hashes, and might lie outside the cache."""
    if not NAME.fullmatch(name):
        raise ValueError(f"the name {files.short_repr(name)}")
    return name


def _is_complete(path: Path, form: entries.Format) -> bool:
    try:
        form.summary(path)
    except (FileNotFoundError, entries.DamagedEntry):
        return False
    return True


def _unpacked(
    block: bytes, about: dict, form: entries.Format, paths: list[Path], store: Path
) -> Iterator[tuple[Path, bytes]]:
    """Yields the entries of a block that are absent, which are as they were packed."""
    kind = carrying.BlockKind(form, about["factor"], tuple(about["bands"]))
    originals = [_entry_path(store, each, form) for each in about["originals"]]
    near = carrying.references(kind, originals, about["frames"])
    arrays = compression.decompress(block, near)
    for path, array, digest in zip(paths, arrays, about["digests"], strict=True):
        content = form.encode(path, array)
        if carrying.digest(content) != digest:
            raise ValueError(f"features with another digest in {path.name}")
        if not _is_complete(path, form):
            yield path, content
