"""From the files of finished runs to tables and figures.

Only `predictions.csv`, `metrics.json` and `history.csv` are read, never a
model. A report holds no date, commit or path: the same runs give the same
bytes, in whatever order their folders are listed.
"""

import functools
import re
import warnings
from pathlib import Path

import pandas as pd

from keras_ser import figures, files, scores

HEAD = "emotion"
RUN = ["experiment", "system", "fold", "repeat"]
GROUP = ["experiment", "corpus", "condition"]
REQUIRED = [
    *("experiment", "system", "corpus", "fold", "repeat", "condition"),
    *("utterance", "speaker", "head", "truth", "prediction"),
]
RUN_FILES = ("predictions.csv", "metrics.json", "history.csv", "config.json")
FORMATS = ("md", "tex", "png")
NOTHING = "–"
HOW_TO_READ = (
    "UAR is the mean recall of the classes that have a true utterance; WA is accuracy. "
    "Both pool all test utterances, and all repeats. In brackets: the 95 % interval "
    "over 2000 bootstrap draws of whole speakers. After ±: the sample standard "
    "deviation over what is named beside it, over folds after averaging the repeats. "
    "A fold or speaker that lacks classes is averaged over those it has."
)


def read(paths) -> pd.DataFrame:
    """All predictions of complete runs, one row a prediction.

    Args:
        paths: a runs folder, an experiment, a system, a single run, or a list
            of these. Folders that are hidden or end in `.partial` do not count.

    Returns:
        DataFrame with the columns of `predictions.csv`: text, but `repeat`
        (integer) and `p_<class>` (float). All heads; an unlabelled utterance
        has the empty text as `truth`. The order depends on the content alone.

    Raises:
        FileNotFoundError: if a path, a complete run or its predictions.csv is
            missing.
        ValueError: if a predictions.csv is unreadable, lacks columns or
            values, mixes runs, or predicts an utterance twice.
    """
    return _concat(_runs(paths))


def build(paths, out, formats=FORMATS, systems=()) -> list[Path]:
    """Write the report of complete runs.

    `report.md` and `report.tex` (booktabs) hold, for each corpus and
    condition, the main table, the folds, the speakers and the confusion
    matrices; then what selected the epochs, and whether a speaker is on two
    sides of a fold. Figures are `speakers.png` and `confusion_<system>.png`;
    with several corpora or conditions their names end in these.

    Args:
        paths: as for `read`.
        out: folder to write to.
        formats: any of `"md"`, `"tex"`, `"png"`.
        systems: order of the rows; systems not named follow, those called
            `baseline…` first, the others by name.

    Returns:
        The written files.

    Raises:
        FileNotFoundError: as `read`, and if a metrics.json is missing.
        ValueError: as `read`, and on an unknown format.
    """
    if isinstance(formats, str) or not set(formats) <= set(FORMATS):
        raise ValueError(
            f"`formats` must be a list of any of {list(FORMATS)}. Received: "
            f"{formats!r}. Leave the others out."
        )
    blocks = _report(_runs(paths), list(systems))
    drawings = [block for block in blocks if block[0] == "figure"]
    if "png" not in formats:
        blocks = [block for block in blocks if block[0] != "figure"]
    render = {"md": _markdown, "tex": _latex}
    texts = [name for name in render if name in formats]
    written = [
        files.write_text(Path(out, f"report.{name}"), render[name](blocks))
        for name in texts
    ]
    for _, name, _, draw in drawings if "png" in formats else ():
        draw(Path(out, name))
        written.append(Path(out, name))
    return written


# === Reading ===


def _runs(paths) -> list[tuple[tuple, Path, pd.DataFrame]]:
    """`(experiment, system, fold, repeat), folder, predictions` of each run."""
    runs = []
    for folder in _folders(paths):
        table = _predictions(_file(folder, "predictions.csv"))
        runs.append((tuple(table[RUN].iloc[0]), folder, table))
    runs.sort(key=lambda run: [_natural(part) for part in run[0]])
    _refuse_duplicates(_concat(runs))
    return runs


def _concat(runs) -> pd.DataFrame:
    return pd.concat([table for _, _, table in runs], ignore_index=True)


