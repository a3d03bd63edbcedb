"""The command ``mapeq``: look at networks in files, cluster them and vectors, or measure a partition of a network.

Labels go to standard output or to files, everything for people to standard error. Exit codes: 0 done, 1
bad input or option, 2 wrong usage, 130 interrupted. What commands do is in :mod:`mapeq.cli.commands`, which
imports heavy libraries and is imported once there is something to do: ``--help`` answers at once.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import Field
from types import FrameType
from typing import Any

from mapeq import __version__
from mapeq._base.errors import MapeqError, as_typed
from mapeq.walk.options import walk_options

#: A number below zero, which argparse takes for an option where -2 is one.
_NEGATIVE = re.compile(r"-\.?\d")


class _Parser(argparse.ArgumentParser):
    """A parser, of all commands or of one, by which an option that takes a value takes a negative number, too."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse the arguments, ``-s -1`` as ``-s=-1``."""
        joined: list[str] = []
        for argument in sys.argv[1:] if args is None else args:
            if joined and _NEGATIVE.match(argument) and self._takes_value(joined[-1]):
                joined[-1] += f"={argument}"
            else:
                joined.append(argument)
        return super().parse_known_args(joined, namespace)

    def _takes_value(self, argument: str) -> bool:
        known = self._option_string_actions
        is_long = argument.startswith("--")
        meant = [known[argument]] if argument in known else []
        meant = meant or [action for name, action in known.items() if is_long and name.startswith(argument)]
        return bool(meant) and all(action.nargs is None for action in meant)


def parser() -> argparse.ArgumentParser:
    """The parser of the command line."""
    main_parser = _Parser(
        prog="mapeq",
        description="Find communities in networks by the map equation (InfoMap): the modules that describe a random "
        "walk in the fewest bits.",
    )
    main_parser.add_argument("--version", action="version", version=f"mapeq {__version__}")
    commands = main_parser.add_subparsers(title="commands", metavar="COMMAND", dest="command", required=True)

    info = commands.add_parser(
        "info",
        help="say what a network is like",
        description="Say what a network is like: its size, parts, weights, degrees, the memory that clustering "
        "it takes, and what else is worth knowing before.",
        epilog="example: mapeq info links.txt.gz --directed",
    )
    _add_network_arguments(info)
    info.add_argument("--json", action="store_true", help="as JSON, for programs")

    cluster = commands.add_parser(
        "cluster",
        help="find the communities of a network",
        description="Find the communities of a network. Without -o, standard output gets a line 'label<TAB>module' "
        "for every node; module 0 has most flow.",
        epilog="example: mapeq cluster links.txt.gz --directed -N 5 -o modules.tree -o modules.csv",
    )
    _add_network_arguments(cluster)
    _add_walk_arguments(cluster)
    search = _add_search_arguments(cluster, "-2", "--two-level")
    search.add_argument("-c", "--initial-partition", metavar="PARTITION", help="start from a .clu, .tree, .csv or .tsv")
    _add_output_arguments(cluster)

    embeddings = commands.add_parser(
        "embeddings",
        help="find the clusters of vectors",
        description="Link vectors to their nearest neighbours and find the communities of that network. Without -o, "
        "standard output gets a line 'label<TAB>module' for every vector: its row from 0, if the file has no labels.",
        epilog="example: mapeq embeddings glove.txt.gz -k 40 --min-similarity 0.5 -o clusters.csv",
    )
    _add_neighbor_arguments(embeddings)
    _add_markov_time(_add_search_arguments(embeddings, "--two-level"), default="auto")
    _add_output_arguments(embeddings).add_argument(
        "--min-cluster-size",
        type=int,
        default=1,
        metavar="N",
        help="modules of fewer vectors are -1 in tables and on standard output (1)",
    )

    evaluate = commands.add_parser(
        "evaluate",
        help="measure the codelength of a given partition or hierarchy",
        description="Measure the codelength of a given partition or hierarchy (.clu, .tree, .ftree, .csv or .tsv) "
        "of a network.",
        epilog="example: mapeq evaluate links.txt.gz modules.tree --directed",
    )
    _add_network_arguments(evaluate, PARTITION=".clu, .tree, .ftree, .csv or .tsv; its nodes are called as in FILE")
    _add_walk_arguments(evaluate, fitted=False)

    plot = commands.add_parser(
        "plot",
        help="draw the communities of a network",
        description="Draw the communities of a network: found by a search, or given with --modules.",
        epilog="example: mapeq plot links.txt.gz --directed -N 5 -o network.png",
    )
    _add_network_arguments(plot)
    _add_walk_arguments(plot)
    _add_search_arguments(plot, "-2", "--two-level")
    _add_picture_arguments(plot)

    commands.add_parser(
        "warmup",
        help="compile everything now, for container images",
        description="Compile all that a search needs and keep it on disk, so that no later process waits for it.",
    )

    completion = commands.add_parser(
        "completion",
        help="print what makes a shell complete commands, options and files",
        description="Print a script by which a shell completes mapeq's commands, options, their values, and\n"
        "files (extra completion).",
        epilog="bash: mapeq completion bash > ~/.local/share/bash-completion/completions/mapeq\n"
        "zsh:  into a file _mapeq in a folder of $fpath\n"
        "tcsh: into a file that ~/.tcshrc sources",
        formatter_class=argparse.RawDescriptionHelpFormatter,  # what is to be copied stays on one line
    )
    completion.add_argument("shell", metavar="SHELL", choices=["bash", "zsh", "tcsh"], help="bash, zsh or tcsh")
    return main_parser


