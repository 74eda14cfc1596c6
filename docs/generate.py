"""Writes what the code can print into the documents, between their markers.

A block reads `<!-- generate: KIND ARGUMENT -->`, then the generated text, then
`<!-- end -->`. Command: python docs/generate.py. Paths of documents write only these.
`--check` only says whether they are up to date. `--pictures` also draws the pictures of
the reports in `results/`.
"""

import argparse
import ast
import contextlib
import dataclasses
import functools
import io
import json
import re
import runpy
import sys
from collections.abc import Callable, Collection
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = (
    *sorted((ROOT / "docs").rglob("*.md")),
    ROOT / "README.md",
    ROOT / "examples" / "README.md",
)
ROBUSTNESS = "robustness.csv.gz"
# Tables whose systems are named by several configs. After a slash, parts of a table, on
# the folds that all of their systems have.
TABLES = {
    "emodb_four": ("mtl_aug/emodb.py", "classical/emodb_four.py"),
    "emodb_four_batch_norm/ablation": ("mtl_aug/emodb_ablation.py",),
    "emodb_four_batch_norm/fractions": ("mtl_aug/emodb_fractions.py",),
}
REFERENCES = {"emodb_four_batch_norm/ablation": "mtl_aug"}  # if not that of the config
PUBLISHED, NOISE = ("mtl_aug:5", "mtl_aug:6"), "noise"  # in robustness reports
# The two systems of a paper that the table of examples shows.
MAIN_SYSTEMS = (
    ("baseline", "mtl_aug"),
    ("cnn_lstm", "densenet_highway"),
    ("cnn_multi", "aae_speaker", "ss_aae"),  # of which a table has two
    ("baseline", "gr_language", "gr_speaker_language"),
)
PAPERS_TABLES, MARKS = ("pooled", "SNR", "ε", "published"), "†‖§¶"
# What was corrected after experiments ran, and these experiments. One that has been run
# again is taken out here, and its figures are no longer marked.
CORRECTED = (
    "emodb_four_batch_norm",
    "emodb_four_speaker",
    "table4_ravdess_emodb_small",
)
CORRECTIONS = {
    "centers": "class centers follow a running mean of the embeddings of their class",
    "noise": "an utterance has the same noise clip and offset at all SNRs",
    "labels": "each repeat draws the labels that are kept, and systems with few labels "
    "train for as many updates as those with all",
}
BLOCK = re.compile(
    r"(<!-- generate: (\w+)((?: [^\s>]+)?) -->\n).*?(<!-- end -->)", re.DOTALL
)


def report(name: str) -> str:
    """The whole report of the runs in `results/<name>`, or of one of its `TABLES`.

    What was corrected after the runs is at its end.
    """
    return "\n\n".join([_built(name, _runs_of(name)), *_notes(name)]) + "\n"


@functools.cache
def _built(name: str, archive: Path) -> str:
    """The report of a table on the runs of an archive."""
    from keras_ser.reports import writing
    from keras_ser.reports.blocks import Figure

    blocks = [each for each in _blocks(name, archive) if not isinstance(each, Figure)]
    return writing.markdown(blocks).strip()


def _notes(name: str, has_noise: bool = False) -> list[str]:
    """What a reader must know of the corrections that concern a table."""
    rows = {key: f"of {', '.join(names)}" for key, names in _corrected(name).items()}
    if has_noise and name in CORRECTED:
        rows["noise"] = "under noise"
    return [
        f"CORRECTED SINCE: {CORRECTIONS[key]}. The rows {which} were made before and "
        "will differ when they are run again."
        for key, which in rows.items()
    ]


def _corrected(name: str) -> dict[str, list[str]]:
    """The corrections that concern a table, and the systems that they concern."""
    if name.partition("/")[0] not in CORRECTED:
        return {}
    settings = {}
    for run in _read(_runs_of(name)):
        settings[run.system] = run.config["systems"][run.system]
    if name in TABLES:
        systems = [each for _, loaded in _configs_of(name) for each in loaded.systems]
        settings = {each: settings[each] for each in systems if each in settings}
    found = {
        "centers": [k for k, own in settings.items() if "center" in own["objective"]],
        "labels": [k for k, own in settings.items() if own.get("label_fraction")],
    }
    return {correction: names for correction, names in found.items() if names}


