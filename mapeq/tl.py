"""Tools for AnnData objects, in scanpy's manner: ``mapeq.tl.infomap(adata)``."""

from mapeq.integrations.anndata import infomap as infomap
