import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading import assert_same, links, read

from mapeq._base.errors import FormatError
from mapeq.io.files.networks import read_network
from mapeq.network.network import Network

TRIANGLE = '*Vertices 3\n1 "ann"\n2 "bob"\n3 "cid"\n'


# What a file says ----------------------------------------------------------------------------


def test_names_are_labels_and_numbers_are_kept():
    network = read(TRIANGLE + "*Edges 2\n1 2\n2 3 0.5\n")
    assert network.labels == ("ann", "bob", "cid")
    assert network.ids.tolist() == [1, 2, 3]
    assert network.ids.dtype == np.int64
    assert not network.directed
    assert network.node_weights is None
    assert links(network) == [("ann", "bob", 1.0), ("bob", "cid", 0.5)]


def test_headings_in_any_case_with_any_count_and_comments_everywhere():
    text = "% c\n\n *VERTICES\n# c\n1 a\n\n 2\tb  \n% c\n*eDGES 77 x\n#c\n 2\t1 3 c '\n*edges\n1 1\n"
    network = read(text.replace("\n", "\r\n"))
    assert network.labels == ("a", "b")
    assert links(network) == [("a", "a", 1.0), ("a", "b", 3.0)]


def test_names():
    names = {
        1: 'New "York"',
        2: "Smith,J",
        3: 'a\\"b',
        4: 'it"s',
        5: "東京",
        6: "*x",
        7: "#y",
        8: "",
        9: " ",
        10: '5"',
        11: '"',
    }
    lines = [
        f'{i} "{name}" {i}' if set(name) & set('" ') or not name else f"{i} {name} {i}" for i, name in names.items()
    ]
    network = read("*Vertices 11\n" + "\n".join(lines) + "\n*Arcs\n1 2\n")
    assert network.labels == tuple(names.values())
    assert network.node_weights.tolist() == list(range(1, 12))


def test_nodes_stand_in_the_order_of_their_lines():
    network = read("*Vertices 4\n30 c 2\n7 a\n100 d 4\n8 b\n*Arcs\n7 8\n100 30 2\n30 7 5\n")
    assert network.labels == ("c", "a", "d", "b")
    assert network.ids.tolist() == [30, 7, 100, 8]
    assert network.node_weights.tolist() == [2, 1, 4, 1]
    assert links(network) == [("c", "a", 5.0), ("a", "b", 1.0), ("d", "c", 2.0)]


def test_numbers_far_apart():
    most = 2**63 - 1
    network = read(f"*Vertices\n{most} z\n0 a\n5 b\n*Edges\n5 {most}\n0 5\n")
    assert network.ids.tolist() == [most, 0, 5]
    assert links(network) == [("z", "b", 1.0), ("a", "b", 1.0)]


def test_without_vertices_the_nodes_are_those_of_links():
    network = read("*Edges\n5 3 2\n3 9\n4 4 0\n")
    assert network.label_list() == [3, 4, 5, 9]  # 4 is the end of a link of weight 0
    assert network.ids is None
    assert links(network) == [(3, 5, 2.0), (3, 9, 1.0)]
    assert links(read("*Vertices 0\n*Edges\n1 2\n")) == [(1, 2, 1.0)]


def test_names_that_are_the_numbers():
    for text in ('*Vertices 3\n1 "1"\n2\n3 3\n', "*Vertices 3\n", "*Vertices 3\n2 2\n1 1\n3\n"):
        network = read(text + "*Edges\n1 3\n")
        assert sorted(network.label_list()) == [1, 2, 3]
        assert all(type(label) is int for label in network.label_list())
        assert network.ids is None
        assert links(network) == [(1, 3, 1.0)]
    assert read("*Vertices 3\n2 2\n1 1\n3\n").label_list() == [2, 1, 3]


def test_names_that_are_not_distinct_leave_the_numbers():
    network = read("*Vertices\n4 ann\n5 bob\n9 ann\n*Edges\n4 9\n")
    assert network.label_list() == [4, 5, 9]
    assert network.ids is None
    assert read("*Vertices 3\n1 2\n*Edges\n1 2\n").label_list() == [1, 2, 3]