def _folders(paths) -> list[Path]:
    paths = [paths] if isinstance(paths, str | Path) else list(paths)
    found = {}
    for path in map(Path, paths):
        if not path.is_dir():
            raise FileNotFoundError(
                f"`paths` must name folders of runs. Received: {path}, which is no "
                "folder. Pass what `--out` was when the runs were made."
            )
        found.update({folder.resolve(): folder for folder in _below(path)})
    if not found:
        raise FileNotFoundError(
            "`paths` must hold at least one complete run, <experiment>/<system>/"
            f"<fold>-<repeat>/. Received: {[str(path) for path in paths]}. Folders "
            "ending in .partial are unfinished: run the experiment again to finish."
        )
    return list(found.values())


def _below(folder: Path):
    if folder.name.endswith(".partial"):
        return
    if any((folder / name).exists() for name in RUN_FILES):
        yield folder
        return
    for child in sorted(folder.iterdir()):
        if child.is_dir() and not child.name.startswith("."):
            yield from _below(child)


def _file(folder: Path, name: str) -> Path:
    if not (folder / name).is_file():
        raise FileNotFoundError(
            f"A complete run must hold {name}. Received: {folder} without it. Delete "
            "that folder and run the experiment again."
        )
    return folder / name


def _predictions(path: Path) -> pd.DataFrame:
    """One predictions.csv, checked, its rows sorted."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            options = {"dtype": str, "keep_default_na": False, "index_col": False}
            table = pd.read_csv(path, **options)
    # ValueError covers pandas' parser errors and wrong encodings.
    except (ValueError, pd.errors.ParserWarning) as error:
        raise _bad(path, "a CSV file in UTF-8", str(error)) from error
    absent = [column for column in REQUIRED if column not in table]
    if absent or table.empty:
        expected = f"at least one row and the columns {REQUIRED}"
        raise _bad(path, expected, f"{len(table)} rows, without {absent}")
    table = table.fillna("")
    for column in REQUIRED:
        if column != "truth" and (table[column] == "").any():
            raise _bad(path, f"a value of `{column}` in each row", "an empty one")
    if len(table[RUN].drop_duplicates()) > 1:
        raise _bad(path, f"one run: one value each of {RUN}", "several")
    if not table["repeat"].str.fullmatch(r"\d+").all():
        raise _bad(path, "a whole number as `repeat`", table["repeat"].iloc[0])
    table["repeat"] = table["repeat"].astype(int)
    _check_probabilities(path, table)
    order = ["corpus", "condition", "head", "utterance"]
    return table.sort_values(order, kind="stable", ignore_index=True)


def _check_probabilities(path: Path, table: pd.DataFrame) -> None:
    """Make `p_<class>` numbers; a row has none or all of its head's classes."""
    for column in [name for name in table if name.startswith("p_")]:
        text = table[column]
        table[column] = pd.to_numeric(text, errors="coerce")
        if (table[column].isna() & (text != "")).any():
            raise _bad(path, f"numbers in `{column}`", "text")
    rows = table[table["head"] == HEAD]
    classes = _classes(rows)
    strange = sorted({*rows["truth"], *rows["prediction"]} - {"", *classes})
    if strange:
        raise _bad(path, f"only the classes of its p_ columns, {classes}", strange)
    if any(f"p_{name}" in rows and rows[f"p_{name}"].isna().any() for name in classes):
        raise _bad(path, "a probability of each class in each row", "an empty one")


def _bad(path: Path, expected: str, received) -> ValueError:
    return ValueError(
        f"{path} must hold {expected}. Received: {received}. Delete that run's folder "
        "and run the experiment again."
    )


def _refuse_duplicates(table: pd.DataFrame) -> None:
    keys = [*RUN, "corpus", "condition", "head", "utterance"]
    twice = table[table.duplicated(keys)]
    if len(twice):
        where = ", ".join(f"{key}={twice[key].iloc[0]}" for key in keys)
        raise ValueError(
            "Each utterance must be predicted once in a run and condition. Received: "
            f"{len(twice)} predicted again, the first with {where}. Pass each run "
            "once, and give repeats different numbers."
        )


# === Contents ===
# A report is a list of blocks, which two small writers turn into text:
# ("heading", level, text), ("text", text), ("table", caption, header, rows),
# ("figure", file name, caption, function that draws it to a path).


