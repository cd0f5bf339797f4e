"""What a step means: how many samples a family looks back, and the step that makes it look back as far as wanted."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .._arrays import positive_real
from ..errors import ParameterError
from ..operators import Operator
from ._checks import checked_operator

__all__ = ["Timescale", "matched_step", "timescale"]


@dataclass(frozen=True)
class Timescale:
    """How far back a family looks when it is sampled with a step dt; made by ``ht.timescale``.

    Attributes
    ----------
    dt : float
    window : float
        Length of the measure in steps; infinite without an end.
    mean : float
        Mean lag of the measure in steps; infinite where the measure does not decay.
    half : float
        The lag in steps within which half of the measure lies.
    most : float
        The same for 99 % of it.
    """

    dt: float
    window: float
    mean: float
    half: float
    most: float

    def __str__(self) -> str:
        return (
            f"dt = {self.dt:g}: window {self.window:.4g} steps, mean memory {self.mean:.4g}, half of it within "
            f"{self.half:.4g}, 99 % within {self.most:.4g}"
        )


def timescale(operator: Operator, dt: float) -> Timescale:
    """What a step dt means for an operator: it stretches the kernels by 1/dt steps (theory F5).

    Parameters
    ----------
    operator : Operator
    dt : float

    Returns
    -------
    Timescale

    Raises
    ------
    ParameterError
        dt <= 0 or not finite.

    References
    ----------
    gu2023httyh; theory F5.

    Examples
    --------
    >>> import hippo_theory as ht
    >>> print(ht.timescale(ht.LegS(64), 0.001))
    dt = 0.001: window inf steps, mean memory 1000, half of it within 693.1, 99 % within 4605
    >>> ht.timescale(ht.FouT(65), 0.001).window
    1000.0
    """
    dt = positive_real(dt, "dt", "timescale")
    window = checked_operator(operator, "timescale").window
    return Timescale(
        dt, window / dt, operator.mean_memory / dt, _quantile(operator, 0.5) / dt, _quantile(operator, 0.99) / dt
    )


def matched_step(operator: Operator, steps: float) -> float:
    """The step with which an operator looks ``steps`` samples back.

    For a family with a window (LegT, FouT) the window is that long: dt = 1/steps. For one whose measure
    decays (LegS, Takenaka-Malmquist with a shift) the mean memory is: dt = mean_memory/steps. To hold
    *all* of a stretch in a decaying measure, its 99 % quantile has to be matched instead,
    4.6 times the mean of LegS; see ``ht.timescale``.

    Parameters
    ----------
    operator : Operator
    steps : float

    Returns
    -------
    float

    Raises
    ------
    ParameterError
        A family whose measure neither ends nor decays (LagT); steps <= 0.

    References
    ----------
    gu2023httyh; theory F5.

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.matched_step(ht.LegT(64), 1000), ht.matched_step(ht.LegS(64), 1000)
    (0.001, 0.001)
    """
    steps = positive_real(steps, "steps", "matched_step")
    window = checked_operator(operator, "matched_step").window
    length = window if window < math.inf else operator.mean_memory
    if length == math.inf:
        raise ParameterError(
            f"matched_step: the measure of {operator!r} neither ends nor decays, it has no time scale; choose dt so "
            "that its slowest function, about 4N long, covers what is to be remembered (4N/steps)."
        )
    return length / steps


def _quantile(operator: Operator, part: float) -> float:
    """The lag within which this part of the measure lies."""
    if operator.window < math.inf:
        return part * operator.window
    return -math.log1p(-part) / (2 * operator.shift) if operator.shift else math.inf
