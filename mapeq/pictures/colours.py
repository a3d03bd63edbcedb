"""Colours of modules, chosen so that neighbours can be told apart, also with colour blindness."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray

if TYPE_CHECKING:
    import matplotlib.axes

#: Colours for colour-blind readers (Okabe & Ito 2008), without black.
_HUES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442")
_YELLOW = len(_HUES) - 1

#: Matrices of linear RGB as seen with normal vision, protanopia and deuteranopia (Machado, Oliveira & Fernandes 2009).
_VISION = np.array(
    [
        [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    ]
)

# Oklab (Ottosson 2020), a perceptually uniform colour space.
_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)

#: Numbers of shapes with a hue, and with a colour of a step, that no other of them has; see :func:`palette`.
_STEPS = (7, 20, 27)

#: Distance in Oklab at which colours are easy to tell apart side by side.
_EASY = 0.09


def rgb(colour: str) -> FloatArray:
    """Return red, green and blue of a colour like ``#0072B2``, from 0 to 1."""
    return np.array([int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)])


#: The colour of links between modules.
GREY = rgb("#7A8794")


def ground_of(ax: matplotlib.axes.Axes) -> FloatArray:
    """Return the colour of the figure behind axes, white where it is transparent. Shape (3,)."""
    figure: Any = ax.figure
    red, green, blue, alpha = figure.figure.get_facecolor()
    return np.array([red, green, blue]) if alpha > 0 else np.ones(3)


def mixed(colours: FloatArray, other: FloatArray | float, part: FloatArray | float) -> FloatArray:
    """Mix colours with a fraction of white (1), black (0) or another colour. Any shape (..., 3)."""
    found: FloatArray = colours + (other - colours) * np.asarray(part)[..., None]
    return found


def oklab(colours: FloatArray, vision: int = 0) -> FloatArray:
    """Convert colours to Oklab, as seen with one of the kinds of vision. Shapes (..., 3)."""
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ _VISION[vision].T, 0, 1)
    found: FloatArray = np.cbrt(seen @ _TO_CONES.T) @ _TO_LAB.T
    return found


def difference(first: FloatArray, second: FloatArray) -> FloatArray:
    """Return the smallest distance of colours in Oklab over all kinds of vision. Shapes (..., 3)."""
    apart = [np.linalg.norm(oklab(first, vision) - oklab(second, vision), axis=-1) for vision in range(len(_VISION))]
    found: FloatArray = np.min(apart, axis=0)
    return found


def is_dark(colour: FloatArray) -> bool:
    """Return whether white text is easier to read on a colour than black text."""
    return bool(oklab(colour)[0] < 0.62)


def palette(*, dark: bool = False) -> FloatArray:
    """Return the colours of modules, shape (27, 3).

    Seven hues, the same darker, and lighter without yellow; from the 21st on the hues once more, very dark. On a dark
    ground the hues, the same lighter, darker without yellow, and very light.
    """
    hues = np.array([rgb(hue) for hue in _HUES])
    if dark:
        return np.concatenate([hues, mixed(hues, 1, 0.45), mixed(hues[:-1], 0, 0.3), mixed(hues, 1, 0.75)])
    return np.concatenate([hues, mixed(hues, 0, 0.35), mixed(hues[:-1], 1, 0.45), mixed(hues, 0, 0.6)])


