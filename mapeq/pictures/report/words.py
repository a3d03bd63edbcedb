"""The figures of a result in words, tables and bars: the parts of the page that need no program."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

from mapeq._base.errors import counted
from mapeq.pictures.report.data import MOST_MODULES, MOST_NODES
from mapeq.result.result import Result


def headline(result: Result) -> str:
    """The few figures that everybody asks for first."""
    modules = {"modules": f"{result.num_modules:,}"}
    if result.num_levels > 2:
        finest = result.modules_per_level[-1]
        modules = {"top modules": f"{result.num_modules:,}", "finest modules": f"{finest:,}"}
    figures = {
        "nodes": f"{result.num_nodes:,}",
        "directed links" if result.network.directed else "undirected links": f"{result.num_links:,}",
        **modules,
        "levels": f"{result.num_levels}",
        "bits per step": f"{result.codelength:.4f}",
        "saved by modules": f"{result.relative_savings:.1%}",
    }
    cells = (f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in figures.items())
    return "".join(cells)


def explanation(result: Result) -> str:
    """What the codelength says, in a sentence or two; and why nothing is divided, or everything, if that is so."""
    paragraphs = (_meaning(result), result.explanation)
    return "".join(f"<p>{escape(text)}</p>" for text in paragraphs if text)


def _meaning(result: Result) -> str:
    if result.one_level_codelength == 0:
        return "A random walk on this network has a choice nowhere: there is nothing to describe."
    first = (
        f"If every node has a name of its own, a step of a random walk on this network takes "
        f"{result.one_level_codelength:.4f} bits to describe, on average."
    )
    if result.num_modules == 1 and result.relative_savings == 0:
        second = "All nodes are in one module, so that modules save nothing."
    elif result.relative_savings <= 0:
        second = (
            f"With these modules it takes {result.codelength:.4f} bits, which is no less: "
            "the walk does not stay in them for long enough."
        )
    else:
        second = (
            f"With these modules, in which short names can be used again, it takes {result.codelength:.4f} bits, "
            f"{result.relative_savings:.1%} less: the walk stays in a module for long before it leaves. "
            f"Of these, {result.index_codelength:.4f} bits tell which {_top(result)} it enters, "
            f"and {result.module_codelength:.4f} bits where it goes within and when it leaves."
        )
    return f"{first} {second}"


def codelength_bars(result: Result) -> str:
    """The codelength beside that without modules, as bars of one scale."""
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
        f"which {_top(result)} is entered</p>"
        f'<p class="legend"><span class="within"></span>modules: {result.module_codelength:.4f} bits, within them</p>'
    )
    return f'<table class="bars">{"".join(lines)}</table>{legend}'


def level_table(result: Result) -> str:
    """What each level of modules saves, where there is more than one."""
    if result.num_levels <= 2:
        return ""
    rows = "".join(
        f"<tr><th scope=row>{level}</th><td>{number:,}</td><td>{saved:.4f}</td></tr>"
        for level, (number, saved) in enumerate(
            zip(result.modules_per_level, result.level_savings, strict=True), start=1
        )
    )
    return (
        '<table class="figures"><caption>Levels, from the top modules to the finest</caption><thead><tr>'
        "<th scope=col>Level</th><th scope=col>Modules</th><th scope=col>Saves, bits per step</th></tr></thead>"
        f"<tbody>{rows}</tbody></table>"
    )


def left_out(result: Result, data: dict[str, Any]) -> str:
    """What the page does not list; nothing if it lists everything."""
    sentences = []
    num_modules, shown = len(result.module_records), len(data["modules"]["parent"])
    if shown < num_modules:
        sentences.append(
            f"Of {num_modules - 1:,} modules this page lists the {shown - 1:,} with most flow, as it does of networks "
            f"with more than {MOST_MODULES:,}."
        )
    listed = len(data["nodes"]["label"])
    if listed < result.num_nodes:
        sentences.append(
            f"Of {result.num_nodes:,} nodes this page lists, and finds, {listed:,}: those with most flow in each "
            f"module, as it does of networks with more than {MOST_NODES:,} nodes."
        )
    return f'<p class="note">{" ".join(sentences)}</p>' if sentences else ""


def facts(result: Result) -> str:
    """All that is needed to find this result again."""
    figures = {
        "Codelength": f"{result.codelength:.9g} bits per step",
        "Index and module parts": f"{result.index_codelength:.9g} + {result.module_codelength:.9g} bits per step",
        "Without modules": f"{result.one_level_codelength:.9g} bits per step",
        "Trials": _trials(result),
        "Converged": "yes" if result.converged else "no: more trials or more time may shorten the description",
        "Seed": "none" if result.seed is None else str(result.seed),
        **{
            name.replace("_", " ").capitalize(): _in_words(value)
            for name, value in result.options.items()
            if name != "num_trials"
        },
        "Version": f"mapeq {result.version}",
    }
    return "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in figures.items())


def _top(result: Result) -> str:
    return "top module" if result.num_levels > 2 else "module"


def _trials(result: Result) -> str:
    if not result.trials:
        return "none: the modules were given"
    found = f"{min(result.trials):.9g}"
    if len(result.trials) > 1:
        found += f" to {max(result.trials):.9g}"
    agreed = ""
    if len(result.trials) > 1 and result.modules_agreed is not None:
        agreed = f"; {counted(result.modules_agreed, 'module')} found by every one"
    return f"{len(result.trials):,}: {found} bits per step{agreed}"


def _in_words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ", ".join(map(str, value))
    return str(value)