def corrections(_: str) -> str:
    """The corrections, and the experiments whose runs are older."""
    found = {name: {*_corrected(name)} for name in _tables()}
    for name in CORRECTED:
        found[name] |= {"noise"} if _robustness_file(name).exists() else set()
    lines = []
    for correction, what in CORRECTIONS.items():
        names = [f"`{name}`" for name, its in found.items() if correction in its]
        if names:
            lines.append(f"- {what[0].upper()}{what[1:]} ({', '.join(names)}).")
    return "\n".join(lines) or "None."


def _blocks(name: str, archive: Path) -> list:
    """The blocks of the report of a table on the runs of an archive."""
    from keras_ser.reports.contents import contents

    runs, systems, reference = _read(archive), [], REFERENCES.get(name)
    if name in TABLES:
        configs = [each for _, each in _configs_of(name)]
        named = [system for each in configs for system in each.systems]
        systems = [system for system in named if system in _folds(archive)]
        runs = _runs(archive, systems, common="/" in name)
    return contents(runs, systems, reference, _primary(name, reference))


def _primary(name: str, reference: str | None) -> str | None:
    """The primary system of the configs of a table, if the table has runs of it.

    Runs record it, but not those that are older than the field.
    """
    done = _folds(_runs_of(name))
    named = [loaded.primary for _, loaded in _configs_of(name)]
    return next((each for each in named if each in done and each != reference), None)


def _runs(archive: Path, systems: list[str], common: bool) -> list:
    """The runs of these systems, or those on the folds that all of them have."""
    done = {name: folds for name, folds in _folds(archive).items() if name in systems}
    gathered = set.intersection if common else set.union
    counted = gathered(*done.values()) if done else set()
    if not counted:
        raise ValueError(
            f"{archive} must hold runs of {', '.join(systems)}, of a fold that all "
            "have. Received: none. Pack them, or take the table out of `TABLES`."
        )
    return [run for run in _read(archive) if run.system in done and run.fold in counted]


def _runs_of(name: str) -> Path:
    """The archive of the runs of a table."""
    return ROOT / "results" / f"{name.partition('/')[0]}.zip"


@functools.cache
def _read(archive: Path) -> list:
    """The runs in an archive, which several tables show."""
    from keras_ser.reports.reading import read_runs

    return read_runs([archive])


def _report_of(name: str) -> Path:
    """The folder of the report of a table."""
    folder, _, part = name.partition("/")
    return ROOT / "results" / folder / "report" / part


def _tables() -> list[str]:
    """All that has a report in `results/`."""
    names = []
    for archive in sorted((ROOT / "results").glob("*.zip")):
        parts = [name for name in TABLES if name.startswith(f"{archive.stem}/")]
        names += [archive.stem, *parts]
    return names


def scores(name: str) -> str:
    """The main tables of a report, curves of few labels, and published figures.

    At the end, the systems of that table that have not been run, and what was
    corrected after the others ran.
    """
    text = report(name)
    parts = [_summary(section) for section in re.split(r"^## ", text, flags=re.M)[1:]]
    shared = re.search(r"^(Speakers shared|ERROR: speakers).*$", text, re.MULTILINE)
    notes = re.findall(r"^CORRECTED SINCE.*$", text, re.MULTILINE)
    path = (_report_of(name) / "report.md").relative_to(ROOT)
    whole = f"All tables: [report](../{path})."
    ends = [*_not_run(name), *notes, f"{shared[0]} {whole}"]
    return "\n\n".join([*filter(None, parts), *ends])


def demonstration(_: str) -> str:
    """What the demonstration model says of itself, and the speakers of its sides."""
    import keras_ser as ser

    about = ser.load().about
    run = next(r for r in _read(_runs_of("demonstration")) if r.fold.endswith("-1"))
    rows = ["| side | speakers |", "|---|---|"]
    metrics = json.loads((run.folder / "metrics.json").read_text(encoding="utf-8"))
    for side, names in sorted(metrics["speakers"].items()):
        kept = [name for name in names if name.startswith("emodb/")]
        rows.append(f"| {side} | {', '.join(kept)} |")
    return f"> {about}\n\n" + "\n".join(rows)


