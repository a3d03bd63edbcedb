"""The counting term: a price on the number of modules."""

from __future__ import annotations

import math

import numpy as np

from mapeq._base.csr import FloatArray, read_only
from mapeq.network.network import Network


def counting_term(bits_per_module: float = 0.0, preferred_number: int = 0) -> FloatArray | None:
    """The counting term of a network's nodes; None if it is zero for any number of modules.

    Parameters
    ----------
    bits_per_module : float
        Bits for each code word more than one in a codebook, such as :func:`entropy_bias`.
    preferred_number : int
        Each top module more or less than this costs one bit; 0 prefers no number.

    Returns
    -------
    float64 array of shape (4,) or None
        See :class:`mapeq.objective.terms.Terms`.
    """
    if bits_per_module == 0 and preferred_number == 0:
        return None
    return read_only(np.array([bits_per_module, preferred_number, 0.0, 0.0]))


def entropy_bias(network: Network, strength: float = 1.0) -> float:
    """The expected bias of an entropy for each further code word, in bits, by the Miller-Madow correction.

    Parameters
    ----------
    network : Network
        The number of observations is the sum of its strengths, or that of its degrees if it is larger.
    strength : float
        Factor of the correction: 1 is the estimate, 0 switches it off.

    References
    ----------
    Miller, Note on the bias of information estimates, in: Information Theory in Psychology (1955).
    """
    sources, targets, weights = network.links()
    ends = np.where(sources == targets, 1, 2)
    num_observations = max(float((ends * weights).sum()), float(ends.sum()))
    return strength / (2 * math.log(2) * num_observations) if num_observations > 0 else 0.0
