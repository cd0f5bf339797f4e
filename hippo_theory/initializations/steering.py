"""rho of the all-pass homotopy from a condition number or an error that is allowed, and away from collisions."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable

from ..errors import AccuracyError, AccuracyWarning, ParameterError
from .perturbed_modes import Modes

__all__ = ["rho_of_error", "rho_of_kappa", "steered"]

_COLLISION = 2.0  # kappa rho of one port beyond which two eigenvalues nearly collide; elsewhere it is about one
_WALK, _STEPS, _SMALLEST = 1.05, 100, 1e-12


def _condition(form: Callable[[float], Modes], rho: float) -> float:
    try:
        return form(rho).condition
    except AccuracyError:
        return math.inf


def rho_of_kappa(form: Callable[[float], Modes], kappa: float, who: str) -> float:
    """From 1/kappa in the direction of the target, then halvings between the last two tries."""
    if kappa < 1:
        raise ParameterError(f"{who}: a condition number is at least 1, got kappa = {kappa:g}.")
    rho, step = max(1 / kappa, _SMALLEST), 1.25
    good = _condition(form, rho) <= kappa
    while True:
        other = rho / step if good else min(rho * step, 1.0)
        if other < _SMALLEST or rho == other:
            return rho
        if (_condition(form, other) <= kappa) != good:
            break
        rho = other
    met, missed = (rho, other) if good else (other, rho)
    return _searched(lambda rho: _condition(form, rho) <= kappa, met, missed)


def rho_of_error(measured: Callable[[float], float], error: float, who: str) -> float:
    """Both the error and its quotient by rho rise with rho: one evaluation gives a rho that meets the target."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AccuracyWarning)
        if measured(1.0) <= error:
            return 1.0
        found = measured(0.5)
        met, missed = (0.5, 1.0) if found <= error else (0.5 * error / found, 0.5)
        if met < _SMALLEST:
            raise ParameterError(
                f"{who}: error = {error:g} asks for rho = {met:.1g}; take the operator itself (ht.s4)."
            )
        return _searched(lambda rho: measured(rho) <= error, met, missed)


def _searched(meets: Callable[[float], bool], met: float, missed: float) -> float:
    """The last rho that meets a target, to nine digits: halvings of the logarithm."""
    while abs(met / missed - 1) > 1e-9:
        middle = math.sqrt(met * missed)
        met, missed = (middle, missed) if meets(middle) else (met, middle)
    return met


def steered(
    form: Callable[[float], Modes], rho: float, who: str, *, kappa: float = math.inf, error: float = math.inf
) -> float:
    """rho, or the nearest one away from a collision that still meets a target: a kappa, or an error, only below."""
    if (here := _condition(form, rho)) * rho <= _COLLISION:
        return rho
    for away in (_WALK**k for k in range(1, _STEPS)):
        for other in (rho / away, rho * away) if error == math.inf else (rho / away,):
            if other <= 1 and (found := _condition(form, other)) <= min(_COLLISION / other, kappa):
                warnings.warn(
                    f"{who}: at rho = {rho:.6g} two eigenvalues nearly collide, kappa(V) = {here:.3g}; "
                    f"rho = {other:.6g} with kappa(V) = {found:.3g} is used.",
                    AccuracyWarning,
                    stacklevel=4,
                )
                return other
    raise AccuracyError(
        f"{who}: kappa(V) = {here:.3g} at rho = {rho:.6g}, and no rho within a factor {_WALK**_STEPS:.0f} has "
        f"eigenvectors better than {_COLLISION:g}/rho; give kappa= instead, or take the operator itself (ht.s4)."
    )
