"""Figures of "How to Train Your HiPPO" (gu2023httyh): kernels, bases, online memory, synthetic tasks, delays."""

from .bases import BASES
from .kernels import KERNELS
from .online import ONLINE
from .pade import PADE
from .tasks import DELAY, RECONSTRUCT, TIMESCALE

__all__ = ["FIGURES"]

FIGURES = (KERNELS, ONLINE, BASES, DELAY, RECONSTRUCT, TIMESCALE, PADE)
