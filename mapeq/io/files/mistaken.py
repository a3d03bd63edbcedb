"""Files of other formats that can be read as lists of links, line by line: they get a note."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from mapeq._base.notes import note
from mapeq.network.blocks import Rows

#: So many nodes between links are no comments.
_FEW = 3

#: Which fields of a line of a METIS graph are neighbours, by the format in its first line, if all lines are links.
_NEIGHBOURS = {0: (0, 1, 2), 1: (0,), 10: (1, 2), 11: (1,), 100: (1, 2), 101: (1,)}


def note_other_format(
    file: str,
    nodes: list[str],
    num_links: int,
    pieces: Callable[[], Iterator[Rows]],
    labels: tuple[str, ...] | None,
) -> None:
    """Note that what was read as links may be an .lgl file or a METIS graph.

    Parameters
    ----------
    file : str
    nodes : list of str
        Comments of one word between links.
    num_links : int
    pieces : callable
        Gives the links in their order, in pieces.
    labels : tuple of str or None
        None if the ends of links are their labels.
    """
    if len(nodes) >= _FEW or any(_is_label(node, pieces, labels) for node in nodes):
        note(
            f"{file}: lines between the links, such as {'# ' + nodes[0]!r}, look like the nodes of an .lgl file; "
            'read it with format="lgl" (--input-format lgl) if it is one'
        )
    if labels is None and _is_metis(num_links - 1, pieces):
        note(
            f"{file}: the first line looks like that of a METIS graph, and the others like its lists of neighbours; "
            'read it with format="metis" (--input-format metis) if it is one'
        )


def _is_label(name: str, pieces: Callable[[], Iterator[Rows]], labels: tuple[str, ...] | None) -> bool:
    if labels is not None:
        return name in labels
    if not (name.isascii() and name.isdigit() and len(name) < 19):
        return False
    return any(np.any(ends == int(name)) for *both, _ in pieces() for ends in both)


def _is_metis(num_lines: int, pieces: Callable[[], Iterator[Rows]]) -> bool:
    """Return whether the first link promises as many nodes and neighbours as the others hold, each as often as listed.

    Lines without neighbours are blank, so that there may be fewer lines than nodes.
    """
    sources, targets, weights = next(pieces())
    num_nodes, num_links = int(sources[0]), int(targets[0])
    kind = 0 if weights is None else weights[0]
    if not 0 < num_lines <= num_nodes or kind not in _NEIGHBOURS:
        return False
    places = [place for place in _NEIGHBOURS[int(kind)] if place < 2 + (weights is not None)]
    if num_lines * len(places) != 2 * num_links:
        return False
    fields = [np.concatenate([piece[place] for piece in pieces()])[1:] for place in places]
    found, counts = np.unique(np.concatenate(fields), return_counts=True)
    return bool(found[0] >= 1 and found[-1] <= num_nodes and np.all(counts == len(places)))
