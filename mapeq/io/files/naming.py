"""Names of nodes, their order and the header in partition files."""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.hierarchy import preorder
from mapeq.network.network import Network
from mapeq.result.result import Result

#: Names that are one field of a list, and do not begin as comments and headings do.
_PLAIN = re.compile(r'[^\s,"#%*/][^\s,]*')


class Row(NamedTuple):
    """A node and its modules, coarsest first, as a line of a file names them."""

    node: str
    path: tuple[str, ...]
    line: int | None
    number: int = 0  #: that of the node in a file that has no lines

    @property
    def place(self) -> str:
        """Where the row is, for error messages."""
        return f"node {self.number}" if self.line is None else f"line {self.line}"


def names_in_files(network: Network) -> list[Hashable]:
    """Return the names of nodes in files: the numbers of a Pajek file, else the labels."""
    return network.label_list() if network.ids is None else network.ids.tolist()


def has_numbers(network: Network) -> bool:
    """Return whether files name the nodes by integers."""
    labels = network.labels
    return network.ids is not None or not isinstance(labels, tuple) or all(type(label) is int for label in labels)


def in_tree_order(result: Result) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the nodes in the order of their paths, by decreasing flow within a module, and their ranks, from 1.

    Returns
    -------
    order : int64 array of shape (n,)
    ranks : int64 array of shape (n,)
        Rank of each node within its leaf module, in node order.
    """
    module_of, parent = result.hierarchy
    place = np.empty(len(parent), dtype=np.int64)
    place[preorder(parent)] = np.arange(len(parent))
    places = place[module_of]
    order = np.lexsort((-result.flow, places))
    in_order = places[order]
    ranks = np.empty(len(order), dtype=np.int64)
    ranks[order] = np.arange(1, len(order) + 1) - np.searchsorted(in_order, in_order)
    return order, ranks


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
