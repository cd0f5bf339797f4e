"""The lossless spine: what an all-pass function, scalar or 2 x 2, says about a family (theory section 2)."""

from .axis_mesh import Peak
from .collisions import Collisions, collisions
from .convergence import DiagonalError, diagonal_error
from .homotopy import HomotopyModes, homotopy_modes
from .homotopy_error import homotopy_error
from .imaginary_axis import Spike, amplification_near, axis_phase, resolved_axis, spike
from .normal_part import NormalPart, diagonalize_normal_part
from .phase import normal_frequencies, phase
from .two_port_phase import port_matrix, port_phases, two_port_frequencies
from .two_ports import diagonalize_two_ports

__all__ = [
    "Collisions",
    "DiagonalError",
    "HomotopyModes",
    "NormalPart",
    "Peak",
    "Spike",
    "amplification_near",
    "axis_phase",
    "collisions",
    "diagonal_error",
    "diagonalize_normal_part",
    "diagonalize_two_ports",
    "homotopy_error",
    "homotopy_modes",
    "normal_frequencies",
    "phase",
    "port_matrix",
    "port_phases",
    "resolved_axis",
    "spike",
    "two_port_frequencies",
]
