"""The benchmark of reports: its network, and that it measures what it says in a report of a small one."""

import shutil

import numpy as np
import pytest

import mapeq

pytest.importorskip("playwright", reason="needs playwright")

from benchmarks import reports


def test_the_network_has_the_communities_that_were_planted():
    links, weights = reports.planted(3000)
    assert len(links) == len(weights) > 15_000
    assert len(np.unique(links, axis=0)) == len(links)
    assert (links[:, 0] < links[:, 1]).all()
    result = mapeq.infomap(mapeq.Network.from_edges(*links.T, weights, num_nodes=3000), num_trials=1)
    inside = result.labels[links[:, 0]] == result.labels[links[:, 1]]
    assert 0.6 < inside.mean() < 0.9
    assert result.relative_savings > 0.05


def test_names_are_different():
    assert len(set(reports.named(1000))) == 1000


def test_every_answer_is_measured(tmp_path):
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("there is no Chromium on this machine")
    links, weights = reports.planted(3000)
    network = mapeq.Network.from_edges(*links.T, weights, labels=reports.named(3000))
    levels = {name: (node // 1000, node // 100) for node, name in enumerate(reports.named(3000))}
    mapeq.evaluate(network, levels).write(tmp_path / "report.html")
    with reports.sync_playwright() as session:
        browser = session.chromium.launch(executable_path=program, args=["--no-sandbox"])
        found = dict(reports.times(browser.new_page(), tmp_path / "report.html"))
        browser.close()
    assert len(found) == 8
    assert all(0 < taken < 60_000 for taken in found.values())
