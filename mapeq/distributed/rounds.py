"""Rounds of local moving: a part of the nodes moves at once, each to the module where that gains most by itself.

The rounds follow DSLM-Map: Hamann, Strasser, Wagner & Zeitz, Distributed graph clustering using modularity and map
equation, Euro-Par 2018.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from mapeq.distributed.checkpoints import Checkpoints
from mapeq.distributed.level import Level, Measured, measured, module_cost, plogp
from mapeq.distributed.session import functions

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

#: The part of the nodes that may move at most.
MAX_RATE = 0.8

#: By how much the part grows after a round that gains, and shrinks after one that does not.
GROWTH, SHRINKING = 1.25, 0.5

#: A round is calm if it gains less than this fraction of the codelength, per part of the nodes that may move: in the
#: first search, and in those that follow, where the modules before limit what can be gained.
CALM_GAIN, LATER_CALM_GAIN = 1e-3, 1e-2

#: A level is settled after so many calm rounds in a row, or so many that gain nothing.
CALM_ROUNDS, FAILED_ROUNDS = 2, 3

#: Moves and rounds gain more bits than rounding errors.
ROUNDING = 1e-12


def settle(
    level: Level,
    found: Measured,
    seed: int,
    store: Checkpoints,
    is_enough: Callable[[Measured], bool] | None = None,
) -> Measured:
    """Make rounds at a level until they gain little, or are enough."""
    state = store.state
    while state.calm < CALM_ROUNDS and state.failed < FAILED_ROUNDS and not (is_enough and is_enough(found)):
        found = make_round(level, found, seed, store)
    return found


def make_round(level: Level, found: Measured, seed: int, store: Checkpoints) -> Measured:
    """Make one round, and note it; a round that does not shorten the description changes nothing."""
    state = store.state
    rate, step = state.rate, state.step
    chosen = _is_chosen(rate, seed, state.search, state.stage, state.level, step)
    other = "a" if (state.table or "").endswith("b") else "b"
    table = f"search-{state.search}/{state.stage}-{state.level}/modules-{other}"
    moved = measured(level, store.keep(_moved(level, found, chosen), table))
    gain = found.codelength - moved.codelength
    is_better = gain > ROUNDING
    shown = moved if is_better else found
    row = [state.search, state.stage, state.level, step + 1, rate, moved.num_modules, moved.codelength, is_better]
    calm_gain = CALM_GAIN if state.search == 1 else LATER_CALM_GAIN
    is_calm = gain < calm_gain * rate * found.codelength
    store.note(
        step=step + 1,
        table=table if is_better else state.table,
        rate=min(GROWTH * rate, MAX_RATE) if is_better else SHRINKING * rate,
        calm=state.calm + 1 if is_calm else 0,
        failed=0 if is_better else state.failed + 1,
        codelength=shown.codelength,
        rounds=[*state.rounds, row],
    )
    (found if is_better else moved).release()
    return shown


def _is_chosen(rate: float, *salt: int | str) -> Column:
    """Whether a node belongs to a part of all nodes of this size, drawn by a hash of its id."""
    F = functions()
    chosen: Column = F.pmod(F.xxhash64("id", *map(F.lit, salt)), F.lit(1 << 20)) < F.lit(round(rate * (1 << 20)))
    return chosen


def _moved(level: Level, found: Measured, chosen: Column) -> DataFrame:
    """The modules after the chosen nodes have moved.

    Of moves that gain the same, the one to the module of the smaller name is made. A node that is alone joins another
    one only if that has the smaller name: or the two would change places for ever.
    """
    F = functions()
    flow_to = found.flow_to.where(chosen)
    staying = flow_to.where("module = own").select("id", F.col("flow").alias("inside"))
    moves = flow_to.where("inner and module != own").join(staying, "id", "left").na.fill({"inside": 0})
    moves = moves.join(level.nodes, "id")
    for side in ("own", "module"):
        columns = [F.col(name).alias(f"{side}_{name}") for name in ("visit", "enter", "exit", "size")]
        moves = moves.join(found.sums.select(F.col("module").alias(side), *columns), side)
    may_join = (F.col("own_size") > 1) | (F.col("module_size") > 1) | (F.col("module") < F.col("own"))
    change = _change(level.total, found.index_rate)
    moves = moves.where(may_join).select("id", F.struct(change.alias("change"), "module").alias("move"))
    best = moves.where(F.col("move.change") < -ROUNDING).groupBy("id").agg(F.min("move").alias("move"))
    best = best.select("id", F.col("move.module").alias("best"))
    return found.modules.join(best, "id", "left").select("id", F.coalesce("best", "module").alias("module"))


def _change(total: int, index_rate: int) -> Column:
    """The change of the codelength by a move from the module `own` to `module`, in bits."""
    F = functions()
    flow, inside = F.col("flow"), F.col("inside")
    left = [F.col(f"own_{name}") - F.col(name) for name in ("visit", "enter", "exit")]
    joined = [F.col(f"module_{name}") + F.col(name) for name in ("visit", "enter", "exit")]
    change = module_cost(total, left[0], left[1] + inside, left[2] + inside)
    change += module_cost(total, joined[0], joined[1] - flow, joined[2] - flow)
    for side in ("own", "module"):
        change -= module_cost(total, f"{side}_visit", f"{side}_enter", f"{side}_exit")
    rate = F.lit(index_rate)
    return change + plogp((rate + inside - flow) / F.lit(total)) - plogp(rate / F.lit(total))
