"""Stored rows as tables, sentences and RESULTS.md."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from statistics import geometric_mean, mean
from typing import Any

from benchmarks import embeddings, large, overlap, prediction, small
from benchmarks.peers import PEERS
from benchmarks.worker import Row, growth, table

SAME = 1e-7  #: per cent: codelengths that differ by less are equal

Pair = tuple[Row, Row]

# Tables --------------------------------------------------------------------------------------


def seconds(value: float) -> str:
    """Three significant digits."""
    return f"{value:.{4 if value < 0.1 else 3 if value < 1 else 2 if value < 10 else 1 if value < 100 else 0}f}"


def percent(value: float) -> str:
    """A signed difference."""
    if abs(value) < SAME:
        return "0 %"
    return f"{value:+.3f} %" if abs(value) >= 0.001 else f"{value:+.0e} %"


def ratio(value: float) -> str:
    """A number of times."""
    return f"{value:.{2 if value < 10 else 1 if value < 100 else 0}f}"


def pairs(rows: Sequence[Row], **fields: Any) -> list[Pair]:
    """Rows of mapeq, each with its counterpart: another library, or mapeq on one thread; `fields` select rows."""
    rows = [row for row in rows if "problem" not in row and fields.items() <= row.items()]
    others = [row for row in rows if row["library"] != "mapeq"] or [row for row in rows if row["threads"] == 1]
    return [
        (ours, theirs)
        for ours in rows
        for theirs in others
        if ours["library"] == "mapeq"
        and ours is not theirs
        and all(ours[key] == theirs[key] for key in ("network", "multilevel"))
        and (theirs["library"] != "mapeq" or (ours["threads"] > 1 and ours["trials"] == theirs["trials"]))
    ]


def times(pair: Pair) -> float:
    """The other's time divided by mapeq's."""
    return pair[1]["seconds"] / pair[0]["seconds"]


def excess(pair: Pair) -> float:
    """How much longer mapeq's codelength is, in per cent; negative where it is shorter."""
    return 100 * (pair[0]["codelength"] / pair[1]["codelength"] - 1) if pair[1]["codelength"] else 0.0


def is_as_short(pair: Pair) -> bool:
    """Whether mapeq's codelength is no longer."""
    return excess(pair) <= SAME


def both(key: str, form: Callable[[Any], str] = str) -> Callable[[Row, Row], str]:
    """A column with a figure of mapeq and of the other."""
    return lambda a, b: ", ".join("-" if row.get(key) is None else form(row[key]) for row in (a, b))


whole = "{:,.0f}".format
COLUMNS: dict[str, Callable[[Row, Row], str]] = {
    "network": lambda a, b: a["network"],
    "search": lambda a, b: "multilevel" if a["multilevel"] else "two-level",
    "library": lambda a, b: b["library"],
    "links": lambda a, b: whole(a["links"]),
    "trials": both("trials"),
    "threads": both("threads"),
    "mapeq s": lambda a, b: seconds(a["seconds"]),
    "other s": lambda a, b: seconds(b["seconds"]),
    "time ratio": lambda a, b: ratio(times((a, b))),
    "mapeq bits": lambda a, b: f"{a['codelength']:.6f}",
    "other bits": lambda a, b: f"{b['codelength']:.6f}",
    "difference": lambda a, b: percent(excess((a, b))),
    "spread": both("spread", "{:.4f}".format),
    "modules": both("modules", whole),
    "levels": both("levels"),
    "bytes per link": both("bytes_per_link", whole),
    "same labels": lambda a, b: "yes" if a["digest"] == b["digest"] else "no",
}
LEFT = ("network", "search", "library")
COSTS = ("mapeq s", "other s", "time ratio")
USUAL = (*COSTS, "mapeq bits", "other bits", "difference")


def show_pairs(rows: Sequence[Row], columns: Sequence[str]) -> str:
    """A line for each pair; "other" is replaced by the library, if there is only one."""
    found = pairs(rows)
    libraries = {theirs["library"] for _, theirs in found}
    other = "one thread" if libraries == {"mapeq"} else next(iter(libraries)) if len(libraries) == 1 else "other"
    head = [name.replace("other", other) for name in columns]
    lines = [[COLUMNS[name](*pair) for name in columns] for pair in found]
    problems = [f"{row['network']}: {row['library']} {row['problem']}." for row in rows if "problem" in row]
    problems += sorted({PEERS[row["library"]].remark for row in rows if PEERS[row["library"]].remark})
    return "\n\n".join([table(head, lines, left=sum(name in LEFT for name in columns)), *problems])