def _report(runs, order: list[str]) -> list[tuple]:
    table = _concat(runs)
    table = table[table["head"] == HEAD]
    if not (table["truth"] != "").any():
        raise ValueError(
            f"`paths` must hold labelled predictions of the head `{HEAD}`. Received: "
            f"heads {sorted(set(_concat(runs)['head']))}, none of them labelled. "
            "Predict a labelled corpus."
        )
    varying = [column for column in GROUP if table[column].nunique() > 1]
    groups = {key: rows for key, rows in table.groupby(GROUP, sort=False)}
    title = "Results: " + ", ".join(sorted(set(table["experiment"]), key=_natural))
    blocks = [("heading", 1, title), ("text", HOW_TO_READ)]
    for key in sorted(groups, key=_group_rank):
        where = dict(zip(GROUP, key, strict=True))
        suffix = "".join(f"_{_slug(where[column])}" for column in varying)
        of_experiment = table[table["experiment"] == where["experiment"]]
        systems = sorted(
            set(of_experiment["system"]), key=functools.partial(_rank, order)
        )
        blocks += _group(where, groups[key], systems, suffix)
    blocks += _selection(runs, order)
    _refuse_equal_names(blocks)
    return blocks


def _group(where: dict, rows: pd.DataFrame, systems: list, suffix: str) -> list:
    """The blocks of one corpus under one condition."""
    synthetic = where["corpus"] == "synthetic"
    place = "synthetic speech" if synthetic else where["corpus"]
    place = f"{place}, {where['condition']}"
    scored = rows[rows["truth"] != ""]
    unscored = len(rows) - len(scored)
    note = f"Not scored, for want of a true label: {unscored} predictions."
    blocks = [("heading", 2, f"{where['experiment']}: {place}"), ("text", note)]
    by_system = {name: scored[scored["system"] == name] for name in systems}
    by_system = {name: part for name, part in by_system.items() if len(part)}
    if not by_system:
        return blocks
    return [
        *blocks,
        *_main(place, systems, by_system),
        _fold_table(place, by_system),
        *_speakers(place, by_system, f"speakers{suffix}.png"),
        *_confusions(place, by_system, suffix),
    ]


def _main(place: str, systems: list, by_system: dict) -> list[tuple]:
    """The main table; where folds differ, what is missing and a fair table."""
    held = {name: _jobs(rows) for name, rows in by_system.items()}
    every = sorted(set().union(*held.values()), key=_job_rank)
    lacking = {name: [j for j in every if j not in held[name]] for name in held}
    marks = {name: " †" if lacking[name] else "" for name in held}
    blocks = [_score_table(f"{place}: scores", by_system, marks)]
    blocks += [("text", f"{n} has no run here.") for n in systems if n not in held]
    for name in held:
        if lacking[name]:
            jobs = ", ".join(f"fold {fold} repeat {n}" for fold, n in lacking[name])
            blocks.append(("text", f"† {name} lacks: {jobs}."))
    common = set.intersection(*held.values())
    shared = {name: _only(rows, common) for name, rows in by_system.items()}
    if any(lacking.values()) and common:
        blocks.append(_score_table(f"{place}: scores on the common folds", shared, {}))
    elif any(lacking.values()):
        blocks.append(("text", "The systems have no fold and repeat in common."))
    return blocks + _warn_of_utterances(shared)


def _score_table(caption: str, by_system: dict, marks: dict) -> tuple:
    repeats = max(rows["repeat"].nunique() for rows in by_system.values())
    header = ["System", "Folds", "Repeats", "Utterances", "UAR % [95 % interval]"]
    header += ["WA %", "UAR %, mean of folds"]
    header += ["UAR %, mean of repeats"] if repeats > 1 else []
    table = []
    for name, rows in by_system.items():
        row = [name + marks.get(name, ""), *_score_row(rows)]
        table.append(row if repeats > 1 else row[:-1])
    return ("table", caption, header, table)


