"""What NetworkX is told about the backend ``mapeq`` when it starts. Imports nothing, as it is loaded every time."""

from __future__ import annotations

from typing import Any


def get_info() -> dict[str, Any]:
    """The backend's entry in NetworkX's documentation and configuration."""
    return {
        "backend_name": "mapeq",
        "project": "mapeq",
        "package": "mapeq",
        "short_summary": "Communities by the map equation (InfoMap), and PageRank, compiled.",
        "functions": {
            "infomap_communities": {"additional_docs": "Two-level communities by iterated Leiden passes."},
            "infomap_partitions": {"additional_docs": "The levels of the multilevel map equation."},
            "map_equation": {"additional_docs": "The codelength of a partition, from the same flow as the search."},
            "pagerank": {"additional_docs": "Sparse power iteration on the random-walk core."},
        },
    }
