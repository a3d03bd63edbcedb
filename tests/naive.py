"""A slow oracle: flow and the map equation over dense matrices, straight from the formulas.

It shares no code with mapeq, iterates nothing (stationary rates come from a linear system) and
updates nothing (every codelength is computed anew).
"""

import math
from typing import NamedTuple

import numpy as np


class Walk(NamedTuple):
    """Per step: visits of each node (n,), flow over links (n, n) without the diagonal, teleportation (n,) and (n,).

    `counting` is a price on modules that is part of every codelength of the walk: bits for each code word of a codebook
    after the first, and the preferred number of top modules, 0 for none. So are the contents of leaf modules: `amounts`
    of features (n, k), and the coefficient of each feature (k,).
    """

    visits: np.ndarray
    links: np.ndarray
    leaving: np.ndarray
    landing: np.ndarray
    counting: tuple[float, int] = (0.0, 0)
    amounts: np.ndarray | None = None
    coefficients: np.ndarray | None = None


class Module(NamedTuple):
    visit: float
    enter: float
    exit: float


class Codebook(NamedTuple):
    """A module of a hierarchy, and the bits per step that its own codebook takes."""

    visit: float
    enter: float
    exit: float
    codelength: float


class Codelength(NamedTuple):
    total: float
    index: float
    modules: float


def adjacency(sources, targets, weights, num_nodes, directed):
    """Weights as a dense matrix, parallel links summed; symmetric if undirected, self-links once."""
    matrix = np.zeros((num_nodes, num_nodes))
    for i, j, w in zip(sources, targets, weights, strict=True):
        matrix[i, j] += w
        if not directed and i != j:
            matrix[j, i] += w
    return matrix


def walk(
    matrix,
    directed=False,
    node_weights=None,
    sides=None,
    *,
    flow_model="undirected",
    teleportation_probability=0.15,
    recorded_teleportation=False,
    teleport_to="links",
    node_weights_as_flow=False,
    markov_time=1.0,
    variable_markov_time=False,
    variable_markov_damping=1.0,
    variable_markov_min_scale=1.0,
    regularization=0.0,
    bipartite_flow="two-step",
):
    """The random walk on a network given by its adjacency matrix; options as in WalkOptions."""
    n = len(matrix)
    given = np.ones(n) if node_weights is None else np.asarray(node_weights, float)
    folds = sides is not None and bipartite_flow != "unfolded"
    secondary = np.asarray(sides) == 1 if folds else np.zeros(n, bool)
    jumping = landing = stuck = np.zeros(n)
    if flow_model == "undirected":
        matrix = matrix + matrix.T - np.diag(np.diag(matrix)) if directed else matrix
    if regularization and n:
        visits, links, jumping, landing = _regularized(matrix, regularization, flow_model == "directed")
    elif flow_model == "undirected":
        links = _normalised(matrix)
        visits = links.sum(axis=1)
    elif flow_model == "directed":
        two_step = secondary if folds and bipartite_flow == "two-step" else None
        visits, links, jumping, landing, stuck = _directed(
            matrix, given, teleportation_probability, recorded_teleportation, teleport_to, two_step
        )
        folds = folds and two_step is None
    elif flow_model == "precomputed":
        visits, links = _normalised(given), matrix
    else:
        links = _normalised(matrix)
        visits = links.sum(axis=0)
    unfolded = visits
    if folds:
        over_links = links.sum(axis=0) + links.sum(axis=1)
        visits = _normalised(np.where(secondary, 0, visits + over_links))
        links, landing = 2 * links, _normalised(np.where(secondary, 0, landing))
    if node_weights_as_flow:
        visits = unfolded = _normalised(given)
    leaving = np.where(secondary, stuck, jumping * (unfolded if regularization else visits))
    times = np.ones((n, n))
    if variable_markov_time and n:
        num_ends = (2 if flow_model != "undirected" else 1) * np.count_nonzero(matrix)
        num_ends -= np.count_nonzero(np.diag(matrix)) if flow_model != "undirected" else 0
        of_node = node_times(visits, num_ends, variable_markov_damping, variable_markov_min_scale)
        times = np.minimum(of_node[:, None], of_node) if flow_model == "undirected" else of_node[:, None]
    return Walk(visits, markov_time * times * _without_diagonal(links), leaving, landing)


