"""The counting term: a price on the number of modules."""

from __future__ import annotations

import math

import numpy as np

from mapeq._base.csr import FloatArray, read_only
from mapeq.network.network import Network
from mapeq.objective.options import ObjectiveOptions
from mapeq.objective.terms import BITS_PER_MODULE, PREFERRED_NUMBER


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


def without_preference(counting: FloatArray) -> FloatArray | None:
    """The counting term without a preferred number of modules."""
    return counting_term(float(counting[BITS_PER_MODULE]))


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


def counting_of(network: Network, options: ObjectiveOptions) -> FloatArray | None:
    """The counting term of a network, by the options."""
    number = options.preferred_number_of_modules
    strength = float(options.entropy_correction)
    return counting_term(entropy_bias(network, strength) if strength else 0.0, 0 if number is None else int(number))


def price_of_numbers(counting: FloatArray | None, num_nodes: int, num_modules: int, num_tops: int) -> float:
    """The part of a codelength that is the price of the numbers of code words and of modules, in bits.

    Parameters
    ----------
    counting : float64 array of shape (4,) or None
    num_nodes : int
        All nodes have code words.
    num_modules : int
        Modules at all levels; a single one has no code word.
    num_tops : int
        Top modules.
    """
    if counting is None:
        return 0.0
    code_words = num_nodes - 1 + (num_modules if num_modules > 1 else 0)
    return float(counting[BITS_PER_MODULE]) * code_words + price_of_preference(counting, num_tops)


def price_of_preference(counting: FloatArray | None, num_tops: int) -> float:
    """The part of it that is the price of another number of top modules than the preferred one, in bits."""
    if counting is None or not counting[PREFERRED_NUMBER]:
        return 0.0
    return abs(num_tops - float(counting[PREFERRED_NUMBER]))
