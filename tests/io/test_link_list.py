import re
from unittest import mock

import numpy as np
import pytest
from disk import files_up_to
from hypothesis import given
from hypothesis import strategies as st
from reading import assert_same, links, read

from mapeq._base.errors import FormatError
from mapeq._base.jit import kernel_of
from mapeq.io.columns import ColumnChoice
from mapeq.io.files import _numbers, link_list
from mapeq.io.files.networks import read_source
from mapeq.io.files.source import Source
from mapeq.network import blocks
from mapeq.network.network import Network

DECIMAL = kernel_of(_numbers.decimal)

# What a file says ----------------------------------------------------------------------------


def test_links_of_whole_numbers():
    network = read("1 2 1\n2 3 0.5\n10 1\t2e0\n")
    assert links(network) == [(1, 2, 1.0), (1, 10, 2.0), (2, 3, 0.5)]
    assert all(type(label) is int for label in network.label_list())
    assert not network.directed
    assert network.ids is None
    assert network.node_weights is None


def test_links_of_words_are_in_order_of_appearance():
    network = read("zoe ann 1\nann bob 2\n")
    assert network.labels == ("zoe", "ann", "bob")
    assert links(network) == [("zoe", "ann", 1.0), ("ann", "bob", 2.0)]


@pytest.mark.parametrize("separator", [" ", "\t", "  \t ", ",", ", ", " ,", "\t,\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_separators_and_line_ends(separator, line_end):
    rows = [("1", "2", "0.5"), ("2", "3", "1"), ("3", "1", "4")]
    text = line_end.join(separator.join(row) for row in rows)
    for ending in ("", line_end, 3 * line_end):
        assert links(read(text + ending)) == [(1, 2, 0.5), (1, 3, 4.0), (2, 3, 1.0)]


def test_blank_lines_comments_and_leading_blanks():
    text = "# a comment\n\n  % another\n \t\n  1 2\n\t# 5 6\n% 7 8\n2 3  \n \n#"
    assert links(read(text)) == [(1, 2, 1.0), (2, 3, 1.0)]


def test_surplus_fields_are_ignored():
    assert links(read("1 2 3 x 4\n1,3,2,,\n2,3,4,'")) == [(1, 2, 3.0), (1, 3, 2.0), (2, 3, 4.0)]


def test_byte_order_mark():
    assert links(read(b"\xef\xbb\xbf1 2\n")) == [(1, 2, 1.0)]
    assert links(read(b"\xef\xbb\xbf# c\n1 2\n")) == [(1, 2, 1.0)]
    assert read("\ufeffa b\nb \ufeffa\n").labels == ("a", "b", "\ufeffa")


@pytest.mark.parametrize(
    "header",
    [
        "source target",
        "Source,Target",
        "SOURCE\tTARGET\tWEIGHT",
        '"source","target","weight"',
        '  source , "target" ,weight ',
        "# c\n\nsource target weight",
    ],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_header(header, line_end):
    assert links(read(line_end.join([header, "1 2 3", ""]))) == [(1, 2, 3.0)]


def test_a_header_is_the_first_line_and_the_exact_words():
    assert read("a b\nsource target\n").labels == ("a", "b", "source", "target")
    assert read("source targets\n").labels == ("source", "targets")
    assert read("source target x\na b c\n").labels == ("a", "b")
    assert read('"source target" x\n').labels == ("source target", "x")


def test_lines_that_begin_a_comment():
    text = "# Nodes: 3 Edges: 2\n# FromNodeId\tToNodeId\n//one two\n% 1 3\n1 2\n  // 4 5\n2 3\n"
    with pytest.warns(
        UserWarning, match="network: left out as comments, but in the form of links: 1, such as '//one two';"
    ):
        assert links(read(text)) == [(1, 2, 1.0), (2, 3, 1.0)]
    assert links(read(text.replace("//one", "// one"))) == [(1, 2, 1.0), (2, 3, 1.0)]
    assert links(read("; c\n1 2\n;;\n", comments=(";",))) == [(1, 2, 1.0)]
    assert links(read("-- c\n-1 2\n-- d\n", comments=("--",))) == [("-1", "2", 1.0)]
    assert links(read("rem 1\nren 1\nre m\n", comments=("rem",))) == [("ren", "1", 1.0), ("re", "m", 1.0)]


def test_links_of_labels_that_begin_like_comments_are_noted():
    text = "#cats #dogs 3\n#dogs #birds 2\na b 1\n#FromNode,ToNode\n"
    message = (
        "network: left out as comments, but in the form of links: 2, such as '#cats #dogs 3'; quote such labels, or"
    )
    with pytest.warns(UserWarning, match=message):
        assert links(read(text)) == [("a", "b", 1.0)]
    found = links(read(text.replace("#FromNode,ToNode", ""), comments=()))
    assert found == [("#cats", "#dogs", 3.0), ("#dogs", "#birds", 2.0), ("a", "b", 1.0)]
    with pytest.warns(UserWarning, match="in the form of links: 1,000 or more, such as '#1 2'"):
        read("a b\n" + "".join(f"#{k} {k + 1}\n" for k in range(1, 2000)))


def test_parallel_links_and_self_links():
    assert links(read("1 2 1\n2 1 2\n1 1 5\n1 2 1\n")) == [(1, 1, 5.0), (1, 2, 4.0)]


def test_directed():
    text = "2 1 3\n1 2 4\n1 2 1\n"
    assert links(read(text, directed=True)) == [(1, 2, 5.0), (2, 1, 3.0)]
    assert links(read(text, directed=False)) == links(read(text)) == [(1, 2, 8.0)]
    assert read(text, directed=True).directed


def test_unweighted_does_not_look_at_the_third_field():
    text = "1 2 3\n2 3 word\n3 4 -1\n4 5 0\n1,2,\n"
    assert links(read(text, weight=None)) == [(1, 2, 2.0), (2, 3, 1.0), (3, 4, 1.0), (4, 5, 1.0)]


# Labels --------------------------------------------------------------------------------------


def test_whole_numbers_up_to_the_last():
    most = 2**63 - 1
    assert read(f"0 {most}\n1000000000000000000 7\n").label_list() == [0, 7, 10**18, most]


@pytest.mark.parametrize(
    "word",
    ["007", "00", "+1", "-1", "1.0", "1e3", "9223372036854775808", "18446744073709551617", "9" * 30, "1_0", "\u0661"],
)
def test_one_word_makes_all_labels_words(word):
    labels = ("1", "2", "0", "9223372036854775807", word, "3")
    assert read(f"1 2\n0 9223372036854775807\n1 {word}\n3 1\n").labels == labels


def test_quotes():
    text = '"New York" "Washington, D.C."\n"New York",Boston\nNewark "New\tYork"\nBoston "say ""hi"", so"\n"#1" "*x"\n'
    assert read(text).labels == (
        "New York",
        "Washington, D.C.",
        "Boston",
        "Newark",
        "New\tYork",
        'say "hi", so',
        "#1",
        "*x",
    )


def test_quoted_and_bare_are_the_same_label():
    assert read('a b\n"a" "b"\n').labels == ("a", "b")
    assert read('"1","2","3"\n').label_list() == [1, 2]
    assert read('"""" """a"\n').labels == ('"', '"a')


def test_quotes_within_a_bare_word_are_letters():
    assert read("5\" 12''\na\"\"b c'\n").labels == ('5"', "12''", 'a""b', "c'")


def test_words_of_all_languages():
    words = ("Zürich", "東京", "Ελλάδα", "🦆", "e\u0301", "é", "a\u00a0b", "a\u2028b")
    assert read("".join(f"{word}\t{words[0]}\n" for word in words[1:])).labels == (words[1], words[0], *words[2:])


def test_words_that_look_alike():
    words = [f"{'x' * k}" for k in range(1, 200)] + [f"{'x' * k}y" for k in range(200)]
    assert set(read("\n".join(f"{word} y" for word in words)).labels) == set(words)


def test_many_words_and_a_very_long_one():
    sources = [f"node{k * k % 30011}" for k in range(40000)]
    long = "x" * 700_000
    text = "\n".join([f"{word} hub" for word in sources] + [f"{long} hub {long}", f"hub {long}"])
    with pytest.raises(FormatError, match="expected a number for the weight"):
        read(text, block_sizes=(1000, 1 << 20))
    network = read(text, block_sizes=(1000, 1 << 20), weight=None)
    assert network.labels == tuple(dict.fromkeys([sources[0], "hub", *sources[1:], long]))
    assert network.total_weight == len(sources) + 2


def test_many_numbers_become_words():
    pairs = [(k * k % 7919, k % 104729 * 10**12) for k in range(60000)]
    text = "".join(f"{a} {b}\n" for a, b in pairs) + "end 0\n"
    network = read(text, block_sizes=(1 << 14, 1 << 20))
    assert network.labels == tuple(dict.fromkeys(str(label) for pair in [*pairs, ("end", 0)] for label in pair))


def test_more_numbers_become_words_than_one_call_turns():
    assert read("10 11\n" * 300_000 + "a b\n", block_sizes=[1 << 20]).labels == ("10", "11", "a", "b")


# Weights -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "number", ["1", "+1", "1.", ".5", "+.5", "1e3", "1E+3", "1e-3", "0007.50", "1.e0", "1e0000000000000000001"]
)
def test_notations_of_weights(number):
    assert links(read(f"1 2 {number}\n")) == [(1, 2, float(number))]
    assert links(read(f'1,2,"{number}"\n')) == [(1, 2, float(number))]


@pytest.mark.parametrize("zero", ["0", "0.0", "-0", "0e400", "1e-400", "0." + "0" * 30 + "1e-320"])
def test_zero_is_no_link(zero):
    assert links(read(f"1 2 3\n2 4 {zero}\n4 4 {zero}\n")) == [(1, 2, 3.0)]
    words = read(f"x b {zero}\na x 3\nc d {zero}\nb a 0\nx b 1\n")
    assert words.labels == ("x", "b", "a", "c", "d")
    assert links(words) == [("x", "b", 1.0), ("x", "a", 3.0)]
    assert read(f"1 2 {zero}\n").label_list() == [1, 2]
    assert read(f"a b {zero}\n").labels == ("a", "b")


def test_all_links_have_weights_or_none():
    text = "".join(f"{k} {k + 1}\n" for k in range(20000))
    with pytest.raises(FormatError, match="line 20001: this line has 3 fields, the first link has 2; all links have"):
        read(text + "0 5 2.5\n1 7\n", block_sizes=(1000, 1 << 20))
    with pytest.raises(FormatError, match=r"line 3: this line has 2 fields, the first link has 3; .*--input-format"):
        read("# c\n1 2 3\n2 4\n4 5 x\n")
    with pytest.raises(FormatError, match="line 2: this line has 4 fields, the first link has 3"):
        read("1 2 3\n2 1 3 4\n")
    with pytest.raises(FormatError, match="line 3: this line has no weight; all links have weights, or none"):
        read("source target weight\n1 2 3\n2 3\n")
    assert links(read("1 2 3\n2 4\n", weight=None)) == [(1, 2, 1.0), (2, 4, 1.0)]


def test_empty_cells_at_the_end_are_ignored():
    expected = [("a", "b", 1.0), ("b", "c", 2.0)]
    assert links(read("a,b,1,,\nb,c,2,,\n,,,,\n")) == expected
    assert links(read("source,target,weight,,\na,b,1,,\n,,,,\nb,c,2,,\n,\n")) == expected
    assert links(read("a,b,,\nb,c,,\n")) == links(read("a,b,\nb,c\n")) == [("a", "b", 1.0), ("b", "c", 1.0)]


def test_many_numbers_that_only_python_reads():
    weights = [f"{k}.{'1234567890' * 3}" for k in range(1, 10000)]
    network = read(
        "".join(f"{k} {k + 1} {w}\n" for k, w in enumerate(weights)), block_sizes=(1000, 1 << 20), directed=True
    )
    assert network.weights.tolist() == [float(w) for w in weights]


@st.composite
def written_floats(draw):
    """A number and one of the ways to write it."""
    value = draw(st.floats(0, 1e308))
    style = draw(st.sampled_from(["{!r}", "{:.17g}", "{:.18e}", "{:.3f}", "{:.20f}", "{:.5g}", "{:e}", "{:.0f}"]))
    return style.format(value)


@st.composite
def decimals(draw):
    """Digits with a point anywhere and some exponent."""
    digits = draw(st.text("0123456789", min_size=1, max_size=22))
    point = draw(st.integers(0, len(digits)))
    exponent = draw(st.one_of(st.just(""), st.integers(-45, 45).map("e{}".format)))
    return f"{digits[:point]}.{digits[point:]}{exponent}"


@given(st.lists(st.one_of(written_floats(), decimals()), min_size=1, max_size=20))
def test_weights_are_those_that_python_reads(numbers):
    values = [float(number) for number in numbers]
    network = read("".join(f"{k} {k + 1} {number}\n" for k, number in enumerate(numbers)), directed=True)
    assert network.weights.tolist() == [value for value in values if value > 0]


@given(st.one_of(decimals(), st.text("0123456789.eE+-_ x", min_size=1, max_size=12)))
def test_what_is_a_number(text):
    value, kind = DECIMAL(np.frombuffer(text.encode(), np.uint8), 0, len(text))
    if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text) is None:
        assert kind == _numbers.BAD
    elif kind == _numbers.EXACT:
        assert value == float(text)
    else:
        assert kind == _numbers.INEXACT


def test_usual_numbers_are_read_without_python():
    rng = np.random.default_rng(0)
    texts = [style % value for style in ("%.2f", "%r", "%.16e", "%.17g") for value in rng.random(2000).tolist()]
    outcomes = [DECIMAL(np.frombuffer(text.encode(), np.uint8), 0, len(text)) for text in texts]
    assert all(
        value == float(text) for text, (value, kind) in zip(texts, outcomes, strict=True) if kind == _numbers.EXACT
    )
    assert np.mean([kind == _numbers.EXACT for _, kind in outcomes]) > 0.999


# There and back ------------------------------------------------------------------------------

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n"), min_size=1, max_size=6)
NUMBERS = st.integers(0, 12) | st.integers(0, 2**63 - 1)
BLANKS = st.text(" \t", max_size=2)
OTHER_LINES = st.lists(st.tuples(BLANKS, st.sampled_from(["", "# x, y", "%1 2 3", '#"'])).map("".join), max_size=2)


@st.composite
def link_lists(draw, labels):
    """Links, and the text of a file that holds them, written in all manners."""
    weights = draw(st.sampled_from([st.none(), st.floats(0, 1e300)]))
    links = draw(st.lists(st.tuples(labels, labels, weights), min_size=1, max_size=12))
    lines = []
    for link in links:
        lines += draw(OTHER_LINES)
        comma = draw(st.booleans())
        fields = [_field(draw, label) for label in link[:2]] + [repr(w) for w in link[2:] if w is not None]
        separators = [draw(BLANKS) + "," + draw(BLANKS) if comma else draw(BLANKS) + " " + draw(BLANKS) for _ in fields]
        separators[-1] = draw(BLANKS)
        if len(fields) == 3 and draw(st.booleans()):
            separators[-1] = ",etc, x" if comma else " etc, x"
        lines.append(draw(BLANKS) + "".join(f + s for f, s in zip(fields, separators, strict=True)))
    end = draw(st.sampled_from(["\n", "\r\n"]))
    bom = draw(st.sampled_from(["", "\ufeff"]))
    return links, bom + end.join(lines) + draw(st.sampled_from(["", end]))


def _field(draw, label):
    text = str(label)
    if draw(st.booleans()) or text[0] in '#%*"\ufeff' or set(text) & set(" \t,"):
        return '"' + text.replace('"', '""') + '"'
    return text


@pytest.mark.filterwarnings("ignore:network. (the first line links|left out as comments)")
@given(link_lists(NUMBERS), st.booleans())
def test_round_trip_of_numbers(listed, directed):
    links, text = listed
    sources, targets, weights = zip(*links, strict=True)
    weights = [1.0 if w is None else w for w in weights]
    assert_same(
        read(text, directed=directed),
        Network.from_edges(np.array(sources, np.int64), np.array(targets, np.int64), weights, directed=directed),
    )


@pytest.mark.filterwarnings("ignore:network. (the first line links|left out as comments)")
@given(link_lists(WORDS), st.booleans())
def test_round_trip_of_words(listed, directed):
    links, text = listed
    links = [(a, b, 1.0 if w is None else w) for a, b, w in links]
    network = read(text, directed=directed)
    if all(re.fullmatch("0|[1-9][0-9]{0,17}", label) for link in links for label in link[:2]):
        assert all(type(label) is int for label in network.label_list())
        return
    linked = [link for link in links if link[2] > 0]
    labels = list(dict.fromkeys(label for link in links for label in link[:2]))
    ends = [[labels.index(link[k]) for link in linked] for k in (0, 1)]
    weights = [link[2] for link in linked]
    assert_same(network, Network.from_edges(*ends, weights, directed=directed, labels=labels))


# What is wrong with a file -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("7", "a link needs a source and a target"),
        ("word", "a link needs a source and a target"),
        ("1;2;3", "a link needs a source and a target"),
        ('"a b"', "a link needs a source and a target"),
        ("5,", "a field is empty"),
        (",5", "a field is empty"),
        ("5,,6", "a field is empty"),
        ("5,6,,7", "a field is empty"),
        ('5 ""', "a field is empty"),
        ("1 2 0,5", "either by spaces or by commas"),
        ("New York,5", "either by spaces or by commas"),
        ("1,2 5", "either by spaces or by commas"),
        ("1,2,5 6", "either by spaces or by commas"),
        ('"New York 5', "the quote is not closed"),
        ('5 "6""', "the quote is not closed"),
        ('"New York"5 6', "a closing quote must be followed by"),
        ("1 2 heavy", "found 'heavy'"),
        ("1 2 # comment", "found '#'"),
        ("u,v,weight", "found 'weight'"),
        ("1 2 1.2.3", "found '1.2.3'"),
        ("1 2 0x10", "found '0x10'"),
        ("1 2 1e", "found '1e'"),
        ("1 2 .", "found '.'"),
        ("1 2 1_000", "must be written like"),
        ("1 2 ٣", "must be written like"),
        ("1 2 -1", "negative"),
        ("1 2 -0.5e-3", "negative"),
        ("1 2 -" + "1" * 25, "negative"),
        ("1 2 nan", "not finite"),
        ("1 2 NaN", "not finite"),
        ("1 2 inf", "not finite"),
        ("1 2 -Infinity", "not finite"),
        ("1 2 1e400", "not finite"),
        ("1 2 " + "9" * 400, "not finite"),
        ("1 2 0." + "0" * 12340 + "5e1234567", "not finite"),
        ("*Vertices 3", "has no headings"),
        ("*a b", "has no headings"),
        ("1 2\0", "NUL"),
        ("\0", "NUL"),
    ],
)
@pytest.mark.parametrize("before", ["", "1 2 4\n", "# c\n\n1 2 1e-30\nann bob 2\n\r\n"])
def test_a_wrong_line_is_named(before, line, message):
    if not before and line.startswith(("*", "1;2;3")):  # a Pajek file, a table
        return
    number = before.count("\n") + 1
    text = before + line + "\n1 2 3\nx\n"
    with pytest.raises(FormatError, match=re.escape(message)) as caught:
        read(text)
    assert (caught.value.file, caught.value.line, caught.value.text) == ("network", number, line)
    assert str(caught.value).startswith(f"network, line {number}: ")