def _regularized(matrix, strength, directed):
    """The walk over links and those of a prior, all of which are made; for one node it is nothing."""
    n = len(matrix)
    leaving, arriving = matrix.sum(axis=1), matrix.sum(axis=0)
    means = []
    for strengths, degrees in (
        (leaving, np.count_nonzero(matrix, axis=1)),
        (arriving, np.count_nonzero(matrix, axis=0)),
    ):
        mean = np.array([s / k if k else np.inf for s, k in zip(strengths, degrees, strict=True)])
        means.append(np.where(np.isinf(mean), mean.min() if np.isfinite(mean).any() else 1.0, mean))
    mean = matrix.sum() / max(np.count_nonzero(matrix), 1) or 1.0
    extra = strength * np.log(n) / n * np.outer(*means) / mean
    landing = _normalised(means[1])
    if not directed:
        whole = matrix.sum() + extra.sum()
        if whole == 0:
            return np.zeros(n), np.zeros((n, n)), np.zeros(n), np.zeros(n)
        visits = (leaving + extra.sum(axis=1)) / whole
        return visits, matrix / whole, extra.sum(axis=1) / whole / visits, landing
    dangling = leaving == 0
    strengths = np.where(dangling, 1, leaving + extra.sum(axis=1))
    jumping = np.where(dangling, 1, extra.sum(axis=1) / strengths)
    steps = matrix / strengths[:, None]
    visits = stationary(steps + np.outer(jumping, landing), landing, 0.0)
    return visits, visits[:, None] * steps, jumping, landing


def node_times(visits, num_ends, damping, min_scale):
    """The variable Markov time of the links from each node."""
    scales = []
    for visit in visits:
        degree, part = visit * num_ends, (1 - damping) ** 2
        if damping == 1:
            power = math.log(degree) if degree > 0 else -math.inf
        else:
            power = (math.expm1((1 - damping) * math.log(degree)) if degree > 0 else -1.0) / (1 - damping)
        scale = (part * (1 + power) if part else 0.0) + (1 - part) * power / math.log(2)
        scales.append(max(min_scale, scale))
    return max(scales, default=1.0) / np.array(scales)


def _directed(matrix, node_weights, alpha, recorded, teleport_to, secondary=None):
    """Visits, flow over links, and teleportation; with a `secondary` side, two steps to it and back are one."""
    n = len(matrix)
    nothing = np.zeros(n)
    strengths = matrix.sum(axis=1)
    dangling = strengths == 0
    if teleport_to == "nodes":
        landing = _normalised(node_weights)
    else:
        landing = _normalised(matrix.sum(axis=0) if recorded else strengths)
    if secondary is not None:
        landing = _normalised(np.where(secondary, 0, landing))
    if not landing.any():
        return nothing, np.zeros((n, n)), nothing, nothing, nothing
    steps = matrix / np.where(dangling, 1, strengths)[:, None]
    jumping = np.where(dangling, 1, alpha)
    if secondary is not None:
        return _two_step(steps, landing, jumping, recorded, secondary)
    rates = stationary(steps, landing, alpha)
    if recorded:
        return rates, (1 - alpha) * rates[:, None] * steps, jumping, landing, nothing
    links = _normalised(rates[:, None] * steps)
    return links.sum(axis=0), links, nothing, nothing, nothing


def _two_step(steps, landing, jumping, recorded, secondary):
    n = len(steps)
    over = np.where(secondary[:, None], 0, (1 - jumping)[:, None] * steps)
    back = np.where(secondary[:, None], steps, 0)
    both = over @ back
    both += np.outer(1 - both.sum(axis=1), landing)
    primary = ~secondary
    rates = np.zeros(n)
    rates[primary] = stationary(both[np.ix_(primary, primary)], landing[primary], 0.0)
    if not recorded:
        over = np.where(secondary[:, None], 0, steps)
    passing = rates @ over
    links = rates[:, None] * over + passing[:, None] * back
    if recorded:  # what arrives where no link leads on teleports from there
        return rates, 2 * links, jumping, landing, passing * (1 - steps.sum(axis=1)) * secondary
    arriving = np.where(secondary, 0, links.sum(axis=0))
    whole = arriving.sum()
    if whole == 0:
        return np.zeros(n), np.zeros((n, n)), np.zeros(n), np.zeros(n), np.zeros(n)
    return arriving / whole, 2 * links / whole, np.zeros(n), np.zeros(n), np.zeros(n)


