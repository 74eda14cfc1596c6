"""The tables of models that train at the same time, on a GPU."""

import tables

GIB = 2**30
MIB = 2**20


def together(rows: list[dict]) -> str:
    """A line per measured number of models, and what did not run or agree.

    Args:
        rows: The rows of the last runs, one or more per candidate.
    """
    found = list({_candidate(row): row for row in rows}.values())
    measured = sorted((row for row in found if "rate" in row), key=_order)
    table = tables.format_table(
        [
            *("", "rows/s", "times one alone", "GFLOP per update", "TFLOP/s (share)"),
            *("compiled in", "memory per model"),
        ],
        map(_line, measured),
    )
    bounds = {row["precision"]: row["bound"] / 1e12 for row in measured}
    told = [f"{value:.1f} TFLOP/s in {name}" for name, value in bounds.items()]
    parts = [
        table if measured else "",
        f"Products of large matrices reach {', '.join(told)}." if told else "",
        _kernels(measured),
        _agreement(measured),
        _problems(row for row in found if "problem" in row),
    ]
    return "\n\n".join(part for part in parts if part)


def _candidate(row: dict) -> tuple:
    return tuple(row[name] for name in ("system", "precision", "kind", "models"))


def _order(row: dict) -> tuple:
    return row["system"], row["precision"] != "float32", row["models"], row["kind"]


def _name(row: dict) -> str:
    how = (
        "one alone"
        if row["kind"] == "alone"
        else f"{row['models']} together, {row['kind']}"
    )
    return f"`{row['system']}`, {row['precision']}, {how}"


def _line(row: dict) -> tuple:
    reached = row["flop"] * row["rate"] / row["batch"]
    return (
        _name(row),
        f"{row['rate']:.0f}",
        f"{row.get('times', 1):.2f}",
        f"{row['flop'] / 1e9:.1f}",
        f"{reached / 1e12:.2f} ({reached / row['bound']:.1%})",
        f"{row['compile']:.0f} s",
        f"{row['memory'] / MIB:.0f} MiB",
    )


def _kernels(rows: list[dict]) -> str:
    told = {row["precision"]: row["kernel"] for row in rows if "kernel" in row}
    names = [f"{kernel} in {precision}" for precision, kernel in told.items()]
    return f"The LSTM of one model alone is {', '.join(names)}." if names else ""


def _agreement(rows: list[dict]) -> str:
    compared = [row for row in rows if "deviation" in row]
    if not compared:
        return ""
    worst = max(row["deviation"] for row in compared)
    wrong = [_name(row) for row in compared if not row["agrees"]]
    if wrong:
        return f"**Losses deviate by up to {worst:.0e}**: {'; '.join(wrong)}."
    return f"Losses agree with those of one model up to {worst:.0e}."


def _problems(rows) -> str:
    lines = [f"- {_name(row)}: {row['problem']}" for row in rows]
    return "Not run:\n\n" + "\n".join(lines) if lines else ""


def experiments(rows: list[dict]) -> str:
    """A line per system of each experiment, from the last process that trained it."""
    found = {(row["experiment"], row["system"]): row for row in rows}.values()
    trained = [row for row in found if "jobs" in row]
    table = tables.format_table(
        [
            *("experiment, system", "runs", "groups", "before training"),
            *("compiled in", "first epoch", "other epochs", "training", "in all"),
        ],
        [
            (
                f"{row['experiment']}, `{row['system']}`",
                f"{row['done']} of {row['jobs'] or '?'}",
                " + ".join(map(str, row["groups"])) or "–",
                _seconds(row["before"]),
                _seconds(sum(row["compile"]) if row["compile"] else None),
                _seconds(row["first_epoch"]),
                _seconds(row["epoch"], 2),
                _seconds(sum(row["trained"]) if row["trained"] else None),
                _seconds(row["seconds"]),
            )
            for row in trained
        ],
    )
    told = [
        f"- {row['experiment']}, {row['system']}: {row['problem']}"
        for row in found
        if "problem" in row
    ]
    parts = [table if trained else "", "Not finished:\n\n" + "\n".join(told)]
    return "\n\n".join(part for part in parts[: 1 + bool(told)] if part)


def _seconds(value: float | None, digits: int = 0) -> str:
    return "–" if value is None else f"{value:.{digits}f} s"
