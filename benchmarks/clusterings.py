"""How clusterings of vectors are measured: how good they are on labelled sets, and what each step takes."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from benchmarks import labelled
from benchmarks._clusterer import APPROXIMATE, NUM_DIMENSIONS, PROGRAMS, SEARCH, STAGES
from benchmarks.clusterers import METHODS, available, held_out, installed
from benchmarks.labelled import LabelledSet
from benchmarks.measures import Setting
from benchmarks.runs import RunError, run_process
from benchmarks.scores import scores
from benchmarks.stored import Clustering, Step
from mapeq._base.threads import usable_processors


def embeddings(setting: Setting) -> Iterator[Clustering]:
    methods = available(setting.methods)
    for name in setting.sizes.labelled:
        try:
            known = labelled.load(name)
        except ImportError as error:
            print(f"left out: {error}", file=sys.stderr)
            continue
        for method in methods:
            yield _clustering(known, method, setting)


def _clustering(known: LabelledSet, method: str, setting: Setting) -> Clustering:
    """What a method makes of a labelled set, with its scores."""
    num_classes = int(known.labels.max()) + 1
    clustering = Clustering(known.name, labelled.role(known.name), method, *known.vectors.shape, num_classes)
    file = setting.folder / "clusters.npy"
    try:
        answer = _worker("cluster", setting, name=known.name, method=method, clusters=str(file))
    except RunError as error:
        clustering.problem = str(error)
        return clustering
    clusters = np.load(file)
    is_asked = held_out(len(known.labels)) if METHODS[method].places else np.full(len(known.labels), True)
    clustering.seconds = answer["seconds"]
    clustering.num_clusters = len(np.unique(clusters[clusters >= 0]))
    clustering.num_unclustered = int(np.count_nonzero(clusters < 0))
    clustering.scores = scores(known.labels[is_asked], clusters)
    return clustering


def embeddings_speed(setting: Setting) -> Iterator[Step]:
    few, many = setting.sizes.vectors
    programs = [program for program in PROGRAMS if _can_run(program)]
    yield from _neighbors(programs, few, setting)
    yield from _rest(few, setting)
    yield from _neighbors([program for program in programs if program == APPROXIMATE], many, setting)


def _can_run(program: str) -> bool:
    package = PROGRAMS[program].package
    if not installed(package):
        print(f"left out, {package} is not installed: neighbours by {program}", file=sys.stderr)
    return installed(package)


def _neighbors(programs: Sequence[str], num_vectors: int, setting: Setting) -> list[Step]:
    """Neighbours by each program, in turn, so that whatever else the machine does hits all alike."""
    steps = [Step(SEARCH, program, num_vectors, NUM_DIMENSIONS) for program in programs]
    for _ in range(setting.repeat):
        for step in steps:
            if step.problem is None:
                _run(step, setting)
    return steps


def _run(step: Step, setting: Setting) -> None:
    try:
        answer = _worker("neighbors", setting, program=step.program, num_vectors=step.num_vectors)
    except RunError as error:
        step.problem = str(error)
        return
    step.runs.append(answer["seconds"])
    if answer["peak"] is not None:
        step.peaks.append(answer["peak"])
    step.allowed, step.recall = answer["allowed"], answer.get("recall")


def _rest(num_vectors: int, setting: Setting) -> list[Step]:
    """What follows when neighbours are found."""
    steps = [Step(stage, "mapeq", num_vectors, NUM_DIMENSIONS) for stage in STAGES]
    for _ in range(setting.repeat):
        try:
            answer = _worker("rest", setting, num_vectors=num_vectors)
        except RunError as error:
            steps[0].problem = str(error)
            return steps[:1]
        for step in steps:
            step.runs.append(answer[step.what])
    return steps


def _worker(task: str, setting: Setting, **asked: Any) -> dict[str, Any]:
    """Let a process of its own do a task, on all processors."""
    path = setting.folder / "job.json"
    path.write_text(json.dumps({"task": task, **asked}), encoding="utf-8")
    answer = path.with_suffix(".answer")
    answer.unlink(missing_ok=True)
    run_process(
        [sys.executable, "-m", "benchmarks._clusterer", str(path)], setting.timeout, threads=usable_processors()
    )
    figures: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
    return figures
