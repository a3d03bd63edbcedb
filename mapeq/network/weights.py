"""Check weights of links and nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mapeq._base.csr import FloatArray, is_constant
from mapeq._base.errors import NetworkError
from mapeq.network.labelled import by_label

if TYPE_CHECKING:
    from mapeq.network.labels import Labels


def first_bad_weight(weights: FloatArray) -> int | None:
    """Return the position of the first weight that is negative, NaN or infinite."""
    if is_constant(weights):
        weights = weights[:1]
    # One pass without temporaries decides the common case; NaN and infinity survive a sum.
    with np.errstate(over="ignore", invalid="ignore"):
        if len(weights) == 0 or (np.isfinite(weights.sum()) and weights.min() >= 0):
            return None
    bad = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))
    return int(bad[0]) if len(bad) else None


def bad_weight(weight: float, place: str) -> NetworkError:
    """Return the error for an invalid weight."""
    what = "negative" if weight < 0 else "not finite"
    return NetworkError(f"the weight of {place} is {what}: {weight}; weights must be finite and 0 or more")


def checked_node_weights(node_weights: Any, labels: Labels) -> FloatArray | None:
    """Return the node weights as floats, in node order, or raise unless there is a valid one for each node."""
    if node_weights is None:
        return None
    names = labels.tolist() if isinstance(labels, np.ndarray) else labels
    named = by_label(node_weights, names, "weight", NetworkError)
    if named is not None:
        missing = next((label for label in names if label not in named), None)
        if missing is not None:
            raise NetworkError(f"node_weights does not name the node {missing!r}")
        if len(named) > len(names):
            unknown = next(iter(named.keys() - set(names)))
            raise NetworkError(f"node_weights names {unknown!r}, which is not a node of the network")
        node_weights = [named[label] for label in names]
    try:
        weights = np.array(node_weights, dtype=np.float64)
    except (TypeError, ValueError):
        raise NetworkError(f"node_weights must be numbers, one for each node, not {node_weights!r:.60}") from None
    if weights.shape != (len(labels),):
        raise NetworkError(f"there are {len(labels)} nodes but node_weights has shape {weights.shape}")
    k = first_bad_weight(weights)
    if k is not None:
        raise bad_weight(weights[k], f"the node at position {k}" if named is None else f"the node {names[k]!r}")
    return weights
