"""Read damaged files for as long as you like: python tests/fuzz_files.py --minutes 10

Every input must be read, or refused by an error of the library. What ends otherwise, or takes longer than ten seconds,
is kept in the current folder, with the error's name. Inputs are valid files of all formats, with bytes changed, cut
out, doubled or exchanged. Children read them, so that a crash of a library does not end the trial.
"""

import argparse
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path

import numpy as np

import mapeq
from mapeq.io.files.names import with_names
from mapeq.io.files.vectors import read_vectors

TEXTS = {
    "links.txt": "# c\n1 2 0.5\n2 3 1e-3\n3 1 7\n",
    "words.txt": 'ann bob 2\nbob "c d" 1\n"c d" ann 3\n',
    "links.csv": "Source,Target,Type,Weight\nann,bob,Directed,2\nbob,cid,Directed,0.25\n",
    "links.tsv": "from\tto\tscore\nann x\tbob\t1\nbob\tcid\t2\n",
    "links.net": '*Vertices 3\n1 "a" 0.5\n2 "b"\n3 "c"\n*Edges\n1 2 2\n*Arcs\n2 3\n',
    "links.adjlist": "# c\n1 2 3\n2 3\n3\n",
    "links.graph": "% c\n3 2 1\n2 1 3 2\n1 1\n1 2\n",
    "links.lgl": "# a\nb 0.5\nc 1\n# b\nc 2\n",
    "matrix.csv": ",a,b,c\na,0,1,2\nb,1,0,3\nc,2,3,0\n",
    "links.mtx": "%%MatrixMarket matrix coordinate real symmetric\n3 3 2\n2 1 0.5\n3 2 1\n",
    "links.gml": 'graph [\n node [ id 1 label "a" ]\n node [ id 2 ]\n edge [ source 1 target 2 weight 2 ]\n]\n',
    "vectors.csv": "id,x,y\na,0.5,1\nb,1,0\nc,0,2\n",
    "trips.paths": "# c\na b c\nb c a\n",
    "states.net": '*Vertices 2\n1 "a"\n2 "b"\n*States\n4 1 "x"\n5 1\n7 2 "y" 2\n*Arcs\n4 7 2\n7 5\n',
    "layers.net": '*Vertices 2\n1 "a"\n2 "b"\n*Intra\n1 1 2 0.5\n3 1 2\n*Inter\n1 1 3 2\n',
    "multilayer.net": "*Multilayer\n1 1 1 2 0.5\n1 2 3 2\n3 2 3 1\n",
    "contacts.csv": "time,source,target,weight\n2024-05-31T08:00Z,a,b,1\n2024-05-31T20:00Z,b,c,0.5\n",
    "contacts.txt": "# c\n20 a b\n40 b c\n-60.5 a c\n",
    "contacts.tsv": 'date\tfrom\tto\n2024-05-31\ta\t"b"\n2024-06-02 08:20:00.5\tb\tc\n',
    "words.vec": "3 2\na 0.5 1\nb 1 0\nc 0 2\n",
}
READ_AS_VECTORS = {"vectors.csv", "words.vec", "vectors.npy", "vectors.npz", "vectors.parquet"}

