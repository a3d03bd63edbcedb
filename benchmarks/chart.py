"""The picture of codelength against time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.runs import Outcome, Row

#: Told apart by the colour-blind, too (Okabe & Ito), and in which direction, in points, the trials stand.
STYLES = {
    "mapeq": ({"color": "#D55E00", "marker": "o"}, (0, -12)),
    "infomap": ({"color": "#0072B2", "marker": "s"}, (4, 5)),
    "igraph": ({"color": "#009E73", "marker": "^"}, (-4, 6)),
    "networkit": ({"color": "#CC79A7", "marker": "D"}, (4, 5)),
}

#: Per cent above the best from where on the axis is logarithmic: most differences are small, a few are not.
LINEAR_BELOW = 0.01


def draw(outcomes: Sequence[Outcome], path: Path) -> None:
    """A panel a network, 1,200 pixels wide in all."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 4.8), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, len(outcomes), sharey=True, squeeze=False)[0]
    for panel, outcome in zip(panels, outcomes, strict=True):
        _panel(panel, outcome)
    panels[0].set_ylabel("codelength above the best, %")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), frameon=False)
    figure.savefig(path)


def _panel(panel: Any, outcome: Outcome) -> None:
    from matplotlib.ticker import LogLocator, NullFormatter

    rows = [row for row in outcome.rows if row.codelength is not None]
    best = min(row.codelength for row in rows)
    for peer, (style, beside) in STYLES.items():
        points = [(row, _above(row, best)) for row in rows if row.peer == peer]
        panel.plot([row.total for row, _ in points], [above for _, above in points], label=peer, **style)
        for row, above in points:
            place = {"xytext": beside, "textcoords": "offset points"}
            panel.annotate(f"{row.trials}", (row.total, above), **place, fontsize=8, color=style["color"])
    panel.set_title(f"{outcome.about.name}{' (directed)' if outcome.about.directed else ''}")
    panel.set_xscale("log")
    panel.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    panel.xaxis.set_major_formatter("{x:g}")
    panel.xaxis.set_minor_formatter(NullFormatter())
    panel.tick_params(axis="x", labelsize=8)
    panel.set_yscale("symlog", linthresh=LINEAR_BELOW, linscale=0.5)
    panel.set_ylim(bottom=-LINEAR_BELOW / 2)  # room for what stands below the best
    panel.set_yticks([0, 0.01, 0.1, 1, 10], ["0", "0.01", "0.1", "1", "10"])
    panel.set_xlabel("seconds (trials beside the points)")
    panel.grid(alpha=0.3)


def _above(row: Row, best: float) -> float:
    return 100 * (row.codelength - best) / best