def stationary(steps, landing, alpha, dangling_landing=None):
    """Where the walk is: `steps` has rows that sum to 1, or to 0 for nodes from which it teleports."""
    n = len(steps)
    if dangling_landing is None:
        if alpha > 0:
            # Visits from one landing to the next; solved like this, the smallest rates are as exact as the largest.
            return _normalised(np.linalg.solve(np.eye(n) - (1 - alpha) * steps.T, landing))
        dangling_landing = landing
    dangling = steps.sum(axis=1) == 0
    transition = (1 - alpha) * (steps + np.outer(dangling, dangling_landing)) + alpha * np.outer(np.ones(n), landing)
    # The balance of every node but one, and that all rates add up to 1.
    balance = np.eye(n) - transition.T
    system = np.vstack([balance, np.ones(n)])
    return np.linalg.lstsq(system, np.append(np.zeros(n), 1.0), rcond=None)[0].clip(min=0)


def modules(walk, module_of):
    """Each module's visits, enter and exit flow, by module."""
    result = {}
    for m in np.unique(module_of).tolist():
        inside = np.asarray(module_of) == m
        outside = ~inside
        result[m] = Module(
            visit=walk.visits[inside].sum(),
            enter=walk.links[np.ix_(outside, inside)].sum() + walk.leaving[outside].sum() * walk.landing[inside].sum(),
            exit=walk.links[np.ix_(inside, outside)].sum() + walk.leaving[inside].sum() * walk.landing[outside].sum(),
        )
    return result


def plogp(x):
    return x * np.log2(x) if x > 0 else 0.0


def codelength(walk, module_of):
    """The two-level map equation."""
    found = modules(walk, module_of).values()
    index = plogp(sum(m.enter for m in found)) - sum(plogp(m.enter) for m in found)
    within = sum(plogp(m.visit + m.exit) - plogp(m.exit) for m in found) - sum(map(plogp, walk.visits))
    return _priced(walk, Codelength(index + within, index, within), [(m,) for m in np.asarray(module_of).tolist()])


def codebooks(walk, paths):
    """The codebooks of all modules of a hierarchy by path, () for the root; a node's path leads to its leaf module."""
    prefixes = {path[:depth] for path in paths for depth in range(len(path) + 1)}
    found = {}
    for module in {(), *prefixes}:
        inside = [path[: len(module)] == module for path in paths]
        sums = modules(walk, inside).get(True, Module(0.0, 0.0, 0.0))
        children = [prefix for prefix in prefixes if prefix and prefix[:-1] == module]
        within = [modules(walk, [path[: len(child)] == child for path in paths])[True].enter for child in children]
        within += [visit for visit, path in zip(walk.visits, paths, strict=True) if path == module]
        bits = plogp(sums.exit + sum(within)) - plogp(sums.exit) - sum(map(plogp, within))
        found[module] = Codebook(*sums, bits)
    return found


def step_rates(walk, paths):
    """The rate of a step from each node to each other by the code words of a hierarchy: map equation similarity (n, n).

    Blöcker, Smiljanić, Scholtes & Rosvall, Learning on Graphs, PMLR 198, 52 (2022).
    """
    found = codebooks(walk, paths)
    uses = {module: book.exit for module, book in found.items()}
    for module, book in found.items():
        if module:
            uses[module[:-1]] += book.enter
    for visit, path in zip(walk.visits, paths, strict=True):
        uses[path] += visit
    rates = np.zeros((len(paths), len(paths)))
    for i, here in enumerate(paths):
        for j, there in enumerate(paths):
            same = [a == b for a, b in zip(here, there, strict=False)]
            common = (*same, False).index(False)
            words = [(found[here[:depth]].exit, uses[here[:depth]]) for depth in range(common + 1, len(here) + 1)]
            words += [
                (found[there[:depth]].enter, uses[there[: depth - 1]]) for depth in range(common + 1, len(there) + 1)
            ]
            words.append((walk.visits[j], uses[there]))
            rates[i, j] = math.prod(rate / use if rate > 0 else 0.0 for rate, use in words)
    return rates


def missing_links(walk, paths, matrix, directed, sides=None):
    """The flow of a step over each pair of nodes without a link, by pair; that of the larger way if undirected."""
    leaving = np.array([module.exit for module in modules(walk, np.arange(len(paths))).values()])
    flow = leaving[:, None] * step_rates(walk, paths)
    if not directed:
        flow = np.triu(np.maximum(flow, flow.T))
    return {
        (i, j): flow[i, j]
        for i, j in np.argwhere((flow > 0) & (matrix == 0)).tolist()
        if i != j and (sides is None or sides[i] != sides[j])
    }


def hierarchical_codelength(walk, paths):
    """The map equation of a hierarchy."""
    lengths = {module: codebook.codelength for module, codebook in codebooks(walk, paths).items()}
    total = sum(lengths.values())
    return _priced(walk, Codelength(total, lengths[()], total - lengths[()]), paths)


