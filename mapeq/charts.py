"""Pictures of what a clustering found, without its links: the hierarchy, and the codelength."""

from __future__ import annotations

def draw_codelength(result, ax, name): pass
def draw_hierarchy(result, ax, name): pass
