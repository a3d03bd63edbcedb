"""Labelled sets of vectors, with which clustering of embeddings is judged.

Half of them are for choosing defaults, half for reporting what the chosen defaults do: roles alternate within each kind
of data, and were given before anything was clustered. The real ones are made by :mod:`benchmarks.collected`, the
others by :mod:`benchmarks.synthetic`.

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

    make: Callable[[], tuple[NDArray, NDArray]]
    role: str  #: "choose" or "report"
    metric: str
    about: str  #: what it is and where it comes from


KINDS = {
    # Tables, standardised; digits are pictures of 8 x 8 and stay as they are.
    "digits": Kind(collected.digits, "choose", "cosine", "handwritten digits, scikit-learn (UCI, CC BY 4.0)"),
    "iris": Kind(collected.iris, "report", "euclidean", "species of iris, scikit-learn (UCI, CC BY 4.0)"),
    "wine": Kind(collected.wine, "choose", "euclidean", "growers of wine, scikit-learn (UCI, CC BY 4.0)"),
    "breast-cancer": Kind(
        collected.breast_cancer, "report", "euclidean", "tumours by diagnosis, scikit-learn (UCI, CC BY 4.0)"
    ),
    # Networks.
    "email-departments": Kind(
        collected.email_departments,
        "report",
        "cosine",
        "people by department, by 32 eigenvectors of email-eu-core (SNAP; Leskovec et al. 2007)",
    ),
    # Text, by all-MiniLM-L6-v2.
    "scipy-docs": Kind(
        collected.scipy_docs, "choose", "cosine", "what SciPy's functions do, by subpackage (SciPy's sources, BSD)"
    ),
    "networkx-docs": Kind(
        collected.networkx_docs, "report", "cosine", "what NetworkX's functions do, by module (its sources, BSD)"
    ),
    "python-docs": Kind(
        collected.python_docs, "choose", "cosine", "what Python's library does, by module (its sources, PSF)"
    ),
    # Made to order.
    "blobs": Kind(synthetic.blobs, "choose", "euclidean", "100 round classes of uneven size and width, synthetic"),
    "pancakes": Kind(
        synthetic.pancakes, "report", "euclidean", "40 flat classes, each wide in 5 directions, synthetic"
    ),
    "faces": Kind(synthetic.faces, "choose", "cosine", "800 classes of 3 to 14, like pictures of people, synthetic"),
    "voices": Kind(synthetic.voices, "report", "cosine", "250 classes of 3 to 300, like recordings, synthetic"),
    "noisy-plane": Kind(
        synthetic.noisy_plane, "choose", "euclidean", "15 classes of different density, a fifth noise, synthetic"
    ),
    "noisy-space": Kind(
        synthetic.noisy_space, "report", "euclidean", "30 classes with heavy tails, a fifth noise, synthetic"
    ),
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
