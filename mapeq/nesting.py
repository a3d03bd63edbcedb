"""prototype"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from mapeq._jit import jit
from mapeq.descent import WORK, Searcher, Outcome
from mapeq.flow import ENTER, EXIT, VISIT, Codebooks, Flow, Links, link_flows
from mapeq.hierarchy import USE, Hierarchy, hierarchical_codelength, hierarchy
from mapeq.levels import aggregate, compact, group, single_in_groups
from mapeq.moves import BLOCKS, queue_of, spares_of, take_block, Bounds
from mapeq.objective import COST, Partition, module_cost, partition, plogp, single_modules, codelength
from mapeq.rows import ONE, IndexArray
from mapeq.tree import ROOT, Tree, depths, heights, renumbered, two_levels
from mapeq.tree_moves import commit_units, move_units, places, propose_units

LEAST = 1e-10


@jit
def _dissolve(modules, parent, sizes, leaf, gone):
    """Dissolve modules into their parents where that shortens the description; parents before children."""
    change = 0.0
    for m in range(len(parent) - 1, 0, -1):
        q = parent[m]
        if leaf[m] and sizes[q] > 1:
            continue
        use = modules[q, USE] - modules[m, ENTER] + modules[m, USE]
        one = plogp(use + modules[q, EXIT]) - plogp(modules[q, USE] + modules[q, EXIT]) - modules[m, COST]
        if one < -1e-12 or (one < 1e-12 and sizes[q] == 1):
            change += one
            modules[q, USE] = use
            modules[q, COST] = module_cost(use, modules[q, ENTER], modules[q, EXIT])
            sizes[q] += sizes[m] - ONE
            leaf[q] = leaf[m]
            for c in range(4):
                modules[m, c] = 0.0
            sizes[m] = 0
            gone[m] = True
    for m in range(1, len(parent)):
        while gone[parent[m]]:
            parent[m] = parent[parent[m]]
    return change


def settled(state: Hierarchy, room: int = 0) -> Hierarchy:
    """Canonical numbering, no gaps."""
    tree = Tree(state.module_of, state.parent)
    t = len(state.parent)
    parent, dtype = tree.parent, tree.parent.dtype
    used = state.sizes > 0
    used[ROOT] = True
    depth = depths(np.where(used, parent, dtype.type(ROOT)))
    depth[~used] = 2**30
    order = np.argsort(depth, kind="stable")[: np.count_nonzero(used)]
    number = np.zeros(t, dtype=dtype)
    number[order] = np.arange(len(order))
    count = len(order) + room
    new_parent = np.zeros(count, dtype=dtype)
    new_parent[: len(order)] = number[parent[order]]
    modules = np.zeros((count, 4))
    modules[: len(order)] = state.modules[order]
    teleport = None
    if state.teleport is not None:
        teleport = np.zeros((count, 2))
        teleport[: len(order)] = state.teleport[order]
    sizes = np.zeros(count, dtype=state.sizes.dtype)
    sizes[: len(order)] = state.sizes[order]
    return Hierarchy(number[state.module_of], new_parent, modules, teleport, sizes)


def length_of(flow, state):
    return float(state.modules[:, COST].sum() + flow.node_codelength)


class Nester(Searcher):
    trace = None
    mode = 'full'

    def say(self, what, flow, state):
        if self.trace is not None:
            import time
            self.trace.append((what, time.perf_counter(), length_of(flow, state), int((state.sizes > 0).sum()), int(depths(state.parent).max())))

    # ---- moves of units
    def _move_units(self, level: Flow, state: Hierarchy, *, anywhere: bool) -> float:
        queue = queue_of(self._order(level))
        spares = spares_of(state)
        bounds = places(state, anywhere=anywhere)
        num_links = len(level.links.indices)
        widest = (int(np.diff(level.links.indptr).max(initial=0)) + 2) * int(bounds.deepest)
        scratch = [self.crew.scratch(widest, level.links.indices.dtype, t) for t in range(self.crew.num_threads)]
        common = (level.links, level.nodes, level.teleport, state, bounds, queue)
        change = 0.0
        while queue.ends[1] and not self.stopped():
            if self.crew.worthwhile(num_links // BLOCKS):
                size, met = take_block(level.links, state, bounds, queue)

                def propose_part(begin, end, number):
                    propose_units(*common, np.uint64(begin), np.uint64(end), scratch[number])

                self.crew.run(propose_part, self.crew.parts(int(size), int(met)))
                change += commit_units(*common, size, spares, scratch[0], self._room_for_move)
            else:
                one, met = move_units(*common, spares, scratch[0], self._room_for_move, np.uint64(WORK))
                change += one
        return float(change)

    # ---- insertion
    def _split(self, units: Flow, quick=False):
        """Cluster the nodes of a grouped flow; which groups gain, and modules (compact)."""
        from mapeq.descent import _stage, FADED
        mode = self.mode
        if mode == "full":
            found = Searcher.descend(self, units).module_of
        else:
            stage = _stage(units, single_modules(units))
            for c in mode:
                stage = self._pass(units, stage, FADED, rough=c == "r")
            found = stage.state.module_of
        state = compact(partition(units, found.copy()))
        books = units.codebooks
        g = len(books.exit)
        of = books.of if books.stride else np.zeros(len(units.nodes), dtype=np.int64)
        used = np.bincount(of, units.nodes[:, VISIT], minlength=g)
        book_of_module = np.zeros(len(state.sizes), dtype=np.int64)
        book_of_module[state.module_of] = of
        gain = _plogp(state.uses[:, 0]) + np.bincount(book_of_module, state.modules[:, COST], minlength=g) - _plogp(used + books.exit)
        return state, book_of_module, gain < -LEAST, gain

    def _raise(self, flow: Flow, tree: Tree, state: Hierarchy, units=None, rounds=20):
        """Super-levels over the children of the root: tree with levels inserted below the root, while it gains."""
        order = self._order(flow)
        leaf = compact(partition(flow, (tree.module_of - ONE.astype(tree.module_of.dtype)).astype(tree.module_of.dtype)))
        level = aggregate(flow, leaf, order, self.crew)
        chain = [leaf.module_of]
        while rounds and not self.stopped():
            rounds -= 1
            nodes = level.nodes.copy()
            nodes[:, VISIT] = nodes[:, ENTER]
            up = level._replace(nodes=nodes, node_codelength=0.0)
            st, _, gains, gain = self._split(up)
            if not gains[0] or len(st.sizes) == len(up.nodes):
                break
            level = aggregate(up, st, self._order(up), self.crew)
            chain.append(st.module_of)
        return _stacked(chain)

    def _insert(self, flow: Flow, state: Hierarchy) -> Hierarchy:
        """One more level in every module whose children cluster."""
        state = settled(state)
        tree = Tree(state.module_of, state.parent)
        t = len(tree.parent)
        units = sibling_flow(self, flow, state)
        st, book, gains, gain = self._split(units)
        if not gains.any():
            return state
        # unit u is module u + 1; its new module st.module_of[u], in book
        new = np.flatnonzero(gains[book])
        number = np.zeros(len(book), dtype=tree.parent.dtype)
        number[new] = np.arange(t, t + len(new))
        parent = np.concatenate([tree.parent, book[new].astype(tree.parent.dtype)])
        inside = gains[tree.parent[1:]]
        parent[1:t][inside] = number[st.module_of[inside]]
        fresh = renumbered(Tree(tree.module_of, parent))
        return hierarchy(flow, fresh)

    # ---- tune
    def _tune_nodes(self, flow, state):
        n = len(flow.nodes)
        state = settled(state, room=64 + n // 8)
        self._move_units(flow, state, anywhere=False)
        return settled(state)

    def _tune_atoms(self, flow, state):
        t = len(state.parent)
        order = self._order(flow)
        leaves, numbers = np.unique(state.module_of, return_inverse=True)
        numbers = numbers.astype(state.module_of.dtype)
        books = Codebooks(state.parent[state.module_of], ONE, np.ascontiguousarray(state.modules[:, EXIT]))
        grouped = flow._replace(codebooks=books)
        p = Partition(numbers, state.modules[leaves], None if state.teleport is None else state.teleport[leaves], state.sizes[leaves], np.zeros((t, 2)), books)
        groups = group(p, order)
        refined = single_in_groups(grouped, groups)
        self._move(grouped, refined, order, Bounds(p.module_of, ONE, groups.starts, ONE))
        if self.stopped():
            return state
        atoms = compact(refined)
        level = aggregate(flow, atoms, order, self.crew)
        module_of = np.empty(len(level.nodes), dtype=state.module_of.dtype)
        module_of[atoms.module_of] = state.module_of
        wide = settled(state, room=64 + len(level.nodes) // 8)
        children = np.bincount(wide.parent[1:t], minlength=len(wide.parent))
        sizes = (np.bincount(module_of, minlength=len(wide.parent)) + children).astype(wide.sizes.dtype)
        s = wide._replace(module_of=module_of, sizes=sizes)
        self._move_units(level, s, anywhere=False)
        children = np.bincount(s.parent[1:][s.sizes[1:] > 0], minlength=len(s.parent))
        nodes = s.module_of[atoms.module_of]
        sizes = (np.bincount(nodes, minlength=len(s.parent)) + children).astype(wide.sizes.dtype)
        return settled(s._replace(module_of=nodes, sizes=sizes))

    def _leaf_level(self, flow, state):
        leaves, numbers = np.unique(state.module_of, return_inverse=True)
        p = Partition(numbers.astype(state.module_of.dtype), state.modules[leaves], None if state.teleport is None else state.teleport[leaves], np.bincount(numbers).astype(state.sizes.dtype), np.zeros((1, 2)), flow.codebooks)
        level = aggregate(flow, p, self._order(flow), self.crew)
        return level, leaves

    def _tune_subtrees(self, flow, state):
        level, ids = self._leaf_level(flow, state)
        height = heights(state.parent)
        top = height.max()
        for h in range(top):
            if self.stopped():
                break
            if h > 0:
                if height[ROOT] <= h:
                    break
                unit = ids
                while (low := height[state.parent[unit]] <= h).any():
                    unit = np.where(low, state.parent[unit], unit)
                units, numbers = np.unique(unit, return_inverse=True)
                if len(units) < len(ids):
                    p = Partition(numbers.astype(state.module_of.dtype), state.modules[units], None if state.teleport is None else state.teleport[units], np.bincount(numbers).astype(state.sizes.dtype), np.zeros((1, 2)), flow.codebooks)
                    level = aggregate(level, p, self._order(level), self.crew)
                    ids = units
            nodes = level.nodes.copy()
            nodes[:, 0] = nodes[:, ENTER]
            s = state._replace(module_of=state.parent[ids].copy())
            self._move_units(level._replace(nodes=nodes), s, anywhere=True)
            state.parent[ids] = s.module_of
            height = heights(state.parent)
        return settled(state)

    def _tune_dissolve(self, flow, state):
        state = settled(state)
        leaf = np.zeros(len(state.parent), dtype=np.bool_)
        leaf[state.module_of] = True
        gone = np.zeros(len(state.parent), dtype=np.bool_)
        before = state.parent.copy()
        _dissolve(state.modules, state.parent, state.sizes, leaf, gone)
        if gone.any():
            m = state.module_of
            while gone[m].any():
                m = np.where(gone[m], state.parent[m], m)
            state = state._replace(module_of=m.astype(state.module_of.dtype))
            state.parent[gone] = 0
        return settled(state)

    def tune(self, flow, state, rounds=2, insert=True, stages="nahd"):
        for r in range(rounds):
            before = length_of(flow, state)
            if "n" in stages:
                state = self._tune_nodes(flow, state); self.say("nodes", flow, state)
            if "a" in stages:
                state = self._tune_atoms(flow, state); self.say("atoms", flow, state)
            if "h" in stages:
                state = self._tune_subtrees(flow, state); self.say("subtrees", flow, state)
            if "d" in stages:
                state = self._tune_dissolve(flow, state); self.say("dissolve", flow, state)
            if r == 0 and insert:
                state = self._insert(flow, state); self.say("insert", flow, state)
                state = self._tune_dissolve(flow, state)
            if before - length_of(flow, state) < 1e-4 * before:
                break
        return state

    # ---- top down
    def _topdown(self, flow, tops: IndexArray, recurse=10):
        """Given top modules, split each again and again."""
        n = len(flow.nodes)
        dtype = tops.dtype
        parent = [np.zeros(1, dtype)]
        state = compact(partition(flow, tops.copy()))
        count = 1 + len(state.sizes)
        parent.append(np.zeros(len(state.sizes), dtype))
        group_id = np.arange(1, count)
        rows = state.modules
        group_of = state.module_of  # compact group of each node
        final = np.empty(n, dtype)
        nodes = np.arange(n)
        module_of = group_id[group_of].astype(dtype)
        active = np.ones(n, bool)
        while recurse and not self.stopped():
            recurse -= 1
            sub, kept = grouped_flow(flow, group_of, rows[:, EXIT].copy(), active)
            chain, tops_state, book, gain = self._split_deep(sub)
            good = gain < -LEAST
            if not good.any():
                break
            # new tops within good groups
            newm = np.flatnonzero(good[book])
            number = np.zeros(len(book), dtype)
            number[newm] = np.arange(count, count + len(newm))
            parent.append(group_id[book[newm]].astype(dtype))
            count += len(newm)
            of = group_of[kept]
            inside = good[of]
            module_of[kept[inside]] = number[tops_state.module_of[inside]]
            active = np.zeros(n, bool)
            active[kept[inside]] = True
            # next groups
            rank = np.zeros(len(book), dtype)
            rank[newm] = np.arange(len(newm))
            group_of = np.zeros(n, dtype)
            group_of[kept[inside]] = rank[tops_state.module_of[inside]]
            group_id = np.arange(count - len(newm), count)
            rows = tops_state.modules[newm]
        return renumbered(Tree(module_of, np.concatenate(parent)))

    def _split_deep(self, sub: Flow):
        """Leaf modules within groups, and super-levels on them while they gain; returns only the tops of each group and the total gain."""
        books = sub.codebooks
        g = len(books.exit)
        st, book, good, gain = self._split(sub)
        chain = [st.module_of]
        total = gain.copy()
        # compare with no split: leaf codebook  plogp(ex + p)
        level = sub
        cur = st
        top_of = st.module_of
        top_state, top_book = st, book
        up = aggregate(level, cur, self._order(level), self.crew)
        while not self.stopped():
            nodes = up.nodes.copy(); nodes[:, VISIT] = nodes[:, ENTER]
            up = up._replace(nodes=nodes, node_codelength=0.0)
            s2, b2, good2, gain2 = self._split(up)
            good2 = gain2 < -LEAST
            if not good2.any():
                break
            total += np.where(good2, gain2, 0)
            # groups that do not gain keep their modules
            keep = ~good2[b2]
            # new numbering: s2 modules in good groups; others stay as single units
            u_book = up.codebooks.of if up.codebooks.stride else np.zeros(len(up.nodes), int)
            mod = np.where(good2[u_book], s2.module_of, len(s2.sizes) + np.arange(len(up.nodes)))
            _, mod = np.unique(mod, return_inverse=True)
            s3 = compact(partition(up, mod.astype(up.links.indices.dtype)))
            top_of = s3.module_of[top_of]
            b3 = np.zeros(len(s3.sizes), int); b3[s3.module_of] = u_book
            top_state = Partition(top_of, s3.modules, s3.teleport, s3.sizes, s3.uses, s3.codebooks)
            top_book = b3
            if len(s3.sizes) == len(up.nodes):
                break
            up = aggregate(up, s3, self._order(up), self.crew)
        return chain, top_state, top_book, total


def _plogp(x):
    x = np.maximum(x, 0.0)
    return x * np.log2(np.where(x > 0, x, 1.0))


def _stacked(chain):
    """Tree from module numbers level over level, leaf modules first."""
    counts = [int(c.max()) + 1 for c in chain]
    dtype = chain[0].dtype
    # numbering: level k from the top
    start = [0] * len(chain)
    total = 1
    for k in range(len(chain) - 1, -1, -1):
        start[k] = total
        total += counts[k]
    parent = np.zeros(total, dtype)
    for k in range(len(chain) - 1):
        parent[start[k] : start[k] + counts[k]] = start[k + 1] + chain[k + 1]
    return Tree((start[0] + chain[0]).astype(dtype), parent)


def grouped_flow(flow: Flow, group_of, exits, active):
    """Only nodes that are active and links within groups."""
    n = len(flow.nodes)
    indptr = flow.links.indptr.astype(np.int64)
    deg = np.diff(indptr)
    src = np.repeat(np.arange(n), deg)
    dst = flow.links.indices
    keep = active[src] & active[dst] & (group_of[src] == group_of[dst])
    kept = np.flatnonzero(active)
    number = np.zeros(n, flow.links.indices.dtype)
    number[kept] = np.arange(len(kept))
    new_deg = np.bincount(src[keep], minlength=n)[kept]
    ptr = np.zeros(len(kept) + 1, np.uint64)
    np.cumsum(new_deg, out=ptr[1:])
    w = flow.links.flow if flow.links.stride == 0 else flow.links.flow[keep]
    links = Links(ptr, number[dst[keep]], w, flow.links.stride)
    books = Codebooks(group_of[kept].astype(flow.links.indices.dtype), ONE, exits)
    tele = None if flow.teleport is None else flow.teleport[kept]
    return Flow(links, np.ascontiguousarray(flow.nodes[kept]), tele, 0.0, books), kept


def sibling_flow(search, flow, state):
    """All modules but the root as units, linked to their siblings."""
    t = len(state.parent)
    level, leaves = search._leaf_level(flow, state)
    depth = depths(state.parent)
    indptr = level.links.indptr.astype(np.int64)
    src = np.repeat(np.arange(len(level.nodes)), np.diff(indptr))
    a = leaves[src]
    b = leaves[level.links.indices]
    w = link_flows(level.links)
    parent = state.parent.astype(np.int64)
    while True:
        lift = depth[a] > depth[b]
        if not lift.any():
            break
        a = np.where(lift, parent[a], a)
    while True:
        lift = depth[b] > depth[a]
        if not lift.any():
            break
        b = np.where(lift, parent[b], b)
    while True:
        lift = parent[a] != parent[b]
        if not lift.any():
            break
        a = np.where(lift, parent[a], a)
        b = np.where(lift, parent[b], b)
    m = sparse.csr_matrix((w, (a - 1, b - 1)), shape=(t - 1, t - 1))
    m.sum_duplicates()
    links = Links(m.indptr.astype(np.uint64), m.indices.astype(flow.links.indices.dtype), m.data, ONE)
    nodes = state.modules[1:, :3].copy()
    nodes[:, VISIT] = nodes[:, ENTER]
    tele = None if state.teleport is None else state.teleport[1:].copy()
    books = Codebooks(state.parent[1:].astype(flow.links.indices.dtype), ONE, np.ascontiguousarray(state.modules[:, EXIT]))
    return Flow(links, nodes, tele, 0.0, books)
