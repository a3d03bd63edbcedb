"""Random orders of visits, which any number of threads draw alike."""

from __future__ import annotations

import numpy as np

from mapeq._base.csr import ONE
from mapeq._base.jit import inlined, step
from mapeq._base.team import ZERO, barrier, share

#: Large levels are visited in runs of so many consecutive nodes, which often have links in common.
RUN = np.uint64(8)
MIN_NODES = 1 << 15

ROUNDS = 4
INCREMENT = np.uint64(0x9E3779B97F4A7C15)
SHIFTS = np.uint64(30), np.uint64(27), np.uint64(31)
FACTORS = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


@step
def draw_order(team, seed, order):
    """Fill an array with all its indices in random order.

    Every place is drawn by itself: it goes through a keyed bijection of the numbers below a power of two, again and
    again until the result is an index (Black & Rogaway, Ciphers with arbitrary finite domains, CT-RSA 2002).
    """
    n = np.uint64(len(order))
    run = RUN if n >= MIN_NODES else ONE
    count = n // run
    bits = ONE
    while (ONE << bits) < count:
        bits += ONE
    mask, half = (ONE << bits) - ONE, (bits + ONE) // np.uint64(2)
    begin, end = share(count, team)
    for place in range(begin, end):
        x = place
        while True:
            for r in range(np.uint64(ROUNDS)):
                x = (x * (mixed(seed, r + r) | ONE) + mixed(seed, r + r + ONE)) & mask
                x ^= x >> half
            if x < count:
                break
        for k in range(run):
            order[place * run + k] = x * run + k
    if team.number == ZERO:
        for i in range(count * run, n):
            order[i] = i
    barrier(team)


@inlined
def mixed(seed, number):
    """A random number for each seed and number (Steele, Lea & Flood, Fast splittable generators, OOPSLA 2014)."""
    x = seed * FACTORS[0] + (number + ONE) * INCREMENT
    x = (x ^ (x >> SHIFTS[0])) * FACTORS[0]
    x = (x ^ (x >> SHIFTS[1])) * FACTORS[1]
    return x ^ (x >> SHIFTS[2])
