"""The command ``mapeq``: cluster a network file, or measure a partition of one.

Labels go to standard output or to files, everything for people to standard error. Exit codes: 0 done, 1
bad input or option, 2 wrong usage, 130 interrupted. Heavy libraries are imported once there is
something to do: ``--help`` answers at once.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from mapeq import __version__
from mapeq.errors import MapeqError, counted, option_error

if TYPE_CHECKING:
    from mapeq.flow import FlowOptions
    from mapeq.network import Network
    from mapeq.result import Result

_FLOW_OPTIONS = (
    "flow_model",
    "teleportation_probability",
    "recorded_teleportation",
    "teleport_to",
    "node_weights_as_flow",
    "markov_time",
)


def parser() -> argparse.ArgumentParser:
    """The parser of the command line."""
    main_parser = argparse.ArgumentParser(
        prog="mapeq",
        description="Find communities in networks by the map equation (InfoMap): the modules that describe a random "
        "walk in the fewest bits.",
    )
    main_parser.add_argument("--version", action="version", version=f"mapeq {__version__}")
    commands = main_parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    cluster = commands.add_parser(
        "cluster",
        help="find the communities of a network",
        description="Find the communities of a network. Without -o, standard output gets a line 'label<TAB>module' "
        "for every node; module 0 has most flow.",
        epilog="example: mapeq cluster links.txt.gz --directed -N 5 -o modules.tree -o modules.csv",
    )
    cluster.set_defaults(run=_cluster)
    _add_network_arguments(cluster)
    search = cluster.add_argument_group("search")
    levels = search.add_mutually_exclusive_group()
    levels.add_argument("-2", "--two-level", action="store_true", help="a two-level partition (the default)")
    levels.add_argument(
        "--multilevel", action="store_true", help="the hierarchy of modules that describes the walk in the fewest bits"
    )
    search.add_argument("-N", "--num-trials", type=int, default=1, metavar="N", help="recombine N trials (1)")
    search.add_argument("-s", "--seed", type=int, default=0, metavar="N", help="the same seed, the same result (0)")
    search.add_argument("--num-threads", type=int, metavar="N", help="threads for the search (as many as processors)")
    search.add_argument("--time-limit", type=float, metavar="S", help="return the best found after S seconds of search")
    search.add_argument("-c", "--initial-partition", metavar="PARTITION", help="start from a .clu, .tree, .csv or .tsv")
    output = cluster.add_argument_group("output")
    output.add_argument(
        "-o",
        "--output",
        action="append",
        default=[],
        metavar="OUT",
        help="write .clu, .tree, .ftree, .json, .csv or .tsv, by the suffix; may be given again",
    )
    output.add_argument(
        "--clu-level",
        type=int,
        default=1,
        metavar="N",
        help="which modules .clu gets: from the top ones (1, the default) to the finest (-1)",
    )
    output.add_argument("-q", "--quiet", action="store_true", help="no progress and no summary")

    evaluate = commands.add_parser(
        "evaluate",
        help="measure the codelength of a given partition or hierarchy",
        description="Measure the codelength of a given partition or hierarchy (.clu, .tree, .ftree, .csv or .tsv) "
        "of a network.",
        epilog="example: mapeq evaluate links.txt.gz modules.tree --directed",
    )
    evaluate.set_defaults(run=_evaluate)
    _add_network_arguments(evaluate, "PARTITION")

    warmup = commands.add_parser(
        "warmup",
        help="compile everything now, for images",
        description="Compile all that a search needs and keep it on disk, so that no later process waits for it.",
    )
    warmup.set_defaults(run=_warmup)
    return main_parser


def _add_network_arguments(command: argparse.ArgumentParser, *more: str) -> None:
    command.add_argument("file", metavar="FILE", help="link list or Pajek file, plain or .gz; - is standard input")
    for name in more:
        command.add_argument(name.lower(), metavar=name)
    network = command.add_argument_group("network")
    directions = network.add_mutually_exclusive_group()
    directions.add_argument(
        "-d", "--directed", action="store_const", const=True, default=None, help="links lead from source to target"
    )
    directions.add_argument(
        "-u", "--undirected", action="store_const", const=False, dest="directed", help="links lead both ways"
    )
    network.add_argument("--unweighted", action="store_true", help="every link weighs 1")
    network.add_argument("--no-self-links", action="store_true", help="ignore links from a node to itself")
    flow = command.add_argument_group("random walk")
    flow.add_argument(
        "-f",
        "--flow-model",
        metavar="MODEL",
        help="undirected, directed, undirdir, outdirdir, rawdir or precomputed (as the network is directed or not)",
    )
    flow.add_argument(
        "-p",
        "--teleportation-probability",
        type=float,
        default=0.15,
        metavar="P",
        help="how often the walk on a directed network jumps (0.15)",
    )
    flow.add_argument("-e", "--recorded-teleportation", action="store_true", help="describe the jumps, too")
    flow.add_argument("--teleport-to", default="links", metavar="WHAT", help="jump to random links or nodes (links)")
    flow.add_argument("--node-weights-as-flow", action="store_true", help="take the node weights for the visit rates")
    flow.add_argument(
        "--markov-time", type=float, default=1.0, metavar="T", help="above 1 larger modules, below smaller ones (1)"
    )


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    options = parser().parse_args(_joined(sys.argv[1:] if arguments is None else arguments))
    options.written = []
    with _noting_interrupts() as interrupts:
        try:
            code: int = options.run(options)
            sys.stdout.flush()
            return code
        except KeyboardInterrupt:
            return _interrupted(options.written)
        except (MapeqError, ValueError, ImportError) as error:
            return _refused(str(error))
        except MemoryError:
            return _refused("not enough memory for this network")
        except BrokenPipeError:
            return _silenced(0)  # whoever read the labels has enough
        except OSError as error:
            return _silenced(_refused(f"{error.filename or 'standard output'}: {error.strerror}"))
        except Exception:
            if interrupts:  # whoever was compiling turned it into an error of his own
                return _interrupted(options.written)
            raise


def _joined(arguments: list[str]) -> list[str]:
    """The arguments with ``--clu-level -1`` in one: argparse takes -1 for an option, since -2 is one."""
    found: list[str] = []
    for argument in arguments:
        if argument == "-1" and found[-1:] == ["--clu-level"]:
            found[-1] = "--clu-level=-1"
        else:
            found.append(argument)
    return found


@contextmanager
def _noting_interrupts() -> Iterator[list[int]]:
    """A list that gets an entry for every Ctrl-C meanwhile."""
    interrupts: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        interrupts.append(number)
        signal.default_int_handler(number, frame)

    if threading.current_thread() is not threading.main_thread():  # where no signal arrives
        yield interrupts
        return
    before = signal.signal(signal.SIGINT, note)
    try:
        yield interrupts
    finally:
        signal.signal(signal.SIGINT, before)


def _interrupted(written: list[str]) -> int:
    print(f"mapeq: interrupted, {', '.join(written) or 'nothing'} written", file=sys.stderr)
    return 130


def _refused(message: str) -> int:
    print(f"mapeq: {message}", file=sys.stderr)
    return 1


def _silenced(code: int) -> int:
    """Give standard output up, or Python would complain once more when it flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def _cluster(options: argparse.Namespace) -> int:
    from mapeq.formats.output import check_writable, format_of
    from mapeq.formats.tables import write_labels

    for path in options.output:
        check_writable(path)
        format_of(path)
    if options.clu_level < 1 and options.clu_level != -1:
        raise option_error("--clu-level", options.clu_level, "a whole number, 1 or more, or -1")
    _check_inputs(options.file, options.initial_partition)
    watch = _Watch(options)
    try:
        result, interrupted = _searched(options, watch)
    finally:
        watch.clear()
    for path in options.output:
        # Who asks for a level below the finest gets the finest, rather than nothing after a long search.
        level = min(options.clu_level, result.num_levels - 1) if format_of(path) == "clu" else 1
        result.write(path, level=level)
        options.written.append(path)
    if not options.output:
        write_labels(result, sys.stdout)
        sys.stdout.flush()
    if not options.quiet:
        print(_summary(options.file, result), file=sys.stderr)
        print(watch.closing(options.output, result, interrupted), file=sys.stderr)
    return 130 if interrupted else 0


