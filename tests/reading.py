"""Reading of network files in tests: from bytes, and in blocks of all sizes."""

import tempfile
from pathlib import Path
from unittest import mock

import numpy as np

from mapeq._base.errors import FormatError
from mapeq.io.columns import ColumnChoice
from mapeq.io.files import link_list
from mapeq.io.files.comments import USUAL
from mapeq.io.files.networks import read_source
from mapeq.io.files.source import Source
from mapeq.network import blocks

#: Blocks that several threads read, too.
SHARED = {"MANY_BYTES": 0, "usable_processors": lambda: 3}

#: All but the last links go to temporary files, in pieces of at least so many.
FEW_LINKS = 2

#: Line ends, comments, quotes and numbers lie across the ends of blocks.
BLOCK_SIZES = (1, 7, 1 << 20)


def read(data, *, block_sizes=BLOCK_SIZES, **options):
    """Read a network from what a file holds; the size of the blocks must not matter, for errors neither."""
    outcomes = [_outcome(data, size, options) for size in block_sizes]
    with mock.patch.multiple(link_list, **SHARED):
        outcomes += [_outcome(data, size, options) for size in (max(30, len(data) // 20), 1 << 20)]
    piece = max(FEW_LINKS, len(data) // 200)
    with (
        mock.patch.multiple(link_list, MOST_ROWS=piece + 1, PIECE=piece),
        mock.patch.object(blocks, "PIECE", piece),
    ):
        outcomes.append(_outcome(data, 7, options))
    for other in outcomes[1:]:
        assert_same(other, outcomes[0])
    if isinstance(outcomes[0], FormatError):
        raise outcomes[0]
    return outcomes[0]


def _outcome(data, block_size, options):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "network")
        columns = ColumnChoice(**{name: options[name] for name in ColumnChoice._fields if name in options})
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        with Source(path, block_size, comments=options.get("comments", USUAL)) as source:
            source.name = "network"
            try:
                return read_source(source, directed=options.get("directed"), columns=columns)
            except FormatError as error:
                return error


def assert_same(one, other):
    """Two networks, or two errors, are equal to the last bit."""
    assert type(one) is type(other), f"{one!r} and {other!r}"
    if isinstance(one, FormatError):
        assert str(one) == str(other)
        return
    assert one.directed == other.directed
    assert one.label_list() == other.label_list()
    assert [type(label) for label in one.label_list()] == [type(label) for label in other.label_list()]
    for name in ("indptr", "indices", "weights", "node_weights", "ids"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


def links(network):
    """The links of a network, with the labels of their ends: one direction each."""
    sources, targets, weights = network.links()
    labels = network.label_list()
    return [(labels[i], labels[j], w) for i, j, w in zip(sources, targets, weights.tolist(), strict=True)]
