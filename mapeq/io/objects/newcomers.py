"""Read the links of nodes that a network does not have yet."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse

from mapeq.io.inputs import as_network
from mapeq.network.labels import positions
from mapeq.network.network import Network


class Newcomers(NamedTuple):
    """The labels of m new nodes, and the weights of their links to n old ones: CSR array of shape (m, n)."""

    labels: list[Hashable]
    weights: scipy.sparse.csr_array


def links_of_newcomers(links: Any, network: Network) -> Newcomers | None:
    """Return links by label as a matrix, or None if they are a matrix already; see :meth:`mapeq.Result.assign`."""
    if scipy.sparse.issparse(links) or isinstance(links, np.ndarray) or _is_matrix(links, network.num_nodes):
        return None
    added = as_network(links, directed=False)
    place = positions(added.labels, network.labels)
    is_new = place == network.num_nodes
    labels = added.label_list()
    rows = added.matrix()[np.flatnonzero(is_new)].tocoo()
    to_known = ~is_new[rows.col]
    weights = scipy.sparse.coo_array(
        (rows.data[to_known], (rows.row[to_known], place[rows.col[to_known]])),
        shape=(int(is_new.sum()), network.num_nodes),
    )
    return Newcomers([label for label, new in zip(labels, is_new.tolist(), strict=True) if new], weights.tocsr())


def _is_matrix(links: Any, num_nodes: int) -> bool:
    """Return whether this is a list with a weight for each node in each row; links are tuples."""
    return isinstance(links, list) and all(isinstance(row, list) and len(row) == num_nodes for row in links)
