"""The prior of the regularized map equation: every node is linked to every other, a little, until data say more.

The links of the prior are never made: their weight is a product of a factor for each end, so that a walk over them is a
teleportation, with a probability of its own at each node.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from mapeq._base.csr import CSR, FloatArray
from mapeq.network.states import States


class Prior(NamedTuple):
    """The links of the prior, summed up. Both arrays are float64 of shape (n,).

    Attributes
    ----------
    strengths : array
        Total weight of the prior's links from each node.
    landing : array
        Probability that a step over one of them ends at each node.
    """

    strengths: FloatArray
    landing: FloatArray


def prior(
    out_links: CSR,
    out_strengths: FloatArray,
    in_links: CSR,
    in_strengths: FloatArray,
    strength: float,
    states: States | None = None,
) -> Prior:
    """The prior of a network of `n` nodes: links of weight ``c * ln(n) / n * a[i] * b[j] / mean`` between all nodes.

    With more states than physical nodes, N of these, at least two, ``ln(N) / N ** 3`` stands in place of ``ln(n) / n``.

    `a` and `b` are the mean weights of the links from and to each node, and `mean` that of all links. For an
    undirected network, out- and in-links are the same.

    Parameters
    ----------
    out_links, in_links : CSR
        The links from and to each node.
    out_strengths, in_strengths : float64 arrays of shape (n,)
    strength : float
        `c`: 1 is the weight below which the links of a random network show modules that are none.
    states : States, optional
        Of a state network.

    References
    ----------
    Smiljanic, Edler & Rosvall, Mapping flows on sparse networks with missing links, Phys. Rev. E 102, 012302 (2020);
    Smiljanic, Blocker, Edler & Rosvall, Mapping flows on weighted and directed networks with incomplete observations,
    J. Complex Netw. 9, cnab044 (2021).
    """
    n = len(out_strengths)
    leaving, arriving = _mean_weights(out_links, out_strengths), _mean_weights(in_links, in_strengths)
    num_links = len(out_links.indices)
    mean = out_strengths.sum() / num_links if num_links else 1.0
    whole = arriving.sum()
    per_weight = strength * _density(n, n if states is None else len(states.labels)) / mean if n else 0.0
    return Prior(per_weight * leaving * whole, arriving / whole if n else arriving)


def _density(num_nodes: int, num_physical: int) -> float:
    if 1 < num_physical < num_nodes:
        return math.log(num_physical) / num_physical**3
    return math.log(num_nodes) / num_nodes


def _mean_weights(links: CSR, strengths: FloatArray) -> FloatArray:
    """The mean weight of the links of each node; the least of these for a node without links, 1 if no node has any."""
    degrees = np.diff(links.indptr)
    has_links = degrees > 0
    means = np.divide(strengths, degrees, out=np.zeros(len(strengths)), where=has_links)
    means[~has_links] = means[has_links].min() if has_links.any() else 1.0
    return means
