"""State nodes: several nodes of the walk that stand for one physical node, and have one code word in each module."""

from __future__ import annotations

import numpy as np

from mapeq._base.csr import FloatArray, IndexArray, read_only
from mapeq.network.states import States
from mapeq.objective.contents import Contents, costs_of_contents
from mapeq.objective.formula import plogps


def contents_of_states(states: States | None, visits: FloatArray) -> Contents | None:
    """The physical nodes of states as contents of modules; None if every state has one of its own.

    The codebook of a module has one code word for all states of a physical node in it: with ``h(y) = y * log2(y)``, the
    sum over nodes of ``h(p)`` becomes one over modules and physical nodes of ``h(S)``, where ``S`` is the sum of ``p``
    over the states of the physical node in the module (Rosvall et al., Nature Communications 5, 4630, 2014).

    Parameters
    ----------
    states : States or None
        Of n nodes.
    visits : float64 array of shape (n,)
        The visit rate of each state, per step.

    Returns
    -------
    Contents or None

    Examples
    --------
    >>> import numpy as np
    >>> states = States(np.array([0, 1, 0], np.uint32), ("a", "b"))
    >>> contents = contents_of_states(states, np.array([0.25, 0.5, 0.25]))
    >>> contents.features.tolist(), contents.amounts.tolist(), contents.constant
    ([0, 0], [0.25, 0.25], -1.0)
    """
    if states is None:
        return None
    counts = np.bincount(states.physical, minlength=len(states.labels))
    is_shared = counts[states.physical] > 1
    if not is_shared.any():
        return None
    number = np.cumsum(counts > 1) - 1
    features, amounts = number[states.physical[is_shared]].astype(np.uint32), visits[is_shared]
    num_features = int(number[-1]) + 1
    return Contents(
        read_only(np.concatenate([[0], np.cumsum(is_shared)]).astype(np.uint64)),
        read_only(features),
        read_only(amounts),
        read_only(np.full(num_features, -1.0)),
        read_only(np.bincount(features, amounts, num_features)),
        num_attracting=np.uint64(num_features),
        constant=float(plogps(amounts).sum()),  # their own names, which other codelengths contain
    )


def costs_of_states(
    states: States | None, visits: FloatArray, module_of: IndexArray, num_modules: int
) -> FloatArray | None:
    """What each module takes more, in bits, since states share code words in it: 0 or less; None without states.

    Parameters
    ----------
    states : States or None
        Of n nodes.
    visits : float64 array of shape (n,)
    module_of : unsigned integer array of shape (n,)
    num_modules : int

    Returns
    -------
    float64 array of shape (num_modules,) or None
    """
    if states is None:
        return None
    contents = contents_of_states(states, visits)
    if contents is None:
        return np.zeros(num_modules)
    nodes = np.flatnonzero(np.diff(contents.indptr))
    own = np.bincount(module_of[nodes], plogps(contents.amounts), num_modules)
    found: FloatArray = np.minimum(costs_of_contents(contents, module_of, num_modules) + own, 0.0)
    return found