def section(argument: str) -> str:
    """The tables and texts of a section of a report, for `NAME:TITLE`."""
    name, _, title = argument.partition(":")
    found = re.search(rf"^## {title}$(.*?)(?=^## |\Z)", report(name), re.M | re.S)
    if not found:
        raise ValueError(
            f"Expected a section `{title}` in the report of {name}. Received: none of "
            "that title. Look into the report for its titles."
        )
    text = re.sub(r"^!\[.*\n+", "", found[1], flags=re.MULTILINE)
    return re.split(r"^Speakers shared", text, flags=re.MULTILINE)[0].strip()


def _summary(section: str) -> str:
    """What a reader wants first of a section of a report; empty for most sections."""
    title, _, body = section.partition("\n")
    details = re.search(r"^\*\*[^*]*(each fold|each repeat)", body, re.MULTILINE)
    if details:
        body = body[: details.start()]
    elif not (title.startswith("Published figures") or title.endswith("few labels")):
        return ""
    body = re.sub(r"^!\[.*\n+", "", body, flags=re.MULTILINE)  # pictures are elsewhere
    return body[body.index("**") :].strip() if "**" in body else ""


def _not_run(name: str) -> list[str]:
    """The systems that lack folds which another one has, with their commands.

    Runs with the settings of an earlier version stay as they are, because a config can
    add none to them.
    """
    archive = _runs_of(name)
    configs = [each for each in _configs_of(name) if _is_current(archive, each[1])]
    if not configs:
        return []
    done = _folds(archive)
    named = {system for _, loaded in configs for system in loaded.systems}
    every = set().union(*(done[system] for system in named & set(done)))
    alike: dict[tuple, list[str]] = {}
    for path, loaded in configs:
        for system, settings in loaded.systems.items():
            missing = sorted(every - done.get(system, set()))
            if missing:
                words = _corpora_and_preset(archive, loaded, settings)
                folds = [f"--folds {','.join(missing)}"] if system in done else []
                alike.setdefault((path, *words, *folds), []).append(system)
    lines = []
    for (path, *words), systems in alike.items():
        words.append(f"--systems {','.join(systems)}")
        command = f"keras-ser run {path.relative_to(ROOT)} {' '.join(words)}"
        lines.append(f"- {', '.join(systems)}: `{command}`")
    return ["Not run yet:\n\n" + "\n".join(lines)] if lines else []


def _is_current(archive: Path, loaded) -> bool:
    """Whether a config trains today as it trained for the runs of an archive."""
    from keras_ser.experiments.variants import PRESET_FIELDS, at_preset
    from keras_ser.reports.reading import TRAINING_DEFAULTS

    is_small = "small" in archive.stem.removeprefix(loaded.name).split("_")
    training = (at_preset(loaded, "small") if is_small else loaded).training
    recorded = {**TRAINING_DEFAULTS, **_read(archive)[0].config["training"]}
    return all(recorded[key] == getattr(training, key) for key in PRESET_FIELDS)


def _folds(archive: Path) -> dict[str, set[str]]:
    """The folds of each system that has runs in an archive."""
    found = {}
    for run in _read(archive):
        found.setdefault(run.system, set()).add(run.fold)
    return found


@functools.cache
def _configs() -> list[tuple]:
    from keras_ser.experiments import load_config

    paths = sorted((ROOT / "configs").glob("*/*.py"))
    return [(path, load_config(path)) for path in paths]


def _configs_of(name: str) -> list[tuple]:
    """The configs of a table: those in `TABLES`, or those whose name it starts with."""
    if name in TABLES:
        every = {"/".join(path.parts[-2:]): (path, each) for path, each in _configs()}
        return [every[path] for path in TABLES[name]]
    fits = [(_longest_start(name, *each), each) for each in _configs()]
    longest = max(length for length, _ in fits)
    return [each for length, each in fits if length == longest] if longest else []


