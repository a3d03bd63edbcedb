"""Draw the pictures of the documentation: ``python examples/pictures.py docs``."""

import argparse
from pathlib import Path

import matplotlib as mpl
import networkx as nx

import mapeq

mpl.use("Agg")
from matplotlib.figure import Figure
from PIL import Image

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("folder", type=Path, nargs="?", default=Path(), help="folder to write to (here)")
folder = parser.parse_args().folder
data = Path(__file__).parent / "data"

emails = mapeq.infomap(data / "email-eu-core.txt.gz", directed=True, num_trials=10)
keys = mapeq.infomap(data / "pgp.txt.gz", num_trials=10)
hierarchy = mapeq.infomap(data / "pgp.txt.gz", num_trials=10, multilevel=True)
signers = "Who signed whose PGP key"
pictures = {
    "communities": (emails, "network", (8, 8), "E-mails at a research institution"),
    "modules-of-pgp": (keys, "network", (8, 8), signers),
    "hierarchy": (hierarchy, "hierarchy", (9, 6), signers),
    "codelength": (hierarchy, "codelength", (9, 4), signers),
}


def save(figure: Figure, file: str) -> Path:
    """Save a figure in 256 colours, which look the same in a third of the bytes."""
    path = folder / f"{file}.png"
    figure.savefig(path, dpi=100)
    with Image.open(path) as image:
        colours = image.convert("RGB")
        small = colours.quantize(method=Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE)
    small.save(path, optimize=True)
    return path


for file, (result, kind, size, name) in pictures.items():
    figure = Figure(figsize=size, layout="constrained")
    result.plot(kind, ax=figure.add_subplot(), name=name)
    print(f"{save(figure, file)}: {result}")

figure = Figure(figsize=(8, 8), layout="constrained")
hierarchy.plot(ax=figure.add_subplot(), name=signers, submodules=True)
print(f"{save(figure, 'submodules')}: {hierarchy}")

ax = emails.plot(size=(8, 8), name="E-mails at a research institution", dark=True)
print(f"{save(ax.figure, 'communities-dark')}: {emails}")

graph = nx.random_geometric_graph(300, 0.1, seed=2)
regions = mapeq.infomap(graph)
figure = Figure(figsize=(7, 7), layout="constrained")
places = nx.get_node_attributes(graph, "pos")
regions.plot(ax=figure.add_subplot(), positions=places, node_sizes=1, node_labels={17: "my node"}, legend=True)
print(f"{save(figure, 'positions')}: {regions}")

profile = mapeq.resolution_profile(nx.les_miserables_graph())
figure = Figure(figsize=(8, 4.5), layout="constrained")
profile.plot(figure.add_subplot(), name="Les Misérables")
figure.savefig(folder / "profile.png", dpi=100)
print(f"{folder / 'profile.png'}: {profile}")
