"""A leaf: one file per kind of picture. Takes arrays, computes nothing, knows no other room.

Every function draws on the axes it is given; ``canvas`` makes the figure, ``render`` turns it into
bytes. No pyplot: no windows, no global list of figures.
"""

from .boundaries import boundary
from .errors import errors, profiles
from .growth import growth
from .hope import bands, falling_values, histogram, intervals, weighted_poles
from .kernels import impulse_weights, kernel_deviation, kernels
from .memory import basis, past, states
from .pseudospectra import growing_set, level_curves, outlines
from .spectra import imaginary_parts, nodes, phase_roots, ranges, relative_errors, unit_disc
from .style import PALETTE, canvas, house_style, render
from .tradeoff import tradeoff
from .transfer import last_spike, magnitudes

__all__ = [
    "PALETTE",
    "bands",
    "basis",
    "boundary",
    "canvas",
    "errors",
    "falling_values",
    "growing_set",
    "growth",
    "histogram",
    "house_style",
    "imaginary_parts",
    "impulse_weights",
    "intervals",
    "kernel_deviation",
    "kernels",
    "last_spike",
    "level_curves",
    "magnitudes",
    "nodes",
    "outlines",
    "past",
    "phase_roots",
    "profiles",
    "ranges",
    "relative_errors",
    "render",
    "states",
    "tradeoff",
    "unit_disc",
    "weighted_poles",
]
