"""How partition files name nodes, and what stands at their top."""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import NamedTuple

from mapeq import __version__
from mapeq.network import Network
from mapeq.result import Result

_PLAIN = re.compile(r'[^\s,"#%*][^\s,"]*')


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


def in_text(name: Hashable, format: str, *, quoted: bool = False) -> str:
    """A name as it stands in a file of blank-separated fields: in double quotes where it has to be or if asked for."""
    text = str(name)
    if "\n" in text or "\r" in text or ('"' in text and not quoted):
        raise ValueError(f".{format} cannot hold the quote or line break in the label {text!r}; write .json or .csv")
    return f'"{text}"' if quoted or not _PLAIN.fullmatch(text) else text


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
