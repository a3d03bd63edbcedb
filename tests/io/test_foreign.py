"""Files that are not read are told for what they are, and link lists that look like them stay link lists."""

import pytest

import mapeq
from mapeq.io.files.foreign import describe_foreign_text


@pytest.mark.parametrize("text", ["digraph {\n a -> b;\n}\n", "strict graph net {\n a -- b\n}\n"])
def test_graphviz_files_are_told(text):
    assert describe_foreign_text(text).startswith("a Graphviz file")


@pytest.mark.parametrize(
    "text", ["graph paper\npaper tree\n", "[a] [b]\n", "{x y\n", "<a> <b>\n", "Creator Graph\n", "1 2\n"]
)
def test_words_that_look_alike_are_labels(text, tmp_path):
    path = tmp_path / "net.txt"
    path.write_text(text)
    assert mapeq.read_network(path).num_links == text.count("\n")