def _longest_start(name: str, path: Path, loaded) -> int:
    """Length of the longest name of a config's experiments that a table starts with.

    Normalised by speaker, a classical config makes an experiment of another name.
    """
    names = [loaded.name]
    names += [f"{loaded.name}_speaker"] if path.parent.name == "classical" else []
    return max(
        (len(each) for each in names if f"{name}_".startswith(f"{each}_")), default=0
    )


def _corpora_and_preset(archive: Path, loaded, *systems) -> list[str]:
    """The options that turn a config into the experiment of an archive."""
    names = _read(archive)[0].config["corpus"]
    needed = list(names) if isinstance(names, list) else [names]
    if any(system.use_unlabelled for system in systems):
        needed += sorted({*loaded.unlabelled_corpora} - set(needed))
    words = [f"--corpus {corpus}=DIR" for corpus in needed]
    variant = archive.stem.removeprefix(loaded.name)  # `_ravdess_emodb_small`
    variant = variant.split("_")
    words = (["--preset small"] if "small" in variant else []) + words
    return words + (
        ["--set features.normalise=speaker"] if "speaker" in variant else []
    )


def robustness(name: str) -> str:
    """The tables of a robustness report in `results/<name>` that papers have, too.

    Of the noises only `all` is shown, as in the papers, if it was measured.
    """
    from keras_ser.reports import writing
    from keras_ser.reports.blocks import Table, Text

    tables, marks = [], {}
    for block in _robustness_report(name):
        match block:
            case Table(caption, header, rows):
                if any(word in caption for word in PAPERS_TABLES):
                    drawn = [row for row in rows if "noise: all" in row]
                    tables.append(Table(caption, header, drawn or rows))
            case Text(text) if text[0] in MARKS or text.startswith("CORRECTED"):
                marks[text] = block
    whole = (
        f"All tables: [robustness report](../results/{name}/robustness/robustness.md)."
    )
    return writing.markdown([*tables, *marks.values(), Text(whole)])


def _robustness_report(name: str) -> list:
    """The blocks of the report on the predictions in `results/<name>/robustness`."""
    import pandas as pd

    from keras_ser.reports.blocks import Text
    from keras_ser.robustness import report

    table = pd.read_csv(_robustness_file(name), dtype=str, keep_default_na=False)
    blocks = report.contents(table, PUBLISHED, NOISE, _heads_of(name))
    return [*blocks, *map(Text, _notes(name, has_noise=True))]


def _robustness_file(name: str) -> Path:
    return ROOT / "results" / name / "robustness" / ROBUSTNESS


def _heads_of(name: str) -> tuple:
    """The heads that the runs of an experiment predicted."""
    from keras_ser.reports import tasks

    archive = _runs_of(name)
    if not archive.exists():
        return tasks.UNRECORDED
    return tasks.merge_heads((run.folder, run.heads) for run in _read(archive))


def study(name: str) -> str:
    """The table of `docs/studies/<name>.py` on the files in the folder `<name>`."""
    path = ROOT / "docs" / "studies" / f"{name}.py"
    sys.path.insert(0, str(path.parent))  # studies share modules
    try:
        return runpy.run_path(str(path))["table"](path.with_suffix(""))
    finally:
        sys.path.pop(0)


def front_ends(_: str) -> str:
    """The front-ends with their default settings."""
    from keras_ser.features import FRONT_ENDS

    rows = ["| front-end | what it is | values per frame | ordered | settings |"]
    rows.append("|---|---|---:|---|---|")
    for name, kind in FRONT_ENDS.items():
        title = kind.__doc__.strip().splitlines()[0].rstrip(".")
        fields = [
            x for x in dataclasses.fields(kind) if x.default is not dataclasses.MISSING
        ]
        text = ", ".join(f"`{each.name}={each.default!r}`" for each in fields)
        is_ordered = "yes" if kind.ordered else "no"
        rows.append(f"| `{name}` | {title} | {_size(kind)} | {is_ordered} | {text} |")
    return "\n".join(rows)


