"""How partition files name nodes, and what stands at their top."""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple

from mapeq import __version__
from mapeq.network import Network
from mapeq.result import Result


class Row(NamedTuple):
    """A node and its module, as a line of a file names them."""

    node: str
    module: str
    line: int


def names_in_files(network: Network) -> list[Hashable]:
    """What files call the nodes: the numbers of a Pajek file, else the labels."""
    return network.label_list() if network.ids is None else network.ids.tolist()


def has_numbers(network: Network) -> bool:
    """Whether files call the nodes by whole numbers."""
    labels = network.labels
    return network.ids is not None or not isinstance(labels, tuple) or all(type(label) is int for label in labels)


def in_text(name: Hashable, format: str) -> str:
    """A name as it stands on a line of a file.

    Raises
    ------
    ValueError
        If it has a line break.
    """
    text = str(name)
    if "\n" in text or "\r" in text:
        raise ValueError(f".{format} cannot hold the line break in the label {text!r}; write .json or .csv")
    return text


def header(result: Result) -> str:
    """Comment lines that say what was found and how to find it again."""
    lines = [
        f"mapeq {__version__}",
        f"partitioned into {result.num_levels} levels with {result.num_modules} top modules",
        f"codelength {result.codelength:.9g} bits",
        f"relative codelength savings {100 * result.relative_savings:.4g}%",
        f"flow model {result.options['flow_model']}",
    ]
    if result.seed is not None:
        lines.append(f"seed {result.seed}, trials {len(result.trials)}")
    return "".join(f"# {line}\n" for line in lines)
