"""Names of nodes, their order and the header in partition files."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import pieces
from mapeq.network.network import Network
from mapeq.network.states import States, names_of_nodes
from mapeq.result.result import Result

if TYPE_CHECKING:
    from mapeq.network.labels import Labels

    Names = Labels | Sequence[Hashable]

#: So many rows are made at a time: as Python objects, those of all nodes would take more memory than the search.
ROWS = 1 << 16

#: Names that are one field of a list, and do not begin as comments and headings do.
_PLAIN = re.compile(r'[^\s,"#%*/][^\s,]*')


class Row(NamedTuple):
    """A node and its modules, coarsest first, as a line of a file names them."""

    node: str
    path: tuple[str, ...]
    line: int | None
    number: int = 0  #: that of the node in a file that has no lines
    name: str = ""  #: the name that a .tree file adds
    physical: str = ""  #: the physical node of a state
    layer: str = ""
    is_physical: bool = False  #: whether ``node`` is a physical node: all its states in the module
    flow: str = ""  #: visit rate, as the file has it; "" if it has none

    @property
    def place(self) -> str:
        """Where the row is, for error messages."""
        return f"node {self.number}" if self.line is None else f"line {self.line}"


def names_in_files(network: Network) -> Names:
    """Return the names of nodes in files: the numbers of a Pajek file, else the labels, or what people call states."""
    if network.ids is not None:
        return network.ids
    return labels_in_tables(network)


def labels_in_tables(network: Network) -> Names:
    """Return the names of nodes in tables, where the labels are what they are."""
    return network.labels if network.states is None else node_names(network)


def node_names(network: Network) -> list[Hashable]:
    """Return the names of nodes in files without numbers; see :func:`mapeq.network.states.names_of_nodes`."""
    return names_of_nodes(network.label_list(), network.states)


def has_numbers(network: Network) -> bool:
    """Return whether files name the nodes by integers."""
    labels = network.labels
    return network.ids is not None or not isinstance(labels, tuple) or all(type(label) is int for label in labels)


def numbers_in_files(network: Network) -> Names:
    """Return the numbers of nodes in files: those of the input file, integer labels, or else 1, 2, 3, ..."""
    return names_in_files(network) if has_numbers(network) else range(1, network.num_nodes + 1)


def physical_numbers(states: States) -> Sequence[Hashable]:
    """Return the numbers of physical nodes in files, likewise."""
    return states.ids.tolist() if states.ids is not None else _as_numbers(states.labels)


def physical_names(states: States) -> list[Hashable]:
    """Return the names of physical nodes in files: the numbers of the input file, else the labels."""
    return listed(states.labels if states.ids is None else states.ids)


def layer_numbers(states: States) -> Sequence[Hashable]:
    """Return the numbers of layers in files, likewise; none without layers."""
    return _as_numbers(states.layers or ())


def _as_numbers(labels: Labels) -> Sequence[Hashable]:
    names = listed(labels)
    return names if all(type(name) is int for name in names) else range(1, len(names) + 1)


def listed(names: Names) -> list[Hashable]:
    """Return names as Python objects."""
    return names.tolist() if isinstance(names, np.ndarray) else list(names)


def rows_of(*columns: Names) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a table, as Python objects."""
    for first, last in pieces(len(columns[0]), ROWS):
        yield from zip(*(listed(column[first:last]) for column in columns), strict=True)


def fields(names: Names, as_field: Callable[[Hashable], str]) -> Callable[[NDArray[np.int64]], list[str]]:
    """Return a function that gives the names of some nodes as fields of a file; integers are what they are."""
    if isinstance(names, range):
        names = np.arange(names.start, names.stop)
    if isinstance(names, np.ndarray) and names.dtype.kind in "iu":
        numbers = names
        return lambda nodes: list(map(str, numbers[nodes].tolist()))
    texts = [as_field(name) for name in listed(names)]
    return lambda nodes: [texts[i] for i in nodes.tolist()]


def level_lines(network: Network, *, physical: bool) -> str:
    """Return comment lines that say what the rows of a file of a state network are about; none of another network."""
    if network.states is None:
        return ""
    return f"# higher order\n# {'physical' if physical else 'state'} level\n"


def in_text(name: Hashable, format: str) -> str:
    """Return a name as text on one line.

    Raises
    ------
    ValueError
        If it contains a line break.
    """
    text = str(name)
    if "\n" in text or "\r" in text:
        raise ValueError(f".{format} cannot hold the line break in the label {text!r}; write .json or .csv")
    return text


def quoted(name: str) -> str:
    """Return a name as one field of a list, double-quoted if it has to be."""
    return name if _PLAIN.fullmatch(name) else '"' + name.replace('"', '""') + '"'


def header(result: Result) -> str:
    """Return comment lines with the main statistics and the options that reproduce the result."""
    lines = [
        f"mapeq {result.version}",
        f"partitioned into {result.num_levels} levels with {result.num_modules} top modules",
        f"codelength {result.codelength:.9g} bits",
        f"relative codelength savings {100 * result.relative_savings:.4g}%",
        f"flow model {result.options['flow_model']}",
    ]
    if result.seed is not None:
        lines.append(f"seed {result.seed}, trials {len(result.trials)}")
        lines.append("trial codelengths " + " ".join(f"{length:.9g}" for length in result.trials))
    lines.append("options " + " ".join(f"{name}={value}" for name, value in result.options.items()))
    return "".join(f"# {line}\n" for line in lines)