def _size(kind: type) -> int | str:
    """The values per frame of a front-end at its defaults, if these say it."""
    known = getattr(kind, "dimensions", None)
    if isinstance(known, int) and known:  # SpeakerEncoder needs weights to be made
        return known
    needs_files = any(x.metadata.get("location") for x in dataclasses.fields(kind))
    return "its own" if needs_files else kind().dimensions


def corpora(_: str) -> str:
    """What the package knows of each corpus: a table, then the longer texts."""
    from keras_ser.corpora import CORPORA

    rows = ["| name | corpus | language | speakers | utterances | licence |"]
    rows.append("|---|---|---|---|---|---|")
    parts = []
    for name, known in sorted(CORPORA.items()):
        counts = ", ".join(f"{k or 'unlabelled'} {n}" for k, n in known.counts.items())
        total = f"{sum(known.counts.values())}: {counts}" if counts else "-"
        rows.append(
            f"| `{name}` | {known.title} | {known.language or '-'} | "
            f"{known.speakers} | {total} | {known.licence} |"
        )
        lines_of = {"How to get it": known.obtain, "To cite": known.citation}
        lines_of |= {"Note": known.note} if known.note else {}
        lines = [f"- {label}: {text}" for label, text in lines_of.items()]
        parts.append("\n".join([f"**`{name}`**", "", *lines]))
    return "\n\n".join(["\n".join(rows), *parts])


def layers() -> list[list[str]]:
    """The packages, row by row: each imports from the rows below it only."""
    import tomllib

    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for contract in settings["tool"]["importlinter"]["contracts"]:
        if contract["type"] == "layers":
            return [row.split(" | ") for row in contract["layers"]]
    raise ValueError("Expected a contract of type `layers` in pyproject.toml. Add one.")


def packages(_: str) -> str:
    """A line for each package, with the first line of its docstring."""
    rows = ["| package | what it holds |", "|---|---|"]
    for name in (name for row in layers() for name in row):
        path = ROOT / "keras_ser" / name
        path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        rows.append(f"| `{name}` | {docstring.partition(chr(10))[0]} |")
    return "\n".join(rows)


def names(_: str) -> str:
    """The corpora's names, those that the package generates last."""
    from keras_ser.corpora import CORPORA

    ordered = sorted(CORPORA, key=lambda name: (name.startswith("synthetic"), name))
    return ", ".join(f"`{name}`" for name in ordered) + "."


def commands(_: str) -> str:
    """The help of every command."""
    import os

    from keras_ser.cli import main as cli

    os.environ["COLUMNS"] = "88"
    parts = []
    for words in ([], *([name] for name in cli.COMMANDS)):
        text = io.StringIO()
        with contextlib.redirect_stdout(text), contextlib.suppress(SystemExit):
            cli.parser().parse_args([*words, "--help"])
        parts.append(f"```\n{text.getvalue().strip()}\n```")
    return "\n\n".join(parts)


def training(_: str) -> str:
    """The settings of a training with their defaults."""
    from keras_ser.experiments.config import Training

    found = {}
    for each in dataclasses.fields(Training):
        made = each.default_factory
        found[each.name] = each.default if made is dataclasses.MISSING else made()
    return ", ".join(f"`{name}={value!r}`" for name, value in found.items()) + "."


def examples(_: str) -> str:
    """What every example of a table or figure reached, of the runs in `results/`."""
    rows = ["| example | corpus | published | measured | command | date, machine |"]
    rows.append("|---|---|---|---|---|---|")
    for path, config, loaded in _examples():
        found = _rows_of_example(path.name, config, loaded)
        rows += found or [_not_run_yet(path.name, loaded)]
    return "\n".join(rows)


def _examples() -> list[tuple]:
    """The examples of tables and figures, with the path of the config and the config.

    An example is called like the folder and the name of its config, unless it names
    another one.
    """
    configs = dict(_configs())
    by_name = {f"{path.parent.name}_{path.name}": path for path in configs}
    found = []
    for example in sorted((ROOT / "examples").glob("*_*.py")):
        path = by_name.get(example.name) or _config_of_example(example)
        if path in configs:
            found.append((example, path, configs[path]))
    return found


