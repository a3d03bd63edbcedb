"""Measure reports of large networks in Chromium: ``python -m benchmarks.reports [NODES]``.

The network is planted: communities of 20 to 1,000 nodes in groups of about twenty, degrees by a power law, weights and
names of 20 letters. What is measured, as the median of five runs: the size of the file; the time from opening the page
until it is drawn and can be used; the times from a click, a key and a letter of a search until the next frame is drawn;
and the longest frame of a flight into a module.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page, sync_playwright

import mapeq

#: Resolves when the frame after an action has been drawn; gives milliseconds from the action.
_ANSWER = """async (action) => {
  const began = performance.now();
  new Function(action)();
  await new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)));
  return performance.now() - began;
}"""
#: The longest of the frames in a second, in milliseconds.
_LONGEST_FRAME = """async (action) => {
  new Function(action)();
  let [last, longest] = [performance.now(), 0];
  const end = last + 1000;
  while (last < end) {
    const now = await new Promise(requestAnimationFrame);
    longest = Math.max(longest, now - last);
    last = now;
  }
  return longest;
}"""
_MODULE = "document.querySelector('.inside[aria-hidden=false] [role=button]')"
_CLICK = f"{_MODULE}.dispatchEvent(new MouseEvent('click', {{ bubbles: true }}))"
_KEY = (
    "document.querySelector('.map [tabindex=\"0\"]').dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}))"
)
_SEARCH = "const field = document.querySelector('input'); field.value = '{}'; field.dispatchEvent(new Event('input'))"


def planted(num_nodes: int, seed: int = 0) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return links and weights: of each node about 70 % of the links are in its community, 20 % in the group of it."""
    rng = np.random.default_rng(seed)
    sizes = np.exp(rng.uniform(np.log(20), np.log(1000), num_nodes // 50)).astype(np.int64)
    community = np.repeat(np.arange(len(sizes)), sizes)[:num_nodes]
    degrees = np.minimum(9 * rng.pareto(1.6, num_nodes) + 4, 1000).astype(np.int64)
    links = []
    for share, places in ((0.7, community), (0.2, community // 20), (0.1, np.zeros(num_nodes, dtype=np.int64))):
        stubs = np.repeat(np.arange(num_nodes), rng.binomial(degrees, share))
        stubs = stubs[np.lexsort((rng.random(len(stubs)), places[stubs]))]
        links.append(stubs[: len(stubs) // 2 * 2].reshape(-1, 2))
    ends = np.unique(np.sort(np.concatenate(links), axis=1), axis=0)
    ends = ends[ends[:, 0] != ends[:, 1]]
    return ends, rng.uniform(1, 10, len(ends))


def named(num_nodes: int, seed: int = 0) -> list[str]:
    """Return different names of 20 letters."""
    letters = np.random.default_rng(seed).integers(97, 123, (num_nodes, 20)).astype(np.uint8)
    return [bytes(row).decode() for row in letters]


def times(page: Page, path: Path) -> Iterator[tuple[str, float]]:
    """Yield what was measured and how many milliseconds it took."""
    began = time.perf_counter()
    page.goto(path.as_uri())
    page.locator(".map [role=button]").first.wait_for()
    page.evaluate(_ANSWER, "")
    yield "open", 1000 * (time.perf_counter() - began)
    page.wait_for_timeout(1000)
    yield "click a module", page.evaluate(_ANSWER, _CLICK)
    page.wait_for_timeout(1000)
    yield "click a module in it", page.evaluate(_ANSWER, _CLICK)
    page.wait_for_timeout(1000)
    yield "press Escape", page.evaluate(_ANSWER, f"const key = 'Escape'; {_KEY}")
    page.wait_for_timeout(1000)
    page.get_by_role("searchbox").focus()
    yield "type the first letter of a search", page.evaluate(_ANSWER, _SEARCH.format("a"))
    yield "type the second letter", page.evaluate(_ANSWER, _SEARCH.format("ab"))
    yield "type the third letter", page.evaluate(_ANSWER, _SEARCH.format("abc"))
    page.evaluate(_ANSWER, _SEARCH.format(""))
    page.evaluate("location.hash = ''")
    page.wait_for_timeout(1000)
    yield "longest frame of a flight into a module", page.evaluate(_LONGEST_FRAME, _CLICK)


def main(num_nodes: int) -> None:
    """Print all measurements for a network of so many nodes."""
    links, weights = planted(num_nodes)
    network = mapeq.Network.from_edges(*links.T, weights, labels=named(num_nodes))
    result = mapeq.infomap(network, multilevel=True, num_trials=1)
    print(result)
    with TemporaryDirectory() as folder, sync_playwright() as session:
        path = Path(folder, "report.html")
        began = time.perf_counter()
        result.write(path)
        print(f"{'write':40} {1000 * (time.perf_counter() - began):8.0f} ms")
        print(f"{'size':40} {path.stat().st_size / 1e6:8.2f} MB")
        browser = session.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        found: dict[str, list[float]] = {}
        for _ in range(5):
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            for what, taken in times(page, path):
                found.setdefault(what, []).append(taken)
            page.close()
        for what, taken in found.items():
            print(f"{what:40} {median(taken):8.0f} ms")
        browser.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