def _priced(walk, found, paths):
    """A codelength with the price of modules."""
    if not paths:  # of an empty network there is nothing to describe
        return found
    bits, preferred = walk.counting
    modules = {path[:depth] for path in paths for depth in range(1, len(path) + 1)}
    num_tops = len({path[0] for path in paths})
    if len(modules) == 1:  # neither an index codebook nor an exit
        in_index, within = 0.0, bits * (len(paths) - 1)
    else:
        children = len(paths) + len(modules) - num_tops
        # A codebook with n words costs n - 1 times the bits; that of a module has an exit besides its children.
        in_index, within = bits * max(num_tops - 1, 0), bits * children
    within += abs(num_tops - preferred) if preferred else 0.0
    within += contents(walk, paths)
    return Codelength(found.total + in_index + within, found.index + in_index, found.modules + within)


def contents(walk, paths):
    """What the contents of all leaf modules cost, in bits."""
    bits = 0.0
    if walk.amounts is not None:
        for module in set(paths):
            sums = walk.amounts[[path == module for path in paths]].sum(axis=0)
            bits += sum(c * plogp(amount) for c, amount in zip(walk.coefficients, sums, strict=True))
    return bits


def one_level_codelength(walk):
    bits, preferred = walk.counting
    price = bits * (len(walk.visits) - 1) + (abs(1 - preferred) if preferred else 0.0)
    price += contents(walk, [()] * len(walk.visits))
    return plogp(walk.visits.sum()) - sum(map(plogp, walk.visits)) + price


def _normalised(array):
    total = array.sum()
    return array / total if total > 0 else np.zeros_like(array)


def _without_diagonal(matrix):
    return matrix - np.diag(np.diag(matrix))


def distances(vectors, queries, metric):
    """All distances between queries and vectors, shape (m, n), NaN where a vector of zeros has no direction."""
    vectors, queries = np.asarray(vectors, dtype=np.float64), np.asarray(queries, dtype=np.float64)
    if metric == "euclidean":
        return np.sqrt(((queries[:, None] - vectors[None]) ** 2).sum(axis=2))
    if metric == "inner_product":
        return -(queries[:, None] * vectors[None]).sum(axis=2)
    with np.errstate(invalid="ignore"):
        vectors, queries = (part / np.linalg.norm(part, axis=1, keepdims=True) for part in (vectors, queries))
    return 1 - (queries[:, None] * vectors[None]).sum(axis=2)


def memberships(distances):
    """UMAP's weights of one vector's neighbours, nearest first, by bisection of one scale at a time."""
    others = [d for d in distances if d > 0]
    nearest = min(others, default=0.0)
    gaps = [max(d - nearest, 0.0) for d in distances]
    if max(gaps) == 0:
        return [1.0] * len(gaps)
    low, high = 0.0, 100 * max(gaps)
    for _ in range(200):
        middle = (low + high) / 2
        if sum(np.exp(-gap / middle) for gap in gaps) > np.log2(len(gaps) + 1):
            high = middle
        else:
            low = middle
    return [float(np.exp(-gap / max(high, 1e-3 * max(gaps)))) for gap in gaps]


def flow_divergence(walk, module_of, other):
    """The expected logarithm of the ratio of map equation similarities, over steps to other nodes."""
    one, two = similarities(walk, module_of), similarities(walk, other)
    total = 0.0
    for u, visit in enumerate(walk.visits):
        targets = [v for v in range(len(walk.visits)) if v != u and one[u][v] > 0]
        leading = sum(one[u][v] for v in targets)
        for v in targets if visit > 0 else []:
            if two[u][v] == 0:
                return np.inf
            total += visit * one[u][v] / leading * np.log2(one[u][v] / two[u][v])
    return total


def similarities(walk, module_of):
    """The rates at which codebooks describe steps between nodes: exit, enter, visit."""
    found, n = modules(walk, module_of), len(walk.visits)
    entering = sum(m.enter for m in found.values())
    rates = np.zeros((n, n))
    for u in range(n):
        for v in range(n):
            here, there = found[module_of[u]], found[module_of[v]]
            if walk.visits[u] == 0 or walk.visits[v] == 0:
                continue
            rates[u, v] = walk.visits[v] / (there.visit + there.exit)
            if module_of[u] != module_of[v]:
                rates[u, v] *= here.exit / (here.visit + here.exit) * (there.enter / entering if entering else 0.0)
    return rates
