"""Figures of whole commands: how long a user waits at a shell."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measures import INFOMAP, MAPEQ, Setting
from benchmarks.networks import EXAMPLES, write_text
from benchmarks.runs import Outcome, Row, RunError, run_process
from benchmarks.stored import Timing

COLD, WARM, HELP, WARMUP = "first call, nothing compiled", "the same again", "mapeq --help", "mapeq warmup"

COMMAND = [sys.executable, "-m", "mapeq"]
FIRST_CALL = [sys.executable, "-c", f"import mapeq; mapeq.infomap({str(EXAMPLES / 'jazz.txt.gz')!r})"]


def start(setting: Setting) -> Iterator[Timing]:
    def timed(what: str, command: list[str], folders: list[str]) -> Timing:
        """Run a command once for each folder of compiled kernels."""
        timing = Timing(what)
        try:
            timing.runs = [run_process(command, setting.timeout, NUMBA_CACHE_DIR=folder) for folder in folders]
        except RunError as error:
            timing.problem = str(error)
        return timing

    def fresh() -> list[str]:
        return [tempfile.mkdtemp(dir=setting.folder) for _ in range(setting.repeat)]

    filled = fresh()
    yield timed(COLD, FIRST_CALL, filled)
    yield timed(WARM, FIRST_CALL, filled)
    yield timed(HELP, [*COMMAND, "--help"], filled)
    yield timed(WARMUP, [*COMMAND, "warmup"], fresh())


def file(setting: Setting) -> Iterator[Outcome]:
    links = setting.lfr(setting.sizes.million, 0.4)
    text, small = setting.folder / "links.txt", setting.folder / "small.txt"
    write_text(links, text)
    write_text(setting.example("jazz"), small)

    def command(peer: str, network: Path) -> tuple[list[str], Path]:
        """What clusters a file, and where the modules will be."""
        output, seed = setting.folder / f"{peer}.clu", str(setting.seed)
        if peer == "mapeq":
            options = ["--quiet", "--num-threads", "1", "--seed", seed]
            return [*COMMAND, "cluster", str(network), "-o", str(output), *options], output
        options = ["--two-level", "--clu", "--silent", "--num-threads", "1", "--seed", seed, "--out-name", peer]
        return [sys.executable, "-m", "infomap", str(network), str(output.parent), *options], output

    def run(row: Row, labels: Path) -> dict[str, Any]:
        arguments, output = command(row.peer, text)
        seconds = run_process(arguments, setting.timeout)
        nodes, modules = np.loadtxt(output, dtype=np.int64, usecols=(0, 1), unpack=True)
        module_of = np.full(links.num_nodes, -1)
        module_of[nodes] = modules
        np.save(labels, module_of)
        return {"total": seconds}

    with suppress(RunError):  # what fails here fails again below, where it is reported
        run_process(command("mapeq", small)[0], setting.timeout)  # from here on the kernels are compiled and on disk
    comparison = setting.comparison(links)
    rows = [setting.row(links, MAPEQ), setting.row(links, INFOMAP)]
    comparison.run(*rows, by=run)
    yield comparison.outcome(rows)
