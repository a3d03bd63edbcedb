"""Former name of :mod:`mapeq.integrations.networkx`, kept for existing imports."""

from mapeq.integrations.networkx import backend as backend
from mapeq.integrations.networkx import infomap_communities as infomap_communities
from mapeq.integrations.networkx import infomap_partitions as infomap_partitions
from mapeq.integrations.networkx import map_equation as map_equation
