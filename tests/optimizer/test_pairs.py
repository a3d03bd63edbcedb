"""Pairs of modules in new modules: exactly those that pay, by the oracle."""

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optimizer.test_multilevel import assert_well_formed, drawn_tree
from optimizer.test_tree_moves import every_flow, paths_of
from strategies import OtherTerms, described, nested_walks, walks

from mapeq.objective.multilevel import leaf_modules, multilevel_partition
from mapeq.optimizer.engine import Engine
from mapeq.optimizer.multilevel import _siblings
from mapeq.optimizer.node_moves import MIN_GAIN
from mapeq.optimizer.pairs import paired, pairs_that_pay


@pytest.mark.thorough
@every_flow
@given(st.data())
@settings(max_examples=30)
def test_pairs_are_made_where_the_oracle_says_that_they_pay(fixed, data):
    some = st.one_of(walks(min_nodes=2, max_nodes=12, max_links=30, **fixed), nested_walks(**fixed))
    level, walk = described(*data.draw(some), OtherTerms())
    tree = drawn_tree(data, level)
    state = multilevel_partition(level, tree)
    leaves, numbers = leaf_modules(state)
    siblings = _siblings(Engine().aggregate(level, leaves), numbers, state)
    paths = paths_of(tree)

    def length_with(pairs):
        """The codelength with new modules around some pairs of modules."""
        around = {m: ("pair", pair) for pair in pairs for m in pair}
        steps = [tuple(s for m in path for s in ((around[m], m) if m in around else (m,))) for path in paths]
        return naive.hierarchical_codelength(walk, steps).total

    pairs = [tuple(pair) for pair in np.column_stack(pairs_that_pay(siblings, state)).tolist()]
    assert len({m for pair in pairs for m in pair}) == 2 * len(pairs)
    lengths = [length_with(pairs[:count]) for count in range(len(pairs) + 1)]
    assert (np.diff(lengths) < 1e-12).all()
    sizes = np.bincount(tree.parent[1:], minlength=len(tree.parent))
    alone = [length_with([pair]) for pair in linked(level, paths) if sizes[tree.parent[pair[0]]] > 2]
    if pairs:
        assert lengths[1] == pytest.approx(min(alone), abs=1e-11)
    else:
        assert min(alone, default=lengths[0]) >= lengths[0] - MIN_GAIN - 1e-11
    found = paired(siblings, state)
    assert (found is None) == (not pairs)
    if found is not None:
        assert_well_formed(found)
        assert naive.hierarchical_codelength(walk, paths_of(found)).total == pytest.approx(lengths[-1], abs=1e-12)


def linked(level, paths):
    """Pairs of modules in the same parent, with a link between them or teleportation."""
    found = set()
    links = level.links
    for i in range(len(paths)):
        for j in links.indices[int(links.indptr[i]) : int(links.indptr[i + 1])].tolist():
            apart = [pair for pair in zip(paths[i], paths[j], strict=False) if pair[0] != pair[1]]
            found |= {tuple(sorted(apart[0]))} if apart else set()
    return found