def _searched(options: argparse.Namespace, watch: _Watch) -> tuple[Result, bool]:
    """Read and search: the result, and whether Ctrl-C ended the search."""
    from mapeq.api import search
    from mapeq.search import Control, SearchOptions

    search_options = SearchOptions(
        options.num_trials, options.seed, options.num_threads, options.time_limit, options.multilevel
    )
    watch.begin("read", f"reading {_called(options.file)} ...")
    network, flow_options = _network(options)
    watch.begin(
        "search", f"{counted(network.num_nodes, 'node')}, {counted(network.num_links, 'link')}: the random walk ..."
    )
    control = Control(options.time_limit, watch.status, keep_on_interrupt=True)
    result = search(network, flow_options, search_options, control, options.initial_partition)
    watch.begin("write", "writing ...")
    return result, control.interrupted


def _network(options: argparse.Namespace) -> tuple[Network, FlowOptions]:
    from mapeq.api import network_and_options

    network, flow_options = network_and_options(
        options.file,
        directed=options.directed,
        weight=None if options.unweighted else "weight",
        **{name: getattr(options, name) for name in _FLOW_OPTIONS},
    )
    return (network.without_self_links() if options.no_self_links else network), flow_options


def _check_inputs(network: str, partition: str | None) -> None:
    if network == partition == "-":
        raise ValueError("only one of the network and the partition can be standard input")


