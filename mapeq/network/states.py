"""States of a network: nodes of the walk that stand for physical nodes, once for each memory or layer."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray, read_only
from mapeq._base.errors import NetworkError
from mapeq._base.notes import note
from mapeq.network.labelled import by_label

if TYPE_CHECKING:
    from mapeq.network.labels import Labels


class States(NamedTuple):
    """What the nodes of a state network stand for. Arrays are read-only.

    Attributes
    ----------
    physical : uint32 array of shape (n,)
        Position of the physical node of each state in `labels`.
    labels : range, integer array or tuple
        Names of the physical nodes.
    layer : uint32 array of shape (n,) or None
        Position of the layer of each state in `layers`.
    layers : tuple or None
        Names of the layers, in order.
    ids : int64 array or None
        Numbers of the physical nodes in the file that the network is from, if their names have become labels.
    switching : bool
        Whether a link to another layer is no step: the walk changes its layer, and goes on over a link in that layer.
    """

    physical: NDArray[np.uint32]
    labels: Labels
    layer: NDArray[np.uint32] | None = None
    layers: tuple[Hashable, ...] | None = None
    ids: NDArray[np.int64] | None = None
    switching: bool = False


def most_visited(states: States | None, labels: Labels, nodes: NDArray[np.intp], flow: FloatArray) -> list[Hashable]:
    """Names of nodes, most visited first; of states those of their physical nodes, each once.

    Parameters
    ----------
    states : States or None
    labels : Labels
        Of all n nodes.
    nodes : integer array
    flow : float64 array of shape (n,)
    """
    if states is None:
        order = nodes[np.argsort(-flow[nodes], kind="stable")]
        return labels[order].tolist() if isinstance(labels, np.ndarray) else [labels[i] for i in order.tolist()]
    physical, position = np.unique(states.physical[nodes], return_inverse=True)
    visits = np.bincount(position, flow[nodes], len(physical))
    return [states.labels[node] for node in physical[np.argsort(-visits, kind="stable")].tolist()]


def name_of_state(states: States, state: int, label: Hashable) -> Hashable:
    """A state as people read it: ``ann in sport`` is a node in a layer, ``Oslo > hub`` the last places of a path.

    A label that is not made of the layer or of places is its own name.
    """
    node = states.labels[states.physical[state]]
    if not isinstance(label, tuple) or not label or label[-1] != node:
        return label
    if states.layer is None or states.layers is None:
        return " > ".join(map(str, label))
    layer = states.layers[states.layer[state]]
    return f"{node} in {layer}" if label == (layer, node) else label


def names_of_nodes(labels: list[Hashable], states: States | None) -> list[Hashable]:
    """Names of all nodes in files: labels, or the names of states unless two of them would look alike.

    Examples
    --------
    >>> from mapeq import Network
    >>> for layers in (["work", "sport"], [1, "1"]):
    ...     network = Network.from_layers({layer: [("a", "b")] for layer in layers})
    ...     print(names_of_nodes(network.label_list(), network.states))
    ['a in work', 'b in work', 'a in sport', 'b in sport']
    [(1, 'a'), (1, 'b'), ('1', 'a'), ('1', 'b')]
    """
    if states is None:
        return labels
    names = [name_of_state(states, state, label) for state, label in enumerate(labels)]
    return names if len(set(map(str, names))) == len(names) else labels


def columns_of(states: States | None) -> dict[str, list[Hashable]]:
    """The columns ``physical`` and ``layer`` of tables of states: names; no columns without states."""
    if states is None:
        return {}
    columns = {"physical": [states.labels[node] for node in states.physical.tolist()]}
    if states.layer is not None and states.layers is not None:
        columns["layer"] = [states.layers[layer] for layer in states.layer.tolist()]
    return columns


def are_physical(names: Iterable[Hashable], labels: Iterable[Hashable], states: States) -> bool:
    """Whether values belong to physical nodes: they name some, and no state.

    Parameters
    ----------
    names : iterable
        What the values belong to.
    labels : iterable
        Labels of the states.
    states : States

    Warns
    -----
    UserWarning
        If they may belong to either.
    """
    known, nodes = set(labels), set(physical_labels(states))
    given = set(names)
    if not given & nodes:
        return False
    if not given & known:
        return True
    if given <= nodes:
        both = next(name for name in given if name in known)
        note(f"the metadata are read as those of states, but physical nodes have these names, too, such as {both!r}")
    return False


def physical_labels(states: States) -> list[Hashable]:
    """Labels of the physical nodes."""
    return states.labels.tolist() if isinstance(states.labels, np.ndarray) else list(states.labels)


def checked_states(physical: Any, labels: Labels) -> States:
    """The physical node of each state, given in node order or by label.

    Raises
    ------
    NetworkError
        If a state has none, or one that is not hashable.
    """
    names = labels.tolist() if isinstance(labels, np.ndarray) else list(labels)
    named = by_label(physical, names, "physical node", NetworkError)
    if named is not None:
        missing = next((label for label in names if label not in named), None)
        if missing is not None:
            raise NetworkError(f"the state {missing!r} has no physical node; every state needs one")
        given = [named[label] for label in names]
    else:
        if not hasattr(physical, "__len__") or isinstance(physical, str | bytes):
            raise NetworkError(
                f"physical nodes must be a mapping or Series by state, or an array in node order, not {physical!r}"
            )
        given = physical.tolist() if hasattr(physical, "tolist") else list(physical)
        if len(given) != len(names):
            raise NetworkError(f"there are {len(names):,} states, but {len(given):,} physical nodes")
    for state, node in zip(names, given, strict=True):
        if is_missing(node):
            raise NetworkError(f"the state {state!r} has no physical node; every state needs one")
    return numbered_states(given)


def numbered_states(physical: Sequence[Hashable]) -> States:
    """The states of physical nodes, which are numbered in order of first occurrence."""
    number: dict[Hashable, int] = {}
    codes = np.empty(len(physical), dtype=np.uint32)
    for state, node in enumerate(physical):
        try:
            codes[state] = number.setdefault(node, len(number))
        except TypeError:
            raise NetworkError(f"a physical node must be one value, not {node!r}") from None
    return States(read_only(codes), tuple(number))


def nodes_of_new_states(states: States, labels: Sequence[Hashable], new: Sequence[Hashable]) -> NDArray[np.int64]:
    """The position of the physical node of each new state, by its label; nodes that are new, too, follow the others.

    Parameters
    ----------
    states : States
    labels : sequence
        Of the known states: tuples that end in the physical node, as those of paths and layers.
    new : sequence
        Such labels of other states.

    Raises
    ------
    NetworkError
        If labels are others, or a new one names a layer that there is not.
    """
    for label, node in zip(labels, states.physical.tolist(), strict=True):
        if not isinstance(label, tuple) or label[-1] != states.labels[node]:
            raise NetworkError(
                f"the state {label!r} does not end in its physical node, {states.labels[node]!r}, as states of paths "
                "and layers do; so it is not known whose states the new ones are"
            )
    number = {node: k for k, node in enumerate(states.labels)}
    size = {len(label) for label in labels if isinstance(label, tuple)}
    for label in new:
        if not isinstance(label, tuple) or len(label) not in size:
            example = f", such as {labels[0]!r}" if len(labels) else ""
            raise NetworkError(f"the new state {label!r} is not labelled as the others are{example}")
        if states.layers is not None and label[0] not in states.layers:
            known = ", ".join(map(repr, states.layers[:6]))
            raise NetworkError(f"the new state {label!r} is in no layer of the network; the layers are {known}")
    return np.array([number.setdefault(label[-1], len(number)) for label in new if isinstance(label, tuple)], np.int64)


def states_at(states: States | None, nodes: NDArray[np.bool_]) -> States | None:
    """What some nodes stand for."""
    if states is None:
        return None
    layer = None if states.layer is None else read_only(states.layer[nodes])
    return states._replace(physical=read_only(states.physical[nodes]), layer=layer)


def is_missing(node: Any) -> bool:
    """Whether this is None, NaN or another value that stands for none."""
    return node is None or type(node).__name__ in ("NAType", "NaTType") or (isinstance(node, float) and node != node)
