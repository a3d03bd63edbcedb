"""Tools for AnnData objects in the style of scanpy: ``mapeq.tl.infomap(adata)``."""

from mapeq.integrations.anndata import infomap as infomap
