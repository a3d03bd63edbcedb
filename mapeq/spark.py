"""Communities of networks in PySpark DataFrames: ``mapeq.spark.infomap(edges)``."""

from mapeq.distributed.infomap import infomap as infomap
from mapeq.distributed.result import Round as Round
from mapeq.distributed.result import SparkResult as SparkResult
from mapeq.distributed.session import session as session