def test_numbers_of_other_nodes_may_be_names():
    network = read("*Vertices 2\n1 2\n2 1\n*Edges\n1 1\n")
    assert network.labels == ("2", "1")
    assert network.ids.tolist() == [1, 2]


def test_fewer_lines_than_announced():
    network = read("*Vertices 5\n4 d 2\n2 b\n*Edges\n5 4\n")
    assert network.labels == ("d", "b", "1", "3", "5")
    assert network.ids.tolist() == [4, 2, 1, 3, 5]
    assert network.node_weights.tolist() == [2, 1, 1, 1, 1]
    assert links(network) == [("d", "5", 1.0)]


@pytest.mark.parametrize("count", ["", "1", "2", "3", "8"])
def test_a_count_of_something_else_announces_nothing(count):
    assert read(f"*Vertices {count}\n10 a\n20 b\n0 c\n*Edges\n10 20\n").labels == ("a", "b", "c")


def test_several_sections():
    text = "*Vertices 2\n1 a\n2 b 3\n*Edges\n1 2\n*Vertices 2\n8 h\n7 g\n*Links\n8 1 2\n*Edges\n2 7\n"
    network = read(text)
    assert network.labels == ("a", "b", "h", "g")
    assert network.node_weights.tolist() == [1, 3, 1, 1]
    assert links(network) == [("a", "b", 1.0), ("a", "h", 2.0), ("b", "g", 1.0)]


def test_links_may_come_first():
    assert links(read("*Edges\n1 2\n*Vertices 2\n2 b\n1 a\n")) == [("b", "a", 1.0)]


def test_no_links():
    network = read(TRIANGLE + "*Edges\n")
    assert (network.num_nodes, network.num_links) == (3, 0)
    assert read("*Vertices 7").num_nodes == 7


def test_zero_is_no_link():
    assert links(read(TRIANGLE + "*Edges\n1 2 0\n2 3 1e-999\n1 3 1\n")) == [("ann", "cid", 1.0)]


def test_unweighted():
    network = read("*Vertices 2\n1 a 5\n2 b\n*Edges\n1 2 7\n1 2 x\n", weight=None)
    assert links(network) == [("a", "b", 2.0)]
    assert network.node_weights.tolist() == [5, 1]


def test_weights_of_nodes():
    text = "*Vertices 4\n1 a 0\n2 b .25 0.5 0.5 ic Red\n3 c 1e-3\n4 d 0.12345678901234567890123456789\n"
    assert read(text).node_weights.tolist() == [0, 0.25, 0.001, 0.12345678901234567890123456789]


def test_many_nodes():
    order = np.random.default_rng(0).permutation(30000) + 1
    lines = "".join(f'{i} "node number {i}" 0.1234567890123456789012{i}\n' for i in order.tolist())
    ends = order.reshape(2, -1)
    text = "*Vertices 30000\n" + lines + "*Arcs\n" + "".join(f"{a} {b}\n" for a, b in ends.T.tolist())
    network = read(text, block_sizes=(1000, 1 << 20))
    assert network.ids.tolist() == order.tolist()
    assert network.labels[17] == f"node number {order[17]}"
    assert network.node_weights[17] == float(f"0.1234567890123456789012{order[17]}")
    assert network.indices[:15000].tolist() == list(range(15000, 30000))


# Directions ----------------------------------------------------------------------------------

BOTH_WAYS = [(1, 2, 1.0), (2, 1, 1.0), (3, 3, 4.0)]


def test_edges():
    text = "*Edges\n1 2\n3 3 4\n"
    for heading in ("*Edges", "*Links"):
        text = f"{heading}\n2 1\n3 3 4\n"
        assert not read(text).directed
        assert links(read(text)) == links(read(text, directed=False)) == [(1, 2, 1.0), (3, 3, 4.0)]
        assert links(read(text, directed=True)) == [(2, 1, 1.0), (3, 3, 4.0)]


