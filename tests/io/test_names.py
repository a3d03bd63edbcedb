"""Names of nodes from a file of their own."""

import pytest
from command import refused, run

import mapeq

LINKS = "1 2\n2 3\n3 1\n3 4\n4 5\n5 6\n6 4\n"
NAMES = {1: "Ann", 2: "Bob", 3: "Cid Jr., MD", 4: "Dan", 5: "Eve", 6: "Bob"}
WITH_NAMES = ("Ann", "Bob (2)", "Cid Jr., MD", "Dan", "Eve", "Bob (6)")

TABLES = {
    "csv": "".join(f'{node},"{name}"\n' for node, name in NAMES.items()),
    "header": "id,name\n" + "".join(f'{node},"{name}"\n' for node, name in NAMES.items()),
    "other order": "degree;Label;ID\n" + "".join(f"9;{name};{node}\n" for node, name in NAMES.items()),
    "tabs": "".join(f"{node}\t{name}\n" for node, name in NAMES.items()),
    "more than the network has": "".join(f"{node}\t{name}\n" for node, name in (NAMES | {7: "Gus"}).items()),
}


@pytest.fixture
def links(tmp_path):
    path = tmp_path / "links.txt"
    path.write_text(LINKS)
    return path


@pytest.mark.parametrize("kind", TABLES)
def test_names_become_labels(kind, links, tmp_path):
    (tmp_path / "ids.csv").write_text(TABLES[kind])
    network = mapeq.read_network(links, names=tmp_path / "ids.csv")
    assert network.labels == WITH_NAMES
    assert network.ids.tolist() == [1, 2, 3, 4, 5, 6]
    assert mapeq.read_network(links, names=NAMES).labels == WITH_NAMES


def test_names_after_a_blank(links, tmp_path):
    (tmp_path / "ids.txt").write_text("1 Ann Smith\n2 Bob\n3 Cid\n4 Dan\n5 Eve\n6 Fay\n")
    assert mapeq.read_network(links, names=tmp_path / "ids.txt").labels[:2] == ("Ann Smith", "Bob")


def test_words_get_names_too(tmp_path):
    network = mapeq.read_network(
        write(tmp_path / "links.txt", "a b\nb c\n"), names={"a": "Ann", "b": "Bob", "c": "Cid"}
    )
    assert (network.labels, network.ids) == (("Ann", "Bob", "Cid"), None)


def write(path, text):
    path.write_text(text)
    return path


def test_names_in_everything_that_people_read(links, tmp_path):
    names = write(tmp_path / "ids.csv", TABLES["csv"])
    outputs = [tmp_path / f"modules.{suffix}" for suffix in ("csv", "tree", "clu", "graphml", "json")]
    done = run("cluster", links, "--names", names, *(part for path in outputs for part in ("-o", path)))
    assert "Cid Jr., MD" in done.stderr.decode()
    texts = {path.suffix: path.read_text() for path in outputs}
    assert all("Bob (6)" in texts[suffix] for suffix in (".csv", ".tree", ".graphml", ".json"))
    assert texts[".clu"].splitlines()[-1].split()[0] in "123456"
    for path in outputs:
        if path.suffix != ".graphml":
            judged = run("evaluate", links, path, "--names", names)
            assert b"2 modules, 2.320730 bits per step" in judged.stdout, path


def test_nodes_without_names_are_counted(links, tmp_path):
    with pytest.warns(UserWarning, match="the mapping has no name for 4 nodes of 6, such as 3"):
        network = mapeq.read_network(links, names={1: "Ann", 2: "Bob"})
    assert network.labels == ("Ann", "Bob", "3", "4", "5", "6")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "ids.csv: contains no names"),
        ("8,Hal\n9,Ida\n", "ids.csv: has no name for any node of the network, one of which is 1"),
        ("1,Ann\n2\n", "ids.csv, line 2: expected a node and its name: '2'"),
        ("1,Ann\n1,Bob\n", "ids.csv, line 2: the node '1' has two names"),
        ("id,city\n1,Ulm\n", "ids.csv, line 1: expected two columns, a node and its name, or a header"),
        ("1,Ann,7\n", "ids.csv, line 1: expected two columns, a node and its name, or a header"),
    ],
)
def test_bad_tables_of_names_are_one_clear_line(text, message, links, tmp_path):
    names = write(tmp_path / "ids.csv", text)
    assert refused(run("cluster", links, "--names", names), message)


def test_a_mapping_that_fits_nothing(links):
    with pytest.raises(mapeq.NetworkError, match="the mapping has no name for any node of the network"):
        mapeq.read_network(links, names={9: "Ida"})
    with pytest.raises(mapeq.FormatError, match="no such file"):
        mapeq.read_network(links, names="nowhere.csv")


def test_names_of_physical_nodes(tmp_path):
    names = {1: "Ann", 2: "Bob", 3: "Cid", 4: "Dan", 5: "Eve"}
    write(tmp_path / "states.net", "*States\n11 1\n12 1\n13 2\n*Links\n11 13\n13 12\n12 3\n")
    network = mapeq.read_network(tmp_path / "states.net", names=names)
    assert network.label_list() == [11, 12, 13, 3]
    assert [network.states.labels[node] for node in network.states.physical] == ["Ann", "Ann", "Bob", "Cid"]
    assert network.states.ids.tolist() == [1, 2, 3]
    result = mapeq.infomap(network)
    result.write(tmp_path / "modules.tree")
    assert '"Ann" 11 1' in (tmp_path / "modules.tree").read_text()
    assert mapeq.evaluate(network, tmp_path / "modules.tree").modules() == result.modules()

    write(tmp_path / "layers.net", "*Intra\n1 1 2\n1 2 3\n2 1 4\n2 4 5\n")
    network = mapeq.read_network(tmp_path / "layers.net", names=names)
    assert network.labels == ((1, "Ann"), (1, "Bob"), (1, "Cid"), (2, "Ann"), (2, "Dan"), (2, "Eve"))

    write(tmp_path / "walks.paths", "1 2 1\n3 2 3\n")
    network = mapeq.read_network(tmp_path / "walks.paths", names=names)
    assert network.labels == (("Ann", "Bob"), ("Bob", "Ann"), ("Bob", "Cid"), ("Cid", "Bob"))
    assert set.union(*mapeq.infomap(network).communities()) == {"Ann", "Bob", "Cid"}

    with pytest.raises(mapeq.NetworkError, match="the mapping has no name for any node of the network, one of which"):
        mapeq.read_network(tmp_path / "states.net", names={11: "Ann"})
    table = write(tmp_path / "names.csv", "id,name\n1,Ann\n2,Bob\n3,Cid\n4,Dan\n5,Eve\n")
    done = run("cluster", tmp_path / "layers.net", "--names", table, "-q", "-o", tmp_path / "modules.csv")
    assert done.returncode == 0
    assert "Ann" in (tmp_path / "modules.csv").read_text()
