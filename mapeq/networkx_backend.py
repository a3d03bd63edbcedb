"""The old name of :mod:`mapeq.integrations.networkx`."""

from mapeq.integrations.networkx import backend as backend
from mapeq.integrations.networkx import infomap_communities as infomap_communities
from mapeq.integrations.networkx import infomap_partitions as infomap_partitions
from mapeq.integrations.networkx import map_equation as map_equation
