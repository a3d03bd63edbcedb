"""The command ``mapeq``: describe and cluster networks and vectors in files, evaluate partitions, draw pictures.

Labels go to standard output or to files, messages to standard error. Exit codes: 0 done, 1 invalid input or option,
2 wrong usage, 130 interrupted. The commands are in :mod:`mapeq.cli.commands`, which imports heavy libraries and is
therefore imported only to run a command: ``--help`` answers at once.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import textwrap
import warnings
from dataclasses import Field
from functools import partial
from typing import Any

from mapeq import __version__
from mapeq._base.errors import MapeqError, as_typed
from mapeq.cli.arguments import Parser, column, markov_time
from mapeq.cli.interrupts import handling_interrupts, interrupted
from mapeq.walk.options import walk_options

#: Number of columns of descriptions in the help.
_WIDTH = 78

#: Where people find more, at the end of the help.
_DOCUMENTATION = "documentation: docs/shell.md and docs/options.md of the source; in Python, help(mapeq.infomap)"

#: How an error of Python names a column that was typed as a number from 1.
_POSITION = re.compile(r"column at position (\d+), from 0,")
_POSITIONS = re.compile(r"((?<=the columns are )|(?<=but numbers in ))\d+(?:, \d+)*")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    main_parser = Parser(
        prog="mapeq",
        description="Find communities in networks by the map equation (InfoMap): the modules that describe a random "
        "walk in the fewest bits.",
        epilog=f"mapeq COMMAND --help describes a command; {_DOCUMENTATION}",
    )
    main_parser.add_argument("--version", action="version", version=f"mapeq {__version__}")
    commands = main_parser.add_subparsers(title="commands", metavar="COMMAND", dest="command", required=True)

    info = _add_command(
        commands,
        "info",
        "describe a network",
        "Describe a network before clustering: its size, components, weights, degrees, the memory that "
        "clustering needs, and notes on remarkable properties.",
        example="mapeq info links.txt.gz --directed",
    )
    _add_network_arguments(info)
    info.add_argument("--json", action="store_true", help="print JSON, for programs")

    convert = _add_command(
        commands,
        "convert",
        "write a network in another format",
        "Write a network in another format. A note says what is lost.",
        example="mapeq convert links.csv.gz network.graphml",
    )
    _add_network_arguments(
        convert,
        OUTPUT=".txt (links), .csv, .tsv, .net (Pajek), .graphml, .gexf, .gml, .json, .adjlist, .mtx, .npz, .graph "
        "(METIS), .lgl, .parquet or .arrow file, text also .gz, .bz2 or .xz; or - for standard output",
    )
    output = convert.add_argument_group("output")
    output.add_argument(
        "--format", metavar="NAME", help="format of the output, as --input-format (by the suffix of OUTPUT)"
    )
    output.add_argument("-q", "--quiet", action="store_true", help="no progress and no summary")

    cluster = _add_command(
        commands,
        "cluster",
        "find the communities of a network",
        "Find the communities of a network. Without -o, a line 'label<TAB>module' per node is written to "
        "standard output; module 1 has most flow.",
        example="mapeq cluster links.txt.gz --directed -N 5 -o modules.tree -o modules.csv",
    )
    _add_network_arguments(cluster)
    _add_walk_arguments(cluster)
    search = _add_search_arguments(cluster, "-2", "--two-level")
    search.add_argument(
        "--min-module-size",
        type=int,
        default=1,
        metavar="N",
        help="dissolve modules of fewer than N nodes where that costs the fewest bits (1)",
    )
    search.add_argument(
        "-c", "--initial-partition", metavar="PARTITION", help="start from a .clu, .tree, .json, .csv or .tsv"
    )
    _add_output_arguments(cluster)

    embeddings = _add_command(
        commands,
        "embeddings",
        "find the clusters of vectors",
        "Link vectors to their nearest neighbours and find the communities of that network. Without -o, "
        "a line 'label<TAB>module' per vector is written to standard output; without labels, vectors are named by row, "
        "from 0.",
        example="mapeq embeddings glove.txt.gz -k 40 --min-similarity 0.5 -o clusters.csv",
    )
    _add_neighbor_arguments(embeddings)
    _add_markov_time(_add_search_arguments(embeddings, "--two-level"), default="auto")
    _add_output_arguments(embeddings).add_argument(
        "--min-cluster-size",
        type=int,
        default=1,
        metavar="N",
        help="write modules of fewer than N vectors as -1 in tables and on standard output (1)",
    )

    evaluate = _add_command(
        commands,
        "evaluate",
        "measure the codelength of a given partition or hierarchy",
        "Measure the codelength of a given partition or hierarchy (.clu, .tree, .ftree, .json, .csv or "
        ".tsv) of a network. Options that are not given are those with which it was found, if the file says so.",
        example="mapeq evaluate links.txt.gz modules.tree --directed",
    )
    _add_network_arguments(
        evaluate,
        PARTITION=".clu, .tree, .ftree, .json, .csv or .tsv file with the node names of FILE, or - for standard input",
    )
    _add_walk_arguments(evaluate, fitted=False)

    plot = _add_command(
        commands,
        "plot",
        "draw the communities of a network",
        "Draw the communities of a network: found by a search, or given with --modules.",
        example="mapeq plot links.txt.gz --directed -N 5 -o network.png",
    )
    _add_network_arguments(plot)
    _add_walk_arguments(plot)
    _add_search_arguments(plot, "-2", "--two-level")
    _add_picture_arguments(plot)

    _add_profile_command(commands)

    commands.add_parser(
        "warmup",
        help="compile all kernels now, e.g. for container images",
        description="Compile all kernels that a search needs and cache them on disk, so that later processes start "
        "at once.",
    )

    completion = commands.add_parser(
        "completion",
        help="print a script for shell completion",
        description="Print a script by which a shell completes the commands, options, values and files of mapeq\n"
        "(extra completion).",
        epilog="bash: mapeq completion bash > ~/.local/share/bash-completion/completions/mapeq\n"
        "zsh:  write it to a file _mapeq in a directory of $fpath\n"
        "tcsh: write it to a file that ~/.tcshrc sources",
        formatter_class=argparse.RawDescriptionHelpFormatter,  # keeps the command to copy on one line
    )
    completion.add_argument("shell", metavar="SHELL", choices=["bash", "zsh", "tcsh"], help="bash, zsh or tcsh")
    return main_parser


def _add_profile_command(commands: Any) -> None:
    command = _add_command(
        commands,
        "profile",
        "find the communities at many Markov times, and which of them last",
        "Find the communities at many Markov times, and the ranges of times at which they stay the same: plateaus. "
        "Prints a table with a line per time.",
        example="mapeq profile links.txt.gz --directed -o profile.csv -o profile.png",
    )
    _add_network_arguments(command)
    _add_walk_arguments(command, without=("markov_time",))
    search = command.add_argument_group("search")
    search.add_argument(
        "-t",
        "--markov-times",
        type=float,
        nargs="+",
        metavar="T",
        help="Markov times (31 from 0.5 to 16, as far as something is divided)",
    )
    search.add_argument(
        "--threshold",
        type=float,
        default=0.95,
        metavar="A",
        help="partitions agree if their adjusted mutual information is at least A (0.95)",
    )
    _add_trial_arguments(search)
    output = command.add_argument_group("output")
    output.add_argument(
        "-o",
        "--output",
        action="append",
        default=[],
        metavar="OUT",
        help="write a .csv, .tsv, .json, .png, .svg or .pdf file; may be repeated",
    )
    output.add_argument("-q", "--quiet", action="store_true", help="no progress and no table")


def _add_command(commands: Any, name: str, help: str, description: str, example: str) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(
        name,
        help=help,
        description=textwrap.fill(description, _WIDTH),
        epilog=f"example: {example}\n{_DOCUMENTATION}",
        formatter_class=argparse.RawDescriptionHelpFormatter,  # keeps the example on a line of its own
    )
    return command


def _add_network_arguments(command: argparse.ArgumentParser, **more: str) -> None:
    command.add_argument(
        "file",
        metavar="FILE",
        help="link list, table, matrix, Pajek, GraphML, GEXF, GML, JSON, .adjlist, .mtx, .npz, METIS .graph, .lgl, "
        ".parquet or .arrow file, plain or .gz, .bz2, .xz, .zst or .zip; or - for standard input",
    )
    for name, meaning in more.items():
        command.add_argument(name.lower(), metavar=name, help=meaning)
    network = command.add_argument_group("network")
    directions = network.add_mutually_exclusive_group()
    directions.add_argument(
        "-d", "--directed", action="store_const", const=True, default=None, help="links lead only from source to target"
    )
    directions.add_argument(
        "-u", "--undirected", action="store_const", const=False, dest="directed", help="links lead both ways"
    )
    network.add_argument(
        "--bipartite",
        action="store_const",
        const=True,
        help="links lead from primary nodes, which modules are about, to secondary ones (by default as FILE says)",
    )
    for end in ("source", "target"):
        network.add_argument(
            f"--{end}",
            type=column,
            metavar="COLUMN",
            help=f"column of the link {end}s in a table: its name, or its number from 1 ({end})",
        )
    weights = network.add_mutually_exclusive_group()
    weights.add_argument(
        "--weight",
        type=column,
        default="weight",
        metavar="COLUMN",
        help="column of the link weights: its name, or its number from 1; in graph files the attribute (weight)",
    )
    weights.add_argument("--unweighted", action="store_const", const=None, dest="weight", help="every link weighs 1")
    network.add_argument(
        "--label", metavar="NAME", help="node attribute of a GraphML, GEXF, GML or JSON file that names the nodes"
    )
    network.add_argument(
        "--names", metavar="TABLE", help="file with the columns id and name, which gives names to the nodes"
    )
    network.add_argument(
        "--input-format",
        metavar="NAME",
        help="links, csv, tsv, matrix, pajek, graphml, gexf, gml, json, adjlist, mtx, npz, metis, lgl, parquet or "
        "arrow (by the content and the suffix of FILE)",
    )
    network.add_argument(
        "--encoding", metavar="NAME", help="encoding of the text in FILE, such as utf-16 or cp1252 (utf-8)"
    )
    network.add_argument("--comment", metavar="PREFIX", help="what comments in FILE begin with, or none (#, %% or //)")
    network.add_argument("--no-self-links", action="store_true", help="ignore links from a node to itself")


def _add_walk_arguments(
    command: argparse.ArgumentParser, *, fitted: bool = True, without: tuple[str, ...] = ()
) -> None:
    """Add the options of the walk but those named; with `fitted`, the Markov time may be "auto"."""
    walk = command.add_argument_group("random walk")
    for option in walk_options():
        if option.name in without:
            continue
        if option.name == "markov_time" and fitted:
            _add_markov_time(walk)
        else:
            _add_walk_argument(walk, option)
    walk.add_argument(
        "--regularized", action="store_const", const=1.0, dest="regularization", help="the same as --regularization 1"
    )


def _add_walk_argument(group: argparse._ArgumentGroup, option: Field[Any], **changes: Any) -> None:
    """Add an option of the walk as declared in :mod:`mapeq.walk.options`, with `changes` to the arguments.

    Without a default: who does not give the option may mean that with which a partition was found.
    """
    declared = option.metadata
    arguments: dict[str, Any] = {"help": declared["help"]}
    if isinstance(option.default, bool):
        arguments |= {"action": "store_const", "const": True}
    else:
        arguments |= {"metavar": declared["metavar"], "type": type(option.default)}
    group.add_argument(*declared["flags"], **arguments | changes)


def _add_neighbor_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "file",
        metavar="VECTORS",
        help=".npy, .npz, .csv, .tsv, .parquet, or word vectors: .txt, .vec, .w2v; text formats also compressed; or - "
        "for word vectors from standard input",
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
        help="link weights: umap, local, similarity, binary or jaccard (auto, which is umap)",
    )
    neighbors.add_argument(
        "--symmetrize",
        default="union",
        metavar="HOW",
        help="link a pair if either is a neighbour of the other (union) or both are (mutual); or average or "
        "directed (union)",
    )
    neighbors.add_argument(
        "--min-similarity", type=float, metavar="S", help="ignore neighbours that are less similar than S"
    )
    neighbors.add_argument(
        "--algorithm",
        default="auto",
        metavar="NAME",
        help="exact; gpu: exact, by PyTorch or CuPy; or ann: approximate, by faiss (auto: by size and what is there)",
    )


def _add_search_arguments(command: argparse.ArgumentParser, *two_level: str) -> argparse._ArgumentGroup:
    search = command.add_argument_group("search")
    levels = search.add_mutually_exclusive_group()
    levels.add_argument(*two_level, action="store_true", help="find a two-level partition (the default)")
    levels.add_argument(
        "--multilevel", action="store_true", help="find the hierarchy that describes the walk in the fewest bits"
    )
    _add_trial_arguments(search)
    search.add_argument(
        "--time-limit",
        type=float,
        metavar="S",
        help="stop the search after S seconds and return the best result so far",
    )
    return search


def _add_trial_arguments(search: argparse._ArgumentGroup) -> None:
    search.add_argument(
        "-N",
        "--num-trials",
        type=int,
        default=1,
        metavar="N",
        help="number of independent trials, which are recombined (1)",
    )
    search.add_argument(
        "-s", "--seed", type=int, default=0, metavar="N", help="random seed; the same seed gives the same result (0)"
    )
    search.add_argument("--num-threads", type=int, metavar="N", help="number of threads (the number of processors)")


def _add_markov_time(search: argparse._ArgumentGroup, default: str | None = None) -> None:
    option = next(option for option in walk_options() if option.name == "markov_time")
    help = (
        "steps of the walk per step of the description: above 1 larger modules, below 1 smaller ones; auto raises it "
        f"while modules have no boundaries of their own ({default or 1.0})"
    )
    _add_walk_argument(search, option, type=markov_time, default=default, help=help)


def _add_output_arguments(command: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    output = command.add_argument_group("output")
    output.add_argument(
        "-o",
        "--output",
        action="append",
        default=[],
        metavar="OUT",
        help="write a .clu, .tree, .ftree, .json, .csv, .tsv, .parquet, .graphml, .gexf or .html (report) file; - is "
        "standard output; may be repeated",
    )
    output.add_argument(
        "--format",
        metavar="NAME",
        help="format of the outputs, such as json: by default that of the suffix, and for standard output lines "
        "'label<TAB>module'",
    )
    output.add_argument(
        "--clu-level",
        type=int,
        default=1,
        metavar="N",
        help="level of the modules in .clu files: from the top modules (1) to the finest (-1) (1)",
    )
    output.add_argument(
        "--hide-secondary", action="store_true", help="write only the primary nodes of a bipartite network"
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
        help="write a .png, .svg or .pdf file; may be repeated",
    )
    picture.add_argument(
        "--kind",
        default="network",
        metavar="NAME",
        help="network (above 2,000 nodes: the network of modules), hierarchy or codelength (network)",
    )
    picture.add_argument(
        "--level",
        type=int,
        metavar="N",
        help="colour a network by the modules of this level: from the top modules (1) to the finest (-1); by default "
        "the coarsest level at which no module has more than half of the flow",
    )
    picture.add_argument(
        "--modules",
        metavar="PARTITION",
        help="draw the modules of a .clu, .tree, .ftree, .json, .csv or .tsv file, without a search; options that are "
        "not given are those with which they were found, if the file says so",
    )
    picture.add_argument("-q", "--quiet", action="store_true", help="no progress and no summary")


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit code."""
    known = parser()
    options = known.parse_args(arguments)
    options.written = []
    options.parser = known
    with handling_interrupts() as interrupts, warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = partial(_show_note, vars(options))
        try:
            from mapeq._base.jit import say_nothing_of_compiling
            from mapeq.cli import commands

            interrupts.ends_at_once = False
            if getattr(options, "quiet", False):
                say_nothing_of_compiling()
            code: int = getattr(commands, options.command)(options)
            sys.stdout.flush()
            return code
        except KeyboardInterrupt as error:
            return interrupted(options.written, str(error))
        except (MapeqError, ValueError, ImportError) as error:
            return _failed(_from_one(as_typed(error, vars(options))))
        except MemoryError:
            return _failed("not enough memory for this network")
        except BrokenPipeError:
            return _silenced(0)  # the reader of the labels has closed the pipe
        except OSError as error:
            return _silenced(_failed(f"{error.filename or 'standard output'}: {error.strerror}"))
        except Exception:
            if interrupts.count:  # the compiler may replace KeyboardInterrupt by its own error
                return interrupted(options.written)
            raise


def _show_note(options: dict[str, Any], message: Warning | str, *_where: object, **_how: object) -> None:
    """Print a warning on one line of its own."""
    start = "\r\033[K" if sys.stderr is not None and sys.stderr.isatty() else ""  # in the place of a status line
    print(f"{start}mapeq: note: {_from_one(as_typed(message, options))}", file=sys.stderr)


def _from_one(message: str) -> str:
    """Return a message with the positions of columns counted from 1, as they are typed."""
    message = _POSITIONS.sub(lambda found: ", ".join(str(int(n) + 1) for n in found[0].split(", ")), message)
    return _POSITION.sub(lambda found: f"column {int(found[1]) + 1}", message)


def _failed(message: str) -> int:
    print(f"mapeq: {message}", file=sys.stderr)
    return 1


def _silenced(code: int) -> int:
    """Redirect standard output to nowhere, so that Python does not report the broken pipe again at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code