def _add_network_arguments(command: argparse.ArgumentParser, **more: str) -> None:
    command.add_argument(
        "file",
        metavar="FILE",
        help="link list, table or Pajek file, plain or .gz; .parquet; .arrow; - is standard input",
    )
    for name, meaning in more.items():
        command.add_argument(name.lower(), metavar=name, help=meaning)
    network = command.add_argument_group("network")
    directions = network.add_mutually_exclusive_group()
    directions.add_argument(
        "-d", "--directed", action="store_const", const=True, default=None, help="links lead from source to target"
    )
    directions.add_argument(
        "-u", "--undirected", action="store_const", const=False, dest="directed", help="links lead both ways"
    )
    for end in ("source", "target"):
        network.add_argument(
            f"--{end}",
            type=_column,
            metavar="COLUMN",
            help=f"the {end}s of links in a table: name, or number from 1 ({end})",
        )
    weights = network.add_mutually_exclusive_group()
    weights.add_argument(
        "--weight", type=_column, default="weight", metavar="COLUMN", help="what links weigh, likewise (weight)"
    )
    weights.add_argument("--unweighted", action="store_const", const=None, dest="weight", help="every link weighs 1")
    network.add_argument("--no-self-links", action="store_true", help="ignore links from a node to itself")


def _add_walk_arguments(command: argparse.ArgumentParser, *, fitted: bool = True) -> None:
    """Add the options of the walk; `fitted` says whether the Markov time may be chosen by the search."""
    walk = command.add_argument_group("random walk")
    for option in walk_options():
        if option.name == "markov_time" and fitted:
            _add_markov_time(walk, default=1.0)
        else:
            _add_walk_argument(walk, option)


def _add_walk_argument(group: argparse._ArgumentGroup, option: Field[Any], **changes: Any) -> None:
    """Add an option of the walk as it is stated in :mod:`mapeq.walk.options`, but for some `changes`."""
    said = option.metadata
    arguments: dict[str, Any] = {"help": said["help"]}
    if isinstance(option.default, bool):
        arguments["action"] = "store_true"
    else:
        default = None if option.name == "flow_model" else option.default
        arguments |= {"default": default, "metavar": said["metavar"], "type": type(option.default)}
    group.add_argument(*said["flags"], **arguments | changes)


def _add_neighbor_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "file",
        metavar="VECTORS",
        help=".npy, .npz, .csv, .tsv, .parquet, or word vectors: .txt, .vec, .w2v; texts also .gz; - is word vectors "
        "from standard input",
    )
    neighbors = command.add_argument_group("neighbours")
    neighbors.add_argument(
        "-k", "--n-neighbors", type=int, default=15, metavar="N", help="link each vector to its N nearest (15)"
    )
    neighbors.add_argument(
        "--metric", default="cosine", metavar="NAME", help="cosine, euclidean or inner_product (cosine)"
    )
    neighbors.add_argument(
        "--weights",
        default="auto",
        metavar="NAME",
        help="what links weigh: umap, local, similarity, binary or jaccard (auto, which is umap)",
    )
    neighbors.add_argument(
        "--symmetrize",
        default="union",
        metavar="HOW",
        help="link a pair if one is a neighbour of the other (union) or each is (mutual); average or directed (union)",
    )
    neighbors.add_argument("--min-similarity", type=float, metavar="S", help="less similar vectors are no neighbours")
    neighbors.add_argument(
        "--algorithm", default="auto", metavar="NAME", help="exact, or ann, approximate by faiss (auto, by size)"
    )