def _score_row(rows: pd.DataFrame) -> list[str]:
    low, high = None, None
    if rows["speaker"].nunique() > 1:
        low, high = scores.bootstrap_interval(
            rows["truth"], rows["prediction"], rows["speaker"]
        )
    interval = "one speaker" if low is None else f"{_percent(low)}, {_percent(high)}"
    return [
        str(rows["fold"].nunique()),
        str(rows["repeat"].nunique()),
        str(rows["utterance"].nunique()),
        f"{_percent(_uar(rows))} [{interval}]",
        _percent(scores.accuracy(rows["truth"], rows["prediction"])),
        _spread(_by_fold(rows), "folds"),
        _spread(_by_repeat(rows), "repeats"),
    ]


def _by_fold(rows: pd.DataFrame) -> pd.Series:
    """UAR of each fold, the mean over its repeats."""
    return pd.Series(
        {
            fold: pd.Series([_uar(run) for _, run in part.groupby("repeat")]).mean()
            for fold, part in rows.groupby("fold")
        }
    )


def _by_repeat(rows: pd.DataFrame) -> pd.Series:
    """Pooled UAR of each repeat that holds every fold of the system."""
    folds = rows["fold"].nunique()
    parts = {n: part for n, part in rows.groupby("repeat")}
    whole = {n: part for n, part in parts.items() if part["fold"].nunique() == folds}
    return pd.Series({n: _uar(part) for n, part in whole.items()}, dtype=float)


def _warn_of_utterances(shared: dict) -> list[tuple]:
    columns = ["fold", "repeat", "utterance", "truth"]
    sets = [set(rows[columns].itertuples(index=False)) for rows in shared.values()]
    if all(one == sets[0] for one in sets):
        return []
    sizes = ", ".join(
        f"{name} {len(rows)}" for name, rows in zip(shared, sets, strict=True)
    )
    warning = "WARNING: on the common folds the systems differ in the utterances or "
    return [("text", f"{warning}true labels they were scored on ({sizes} rows).")]


def _fold_table(place: str, by_system: dict) -> tuple:
    table = pd.DataFrame({name: _by_fold(rows) for name, rows in by_system.items()})
    table = table.loc[sorted(table.index, key=_natural)]
    rows = [[fold, *map(_percent, row)] for fold, *row in table.itertuples()]
    return ("table", f"{place}: UAR % of each fold", ["Fold", *table], rows)


def _speakers(place: str, by_system: dict, name: str) -> list[tuple]:
    pooled = pd.concat(by_system.values())
    table = pd.DataFrame(
        {
            system: {who: _uar(part) for who, part in rows.groupby("speaker")}
            for system, rows in by_system.items()
        }
    )
    table = table.loc[sorted(table.index, key=_natural)]
    heard = pooled.groupby("speaker")["utterance"].nunique()
    rows = [
        [who, str(heard[who]), *map(_percent, row)] for who, *row in table.itertuples()
    ]
    rows.append(["mean", NOTHING, *map(_percent, table.mean())])
    caption = f"{place}: UAR % of each speaker"
    drawing = functools.partial(figures.speaker_bars, table)
    return [
        ("table", caption, ["Speaker", "Utterances", *table], rows),
        ("figure", name, caption, drawing),
    ]


def _confusions(place: str, by_system: dict, suffix: str) -> list[tuple]:
    classes = {name: _classes(rows) for name, rows in by_system.items()}
    blocks = []
    for name, rows in by_system.items():
        counts = scores.confusion(rows["truth"], rows["prediction"], classes[name])
        repeats = rows["repeat"].nunique()
        summed = f", sum of {repeats} repeats" if repeats > 1 else ""
        title = f"{name} on {place}{summed}"
        table = [
            [label, *(_share(count, row.sum()) for count in row)]
            for label, row in zip(classes[name], counts, strict=True)
        ]
        caption = f"{title}: confusion"
        header = ["True \\ predicted", *classes[name]]
        blocks.append(("table", caption, header, table))
        drawing = functools.partial(
            figures.confusion_matrix, counts, classes[name], title
        )
        file = f"confusion_{_slug(name)}{suffix}.png"
        blocks.append(("figure", file, caption, drawing))
    return blocks