def test_a_wrong_last_line_without_an_end():
    with pytest.raises(FormatError, match="line 3") as caught:
        read("1 2\n\n3")
    assert caught.value.text == "3"


def test_the_first_of_two_wrong_lines_is_named():
    with pytest.raises(FormatError, match="line 2: the weight 1e400 is not finite"):
        read("1 2 1\n2 3 1e400\n1 2 -1\n")


def test_a_wrong_line_far_down_is_named():
    text = "1 2\n" * 300_000 + "# c\n" * 5 + "1 2 x\n"
    with pytest.raises(FormatError, match="line 300006: "):
        read(text, block_sizes=(1 << 12, 1 << 20))


@pytest.mark.parametrize("text", ["", "\n", " ", "# only a comment", "\ufeff", "\n%\n\n", "source target\n", "\r\n"])
def test_no_links(text):
    with pytest.raises(FormatError, match=r"^network: contains no links$") as caught:
        read(text)
    assert caught.value.line is None


def test_a_disk_that_is_full_while_many_links_are_read(tmp_path):
    path = tmp_path / "links.txt"
    path.write_text("".join(f"{i} {i + 1}\n" for i in range(20_000)))
    with (
        mock.patch.multiple(link_list, MOST_ROWS=5_000, PIECE=4_000),
        mock.patch.object(blocks, "PIECE", 4_000),
        Source(path, 1 << 14) as source,
        files_up_to(20_000),
        pytest.raises(FormatError, match=r"links\.txt: 4,000 links were written .* File too large; name a folder"),
    ):
        read_source(source, directed=None, columns=ColumnChoice())
