"""httyh-3: basis functions and measures of every family, and of LegS under warps of time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ... import plot
from ..._arrays import Real
from ...operators import FouT, LagT, LegS, LegT, Operator, project, warped_basis
from ...operators.derivation import Derivation, derive
from ...operators.warps import WARPS, Warp
from .._claims import Claim
from .._figure import Data, Figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

__all__ = ["BASES"]

Family = type[LegS] | type[LagT] | type[LegT] | type[FouT]
_SHOWN, _NOW, _GRAM, _SPAN, _STATES = 4, 4.0, 64, 32, 8
_SHORT: dict[Family, float] = {LegS: 5.0, LagT: 20.0, LegT: 1.0, FouT: 1.0}
_TITLES = {
    LegS: r"LegS: $L_n(e^{-t})$",
    LagT: r"LagT: $e^{-t/2}\mathrm{Lag}_n(t)$",
    LegT: "LegT: $L_n(t)$",
    FouT: r"FouT: $1,\ \sqrt{2}\cos 2\pi t,\ \dots$",
}
_WARPED = {
    "exponential": "$a(t)=t$",
    "scaled": r"$a(t)=\log t$",
    "logarithmic": r"$a(t)=\log(1+t)$",
    "quadratic": "$a(t)=t^2/2$",
}


def _gauss(op: Operator) -> tuple[Real, Real]:
    """Lags and weights that integrate p_n p_m omega exactly up to rounding."""
    if isinstance(op, LagT):
        from scipy.special import roots_laguerre

        t, w = roots_laguerre(op.N)
        return t, np.exp(np.log(w, where=w > 0, out=np.full_like(w, -np.inf)) + t)
    y, w = np.polynomial.legendre.leggauss(op.N)
    if isinstance(op, LegS):
        return -np.log((1 + y) / 2), w / 2
    if isinstance(op, FouT):
        return np.arange(op.N) / op.N, np.full(op.N, 1 / op.N)
    return (1 + y) / 2, w / 2


def _gram_error(op: Operator) -> float:
    lags, weights = _gauss(op)
    p = op.basis(lags)
    return float(np.abs((p * weights) @ p.T - np.eye(op.N)).max())


def _input(s: Real) -> Real:
    return np.sin(3 * s) + 0.5 * np.cos(7 * s + 0.3)


def _statement(a: Warp, t: float) -> Real:
    """int_0^t u(s) p_n(t, s) omega(t, s) ds on panels that halve towards s = 0 and s = t."""
    y, w = np.polynomial.legendre.leggauss(20)
    grades = 0.5 ** np.arange(1, 50)
    edges = t * np.unique(np.concatenate([[0, 1], grades, 1 - grades[:16], np.linspace(0, 1, 33)]))
    half = np.diff(edges)[:, None] / 2
    s, weights = ((edges[:-1, None] + half) + half * y).ravel(), (half * w).ravel()
    lag = a.lag(t, s)
    return np.asarray(warped_basis(_STATES, t, a, s) @ (weights * _input(s) * a.rate(s) * np.exp(-lag)))


def _warp_error(a: Warp) -> float:
    """x' = a'(t)(A x + B u) from t = 1/2 to 4, against the orthogonality statement at both ends."""
    from scipy.integrate import solve_ivp

    op = LegS(_STATES)
    solved = solve_ivp(
        lambda t, x: float(a.rate(t)) * (op.A @ x + op.B * _input(t)),
        (0.5, _NOW),
        _statement(a, 0.5),
        method="DOP853",
        rtol=1e-12,
        atol=1e-13,
    )
    return float(np.abs(solved.y[:, -1] - _statement(a, _NOW)).max())


def _derived() -> list[float]:
    """Whether the symbolic derivation gives the closed form for N = 1, ..., 8, family by family."""
    routes: dict[Family, Derivation] = {
        LegS: derive("legendre"),
        LagT: derive("laguerre-functions", warp="translated"),
        LegT: derive("legendre", warp="translated"),
        FouT: derive("fourier", warp="translated"),
    }
    found = []
    for family, route in routes.items():
        sizes = range(1, 9, 2 if family is FouT else 1)
        pairs = [zip(route.exact(N), family(N).exact(), strict=True) for N in sizes]
        found.append(float(all(a.equals(b) for pair in pairs for a, b in pair)))
    return found


def _projected() -> list[float]:
    """Largest error of A by quadrature of the basis functions, N = 32, over the largest entry."""
    routes: dict[Family, dict[str, Any]] = {
        LegS: {},
        LagT: {"warp": "translated", "window": np.inf},
        LegT: {"warp": "translated"},
        FouT: {"warp": "translated"},
    }
    found = []
    for family, options in routes.items():
        op = family(_SPAN + (family is FouT))
        # On [0, 1] LegS is the Legendre basis of x = e^{-t}, and that is the basis of LegT.
        functions = LegT(op.N).basis if family is LegS else op.basis
        found.append(float(np.abs(project(functions, **options).A - op.A).max() / np.abs(op.A).max()))
    return found


def _compute(quick: bool) -> Data:
    data: Data = {}
    s = np.linspace(0, _NOW, 801)[1:]
    for family, end in _SHORT.items():
        t = np.linspace(0, end, 801)
        op = family(_SHOWN + (family is FouT))
        data |= {f"{family.__name__}_t": t, f"{family.__name__}_p": op.basis(t)[:_SHOWN]}
        data[f"{family.__name__}_omega"] = op.measure(t)
    for name, a in WARPS.items():
        lag = a.lag(_NOW, s)
        data |= {f"{name}_p": warped_basis(_SHOWN, _NOW, a, s), f"{name}_omega": a.rate(s) * np.exp(-lag)}
    return {
        **data,
        "s": s,
        "gram_errors": np.array([_gram_error(family(_GRAM + (family is FouT))) for family in _SHORT]),
        "warp_errors": np.array([_warp_error(a) for a in WARPS.values()]),
        "derived": np.array(_derived()),
        "projected": np.array(_projected()),
    }


def _draw(data: Data) -> MatplotlibFigure:
    with plot.house_style():
        figure, (top, bottom) = plot.canvas(2, 4, width=11.0, height=5.2)
        for ax, (family, title) in zip(top, _TITLES.items(), strict=True):
            name = family.__name__
            plot.basis(ax, data[f"{name}_t"], data[f"{name}_p"], data[f"{name}_omega"], variable="lag $t$")
            ax.set_title(title)
        for ax, (name, formula) in zip(bottom, _WARPED.items(), strict=True):
            plot.basis(ax, data["s"], data[f"{name}_p"], data[f"{name}_omega"], variable="past $s$, now is $t=4$")
            ax.set_title(f"LegS warped, {formula}")
        for row, label in ((top, "$p_n(t)$"), (bottom, "$p_n(4, s)$")):
            for ax in row:
                ax.set_ylabel(label)
        top[1].legend(ncols=2, loc="upper right")
    return figure


def _claims(data: Data) -> list[Claim]:
    orthonormal = [
        Claim.rounding(
            f"httyh-3/orthonormal-{family.__name__.lower()}",
            f"{_GRAM} basis functions of {family.__name__} are orthonormal in its measure, by Gauss quadrature.",
            "gu2023httyh; F1",
            bound=1e-10,
            measured=error,
        )
        for family, error in zip(_SHORT, data["gram_errors"], strict=True)
    ]
    warped = [
        Claim.rounding(
            f"httyh-3/warp-{name}",
            f"a(t) = {a.formula.replace('**', '^')}: integrating x' = a'(t)(Ax + Bu) gives the coefficients in the "
            "warped basis.",
            "gu2023httyh; F2",
            bound=1e-10,
            measured=error,
        )
        for (name, a), error in zip(WARPS.items(), data["warp_errors"], strict=True)
    ]
    derived = [
        Claim.same(
            f"httyh-3/derived-{family.__name__.lower()}",
            f"{family.__name__}, every {'odd ' if family is FouT else ''}N up to 8: derived symbolically it is the "
            "closed form.",
            "F4",
            expected="identical",
            measured="identical" if same == 1 else "different",
        )
        for family, same in zip(_SHORT, data["derived"], strict=True)
    ]
    projected = [
        Claim.rounding(
            f"httyh-3/projected-{family.__name__.lower()}",
            f"{family.__name__}, N = {_SPAN + (family is FouT)}: quadrature of the basis functions gives A (relative "
            "to its largest entry).",
            "babaei2025safari; F4",
            bound=1e-11,
            measured=error,
        )
        for family, error in zip(_SHORT, data["projected"], strict=True)
    ]
    return orthonormal + warped + derived + projected


BASES = Figure(
    id="httyh-3",
    title="Basis functions and measures",
    source="gu2023httyh, Figure 3",
    caption=(
        "First four basis functions p_n and the measure (green) in which they are orthonormal over the whole past. "
        "Top: the four families against the lag; the measure of LagT is 1 everywhere and does not decay. Bottom: "
        "LegS in warped time, x' = a'(t)(Ax + Bu), seen from t = 4: how old a moment s counts is e^(a(s) - a(t)); "
        "a = log t is the original HiPPO, which weighs all of the past alike. For a = log(1+t) and "
        "t^2/2 a part of the measure lies before t = 0, which counts as silence."
    ),
    compute=_compute,
    draw=_draw,
    claims=_claims,
)