def assign_colours(closeness: FloatArray, *, dark: bool = False) -> FloatArray:
    """Assign colours to shapes so that close shapes differ most, first one after the other, then by exchanges.

    Parameters
    ----------
    closeness : float64 array of shape (k, k)
        How important it is to tell two shapes apart; symmetric. The largest shapes come first.
    dark : bool
        Whether they are on a dark ground.

    Returns
    -------
    float64 array of shape (k, 3)
        Red, green and blue. The first seven shapes have different hues, the first 27 different colours; of more, each
        has a colour unlike those of the shapes close to it, as far as there are any.
    """
    colours = palette(dark=dark)
    likeness: FloatArray = np.exp(-np.square(difference(colours[:, None], colours[None]) / _EASY), dtype=np.float64)
    # Prefer the pure hues, use all about equally often, and avoid yellow, faint on white, most for large shapes.
    preference = np.tile(0.001 * np.arange(len(colours), dtype=np.float64), (len(closeness), 1))
    preference[:, len(_HUES) :] += 0.1
    preference[:, _STEPS[1] :] += 0.1
    preference[:, _YELLOW] += 0.0 if dark else 0.05 + 1 / np.arange(1, len(closeness) + 1)
    cost = preference.copy()
    importance = closeness + 0.02
    available = np.arange(len(colours))
    unused = np.ones(len(colours), dtype=np.bool_)
    chosen: NDArray[np.int64] = np.zeros(len(closeness), dtype=np.int64)
    for number in range(len(closeness)):
        free = unused & (available < next((most for most in _STEPS if number < most), 0))
        free = free if free.any() else np.ones_like(unused)
        chosen[number] = np.where(free, cost[number], np.inf).argmin()
        unused[chosen[number]] = False
        cost += importance[:, number, None] * likeness[chosen[number]]
    _exchange(chosen, importance, likeness, preference)
    return colours[chosen]


def _exchange(chosen: NDArray[np.int64], importance: FloatArray, likeness: FloatArray, preference: FloatArray) -> None:
    """Improve colours in place: swap two that are unique, or change another one, the best of all first.

    What falls with each change is the sum over pairs of shapes of their importance times the likeness of their colours.
    """
    weights = importance - np.diag(np.diag(importance))
    cost = preference + weights @ likeness[chosen]
    unique = min(_STEPS[-1], len(chosen))
    step = np.searchsorted(_STEPS, np.arange(unique), side="right")
    for _ in range(4 * len(chosen)):
        before = chosen.copy()
        gain = cost - cost[np.arange(len(chosen)), chosen][:, None]
        head, tail = chosen[:unique], gain[unique:]
        swap = gain[:unique, head] + gain[:unique, head].T
        swap -= 2 * weights[:unique, :unique] * (1 - likeness[np.ix_(head, head)])
        swap[step[:, None] != step] = 0.0
        if min(swap.min(initial=0.0), tail.min(initial=0.0)) > -1e-9:
            return
        if swap.min(initial=0.0) < tail.min(initial=0.0):
            first, second = np.unravel_index(swap.argmin(), swap.shape)
            chosen[[first, second]] = before[[second, first]]
        else:
            shape, colour = np.unravel_index(tail.argmin(), tail.shape)
            chosen[unique + shape] = colour
        changed = np.flatnonzero(chosen != before)
        cost += weights[:, changed] @ (likeness[chosen[changed]] - likeness[before[changed]])


def closeness_of_discs(centres: FloatArray, radii: FloatArray) -> FloatArray:
    """Return the closeness of discs in the plane, from 0 to 1. Shape (k, k)."""
    if len(radii) == 0:
        return np.zeros((0, 0))
    apart = np.linalg.norm(centres[:, None] - centres[None], axis=-1) - radii[:, None] - radii[None]
    unit = np.sqrt(np.mean(np.square(radii)))
    found: FloatArray = np.exp(-np.maximum(apart, 0) / max(unit, 1e-300))
    return found


def closeness_by_flow(between: scipy.sparse.csr_array) -> FloatArray:
    """Return the closeness of modules by the flow between them, from 0 to 1. Shape (k, k).

    It is the flow both ways as a fraction of the most that either of the two exchanges with any module: a module is
    close to the one it exchanges most flow with, however large that one is.

    Parameters
    ----------
    between : sparse array of shape (k, k)
        Flow from module to module.
    """
    both = (between + between.T).toarray()
    np.fill_diagonal(both, 0.0)
    most = both.max(axis=1, initial=0.0)
    found: FloatArray = both / np.maximum(np.minimum.outer(most, most), 1e-300)
    return np.minimum(found, 1.0)