def _config_of_example(example: Path) -> Path | None:
    """The config that the text of an example names, or None."""
    text = example.read_text(encoding="utf-8")
    named = re.search(r'CONFIG = .* / "configs" / "(\w+)" / "(\w+\.py)"', text)
    return named and ROOT / "configs" / named[1] / named[2]


def _rows_of_example(name: str, config: Path, loaded) -> list[str]:
    """A row for each test set of the experiments that a config has made."""
    from keras_ser import reports
    from keras_ser.reports.test_sets import group_by_test_set

    rows = []
    printed = _published(name, loaded)
    archives = sorted((ROOT / "results").glob(f"{loaded.name}_*.zip"))
    names = [path.stem for path in archives]
    named = [each for each in names if _configs_of(each)[0][0] == config]
    for archive in map(_runs_of, named):
        for test_set, table in group_by_test_set(_read(archive)).items():
            by_system = {key: part for key, part in table.groupby("system")}
            measured = "; ".join(
                f"{system} {reports.uar_with_interval(by_system[system])}"
                for system in _main_systems(by_system)
            )
            measured += f" ([all](../results/{archive.stem}/report/report.md))"
            if archive.stem in CORRECTED:
                measured += ", before [corrections](../docs/results.md)"
            rows.append(
                f"| [{name}]({name}) | {test_set} | {printed} | {measured} "
                f"| `{_command(name, archive)}` | {_made(archive)} |"
            )
    return rows


def _not_run_yet(name: str, loaded) -> str:
    words = " ".join(f"--corpus {corpus}=DIR" for corpus in loaded.needed_corpora)
    return (
        f"| [{name}]({name}) | {', '.join(loaded.corpora)} | "
        f"{_published(name, loaded)} | not run yet | "
        f"`python examples/{name} {words}` | - |"
    )


def _published(name: str, loaded) -> str:
    """The printed figures of the paper's own systems, `iemocap: baseline 64.3, …`.

    They are those of the table or figure that the example is called after, if a config
    has several.
    """
    from keras_ser import reports

    paper, _, number = loaded.published.partition(":")
    if "+" in number:
        kind, own = re.search(r"(table|figure)(\d+)", name).groups()
        number = own if kind == "table" else f"figure {own}"
    printed = reports.load_published(paper, number).dropna(subset="value")
    printed = printed[printed.row.isin(loaded.systems)]
    parts = []
    for (corpus, condition), part in printed.groupby(
        ["corpus", "condition"], sort=False
    ):
        where = corpus if condition == "clean" else f"{corpus}, {condition}"
        values = dict(zip(part.row, part.value, strict=True))
        cells = ", ".join(f"{row} {values[row]:g}" for row in _main_systems(values))
        parts.append(f"{where}: {cells}")
    missing = "drawn only" if number.startswith("figure") else "not available"
    return "; ".join(parts) or missing


def _main_systems(systems) -> list[str]:
    """The network of a paper and its reference, else the first and the last system."""
    names = list(systems)
    found = [[name for name in pair if name in names] for pair in MAIN_SYSTEMS]
    return max(found, key=len) or [*dict.fromkeys([names[0], names[-1]])]


def _command(name: str, archive: Path) -> str:
    """The command that made an experiment's runs, of what these say."""
    ((_, loaded),) = _configs_of(archive.stem)
    done = _folds(archive)
    words = _corpora_and_preset(archive, loaded, *map(loaded.systems.get, done))
    systems = [each for each in loaded.systems if each in done]
    words.append(f"--systems {','.join(systems)}")
    folds = sorted(set().union(*done.values()))
    words.append(f"--folds {','.join(folds)}")
    return f"python examples/{name} {' '.join(words)}"


def _made(archive: Path) -> str:
    """The last day on which a run was at work, and the machine."""
    found = [
        json.loads((run.folder / "environment.json").read_text("utf-8"))
        for run in _read(archive)
    ]
    sessions = [session for one in found for session in one["sessions"]]
    day = max(session.get("date", "") for session in sessions) or "no date kept"
    return f"{day}, {found[0]['device']}"


