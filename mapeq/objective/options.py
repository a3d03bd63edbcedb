"""The options of the objective, each stated once: its default, its range, and what people are told about it.

This module imports nothing heavy, so that ``mapeq --help`` answers at once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from mapeq._base.errors import is_flag, is_number, is_whole, option_error
from mapeq._base.options import Options, option


@dataclass(frozen=True)
class ObjectiveOptions(Options):
    """What is minimised beside the description of the walk; see :func:`mapeq.infomap` for each option.

    Raises
    ------
    ValueError
        If an option is out of range; names the option, the value and the allowed values.
    """

    entropy_correction: float = option(
        0.0,
        "--entropy-correction --entropy-correction-strength",
        "C",
        "strength of the correction for the bias of entropies in sparse data, 1 for the estimate (0: none); "
        "--entropy-corrected is --entropy-correction 1",
        """entropy_correction : float, 0 or more
        Strength of the Miller-Madow correction: entropies of few observations are too small, by about the same number
        of bits for each code word. 1 adds the estimate of it, so that fewer modules pay in sparse data; 0 adds
        nothing.""",
        entropy_corrected=1.0,
    )
    preferred_number_of_modules: int | None = option(
        None,
        "--preferred-number-of-modules",
        "N",
        "number of top modules to search for: each more or less costs one bit (any number)",
        """preferred_number_of_modules : int from 1 to the number of nodes, optional
        Number of top modules to search for: each more or less costs one bit. The search merges and splits modules to
        reach it, unless a partition with another number takes fewer bits with this price.
        ``result.preference_cost`` is the number of bits by which it lengthens the description.""",
        kind=int,
    )

    metadata_rate: float = option(
        1.0,
        "--metadata-rate --meta-data-rate",
        "R",
        "with --metadata, how often a category is described per step of the walk (1)",
        """metadata_rate : float, 0 or more
        With metadata, how often the category of the node is described per step of the walk: the larger, the less
        modules mix categories. 0 leaves the modules as they are without metadata.""",
    )
    metadata_unweighted: bool = option(
        False,
        "--metadata-unweighted --meta-data-unweighted",
        None,
        "with --metadata, all nodes count alike, not by visit rate",
        """metadata_unweighted : bool
        Whether the categories of all nodes count alike, as 1/n each, instead of by visit rate.""",
    )

    def __post_init__(self) -> None:
        strength, number, rate = self.entropy_correction, self.preferred_number_of_modules, self.metadata_rate
        if not (is_number(strength) and 0 <= strength < math.inf):
            raise option_error("entropy_correction", strength, "a number, 0 or more")
        if not (number is None or is_whole(number, 1)):
            raise option_error("preferred_number_of_modules", number, "a whole number, 1 or more, or None")
        if not (is_number(rate) and 0 <= rate < math.inf):
            raise option_error("metadata_rate", rate, "a number, 0 or more")
        if not is_flag(self.metadata_unweighted):
            raise option_error("metadata_unweighted", self.metadata_unweighted, "True or False")


#: The plain map equation.
PLAIN = ObjectiveOptions()
