"""The codelength that Spark sums up is that of mapeq.evaluate."""

import numpy as np
import pytest

import mapeq
from mapeq.distributed.checkpoints import Checkpoints
from mapeq.distributed.flow import network_flow
from mapeq.distributed.given import given_network
from mapeq.distributed.level import grouped, measured, own_modules
from mapeq.distributed.rounds import make_round
from mapeq.walk.flow import VISIT

#: With self-links, parallel links in both directions, a link of weight 0, and nodes without a way in or out.
LINKS = [
    ("a", "b", 1.0), ("b", "c", 2.0), ("c", "a", 0.5), ("a", "b", 0.25), ("c", "d", 0.1), ("d", "e", 3.0),
    ("e", "f", 1.7), ("f", "d", 1.0), ("b", "b", 0.7), ("g", "a", 0.3), ("f", "h", 0.9), ("e", "d", 0.2),
    ("i", "i", 0.4), ("a", "z", 0.0),
]  # fmt: skip
MODULES = {"a": "a", "b": "a", "c": "a", "d": "d", "e": "d", "f": "d", "g": "d", "h": "a", "i": "i"}


#: Frequent teleportation makes the walk converge in few steps.
TELEPORTATION = 0.8


def level_of(links, directed):
    given = given_network(links, None, "src", "dst", "weight")
    store = Checkpoints(links.sparkSession, None, False, {})
    return network_flow(given.links, directed, TELEPORTATION, store), store


def as_dict(frame):
    return {row["id"]: row["module"] for row in frame.collect()}


@pytest.mark.parametrize("directed", [False, True])
def test_flow_and_codelength(spark, directed):
    level, _ = level_of(spark.createDataFrame(LINKS, ["src", "dst", "weight"]), directed)
    options = {"directed": directed, "teleportation_probability": TELEPORTATION}
    result = mapeq.evaluate(LINKS, MODULES | {"z": "z"}, **options)
    flow = {row["id"]: row["visit"] / level.total for row in level.nodes.collect()}
    for label, rate in zip(result.node_labels, result.node_flow.nodes[:, VISIT], strict=True):
        assert flow.get(label, 0.0) == pytest.approx(rate, abs=1e-12)
    found = measured(level, spark.createDataFrame(list(MODULES.items()), ["id", "module"]))
    assert found.codelength == pytest.approx(result.codelength, abs=1e-9)
    assert measured(level, own_modules(level)).codelength == pytest.approx(
        mapeq.evaluate(LINKS, {name: name for name in [*MODULES, "z"]}, **options).codelength, abs=1e-9
    )
    assert level.constant == pytest.approx(result.one_level_codelength, abs=1e-9)


def test_every_round(spark):
    rng = np.random.default_rng(1)
    ends = rng.integers(0, 40, (200, 2))
    ends[:, 1] = np.where(rng.random(200) < 0.8, ends[:, 0] // 10 * 10 + ends[:, 1] % 10, ends[:, 1])
    links = [(int(i), int(j), float(w)) for (i, j), w in zip(ends, rng.random(200), strict=True)]
    level, store = level_of(spark.createDataFrame(links, ["src", "dst", "weight"]), False)
    found = measured(level, own_modules(level))
    first = found.codelength
    for _ in range(5):
        before = found.codelength
        found = make_round(level, found, 0, store)
        assert found.codelength <= before
        assert found.codelength == pytest.approx(
            mapeq.evaluate(links, as_dict(found.modules), directed=False).codelength, abs=1e-9
        )
    assert found.codelength < 0.9 * first
    assert [row[3] for row in store.state.rounds] == [1, 2, 3, 4, 5]


def test_rounds_inside_groups(spark):
    level, store = level_of(spark.createDataFrame(LINKS, ["src", "dst", "weight"]), False)
    groups = {name: "one" if name in "ab" else "two" for name in MODULES}
    inside = grouped(level, spark.createDataFrame(list(groups.items()), ["id", "module"]))
    found = measured(inside, own_modules(inside))
    assert found.codelength == measured(level, own_modules(level)).codelength
    first = found.codelength
    for _ in range(5):
        found = make_round(inside, found, 0, store)
    modules = as_dict(found.modules)
    assert found.codelength < first
    assert len(set(modules.values())) < len(modules)
    assert all(groups[name] == groups[module] for name, module in modules.items())
    assert found.codelength == pytest.approx(
        mapeq.evaluate(LINKS, modules | {"z": "z"}, directed=False).codelength, abs=1e-9
    )
