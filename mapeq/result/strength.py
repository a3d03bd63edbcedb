"""Methods of :class:`mapeq.Result` that say how strongly nodes belong to their modules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mapeq._base.csr import FloatArray, IntArray, read_only
from mapeq.objective.level import added_terms, network_level
from mapeq.optimizer.alternatives import Alternatives, best_alternatives
from mapeq.result.members import check_both_sides
from mapeq.walk.models import random_walk

if TYPE_CHECKING:
    from mapeq.result.result import Result


#: Columns of tables: the strength, the best other module and the bits that it would cost.
_COLUMNS = ("strength", "alternative", "alternative_cost")


def membership_strength(self: Result, level: int = 1) -> FloatArray:
    """Return the share of the flow between each node and its neighbours that is within the node's module.

    This is the flow over links, both ways, as in :meth:`memberships`. Self-links and teleportation, recorded or not,
    do not count: they say nothing of neighbours.

    Parameters
    ----------
    level : int
        See :meth:`labels_at`. The coarser the level, the larger are the shares.

    Returns
    -------
    float64 array of shape (num_nodes,)
        From 0 to 1, in node order; of a state network, of each state. 1 if all neighbours are in the module, and for a
        node without flow over links; 0 for a node alone in a module, if there is such flow.

    Raises
    ------
    ValueError
        If the hierarchy has no such level.
    NetworkError
        If the result is that of :meth:`primary` nodes.

    Examples
    --------
    >>> import mapeq
    >>> result = mapeq.infomap([("a", "b"), ("b", "c"), ("a", "c"), ("c", "d"), ("d", "e"), ("e", "f"), ("d", "f")])
    >>> result.membership_strength().round(3).tolist()
    [1.0, 1.0, 0.667, 0.667, 1.0, 1.0]
    """
    labels = self._labels_at(level)
    check_both_sides(self)
    links = self.link_flow()
    flow = np.where(labels[links.sources] == labels[links.targets], links.flow, 0.0)
    total, inside = (np.bincount(links.sources, each, self.num_nodes) for each in (links.flow, flow))
    if links.directed:  # the flow of a link is that of both ends
        total += np.bincount(links.targets, links.flow, self.num_nodes)
        inside += np.bincount(links.targets, flow, self.num_nodes)
    return read_only(np.divide(inside, total, out=np.ones(self.num_nodes), where=total > 0))


def alternatives(self: Result, level: int = 1) -> Alternatives:
    """Return the module that each node would be in if not in its own, and how many bits that would cost.

    The node alone moves: to the module of a neighbour that it exchanges flow with, or to a new one, whichever leaves
    the description shortest. The more bits that costs, the better the node's module is supported. A node without much
    flow costs little wherever it is: compare costs with :attr:`flow`, or see :meth:`membership_strength`.

    Parameters
    ----------
    level : int
        See :meth:`labels_at`. The modules at this level are treated as a two-level partition, so that costs are
        changes of its codelength, with all terms that the result's options add. Those of a hierarchy may be others.

    Returns
    -------
    Alternatives
        ``labels``, an int64 array of shape (num_nodes,), has positions of modules as :meth:`labels_at`, and -1 for a
        module of its own. ``costs``, a float64 array of this shape, has bits per step: infinite, with -1, for a node
        alone in a module and without neighbours in others. Costs are 0 or more at a local optimum. A search for two
        levels ends near one: a few costs may be slightly below 0. At levels of a hierarchy more may be.

    Raises
    ------
    ValueError
        If the hierarchy has no such level.
    NetworkError
        If the result is that of :meth:`primary` nodes.

    Examples
    --------
    >>> import mapeq
    >>> links = [(0, 1, 2), (1, 2, 1), (0, 2, 1), (2, 3, 1), (3, 4, 3), (2, 4, 1)]
    >>> labels, costs = mapeq.evaluate(links, [{0, 1}, {2, 3, 4}]).alternatives()
    >>> labels.tolist(), costs.round(3).tolist()  # 2 had better be in the other module
    ([-1, -1, 1, -1, -1], [0.444, 0.444, -0.059, 0.889, 0.889])
    """
    labels = self._labels_at(level)
    check_both_sides(self)
    flow = random_walk(self.network, self.walk_options)
    found = best_alternatives(network_level(flow, *added_terms(self.network, flow, self.objective_options)), labels)
    return Alternatives(*map(read_only, found))


def strength_columns(self: Result) -> dict[str, FloatArray | IntArray]:
    """Return columns of tables: how strongly each node belongs to its top module, and what is the next best for it.

    Returns
    -------
    dict
        ``strength``, the :meth:`membership_strength`; ``alternative``, the number from 1 of the best other module, 0
        for a new one of the node alone; ``alternative_cost``, the bits per step that the move would cost, infinite if
        there is nowhere to go, see :meth:`alternatives`.

    Raises
    ------
    NetworkError
        If the result is that of :meth:`primary` nodes.

    Examples
    --------
    >>> import mapeq
    >>> links = [("a", "b"), ("b", "c"), ("a", "c"), ("c", "d"), ("d", "e"), ("e", "f"), ("d", "f")]
    >>> columns = mapeq.infomap(links).strength_columns()
    >>> [column.round(3).tolist() for column in columns.values()]
    [[1.0, 1.0, 0.667, 0.667, 1.0, 1.0], [0, 0, 0, 0, 0, 0], [0.571, 0.571, 0.501, 0.501, 0.571, 0.571]]
    """
    labels, costs = self.alternatives()
    return dict(zip(_COLUMNS, (self.membership_strength(), labels + 1, costs), strict=True))