def _evaluate(options: argparse.Namespace) -> int:
    from mapeq.api import measure

    _check_inputs(options.file, options.partition)
    result = measure(*_network(options), options.partition)
    print(_summary(options.file, result))
    index, modules = result.index_codelength, result.module_codelength
    print(f"index {index:.12g} + modules {modules:.12g} = {result.codelength:.12g} bits per step")
    return 0


def _warmup(options: argparse.Namespace) -> int:
    from mapeq.api import warmup

    warmup()
    return 0


class _Watch:
    """The status line, if a terminal can show one, and the time every stage took."""

    def __init__(self, options: argparse.Namespace):
        from mapeq.progress import StatusLine

        self.status = StatusLine() if not options.quiet and sys.stderr.isatty() else None
        self._stages: list[tuple[str, float]] = []

    def begin(self, stage: str, text: str) -> None:
        self._stages.append((stage, time.perf_counter()))
        if self.status:
            self.status.say(text)

    def clear(self) -> None:
        if self.status:
            self.status.clear()

    def closing(self, outputs: list[str], result: Result, interrupted: bool) -> str:
        """The last line: how the search ended, how long every stage took, what was written."""
        ends = [*(start for _, start in self._stages[1:]), time.perf_counter()]
        stages = [f"{name} {end - start:.1f} s" for (name, start), end in zip(self._stages, ends, strict=True)]
        ended = "interrupted" if interrupted else "done" if result.converged else "stopped at the time limit"
        written = f" -> {', '.join(outputs)}" if outputs else ""
        return f"{ended}: {', '.join(stages)}{written}"


def _called(file: str) -> str:
    return "standard input" if file == "-" else file


def _summary(file: str, result: Result, most: int = 5) -> str:
    """What was found, for people."""
    import numpy as np

    kind = "directed" if result.network.directed else "undirected"
    is_deep = result.num_levels > 2
    modules = counted(result.num_modules, "top module" if is_deep else "module")
    lines = [
        f"{_called(file)}: {counted(result.num_nodes, 'node')}, {counted(result.num_links, 'link')}, {kind}",
        f"{modules}{f' in {result.num_levels} levels' if is_deep else ''}, {result.codelength:.6f} bits "
        f"per step; {result.one_level_codelength:.6f} without modules ({result.relative_savings:.1%} saved)",
    ]
    if is_deep:
        lines.append("   level   modules  bits per step that it saves")
        levels = zip(result.modules_per_level, result.level_savings, strict=True)
        lines += [f"  {level:6,} {number:9,} {saved:10.6f}" for level, (number, saved) in enumerate(levels, 1)]
    if len(result.trials) > 1:
        lines.append(f"{len(result.trials)} trials, {min(result.trials):.6f} to {max(result.trials):.6f} bits per step")
    if result.num_modules:
        lines.append("  module     nodes     flow  most visited nodes")
    for module in range(min(most, result.num_modules)):
        members = np.flatnonzero(result.labels == module)
        visited = members[np.argsort(-result.flow[members], kind="stable")][:4]
        names = ", ".join(str(result.network.labels[i]) for i in visited) + (", ..." if len(members) > 4 else "")
        lines.append(f"  {module:6,} {len(members):9,} {result.module_flow[module]:8.1%}  {names}")
    if result.num_modules > most:
        lines.append(f"  and {result.num_modules - most:,} smaller")
    return "\n".join(lines)
