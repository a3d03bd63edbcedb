"""What a run keeps on disk: tables in Parquet, and its state, from which another driver goes on.

The state is a line of JSON in a file of its own for every step, in one folder. A table is complete before a state names
it, and no table that the last state names is ever overwritten.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from mapeq._base.errors import FormatError
from mapeq._base.optional import require
from mapeq.distributed.level import Level

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

#: The version of what is in a folder.
VERSION = 2

#: The part of the nodes that may move in the first round at a level: of the first search, and of those that follow. In
#: these, nodes have fewer modules to choose from, and get into each other's way less.
FIRST_RATE, LATER_RATE = 0.2, 0.5


@dataclass
class State:
    """How far a run is.

    Attributes
    ----------
    search : int
        From 1.
    groups : str or None
        The table of the modules before this search, in which nodes are grouped again; None in the first.
    before : float or None
        The codelength of these modules.
    stage : str
        "given", "walk" (a power iteration), "rounds", "finetune" or "done": what comes next.
    level : int
        0 for the network's nodes, 1 for modules of these, and so on.
    step : int
        Rounds or iterations that this stage, at this level, has made.
    table : str or None
        The table of the latest modules or rates; None for every node as a module of its own.
    rate : float
        The part of the nodes that the next round may move.
    calm, failed : int
        Rounds in a row that gained little, or nothing.
    total, constant, num_nodes, num_links
        Of the level, as in :class:`mapeq.distributed.level.Level`.
    codelength : float or None
        Of the latest modules.
    change : float or None
        Of the rates by the latest iterations of a walk.
    rounds : list of lists
        The rows of the history.
    """

    search: int = 1
    groups: str | None = None
    before: float | None = None
    stage: str = "given"
    level: int = 0
    step: int = 0
    table: str | None = None
    rate: float = FIRST_RATE
    calm: int = 0
    failed: int = 0
    total: int = 0
    constant: float = 0.0
    num_nodes: int = 0
    num_links: int = 0
    codelength: float | None = None
    change: float | None = None
    rounds: list[list[Any]] = field(default_factory=list)


class Checkpoints:
    """The tables and the state of a run; without a folder they are lost with the executor or the driver.

    Parameters
    ----------
    spark : SparkSession
    folder : str or None
    resume : bool
    options : dict
        All that the result depends on; a run with other options cannot go on.

    Raises
    ------
    FormatError
        If there is no run to resume, one of other options or of another version, or one and `resume` is False.
    """

    def __init__(self, spark: SparkSession, folder: str | None, resume: bool, options: dict[str, Any]):
        self._spark = spark
        self._folder = None if folder is None else folder.rstrip("/")
        self._options = options
        self._number = 0
        self.state = State()
        lines = [] if folder is None else self._lines()
        if lines and not resume:
            raise FormatError("the folder holds a run already: resume=True continues it", file=str(folder))
        if resume and not lines:
            raise FormatError("the folder holds no run to resume", file=str(folder))
        if lines:
            last = max(lines, key=lambda line: line["number"])
            self._check(last)
            self._number, self.state = last["number"], State(**last["state"])

    def keep(self, frame: DataFrame, table: str) -> DataFrame:
        """Compute a table now, and return it without what it was computed from."""
        if self._folder is None:
            # Only a table in memory has a known size: that of a plan is guessed, and the guess grows with every join.
            cached = frame.persist()
            cached.count()
            kept = cached.select("*").localCheckpoint()
            cached.unpersist()
            return kept
        frame.write.mode("overwrite").parquet(f"{self._folder}/{table}")
        return self.table(table)

    def table(self, table: str) -> DataFrame:
        """Return a table that was kept."""
        return self._spark.read.parquet(f"{self._folder}/{table}")

    def level_folder(self, number: int) -> str:
        """Where the tables of a level of the present search are, above that of the network's nodes."""
        return f"search-{self.state.search}/level-{number}"

    def begin_search(self, level: Level) -> None:
        """Note that another search begins inside the latest modules."""
        state = self.state
        self.begin_level(0, level, search=state.search + 1, groups=state.table, before=state.codelength)

    def begin_level(self, number: int, level: Level, **changes: Any) -> None:
        """Note that rounds begin at a level, from every node as a module of its own."""
        rate = FIRST_RATE if changes.get("search", self.state.search) == 1 else LATER_RATE
        sizes = {"total": level.total, "constant": level.constant}
        sizes |= {"num_nodes": level.num_nodes, "num_links": level.num_links}
        self.note(stage="rounds", level=number, step=0, table=None, rate=rate, calm=0, failed=0, **sizes, **changes)

    def note(self, **changes: Any) -> None:
        """Change the state, and write it down."""
        for name, value in changes.items():
            setattr(self.state, name, value)
        self._number += 1
        if self._folder is not None:
            F = require("pyspark.sql.functions", extra="spark")
            line = {
                "version": VERSION,
                "number": self._number,
                "options": self._options,
                "state": asdict(self.state),
            }
            text = self._spark.range(1, numPartitions=1).select(F.lit(json.dumps(line)).alias("value"))
            text.write.mode("append").text(f"{self._folder}/state")

    def _lines(self) -> list[dict[str, Any]]:
        errors = require("pyspark.errors", extra="spark")
        try:
            rows = self._spark.read.text(f"{self._folder}/state").collect()
        except errors.AnalysisException as error:
            if error.getCondition() != "PATH_NOT_FOUND":
                raise
            return []
        return [json.loads(row["value"]) for row in rows]

    def _check(self, line: dict[str, Any]) -> None:
        place = str(self._folder)
        if line["version"] != VERSION:
            raise FormatError(
                f"the run is of version {line['version']} of checkpoints; this mapeq resumes version {VERSION}",
                file=place,
            )
        for name, value in self._options.items():
            if line["options"].get(name) != value:
                raise FormatError(
                    f"the run has {name}={line['options'].get(name)!r}, not {value!r}; resume it with the same",
                    file=place,
                )
