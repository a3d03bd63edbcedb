"""How well two partitions, or modules and metadata, agree: mutual information and the Rand index.

Vinh, Epps & Bailey, JMLR 11, 2837 (2010); Hubert & Arabie, Journal of Classification 2, 193 (1985).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray, IntArray
from mapeq.network.metadata import MISSING

if TYPE_CHECKING:
    from mapeq.result.result import Result

#: Terms of the expected mutual information that are computed at once.
_TERMS_AT_ONCE = 1 << 22


def metadata_agreement(self: Result, level: int = 1) -> float | None:
    """Return how well the modules at a level agree with the metadata, over the nodes that have a category.

    Parameters
    ----------
    level : int
        See :meth:`labels_at`.

    Returns
    -------
    float or None
        The adjusted mutual information: 1 if modules are categories, about 0 if they are independent. None without
        metadata.

    Raises
    ------
    ValueError
        If the hierarchy has no such level.

    Examples
    --------
    >>> import mapeq
    >>> links = [(1, 2), (1, 3), (2, 3), (3, 4), (4, 5), (4, 6), (5, 6)]
    >>> teams = {1: "red", 2: "red", 3: "red", 4: "blue", 5: "blue", 6: "blue"}
    >>> mapeq.infomap(links, metadata=teams).metadata_agreement()
    1.0

    References
    ----------
    N. X. Vinh, J. Epps and J. Bailey, JMLR 11, 2837 (2010).
    """
    modules, metadata = self.labels_at(level), self.network.metadata
    if metadata is None:
        return None
    known = metadata.codes != MISSING
    if not known.any():  # as in a result of one side
        return None
    pair = (np.unique(part[known], return_inverse=True)[1] for part in (modules, metadata.codes))
    return adjusted_mutual_information(*pair)


def adjusted_mutual_information(one: IntArray, other: IntArray) -> float:
    """Return the mutual information of two partitions, less what chance gives, as a fraction of the most there can be.

    1 for equal partitions; about 0 for independent ones of the same sizes; below 0 for those that agree less than by
    chance. The most is the mean of the two entropies, as in scikit-learn.

    Parameters
    ----------
    one, other : integer arrays of shape (n,)
        Module of each node, from 0 without gaps.

    Examples
    --------
    >>> adjusted_mutual_information(np.array([0, 0, 1, 1]), np.array([1, 1, 0, 0]))
    1.0
    """
    n = len(one)
    sizes, other_sizes, together = _counts(one, other)
    if len(together) == len(sizes) == len(other_sizes):  # each module is one of the other partition
        return 1.0
    entropy, other_entropy = _entropy(sizes / n), _entropy(other_sizes / n)
    mutual = entropy + other_entropy - _entropy(together / n)
    expected = _expected_mutual_information(sizes, other_sizes)
    return float((mutual - expected) / ((entropy + other_entropy) / 2 - expected))


def normalized_mutual_information(one: IntArray, other: IntArray) -> float:
    """Return the mutual information of two partitions as a fraction of the mean of their entropies.

    1 for equal partitions, 0 for independent ones; chance alone gives more the smaller modules are.

    Parameters
    ----------
    one, other : integer arrays of shape (n,)
        Module of each node, from 0 without gaps.

    Examples
    --------
    >>> round(normalized_mutual_information(np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1])), 3)
    0.344
    """
    n = len(one)
    sizes, other_sizes, together = _counts(one, other)
    if len(together) == len(sizes) == len(other_sizes):  # each module is one of the other partition
        return 1.0
    entropy, other_entropy = _entropy(sizes / n), _entropy(other_sizes / n)
    mutual = entropy + other_entropy - _entropy(together / n)
    return max(float(2 * mutual / (entropy + other_entropy)), 0.0)


def adjusted_rand_index(one: IntArray, other: IntArray) -> float:
    """Return the part of the pairs of nodes that are together in both partitions or in none, less what chance gives.

    1 for equal partitions, about 0 for independent ones of the same sizes.

    Parameters
    ----------
    one, other : integer arrays of shape (n,)
        Module of each node, from 0 without gaps.

    Examples
    --------
    >>> round(adjusted_rand_index(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])), 3)
    -0.5
    """
    counts = _counts(one, other)
    if len({len(each) for each in counts}) == 1:  # each module is one of the other partition
        return 1.0
    pairs, other_pairs, together = (float((each.astype(np.float64) * (each - 1)).sum() / 2) for each in counts)
    expected = pairs * other_pairs / (len(one) * (len(one) - 1) / 2)
    return (together - expected) / ((pairs + other_pairs) / 2 - expected)


def _counts(one: IntArray, other: IntArray) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the sizes of the modules of each partition, and those of their intersections that are not empty."""
    sizes, other_sizes = np.bincount(one), np.bincount(other)
    together = np.unique(one.astype(np.int64) * len(other_sizes) + other, return_counts=True)[1]
    return sizes, other_sizes, together


def _entropy(shares: FloatArray) -> float:
    return float(-(shares * np.log(shares)).sum())


def _expected_mutual_information(sizes: NDArray[np.int64], other_sizes: NDArray[np.int64]) -> float:
    """Return the mean mutual information, in nats, over all pairs of partitions with the given sizes of modules.

    The overlap of two modules is hypergeometric. Modules of equal sizes count together, and overlaps that are so much
    larger or smaller than their mean that their probability is below 1e-12 are left out.
    """
    from scipy.special import gammaln  # a sixth of a first import, for one function that few need

    n = int(sizes.sum())
    a, times_a = np.unique(sizes, return_counts=True)
    b, times_b = np.unique(other_sizes, return_counts=True)
    first, second = (grid.ravel() for grid in np.meshgrid(a, b, indexing="ij"))
    weight = np.outer(times_a, times_b).ravel().astype(np.float64)
    mean = first * (second / n)
    width = 8 * np.sqrt(mean) + 16
    low = np.maximum(np.maximum(1, first + second - n), np.floor(mean - width)).astype(np.int64)
    high = np.minimum(np.minimum(first, second), np.ceil(mean + width)).astype(np.int64)
    log_factorial = gammaln(np.arange(n + 1) + 1.0)
    whole = log_factorial[first] + log_factorial[second] + log_factorial[n - first] + log_factorial[n - second]
    counts = np.maximum(high - low + 1, 0)
    ends = np.cumsum(counts)
    expected, begin = 0.0, 0
    while begin < len(counts):
        end = max(int(np.searchsorted(ends, (ends[begin - 1] if begin else 0) + _TERMS_AT_ONCE)), begin + 1)
        part = np.repeat(np.arange(begin, end), counts[begin:end])
        overlap = low[part] + np.arange(len(part)) - (ends[part] - counts[part] - (ends[begin - 1] if begin else 0))
        x, y = first[part], second[part]
        log_probability = whole[part] - (
            log_factorial[n] + log_factorial[overlap] + log_factorial[x - overlap] + log_factorial[y - overlap]
            + log_factorial[n - x - y + overlap]
        )  # fmt: skip
        information = overlap / n * np.log(n * overlap / (x.astype(np.float64) * y))
        expected += float((weight[part] * information * np.exp(log_probability)).sum())
        begin = end
    return expected
