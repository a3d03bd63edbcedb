"""Metadata: categories of nodes that modules had better not mix."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray, read_only
from mapeq.network.metadata import Metadata
from mapeq.objective.contents import Contents
from mapeq.objective.options import ObjectiveOptions


def contents_of_metadata(metadata: Metadata | None, visits: FloatArray, options: ObjectiveOptions) -> Contents | None:
    """The metadata of a network as contents of modules; None if there are none, or they cost nothing."""
    if metadata is None:
        return None
    return metadata_contents(
        metadata.codes, visits, float(options.metadata_rate), weighted=not options.metadata_unweighted
    )


def metadata_contents(
    categories: NDArray[Any], visits: FloatArray, rate: float = 1.0, *, weighted: bool = True
) -> Contents | None:
    """Categories of nodes as contents of modules; None if they cost nothing.

    In addition to its nodes, each leaf module describes their categories, `rate` times per step of the walk within it:
    the term of a module is ``rate * r * H``, with ``r`` the sum of the visit rates of its nodes and ``H`` the entropy
    of their categories, in bits (Emmons & Mucha, Map equation with metadata, Phys. Rev. E 100, 022301, 2019).

    Parameters
    ----------
    categories : integer array of shape (n,)
        The category of each node; -1 where it is missing, which is one more category.
    visits : float64 array of shape (n,)
        The visit rate of each node, per step.
    rate : float
        0 or more.
    weighted : bool
        Whether nodes count by visit rate, or all alike, as 1/n.

    Returns
    -------
    Contents or None

    Examples
    --------
    >>> import numpy as np
    >>> contents = metadata_contents(np.array([4, 4, -1]), np.array([0.5, 0.25, 0.25]))
    >>> contents.coefficients.tolist(), contents.features.reshape(-1, 2).tolist()
    ([-1.0, -1.0, 1.0], [[1, 2], [1, 2], [0, 2]])
    """
    n = len(categories)
    if rate == 0 or n == 0:
        return None
    distinct, numbers = np.unique(categories, return_inverse=True)
    amounts = visits if weighted else np.full(n, 1 / n)
    coefficients = np.append(np.full(len(distinct), -rate), rate)
    features = np.stack([numbers, np.full(n, len(distinct))], axis=1).astype(np.uint32)
    return Contents(
        read_only(np.arange(0, 2 * n + 1, 2, dtype=np.uint64)),
        read_only(features.ravel()),
        read_only(np.repeat(amounts, 2)),
        read_only(coefficients),
        read_only(np.bincount(features.ravel(), np.repeat(amounts, 2), len(coefficients))),
        num_attracting=np.uint64(0),  # entropies are concave
    )
