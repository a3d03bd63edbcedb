"""Read partitions and hierarchies from Python objects."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import IntArray, unsigned
from mapeq._base.errors import PartitionError
from mapeq._base.hierarchy import Branches, Hierarchy, misplaced, two_levels
from mapeq.io.objects.tables import column_names, is_table, objects, readable
from mapeq.network.labelled import by_label, label_by_text
from mapeq.network.labels import positions
from mapeq.network.network import Network
from mapeq.network.states import names_of_nodes
from mapeq.result.result import Result


def partition_from_object(partition: Any, network: Network, *, fit: bool = False) -> Hierarchy:
    """Convert a Python object to a Hierarchy; see :func:`mapeq.io.inputs.as_partition`."""
    if isinstance(partition, Result):
        return _from_result(partition, network, fit)
    if is_table(partition):
        partition = modules_of_table(partition, network)
    named = by_label(partition, network.label_list(), "module", PartitionError)
    if named is not None:
        return _from_mapping(_fitted_mapping(named, network) if fit else named, network)
    if hasattr(partition, "__array__") or (
        isinstance(partition, list | tuple)
        and partition
        and all(isinstance(module, int | np.integer | str) for module in partition)
    ):
        return _flat(_from_array(np.asarray(partition), network))
    if isinstance(partition, Iterable) and not isinstance(partition, bytes):
        parts = list(partition)
        position = {label: i for i, label in enumerate(network.label_list())}
        if parts and all(_is_level(part, position) for part in parts):
            return _from_levels([_fitted(level, position) for level in parts] if fit else parts, position)
        return _flat(_from_communities(_fitted(parts, position) if fit else parts, position))
    raise TypeError(
        f"a {type(partition).__name__} is not a partition: give a dict of label to module or to path of modules, a "
        "pandas Series indexed by label, an array in node order, a table with columns node and module, a list of sets "
        "of labels, a list of levels, a Result, or the path of a .clu, .tree, .ftree, .csv or .tsv file"
    )


def modules_of_table(table: Any, network: Network) -> dict[Any, Any]:
    """Return the module or path of each label in a table with one row per node, as ``Result.to_dataframe`` makes it.

    Columns are ``node`` (in pandas also as the index) and ``module``, or ``path`` (modules separated by colons), which
    takes precedence; others are ignored. As in files, text stands for the label that looks like it if it is none.

    Raises
    ------
    PartitionError
        If a column is missing or a node is named twice.
    """
    index = getattr(table, "index", None)
    if getattr(index, "name", None) is not None and "node" not in table.columns:
        table = table.reset_index()
    table = readable(table)
    columns = {str(name).strip().lower(): name for name in reversed(column_names(table))}
    if "node" not in columns or not columns.keys() & {"module", "path"}:
        known = ", ".join(map(repr, column_names(table)))
        raise PartitionError(
            f"a table of modules needs the columns node and module (or path), one row per node; it has {known}"
        )
    nodes = objects(table[columns["node"]])
    modules = objects(table[columns["path" if "path" in columns else "module"]])
    if "path" in columns:
        modules = [tuple(path.split(":")) if isinstance(path, str) else path for path in modules]
    labels = network.label_list()
    label_of = label_by_text(labels, names_of_nodes(labels, network.states))
    found: dict[Any, Any] = {}
    for node, module in zip(nodes, modules, strict=True):
        label = label_of(node)
        if label in found:
            raise PartitionError(f"the table names the node {label!r} twice")
        found[label] = module
    return found


def _flat(module_of: IntArray) -> Hierarchy:
    return two_levels(unsigned(module_of))


def _from_array(modules: NDArray[Any], network: Network) -> IntArray:
    if modules.shape != (network.num_nodes,):
        raise PartitionError(
            f"a partition in node order must have one entry per node ({network.num_nodes:,}), not the shape "
            f"{modules.shape}"
        )
    if modules.dtype.kind == "O":  # e.g. a table's column of strings
        _check_present(network.label_list(), modules)  # NumPy would turn a missing value into the string "nan"
        modules = np.asarray(modules.tolist())
    if modules.dtype.kind not in "iuUST":
        raise PartitionError(f"modules in node order must be integers or strings, not {modules.dtype}")
    numbers: IntArray = np.unique(modules, return_inverse=True)[1]
    return numbers


def _from_result(result: Result, network: Network, fit: bool) -> Hierarchy:
    place = positions(network.labels, result.network.labels)
    known = place < result.num_nodes
    if fit:
        _check_overlap(bool(known.any()), network.labels, result.network.labels)
    elif not known.all():
        raise _missing(network.labels[int(known.argmin())])
    elif result.num_nodes > network.num_nodes:
        taken = np.zeros(result.num_nodes, dtype=np.bool_)
        taken[place] = True
        raise _unknown(result.network.labels[int(taken.argmin())])
    module_of, parent = result.hierarchy
    num_modules, num_new = len(parent), len(place) - int(np.count_nonzero(known))
    found = np.empty(len(place), dtype=module_of.dtype)
    found[known] = module_of[place[known]]
    found[~known] = np.arange(num_modules, num_modules + num_new)
    return Hierarchy(found, np.append(parent, np.zeros(num_new, dtype=parent.dtype)))


class SingletonModule:
    """Unique label for the singleton module of an unassigned node."""


def _fitted_mapping(partition: Mapping[Any, Any], network: Network) -> dict[Any, Any]:
    """Return a mapping that covers exactly the nodes of a network."""
    labels = network.label_list()
    _check_overlap(any(label in partition for label in labels), labels, partition)
    has_paths = any(isinstance(module, tuple) for module in partition.values())

    def module(label: Hashable) -> Any:
        if label in partition:
            return partition[label]
        return (SingletonModule(),) if has_paths else SingletonModule()

    return {label: module(label) for label in labels}


def _fitted(communities: Iterable[Any], position: Mapping[Hashable, int]) -> list[Any]:
    """Return communities that cover exactly the nodes of a network."""
    communities = [_checked_community(community) for community in communities]
    named = set(chain.from_iterable(communities))
    _check_overlap(any(label in position for label in named), position, named)
    kept = [[label for label in community if label in position] for community in communities]
    return [*kept, *([label] for label in position if label not in named)]


def _check_overlap(overlaps: bool, labels: Collection[Hashable], others: Collection[Hashable]) -> None:
    """Raise if the partition names no node: it belongs to another network, or uses other labels."""
    if len(labels) and not overlaps:
        named = f"; it names {next(iter(others))!r}, for example" if len(others) else ""
        raise PartitionError(f"the partition names no node of the network, such as {next(iter(labels))!r}{named}")


def _missing(label: Hashable) -> PartitionError:
    return PartitionError(f"the partition does not name the node {label!r}")


def _unknown(label: Hashable) -> PartitionError:
    return PartitionError(f"the partition names {label!r}, which is not a node of the network")


def _from_mapping(partition: Mapping[Any, Any], network: Network) -> Hierarchy:
    labels, modules = network.label_list(), _in_node_order(partition, network)
    _check_present(labels, modules)
    are_paths = [isinstance(module, tuple) for module in modules]
    if not any(are_paths):
        return _flat(_numbered(modules))
    if not all(are_paths):
        one, other = labels[are_paths.index(True)], labels[are_paths.index(False)]
        raise PartitionError(
            f"paths (tuples of modules, coarsest first) must be given for all nodes or for none: node {one!r} has a "
            f"path, but node {other!r} has the module {partition[other]!r}"
        )
    branches = Branches()
    hierarchy = branches.hierarchy([branches.module(path) for path in modules])
    misplaced_node = misplaced(hierarchy)
    if misplaced_node is not None or () in modules:
        i = modules.index(()) if misplaced_node is None else misplaced_node
        raise PartitionError(
            f"the path {modules[i]!r} of the node {labels[i]!r} ends at a module that contains modules; "
            "a module must contain either nodes or modules"
        )
    return hierarchy


def _check_present(labels: Iterable[Hashable], modules: Iterable[Any]) -> None:
    """Raise if a module is missing, in any form that tables use."""
    for label, module in zip(labels, modules, strict=True):
        if _is_missing(module):
            raise PartitionError(f"the node {label!r} has no module: {module!r}")


def _is_missing(module: Any) -> bool:
    try:
        return module is None or bool(module != module)  # NaN
    except TypeError:  # pandas.NA is neither equal nor unequal to itself
        return True


def _in_node_order(partition: Mapping[Any, Any], network: Network) -> list[Any]:
    """Return the values of a mapping that names exactly the nodes of the network, in node order."""
    labels = network.label_list()
    missing = next((label for label in labels if label not in partition), None)
    if missing is not None:
        raise _missing(missing)
    if len(partition) > len(labels):
        known = set(labels)
        raise _unknown(next(label for label in partition if label not in known))
    return [partition[label] for label in labels]


def _is_level(part: Any, position: Mapping[Hashable, int]) -> bool:
    """Return whether this is a list of sets of labels, rather than a list of labels that are frozen sets."""
    return isinstance(part, list | tuple) and all(
        isinstance(community, set) or (isinstance(community, frozenset) and community not in position)
        for community in part
    )


def _from_levels(levels: list[Any], position: Mapping[Hashable, int]) -> Hierarchy:
    module_of = np.zeros(len(position), dtype=np.int64)
    above = np.zeros(len(position), dtype=np.int64)
    parents = [np.zeros(1, dtype=np.int64)]
    count = 1
    for number, communities in enumerate(levels):
        here = _from_communities(communities, position)
        num_modules = int(here.max(initial=-1)) + 1
        # One node of each module, to look up the module's parent at the level above.
        member = np.empty(num_modules, dtype=np.int64)
        member[here] = np.arange(len(here))
        split_nodes = np.flatnonzero(above[member][here] != above)
        if len(split_nodes):
            labels = list(position)
            one, other = labels[split_nodes[0]], labels[member[here[split_nodes[0]]]]
            raise PartitionError(
                f"levels must be nested, coarsest first: {one!r} and {other!r} are in one module "
                f"of level {number + 1}, but in two of level {number}"
            )
        # A module that does not split is the same module; only those that split add a level.
        parts = np.bincount(above[member], minlength=1)
        split = (parts[above[member]] > 1) | (number == 0)
        new = module_of[member]
        new[split] = np.arange(count, count + np.count_nonzero(split))
        parents.append(module_of[member[split]])
        count += len(parents[-1])
        module_of, above = new[here], here
    dtype = np.uint32 if count <= np.iinfo(np.uint32).max else np.uint64
    return Hierarchy(module_of.astype(dtype), np.concatenate(parents).astype(dtype))


def _from_communities(communities: Iterable[Any], position: Mapping[Hashable, int]) -> IntArray:
    module_of: list[int | None] = [None] * len(position)
    for number, community in enumerate(communities):
        for label in _checked_community(community):
            i = position.get(label)
            if i is None:
                raise _unknown(label)
            if module_of[i] is not None:
                raise PartitionError(f"the node {label!r} is named twice")
            module_of[i] = number
    for label, i in position.items():
        if module_of[i] is None:
            raise _missing(label)
    return _numbered(module_of)


def _checked_community(community: Any) -> list[Hashable]:
    if isinstance(community, str | bytes) or not isinstance(community, Iterable):
        raise PartitionError(f"a community must be a set of labels, not {community!r}")
    return list(community)


def _numbered(modules: list[Any]) -> IntArray:
    """Number modules with any names in order of first occurrence."""
    number: dict[Any, int] = {}
    return np.array([number.setdefault(module, len(number)) for module in modules], dtype=np.int64)
