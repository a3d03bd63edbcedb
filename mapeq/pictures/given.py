"""What the caller says of nodes in a picture: their places, sizes, labels and colours."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from math import isfinite
from typing import Any, NamedTuple

import numpy as np

from mapeq._base.csr import FloatArray, IntArray
from mapeq._base.errors import NetworkError, counted, is_number
from mapeq._base.optional import require
from mapeq.network.labelled import by_label
from mapeq.network.states import physical_labels
from mapeq.pictures.style import Style
from mapeq.result.result import Result


class Given(NamedTuple):
    """What is given of the n nodes that a picture shows; None where it is up to the picture."""

    places: FloatArray | None  #: shape (n, 2)
    sizes: FloatArray | None  #: in proportion to areas, shape (n,)
    texts: list[str] | None  #: "" for none
    colours: FloatArray | None  #: red, green and blue, shape (n, 3)


def given_of(result: Result, style: Style, nodes: IntArray) -> Given:
    """Return what the style says of nodes.

    Parameters
    ----------
    result : Result
    style : Style
    nodes : integer array of shape (n,)
        Positions of the nodes that are drawn among all, of a state network among the physical ones.

    Raises
    ------
    NetworkError
        If a node lacks a value or has an invalid one, or if a label is given for a node that there is not.
    """
    states = result.network.states
    names = result.node_labels if states is None else physical_labels(states)
    places = sizes = texts = colours = None
    if style.positions is not None:
        pairs = _values(style.positions, "positions", "position", names, nodes)
        places = np.array(_checked(pairs, _place, "position", "two finite numbers, x and y", names, nodes))
    if is_number(style.node_sizes):
        sizes = np.ones(len(nodes))
    elif style.node_sizes is not None:
        numbers = _values(style.node_sizes, "node_sizes", "size", names, nodes)
        sizes = np.array(_checked(numbers, _size, "size", "a finite number, 0 or more", names, nodes))
    if isinstance(style.node_colors, str):
        colours = np.tile(_colour_of_all(style.node_colors), (len(nodes), 1))
    elif style.node_colors is not None:
        allowed = "one that matplotlib knows, such as 'red', '#0072b2' or (0, 0.4, 0.7)"
        shades = _values(style.node_colors, "node_colors", "colour", names, nodes)
        colours = np.array(_checked(shades, _colour, "colour", allowed, names, nodes))
    if style.node_labels is False:
        texts = [""] * len(nodes)
    elif style.node_labels is not True:
        texts = _texts(style.node_labels, names, nodes)
    return Given(places, sizes, texts, colours)


def given_at(given: Given, nodes: IntArray) -> Given:
    """Return what is given of some of the nodes."""
    texts = None if given.texts is None else [given.texts[node] for node in nodes.tolist()]
    places, sizes, colours = (
        None if values is None else values[nodes] for values in (given.places, given.sizes, given.colours)
    )
    return Given(places, sizes, texts, colours)


def _values(given: Any, option: str, what: str, names: Sequence[Hashable], nodes: IntArray) -> list[Any]:
    """Return the values of nodes, from a mapping or in node order."""
    named = by_label(given, names, what, NetworkError)
    if named is None:
        return _in_order(given, option, what, names, nodes)
    for node in nodes.tolist():
        if names[node] not in named:
            raise NetworkError(f"{option} has no {what} of the node {names[node]!r}; every node drawn needs one")
    return [named[names[node]] for node in nodes.tolist()]


def _in_order(given: Any, option: str, what: str, names: Sequence[Hashable], nodes: IntArray) -> list[Any]:
    if not hasattr(given, "__len__") or isinstance(given, str | bytes | set | frozenset):
        raise NetworkError(f"{option} must be a mapping or Series by node, or an array in node order, not {given!r}")
    if len(given) != len(names):
        there = counted(len(names), "node")
        raise NetworkError(f"{option} has {counted(len(given), 'value')}, but there are {there}: a {what} for each")
    values = given.tolist() if hasattr(given, "tolist") else list(given)
    return [values[node] for node in nodes.tolist()]


def _checked(
    values: list[Any],
    convert: Callable[[Any], Any],
    what: str,
    allowed: str,
    names: Sequence[Hashable],
    nodes: IntArray,
) -> list[Any]:
    """Return converted values, or raise an error that names the first node whose value is invalid."""
    found = []
    for value, node in zip(values, nodes.tolist(), strict=True):
        try:
            found.append(convert(value))
        except (TypeError, ValueError):
            raise NetworkError(f"the {what} of the node {names[node]!r} must be {allowed}, not {value!r}") from None
    return found


def _place(value: Any) -> tuple[float, float]:
    x, y = value
    return _finite(x), _finite(y)


def _size(value: Any) -> float:
    if _finite(value) < 0:
        raise ValueError
    return float(value)


def _finite(value: Any) -> float:
    if not (is_number(value) and isfinite(value)):
        raise ValueError
    return float(value)


def _colour(value: Any) -> FloatArray:
    return np.array(require("matplotlib.colors", extra="plot").to_rgb(value))


def _colour_of_all(value: str) -> FloatArray:
    try:
        return _colour(value)
    except ValueError:
        allowed = "a colour that matplotlib knows, such as 'red', or one for each node"
        raise NetworkError(f"node_colors must be {allowed}, not {value!r}") from None


def _texts(given: Any, names: Sequence[Hashable], nodes: IntArray) -> list[str]:
    """Return the texts of nodes: a mapping names those that have one."""
    named = by_label(given, names, "label", NetworkError)
    if named is None:
        return list(map(str, _in_order(given, "node_labels", "label", names, nodes)))
    unknown = named.keys() - set(names)
    if unknown:
        odd = next(name for name in named if name in unknown)
        raise NetworkError(f"node_labels has a label of {odd!r}, but there is no such node")
    return [str(named.get(names[node], "")) for node in nodes.tolist()]