def _selection(runs, order: list[str]) -> list[tuple]:
    """What selected the epochs, and the speakers on two sides of a fold."""
    table = pd.DataFrame([_choice(*run) for run in runs])
    blocks = [("heading", 2, "What selected the epoch")]
    for name, part in table.groupby("experiment", sort=False):
        blocks.append(_selection_table(name, part, order))
        if (part.groupby("fold")["updates"].nunique() > 1).any():
            warning = f"WARNING: in {name} the systems differ in updates an epoch."
            blocks.append(("text", warning))
    return blocks + _shared(table)


def _selection_table(experiment: str, table: pd.DataFrame, order: list) -> tuple:
    systems = sorted(set(table["system"]), key=functools.partial(_rank, order))
    groups = {key: part for key, part in table.groupby(["fold", "selected_by"])}
    rows = []
    for fold, selected_by in sorted(groups, key=lambda key: (_natural(key[0]), key[1])):
        part = groups[fold, selected_by]
        epochs = part.groupby("system")["epoch"].agg(", ".join)
        updates = ", ".join(dict.fromkeys(part["updates"]))
        chosen = [epochs.get(name, NOTHING) for name in systems]
        rows.append([fold, selected_by, updates, *chosen])
    caption = f"{experiment}: chosen epoch, counted from 1, of those run in each repeat"
    header = ["Fold", "Selected by", "Updates an epoch", *systems]
    return ("table", caption, header, rows)


def _choice(key: tuple, folder: Path, predictions: pd.DataFrame) -> dict:
    path = _file(folder, "metrics.json")
    metrics = files.read_json(path)
    needed = {"speakers", "selected_by"}
    if not isinstance(metrics, dict) or not needed <= set(metrics):
        raise _bad(path, f"an object with {sorted(needed)}", type(metrics).__name__)
    sides = {side: set(metrics["speakers"].get(side, ())) for side in _SIDES}
    sides["test"] |= set(predictions["speaker"])
    history = folder / "history.csv"
    run = f" of {len(pd.read_csv(history))}" if history.is_file() else ""
    return {
        **dict(zip(RUN, key, strict=True)),
        "selected_by": str(metrics["selected_by"]),
        "updates": _text(metrics.get("updates_per_epoch")),
        "epoch": _text(metrics.get("epoch")) + run,
        **sides,
    }


_SIDES = ("train", "dev", "test")


def _shared(table: pd.DataFrame) -> list[tuple]:
    blocks = []
    for one, other in (("train", "dev"), ("train", "test"), ("dev", "test")):
        for run in table.to_dict("records"):
            names = sorted(run[one] & run[other], key=_natural)
            if names:
                job = f"{run['system']}, fold {run['fold']} repeat {run['repeat']}"
                what = f"ERROR: speakers shared between {one} and {other}: "
                blocks.append(("text", f"{what}{', '.join(names)} ({job})."))
    fine = f"Speakers shared between train, dev and test: none ({len(table)} runs)."
    return blocks or [("text", fine)]


# === Writing ===


def _markdown(blocks: list[tuple]) -> str:
    parts = []
    for block in blocks:
        match block:
            case "heading", level, text:
                parts.append(f"{'#' * level} {text}")
            case "text", text:
                parts.append(text)
            case "table", caption, header, rows:
                rule = ["---" if kind == "l" else "---:" for kind in _kinds(rows)]
                lines = [_markdown_row(row) for row in (header, rule, *rows)]
                parts.append("\n".join([f"**{caption}**", "", *lines]))
            case "figure", name, caption, _:
                parts.append(f"![{caption}]({name})")
    return "\n\n".join(parts) + "\n"


def _markdown_row(cells) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _latex(blocks: list[tuple]) -> str:
    parts = ["% Needs the packages booktabs, graphicx and longtable."]
    for block in blocks:
        match block:
            case "heading", level, text:
                name = "section" if level == 1 else "subsection"
                parts.append(f"\\{name}*{{{_escape(text)}}}")
            case "text", text:
                parts.append(_escape(text))
            case "table", caption, header, rows:
                parts.append(_latex_table(caption, header, rows))
            case "figure", name, caption, _:
                image = f"\\includegraphics[width=\\linewidth]{{{name}}}"
                parts.append(_float("figure", caption, [image]))
    return "\n\n".join(parts) + "\n"


