"""Layout of networks: modules as disjoint discs, nodes within the discs of their modules.

Both use the same method: stress majorisation reproduces the lengths of paths in the plane (Gansner, Koren & North 2005,
with pivots, Ortmann, Klimenta & Brandes 2017), and overlapping discs then push each other apart. Nothing is random.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.sparse
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra

from mapeq._base.csr import FloatArray, IntArray
from mapeq._base.jit import jit

#: Number of pivots; with fewer nodes, all distances are used.
PIVOTS = 400

_GOLDEN_ANGLE = np.pi * (3 - np.sqrt(5))


class Discs(NamedTuple):
    """Discs of submodules."""

    centres: FloatArray  #: shape (j, 2)
    radii: FloatArray  #: shape (j,)
    module: IntArray  #: that each is in, shape (j,)


class NetworkLayout(NamedTuple):
    """Positions of modules and nodes; the discs of all modules have a total area of pi.

    Attributes
    ----------
    centres : float64 array of shape (k, 2)
    radii : float64 array of shape (k,)
        Radii of the discs, which do not overlap.
    places : float64 array of shape (n, 2)
        Positions of the nodes, each within the disc of its module.
    dots : float64 array of shape (n,)
        Radii of the nodes.
    inner : Discs
        Those of submodules, within the discs of their modules; none where a module has no two.
    """

    centres: FloatArray
    radii: FloatArray
    places: FloatArray
    dots: FloatArray
    inner: Discs


def flow_between(
    labels: IntArray, num_modules: int, sources: IntArray, targets: IntArray, flow: FloatArray
) -> scipy.sparse.csr_array:
    """Sum the flow over links by pair of modules, without flow within modules. Shape (k, k)."""
    ends = labels[sources], labels[targets]
    apart = ends[0] != ends[1]
    shape = (num_modules, num_modules)
    return scipy.sparse.coo_array((flow[apart], (ends[0][apart], ends[1][apart])), shape=shape).tocsr()


def place_discs(
    radii: FloatArray, between: scipy.sparse.csr_array, *, gap: float = 0.35, pull: float = 0.004, shape: float = 1.0
) -> FloatArray:
    """Place discs in the plane without overlaps, near to those that they exchange flow with; return shape (k, 2).

    Parameters
    ----------
    radii : float64 array of shape (k,)
    between : sparse array of shape (k, k)
        Flow from disc to disc.
    gap : float
        Distance between two discs that exchange flow only with each other, in mean radii.
    pull : float
        How densely to pack them, see :func:`keep_apart`.
    shape : float
        Height of the picture by its width.
    """
    both = (between + between.T).tocoo()
    i, j = both.coords
    leaving = np.bincount(i, both.data, minlength=len(radii))
    shares = both.data / np.maximum(np.minimum(leaving[i], leaving[j]), 1e-300)
    unit = gap * np.sqrt(np.mean(np.square(radii))) if len(radii) else 0.0
    lengths = radii[i] + radii[j] + unit / np.sqrt(np.clip(shares, 1e-4, 1.0))
    places = stress_layout(scipy.sparse.coo_array((lengths, (i, j)), shape=both.shape).tocsr())
    keep_apart(places, radii + 0.2 * unit, 400, pull, np.inf)
    return _rotated(places, radii, shape)


def network_layout(
    labels: IntArray,
    node_flow: FloatArray,
    sources: IntArray,
    targets: IntArray,
    flow: FloatArray,
    *,
    sizes: FloatArray | None = None,
    submodules: IntArray | None = None,
    shape: float = 1.0,
) -> NetworkLayout:
    """Place modules by the flow between them, and nodes within modules by the flow over links.

    Parameters
    ----------
    labels : integer array of shape (n,)
        Module of each node, numbered from 0 without gaps.
    node_flow : float64 array of shape (n,)
    sources, targets, flow : arrays with one entry per link
    sizes : float64 array of shape (n,), optional
        What areas of nodes are in proportion to, by default their flow.
    submodules : integer array of shape (n,), optional
        Submodule of each node, to be placed in a disc in that of its module.
    shape : float
        Height of the picture by its width.
    """
    n, num_modules = len(labels), int(labels.max(initial=-1)) + 1
    members = np.bincount(labels, minlength=num_modules)
    shares = np.bincount(labels, node_flow, minlength=num_modules) / max(node_flow.sum(), 1e-300)
    radii = np.sqrt((shares + members / max(n, 1)) / 2)
    centres = place_discs(radii, flow_between(labels, num_modules, sources, targets, flow), shape=shape)
    dots = dot_radii(node_flow if sizes is None else sizes)
    places = _within_discs(labels, radii, dots, sources, targets, flow)
    inner = Discs(np.zeros((0, 2)), np.zeros(0), np.zeros(0, dtype=np.intp))
    if submodules is not None:
        inner, dots = _nested(places, labels, submodules, radii, dots, (node_flow, sources, targets, flow))
    turn, mirrored = _facing_partners(places, labels, centres, sources, targets, flow)
    places = centres[labels] + _turned(places, turn[labels], mirrored[labels])
    turned = _turned(inner.centres, turn[inner.module], mirrored[inner.module])
    inner = inner._replace(centres=centres[inner.module] + turned)
    return NetworkLayout(centres, radii, places, dots, inner)


def _nested(
    places: FloatArray,
    labels: IntArray,
    submodules: IntArray,
    radii: FloatArray,
    dots: FloatArray,
    walk: tuple[FloatArray, IntArray, IntArray, FloatArray],
) -> tuple[Discs, FloatArray]:
    """Place nodes in discs of their submodules, in place, relative to the centres of their modules.

    `walk` holds the flow of nodes, and the ends and the flow of links. Returns the discs, and the radii of nodes, all
    smaller by one factor, so that they fit.
    """
    node_flow, sources, targets, flow = walk
    found, fitting = [], 1.0
    for module, radius in enumerate(radii):
        members = np.flatnonzero(labels == module)
        own = np.unique(submodules[members], return_inverse=True)[1]
        if own.max(initial=0) == 0:
            continue
        number = np.full(len(labels), -1)
        number[members] = np.arange(len(members))
        inside = (number[sources] >= 0) & (number[targets] >= 0)
        ends = number[sources[inside]], number[targets[inside]]
        part = network_layout(own, node_flow[members], *ends, flow[inside], sizes=np.square(dots[members]))
        middle = (part.centres - part.radii[:, None]).min(axis=0) + (part.centres + part.radii[:, None]).max(axis=0)
        shifted = part.centres - middle / 2
        scale = 0.95 * radius / (np.hypot(*shifted.T) + part.radii).max()
        places[members] = scale * (part.places - middle / 2)
        fitting = min(fitting, float((scale * part.dots / dots[members]).min()))
        found.append(Discs(scale * shifted, scale * part.radii, np.full(len(shifted), module)))
    if not found:
        return Discs(np.zeros((0, 2)), np.zeros(0), np.zeros(0, dtype=np.intp)), dots
    return Discs(*(np.concatenate(arrays) for arrays in zip(*found, strict=True))), fitting * dots


def free_layout(
    dots: FloatArray, sources: IntArray, targets: IntArray, flow: FloatArray, *, shape: float = 1.0
) -> FloatArray:
    """Place nodes by the flow over links alone, whatever their modules, such that they do not overlap.

    Parameters
    ----------
    dots : float64 array of shape (n,)
        Radii of the nodes.
    sources, targets, flow : arrays with one entry per link
    shape : float
        Height of the picture by its width.

    Returns
    -------
    float64 array of shape (n, 2)
        Positions, about as spread out as a disc of radius 1.
    """
    n = len(dots)
    links = scipy.sparse.coo_array((_lengths(flow), (sources, targets)), shape=(n, n)).tocsr()
    places = spread_out(stress_layout(links))
    keep_apart(places, dots * 1.15, 200, 0.0, np.inf)
    return _rotated(places, dots, shape)


def spread_out(places: FloatArray) -> FloatArray:
    """Return places around the origin, about as spread out as a disc of radius 1. Shape (n, 2)."""
    centred = places - places.mean(axis=0) if len(places) else places
    spread = np.sqrt(np.mean(np.square(centred).sum(axis=1))) if len(places) else 0.0
    found: FloatArray = centred * (np.sqrt(0.5) / spread if spread > 0 else 1.0)
    return found


def dot_radii(sizes: FloatArray) -> FloatArray:
    """Return radii of nodes, with areas by size but for the smallest, in a picture with an area of pi. Shape (n,)."""
    n = len(sizes)
    dots: FloatArray = np.maximum(np.sqrt(0.2 * sizes / max(sizes.sum(), 1e-300)), np.sqrt(0.015 / max(n, 1)))
    return dots


def _lengths(strength: FloatArray) -> FloatArray:
    """Lengths of links, shorter for stronger ones."""
    if len(strength) == 0:
        return strength
    lengths: FloatArray = np.clip((strength.mean() / np.maximum(strength, 1e-300)) ** 0.25, 0.5, 2.0)
    return lengths


def stress_layout(lengths: scipy.sparse.csr_array, rounds: int = 80) -> FloatArray:
    """Place nodes in the plane such that distances approximate path lengths. Shape (n, 2).

    Parameters
    ----------
    lengths : sparse array of shape (n, n)
        Length of each link; directions are ignored.
    rounds : int
        Number of times that every node is moved.
    """
    n = lengths.shape[0]
    if n < 2:
        return np.zeros((n, 2))
    lengths = lengths.maximum(lengths.T).tocsr()
    pivots = np.linspace(0, n - 1, min(n, PIVOTS)).astype(np.int64)
    distances = dijkstra(lengths, directed=False, indices=pivots).T
    reached = np.isfinite(distances)
    typical = lengths.data.mean() if lengths.nnz else 1.0
    # Place unconnected components around each other.
    distances[~reached] = 0.55 * distances.max(initial=0.0, where=reached) + typical
    places = _first_places(distances, typical)
    _relax(places, np.ascontiguousarray(distances), pivots, lengths.indptr, lengths.indices, lengths.data, rounds)
    centred: FloatArray = places - places.mean(axis=0)
    return centred


def _first_places(distances: FloatArray, typical: float) -> FloatArray:
    """Scale distances to the pivots classically; add a sunflower pattern to separate nodes with equal distances."""
    n = len(distances)
    squares = np.square(distances)
    centred = squares - squares.mean(axis=0) - squares.mean(axis=1)[:, None] + squares.mean()
    _, axes = np.linalg.eigh(centred.T @ centred)
    places = centred @ axes[:, :-3:-1]
    places = places if places.shape[1] == 2 else np.column_stack([places, np.zeros(n)])
    spread = np.abs(places).max()
    places *= distances.max() / 2 / max(spread, 1e-300)
    places *= np.where(places[np.abs(places).argmax(axis=0), [0, 1]] < 0, -1, 1)  # fixes the arbitrary sign of the axes
    angles, rings = _GOLDEN_ANGLE * np.arange(n), np.sqrt(np.arange(n) + 0.5) * typical / np.sqrt(n)
    found: FloatArray = places + 0.3 * rings[:, None] * np.column_stack([np.cos(angles), np.sin(angles)])
    return np.ascontiguousarray(found)


def _rotated(places: FloatArray, radii: FloatArray, shape: float) -> FloatArray:
    """Rotate places such that the discs fill a picture of this shape best."""
    best, least = places, np.inf
    for angle in np.linspace(0, np.pi, 36 if len(places) else 0, endpoint=False):
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        turned = places @ turn
        reach = np.ptp(np.concatenate([turned - radii[:, None], turned + radii[:, None]]), axis=0)
        needed = max(reach[0], reach[1] / shape)
        if needed < least * (1 - 1e-9):
            best, least = turned, needed
    return best


def _within_discs(
    labels: IntArray, radii: FloatArray, dots: FloatArray, sources: IntArray, targets: IntArray, flow: FloatArray
) -> FloatArray:
    """Place nodes relative to the centres of their modules, shape (n, 2)."""
    order = np.argsort(labels, kind="stable")
    first = np.searchsorted(labels[order], np.arange(len(radii) + 1))
    rank = np.empty(len(labels), dtype=np.int64)
    rank[order] = np.arange(len(labels))
    inside = labels[sources] == labels[targets]
    i, j, strength = rank[sources[inside]], rank[targets[inside]], flow[inside]
    links = scipy.sparse.coo_array((_lengths(strength), (i, j)), shape=(len(labels),) * 2).tocsr()
    places = np.zeros((len(labels), 2))
    for module, radius in enumerate(radii):
        own = slice(first[module], first[module + 1])
        members = order[own]
        if len(members) > 1:
            found = stress_layout(links[own, own])
            places[members] = _in_disc(found, dots[members], radius)
    return places


def _in_disc(places: FloatArray, dots: FloatArray, radius: float) -> FloatArray:
    """Spread places over a disc: move each away from the centre as far as the more central ones need room."""
    distance = np.hypot(*places.T)
    order = np.argsort(distance, kind="stable")
    areas = np.square(dots[order])
    areas += areas.mean()
    room = np.cumsum(areas) - areas / 2
    target = np.empty(len(dots))
    target[order] = np.sqrt(room / areas.sum())
    spread: FloatArray = (
        places / np.maximum(distance, 1e-300)[:, None] * (target * np.maximum(radius * 0.95 - dots, 0))[:, None]
    )
    keep_apart(spread, dots * 1.1, 60, 0.0, radius * 0.95)
    return spread


def _facing_partners(
    places: FloatArray, labels: IntArray, centres: FloatArray, sources: IntArray, targets: IntArray, flow: FloatArray
) -> tuple[NDArray[np.complex128], NDArray[np.bool_]]:
    """Return how to rotate each module, and whether to reflect it, so that nodes face those they exchange flow with."""
    apart = labels[sources] != labels[targets]
    i, j, strength = sources[apart], targets[apart], flow[apart]
    way = centres[labels[j]] - centres[labels[i]]
    length = np.maximum(np.hypot(*way.T), 1e-300)
    pull = strength * (way[:, 0] + 1j * way[:, 1]) / length
    place = places[:, 0] + 1j * places[:, 1]
    turns = []
    for image in (place, place.conj()):
        drawn = np.concatenate([image[i].conj() * pull, image[j].conj() * -pull])
        modules = np.concatenate([labels[i], labels[j]])
        turns.append(_sums(modules, drawn, len(centres)))
    mirrored = np.abs(turns[1]) > np.abs(turns[0]) * (1 + 1e-9)
    turn = np.where(mirrored, turns[1], turns[0])
    turn = np.where(np.abs(turn) > 1e-300, turn / np.maximum(np.abs(turn), 1e-300), 1.0)
    return turn, mirrored


def _turned(places: FloatArray, turn: NDArray[np.complex128], mirrored: NDArray[np.bool_]) -> FloatArray:
    """Return places rotated and reflected around the origin. Shape (n, 2)."""
    place = places[:, 0] + 1j * places[:, 1]
    turned = np.where(mirrored, place.conj(), place) * turn
    return np.column_stack([turned.real, turned.imag])


def _sums(groups: IntArray, values: NDArray[np.complex128], count: int) -> NDArray[np.complex128]:
    found: NDArray[np.complex128] = np.bincount(groups, values.real, minlength=count) + 1j * np.bincount(
        groups, values.imag, minlength=count
    )
    return found


@jit
def _relax(places, distances, pivots, indptr, indices, lengths, rounds):
    """Move each node in turn to the optimum for its distances to pivots and neighbours.

    Parameters
    ----------
    places : float64 array of shape (n, 2)
        Updated in place.
    distances : float64 array of shape (n, p)
        Path lengths to the pivots.
    pivots : int64 array of shape (p,)
    indptr, indices, lengths : the links of each node, as compressed sparse rows
    rounds : int
    """
    n, num_pivots = distances.shape
    scale = n / num_pivots
    for _ in range(rounds):
        for i in range(n):
            x, y, total = 0.0, 0.0, 0.0
            for k in range(num_pivots + indptr[i + 1] - indptr[i]):
                if k < num_pivots:
                    j, target, share = pivots[k], distances[i, k], scale
                else:
                    j, target, share = indices[indptr[i] + k - num_pivots], lengths[indptr[i] + k - num_pivots], 1.0
                if j == i or target <= 0.0:
                    continue
                weight = share / (target * target)
                dx, dy = places[i, 0] - places[j, 0], places[i, 1] - places[j, 1]
                distance = np.sqrt(dx * dx + dy * dy)
                stretch = target / distance if distance > 1e-12 else 0.0
                x += weight * (places[j, 0] + dx * stretch)
                y += weight * (places[j, 1] + dy * stretch)
                total += weight
            if total > 0.0:
                places[i, 0], places[i, 1] = x / total, y / total


@jit
def keep_apart(places, radii, rounds, pull, bound):
    """Push overlapping discs apart, the smaller one further, until none overlap.

    Parameters
    ----------
    places : float64 array of shape (n, 2)
        Updated in place.
    radii : float64 array of shape (n,)
    rounds : int
        Maximum number of rounds over all pairs.
    pull : float
        Fraction of its distance to the origin that each disc moves in every round, except in the last quarter.
    bound : float
        Radius of a disc around the origin that all discs stay in, even if they overlap.
    """
    n = len(radii)
    for turn in range(rounds):
        pulls = pull > 0.0 and 4 * turn < 3 * rounds
        if pulls:
            places *= 1.0 - pull
        moved = False
        for i in range(n):
            for j in range(i):
                dx, dy = places[i, 0] - places[j, 0], places[i, 1] - places[j, 1]
                least = radii[i] + radii[j]
                if dx * dx + dy * dy >= least * least * (1 - 1e-6):
                    continue
                distance = np.sqrt(dx * dx + dy * dy)
                if distance < 1e-9 * least:
                    angle = 2.399963 * (i + n * j)
                    dx, dy, distance = np.cos(angle), np.sin(angle), 1.0
                    push = least
                else:
                    push = least - distance
                share = radii[j] * radii[j] / (radii[i] * radii[i] + radii[j] * radii[j])
                places[i, 0] += dx / distance * push * share
                places[i, 1] += dy / distance * push * share
                places[j, 0] -= dx / distance * push * (1 - share)
                places[j, 1] -= dy / distance * push * (1 - share)
                moved = True
        for i in range(n):
            far = np.sqrt(places[i, 0] * places[i, 0] + places[i, 1] * places[i, 1]) + radii[i]
            if far > bound:
                factor = max(bound - radii[i], 0.0) / max(far - radii[i], 1e-300)
                places[i, 0] *= factor
                places[i, 1] *= factor
        if not moved and not pulls:
            break
