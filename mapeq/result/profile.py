"""The modules of a network over Markov times, and the ranges of times at which they stay the same."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray, IntArray, index_dtype, read_only
from mapeq._base.errors import counted, is_number, option_error
from mapeq.network.network import Network
from mapeq.optimizer.sweeps import Swept
from mapeq.result.agreement import adjusted_mutual_information
from mapeq.result.assembly import make_result
from mapeq.result.result import Result
from mapeq.walk.flow import Flow
from mapeq.walk.rescaling import at_markov_time

if TYPE_CHECKING:
    import matplotlib.axes
    import pandas

#: Partitions agree if their adjusted mutual information is at least this.
AGREEMENT = 0.95

#: A plateau has at least so many times.
MIN_TIMES = 3


class Plateau(NamedTuple):
    """A range of neighbouring Markov times whose partitions agree, each with each.

    Examples
    --------
    >>> import mapeq, networkx as nx
    >>> plateau = mapeq.resolution_profile(nx.ring_of_cliques(8, 6)).plateaus[0]
    >>> plateau.num_modules, plateau.shortest < 1 < plateau.longest
    (8, True)
    """

    shortest: float  #: the first Markov time
    longest: float  #: the last Markov time
    markov_time: float  #: the time in the middle, on a logarithmic scale
    num_modules: int  #: number of modules at the time in the middle
    agreement: float  #: least adjusted mutual information of any two partitions in the range
    positions: tuple[int, int]  #: positions of the first and the last time


@dataclass(frozen=True, eq=False, repr=False)
class ResolutionProfile:
    """The partitions of a network at increasing Markov times. Immutable; see :func:`mapeq.resolution_profile`.

    Attributes
    ----------
    markov_times : float64 array of shape (k,)
        In increasing order.
    codelengths : float64 array of shape (k,)
        Of the partitions, in bits per step. They never decrease, and do not tell which time is best.
    num_modules : int64 array of shape (k,)
        Numbers of modules.
    threshold : float
        Partitions agree if their adjusted mutual information is at least this.
    network : Network
        The network that was searched.
    seed : int
        Random seed that reproduces this profile.
    options : dict
        All options of the search and the walk, by name; without the Markov time.

    Examples
    --------
    >>> import mapeq, networkx as nx
    >>> profile = mapeq.resolution_profile(nx.karate_club_graph(), [0.5, 1, 2, 4])
    >>> profile.num_modules
    array([16,  3,  2,  1])
    >>> profile.at(2)
    <mapeq.Result: 2 modules of 34 nodes, 4.5... bits per step, ...% saved>
    """

    markov_times: FloatArray
    codelengths: FloatArray
    num_modules: NDArray[np.int64]
    threshold: float
    network: Network
    seed: int
    options: dict[str, Any]
    _partitions: Sequence[Swept]
    _flow: Flow

    def __getstate__(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}  # cached properties are left out

    @cached_property
    def agreement(self) -> FloatArray:
        """Adjusted mutual information of each partition and the next: float64 array of shape (k - 1,).

        1 where both are the same, about 0 where they agree no more than by chance (Vinh, Epps & Bailey 2010).

        Examples
        --------
        >>> import mapeq, networkx as nx
        >>> mapeq.resolution_profile(nx.ring_of_cliques(8, 6), [1, 1.2, 1.4]).agreement
        array([1., 1.])
        """
        pairs = range(len(self.markov_times) - 1)
        return read_only(np.array([self._agreement_of(position, position + 1) for position in pairs], dtype=np.float64))

    @cached_property
    def plateaus(self) -> tuple[Plateau, ...]:
        """The plateaus, by Markov time: the longest range of times whose partitions all agree, then the next, ...

        A plateau has at least three times. One module with all nodes, and one for each node, are no plateaus.
        """
        found: list[tuple[int, int]] = []
        free = (self.num_modules > 1) & (self.num_modules < self.network.num_nodes)
        while (longest := self._longest_range(free)) is not None:
            found.append(longest)
            free[longest[0] : longest[1] + 1] = False
        return tuple(self._plateau(*positions) for positions in sorted(found))

    @cached_property
    def results(self) -> tuple[Result, ...]:
        """The result at each time, made when it is first asked for.

        Examples
        --------
        >>> import mapeq, networkx as nx
        >>> results = mapeq.resolution_profile(nx.karate_club_graph(), [1, 2]).results
        >>> [result.num_modules for result in results]
        [3, 2]
        """
        return tuple(self._result(position) for position in range(len(self.markov_times)))

    def at(self, markov_time: float) -> Result:
        """Return the result at the Markov time that is nearest to a given one, on a logarithmic scale.

        Parameters
        ----------
        markov_time : float above 0

        Returns
        -------
        Result
            ``result.options["markov_time"]`` is its Markov time.

        Raises
        ------
        ValueError
            If the time is not a number above 0.

        Examples
        --------
        >>> import mapeq, networkx as nx
        >>> profile = mapeq.resolution_profile(nx.karate_club_graph(), [0.5, 1, 2])
        >>> profile.at(1.9).options["markov_time"]
        2.0
        """
        if not (is_number(markov_time) and 0 < markov_time < np.inf):
            raise option_error("markov_time", markov_time, "a number above 0")
        return self._result(int(np.argmin(np.abs(np.log(self.markov_times / markov_time)))))

    def _result(self, position: int) -> Result:
        partition, time = self._partitions[position], float(self.markov_times[position])
        return make_result(
            self.network,
            at_markov_time(self._flow, time),
            partition.hierarchy,
            trials=partition.trials,
            seed=self.seed,
            options=self.options | {"markov_time": time},
        )

    @cached_property
    def _labels(self) -> list[IntArray]:
        """The module of each node at each time; equal partitions are the same array."""
        seen: dict[bytes, IntArray] = {}
        found = []
        for partition in self._partitions:
            _, first, numbers = np.unique(partition.hierarchy.module_of, return_index=True, return_inverse=True)
            rank = np.empty(len(first), dtype=index_dtype(len(numbers)))
            rank[np.argsort(first)] = np.arange(len(first))
            labels = rank[numbers]
            found.append(seen.setdefault(labels.tobytes(), labels))
        return found

    @cached_property
    def _known(self) -> dict[tuple[int, int], float]:
        return {}

    def _agreement_of(self, first: int, second: int) -> float:
        one, other = self._labels[first], self._labels[second]
        if one is other:
            return 1.0
        pair = (id(one), id(other))
        if pair not in self._known:
            self._known[pair] = adjusted_mutual_information(one, other)
        return self._known[pair]

    def _longest_range(self, free: NDArray[np.bool_]) -> tuple[int, int] | None:
        """Return the longest range of free times whose partitions agree, each with each, if there is one."""
        best: tuple[float, int, int] | None = None
        first = 0
        for last in range(len(free)):
            if not free[last]:
                first = last + 1
                continue
            apart = (other for other in range(last - 1, first - 1, -1) if not self._agree(other, last))
            first = next(apart, first - 1) + 1
            length = float(np.log(self.markov_times[last] / self.markov_times[first]))
            if last - first + 1 >= MIN_TIMES and (best is None or length > best[0] * (1 + 1e-9)):
                best = length, first, last
        return None if best is None else best[1:]

    def _agree(self, first: int, second: int) -> bool:
        return self._agreement_of(first, second) >= self.threshold

    def _plateau(self, first: int, last: int) -> Plateau:
        shortest, longest = float(self.markov_times[first]), float(self.markov_times[last])
        inside = self.markov_times[first : last + 1]
        middle = first + int(np.argmin(np.abs(np.log(inside / np.sqrt(shortest * longest)))))
        pairs = [(one, other) for other in range(first, last + 1) for one in range(first, other)]
        least = min(self._agreement_of(*pair) for pair in pairs)
        time, number = float(self.markov_times[middle]), int(self.num_modules[middle])
        return Plateau(shortest, longest, time, number, least, (first, last))

    def columns(self) -> dict[str, list[Any]]:
        """Return the columns of tables as lists of plain Python values.

        Returns
        -------
        dict
            ``markov_time``, ``num_modules``, ``codelength``, ``agreement`` with the next time (None at the last one),
            and ``plateau``: its number, from 1, or None.

        Examples
        --------
        >>> import mapeq, networkx as nx
        >>> mapeq.resolution_profile(nx.ring_of_cliques(8, 6), [1, 1.5, 2]).columns()["plateau"]
        [1, 1, 1]
        """
        plateau: list[int | None] = [None] * len(self.markov_times)
        for number, found in enumerate(self.plateaus, 1):
            first, last = found.positions
            plateau[first : last + 1] = [number] * (last + 1 - first)
        return {
            "markov_time": self.markov_times.tolist(),
            "num_modules": self.num_modules.tolist(),
            "codelength": self.codelengths.tolist(),
            "agreement": [*self.agreement.tolist(), None],
            "plateau": plateau,
        }

    def to_dataframe(self) -> pandas.DataFrame:
        """Return a pandas DataFrame with one row per Markov time (extra ``pandas``).

        Returns
        -------
        pandas.DataFrame
            Columns as in :meth:`columns`; ``plateau`` is of the nullable type ``Int64``.

        Raises
        ------
        ImportError
            If pandas is not installed.

        Examples
        --------
        >>> import mapeq, networkx as nx
        >>> mapeq.resolution_profile(nx.karate_club_graph(), [1, 2]).to_dataframe()["num_modules"].tolist()
        [3, 2]
        """
        from mapeq._base.optional import require

        table = require("pandas", extra="pandas").DataFrame(self.columns())
        return table.astype({"agreement": "float64", "plateau": "Int64"})

    def summary(self) -> dict[str, Any]:
        """Return everything but the partitions as plain Python values that JSON can hold.

        Returns
        -------
        dict
            Counts and options, the list ``plateaus`` and the list ``times``, with one dict each.

        Examples
        --------
        >>> import mapeq, networkx as nx
        >>> summary = mapeq.resolution_profile(nx.karate_club_graph(), [1, 2]).summary()
        >>> summary["num_nodes"], summary["times"][1]["num_modules"]
        (34, 2)
        """
        columns = self.columns()
        return {
            "num_nodes": self.network.num_nodes,
            "num_links": self.network.num_links,
            "directed": self.network.directed,
            "threshold": self.threshold,
            "seed": self.seed,
            "options": dict(self.options),
            "plateaus": [plateau._asdict() | {"positions": list(plateau.positions)} for plateau in self.plateaus],
            "times": [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)],
        }

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the profile to a file. On failure, an existing file stays as it was.

        Parameters
        ----------
        path : str or path
            The suffix selects the format: .csv, .tsv and .parquet (extra ``parquet``) hold the columns of
            :meth:`columns`, .json the :meth:`summary`; .png, .svg and .pdf are pictures (extra ``plot``).

        Raises
        ------
        ValueError
            If the suffix is none of these.
        FormatError
            If the file cannot be written.
        ImportError
            If matplotlib is not installed, for pictures, or pyarrow, for Parquet.

        Examples
        --------
        >>> import mapeq, networkx as nx, pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "profile.csv")
        ...     mapeq.resolution_profile(nx.karate_club_graph(), [1, 2]).write(path)
        ...     print(path.read_text().splitlines()[0])
        markov_time,num_modules,codelength,agreement,plateau
        """
        from mapeq.pictures.profile import write_profile

        write_profile(self, path)

    def plot(self, ax: matplotlib.axes.Axes | None = None, name: str | None = None) -> matplotlib.axes.Axes:
        """Draw the number of modules and the agreement over Markov times, with the plateaus marked (extra ``plot``).

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Axes to draw on; by default those of a new figure.
        name : str, optional
            First part of the title.

        Returns
        -------
        matplotlib Axes

        Raises
        ------
        ImportError
            If matplotlib is not installed.

        Examples
        --------
        >>> import matplotlib, mapeq, networkx as nx
        >>> matplotlib.use("agg")
        >>> mapeq.resolution_profile(nx.karate_club_graph(), [1, 2]).plot(name="karate").get_xlabel()
        'Markov time'
        """
        from mapeq.pictures.profile import plot_profile
        from mapeq.pictures.style import Style

        return plot_profile(self, ax, Style(name))

    def _described(self) -> str:
        most, least = int(self.num_modules[0]), int(self.num_modules[-1])
        return (
            f"{counted(len(self.markov_times), 'Markov time')} from {self.markov_times[0]:.3g} to "
            f"{self.markov_times[-1]:.3g}, {most:,} to {counted(least, 'module')} of "
            f"{counted(self.network.num_nodes, 'node')}, {counted(len(self.plateaus), 'plateau')}"
        )

    def __repr__(self) -> str:
        return f"<mapeq.ResolutionProfile: {self._described()}>"

    def _rows(self) -> list[list[str]]:
        return [
            [
                f"{time:.3f}",
                f"{number:,}",
                f"{codelength:.4f}",
                "" if agreement is None else f"{agreement:.3f}",
                "" if plateau is None else str(plateau),
            ]
            for time, number, codelength, agreement, plateau in zip(*self.columns().values(), strict=True)
        ]

    def describe_plateaus(self) -> list[str]:
        """Return a line of text for each plateau.

        Examples
        --------
        >>> import mapeq, networkx as nx
        >>> mapeq.resolution_profile(nx.ring_of_cliques(8, 6), [1, 1.5, 2]).describe_plateaus()
        ['plateau 1: 8 modules from Markov time 1 to 2 (agreement at least 1.000)']
        """
        return [
            f"plateau {number}: {counted(found.num_modules, 'module')} from Markov time {found.shortest:.3g} to "
            f"{found.longest:.3g} (agreement at least {found.agreement:.3f})"
            for number, found in enumerate(self.plateaus, 1)
        ]

    def __str__(self) -> str:
        header = ["Markov time", "modules", "bits per step", "agreement", "plateau"]
        lines = [header, *self._rows()]
        widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
        table = ("  ".join(f"{cell:>{width}}" for cell, width in zip(line, widths, strict=True)) for line in lines)
        return "\n".join([*(line.rstrip() for line in table), *self.describe_plateaus()])

    def _repr_html_(self) -> str:
        names = ("Markov time", "modules", "bits per step", "agreement with the next", "plateau")
        head = "".join(f"<th>{name}</th>" for name in names)
        rows = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in self._rows())
        return f"<p>{escape(self._described())}</p><table><tr>{head}</tr>{rows}</table>"


def profile_of(
    network: Network,
    flow: Flow,
    times: FloatArray,
    partitions: Sequence[Swept],
    *,
    threshold: float,
    seed: int,
    options: dict[str, Any],
) -> ResolutionProfile:
    """Build the profile from what a sweep found; see :class:`ResolutionProfile`."""
    return ResolutionProfile(
        markov_times=read_only(times),
        codelengths=read_only(np.array([partition.codelength for partition in partitions])),
        num_modules=read_only(np.array([len(partition.hierarchy.parent) - 1 for partition in partitions])),
        threshold=threshold,
        network=network,
        seed=seed,
        options=options,
        _partitions=tuple(partitions),
        _flow=flow,
    )
