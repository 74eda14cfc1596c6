"""Drawing of measured scores beside those that a paper printed."""

import textwrap

import numpy as np

from keras_ser.figures.style import COLOURS, drawing


def beside_published(measured: dict, printed: dict, title: str, path) -> None:
    """Systems in rows, a panel a corpus: dots measured, diamonds published.

    A panel that both have holds both. Lines through dots are intervals; through
    diamonds, what the paper has after ±.

    Args:
        measured: by the panel's title, a DataFrame of `uar, low, high` in percent,
            index systems; NaN draws nothing.
        printed: by the panel's title, a DataFrame of `value, spread` in percent.
        title: line above.
        path: PNG to write.

    Raises:
        ValueError: no panel, or panels with different systems.
    """
    panels = list(dict.fromkeys([*printed, *measured]))
    tables = [*measured.values(), *printed.values()]
    if not panels or any(list(t.index) != list(tables[0].index) for t in tables):
        raise ValueError(
            "`measured` and `printed` must hold at least one panel, all with the same "
            f"systems. Received: panels {panels}. Reindex them alike."
        )
    systems = list(tables[0].index)
    size = (2.2 + 2.6 * len(panels), 1.8 + 0.32 * len(systems))
    with drawing(path, size) as figure:
        row = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        for axes, panel in zip(row, panels, strict=True):
            _panel(axes, measured.get(panel), printed.get(panel))
            axes.set_title(textwrap.fill(panel, 24))
            axes.set_xlabel("UAR (%)")
            axes.grid(axis="x")
        row[0].set_yticks(range(len(systems)), systems)
        row[0].set_ylim(len(systems) - 0.5, -0.5)
        figure.suptitle(textwrap.fill(title, int(10 * size[0])), fontsize=11)
        handles = _legend(row[0], bool(measured), bool(printed))
        figure.legend(handles=handles, loc="outside lower center", ncols=2)


def _panel(axes, measured, printed) -> None:
    places = np.arange(len(measured if measured is not None else printed))
    if printed is not None:
        value, spread = printed.value.to_numpy(float), printed.spread.to_numpy(float)
        style = {"color": COLOURS[1], "fmt": "D", "mfc": "white", "markersize": 6}
        axes.errorbar(value, places - 0.12, xerr=np.nan_to_num(spread), **style)
    if measured is not None:
        uar = measured.uar.to_numpy(float)
        sides = [
            uar - measured.low.to_numpy(float),
            measured.high.to_numpy(float) - uar,
        ]
        style = {"color": COLOURS[0], "fmt": "o", "markersize": 6}
        axes.errorbar(uar, places + 0.12, xerr=np.nan_to_num(sides), **style)


def _legend(axes, measured: bool, printed: bool) -> list:
    styles = {
        "measured": {"color": COLOURS[0], "marker": "o"},
        "published": {"color": COLOURS[1], "marker": "D", "mfc": "white"},
    }
    shown = {"measured": measured, "published": printed}
    return [
        axes.plot([], [], linestyle="", label=name, **styles[name])[0]
        for name in styles
        if shown[name]
    ]
