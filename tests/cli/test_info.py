"""What ``mapeq info`` says of a network before it is clustered."""

import json

import networkx as nx
import pytest

import mapeq
from mapeq.cli.parser import main


def noted(text, part, tmp_path, capsys, *options):
    path = tmp_path / "net.txt"
    path.write_text(text)
    assert main(["info", str(path), *options]) == 0
    notes = [line for line in capsys.readouterr().out.splitlines() if line.startswith("note: ")]
    return any(part in note for note in notes)


NOTES = {
    "a b\nb c\nc d\na b\n": "4 links in the input: parallel links are summed",
    "a a\na b\n": "1 self-link",
    "1 2 3\n2 3 3\n": "every link weighs 3",
    "1 2 9\n2 3 1\n3 1 1\n3 4 1\n1 4 1\n": "the heaviest link holds 69% of the total weight",
    "1 2\n3 4\n": "2 components with links: no module spans two components",
    "1 2\n2 3\n3 1\n": "every node is linked to every other",
    "*Vertices 4\n1 a\n2 b\n3 c\n4 d\n*Edges\n1 2\n": "2 nodes without links",
    "".join(f"hub n{k}\n" for k in range(20)): "node hub is linked to 95% of all nodes",
}


@pytest.mark.parametrize("text", NOTES)
def test_what_is_remarkable_is_noted(text, tmp_path, capsys):
    assert noted(text, NOTES[text], tmp_path, capsys)
    quiet = "1 2\n2 3\n3 4\n"
    assert not noted(quiet, "note", tmp_path, capsys)


def test_what_is_remarkable_of_directions_is_noted(tmp_path, capsys):
    assert noted("1 2\n2 1\n", "every link has a reverse link of the same weight", tmp_path, capsys, "-d")
    assert noted("1 2\n3 2\n", "1 node without out-links", tmp_path, capsys, "-d")
    assert not noted("1 2\n2 3\n3 1\n", "note", tmp_path, capsys, "-d")


def test_the_command_understands_the_options_of_networks(tmp_path, capsys):
    path = tmp_path / "net.txt"
    path.write_text("a b 2\nb c 3\nc a 1\na a 7\n")

    def figures(*options):
        assert main(["info", str(path), "--json", *options]) == 0
        return json.loads(capsys.readouterr().out)

    plain = figures()
    assert plain["file"] == str(path)
    assert (plain["directed"], plain["num_links"], plain["weights"]["max"], plain["labels"]) == (False, 4, 7, "words")
    assert plain == {"file": str(path)} | json.loads(json.dumps(mapeq.read_network(path).summary()))
    assert figures("-d")["reciprocity"] == 0
    assert figures("--unweighted")["weights"]["max"] == 1
    assert figures("--no-self-links")["num_links"] == 3


def test_the_command_says_it_in_words(tmp_path, capsys):
    path = tmp_path / "net.txt"
    path.write_text("".join(f"{u} {v}\n" for u, v in nx.karate_club_graph().edges))
    assert main(["info", str(path)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert lines == [
        str(path),
        "nodes 34, labelled by numbers",
        "links 78, undirected",
        "density 13.904% of all pairs",
        "weights all 1",
        "components 1",
        "degree min 1, median 3, mean 4.588, max 17",
        "highest degrees 33 (17), 0 (16), 32 (12), 2 (10), 1 (9)",
        "memory less than 1 MB to find two levels, less than 1 MB for hierarchies (estimate)",
        "note: node 33 is linked to 50% of all nodes",
    ]


def test_the_format_and_the_encoding_of_a_file_can_be_named(tmp_path, capsys):
    path = tmp_path / "links.txt"
    path.write_bytes("Köln Mitte;Bonn;2\n".encode("cp1252"))
    assert main(["info", str(path)]) == 1
    assert "it is perhaps in Latin-1 (cp1252): use --encoding cp1252" in capsys.readouterr().err
    assert main(["info", str(path), "--encoding", "cp1252", "--input-format", "csv"]) == 0
    assert main(["info", str(path), "--input-format", "dot"]) == 1
    assert "mapeq: --input-format must be one of links, csv, " in capsys.readouterr().err
