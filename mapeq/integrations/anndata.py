"""Cluster AnnData objects in the style of scanpy: ``mapeq.tl.infomap(adata)`` writes its results into the object.

anndata and scanpy need not be installed: any object with ``obs``, ``obsp`` and ``uns`` works.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from mapeq import api
from mapeq._base.errors import NetworkError, PartitionError, option_error
from mapeq._base.hierarchy import paths
from mapeq._base.keywords import answers_keywords
from mapeq._base.optional import require
from mapeq.network.labelled import by_label, is_series
from mapeq.network.network import Network
from mapeq.network.symmetry import ROUNDING_FLOAT32, mirrored
from mapeq.result.result import Result

if TYPE_CHECKING:
    from anndata import AnnData


@answers_keywords(further=api.infomap, name="mapeq.tl.infomap")
def infomap(
    adata: AnnData,
    *,
    key_added: str = "infomap",
    adjacency: Any = None,
    directed: bool | None = None,
    use_weights: bool = True,
    neighbors_key: str | None = None,
    obsp: str | None = None,
    restrict_to: tuple[str, Sequence[str]] | None = None,
    markov_time: float | str = "auto",
    copy: bool = False,
    **options: Any,
) -> AnnData | None:
    """Cluster the observations of an AnnData object by the map equation, in place.

    Uses the graph of neighbours that ``scanpy.pp.neighbors`` builds, and stores the modules like ``scanpy.tl.leiden``,
    so that ``scanpy.pl.umap(adata, color="infomap")`` draws them.

    Parameters
    ----------
    adata : AnnData
        With n observations.
    key_added : str
        Key of the results in ``adata.obs`` and ``adata.uns``. With `restrict_to`, the default is "infomap_R".
    adjacency : sparse or dense matrix of shape (n, n), optional
        The graph itself, as link weights: larger for nearer observations.
    directed : bool, optional
        Whether links lead only from the row to the column. By default a matrix that equals its transpose, up to
        rounding errors, is undirected, and any other directed. False sums the two directions of each pair.
    use_weights : bool
        Whether to use the link weights; otherwise every link weighs 1.
    neighbors_key : str, optional
        Use the graph that ``adata.uns[neighbors_key]`` names as its ``connectivities_key``. By default the graph that
        ``adata.uns["neighbors"]`` names, or ``adata.obsp["connectivities"]``.
    obsp : str, optional
        Use ``adata.obsp[obsp]``. At most one of `adjacency`, `neighbors_key` and `obsp` can be given.
    restrict_to : pair of str and sequence of str, optional
        A column of ``adata.obs`` and some of its categories, such as ``("infomap", ["0", "2"])``: only the observations
        in them are clustered, by the links among them. The others keep their category.
    markov_time : float above 0, or "auto"
        Above 1 modules grow, below 1 they shrink. "auto" raises it as far as graphs of nearest neighbours need, see
        :func:`mapeq.infomap`. 1 is the map equation as published.
    copy : bool
        Whether to write into a copy and return it.
    **options
        Further options of :func:`mapeq.infomap`: ``multilevel``, ``num_trials``, ``seed``, ``initial_partition``, which
        may be a column of ``adata.obs``, or another mapping or Series by names of observations, ...

    Returns
    -------
    AnnData or None
        The copy with ``copy=True``. The function writes

        - ``adata.obs[key_added]``: the top module of each observation, as a categorical of strings. "0" has most flow.
        - ``adata.obs[f"{key_added}_2"]``, ``_3``, ...: with ``multilevel=True``, the modules of each further level.
          "2,0" is the first module in module "2"; where a branch of the hierarchy ends early, "2" stays "2".
          With `restrict_to`, names begin with the categories that were clustered: "0-2,1".
        - ``adata.uns[key_added]``: ``params``, the options by name; ``codelength``, ``one_level_codelength`` and
          ``trials`` in bits per step; ``num_modules``, ``num_levels``, ``markov_time``, ``directed``, ``converged``;
          ``stopped_by`` and ``more_trials_help``, unless they are None; ``levels``, the names of the columns written;
          and ``version``, that of mapeq. All values can be stored in a file (``adata.write_h5ad``).

    Raises
    ------
    KeyError
        If the graph of neighbours does not exist.
    TypeError
        If `adata` lacks ``obs``, ``obsp`` or ``uns``.
    ValueError, NetworkError
        As in :func:`mapeq.infomap`; or if the graph does not have the shape (n, n).

    Examples
    --------
    >>> import anndata, mapeq, numpy as np
    >>> points = np.array([[0, 0], [0, 1], [1, 0], [9, 9], [9, 8], [8, 9]], dtype=float)
    >>> adata = anndata.AnnData(points)
    >>> adata.obsp["connectivities"] = mapeq.neighbor_graph(points, n_neighbors=2, metric="euclidean")
    >>> mapeq.tl.infomap(adata)
    >>> adata.obs["infomap"].tolist()
    ['0', '0', '0', '1', '1', '1']
    >>> adata.uns["infomap"]["num_modules"]
    2

    References
    ----------
    M. Rosvall and C. T. Bergstrom, PNAS 105, 1118 (2008).
    """
    missing = [name for name in ("obs", "obsp", "uns") if not hasattr(adata, name)]
    if missing:
        kind = type(adata).__name__
        raise TypeError(f"a {kind} is not an AnnData: it has no {missing[0]}; mapeq.infomap takes graphs")
    if "weight" in options:
        raise TypeError("a matrix has no named weights: omit weight, and use use_weights=False to ignore weights")
    given = {"adjacency": adjacency, "neighbors_key": neighbors_key, "obsp": obsp}
    chosen = [name for name, value in given.items() if value is not None]
    if len(chosen) > 1:
        raise ValueError(f"{chosen[0]} must be omitted with {chosen[1]}: both choose the graph")
    if not isinstance(key_added, str):
        raise option_error("key_added", key_added, "the name of a column")
    part = None if restrict_to is None else _part(adata, restrict_to)
    if part is not None and key_added == "infomap":
        key_added = "infomap_R"
    adata = adata.copy() if copy else adata
    matrix = _graph(adata, neighbors_key, obsp) if adjacency is None else adjacency
    network = _network(matrix, len(adata.obs), directed, None if part is None else part.rows)
    names = adata.obs.index if part is None else adata.obs.index[part.rows]
    if options.get("initial_partition") is not None:
        options["initial_partition"] = _by_row(options["initial_partition"], list(names))
    weight = "weight" if use_weights else None
    result = api.infomap(network, weight=weight, markov_time=markov_time, **options)
    named = {name: value for name, value in given.items() if isinstance(value, str)}
    params = named | {"use_weights": bool(use_weights), "markov_time": markov_time}
    _store(adata, key_added, result, params, part)
    return adata if copy else None


class _Part(NamedTuple):
    """The observations in some categories of a column."""

    key: str
    categories: list[str]
    rows: NDArray[np.int64]


def _part(adata: Any, restrict_to: Any) -> _Part:
    """Return the observations to cluster, or raise if there are none such."""
    if not (isinstance(restrict_to, tuple | list) and len(restrict_to) == 2 and isinstance(restrict_to[0], str)):
        raise option_error("restrict_to", restrict_to, 'a pair of a column and its categories, ("infomap", ["0", "2"])')
    key, wanted = restrict_to[0], restrict_to[1]
    categories = [wanted] if isinstance(wanted, str) else [str(category) for category in wanted]
    if key not in adata.obs:
        raise KeyError(f"there is no column adata.obs[{key!r}]; restrict_to names one and its categories")
    column = np.array([str(value) for value in adata.obs[key]], dtype=object)
    unknown = next((category for category in categories if category not in set(column)), None)
    if unknown is not None or not categories:
        known = ", ".join(map(repr, dict.fromkeys(column)))
        raise option_error("restrict_to", restrict_to, f"a column and some of its categories, here {known}")
    return _Part(key, categories, np.flatnonzero(np.isin(column, categories)))


def _by_row(partition: Any, names: list[Any]) -> Any:
    """Return a partition that is given by names of observations as one by row; any other as it is.

    Raises
    ------
    PartitionError
        If a Series names no observation.
    """
    named = by_label(partition, names, "module", PartitionError)
    if named is None:
        return partition
    by_row = {row: named[name] for row, name in enumerate(names) if name in named}
    if not by_row and is_series(partition):
        raise PartitionError(f"the index of initial_partition names no observation, such as {names[0]!r}")
    return by_row or partition


def _graph(adata: Any, neighbors_key: str | None, obsp: str | None) -> Any:
    """Return the chosen graph of neighbours; it is not modified."""
    key = obsp
    if obsp is None:
        parameters = adata.uns.get("neighbors" if neighbors_key is None else neighbors_key)
        if parameters is None and neighbors_key is not None:
            call = f"scanpy.pp.neighbors(adata, key_added={neighbors_key!r})"
            raise KeyError(f"there are no neighbours adata.uns[{neighbors_key!r}]; {call} makes them")
        key = (parameters or {}).get("connectivities_key", "connectivities")
    if key not in adata.obsp:
        known = ", ".join(map(repr, adata.obsp)) or "nothing"
        remedy = "" if obsp is not None else "; scanpy.pp.neighbors(adata) makes it"
        raise KeyError(f"there is no graph adata.obsp[{key!r}]{remedy} (adata.obsp holds {known})")
    graph = adata.obsp[key]
    return graph.to_memory() if hasattr(graph, "to_memory") else graph  # of a backed object


def _network(graph: Any, num_observations: int, directed: bool | None, rows: NDArray[np.int64] | None) -> Network:
    matrix = graph if scipy.sparse.issparse(graph) else scipy.sparse.csr_array(np.asarray(graph))
    if matrix.shape != (num_observations, num_observations):
        expected = (num_observations, num_observations)
        raise NetworkError(
            f"the graph must have a row and a column for each observation, {expected}, not {matrix.shape}"
        )
    if not (directed is None or isinstance(directed, bool | np.bool_)):
        raise option_error("directed", directed, "True, False or None")
    if rows is not None:
        matrix = matrix.tocsr()[rows][:, rows]
    network = Network.from_csr(matrix, directed=directed)
    if directed is None and network.directed:  # connectivities are float32 numbers, even where stored as others
        return mirrored(network, ROUNDING_FLOAT32) or network
    return network


def _store(adata: Any, key: str, result: Result, params: dict[str, Any], part: _Part | None) -> None:
    """Write modules and statistics, as plain values; None is left out, because files cannot hold it."""
    before = adata.uns[key].get("levels", ()) if isinstance(adata.uns.get(key), Mapping) else ()
    columns = [key, *(f"{key}_{level}" for level in range(2, result.num_levels))]
    for level, column in enumerate(columns, 1):
        adata.obs[column] = _categories(result, level) if part is None else _refined(adata, part, result, level)
    for column in {*before} & {*adata.obs} - {*columns}:  # from a search that found more levels
        del adata.obs[column]
    if part is not None:
        params |= {"restrict_to": part.key, "restrict_categories": np.array(part.categories, dtype=object)}
    names = ("codelength", "one_level_codelength", "num_modules", "num_levels")
    ends = {name: getattr(result, name) for name in ("converged", "stopped_by", "more_trials_help")}
    adata.uns[key] = {
        "params": {**result.options, "seed": result.seed, **params},
        **{name: getattr(result, name) for name in names},
        **{name: value for name, value in ends.items() if value is not None},
        "trials": np.array(result.trials),
        "markov_time": result.options["markov_time"],
        "directed": result.network.directed,
        "levels": np.array(columns, dtype=object),
        "version": result.version,
    }


def _categories(result: Result, level: int) -> Any:
    """Return the modules at a level as a pandas Categorical of paths from 0, in hierarchical order."""
    pandas = require("pandas", extra="pandas")
    found = [tuple(number - 1 for number in path[:level]) for path in paths(result.hierarchy.parent)]
    used = [found[module] for module in result.hierarchy.module_of.tolist()]
    names = {path: ",".join(map(str, path)) for path in sorted(set(used))}
    return pandas.Categorical([names[path] for path in used], categories=list(names.values()))


def _refined(adata: Any, part: _Part, result: Result, level: int) -> Any:
    """Return the categories of all observations, those that were clustered as "old categories,module"."""
    pandas = require("pandas", extra="pandas")
    found = _categories(result, level)
    prefix = "-".join(part.categories)
    new = [f"{prefix},{name}" for name in found.categories]
    column = adata.obs[part.key].astype("category")
    kept = [str(name) for name in column.cat.categories if str(name) not in part.categories]
    values = column.astype(object).where(column.notna(), None)
    names = [None if value is None else str(value) for value in values]
    for row, code in zip(part.rows.tolist(), found.codes.tolist(), strict=True):
        names[row] = new[code]
    return pandas.Categorical(names, categories=kept + new)
