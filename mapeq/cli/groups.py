"""Groups of arguments that several commands share."""

from __future__ import annotations

import argparse
from dataclasses import Field
from typing import Any

from mapeq._base.options import stated_options
from mapeq.cli.arguments import column, distances, inches, markov_time
from mapeq.objective.options import ObjectiveOptions
from mapeq.walk.options import WalkOptions

#: The options of the walk and of the objective that a search for clusters of vectors takes; a network takes all.
OF_VECTORS = (
    *("variable_markov_time", "variable_markov_damping", "variable_markov_min_scale", "regularization"),
    *("entropy_correction", "preferred_number_of_modules"),
)


def add_network_arguments(command: argparse.ArgumentParser, **more: str) -> None:
    """Add the network, further arguments with what they mean, and the options of reading the network."""
    command.add_argument(
        "file",
        metavar="FILE",
        help="link list, table, matrix, paths, Pajek, GraphML, GEXF, GML, JSON, .adjlist, .mtx, .npz, METIS .graph, "
        ".lgl, .parquet or .arrow file, plain or .gz, .bz2, .xz, .zst or .zip; .mapeq folder; or - for standard input",
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
        help="links, csv, tsv, matrix, pajek, graphml, gexf, gml, json, adjlist, mtx, npz, metis, lgl, paths, "
        "parquet, arrow or mapeq (by the content and the suffix of FILE)",
    )
    network.add_argument(
        "--order",
        type=int,
        metavar="N",
        help="FILE has a path per line, and the walk remembers its last N places (2 for .paths files)",
    )
    network.add_argument(
        "--relax-rate",
        "--multilayer-relax-rate",
        type=float,
        default=0.15,
        metavar="R",
        help="with --window or *Intra, the probability that the walk forgets its layer before a step (0.15)",
    )
    relax = network.add_mutually_exclusive_group()
    relax.add_argument(
        "--relax",
        metavar="HOW",
        help="how it then goes on: neighbors, jsd, jsd-infomap or self (neighbors; with --window jsd)",
    )
    relax.add_argument(
        "--multilayer-relax-to-self", action="store_const", const="self", dest="relax", help="the same as --relax self"
    )
    relax.add_argument(
        "--multilayer-relax-by-jsd",
        action="store_const",
        const="jsd-infomap",
        dest="relax",
        help="the same as --relax jsd-infomap",
    )
    network.add_argument(
        "--relax-limit",
        "--multilayer-relax-limit",
        type=distances,
        metavar="N",
        help="only to layers at most N away, in their order; 0:1 at most 0 before and 1 after, 0: any after (any)",
    )
    network.add_argument(
        "--window",
        metavar="LENGTH",
        help="links have times, and those in each window are a layer: 3600 for times that are numbers, for dates "
        "20min, 1h, 1D or 1W",
    )
    network.add_argument("--num-windows", type=int, metavar="N", help="instead of --window, N windows of equal length")
    network.add_argument(
        "--origin",
        metavar="TIME",
        help="with --window, where a window begins: a number or a date (0, or the midnight before the first contact)",
    )
    network.add_argument(
        "--time", type=column, metavar="COLUMN", help="column of the times: its name, or its number from 1 (time)"
    )
    network.add_argument(
        "--encoding", metavar="NAME", help="encoding of the text in FILE, such as utf-16 or cp1252 (utf-8)"
    )
    network.add_argument("--comment", metavar="PREFIX", help="what comments in FILE begin with, or none (#, %% or //)")
    network.add_argument("--no-self-links", action="store_true", help="ignore links from a node to itself")


def add_walk_arguments(command: argparse.ArgumentParser, *, fitted: bool = True, without: tuple[str, ...] = ()) -> None:
    """Add the options of the walk but those named; with `fitted`, the Markov time may be "auto"."""
    walk = command.add_argument_group("random walk")
    for option in stated_options(WalkOptions):
        if option.name in without:
            continue
        if option.name == "markov_time" and fitted:
            add_markov_time(walk)
        else:
            _add_stated_argument(walk, option)
    of_objective = [option for option in stated_options(ObjectiveOptions) if option.name not in without]
    if not of_objective:
        return
    objective = command.add_argument_group("objective")
    objective.add_argument(
        "--metadata",
        "--meta-data",
        metavar="TABLE",
        help="file with the category of each node, such as the department of a person, in the columns node and "
        "category; modules that mix categories take more bits",
    )
    objective.add_argument(
        "--metadata-column",
        type=column,
        metavar="COLUMN",
        help="column of the categories, if there are others: its name, or its number from 1",
    )
    for option in of_objective:
        _add_stated_argument(objective, option)


def add_options_of_vectors(search: argparse._ArgumentGroup) -> None:
    """Add the options of the walk and of the objective that a search for clusters of vectors takes."""
    add_markov_time(search, default="auto")
    for option in stated_options(WalkOptions) + stated_options(ObjectiveOptions):
        if option.name in OF_VECTORS:
            _add_stated_argument(search, option)


def add_min_module_size(search: argparse._ArgumentGroup) -> None:
    """Add the least size of modules."""
    search.add_argument(
        "--min-module-size",
        type=int,
        default=1,
        metavar="N",
        help="dissolve modules of fewer than N nodes where that costs the fewest bits (1)",
    )


def _add_stated_argument(group: argparse._ArgumentGroup, option: Field[Any], **changes: Any) -> None:
    """Add an option as declared by :func:`mapeq._base.options.option`, with `changes` to the arguments.

    Without a default: who does not give the option may mean that with which a partition was found.
    """
    declared = option.metadata
    arguments: dict[str, Any] = {"help": declared["help"]}
    if isinstance(option.default, bool):
        arguments |= {"action": "store_const", "const": True}
    else:
        arguments |= {"metavar": declared["metavar"], "type": declared["kind"]}
    group.add_argument(*declared["flags"], **arguments | changes)
    for flag, value in declared["constants"].items():
        group.add_argument(flag, dest=option.name, action="store_const", const=value, help=argparse.SUPPRESS)


