"""Names in any script: fonts that matplotlib does not look at by itself, and one warning for what no font has."""

import json
import os
import subprocess
import sys
import warnings

import networkx as nx
import pytest
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, fontManager, get_font

import mapeq
from mapeq.cli.parser import main
from mapeq.pictures.files import write_picture
from mapeq.pictures.fonts import typeset

#: Not assigned, so that no font has them.
NOWHERE = "\U0003abcd", "\U0003abce"


def named(*names):
    """Cliques of nodes with names."""
    graph = nx.ring_of_cliques(2, max(len(names), 3))
    return mapeq.infomap(nx.relabel_nodes(graph, dict(enumerate(names))))


def drawn(result, **options):
    """The axes with a picture, drawn without a word of matplotlib about glyphs."""
    figure = Figure(figsize=(6, 6), layout="constrained")
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        ax = result.plot(ax=figure.add_subplot(), **options)
        figure.canvas.draw()
    return ax, [str(warning.message) for warning in found]


def test_letters_of_the_usual_font_need_no_other():
    for text in ("Zürich", "Ελλάδα", "Москва", "plain", ""):
        assert typeset(text) == (text, None)


@pytest.mark.parametrize("text", ["北京市", "東京", "서울", "दिल्ली", "தமிழ்", "አማርኛ"])
def test_other_scripts_get_a_font_that_has_them(text):
    words, families = typeset(text)
    if "\N{REPLACEMENT CHARACTER}" in words:
        pytest.skip("no font with these characters on this machine")
    assert words == text
    assert families[0] == "sans-serif"
    files = [fontManager.findfont(FontProperties(family=[name]), fallback_to_default=False) for name in families]
    marks = set().union(*(map(chr, get_font(file).get_charmap()) for file in files))
    assert set(text) <= marks
    ax, messages = drawn(named(text, "ann", "bob"), name=text)
    assert messages == []
    assert text in {label.get_text() for label in ax.texts}
    assert ax.get_title().startswith(f"{text}: ")


def test_what_no_font_has_is_named_once_and_drawn_as_a_replacement():
    result = named(*(f"{NOWHERE[k % 2]} {k}" for k in range(6)))
    ax, messages = drawn(result, name="one\N{VARIATION SELECTOR-16}")
    expected = f"no font on this machine has {NOWHERE[0]} (U+3ABCD), {NOWHERE[1]} (U+3ABCE); \ufffd is drawn instead."
    assert [message.startswith(expected) for message in messages] == [True]
    assert {label.get_text() for label in ax.texts} >= {f"\ufffd {k}" for k in range(6)}


def test_a_warning_names_five_characters_and_counts_the_others():
    marks = [chr(0x3ABCD + k) for k in range(8)]
    _, messages = drawn(named("".join(marks), "ann", "bob"))
    assert len(messages) == 1
    assert "U+3ABD1) and 3 more;" in messages[0]
    assert "U+3ABD2" not in messages[0]


def test_marks_that_are_not_seen_are_no_reason_to_warn():
    assert typeset("tag\U000e0041") == ("tag", None)


def test_names_of_layers_and_in_columns_are_typeset(tmp_path):
    layers = {f"{NOWHERE[0]} {name}": [("ann", "bob"), ("bob", "cid"), ("ann", NOWHERE[1])] for name in ("x", "y")}
    result = mapeq.infomap(mapeq.Network.from_layers(layers))
    for kind in ("layers", "alluvial", "network"):
        with pytest.warns(UserWarning, match="no font on this machine has") as found:
            write_picture(result, tmp_path / "layers.svg", kind)
        assert len(found) == 1
        text = (tmp_path / "layers.svg").read_text()
        assert "\ufffd x" in text
        assert not any(mark in text for mark in NOWHERE)


def test_the_command_says_it_on_one_line(tmp_path, capsys):
    (tmp_path / "links.txt").write_text(f"{NOWHERE[0]} b\nb c\nc {NOWHERE[0]}\n", encoding="utf-8")
    assert main(["plot", str(tmp_path / "links.txt"), "-q", "-o", str(tmp_path / "links.png")]) == 0
    assert capsys.readouterr().err.startswith(f"mapeq: note: no font on this machine has {NOWHERE[0]} (U+3ABCD); ")


DRAW = """
import json, sys, warnings
from matplotlib import font_manager
from mapeq.pictures.fonts import typeset
print(json.dumps([len(font_manager.fontManager.ttflist), typeset("\U0003abcd a"), font_manager.fontManager.findfont(
    font_manager.FontProperties(family=["Crabs"]))]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="where fonts are found depends on the system")
def test_fonts_installed_after_matplotlib_looked_are_found(tmp_path):
    place = tmp_path / "fonts"
    place.mkdir()
    environment = os.environ | {"XDG_DATA_HOME": str(tmp_path), "MPLCONFIGDIR": str(tmp_path / "cache")}

    def run(code):
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    known = run("from matplotlib.font_manager import fontManager\nprint(len(fontManager.ttflist))")
    write_font(place / "Crabs.ttf", "Crabs", NOWHERE[0])
    (place / "Broken.ttf").write_bytes(b"none")
    again, (text, families), file = run(DRAW)
    assert (again, text, families) == (known, f"{NOWHERE[0]} a", ["sans-serif", "Crabs"])
    assert file == str(place / "Crabs.ttf")


def write_font(path, family, mark):
    """Write a font whose only character is a square."""
    from fontTools.fontBuilder import FontBuilder
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    for corner in ((0, 700), (700, 700), (700, 0)):
        pen.lineTo(corner)
    pen.closePath()
    font = FontBuilder(1000)
    font.setupGlyphOrder([".notdef", "square"])
    font.setupCharacterMap({ord(mark): "square"})
    font.setupGlyf({".notdef": TTGlyphPen(None).glyph(), "square": pen.glyph()})
    font.setupHorizontalMetrics({".notdef": (800, 0), "square": (800, 0)})
    font.setupHorizontalHeader(ascent=800, descent=-200)
    font.setupNameTable({"familyName": family, "styleName": "Regular"})
    font.setupOS2()
    font.setupPost()
    font.save(path)
