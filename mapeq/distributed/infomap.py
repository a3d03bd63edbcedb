"""The search on Spark, from the caller's DataFrames to modules."""

from __future__ import annotations

import warnings
from functools import partial
from typing import TYPE_CHECKING, Any

from mapeq._base.errors import is_flag, is_number, is_whole, option_error
from mapeq.distributed.checkpoints import Checkpoints
from mapeq.distributed.contract import TABLES, contracted, projected
from mapeq.distributed.finish import fits, fits_contracted, searched
from mapeq.distributed.flow import LINKS, NODES, network_flow
from mapeq.distributed.given import given_network
from mapeq.distributed.level import Level, grouped, measured, own_modules
from mapeq.distributed.result import Round, SparkResult, numbered
from mapeq.distributed.rounds import ROUNDING, make_round, settle

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

#: Memory of the compiled search by default, in bytes; not that of the machine, on which results would depend.
LOCAL_MEMORY = 4 << 30

#: A level that keeps more than this part of its nodes is not contracted any further.
LEAST_SHRINKING = 0.95

#: The part of the nodes that the first round of fine-tuning may move.
FINETUNE_RATE = 0.8

#: A search that gains less than this fraction of the codelength, with its fine-tuning, is the last.
LEAST_GAIN = 2e-4


def infomap(
    edges: DataFrame,
    vertices: DataFrame | None = None,
    src: str = "src",
    dst: str = "dst",
    weight: str | None = None,
    *,
    directed: bool = False,
    teleportation_probability: float = 0.15,
    num_trials: int = 1,
    seed: int = 0,
    local_memory: int | None = None,
    finish: str = "driver",
    num_searches: int = 8,
    finetune_rounds: int = 2,
    checkpoint_dir: str | None = None,
    resume: bool = False,
) -> SparkResult:
    """Find communities of a network in PySpark DataFrames, by minimising the two-level map equation.

    Nodes move in rounds, a part of them at once, until that gains little. Then modules become the nodes of a smaller
    network, and so on, until what is left fits one machine. The search of :func:`mapeq.infomap` divides it, and rounds
    of fine-tuning at the network's nodes follow. All that is done again inside the modules found, so that nodes which
    were grouped badly can part, until it gains little. A network that fits from the start is searched at once. The
    same input, options and version give the same modules, however Spark divides the work.

    Parameters
    ----------
    edges : DataFrame
        One link per row; the weights of parallel links are summed, and a link of weight 0 is no link.
    vertices : DataFrame, optional
        With a column `id`: nodes that may lack links. Nodes that only `edges` names need not be there.
    src, dst : str
        Columns of the ends of links: integers or strings.
    weight : str, optional
        Column of the weights; by default every link weighs 1.
    directed : bool
        Whether links lead only from `src` to `dst`.
    teleportation_probability : float, above 0 and at most 1
        Of a directed walk, which teleports, unrecorded, to links.
    num_trials : int, 1 or more
        Number of trials of the search on one machine.
    seed : int, 0 or more
    local_memory : int, optional
        Bytes that this search may take; by default 4 GiB. The network is contracted until it takes no more.
    finish : str
        Where this search runs: on the "driver", or in one task of an "executor", whose Python needs mapeq.
    num_searches : int, 1 or more
        Searches at most: each from the second on groups nodes again inside the modules before, and keeps these if it
        finds none that are better.
    finetune_rounds : int, 0 or more
        Rounds at the network's nodes after each search.
    checkpoint_dir : str, optional
        A folder of its own, in any file system that Spark writes to, for the state and the tables of the run. Without
        it, the loss of an executor ends the run.
    resume : bool
        Whether to go on with the run in that folder, with the same input and options. The result is the same as that
        of a run that was never stopped.

    Returns
    -------
    SparkResult

    Raises
    ------
    NetworkError
        If a column is missing or of a wrong type, an end of a link or an id is null, or a weight is null, NaN, negative
        or infinite.
    FormatError
        If the folder holds no run to resume, one of other options or another version, or one and `resume` is False.
    ConvergenceError
        If the visit rates of a directed walk do not converge.
    ValueError
        If an option is out of range.
    ImportError
        If PySpark is not installed.

    References
    ----------
    Hamann, Strasser, Wagner & Zeitz, Distributed graph clustering using modularity and map equation, Euro-Par 2018.

    Examples
    --------
    >>> import mapeq.spark
    >>> spark = mapeq.spark.session("local[2]")  # doctest: +SKIP
    >>> links = [(0, 1), (1, 2), (2, 0), (2, 3), (3, 4), (4, 5), (5, 3)]
    >>> edges = spark.createDataFrame(links, ["src", "dst"])  # doctest: +SKIP
    >>> mapeq.spark.infomap(edges)  # doctest: +SKIP
    <SparkResult: 2 modules, 2.3207 bits per step>
    """
    memory = LOCAL_MEMORY if local_memory is None else local_memory
    options = {
        "weight": weight,
        "directed": directed,
        "teleportation_probability": teleportation_probability,
        "num_trials": num_trials,
        "seed": seed,
        "local_memory": memory,
        "finish": finish,
        "num_searches": num_searches,
        "finetune_rounds": finetune_rounds,
    }
    _check_options(options)
    if not is_flag(resume):
        raise option_error("resume", resume, "True or False")
    if resume and checkpoint_dir is None:
        raise ValueError("resume=True needs checkpoint_dir, the folder of the run")
    given = given_network(edges, vertices, src, dst, weight)
    options["num_edges"] = given.num_edges
    store = Checkpoints(edges.sparkSession, checkpoint_dir, resume, options)
    state = store.state
    if state.stage == "done":
        nodes = store.table("result")
    else:
        base = _base(given.links, options, store).persisted()
        modules = _best_modules(base, options, store)
        nodes = store.keep(numbered(given.ids, given.id_type, base, modules), "result")
        base.release()
        store.note(stage="done", table="result")
    assert state.codelength is not None
    num_modules = nodes.select("module").distinct().count()
    history = tuple(Round(*row) for row in state.rounds)
    return SparkResult(nodes, state.codelength, state.constant, num_modules, history)


