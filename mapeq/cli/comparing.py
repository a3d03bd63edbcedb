"""The command ``mapeq compare``."""

from __future__ import annotations

import argparse
import json
from functools import partial
from itertools import pairwise
from typing import Any

from mapeq._base.errors import PartitionError
from mapeq.cli.pictures import looks_of
from mapeq.comparison import Comparison, columns_of
from mapeq.comparison import compare as compare_two
from mapeq.inputs import read_twice
from mapeq.io.inputs import as_network
from mapeq.pictures.alluvial import draw_columns, size_of_columns
from mapeq.pictures.files import check_picture, write_figure


def compared(options: argparse.Namespace, names: list[str]) -> int:
    """Compare each partition with the next one, print how, and draw all of them."""
    if len(names) < 2:
        raise ValueError(f"{names[0]}: name another partition to compare it with")
    for path in options.output:
        check_picture(path)
    style = looks_of(options)
    files = [read_twice(file) for file in options.partitions]
    network = options.network
    if network is not None and options.directed:
        network = as_network(network, directed=True)
    pairs = list(pairwise(names))
    found = [_of_files(options, network, one, other) for one, other in pairwise(files)]
    if options.json:
        rows = [{"one": one, "other": other} | each.summary() for (one, other), each in zip(pairs, found, strict=True)]
        print(json.dumps(rows, indent=1, ensure_ascii=False))
    elif not options.quiet:
        print("\n\n".join(f"{one} -> {other}\n{each}" for (one, other), each in zip(pairs, found, strict=True)))
    if options.output:
        columns = columns_of(files, names, options.level)
        for path in options.output:
            write_figure(path, size_of_columns(len(columns)), partial(draw_columns, columns, style=style), style)
            options.written.append(path)
    return 0


def _of_files(options: argparse.Namespace, network: Any, one: Any, other: Any) -> Comparison:
    """Compare two files; an error names the option of the command."""
    try:
        on = "common" if options.common else "all"
        return compare_two(one, other, network=network, on=on, level=options.level)
    except PartitionError as error:
        raise PartitionError(str(error).replace("on='common'", "--common")) from None
