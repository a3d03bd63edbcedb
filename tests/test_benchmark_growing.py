"""The benchmark of networks that grow: what is new, what is measured of it, its table and verdicts."""

import numpy as np
import pytest

from benchmarks import goals, growing, results
from benchmarks.growing import LINKS, NODES, line, table
from benchmarks.keys import FIGURES
from benchmarks.measures import QUICK, Setting
from benchmarks.stored import Growth, Measured


@pytest.fixture
def measured():
    grew = Growth("large", 30_000, LINKS, False, [0.1, 0.2, 0.3], [0.01, 0.02, 0.05], [0.02, -0.05, 0.06], [0.1] * 3)
    slowly = Growth("dense", 40_000, LINKS, True, [0.1], [0.04], [0.3], [0.4])
    small = Growth("small", 1_000, NODES, False, [0.01], [0.009], [1.0], [0.2])
    return Measured("growth", ["how"], growths=[grew, slowly, small])


@pytest.mark.parametrize("new", [LINKS, NODES])
def test_a_hundredth_is_new(new):
    ends = np.random.default_rng(0).integers(0, 5000, (100_000, 2))
    was_there = growing._was_there(ends, new, 1)
    np.testing.assert_array_equal(was_there, growing._was_there(ends, new, 1))
    part = 1 - was_there.mean()
    assert 0.005 < part < 0.015 if new == LINKS else 0.01 < part < 0.03
    if new == NODES:
        missing = np.setdiff1d(ends, ends[was_there])
        assert 25 < len(missing) < 80
        assert np.isin(ends[~was_there], missing).any(axis=1).all()


def test_growth_is_measured(tmp_path):
    setting = Setting(QUICK, 1, 1, 0, 60, tmp_path, tmp_path)
    found = growing._growth(setting.example("jazz"), LINKS, False, setting)
    assert len(found.full) == len(found.warm) == len(found.excess) == len(found.changed) == growing.DRAWS
    assert min(found.full + found.warm) > 0
    assert all(0 < part < 0.5 for part in found.changed)
    assert max(found.excess) < 1


def test_what_was_measured_is_kept_and_shown(measured, tmp_path):
    measured.write(tmp_path)
    again = Measured.read(tmp_path / "growth.json")
    assert again == measured
    assert "| large | links | two-level | 30,000 | 10 % | 0.200 | 0.0200 | 0.10 | +0.010 % | +0.060 % |" in table(
        again.growths
    )
    assert table(again.growths) in results.section(FIGURES["growth"], again)
    assert line(again.growths[1]) == "dense, new links, multilevel: 0.0400 by 0.100 s is 0.40, +0.300 %"


def test_verdicts_are_by_what_is_new(measured):
    mean, largest, within, excess = goals.growth(measured)
    assert mean.value == pytest.approx(0.2)
    assert (largest.value, largest.verdict()) == (pytest.approx(0.4), "**no**")
    assert (within.value, within.least) == (1, 2)
    assert (excess.value, excess.verdict()) == (pytest.approx(0.3), "**no**")
    assert goals.growth(Measured("growth", [])) == []
