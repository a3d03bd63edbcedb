"""Cluster links in Parquet by Spark: ``spark-submit examples/spark_submit.py LINKS MODULES [CHECKPOINTS]``.

LINKS has the columns src and dst. MODULES gets the columns id, module and flow. With a folder for checkpoints, a run
that was stopped goes on when it is submitted again with ``--resume`` at the end.
"""

import sys

import mapeq.spark

resume = sys.argv[-1] == "--resume"
links, modules, *rest = sys.argv[1 : -1 if resume else None]

spark = mapeq.spark.session()
result = mapeq.spark.infomap(
    spark.read.parquet(links), checkpoint_dir=rest[0] if rest else None, resume=resume, num_searches=8
)
result.nodes.write.parquet(modules)
for row in result.history:
    place = f"search {row.search}, {row.stage}, level {row.level}, round {row.number}"
    print(f"{place}: {row.num_modules:,} modules, {row.codelength:.4f} bits")
print(f"{result.num_modules:,} modules, {result.codelength:.4f} bits per step")
