"""The lossless spine: what one all-pass function says about a one-port family (theory section 2)."""

from .imaginary_axis import Spike, amplification_near, axis_phase, resolved_axis, spike
from .normal_part import NormalPart, diagonalize_normal_part
from .phase import normal_frequencies, phase

__all__ = [
    "NormalPart",
    "Spike",
    "amplification_near",
    "axis_phase",
    "diagonalize_normal_part",
    "normal_frequencies",
    "phase",
    "resolved_axis",
    "spike",
]