def show_start(rows: Sequence[Row]) -> str:
    return table(["process", "s"], [[row["what"], seconds(row["seconds"])] for row in rows])


def show_growth(rows: Sequence[Row]) -> str:
    head = ["network", "new", "search", "links", "changed nodes", "full s", "warm s", "part", "difference", "largest"]
    lines = [
        [
            row["network"],
            row["new"],
            COLUMNS["search"](row, row),
            whole(row["links"]),
            f"{row['changed']:.0f} %",
            seconds(row["full"]),
            seconds(row["warm"]),
            f"{row['warm'] / row['full']:.2f}",
            percent(row["excess"]),
            percent(row["largest_excess"]),
        ]
        for row in rows
    ]
    return table(head, lines, left=3)


def show_readme(rows: Sequence[Row]) -> str:
    """A compact table: codelength and time of both programs, both modes."""
    lines = []
    for flat in pairs(rows, multilevel=False):
        cells = [flat[0]["network"], whole(flat[0]["links"])]
        for ours, theirs in [flat, *pairs(rows, multilevel=True, network=flat[0]["network"])]:
            cells += [f"{row['codelength']:.4f} · {seconds(row['seconds'])} s" for row in (ours, theirs)]
            cells.append(ratio(times((ours, theirs))))
        lines.append(cells)
    modes = ("mapeq", "infomap", "time ratio", "multilevel: mapeq", "infomap", "time ratio")
    return table(["network", "links", *modes], [line for line in lines if len(line) == 8])


def exponent(rows: Sequence[Row], library: str) -> float | None:
    """The exponent of time in the number of links, from 50,000 links on."""
    found = [row for row in rows if row["library"] == library and row["links"] >= 50_000 and "problem" not in row]
    if len(found) < 2:
        return None
    return growth([row["links"] for row in found], [row["seconds"] for row in found])


def show_rows(rows: Sequence[Row]) -> str:
    """A line for each library on one network."""
    head = ["library", "load s", "total s", "bytes per link", "codelength", "modules", "levels"]
    lines = [
        [
            row["library"],
            seconds(row["load"]),
            seconds(row["seconds"]),
            "-" if row["bytes_per_link"] is None else whole(row["bytes_per_link"]),
            f"{row['codelength']:.6f}",
            whole(row["modules"]),
            whole(row["levels"]),
        ]
        for row in rows
        if "problem" not in row
    ]
    problems = [f"{row['library']}: {row['problem']}" for row in rows if "problem" in row]
    return "\n".join([f"{rows[0]['network']}, {rows[0]['links']:,} links", table(head, lines), *problems])


# What holds ----------------------------------------------------------------------------------


