"""What the backend ``mapeq`` tells NetworkX at start-up. Imports nothing heavy, because NetworkX always loads it."""

from __future__ import annotations

from typing import Any


def get_info() -> dict[str, Any]:
    """Return the backend's entry in NetworkX's documentation and configuration."""
    return {
        "backend_name": "mapeq",
        "project": "mapeq",
        "package": "mapeq",
        "short_summary": "Communities by the map equation (InfoMap), and PageRank, in compiled code.",
        "functions": {
            "infomap_communities": {"additional_docs": "Two-level communities by iterated Leiden passes."},
            "infomap_partitions": {"additional_docs": "The levels of a hierarchy, by the multilevel map equation."},
            "map_equation": {"additional_docs": "The codelength of a partition, with the same flow as the search."},
            "pagerank": {"additional_docs": "Sparse power iteration."},
        },
    }
