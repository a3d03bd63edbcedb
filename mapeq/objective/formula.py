"""The one formula under the map equation, as kernels evaluate it and for NumPy arrays.

With ``h(y) = y * log2(y)``, a module with use rate ``u``, enter flow ``e`` and exit flow ``x`` adds ::

    h(u + x) - h(x) - h(e)

to the codelength: its codebook, less the names of what it holds, and its own name in the codebook above. The use rate
is how often the codebook is read, exits apart: the visit rates of the nodes in a leaf module, the enter flows of the
modules in any other. :mod:`mapeq.objective.two_level` and :mod:`mapeq.objective.multilevel` sum it up.
"""

from __future__ import annotations

import numpy as np

from mapeq._base.csr import FloatArray
from mapeq._base.jit import inlined

SQRT_HALF = np.int64(0x3FE6A09E667F3BCD)  # the bits of sqrt(1/2) as a float64
MANTISSA_BITS = np.int64(52)
MANTISSA = np.int64((1 << 52) - 1)
TWO_BY_LN2 = 2.8853900817779268


@inlined
def log2(x):
    """The binary logarithm of a positive float64, to 4e-15 of it; finite for 0.

    Unlike that of the C library it is the same on every machine, and a loop over it is vectorised:
    with ``x = 2**e * m``, ``m`` from sqrt(1/2) to sqrt(2), and ``t = (m - 1) / (m + 1)``, it is
    ``e + 2 * (t + t**3 / 3 + t**5 / 5 + ...) / ln(2)``.
    """
    bits = np.float64(x).view(np.int64) - SQRT_HALF
    exponent = bits >> MANTISSA_BITS
    m = np.int64((bits & MANTISSA) + SQRT_HALF).view(np.float64)
    t = (m - 1.0) / (m + 1.0)
    s = t * t
    # Pairs of terms can be computed side by side.
    s2 = s * s
    low = (1.0 + s * (1 / 3)) + s2 * (1 / 5 + s * (1 / 7))
    high = (1 / 9 + s * (1 / 11)) + s2 * ((1 / 13 + s * (1 / 15)) + s2 * (1 / 17))
    return exponent + t * (low + s2 * s2 * high) * TWO_BY_LN2


@inlined
def plogp(x):
    """``x * log2(x)`` in bits; 0 for x <= 0, also for the -1e-17 that cancellation leaves."""
    y = x if x > 0.0 else 0.0  # max() would not be vectorised
    return y * log2(y)


@inlined
def module_cost(use, enter, exit):
    """What a module adds to the codelength, in bits, apart from the names of its nodes or modules."""
    return plogp(use + exit) - plogp(exit) - plogp(enter)


def plogps(rates: FloatArray) -> FloatArray:
    """``x * log2(x)`` of each rate, in bits; 0 for x <= 0."""
    rates = np.maximum(rates, 0.0)
    return rates * np.log2(np.where(rates > 0, rates, 1.0))


def module_costs(use: FloatArray, enter: FloatArray, exit: FloatArray) -> FloatArray:
    """:func:`module_cost` of each module, for arrays."""
    return plogps(use + exit) - plogps(exit) - plogps(enter)