def what_holds(rows: dict[str, list[Row]]) -> list[str]:
    """The results in plain sentences, of what has been measured."""
    found = {key: pairs(each) for key, each in rows.items() if each and "library" in each[0]}
    seeds = "ten-seeds" in found
    said = []
    for multilevel, key in ((False, "two-level"), (True, "multilevel")):
        one_mode = [pair for pair in found.get("ten-seeds", found.get(key, [])) if pair[0]["multilevel"] == multilevel]
        said += _versus(f"{key.capitalize()}, one trial, {'mean of ten seeds' if seeds else 'one seed'}", one_mode)
    said += _best_of_ten(found.get("best-of-ten", []))
    said += small.small_in_words(rows.get("small", []))
    said += overlap.overlap_in_words(rows.get("overlap", []))
    said += prediction.prediction_in_words(rows.get("prediction", []))
    said += _versus("Weights, directions, teleportation and hubs", found.get("kinds", []))
    for library in ("igraph", "networkit"):
        one_library = [pair for pair in found.get("libraries", []) if pair[1]["library"] == library]
        said += _versus(f"{library}, two-level, one trial", one_library)
    for ours, theirs in found.get("large", [])[-1:]:
        said.append(
            f"{whole(ours['links'])} links take mapeq {seconds(ours['seconds'])} s on {ours['threads']} threads and "
            f"infomap {seconds(theirs['seconds'])} s on one."
        )
    if two_threads := found.get("threads"):
        same = sum(ours["digest"] == theirs["digest"] for ours, theirs in two_threads)
        said.append(
            f"On two threads mapeq is {_span(map(times, two_threads))} times as fast as on one, with the same modules "
            f"in {same} of {len(two_threads)} searches."
        )
    said += _memory([pair for key in ("two-level", "multilevel", "memory", "large") for pair in found.get(key, [])])
    powers = {name: exponent(rows.get("scaling", []), name) for name in ("mapeq", "infomap")}
    if None not in powers.values():
        words = [f"{power:.2f} ({name})" for name, power in powers.items()]
        said.append(f"Time grows with the number of links to the power {_listed(words)}.")
    said += large.large_in_words(rows.get("disk", []))
    said += _versus("From file to file", found.get("files", []))
    if start := rows.get("cold-start"):
        said.append("Whole processes: " + "; ".join(f"{row['what']}: {row['seconds']:.2g} s" for row in start) + ".")
    for new in ("links", "nodes"):
        said += _growth(new, [row for row in rows.get("growth", []) if row["new"] == new and row["links"] >= 20_000])
    differences = [row["disagreement"] for each in rows.values() for row in each if row.get("disagreement") is not None]
    if differences:
        said.append(f"mapeq and infomap agree on the codelengths of mapeq's modules to {max(differences):.0e} bits.")
    said += embeddings.sets_in_words(rows.get("embeddings", []))
    return said + embeddings.steps_in_words(rows.get("embedding-steps", []))


def _versus(what: str, found: Sequence[Pair]) -> list[str]:
    """Who finds shorter codelengths, and who is faster."""
    if not found:
        return []
    other, differences, ratios = found[0][1]["library"], [*map(excess, found)], [*map(times, found)]
    longer = [f"{pair[0]['network']} ({percent(excess(pair))})" for pair in found if not is_as_short(pair)]
    slower = [f"{pair[0]['network']} ({whole(pair[0]['links'])} links)" for pair in found if times(pair) < 1]
    shorter = sum(difference < -SAME for difference in differences)
    return [
        f"{what}: mapeq's codelength is shorter than {other}'s on {shorter} of {len(found)} networks, equal on "
        f"{len(found) - shorter - len(longer)} and longer on {_listed(longer) or 'none'}; the difference is "
        f"{percent(mean(differences))} on average, {_span(differences, percent)}. {other} takes "
        f"{ratio(geometric_mean(ratios))} times mapeq's time (geometric mean; {_span(ratios)}); mapeq is slower on "
        f"{_listed(slower) or 'none'}."
    ]


def _best_of_ten(found: Sequence[Pair]) -> list[str]:
    reached = [pair for pair in found if is_as_short(pair)]
    if not reached:
        return []
    ratios = [*map(times, reached)]
    return [
        f"mapeq reaches the codelength of infomap's best of ten trials in {len(reached)} of {len(found)} searches, "
        f"with {_span((ours['trials'] for ours, _ in reached), str)} trials; infomap takes "
        f"{ratio(geometric_mean(ratios))} times as long there ({_span(ratios)})."
    ]


def _memory(found: Sequence[Pair]) -> list[str]:
    large = [pair for pair in found if pair[0]["links"] >= 100_000 and all(row["bytes_per_link"] for row in pair)]
    if not large:
        return []
    ours, theirs = ([row["bytes_per_link"] for row in side] for side in zip(*large, strict=True))
    return [
        f"Peak memory per link, on networks of at least 100,000 links: {_span(ours, whole)} bytes for mapeq, "
        f"{_span(theirs, whole)} for infomap."
    ]


def _growth(new: str, found: Sequence[Row]) -> list[str]:
    if not found:
        return []
    parts = [row["warm"] / row["full"] for row in found]
    return [
        f"With 1 % new {new} a warm start takes {geometric_mean(parts):.2f} of a full search's time ({_span(parts)}, "
        f"networks of at least 20,000 links); its codelength, averaged over draws, differs by "
        f"{_span((row['excess'] for row in found), percent)}."
    ]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:-1]) + " and " + names[-1] if len(names) > 1 else "".join(names)


def _span(values: Iterable[Any], form: Callable[[Any], str] = ratio) -> str:
    """The smallest and the largest value."""
    values = [*values]
    return " to ".join(dict.fromkeys((form(min(values)), form(max(values)))))
