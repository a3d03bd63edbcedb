import pytest

pytest.importorskip("pyspark", reason="make test-spark installs it")

import mapeq.spark

#: Small tables need few tasks, and neither plans that adapt nor compiled code.
CONFIG = {
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
}


@pytest.fixture(scope="session")
def spark():
    session = mapeq.spark.session("local[2]", CONFIG)
    yield session
    session.stop()