def add_neighbor_arguments(command: argparse.ArgumentParser) -> None:
    """Add the vectors and the options of their neighbours."""
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


def add_levels(command: argparse.ArgumentParser, *two_level: str) -> argparse._ArgumentGroup:
    """Add the group of the search, and whether it has levels; those given are the flags of a two-level search."""
    search = command.add_argument_group("search")
    levels = search.add_mutually_exclusive_group()
    levels.add_argument(*two_level, action="store_true", help="find a two-level partition (the default)")
    levels.add_argument(
        "--multilevel", action="store_true", help="find the hierarchy that describes the walk in the fewest bits"
    )
    return search


def add_search_arguments(command: argparse.ArgumentParser, *two_level: str) -> argparse._ArgumentGroup:
    """Add the options of the search; those given are the flags of a two-level search."""
    search = add_levels(command, *two_level)
    add_trial_arguments(search)
    search.add_argument(
        "--time-limit",
        type=float,
        metavar="S",
        help="stop the search after S seconds and return the best result so far",
    )
    return search


def add_trial_arguments(
    search: argparse._ArgumentGroup, trials: str = "independent trials, which are recombined", number: int = 1
) -> None:
    """Add the options of the trials, with what they are and how many by default."""
    search.add_argument(
        "-N",
        "--num-trials",
        type=int,
        default=number,
        metavar="N",
        help=f"number of {trials} ({number})",
    )
    search.add_argument(
        "-s", "--seed", type=int, default=0, metavar="N", help="random seed; the same seed gives the same result (0)"
    )
    search.add_argument("--num-threads", type=int, metavar="N", help="number of threads (the number of processors)")


def add_markov_time(search: argparse._ArgumentGroup, default: str | None = None) -> None:
    """Add the Markov time, which may be "auto"."""
    option = next(option for option in stated_options(WalkOptions) if option.name == "markov_time")
    help = (
        "steps of the walk per step of the description: above 1 larger modules, below 1 smaller ones; auto raises it "
        f"while modules have no boundaries of their own ({default or 1.0})"
    )
    _add_stated_argument(search, option, type=markov_time, default=default, help=help)


def add_output_arguments(command: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """Add the outputs of the modules."""
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
    add_module_table(output)
    output.add_argument(
        "--hide-secondary", action="store_true", help="write only the primary nodes of a bipartite network"
    )
    output.add_argument(
        "--strength",
        action="store_true",
        help="columns of .csv, .tsv and .parquet files for how strongly each node belongs to its module, the next best "
        "module and the bits that it would cost",
    )
    output.add_argument("-q", "--quiet", action="store_true", help="no progress and no summary")
    return output


def add_module_table(arguments: argparse._ActionsContainer) -> None:
    """Add the option of a table of the modules."""
    arguments.add_argument(
        "--module-table",
        metavar="TABLE",
        help="write a row for each module: size, rates, codelength, most visited nodes; a .csv, .tsv, .json or "
        ".parquet file",
    )


def add_looks(picture: argparse._ArgumentGroup, usual_size: str, usual_title: str | None) -> None:
    """Add the options that pictures of all commands have, given their usual size, and what titles usually say."""
    picture.add_argument(
        "--size", type=inches, metavar="WxH", help=f"width and height in inches, such as 6x4 ({usual_size})"
    )
    picture.add_argument("--dpi", type=float, metavar="N", help="pixels per inch of .png files (100)")
    title = picture.add_mutually_exclusive_group()
    by_default = "by default " + ("none" if usual_title is None else usual_title)
    title.add_argument("--title", default=True, metavar="TEXT", help=f"the title; {by_default}")
    if usual_title is not None:
        title.add_argument("--no-title", dest="title", action="store_false", help="no title")
    picture.add_argument("--dark", action="store_true", help="draw on a dark background")


def add_picture_arguments(command: argparse.ArgumentParser) -> None:
    """Add the options of a picture."""
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
        help="network (above 2,000 nodes: the network of modules; layers side by side), overlap (nodes as pies of "
        "their shares in modules), layers (nodes by layers), alluvial (layers as columns of modules), "
        "hierarchy or codelength (network)",
    )
    picture.add_argument(
        "--level",
        type=int,
        metavar="N",
        help="colour a network or layers by the modules of this level: from the top modules (1) to the finest (-1); by "
        "default the coarsest level at which no module has more than half of the flow",
    )
    picture.add_argument(
        "--modules",
        metavar="PARTITION",
        help="draw the modules of a .clu, .tree, .ftree, .json, .csv or .tsv file, without a search; options that are "
        "not given are those with which they were found, if the file says so",
    )
    add_looks(picture, "8x8 for a network", "the file and the codelength")
    picture.add_argument(
        "--module-numbers", action="store_true", help="label discs of modules by their numbers, from 1 by flow"
    )
    picture.add_argument(
        "--legend", action="store_true", help="list the largest modules: colour, number, most visited node, size"
    )
    picture.add_argument("--arrows", action="store_true", help="draw the links of a directed network as arrows")
    picture.add_argument(
        "--rasterized",
        action="store_true",
        help="draw links as pixels in .svg and .pdf files, too, to make them smaller",
    )
    picture.add_argument(
        "--submodules",
        action="store_true",
        help="draw the modules of the next level as discs in those of their modules",
    )
    picture.add_argument("-q", "--quiet", action="store_true", help="no progress and no summary")
