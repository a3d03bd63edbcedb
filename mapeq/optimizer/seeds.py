"""Seeds of every kind that Python's libraries use, as whole numbers."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from mapeq._base.errors import is_whole, option_error


def whole_seed(seed: Any, name: str = "seed") -> int | None:
    """Return a seed as a whole number; None stays None.

    Parameters
    ----------
    seed : int, numpy Generator, BitGenerator, SeedSequence or RandomState, random.Random, or None
        One number is drawn from a generator, so that the next search with it finds another one. The modules ``random``
        and ``numpy.random`` stand for their global generators.
    name : str
        Name of the option, for the error.

    Raises
    ------
    ValueError
        If it is anything else.

    Examples
    --------
    >>> import numpy as np
    >>> whole_seed(7), whole_seed(np.random.RandomState(1)) == whole_seed(np.random.RandomState(1))
    (7, True)
    """
    if seed is None or is_whole(seed, 0):
        return None if seed is None else int(seed)
    if seed is random or isinstance(seed, random.Random):
        return int(seed.getrandbits(31))
    if isinstance(seed, np.random.BitGenerator):
        seed = np.random.Generator(seed)
    if isinstance(seed, np.random.SeedSequence):
        return int(seed.generate_state(1)[0])
    if isinstance(seed, np.random.Generator):
        return int(seed.integers(2**31))
    if seed is np.random or isinstance(seed, np.random.RandomState):
        return int(seed.randint(2**31))
    raise option_error(name, seed, "a whole number, 0 or more, or None")
