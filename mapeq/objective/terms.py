"""What may be added to the plain map equation: terms that kernels evaluate where they are present.

:class:`Terms` goes through all kernels as one argument. Only small inlined functions, here
and next to the formulas that they belong to, look at a field, each as a *direct* argument: where it is None, Numba
drops the branch when it compiles, and the plain search keeps its machine code.

A new term needs, besides its field: its part of the codelength from scratch, in :mod:`mapeq.objective.two_level` and
:mod:`mapeq.objective.multilevel`; its part of the change of a move, evaluated and applied, beside those of the others;
and what it becomes when nodes are aggregated. ``tests/objective`` compares all of them with ``tests/naive.py``.
"""

from __future__ import annotations

from typing import NamedTuple

from mapeq._base.csr import FloatArray, read_only
from mapeq._base.jit import inlined
from mapeq.objective.contents import Contents, without_contents
from mapeq.walk.flow import TELEPORT_IN, TELEPORT_OUT

#: Fields of a counting term.
BITS_PER_MODULE, PREFERRED_NUMBER, OTHER_MODULES, NODES_ARE_MODULES = 0, 1, 2, 3


class Terms(NamedTuple):
    """Additive terms of the objective, each None or arrays. All arrays are read-only.

    Attributes
    ----------
    teleport : float64 array of shape (n, 2) or None
        Recorded teleportation: the flow that teleports from each node, and the probability that teleportation
        lands on it.
    counting : float64 array of shape (4,) or None
        The price of the number of modules: bits for each module where there is more than one; the preferred number of
        top modules, at one bit for each more or less, 0 for none; the number of modules outside this level, which no
        move changes (2 stands for two or more); and 1 if the nodes of the level are modules themselves, else 0.
    contents : Contents or None
        What leaf modules have in common, such as categories of nodes.
    """

    teleport: FloatArray | None = None
    counting: FloatArray | None = None
    contents: Contents | None = None


NO_TERMS = Terms()


def above_modules(terms: Terms, num_modules: int) -> Terms:
    """The terms of modules around others, the nodes of the level."""
    terms = terms._replace(contents=without_contents(terms.contents, num_modules))
    if terms.counting is None:
        return terms
    counting = terms.counting.copy()
    counting[[OTHER_MODULES, NODES_ARE_MODULES]] = num_modules, 1.0
    return terms._replace(counting=read_only(counting))


def within_modules(terms: Terms) -> Terms:
    """The terms of modules inside others, at least two of them: none is a top module, and each has its price."""
    if terms.counting is None:
        return terms
    counting = terms.counting.copy()
    counting[[PREFERRED_NUMBER, OTHER_MODULES]] = 0.0, 2.0
    return terms._replace(counting=read_only(counting))


@inlined
def teleport_flow(teleport, i, module_teleport, m, own):
    """Recorded teleportation between node `i` and the rest of module `m`, both ways, per step.

    `own` is 1.0 if the node is one of the module, whose sums then contain it, else 0.0.
    """
    if teleport is None:
        return 0.0
    teleport_out, teleport_in = teleport[i, TELEPORT_OUT], teleport[i, TELEPORT_IN]
    module_out = module_teleport[m, TELEPORT_OUT] - own * teleport_out
    module_in = module_teleport[m, TELEPORT_IN] - own * teleport_in
    return teleport_out * module_in + module_out * teleport_in


@inlined
def add_teleport(teleport, i, module_teleport, m, sign):
    """Add the teleportation of node `i` to the sums of module `m` (`sign` 1.0), or take it out of them (-1.0)."""
    if teleport is not None:
        for column in range(2):
            module_teleport[m, column] += sign * teleport[i, column]


@inlined
def price_of_modules(counting, num_modules, num_tops):
    """What the number of modules costs, in bits."""
    if counting is None:
        return 0.0
    bits = counting[BITS_PER_MODULE] * (num_modules if num_modules > 1.0 else 0.0)
    if counting[PREFERRED_NUMBER] > 0.0:
        bits += abs(num_tops - counting[PREFERRED_NUMBER])
    return bits


@inlined
def price_in_index(counting, num_tops):
    """The part of the price that is the index codebook's, which names the top modules, in bits."""
    if counting is None:
        return 0.0
    return counting[BITS_PER_MODULE] * (num_tops - 1.0)


@inlined
def price_change(counting, num_modules, num_tops, more_modules, more_tops):
    """How the price changes if modules and top modules are added, or removed (below 0), in bits."""
    if counting is None:
        return 0.0
    after = price_of_modules(counting, num_modules + more_modules, num_tops + more_tops)
    return after - price_of_modules(counting, num_modules, num_tops)
