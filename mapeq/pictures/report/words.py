"""Statistics of a result as text, tables and bars: the static parts of the page."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

import numpy as np

from mapeq._base.errors import counted
from mapeq._base.hierarchy import ROOT
from mapeq.pictures.report.data import MOST_FLOWS, MOST_MODULES, MOST_NODES
from mapeq.result.result import ROUNDING, Result


def headline(result: Result) -> str:
    """Return the main statistics."""
    modules = {"modules": f"{result.num_modules:,}"}
    if result.num_levels > 2:
        finest = result.modules_per_level[-1]
        modules = {"top modules": f"{result.num_modules:,}", "finest modules": f"{finest:,}"}
    states = result.network.states
    nodes = {"nodes": f"{result.num_nodes:,}"}
    if states is not None:
        nodes = {"nodes": f"{len(np.unique(states.physical)):,}", "states": f"{result.num_nodes:,}"}
        if states.layers is not None:
            nodes["layers"] = f"{len(states.layers):,}"
    statistics = {
        **nodes,
        "directed links" if result.network.directed else "undirected links": f"{result.num_links:,}",
        **modules,
        "levels": f"{result.num_levels}",
        "bits per step": f"{result.codelength:.4f}",
        "saved by modules": f"{result.relative_savings:.1%}",
    }
    cells = (f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in statistics.items())
    return "".join(cells)


def explanation(result: Result) -> str:
    """Explain the codelength, and :attr:`mapeq.Result.explanation` if there is one."""
    paragraphs = (_meaning(result), result.explanation)
    return "".join(f"<p>{escape(text)}</p>" for text in paragraphs if text)


def _meaning(result: Result) -> str:
    if result.one_level_codelength <= ROUNDING:
        return "A random walk on this network never has a choice: there is nothing to describe."
    first = (
        f"Without modules, describing a step of a random walk on this network takes "
        f"{result.one_level_codelength:.4f} bits on average."
    )
    if result.num_modules == 1 and result.relative_savings == 0:
        second = "All nodes are in one module, which saves nothing."
    elif result.relative_savings <= 0:
        second = (
            f"With these modules it takes {result.codelength:.4f} bits, which is not less: "
            "the walk leaves them too soon."
        )
    else:
        second = (
            f"With these modules, which reuse short codewords, it takes {result.codelength:.4f} bits, "
            f"{result.relative_savings:.1%} less: the walk stays in a module for many steps before it leaves. "
            f"Of these, {result.index_codelength:.4f} bits name the {_top(result)} it enters, "
            f"and {result.module_codelength:.4f} bits describe steps within modules and exits."
        )
    return f"{first} {second}"


def codelength_bars(result: Result) -> str:
    """Return bars of the codelength with and without modules, to the same scale."""
    longest = max(result.codelength, result.one_level_codelength)
    if longest <= 0:
        return ""
    rows = [
        ("Without modules", result.one_level_codelength, [("plain", result.one_level_codelength)]),
        ("With modules", result.codelength, [("index", result.index_codelength), ("within", result.module_codelength)]),
    ]
    lines = []
    for name, bits, parts in rows:
        start, shapes = 0.0, ""
        for kind, part in parts:
            width = 100 * part / longest
            shapes += f'<rect class="{kind}" x="{start:.3f}" width="{width:.3f}" height="1"/>'
            start += width
        bar = f'<svg viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">{shapes}</svg>'
        lines.append(f"<tr><th scope=row>{name}</th><td>{bar}</td><td>{bits:.4f} bits</td></tr>")
    legend = (
        f'<p class="legend"><span class="index"></span>index: {result.index_codelength:.4f} bits, '
        f"naming the {_top(result)} entered</p>"
        f'<p class="legend"><span class="within"></span>modules: {result.module_codelength:.4f} bits, within them</p>'
    )
    return f'<table class="bars">{"".join(lines)}</table>{legend}'


def level_table(result: Result) -> str:
    """Return a table of the savings of each level, if there are several."""
    if result.num_levels <= 2:
        return ""
    rows = "".join(
        f"<tr><th scope=row>{level}</th><td>{number:,}</td><td>{saved:.4f}</td></tr>"
        for level, (number, saved) in enumerate(
            zip(result.modules_per_level, result.level_savings, strict=True), start=1
        )
    )
    return (
        '<div><table class="figures"><caption>Levels, from the top modules to the finest</caption><thead><tr>'
        "<th scope=col>Level</th><th scope=col>Modules</th><th scope=col>Bits per step saved</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></div>"
    )


def omissions(result: Result, data: dict[str, Any]) -> str:
    """State what the page does not list; empty if it lists everything."""
    sentences = []
    num_modules, shown = len(result.module_records), len(data["modules"]["parent"])
    if shown < num_modules:
        sentences.append(
            f"Of {num_modules - 1:,} modules, this page lists the {shown - 1:,} with most flow; its limit is "
            f"{MOST_MODULES:,} modules."
        )
    listed, members = len(data["nodes"]["label"]), data["modules"].get("members", data["modules"]["size"])[ROOT]
    if listed < members:
        what = "nodes" if result.network.states is None else "nodes, counted in each of their modules"
        sentences.append(
            f"Of {members:,} {what}, this page lists and finds {listed:,}: those with most flow in each "
            f"module; its limit is {MOST_NODES:,} nodes."
        )
    for part, each in zip(("module to others", "node within its module"), data["flows_each"], strict=True):
        if each is not None:
            which = "strongest" if each == 1 else f"{each} strongest"
            sentences.append(
                f"Of the flows from each {part}, the map has at least the {which}; its limit is {MOST_FLOWS:,} flows."
            )
    return f'<p class="note">{" ".join(sentences)}</p>' if sentences else ""


def legend(data: dict[str, Any]) -> str:
    """Explain the map: areas, widths, colours, directions and sides."""
    has_grey = len(data["colours"]) <= max(data["modules"]["coloured"])
    sentences = [
        "Discs have areas by flow, the fraction of steps that the walk spends there, and bands widths by flow"
        + (", narrower towards their target." if data["directed"] else "."),
        f"Each colour is one {'large ' if has_grey else ''}module"
        + (f" of level {data['level']}" if data["level"] > 1 else "")
        + ", throughout this page.",
        "Rings are nodes of the second side." if "side" in data["nodes"] else "",
        "A node with states in several modules is in each of them, with sectors in the colours of the others."
        if "states" in data
        else "",
    ]
    return " ".join(filter(None, sentences))


def details(result: Result) -> str:
    """Return everything needed to reproduce this result."""
    rows = {
        "Codelength": f"{result.codelength:.9g} bits per step",
        "Index and module parts": f"{result.index_codelength:.9g} + {result.module_codelength:.9g} bits per step",
        "Without modules": f"{result.one_level_codelength:.9g} bits per step",
        "Trials": _trials(result),
        **_end(result),
        "Seed": "none" if result.seed is None else str(result.seed),
        **{
            name.replace("_", " ").capitalize(): _as_text(value)
            for name, value in result.options.items()
            if name != "num_trials"
        },
        "Version": f"mapeq {result.version}",
    }
    return "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in rows.items())


def _top(result: Result) -> str:
    return "top module" if result.num_levels > 2 else "module"


def _trials(result: Result) -> str:
    if not result.trials:
        return "none; the modules were given"
    found = f"{min(result.trials):.9g}"
    if len(result.trials) > 1:
        found += f" to {max(result.trials):.9g}"
    agreed = ""
    if len(result.trials) > 1 and result.modules_agreed is not None:
        agreed = f"; {counted(result.modules_agreed, 'module')} found by every trial"
    return f"{len(result.trials):,}: {found} bits per step{agreed}"


def _end(result: Result) -> dict[str, str]:
    """State whether the search came to its end, and whether more trials would help; nothing without a search."""
    if not result.trials:
        return {}
    stopped = f"by the {result.stopped_by}; more time may shorten the description"
    helps = {
        None: "not known " + ("from one trial" if result.stopped_by is None else "from a search that was stopped"),
        True: "probably: the last trial still shortened the description",
        False: "hardly: the last trial did not shorten the description",
    }
    return {
        "Stopped early": "no" if result.stopped_by is None else stopped,
        "More trials would help": helps[result.more_trials_help],
    }


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "none"
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ", ".join(map(str, value))
    return str(value)