def _latex_table(caption: str, header: list, rows: list) -> str:
    columns = zip(_kinds(rows), zip(header, *rows, strict=True), strict=True)
    layout = "".join(
        "p{4cm}" if max(map(len, cells)) > 35 else kind for kind, cells in columns
    )
    lines = [" & ".join(map(_escape, row)) + " \\\\" for row in (header, *rows)]
    body = ["\\toprule", lines[0], "\\midrule", *lines[1:], "\\bottomrule"]
    if len(rows) > 40:  # more than a page
        title = f"\\caption*{{{_escape(caption)}}} \\\\"
        return _environment("longtable", f"{{{layout}}}", [title, *body])
    tabular = _environment("tabular", f"{{{layout}}}", body)
    return _float("table", caption, [tabular])


def _kinds(rows: list) -> list[str]:
    """How to align each column: "r" below the first where figures stand, else "l"."""
    figure = re.compile(rf"[\d{NOTHING}]")
    kinds = [
        "r" if all(map(figure.match, column)) else "l"
        for column in zip(*rows, strict=True)
    ]
    return ["l", *kinds[1:]]


def _float(kind: str, caption: str, lines: list[str]) -> str:
    title = f"\\caption{{{_escape(caption)}}}"
    return _environment(kind, "[ht]", ["\\centering", title, *lines])


def _environment(name: str, argument: str, lines: list[str]) -> str:
    return "\n".join([f"\\begin{{{name}}}{argument}", *lines, f"\\end{{{name}}}"])


_LATEX = {
    **{mark: f"\\{mark}" for mark in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "±": r"$\pm$",
    "–": "--",
    "†": r"$\dagger$",
    "…": r"\ldots{}",
}


def _escape(text: str) -> str:
    return "".join(_LATEX.get(mark, mark) for mark in text)


# === Small things ===


def _uar(rows: pd.DataFrame) -> float:
    return scores.uar(rows["truth"], rows["prediction"])


def _classes(rows: pd.DataFrame) -> list[str]:
    """The classes of the p_ columns; without these, all labels there are."""
    named = [name for name in rows if name.startswith("p_") and rows[name].count()]
    if named:
        return [name.removeprefix("p_") for name in named]
    return sorted({*rows["truth"], *rows["prediction"]} - {""})


def _jobs(rows: pd.DataFrame) -> set[tuple]:
    return set(zip(rows["fold"], rows["repeat"], strict=True))


def _only(rows: pd.DataFrame, jobs: set[tuple]) -> pd.DataFrame:
    pairs = zip(rows["fold"], rows["repeat"], strict=True)
    return rows[[pair in jobs for pair in pairs]]


def _percent(value: float) -> str:
    return NOTHING if pd.isna(value) else f"{100 * value:.1f}"


def _spread(values: pd.Series, what: str) -> str:
    if len(values) < 2:
        return f"{_percent(values.mean())} (1 {what[:-1]})" if len(values) else NOTHING
    mean, deviation = _percent(values.mean()), _percent(values.std())
    return f"{mean} ± {deviation} over {len(values)} {what}"


def _text(value) -> str:
    return NOTHING if value is None else str(value)


def _share(count: int, total: int) -> str:
    return f"{count} ({100 * count / total:.0f} %)" if total else NOTHING


def _natural(value) -> tuple:
    """Sort key under which fold 2 comes before fold 10."""
    parts = [part for part in re.split(r"(\d+)", str(value)) if part]
    keys = [(0, int(p), "") if p.isdecimal() else (1, 0, p) for p in parts]
    return (*keys, (2, 0, str(value)))


def _rank(order: list[str], system: str) -> tuple:
    place = order.index(system) if system in order else len(order)
    return place, not system.startswith("baseline"), _natural(system)


def _group_rank(key: tuple) -> tuple:
    experiment, corpus, condition = key
    clean = condition != "clean"
    return _natural(experiment), _natural(corpus), clean, _natural(condition)


def _job_rank(job: tuple) -> tuple:
    return _natural(job[0]), job[1]


def _slug(text: str) -> str:
    return re.sub(r"[^\w.-]+", "-", text)


def _refuse_equal_names(blocks: list[tuple]) -> None:
    names = [block[1] for block in blocks if block[0] == "figure"]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(
            "Systems, corpora and conditions must differ in more than punctuation. "
            f"Received: two figures for {twice}. Rename one, or report them apart."
        )