def test_arcs():
    text = "*Arcs\n2 1 3\n1 2 4\n2 3\n"
    for directed in (None, True):
        assert read(text, directed=directed).directed
        assert links(read(text, directed=directed)) == [(1, 2, 4.0), (2, 1, 3.0), (2, 3, 1.0)]
    assert links(read(text, directed=False)) == [(1, 2, 7.0), (2, 3, 1.0)]


def test_arcs_beside_edges():
    text = "*Edges\n1 2\n*Arcs\n2 3 5\n*Edges\n4 4 2\n*Links\n1 3\n"
    mixed = [(1, 2, 1.0), (1, 3, 1.0), (2, 1, 1.0), (2, 3, 5.0), (3, 1, 1.0), (4, 4, 2.0)]
    assert read(text).directed
    assert links(read(text)) == mixed
    assert links(read(text, directed=True)) == [(1, 2, 1.0), (1, 3, 1.0), (2, 3, 5.0), (4, 4, 2.0)]
    assert links(read(text, directed=False)) == [(1, 2, 1.0), (1, 3, 1.0), (2, 3, 5.0), (4, 4, 2.0)]
    unweighted = [(*ends, 1.0) for *ends, _ in mixed]
    assert links(read(text, weight=None)) == unweighted


def test_an_empty_section_of_arcs_beside_edges_says_nothing():
    assert not read("*Arcs 0\n*Edges\n1 2\n").directed
    assert not read("*Edges\n1 2\n*Arcs\n").directed
    assert read("*Vertices 2\n*Arcs\n").directed
    assert read("*Vertices 2\n*Edges\n*Arcs\n").directed
    assert not read("*Vertices 2\n*Edges\n").directed


# There and back ------------------------------------------------------------------------------

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n\t "), min_size=1, max_size=5)


def _spaced(name):
    """Blanks between the characters; a quote before a blank would end the name."""
    return " ".join(name.replace('"', "'"))


@st.composite
def pajek_files(draw):
    ids = draw(st.lists(st.integers(0, 30), min_size=1, max_size=8, unique=True))
    names = draw(st.lists(NAMES | NAMES.map(_spaced), min_size=len(ids), max_size=len(ids), unique=True))
    weights = draw(st.lists(st.none() | st.floats(0, 100), min_size=len(ids), max_size=len(ids)))
    lines = ["*Vertices"]
    for number, name, weight in zip(ids, names, weights, strict=True):
        lines.append(f'{number} "{name}" {"" if weight is None else repr(weight)}')
    lines.append(draw(st.sampled_from(["*Edges", "*Arcs 3"])))
    ends = st.sampled_from(range(len(ids)))
    rows = draw(st.lists(st.tuples(ends, ends, st.floats(0, 100)), max_size=8))
    lines += [f"{ids[a]}\t{ids[b]} {w!r}" for a, b, w in rows]
    return ids, names, weights, rows, lines


@given(pajek_files(), st.booleans())
def test_round_trip(file, directed):
    ids, names, weights, rows, lines = file
    network = read("\n".join(lines), directed=directed)
    if names == list(map(str, ids)):
        assert network.label_list() == ids
        return
    sources, targets, link_weights = zip(*rows, strict=True) if rows else ([], [], [])
    given = any(w is not None for w in weights)
    expected = Network.from_edges(
        sources,
        targets,
        link_weights,
        directed=directed,
        labels=names,
        node_weights=[1.0 if w is None else w for w in weights] if given else None,
    )
    assert network.ids.tolist() == ids
    assert_same(network, replace(expected, ids=np.array(ids)))


# What is wrong with a file -------------------------------------------------------------------


@pytest.mark.parametrize(
    "heading",
    ["*Edgelist", "*State", "*Layers", "*Partition", "*Vector", "* Vertices", "*", "*Edges;"],
)
@pytest.mark.parametrize("before", ["", "# c\n", TRIANGLE, TRIANGLE + "*Edges\n1 2\n"])
def test_unknown_headings(heading, before):
    with pytest.raises(FormatError, match=re.escape("expected *Vertices, *Edges, *Arcs, *Links, *Edgeslist")) as caught:
        read(f"{before}{heading}\n1 2\n")
    assert (caught.value.line, caught.value.text) == (before.count("\n") + 1, heading)


