"""Which index codebook names each module."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray, read_only


class Codebooks(NamedTuple):
    """The index codebooks that name modules: one for all, or one for each group of nodes.

    Groups share no links, or none that count, so that no node can move from one to another.

    Attributes
    ----------
    of : unsigned integer array of shape (n,), or (1,) if there is one codebook
    stride : uint64
        1, or 0 with an array of shape (1,): the codebook of node ``i`` is number ``of[i * stride]``.
    exit : float64 array of shape (g,)
        Exit flow of the group that each codebook belongs to; its exit is a code word, too.
    """

    of: NDArray[Any]
    stride: np.uint64
    exit: FloatArray


def one_codebook(dtype: np.dtype) -> Codebooks:
    """The index codebook of a whole network, which nothing leaves."""
    return Codebooks(read_only(np.zeros(1, dtype=dtype)), np.uint64(0), read_only(np.zeros(1)))
