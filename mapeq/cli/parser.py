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
from functools import partial
from typing import Any

from mapeq import __version__
from mapeq._base.errors import MapeqError, as_typed
from mapeq.cli.arguments import Parser
from mapeq.cli.groups import (
    add_levels,
    add_looks,
    add_min_module_size,
    add_module_table,
    add_neighbor_arguments,
    add_network_arguments,
    add_options_of_vectors,
    add_output_arguments,
    add_picture_arguments,
    add_search_arguments,
    add_trial_arguments,
    add_walk_arguments,
)
from mapeq.cli.interrupts import handling_interrupts, interrupted

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
    add_network_arguments(info)
    info.add_argument("--json", action="store_true", help="print JSON, for programs")

    convert = _add_command(
        commands,
        "convert",
        "write a network in another format",
        "Write a network in another format. A note says what is lost.",
        example="mapeq convert links.csv.gz network.graphml",
    )
    add_network_arguments(
        convert,
        OUTPUT=".txt (links), .csv, .tsv, .net (Pajek), .graphml, .gexf, .gml, .json, .adjlist, .mtx, .npz, .graph "
        "(METIS), .lgl, .parquet or .arrow file, text also .gz, .bz2 or .xz; a .mapeq folder, which is mapped and not "
        "read; or - for standard output",
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
    add_network_arguments(cluster)
    add_walk_arguments(cluster)
    search = add_search_arguments(cluster, "-2", "--two-level")
    add_min_module_size(search)
    search.add_argument(
        "-c", "--initial-partition", metavar="PARTITION", help="start from a .clu, .tree, .json, .csv or .tsv"
    )
    add_output_arguments(cluster).add_argument(
        "--physical",
        action="store_true",
        help="rows of .clu, .tree and .ftree files of a state network are physical nodes, for all states in a module",
    )

    embeddings = _add_command(
        commands,
        "embeddings",
        "find the clusters of vectors",
        "Link vectors to their nearest neighbours and find the communities of that network. Without -o, "
        "a line 'label<TAB>module' per vector is written to standard output; without labels, vectors are named by row, "
        "from 0.",
        example="mapeq embeddings glove.txt.gz -k 40 --min-similarity 0.5 -o clusters.csv",
    )
    add_neighbor_arguments(embeddings)
    add_options_of_vectors(add_search_arguments(embeddings, "--two-level"))
    add_output_arguments(embeddings).add_argument(
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
    add_network_arguments(
        evaluate,
        PARTITION=".clu, .tree, .ftree, .json, .csv or .tsv file with the node names of FILE, or - for standard input",
    )
    add_walk_arguments(evaluate, fitted=False)
    add_module_table(evaluate.add_argument_group("output"))

    _add_compare_command(commands)

    plot = _add_command(
        commands,
        "plot",
        "draw the communities of a network",
        "Draw the communities of a network: found by a search, or given with --modules.",
        example="mapeq plot links.txt.gz --directed -N 5 -o network.png",
    )
    add_network_arguments(plot)
    add_walk_arguments(plot)
    add_min_module_size(add_search_arguments(plot, "-2", "--two-level"))
    add_picture_arguments(plot)

    _add_profile_command(commands)
    _add_stability_command(commands)

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


def _add_compare_command(commands: Any) -> None:
    command = _add_command(
        commands,
        "compare",
        "compare partitions: how well they agree, and what moved where",
        "Compare partitions, each with the next one: how well they agree, which modules match, and what moved where. "
        "Draws them as an alluvial diagram.",
        example="mapeq compare before.tree after.tree -o change.png",
    )
    command.add_argument(
        "partitions",
        nargs="+",
        metavar="PARTITION",
        help="two or more .clu, .tree, .ftree, .json, .csv or .tsv files of the same nodes, or - for standard input",
    )
    compared = command.add_argument_group("comparison")
    compared.add_argument(
        "--network",
        metavar="FILE",
        help="network that gives nodes their flow, and the flow divergence; by default nodes have the flow that the "
        "first file says, or weigh the same",
    )
    compared.add_argument(
        "-d", "--directed", action="store_true", help="links of the network lead from the first to the second node"
    )
    compared.add_argument("--common", action="store_true", help="compare the nodes that two partitions share")
    compared.add_argument(
        "--level",
        type=int,
        default=1,
        metavar="N",
        help="level of the modules: from the top modules (1) to the finest (-1) (1)",
    )
    output = command.add_argument_group("output")
    output.add_argument("--json", action="store_true", help="print JSON, for programs")
    output.add_argument(
        "-o",
        "--output",
        action="append",
        default=[],
        metavar="OUT",
        help="write the diagram as a .png, .svg or .pdf file; may be repeated",
    )
    output.add_argument("-q", "--quiet", action="store_true", help="no table")
    add_looks(command.add_argument_group("picture"), "9x6.5, wider for many partitions", None)


def _add_profile_command(commands: Any) -> None:
    command = _add_command(
        commands,
        "profile",
        "find the communities at many Markov times, and which of them last",
        "Find the communities at many Markov times, and the ranges of times at which they stay the same: plateaus. "
        "Prints a table with a line per time.",
        example="mapeq profile links.txt.gz --directed -o profile.csv -o profile.png",
    )
    add_network_arguments(command)
    add_walk_arguments(command, without=("markov_time", "entropy_correction", "preferred_number_of_modules"))
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
    add_trial_arguments(search)
    output = command.add_argument_group("output")
    output.add_argument(
        "-o",
        "--output",
        action="append",
        default=[],
        metavar="OUT",
        help="write a .csv, .tsv, .json, .parquet, .png, .svg or .pdf file; may be repeated",
    )
    output.add_argument("-q", "--quiet", action="store_true", help="no progress and no table")
    add_looks(command.add_argument_group("picture"), "9x5", "the file and the number of plateaus")


def _add_stability_command(commands: Any) -> None:
    command = _add_command(
        commands,
        "stability",
        "measure how often modules come back",
        "Measure how often the modules of a network come back: over trials, and with --resample over networks that "
        "other data might have given. Prints a table with a line per module.",
        example="mapeq stability links.txt.gz --resample links -o stability.csv -o stability.png",
    )
    add_network_arguments(command)
    add_walk_arguments(command, fitted=False)
    measured = command.add_argument_group("stability")
    measured.add_argument(
        "--resample",
        metavar="WHAT",
        help="links: networks whose weights, if they are counts, are drawn anew, else without some of the links; "
        "nodes: networks without some of the nodes (none)",
    )
    measured.add_argument(
        "--fraction", type=float, metavar="F", help="fraction of links or nodes that each such network lacks (0.3)"
    )
    measured.add_argument(
        "--num-resamples", type=int, metavar="N", help="number of such networks (the number of trials)"
    )
    measured.add_argument(
        "--confidence",
        type=float,
        default=0.95,
        metavar="P",
        help="core nodes are in their module in at least this fraction of the partitions (0.95)",
    )
    measured.add_argument(
        "--level", type=int, default=1, metavar="N", help="compare the top modules (1) or the finest (-1) (1)"
    )
    search = add_levels(command, "-2", "--two-level")
    add_trial_arguments(search, "independent trials, which are compared", 20)
    add_min_module_size(search)
    output = command.add_argument_group("output")
    output.add_argument(
        "-o",
        "--output",
        action="append",
        default=[],
        metavar="OUT",
        help="write a .csv, .tsv, .json, .parquet, .png, .svg or .pdf file; may be repeated",
    )
    output.add_argument("-q", "--quiet", action="store_true", help="no progress and no table")
    add_looks(command.add_argument_group("picture"), "8x5", "the file and the numbers of modules and core nodes")


def _add_command(commands: Any, name: str, help: str, description: str, example: str) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(
        name,
        help=help,
        description=textwrap.fill(description, _WIDTH),
        epilog=f"example: {example}\n{_DOCUMENTATION}",
        formatter_class=argparse.RawDescriptionHelpFormatter,  # keeps the example on a line of its own
    )
    return command


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
            from mapeq.cli.commands import COMMANDS

            interrupts.ends_at_once = False
            if getattr(options, "quiet", False):
                say_nothing_of_compiling()
            code: int = COMMANDS[options.command](options)
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