#: A network whose modules are read from files called modules, and whose nodes get names from one called names.csv.
LINKS = [("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "e"), ("e", "c")]
NETWORK = mapeq.Network.from_table({"source": [u for u, _ in LINKS], "target": [v for _, v in LINKS]})
STATES = mapeq.Network.from_layers({"work": [(1, "b"), ("b", "c")], "sport": [(1, "b")]})


def samples(folder):
    """Valid files by name, as bytes."""
    found = {name: text.encode() for name, text in TEXTS.items()}
    result = mapeq.evaluate(NETWORK, {"a": (1, 1), "b": (1, 1), "c": (1, 2), "d": (2,), "e": (2,)})
    for name in ("clu", "tree", "ftree", "json", "csv", "tsv"):
        result.write(folder / f"modules.{name}")
    of_states = mapeq.evaluate(STATES, [0, 0, 0, 1, 1])
    for name in ("clu", "tree", "ftree", "json", "csv"):
        of_states.write(folder / f"states-modules.{name}")
    for name in ("clu", "tree"):
        mapeq.evaluate(STATES, [0, 0, 1, 0, 0]).write(folder / f"states-nodes.{name}", physical=True)
    for name in ("graphml", "gexf", "json", "npz", "csv.gz", "txt.bz2", "net.xz", "gml.gz"):
        mapeq.write_network(LINKS, folder / f"written.{name}")
    (folder / "names.csv").write_text("id,name\na,Ann\nb,Bob\nc,Cid\nd,Dan\ne,Eve\n")
    np.save(folder / "vectors.npy", np.arange(12.0).reshape(4, 3))
    np.savez_compressed(folder / "vectors.npz", vectors=np.arange(12.0).reshape(4, 3), labels=np.array(list("abcd")))
    try:
        import pyarrow as arrow
        from pyarrow import feather, parquet
    except ImportError:
        pass
    else:
        links = arrow.table({"source": list("abca"), "target": list("bcad"), "weight": [1.0, 2.0, 3.0, 4.0]})
        parquet.write_table(links, folder / "links.parquet")
        parquet.write_table(arrow.table({"x": [1.0, 2, 3], "y": [3.0, 2, 1]}), folder / "vectors.parquet")
        feather.write_feather(links, str(folder / "links.feather"))
    for path in folder.iterdir():
        found[path.name] = path.read_bytes()
        path.unlink()
    return found


def damaged(data, other, draw):
    """The bytes with some changes."""
    data = bytearray(data)
    for _ in range(draw.choice((1, 1, 2, 3, 8))):
        at = draw.randrange(len(data) + 1)
        to = min(at + draw.choice((1, 1, 2, 5, 40)), len(data))
        kind = draw.randrange(7)
        if kind == 0 and at < len(data):
            data[at] = draw.randrange(256)
        elif kind == 1 and at < len(data):
            data[at] ^= 1 << draw.randrange(8)
        elif kind == 2:
            del data[at:to]
        elif kind == 3:
            data[at:at] = data[at:to]
        elif kind == 4:
            data[at:to] = draw.choice(
                (b"\n", b"\0", b"\xff", b'"', b",", b" ", b"-1", b"1e999", b"99999999999999999999", b"nan")
            )
        elif kind == 5:
            begin = draw.randrange(len(other) + 1)
            data[at:to] = other[begin : begin + draw.choice((1, 4, 30))]
        elif draw.randrange(4) == 0:
            del data[at:]
    return bytes(data)


def read(path):
    """Read a file as what its name says."""
    if path.name in READ_AS_VECTORS:
        read_vectors(path)
    elif path.stem == "modules":
        mapeq.evaluate(NETWORK, path)
    elif path.stem in ("states-modules", "states-nodes"):
        mapeq.evaluate(STATES, path)
    elif path.stem == "contacts":
        is_numbers = path.suffix == ".txt"
        cut = {"num_windows": 3} if len(path.read_bytes()) % 2 else {"window": 30 if is_numbers else "1h"}
        mapeq.read_network(path, **cut, limit=(0, 1))
    elif path.name == "names.csv":
        with_names(NETWORK, path)
    else:
        mapeq.read_network(path)


def child(folder, seed, seconds, counts):
    """Read damaged files; the file at hand and its error stay in the folder."""
    warnings.simplefilter("ignore")
    draw = random.Random(seed)
    files = samples(folder)
    names = sorted(files)
    for name in names:  # as they are, which compiles what reads them
        (folder / name).write_bytes(files[name])
        read(folder / name)
        (folder / name).unlink()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        name = draw.choice(names)
        path = folder / name
        path.write_bytes(damaged(files[name], files[draw.choice(names)], draw))
        signal.alarm(10)
        try:
            read(path)
        except (mapeq.MapeqError, ImportError):
            counts[1] += 1
        except BaseException:
            (folder / "error.txt").write_text(traceback.format_exc())
            os._exit(3)
        finally:
            signal.alarm(0)
        counts[0] += 1
        path.unlink()


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--processes", type=int, default=1)
    options = parser.parse_args()
    print(f"seed {options.seed}")
    end, seed, found = time.monotonic() + 60 * options.minutes, options.seed * 1000, Counter()
    total = [0, 0]
    running = []
    context = multiprocessing.get_context("fork")
    while running or time.monotonic() < end:
        while len(running) < options.processes and time.monotonic() < end:
            folder = Path(tempfile.mkdtemp(dir="/dev/shm" if os.path.isdir("/dev/shm") else None))
            counts = context.Array("q", 2)
            process = context.Process(target=child, args=(folder, seed, min(60, end - time.monotonic()), counts))
            process.start()
            running.append((process, folder, counts))
            seed += 1
        for one in [one for one in running if not one[0].is_alive()]:
            process, folder, counts = one
            running.remove(one)
            total = [count + more for count, more in zip(total, counts, strict=True)]
            if process.exitcode:
                error = folder / "error.txt"
                why = error.read_text().splitlines()[-1][:60] if error.exists() else f"exit code {process.exitcode}"
                found[why] += 1
                for path in folder.iterdir():
                    kept = f"fuzz-{sum(found.values())}-{path.name}"
                    if found[why] <= 3:
                        shutil.copy(path, kept)
                        print(f"{kept}: {why}", flush=True)
            shutil.rmtree(folder)
        time.sleep(0.05)
    print(f"{total[0]:,} inputs, {total[1]:,} refused, {sum(found.values())} findings")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
