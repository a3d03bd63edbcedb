"""One level of the search: nodes, or modules of a finer level, and all that the objective needs to describe them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mapeq._base.csr import ONE, FloatArray, IntArray, read_only
from mapeq._base.jit import jit
from mapeq.network.network import Network
from mapeq.objective.codebooks import Codebooks, one_codebook
from mapeq.objective.contents import Contents, together
from mapeq.objective.counting import counting_of
from mapeq.objective.metadata import contents_of_metadata
from mapeq.objective.options import ObjectiveOptions
from mapeq.objective.states import contents_of_states
from mapeq.objective.terms import BITS_PER_MODULE, Terms, above_modules
from mapeq.walk.flow import ENTER, VISIT, Flow, Links, flow_of, link_flows
from mapeq.walk.rescaling import at_markov_time

#: Nodes that have a feature in common are linked to so many of the next ones: on networks of up to so many links each
#: of five nodes to all others. On larger ones, the modules of neighbours usually have the others already.
FEW_LINKS, NEXT_ALIKE_OF_FEW, NEXT_ALIKE = 20_000, 2, 1

#: On networks of so few nodes, moves try to have nodes without links in one module, where that may pay.
FEW_NODES = 64


class Level(NamedTuple):
    """A level of the search. All arrays are read-only.

    Attributes
    ----------
    links : Links
        Flow between the nodes.
    nodes : float64 array of shape (n, 3)
        Visit rate, enter flow and exit flow of each node: the columns ``VISIT``, ``ENTER``, ``EXIT``.
    terms : Terms
        Terms of the objective beyond the plain map equation.
    constant : float
        The part of the codelength that no partition changes, in bits: the names of the network's nodes. Aggregation
        keeps it: code words name nodes, however many of them move together.
    codebooks : Codebooks
        Which index codebook names the module of each node.
    """

    links: Links
    nodes: FloatArray
    terms: Terms
    constant: float
    codebooks: Codebooks


class AddedTerms(NamedTuple):
    """What the options of the objective add to the plain map equation of a network.

    Attributes
    ----------
    counting : float64 array of shape (4,) or None
        See :func:`mapeq.objective.counting.counting_term`.
    contents : Contents or None
        Of the nodes.
    """

    counting: FloatArray | None = None
    contents: Contents | None = None


def added_terms(network: Network, flow: Flow, options: ObjectiveOptions) -> AddedTerms:
    """The terms beyond the plain map equation that the options ask for."""
    visits = flow.nodes[:, VISIT]
    metadata = contents_of_metadata(network.metadata, visits, options)
    return AddedTerms(counting_of(network, options), together(contents_of_states(network.states, visits), metadata))


def network_level(flow: Flow, counting: FloatArray | None = None, contents: Contents | None = None) -> Level:
    """The level of a network's nodes: the plain map equation of its flow, and the other terms where they are given."""
    constant = node_entropy(flow.nodes[:, VISIT])
    if contents is not None:
        constant += contents.constant
    if counting is not None:
        constant += float(counting[BITS_PER_MODULE]) * (len(flow.nodes) - 1)
    terms = Terms(flow.teleport, counting, contents)
    return Level(flow.links, flow.nodes, terms, constant, one_codebook(flow.links.indices.dtype))


def level_at_markov_time(level: Level, time: float) -> Level:
    """The level of a network's nodes when the walk takes `time` steps for one: longer times have larger modules."""
    flow = at_markov_time(Flow(level.links, level.nodes, level.terms.teleport), time)
    return level._replace(links=flow.links, nodes=flow.nodes)


def with_all_links(level: Level) -> Level:
    """The level with links between all nodes, without flow where there were none, so that moves may lead anywhere.

    For networks of up to ``FEW_NODES``: takes memory for n**2 links.
    """
    n, links = len(level.nodes), level.links
    dtype = links.indices.dtype
    flow = np.zeros((n, n))
    # A pair of nodes may be there twice, see :func:`with_links_of_contents`.
    np.add.at(flow, (np.repeat(np.arange(n), np.diff(links.indptr).astype(np.intp)), links.indices), link_flows(links))
    others = ~np.eye(n, dtype=np.bool_)
    indices = np.broadcast_to(np.arange(n, dtype=dtype), (n, n))[others]
    indptr = np.arange(n + 1, dtype=np.uint64) * np.uint64(max(n - 1, 0))
    return level._replace(links=Links(read_only(indptr), read_only(indices), read_only(flow[others]), ONE))


def with_links_of_contents(flow: Flow, contents: Contents | None) -> Flow:
    """The flow with links between nodes that have an attracting feature in common, on which nothing flows.

    A search tries modules along links: so it tries to bring these nodes together. Of the nodes that have a feature, in
    their order, each is linked to the next one or two. In a search, this takes the place of the flow, whose links are
    then in memory once.
    """
    if contents is None or not contents.num_attracting:
        return flow
    rows = np.repeat(np.arange(len(flow.nodes)), np.diff(contents.indptr).astype(np.intp))
    attracting = contents.features < contents.num_attracting
    rows, features = rows[attracting], contents.features[attracting]
    order = np.argsort(features, kind="stable")
    rows, features = rows[order], features[order]
    first = np.searchsorted(features, features)
    size = np.searchsorted(features, features, side="right") - first
    place = np.arange(len(rows)) - first
    ends = []
    is_small = len(flow.links.indices) <= FEW_LINKS
    for step in range(1, (NEXT_ALIKE_OF_FEW if is_small else NEXT_ALIKE) + 1):
        has_next = size > step
        ends.append((rows[has_next], rows[(first + (place + step) % np.maximum(size, 1))[has_next]]))
    one, other = (np.concatenate(part) for part in zip(*ends, strict=True))
    return flow._replace(links=_with_links_without_flow(flow.links, one, other))


def _with_links_without_flow(links: Links, one: IntArray, other: IntArray) -> Links:
    """Links, and more of them without flow between pairs of nodes, both ways; some may be there twice."""
    n = len(links.indptr) - 1
    more = np.bincount(one, minlength=n) + np.bincount(other, minlength=n)
    indptr = links.indptr + np.concatenate([[0], np.cumsum(more)]).astype(np.uint64)
    indices, flow = np.empty(int(indptr[-1]), links.indices.dtype), np.zeros(int(indptr[-1]))
    _fill_links(links, one, other, indptr, indptr[1:].copy(), indices, flow)
    return Links(read_only(indptr), read_only(indices), read_only(flow), ONE)


@jit
def _fill_links(links, one, other, indptr, ends, indices, flow):
    """Write the links of each node from the start of its row, and those without flow from its end."""
    for k in range(len(one)):
        for i, j in ((one[k], other[k]), (other[k], one[k])):
            ends[i] -= ONE
            indices[ends[i]] = j
    for i in range(np.uint64(len(ends))):
        place = indptr[i]
        for k in range(links.indptr[i], links.indptr[i + ONE]):
            indices[place] = links.indices[k]
            flow[place] = flow_of(links, k)
            place += ONE


def node_entropy(visits: FloatArray) -> float:
    """``-sum(p * log2(p))`` over the visited nodes, in bits."""
    visited = visits[visits > 0]
    return float(-(visited * np.log2(visited)).sum()) + 0.0


def as_codewords(level: Level) -> Level:
    """The nodes as what they are for the codebook above them: code words, read whenever a node is entered."""
    nodes = level.nodes.copy()
    nodes[:, VISIT] = nodes[:, ENTER]
    return level._replace(nodes=read_only(nodes), terms=above_modules(level.terms, len(nodes)))