def benchmark(name: str) -> str:
    """The table that `benchmarks/<script>.py --keep` wrote, if it was run."""
    path = ROOT / "benchmarks" / "results" / f"{name}.md"
    return path.read_text(encoding="utf-8") if path.exists() else "Not measured yet."


def trust(_: str) -> str:
    """The attempts to get a wrong number, on an earlier commit and now."""
    folder = ROOT / "benchmarks" / "results"
    texts = [folder / f"{name}.json" for name in ("trust_before", "trust")]
    count = runpy.run_path(str(ROOT / "benchmarks" / "trust.py"))
    return count["table"](*(json.loads(path.read_text("utf-8")) for path in texts))


KINDS = {
    "trust": trust,
    "robustness": robustness,
    "examples": examples,
    "benchmark": benchmark,
    "scores": scores,
    "section": section,
    "demonstration": demonstration,
    "study": study,
    "corrections": corrections,
    "corpora": corpora,
    "front_ends": front_ends,
    "names": names,
    "packages": packages,
    "commands": commands,
    "training": training,
    **runpy.run_path(str(ROOT / "docs" / "generated_api.py"))["KINDS"],
    **runpy.run_path(str(ROOT / "docs" / "generated_models.py"))["KINDS"],
    **runpy.run_path(str(ROOT / "docs" / "generated_precision.py"))["KINDS"],
    **runpy.run_path(str(ROOT / "docs" / "generated_pretrained.py"))["kinds"](_read),
    **runpy.run_path(str(ROOT / "docs" / "generated_times.py"))["kinds"](_read),
}


def generated(text: str) -> str:
    """`text` with every block generated again."""

    def block(match):
        start, kind, argument, end = match.groups()
        return f"{start}\n{KINDS[kind](argument.strip()).strip()}\n\n{end}"

    return BLOCK.sub(block, text)


def documents() -> dict[Path, Callable[[], str]]:
    """How each document is made: those with blocks, and the results' reports."""
    found = {path: functools.partial(_generated_file, path) for path in DOCUMENTS}
    for name in _tables():
        found[_report_of(name) / "report.md"] = functools.partial(report, name)
    for path in sorted((ROOT / "results").glob(f"*/robustness/{ROBUSTNESS}")):
        make = functools.partial(_robustness_text, path.parts[-3])
        found[path.with_name("robustness.md")] = make
    return found


def _generated_file(path: Path) -> str:
    return generated(path.read_text(encoding="utf-8"))


def _robustness_text(name: str) -> str:
    from keras_ser.reports import writing

    return writing.markdown(_robustness_report(name))


def pictures() -> None:
    """Draws those of the reports in `results/`."""
    from keras_ser.reports import writing

    for name in _tables():
        writing.draw_figures(_blocks(name, _runs_of(name)), _report_of(name))
        path = _robustness_file(name)
        if path.exists():
            writing.draw_figures(_robustness_report(name), path.parent)


def main(words: list[str] | None = None) -> int:
    made = documents()
    options = _parser(made).parse_args(words)
    if options.pictures:
        pictures()
    chosen = options.documents or list(made)
    stale, edited = [], []
    for path in chosen:
        before = path.read_bytes() if path.exists() else b""
        text = made[path]()
        if before == text.encode():
            continue
        if path.exists() and path.read_bytes() != before:
            edited.append(str(path.relative_to(ROOT)))  # while it was generated
            continue
        stale.append(str(path.relative_to(ROOT)))
        if not options.check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    print("stale:" if options.check else "written:", *(stale or ["none"]))
    if edited:
        print("edited meanwhile, and not written; run this again:", *edited)
    return 1 if edited or (stale and options.check) else 0


def _parser(made: Collection[Path]) -> argparse.ArgumentParser:
    def document(text: str) -> Path:
        path = Path(text).resolve()
        if path not in made:
            raise argparse.ArgumentTypeError(f"{text} is no document that is generated")
        return path

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "documents", nargs="*", type=document, help="documents; default: all of them"
    )
    parser.add_argument("--check", action="store_true", help="write nothing")
    parser.add_argument("--pictures", action="store_true", help="draw pictures, too")
    return parser


if __name__ == "__main__":
    sys.exit(main())