@pytest.mark.parametrize("count", ["x", "-1", "1.5", "99999999999", "2147483648", "²"])
def test_a_count_that_is_none(count):
    with pytest.raises(FormatError, match="line 1: the number of vertices must be an integer"):
        read(f"*Vertices {count}\n1 a\n")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("a b", "must begin with the id of the node"),
        ("-1 b", "must begin with the id of the node"),
        ("1.0 b", "must begin with the id of the node"),
        ("007 b", "must begin with the id of the node"),
        ("2 again", "the id 2 occurs twice"),
        ('9 "name', "the quote is not closed"),
        ('9 "name"x', "the quote is not closed"),
        ("9 b ellipse 0.5", "found 'ellipse'"),
        ("9 New York", "found 'York'"),
        ("9 b -0.5", "the weight of the node -0.5 is negative"),
        ("9 b nan", "not finite"),
        ("9 b 1e400", "not finite"),
        ('9 b ""', "a field is empty"),
    ],
)
def test_wrong_lines_of_nodes(line, message):
    text = f"*Vertices\n% c\n1 x\n5 y 2\n2 z\n{line}\n*Edges\n1 2\n"
    with pytest.raises(FormatError, match=re.escape(message)) as caught:
        read(text)
    assert (caught.value.line, caught.value.text) == (6, line)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1", "a link needs a source and a target"),
        ("ann bob", "links must connect integers"),
        ("1 -2", "links must connect integers"),
        ("1,2", "a link needs a source and a target"),
        ("1 2,5", "links must connect integers"),
        ("1 2 x", "found 'x'"),
        ("1 2 -1", "the weight -1 is negative"),
        ("1 2 inf", "not finite"),
        ("1 4", "the id 4 is not under *Vertices"),
        ("0 2", "the id 0 is not under *Vertices"),
        ("1 99 0", "the id 99 is not under *Vertices"),
    ],
)
@pytest.mark.parametrize(
    "vertices", [TRIANGLE, "*Vertices\n1 a\n3 c\n2 b\n", "*Vertices\n3\n1\n2\n", "*Vertices 3\n\n#\n\n"]
)
def test_wrong_lines_of_links(vertices, line, message):
    text = f"{vertices}*Edges\n1 2\n\n# c\n2 3 1\n{line}\n"
    with pytest.raises(FormatError, match=re.escape(message)) as caught:
        read(text)
    assert (caught.value.line, caught.value.text) == (text.count("\n"), line)


def test_an_unknown_number_between_known_ones():
    with pytest.raises(FormatError, match="line 5: the id 5 is not under") as caught:
        read("*Vertices\n1 a\n9 b\n*Edges\n5 1\n")
    assert caught.value.text == "5 1"


def test_an_unknown_number_in_links_that_came_first():
    with pytest.raises(FormatError, match=r"^network: the id 7 of the link 1 7 is not under \*Vertices$"):
        read("*Edges\n1 2\n1 7\n*Vertices 2\n")


def test_a_number_in_two_sections():
    with pytest.raises(FormatError, match="line 5: the id 2 occurs twice"):
        read("*Vertices 3\n1 a\n*Vertices\n9 b\n2 c\n")


@pytest.mark.parametrize("text", ["*Edges\n", "*Vertices\n", "*Vertices 0\n*Arcs\n%\n"])
def test_nothing_at_all(text):
    with pytest.raises(FormatError, match="contains no links"):
        read(text)


def test_absurd_numbers_of_nodes_are_refused(tmp_path):
    path = tmp_path / "x.net"
    path.write_text("*Vertices 35849625\n2 3\n")
    with pytest.raises(FormatError, match="declares 35,849,625 nodes, but there are 1 line of nodes and 0 links"):
        read_network(path)
    path.write_text("*Vertices 900000\n*Edges\n1 2\n")
    assert read_network(path).num_nodes == 900_000
