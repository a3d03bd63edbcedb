"""Tools for AnnData, as scanpy calls what writes its findings into the object:
``mapeq.integrations.anndata.infomap(adata)``.

anndata and scanpy are not needed: whatever has ``obs``, ``obsp`` and ``uns`` will do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse

from mapeq import api
from mapeq._base.errors import NetworkError, option_error
from mapeq._base.hierarchy import paths
from mapeq._base.optional import require
from mapeq.network.network import Network
from mapeq.result.result import Result

if TYPE_CHECKING:
    from anndata import AnnData

#: Differences of the two directions of a link up to this part of the heaviest link are rounding errors of float32.
ROUNDING = 1e-6


def infomap(
    adata: AnnData,
    *,
    key_added: str = "infomap",
    adjacency: Any = None,
    directed: bool | None = None,
    use_weights: bool = True,
    neighbors_key: str | None = None,
    obsp: str | None = None,
    markov_time: float | str = "auto",
    copy: bool = False,
    **options: Any,
) -> AnnData | None:
    """Cluster the observations of an AnnData object by the map equation, in place.

    Takes the graph of neighbours that ``scanpy.pp.neighbors`` has made, and keeps the modules where
    ``scanpy.tl.leiden`` keeps its clusters, so that ``scanpy.pl.umap(adata, color="infomap")`` draws them.

    Parameters
    ----------
    adata : AnnData
        With n observations.
    key_added : str
        What the results are called in ``adata.obs`` and ``adata.uns``.
    adjacency : sparse or dense matrix of shape (n, n), optional
        The graph itself: what links weigh, more for what is nearer.
    directed : bool, optional
        Whether links lead from the row to the column only. By default a matrix that equals its transpose, but for
        rounding, is undirected, and any other directed. With False a pair weighs the sum of its two directions.
    use_weights : bool
        False: every link weighs 1.
    neighbors_key : str, optional
        Take the graph that ``adata.uns[neighbors_key]`` names as its ``connectivities_key``. By default
        ``adata.obsp["connectivities"]``, or what ``adata.uns["neighbors"]`` names.
    obsp : str, optional
        Take ``adata.obsp[obsp]``. Of `adjacency`, `neighbors_key` and `obsp` only one can be given.
    markov_time : float above 0, or "auto"
        Above 1 modules are larger, below smaller. "auto" finds the one that graphs of nearest neighbours need, see
        :func:`mapeq.infomap`; 1 is the map equation as published.
    copy : bool
        Write into a copy, which is returned.
    **options
        Further options of :func:`mapeq.infomap`: ``multilevel``, ``num_trials``, ``seed``, ``initial_partition``, which
        may be a column of ``adata.obs``, ...

    Returns
    -------
    AnnData or None
        The copy if one was asked for. Written are

        - ``adata.obs[key_added]``: the (top) module of each observation, a categorical of text. "0" has most flow.
        - ``adata.obs[f"{key_added}_2"]``, ``_3``, ...: with ``multilevel=True`` the modules of each further level, if
          there are some. "2,0" is the first module in the module "2"; where a branch is less deep, "2" stays "2".
        - ``adata.uns[key_added]``: ``params``, the options by name; and what was found: ``codelength``,
          ``one_level_codelength`` and ``trials`` in bits per step, ``num_modules``, ``num_levels``, ``markov_time``,
          ``directed``, ``converged``, ``levels``, the names of all columns that were written, and ``version``, that
          of mapeq. All of it can be kept in a file (``adata.write_h5ad``).

    Raises
    ------
    KeyError
        If there is no such graph of neighbours.
    ValueError, NetworkError
        As :func:`mapeq.infomap`; or if the graph is not of shape (n, n).

    Examples
    --------
    >>> import anndata, mapeq, numpy as np
    >>> points = np.array([[0, 0], [0, 1], [1, 0], [9, 9], [9, 8], [8, 9]], dtype=float)
    >>> adata = anndata.AnnData(points)
    >>> adata.obsp["connectivities"] = mapeq.neighbor_graph(points, n_neighbors=2, metric="euclidean")
    >>> mapeq.integrations.anndata.infomap(adata)
    >>> adata.obs["infomap"].tolist()
    ['0', '0', '0', '1', '1', '1']
    >>> adata.uns["infomap"]["num_modules"]
    2
    """
    missing = [name for name in ("obs", "obsp", "uns") if not hasattr(adata, name)]
    if missing:
        raise TypeError(f"a {type(adata).__name__} is no AnnData: it has no {missing[0]}; mapeq.infomap takes graphs")
    if "weight" in options:
        raise TypeError("a matrix has no names for weights: leave weight out, and say use_weights=False for none")
    given = {"adjacency": adjacency, "neighbors_key": neighbors_key, "obsp": obsp}
    asked = [name for name, value in given.items() if value is not None]
    if len(asked) > 1:
        raise ValueError(f"{asked[0]} must be left out with {asked[1]}: both say where the graph is")
    if not isinstance(key_added, str):
        raise option_error("key_added", key_added, "the name of a column")
    adata = adata.copy() if copy else adata
    matrix = _graph(adata, neighbors_key, obsp) if adjacency is None else adjacency
    network = _network(matrix, len(adata.obs), directed)
    weight = "weight" if use_weights else None
    result = api.infomap(network, weight=weight, markov_time=markov_time, **options)
    named = {name: value for name, value in given.items() if isinstance(value, str)}
    params = named | {"use_weights": bool(use_weights), "markov_time": markov_time}
    _keep(adata, key_added, result, params)
    return adata if copy else None


def _graph(adata: Any, neighbors_key: str | None, obsp: str | None) -> Any:
    """The graph of neighbours that is asked for, which stays as it is."""
    key = obsp
    if obsp is None:
        said = adata.uns.get("neighbors" if neighbors_key is None else neighbors_key)
        if said is None and neighbors_key is not None:
            call = f"scanpy.pp.neighbors(adata, key_added={neighbors_key!r})"
            raise KeyError(f"there are no neighbours adata.uns[{neighbors_key!r}]; {call} makes them")
        key = (said or {}).get("connectivities_key", "connectivities")
    if key not in adata.obsp:
        known = ", ".join(map(repr, adata.obsp)) or "nothing"
        remedy = "" if obsp is not None else "; scanpy.pp.neighbors(adata) makes it"
        raise KeyError(f"there is no graph adata.obsp[{key!r}]{remedy} (adata.obsp holds {known})")
    graph = adata.obsp[key]
    return graph.to_memory() if hasattr(graph, "to_memory") else graph  # of an object that is on disk


def _network(graph: Any, num_observations: int, directed: bool | None) -> Network:
    matrix = graph if scipy.sparse.issparse(graph) else scipy.sparse.csr_array(np.asarray(graph))
    if matrix.shape != (num_observations, num_observations):
        expected = (num_observations, num_observations)
        raise NetworkError(
            f"the graph must have a row and a column for each observation, {expected}, not {matrix.shape}"
        )
    if not (directed is None or isinstance(directed, bool | np.bool_)):
        raise option_error("directed", directed, "True, False or None")
    network = Network.from_csr(matrix, directed=directed)
    return network.undirected() if directed is None and _differs_by_rounding(network) else network


def _differs_by_rounding(network: Network) -> bool:
    """Whether a matrix that does not equal its transpose does but for rounding."""
    if not network.directed:
        return False
    matrix = network.matrix()
    return bool(abs(matrix - matrix.T).max() <= ROUNDING * matrix.max())


def _keep(adata: Any, key: str, result: Result, params: dict[str, Any]) -> None:
    """Write modules and figures: plain values, and no None, which files cannot hold."""
    before = adata.uns[key].get("levels", ()) if isinstance(adata.uns.get(key), Mapping) else ()
    columns = [key, *(f"{key}_{level}" for level in range(2, result.num_levels))]
    for level, column in enumerate(columns, 1):
        adata.obs[column] = _categories(result, level)
    for column in {*before} & {*adata.obs} - {*columns}:  # of a search that found more levels
        del adata.obs[column]
    figures = ("codelength", "one_level_codelength", "num_modules", "num_levels", "converged")
    adata.uns[key] = {
        "params": {**result.options, "seed": result.seed, **params},
        **{name: getattr(result, name) for name in figures},
        "trials": np.array(result.trials),
        "markov_time": result.options["markov_time"],
        "directed": result.network.directed,
        "levels": np.array(columns, dtype=object),
        "version": result.version,
    }


def _categories(result: Result, level: int) -> Any:
    """The modules at a level as a pandas Categorical of paths from 0, in their order."""
    pandas = require("pandas", extra="pandas")
    found = [tuple(number - 1 for number in path[:level]) for path in paths(result.hierarchy.parent)]
    used = [found[module] for module in result.hierarchy.module_of.tolist()]
    names = {path: ",".join(map(str, path)) for path in sorted(set(used))}
    return pandas.Categorical([names[path] for path in used], categories=list(names.values()))