def _add_search_arguments(command: argparse.ArgumentParser, *two_level: str) -> argparse._ArgumentGroup:
    search = command.add_argument_group("search")
    levels = search.add_mutually_exclusive_group()
    levels.add_argument(*two_level, action="store_true", help="a two-level partition (the default)")
    levels.add_argument(
        "--multilevel", action="store_true", help="the hierarchy of modules that describes the walk in the fewest bits"
    )
    search.add_argument("-N", "--num-trials", type=int, default=1, metavar="N", help="recombine N trials (1)")
    search.add_argument("-s", "--seed", type=int, default=0, metavar="N", help="the same seed, the same result (0)")
    search.add_argument("--num-threads", type=int, metavar="N", help="threads (as many as processors)")
    search.add_argument("--time-limit", type=float, metavar="S", help="return the best found after S seconds of search")
    return search


def _add_markov_time(search: argparse._ArgumentGroup, default: float | str) -> None:
    option = next(option for option in walk_options() if option.name == "markov_time")
    help = (
        "steps of the walk per step of the description: above 1 larger modules, below 1 smaller ones; auto raises it "
        f"while modules have no boundaries of their own ({default})"
    )
    _add_walk_argument(search, option, type=_markov_time, default=default, help=help)


def _column(text: str) -> str | int:
    """The name of a column, or its position, which people count from 1."""
    if not (text.isascii() and text.isdigit()):
        return text
    if int(text) == 0:
        raise argparse.ArgumentTypeError("columns are counted from 1")
    return int(text) - 1


def _markov_time(text: str) -> float | str:
    if text == "auto":
        return text
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"it must be a number or auto, not {text!r}") from None


def _add_output_arguments(command: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    output = command.add_argument_group("output")
    output.add_argument(
        "-o",
        "--output",
        action="append",
        default=[],
        metavar="OUT",
        help="write .clu, .tree, .ftree, .json, .csv, .tsv, .parquet, .graphml, .gexf or .html (a report), by the "
        "suffix; may be given again",
    )
    output.add_argument(
        "--clu-level",
        type=int,
        default=1,
        metavar="N",
        help="which modules .clu gets: from the top ones (1, the default) to the finest (-1)",
    )
    output.add_argument("-q", "--quiet", action="store_true", help="no progress and no summary")
    return output


def _add_picture_arguments(command: argparse.ArgumentParser) -> None:
    picture = command.add_argument_group("picture")
    picture.add_argument(
        "-o",
        "--output",
        action="append",
        required=True,
        metavar="OUT",
        help="write .png, .svg or .pdf, by the suffix; may be given again",
    )
    picture.add_argument(
        "--kind",
        default="network",
        metavar="NAME",
        help="network, above 2,000 nodes that of its modules; hierarchy; or codelength (network)",
    )
    picture.add_argument(
        "--level",
        type=int,
        metavar="N",
        help="colour a network by the modules of this level: from the top ones (1) to the finest (-1); by default the "
        "coarsest of which none has more than half of the flow",
    )
    picture.add_argument(
        "--modules", metavar="PARTITION", help="search for nothing, draw those of a .clu, .tree, .ftree, .csv or .tsv"
    )
    picture.add_argument("-q", "--quiet", action="store_true", help="no progress and no summary")


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    known = parser()
    options = known.parse_args(arguments)
    options.written = []
    options.parser = known
    with _noting_interrupts() as interrupts:
        try:
            from mapeq.cli import commands

            code: int = getattr(commands, options.command)(options)
            sys.stdout.flush()
            return code
        except KeyboardInterrupt:
            return _interrupted(options.written)
        except (MapeqError, ValueError, ImportError) as error:
            return _refused(as_typed(error, vars(options)))
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