def _check_options(options: dict[str, Any]) -> None:
    if not is_flag(options["directed"]):
        raise option_error("directed", options["directed"], "True or False")
    probability = options["teleportation_probability"]
    if not (is_number(probability) and 0 < probability <= 1):
        raise option_error("teleportation_probability", probability, "a number above 0, at most 1")
    least_values = {"num_trials": 1, "seed": 0, "local_memory": 0, "num_searches": 1, "finetune_rounds": 0}
    for name, least in least_values.items():
        if not is_whole(options[name], least):
            raise option_error(name, options[name], f"a whole number, {least} or more")
    if options["finish"] not in ("driver", "executor"):
        raise option_error("finish", options["finish"], "'driver' or 'executor'")


def _base(links: DataFrame, options: dict[str, Any], store: Checkpoints) -> Level:
    """The level of the network's nodes, computed or resumed."""
    state = store.state
    if state.stage in ("given", "walk"):
        return network_flow(links, options["directed"], options["teleportation_probability"], store)
    links, nodes = store.table(LINKS), store.table(NODES)
    return Level(links, nodes, state.total, state.constant, nodes.count(), links.count() // 2)


def _best_modules(base: Level, options: dict[str, Any], store: Checkpoints) -> DataFrame:
    """The modules of the last of the searches, each of which begins inside the modules of the one before."""
    state = store.state
    groups = None if state.groups is None else store.table(state.groups)
    while True:
        modules = _finetuned(base, _searched(base, groups, options, store), options, store)
        # The rate is 0 where the search was that of the network itself, or found nothing better.
        was_searched = any(row[:2] == [state.search, "search"] for row in state.rounds) and state.rate > 0.0
        assert state.codelength is not None
        is_better = state.before is None or state.before - state.codelength >= LEAST_GAIN * state.codelength
        if not (was_searched and is_better and state.search < options["num_searches"]):
            return modules
        groups = modules
        store.begin_search(base)


def _searched(base: Level, groups: DataFrame | None, options: dict[str, Any], store: Checkpoints) -> DataFrame:
    """The modules of the network's nodes after the rounds at all levels and the search on one machine."""
    state = store.state
    if state.stage == "finetune":
        return store.table(str(state.table))
    level, labels = _contracted(base, groups, options, store)
    is_small = fits(level, options["local_memory"])
    if is_small:
        found_modules = searched(level, options["finish"], options["num_trials"], options["seed"])
        labels = projected(labels, found_modules)
    return _noted(base, labels, groups, is_small, store)


def _contracted(
    base: Level, groups: DataFrame | None, options: dict[str, Any], store: Checkpoints
) -> tuple[Level, DataFrame]:
    """A level that fits one machine, and the node of it that each of the network's nodes belongs to.

    Where rounds gain nothing any more, the level does not fit, and modules of its nodes take their place.
    """
    state, memory = store.state, options["local_memory"]
    level, labels = base, own_modules(base)
    if state.level > 0:
        links, nodes, labels = (store.table(f"{store.level_folder(state.level)}/{name}") for name in TABLES)
        level = Level(links, nodes, state.total, state.constant, state.num_nodes, state.num_links)
    elif groups is not None:
        level = grouped(base, groups)
    # The first search contracts modules as good as rounds make them. Those that follow contract no more than they have
    # to: then the search on one machine has more to choose from.
    is_enough = partial(fits_contracted, memory=memory) if state.search > 1 else None
    while not fits(level, memory):
        if level is not base:
            level = level.persisted()
        start = own_modules(level) if state.table is None else store.table(state.table)
        found = settle(level, measured(level, start), options["seed"], store, is_enough)
        is_as_large = found.num_modules > LEAST_SHRINKING * level.num_nodes
        if is_as_large and not (is_enough and is_enough(found)):
            if state.search == 1:
                warnings.warn(
                    f"the {level.num_links:,} links that are left need more than local_memory={memory:,} bytes, and "
                    "further rounds gain nothing: the search on one machine is left out",
                    stacklevel=5,
                )
            return level, projected(labels, found.modules)
        coarse, labels = contracted(level, found, labels, store)
        found.release()
        if level is not base:
            level.release()
        level = coarse
    return level, labels


def _noted(
    base: Level, labels: DataFrame, groups: DataFrame | None, is_searched: bool, store: Checkpoints
) -> DataFrame:
    """The modules that fine-tuning starts from, kept: those before, if the search found none that are better."""
    state = store.state
    table = f"search-{state.search}/modules"
    labels = store.keep(labels, table)
    found = measured(base, labels)
    found.release()
    is_better = state.before is None or found.codelength < state.before - ROUNDING
    row = [state.search, "search", state.level, 1, 1.0, found.num_modules, found.codelength, is_better]
    store.note(
        stage="finetune",
        level=0,
        step=0,
        table=table if is_better else state.groups,
        rate=FINETUNE_RATE if state.rounds and is_better else 0.0,
        codelength=found.codelength if is_better else state.before,
        rounds=[*state.rounds, row] if is_searched else state.rounds,
    )
    if groups is None or is_better:
        return labels
    return groups


def _finetuned(base: Level, modules: DataFrame, options: dict[str, Any], store: Checkpoints) -> DataFrame:
    """The modules after rounds at the network's nodes; where no rounds came before the search, as they are."""
    state = store.state
    if state.step >= options["finetune_rounds"] or state.rate == 0.0:
        return modules
    found = measured(base, modules)
    while state.step < options["finetune_rounds"]:
        found = make_round(base, found, options["seed"], store)
    found.release()
    return found.modules
